"""The flow `tune`: `facemotion tune` as Prefect runs and shows it, line by line, with the verdict as an artifact."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pipelines import prefect_settings  # noqa: F401 - before prefect

# isort: split
from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact

from facemotion import layout
from facemotion.errors import FacemotionError
from pipelines import notices

PATIENCE_S: Final = 90.0  # for a search to give its trials back


@flow(name="tune", on_failure=[notices.tell], on_crashed=[notices.tell])
def tune_flow(trials: int = 20, workers: int = 1, adopt: bool = False) -> str:
    """Search for better values. `trials` counts those of earlier runs; `adopt` writes what is better to params.yaml."""
    log = get_run_logger()
    words = ["tune", "--trials", str(trials), "--workers", str(workers), *(["--adopt"] if adopt else [])]
    lines: list[str] = []
    with _command(words) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            log.info("%s", lines[-1])
    if process.returncode:
        last = "\n".join(lines[-5:])
        raise FacemotionError(
            f"facemotion {' '.join(words)} has failed; run it again to go on. Its last lines:\n{last}"
        )
    verdict = next((line for line in reversed(lines) if " trials: " in line), lines[-1])
    create_markdown_artifact(
        key="tuning",
        markdown=f"{verdict}\n\nTrials are runs in MLflow; `facemotion tune --adopt` takes what is better into "
        f"{layout.PARAMS}.",
        description="what the search has found",
    )
    return verdict


@contextmanager
def _command(words: list[str]) -> Iterator[subprocess.Popen[str]]:
    """`facemotion ...`, its lines as they come; it does not outlive us."""
    process = subprocess.Popen(
        [sys.executable, "-m", "facemotion.cli", *words],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
    )  # fmt: skip
    try:
        yield process
        process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    tune_flow()
