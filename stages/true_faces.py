"""The truth's faces as the scores of tubes want them: a face for every actor of every shot."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from facemotion.config import Tubes
from facemotion.faces.boxes import face_boxes, share_outside
from facemotion.ingest.scores import TrueFace
from facemotion.synth.truth_table import read_rows, read_spec


def true_faces(path: Path, settings: Tubes) -> Iterator[TrueFace]:
    """From one video's truth. A face is wanted if it is as the settings ask: large, turned to us, in the frame."""
    video, rows = read_spec(path), read_rows(path)
    for shot in range(len(video.shots)):
        for actor in np.unique(rows["actor"][rows["shot"] == shot]).tolist():
            track = rows.where((rows["shot"] == shot) & (rows["actor"] == actor))
            boxes = face_boxes(track["points"])
            outside = np.mean([share_outside(box, video.width, video.height) for box in boxes])
            yield TrueFace(
                video_id=video.video_id,
                identity=str(track["person_seed"][0]),
                start_frame=int(track["frame"][0]),
                fps=float(video.fps),
                boxes=boxes,
                wanted=bool(
                    np.median(boxes[:, 3] - boxes[:, 1]) >= settings.min_face_px
                    and np.median(np.abs(track["pose"][:, 0])) <= settings.max_yaw
                    and outside <= settings.max_outside
                ),
            )
