"""shots: every video cut into shots at its hard cuts, margins trimmed."""

from facemotion import layout, schemas
from facemotion.config import Params
from facemotion.errors import FacemotionError
from facemotion.ingest import pictures, shots
from facemotion.synth.truth_table import read_spec
from stages import videos
from stages.harness import Notes, run
from stages.items import map_all
from stages.pictures import MOST, save


def main(params: Params, notes: Notes) -> str:
    names = videos.fetched()
    jobs = [
        shots.ShotJob(name, videos.path_of(path), params.shots, videos.LET_IN)
        for name, path in names.select("video_id", "path").iter_rows()
    ]
    rows = [row for found in map_all("shots", shots.shots_of, jobs, params) for row in found]
    table = schemas.SHOTS.frame(rows)
    schemas.SHOTS.write(table, layout.SHOTS)
    found = {name: [row["cut_frame"] for row in rows if row["video_id"] == name] for name in names["video_id"]}
    true = {name: [shot.start for shot in read_spec(path).shots] for name, path in videos.truths().items()}
    notes.score(shots.score_cuts(found, true) if true else {})
    notes.keep(layout.SHOTS)
    with_cuts = [(name, path) for name, path in names.select("video_id", "path").iter_rows() if len(found[name]) > 1]
    save(
        notes,
        (
            (name, pictures.cuts_picture(videos.path_of(path), [row for row in rows if row["video_id"] == name]))
            for name, path in with_cuts[:MOST]
        ),
    )
    kept = table.filter("accepted").height
    if not kept:
        raise FacemotionError("no video holds a shot of shots.min_seconds; lower it in params.yaml")
    short = table.filter(table["reason"] == "short").height
    return f"{kept + short} shots of {names.height} videos, {short} too short"


if __name__ == "__main__":
    run("shots", main)
