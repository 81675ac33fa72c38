"""How many videos of the ledger have which status, and what that means."""

import polars as pl

from facemotion.sources.statuses import MEANING


def table(ledger: pl.DataFrame) -> str:
    """A line a status, the most frequent lost ones first after what is there."""
    counts = dict(ledger["status"].cast(pl.String).value_counts().iter_rows())
    order = sorted(counts, key=lambda status: (status != "ok", -counts[status], status))
    return "\n".join(f"{counts[status]:8,d}  {status:11s} {MEANING[status]}" for status in order)
