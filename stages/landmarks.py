"""landmarks: 68 points and two pupils of every frame of every clip."""

import numpy as np

from facemotion import layout, schemas
from facemotion.config import Params
from facemotion.files import fresh_folder
from facemotion.landmarks import kept, store
from facemotion.landmarks.detect import LandmarkJob
from stages.harness import Notes, run
from stages.items import map_resumed
from stages.networks import running


def main(params: Params, notes: Notes) -> str:
    clips = schemas.CLIPS.read(layout.CLIP_TABLE).filter("accepted")
    folder = notes.work / "tracks"
    jobs = [
        kept.KeptJob(
            LandmarkJob(
                clip_id, layout.CLIPS / path, tuple(tuple(box) for box in faces), params.landmarks, running(params)
            ),
            folder,
        )
        for clip_id, path, faces in clips.select("clip_id", "path", "faces").iter_rows()
    ]
    names = map_resumed("landmarks", kept.measure, jobs, notes.work / "done", params)
    tracks = list(kept.measured(folder, names))
    store.write_tracks(fresh_folder(layout.LANDMARKS), tracks)
    notes.done_with_work()
    lost = sum(int(np.isnan(track.points).any(axis=(1, 2)).sum()) for track in tracks)
    frames = sum(len(track.points) for track in tracks)
    notes.measure({"frames": frames, "frames_without_face": lost})
    return f"{frames} frames of {len(tracks)} clips; no face in {lost} of them"


if __name__ == "__main__":
    run("landmarks", main)
