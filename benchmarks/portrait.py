"""The README's picture: `python -m benchmarks.portrait [--model models/landmarks_refined] [-o docs/astronaut.jpg]`.

The portrait in scikit-image's `data.astronaut()`, driven by the most telling rendered clip: the upper row drives, the
lower one is made, the portrait itself to the left."""

import argparse
from pathlib import Path

import numpy as np
import skimage.data

from facemotion import files, layout
from facemotion.animate import Animation, Animator, Options
from facemotion.animation.references import Image
from facemotion.console import setup_logging
from facemotion.ingest.sheets import jpeg
from facemotion.landmarks.pose import head_pose
from facemotion.landmarks.scores import LIDS, MOUTH, eye_distance, opening
from facemotion.landmarks.store import Track, read_tracks

SIZE = 256
SECONDS = 6.0
LEAST_FRAMES = 120
FURTHEST = 25.0  # degrees of turning that cost a driver nothing
PER_DEGREE = 0.01


def openings(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the mouth and of the lids that are open less, over the distance of the eyes."""
    apart = eye_distance(points)
    return opening(points, MOUTH) / apart, np.minimum(*(opening(points, part) / apart for part in LIDS))


def telling(track: Track) -> float:
    """How far the mouth opens and the lids close, where the head does not turn further than a photo bears."""
    points = np.asarray(track.points, np.float64)
    if len(points) < LEAST_FRAMES or not np.isfinite(points).all():
        return -np.inf
    mouth, lids = openings(points)
    turned = max(float(np.abs(head_pose(points)[:, 0]).max()) - FURTHEST, 0.0)
    moved = np.percentile(mouth, 98) - np.percentile(mouth, 5) + 2 * (np.median(lids) - lids.min())
    return float(moved - PER_DEGREE * turned)


def shown(animation: Animation) -> list[int]:
    """Frames with the mouth widest and shut, the lids closed, the head furthest to each side and down."""
    points = animation.driver.points
    (mouth, lids), pose = openings(points), head_pose(points)
    most = (
        mouth.argmax(),
        lids.argmin(),
        pose[:, 0].argmin(),
        pose[:, 0].argmax(),
        mouth.argmin(),
        pose[:, 1].argmax(),
    )
    return sorted({int(number) for number in most})


def drawn(animation: Animation) -> Image:
    numbers = shown(animation)
    drives = [frame for number, frame in enumerate(animation.driver.crops(SIZE)) if number in numbers]
    made = [frame for number, frame in enumerate(animation) if number in numbers]
    blank = np.full((SIZE, SIZE, 3), 255, np.uint8)
    rows = ([blank, *drives], [animation.photos[0].crop(SIZE), *made])
    return np.concatenate([np.concatenate(row, axis=1) for row in rows])


def main() -> None:
    setup_logging()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=layout.MODELS / "landmarks_refined")
    parser.add_argument("-o", "--out", type=Path, default=Path("docs/astronaut.jpg"))
    arguments = parser.parse_args()
    driver = max(read_tracks(layout.LANDMARKS_SMOOTH), key=telling)
    clip = layout.CLIPS / f"{driver.clip_id}.mp4"
    photo = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    animation = Animator.load(arguments.model).animate(photo, clip, Options(end=SECONDS))
    files.write_bytes(arguments.out, jpeg(drawn(animation)))
    print(f"{arguments.out}: driven by {clip}")


if __name__ == "__main__":
    main()
