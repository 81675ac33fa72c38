"""crop: square clips of the accepted tubes, one pass over each video."""

import polars as pl

from facemotion import layout, schemas
from facemotion.config import Params
from facemotion.errors import FacemotionError
from facemotion.ingest import crop, pictures
from facemotion.ingest.groups import person_groups
from stages import videos
from stages.harness import Notes, run
from stages.items import map_resumed, publish
from stages.pictures import save


def main(params: Params, notes: Notes) -> str:
    names = videos.fetched()
    tubes = schemas.TUBES.read(layout.TUBES).filter("accepted")
    groups = person_groups(
        (person, video, plan_id is not None)
        for person, video, plan_id in tubes.select("person_id", "video_id", "plan_id").iter_rows()
    )
    folder = notes.work / "clips"
    folder.mkdir(exist_ok=True)
    jobs = [
        crop.CropJob(name, videos.path_of(path), cut, folder, params.crop, videos.LET_IN)
        for name, path in names.select("video_id", "path").iter_rows()
        if (cut := _tubes_of(tubes, name, groups))
    ]
    rows = [row for found in map_resumed("crop", crop.clips_of, jobs, notes.work / "done", params) for row in found]
    table = schemas.CLIPS.frame(rows)
    kept = table.filter("accepted")
    if kept.is_empty():
        raise FacemotionError("every crop reaches too far past its frame; raise crop.max_outside in params.yaml")
    publish(folder, layout.CLIPS)
    schemas.CLIPS.write(table, layout.CLIP_TABLE)
    notes.keep(layout.CLIP_TABLE)
    save(notes, [("clips", pictures.crops_picture(layout.CLIPS, rows))])
    notes.done_with_work()
    people, frames = kept["person_id"].n_unique(), int(kept["frames"].sum())
    return f"{kept.height} clips of {people} people, {frames} frames; {table.height - kept.height} rejected"


def _tubes_of(table: pl.DataFrame, video_id: str, groups: dict[str, str]) -> tuple[crop.Tube, ...]:
    return tuple(
        crop.Tube(
            row["shot"],
            row["tube"],
            row["start_frame"],
            tuple(tuple(box) for box in row["boxes"]),
            row["plan_id"],
            row["person_id"],
            groups[row["person_id"]],
        )
        for row in table.filter(pl.col("video_id") == video_id).iter_rows(named=True)
    )


if __name__ == "__main__":
    run("crop", main)
