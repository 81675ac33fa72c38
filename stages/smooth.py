"""smooth: the landmarks of every clip made steady over time, without lag."""

from collections.abc import Iterator
from typing import cast

import numpy as np

from facemotion import layout, schemas
from facemotion.config import Params
from facemotion.files import fresh_folder
from facemotion.ingest.landmark_pictures import landmarks_picture
from facemotion.ingest.true_points import Square, true_clip_points
from facemotion.landmarks import noise_model, scores, smoothing, store
from facemotion.synth.truth_table import read_rows
from stages import videos
from stages.harness import Notes, run
from stages.pictures import MOST, save


def main(params: Params, notes: Notes) -> str:
    raw = list(store.read_tracks(layout.LANDMARKS))
    steady = [smoothing.smooth_track(track, params.smooth) for track in raw]
    store.write_tracks(fresh_folder(layout.LANDMARKS_SMOOTH), steady)
    pairs = {before.clip_id: (before, after) for before, after in zip(raw, steady, strict=True)}
    truths = videos.truths()
    scored = (clip for _, clip in scored_clips(pairs))
    figures = scores.score_landmarks(scored) | noise_model.score_on_model(params.smooth) if truths else {}
    notes.score(figures)
    clips = schemas.CLIPS.read(layout.CLIP_TABLE).filter("accepted").sort("clip_id")
    shown = [
        (layout.CLIPS / path, *pairs[name]) for name, path in clips.head(MOST).select("clip_id", "path").iter_rows()
    ]
    save(notes, [("landmarks", landmarks_picture(shown))])
    told = f"; jitter {figures['jitter_ratio']:.2f} of the raw" if "jitter_ratio" in figures else ""
    return f"{len(steady)} clips, {sum(len(track.points) for track in steady)} frames{told}"


def scored_clips(pairs: dict[str, tuple[store.Track, store.Track]]) -> Iterator[tuple[str, scores.Scored]]:
    """Each clip of which the truth is known, by its id; `pairs` are of raw and smoothed tracks."""
    clips = schemas.CLIPS.read(layout.CLIP_TABLE).filter("accepted")
    for video_id, path in videos.truths().items():
        rows = read_rows(path)
        for clip in clips.filter(clips["video_id"] == video_id).iter_rows(named=True):
            found = true_clip_points(
                rows["frame"],
                rows["actor"],
                rows["points"],
                rows["visible"],
                rows["face_box"],
                first_frame=clip["first_frame"],
                clip_faces=np.array(clip["faces"]),
                square=cast(Square, tuple(map(int, clip["box"]))),
                size=clip["size"],
            )
            if found is not None:
                before, after = pairs[clip["clip_id"]]
                truth, visible = found
                yield (
                    clip["clip_id"],
                    scores.Scored(truth, before.points.astype(float), after.points.astype(float), visible, after.fps),
                )


if __name__ == "__main__":
    run("smooth", main)
