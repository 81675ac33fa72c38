"""Fetching once more: what the last fetch has brought is not lost, and what may be tried anew is named."""

from facemotion import layout, schemas
from facemotion.config import Params
from facemotion.errors import FacemotionError
from facemotion.sources import wanted
from facemotion.sources.statuses import MEANING
from facemotion.sources.store import Store, Wish


def statuses(named: str) -> set[str]:
    """Of a list with commas."""
    found = {name.strip() for name in named.split(",") if name.strip()}
    if unknown := found - set(MEANING) or found & {"ok"} or (not found and {named}):
        known = ", ".join(name for name in MEANING if name != "ok")
        raise FacemotionError(f"--retry {', '.join(sorted(unknown))}: give statuses of lost videos, of these: {known}")
    return found


def keep_what_is_there(params: Params) -> Store:
    """The store, with all that data/videos holds in it: in a fresh clone the store is empty, and the stage's outs are
    deleted before it runs."""
    store = Store(layout.DOWNLOADS)
    if not (layout.PLAN.is_file() and layout.LEDGER.is_file()):
        return store
    plan, ledger = schemas.PLAN.read(layout.PLAN), schemas.LEDGER.read(layout.LEDGER)
    planned = wanted.planned(plan, params.fetch)
    for row in ledger.iter_rows(named=True):
        one = planned.get(row["video_id"])
        path = layout.VIDEOS / row["path"] if row["path"] else None
        if one is not None and wanted.remote(one.location) and (path is None or path.is_file()):
            store.adopt(Wish(*one[:2], params.fetch.audio, one.spans), path, row)
    return store
