"""plan: what the source names, as one table of stretches of video."""

from facemotion import layout, schemas
from facemotion.config import Params
from facemotion.sources import plan
from stages.harness import Notes, run


def main(params: Params, notes: Notes) -> str:
    table = plan.make(params)
    schemas.PLAN.write(table, layout.PLAN)
    seconds = float((table["end_s"] - table["start_s"]).sum())
    people, videos = table["person_id"].n_unique(), table["video_id"].n_unique()
    notes.measure({"rows": table.height, "videos": videos, "people": people, "minutes": seconds / 60})
    notes.keep(layout.PLAN)
    told = f", {seconds / 60:.1f} minutes" if seconds else ", whole"
    return f"{table.height} stretches of {videos} videos, {people} people{told}"


if __name__ == "__main__":
    run("plan", main)
