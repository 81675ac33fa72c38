"""What a flow run shows beside its logs: the table of stages, the leaderboard, where the page is."""

import csv
from collections.abc import Mapping
from pathlib import Path

from pipelines import prefect_settings  # noqa: F401 - before prefect

# isort: split
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

from facemotion import config, layout
from facemotion.evaluation import glossary
from facemotion.servers import HOST
from pipelines.stage_tasks import Stages


def show_stages(order: list[str], stages: Stages) -> None:
    rows = [
        {"stage": name, "state": stages.how[name], "seconds": round(stages.seconds.get(name, 0.0), 1)} for name in order
    ]
    total = sum(stages.seconds.values())
    create_table_artifact(table=rows, key="dag", description=f"{len(rows)} stages, {total:.0f} s of stages' time")


def show_results(root: Path, settings: config.Ui) -> None:
    """Of the last `compare` and `report`, where there has been one."""
    board, page = root / layout.plot("leaderboard"), root / layout.PAGE
    if board.is_file():
        create_markdown_artifact(
            markdown=leaderboard(board), key="leaderboard", description="means over held-out clips, with 95 % intervals"
        )
    if page.is_file():
        # The page of another working tree is not served; browsers open such a link when it is copied.
        ours = root.resolve() == Path.cwd()
        link = f"http://{HOST}:{settings.report_port}/{page.name}" if ours else page.resolve().as_uri()
        told = f"{'served by `facemotion ui`; ' if ours else ''}the file is {page.resolve()}"
        create_link_artifact(link=link, link_text="page of results", key="report", description=told)


def leaderboard(board: Path) -> str:
    """A row a metric, since there are more of them than the page is wide; a column a variant. The best by each is in
    bold, with 95 % intervals below."""
    with board.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    variants, metrics = (list(dict.fromkeys(row[name] for row in rows)) for name in ("variant", "metric"))
    cells = {(row["variant"], row["metric"]): row for row in rows}
    heads = [variant.replace("_", "<br>") for variant in variants]  # nothing else breaks a line in such a table
    lines = ["| | " + " | ".join(heads) + " |", "|---" * (len(variants) + 1) + "|"]
    for metric in metrics:
        best = _best(metric, cells)
        told = [_cell(cells.get((variant, metric)), variant == best) for variant in variants]
        lines.append(f"| {_head(metric)} | " + " | ".join(told) + " |")
    return "\n".join(lines) + "\n"


def _head(metric: str) -> str:
    return f"{metric} " + {"lower": "↓", "higher": "↑", "neither": ""}[glossary.about(metric).better]


def _best(metric: str, cells: Mapping[tuple[str, str], Mapping[str, str]]) -> str | None:
    values = {variant: float(row["value"]) for (variant, own), row in cells.items() if own == metric}
    way = glossary.about(metric).better
    if way == "neither" or not values:
        return None
    return (min if way == "lower" else max)(values, key=lambda variant: values[variant])


def _cell(row: Mapping[str, str] | None, bold: bool) -> str:
    if row is None:
        return ""
    value = f"**{float(row['value']):.4g}**" if bold else f"{float(row['value']):.4g}"
    return f"{value}<br>[{float(row['low']):.3g},<br>{float(row['high']):.3g}]" if row["low"] else value
