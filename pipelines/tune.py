"""The flow `tune`: `facemotion tune` as Prefect runs and shows it, line by line, with the verdict as an artifact."""

import re
import sys
from typing import Final

from pipelines import prefect_settings  # noqa: F401 - before prefect

# isort: split
from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact

from facemotion import layout
from facemotion.errors import FacemotionError
from pipelines import keeper, notices
from pipelines.progress import Progress

TRIAL: Final = re.compile(r"trial \d+, \d+ of \d+: .*")  # as `facemotion tune` tells one that has ended


@flow(name="tune", on_failure=[notices.tell], on_crashed=[notices.tell])
def tune_flow(trials: int = 20, workers: int = 1, adopt: bool = False) -> str:
    """Search for better values. `trials` counts those of earlier runs; `adopt` writes what is better to params.yaml."""
    log = get_run_logger()
    words = ["tune", "--trials", str(trials), "--workers", str(workers), *(["--adopt"] if adopt else [])]
    lines: list[str] = []
    progress = Progress("tune")
    with keeper.running([sys.executable, "-m", "facemotion.cli", *words]) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            log.info("%s", lines[-1])
            progress.hear(lines[-1])
    if process.returncode:
        last = "\n".join(lines[-5:])
        raise FacemotionError(
            f"facemotion {' '.join(words)} has failed; run it again to go on. Its last lines:\n{last}"
        )
    progress.complete()
    verdict = next((line for line in reversed(lines) if " trials: " in line), lines[-1])
    create_markdown_artifact(key="tuning", markdown=shown(verdict, lines), description="what the search has found")
    return verdict


def shown(verdict: str, lines: list[str]) -> str:
    """The verdict, and the trials of this run as they were told."""
    trials = [found[0] for found in map(TRIAL.search, lines) if found]
    where = f"Trials are runs in MLflow; `facemotion tune --adopt` takes what is better into {layout.PARAMS}."
    return "\n\n".join([verdict, *(["\n".join(f"- {trial}" for trial in trials)] if trials else []), where])
