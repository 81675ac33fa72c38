"""fetch: every planned video into data/videos with its row in the ledger, and the truth of rendered ones."""

import logging

from facemotion import layout, schemas
from facemotion.config import Params
from facemotion.errors import FacemotionError
from facemotion.sources import fetch
from stages.harness import Notes, run
from stages.items import map_resumed, publish

log = logging.getLogger("stages.fetch")


def main(params: Params, notes: Notes) -> str:
    plan = schemas.PLAN.read(layout.PLAN)
    planned = dict(plan.select("video_id", "location").unique(maintain_order=True).iter_rows())
    videos, truth = notes.work / "videos", notes.work / "truth"
    for folder in (videos, truth):
        folder.mkdir(exist_ok=True)
    jobs = fetch.jobs(params, planned, videos, truth)
    rows = map_resumed("fetch", fetch.get, jobs, notes.work / "done", params, excuse=_crashed)
    table = schemas.LEDGER.frame(rows)
    lost = table.filter(table["status"] != "ok")
    for name, status, reason in lost.select("video_id", "status", "reason").iter_rows():
        log.warning("%s: %s: %s", name, status, reason)
    if lost.height == table.height:
        raise FacemotionError(f"none of the {table.height} planned videos could be fetched; the reasons stand above")
    publish(videos, layout.VIDEOS)
    publish(truth, layout.TRUTH)
    schemas.LEDGER.write(table, layout.LEDGER)
    notes.keep(layout.LEDGER)
    minutes, mib = float(table["duration_s"].sum()) / 60, float(table["bytes"].sum()) / 2**20
    notes.measure({"videos": table.height, "lost": lost.height, "minutes": minutes, "mib": mib})
    notes.done_with_work()
    return f"{table.height - lost.height} of {table.height} videos, {minutes:.1f} minutes, {mib:.0f} MiB"


def _crashed(job: fetch.Job) -> fetch.LedgerRow:
    return fetch.failed(job.video_id, "corrupt", "reading it crashes the decoder")


if __name__ == "__main__":
    run("fetch", main)
