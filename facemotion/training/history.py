"""What a training has seen: one row a report, kept in the checkpoint, and the CSV from which plots are drawn."""

import csv
import io
from collections.abc import Mapping
from typing import Any, Final

HISTORY: Final = "history.csv"


class History:
    """Rows by step. Only what is the same in every run: no times, no rates."""

    def __init__(self, rows: list[dict[str, float]] | None = None) -> None:
        self.rows: list[dict[str, float]] = rows or []

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """To the row of this step, which may hold values already."""
        if not self.rows or self.rows[-1]["step"] != step:
            self.rows.append({"step": step})
        self.rows[-1].update({name: float(f"{value:.6g}") for name, value in values.items()})

    def column(self, name: str) -> list[tuple[int, float]]:
        return [(int(row["step"]), row[name]) for row in self.rows if name in row]

    def csv(self) -> str:
        """`step` first, the others in the order of their names; empty where a row has no such value."""
        names = ["step", *sorted({name for row in self.rows for name in row} - {"step"})]
        stream = io.StringIO()
        writer: csv.DictWriter[Any] = csv.DictWriter(stream, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{value:.6g}" for name, value in row.items()} for row in self.rows)
        return stream.getvalue()
