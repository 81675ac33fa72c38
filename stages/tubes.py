"""tubes: faces found and followed through every shot; rejected ones stay in the table with the reason."""

from collections import Counter
from typing import Any

import polars as pl

from facemotion import layout, schemas
from facemotion.config import Params
from facemotion.errors import FacemotionError
from facemotion.ingest import pictures, tubes
from facemotion.ingest.planned import PlannedFace
from facemotion.ingest.scores import score_tubes
from stages import videos
from stages.harness import Notes, run
from stages.items import map_all
from stages.networks import running
from stages.pictures import MOST, save
from stages.true_faces import true_faces


def main(params: Params, notes: Notes) -> str:
    names, shots, plan = videos.fetched(), schemas.SHOTS.read(layout.SHOTS), schemas.PLAN.read(layout.PLAN)
    jobs = [
        tubes.TubeJob(
            name,
            videos.path_of(path),
            tuple(_of(shots.filter("accepted"), name).select("shot", "start_frame", "end_frame").iter_rows()),
            tuple(_planned(row) for row in _of(plan, name).iter_rows(named=True)),
            params.tubes,
            videos.LET_IN,
            running(params),
        )
        for name, path in names.select("video_id", "path").iter_rows()
    ]
    rows = [row for found in map_all("tubes", tubes.tubes_of, jobs, params) for row in found]
    table = schemas.TUBES.frame(rows)
    schemas.TUBES.write(table, layout.TUBES)
    notes.keep(layout.TUBES)
    faces = [face for path in videos.truths().values() for face in true_faces(path, params.tubes)]
    notes.score(score_tubes(rows, faces, params.shots.margin_frames) if faces else {})
    # Videos with rejects first: they are the ones to check.
    by_video = {job.video_id: [row for row in rows if row["video_id"] == job.video_id] for job in jobs}
    telling = sorted(jobs, key=lambda job: (-sum(not row["accepted"] for row in by_video[job.video_id]), job.video_id))
    save(notes, ((job.video_id, pictures.tubes_picture(job.path, by_video[job.video_id])) for job in telling[:MOST]))
    why = Counter(row["reason"] for row in rows if row["reason"])
    told = ", ".join(f"{count} {reason}" for reason, count in why.most_common()) or "none"
    if not table["accepted"].any():
        raise FacemotionError(
            f"no face in any of {names.height} videos is good enough (rejected: {told}); "
            "see reports/pictures, or make the thresholds of `tubes` in params.yaml more lenient"
        )
    return f"{table['accepted'].sum()} faces followed through {len(jobs)} videos; rejected: {told}"


def _of(table: pl.DataFrame, video_id: str) -> pl.DataFrame:
    return table.filter(pl.col("video_id") == video_id)


def _planned(row: dict[str, Any]) -> PlannedFace:
    box, height = row["box"], row["ref_height"]
    return PlannedFace(
        row["plan_id"],
        row["person_id"],
        row["start_s"],
        row["end_s"],
        None if box is None else tuple(box),
        None if height is None else (row["ref_width"], height),
    )


if __name__ == "__main__":
    run("tubes", main)
