"""fetch: every planned video into data/videos with its row in the ledger, and the truth of rendered ones."""

import logging
from typing import Final

from facemotion import console, layout, schemas, video_parts
from facemotion.config import Params
from facemotion.errors import FacemotionError
from facemotion.sources import fetch, ledger, tally, wanted
from facemotion.sources.store import Store
from stages.harness import Notes, run
from stages.items import map_resumed, publish

LOUDLY: Final = 20  # lost videos that are told of one by one; the ledger has them all

log = logging.getLogger("stages.fetch")


def main(params: Params, notes: Notes) -> str:
    videos, truth = notes.work / "videos", notes.work / "truth"
    for folder in (videos, truth):
        folder.mkdir(exist_ok=True)
    planned = wanted.planned(schemas.PLAN.read(layout.PLAN), params.fetch)
    jobs = fetch.jobs(params, planned, videos, truth)
    here, remote = [job for job in jobs if not job.remote], [job for job in jobs if job.remote]
    found = map_resumed("fetch", fetch.get, here, notes.work / "done", params, excuse=_crashed)
    rows = {row["video_id"]: row for row in found}
    if remote:
        with console.progress("download", len(remote), "videos") as ticker:
            rows |= fetch.download(remote, Store(layout.DOWNLOADS), params, ticker.advance)
    table = schemas.LEDGER.frame([rows[job.video_id] for job in jobs])
    lost = table.filter(table["status"] != "ok")
    for name, status, reason in lost.head(LOUDLY).select("video_id", "status", "reason").iter_rows():
        log.warning("%s: %s: %s", name, status, reason)
    if lost.height:
        log.warning("%d of %d videos are missing:\n%s", lost.height, table.height, tally.table(table))
    if lost.height == table.height:
        raise FacemotionError(f"none of the {table.height} planned videos could be fetched; the reasons stand above")
    publish(videos, layout.VIDEOS)
    publish(truth, layout.TRUTH)
    schemas.LEDGER.write(table, layout.LEDGER)
    notes.keep(layout.LEDGER)
    minutes, mib = sum(map(_seconds, table.iter_rows(named=True))) / 60, float(table["bytes"].sum()) / 2**20
    notes.measure({"videos": table.height, "lost": lost.height, "minutes": minutes, "mib": mib})
    notes.done_with_work()
    return f"{table.height - lost.height} of {table.height} videos, {minutes:.1f} minutes, {mib:.0f} MiB"


def _crashed(job: fetch.Job) -> ledger.LedgerRow:
    return ledger.failed(job.video_id, "corrupt", "reading it crashes the decoder")


def _seconds(row: ledger.LedgerRow) -> float:
    """That are there of a video; all of them, but where only parts were wanted."""
    if row["status"] != "ok":
        return 0.0
    length = float(row["duration_s"])
    spans = video_parts.spans_of(layout.VIDEOS / row["path"])
    return length if spans is None else sum(max(min(end, length) - start, 0.0) for start, end in spans)


if __name__ == "__main__":
    run("fetch", main)
