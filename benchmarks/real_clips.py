"""What becomes of a folder of real videos: `python -m benchmarks.real_clips [FOLDER]`.

They take the road of any folder, stage by stage, in a copy of this project at .work/real_clips. Then every clip is
drawn frame by frame with its landmarks, to be looked at, and measured: how far the face is off the middle and how far
it wanders, in sides of the clip, how often it is lost, and how far its embeddings are from each other. The sheets stay
out of git."""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import polars as pl
from numpy.typing import NDArray

from facemotion import files, layout, schemas
from facemotion.faces.boxes import face_boxes
from facemotion.faces.registry import embedder
from facemotion.ingest.sheets import GOOD, Tile, in_rows, jpeg, sheet
from facemotion.landmarks.store import TrackStore
from facemotion.video import Image, Reader

STAGES = ("plan", "fetch", "shots", "tubes", "crop", "landmarks", "smooth")
HOME = layout.WORK / "real_clips"
TILE_PX = 128
PER_ROW = 12
PER_SHEET = 120
LOOKS = 6  # at a clip, to see who it is


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    shared = Path(os.environ.get("FACEMOTION_REAL_FACES", "../shared/real_faces")) / "clips"
    parser.add_argument("folder", nargs="?", type=Path, default=shared, help="videos, as person/video.mp4 or video.mp4")
    parser.add_argument("--every", type=int, default=1, help="every how manyth frame is drawn")
    parser.add_argument("--sheets", type=Path, default=layout.BENCHMARKS / "real_clips", help="where sheets go")
    parser.add_argument("--kept", action="store_true", help="draw what the last run has made, without a new one")
    options = parser.parse_args()
    if not options.folder.is_dir():
        print(f"there is no folder {options.folder}: name one with videos")
        return
    if not options.kept:
        ingest(options.folder.resolve(), HOME)
    figures = dict(judged(HOME, files.fresh_folder(options.sheets), options.every))
    for clip, told in figures.items():
        print(f"{clip:40s} " + "  ".join(f"{name} {value:.3g}" for name, value in told.items()))
    videos = pl.read_parquet(HOME / layout.LEDGER)["video_id"]
    clips = schemas.CLIPS.read(HOME / layout.CLIP_TABLE).filter("accepted")
    missing = sorted(set(videos) - set(clips["video_id"]))
    print(f"{len(clips)} clips of {len(videos)} videos" + (f"; none of {', '.join(missing)}" if missing else ""))
    files.write_json(layout.BENCHMARKS / "real_clips.json", {"clips": figures, "videos_without": missing})


def ingest(folder: Path, home: Path) -> None:
    """The stages up to smoothed landmarks, in a fresh copy of the project that is a repository of its own."""
    shutil.rmtree(home, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True, text=True).stdout.split("\0")
    for name in listed:
        if Path(name).is_file() and name != "dvc.lock":
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, home / name)
    subprocess.run(["git", "init", "-q"], cwd=home, check=True)
    (home / "videos").symlink_to(folder)
    commands = [["facemotion.cli", "configure", "folder"], ["facemotion.cli", "source", "scan"]]
    for words in [*commands, *([f"stages.{stage}"] for stage in STAGES)]:
        environment = {**os.environ, "PYTHONPATH": ".", "MLFLOW_TRACKING_URI": ""}
        subprocess.run([sys.executable, "-m", *words], cwd=home, env=environment, check=True)


def judged(home: Path, sheets: Path, every: int) -> Iterator[tuple[str, dict[str, float]]]:
    tracks = TrackStore(home / layout.LANDMARKS_SMOOTH)
    who = embedder("dlib_resnet")
    for clip in schemas.CLIPS.read(home / layout.CLIP_TABLE).filter("accepted").iter_rows(named=True):
        points = tracks[clip["clip_id"]].points
        seen = np.asarray(np.isfinite(points).all(axis=(1, 2)))
        drawn, embeddings = [], []
        looked = set(np.linspace(0, len(points) - 1, LOOKS).round().astype(int).tolist())
        for number, frame in enumerate(Reader(home / layout.CLIPS / clip["path"]).frames()):
            if number % every == 0:
                drawn.append(Tile(_with_points(frame, points[number]), str(number)))
            if number in looked and seen[number]:
                embeddings.append(who.embed(np.array(frame), points[number]))
        for page in range(0, len(drawn), PER_SHEET):
            name = f"{clip['clip_id']}_{page // PER_SHEET}.jpg"
            files.write_bytes(sheets / name, jpeg(sheet(in_rows(drawn[page : page + PER_SHEET], PER_ROW))))
        boxes = face_boxes(points[seen])
        middles = ((boxes[:, :2] + boxes[:, 2:]) / 2) / clip["size"] - 0.5
        yield (
            clip["clip_id"],
            {
                "frames": len(points),
                "off_middle": float(np.linalg.norm(middles.mean(axis=0))),
                "wanders": float(np.linalg.norm(middles - middles.mean(axis=0), axis=1).max()),
                "face": float(np.median(boxes[:, 2] - boxes[:, 0]) / clip["size"]),
                "lost": float(1 - seen.mean()),
                "apart": max((float(np.linalg.norm(a - b)) for a, b in combinations(embeddings, 2)), default=0.0),
            },
        )


def _with_points(frame: Image, points: NDArray[np.float32]) -> Image:
    size = frame.shape[0]
    scale = 2 * TILE_PX / size
    image = cv2.resize(frame, (2 * TILE_PX, 2 * TILE_PX), interpolation=cv2.INTER_AREA)
    for x, y in (points + 0.5) * scale - 0.5 if np.isfinite(points).all() else ():
        cv2.circle(image, (round(float(x) * 16), round(float(y) * 16)), 20, GOOD, -1, cv2.LINE_AA, 4)
    return np.asarray(cv2.resize(image, (TILE_PX, TILE_PX), interpolation=cv2.INTER_AREA), np.uint8)


if __name__ == "__main__":
    main()
