"""A stage's progress, as it tells it in its lines, as a Prefect artifact that moves."""

import re
from typing import Final
from uuid import UUID

from pipelines import prefect_settings  # noqa: F401 - before prefect

# isort: split
from prefect.artifacts import create_progress_artifact, update_progress_artifact

# What facemotion.console.Ticker says where there is no terminal: `crop: 12 of 40 items, 1.3 items/s, 21 s left`.
COUNTED: Final = re.compile(r": (?P<what>[^:]+): (?P<done>\d+) of (?P<total>\d+) \w+, .*s left")


def share(line: str) -> tuple[str, float] | None:
    """What is counted, and how much of it is done, in percent."""
    found = COUNTED.search(line)
    if found is None or not int(found["total"]):
        return None
    return found["what"], 100 * int(found["done"]) / int(found["total"])


class Progress:
    """Of one stage, within its task run; a stage that is soon over tells nothing."""

    def __init__(self, stage: str) -> None:
        self.stage = stage
        self._artifacts: dict[str, UUID] = {}

    def hear(self, line: str) -> None:
        told = share(line)
        if told is None:
            return
        what, percent = told
        if what in self._artifacts:
            update_progress_artifact(self._artifacts[what], percent)
        else:
            key = re.sub(r"[^a-z0-9]+", "-", f"progress-{what}".lower()).strip("-")
            made = create_progress_artifact(percent, key=key, description=f"{self.stage}: {what}")
            assert isinstance(made, UUID)  # no coroutine: nothing is awaited here
            self._artifacts[what] = made

    def complete(self) -> None:
        for artifact in self._artifacts.values():
            update_progress_artifact(artifact, 100.0)
