"""`python -m facemotion.tuning.worker STUDY TRIALS SINCE LEAD`: takes trials of a study until so many have ended.

Started by `facemotion tune`, the lead, as often as it is told; who is killed is replaced, none outlives the lead."""

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Final

from facemotion import console, layout, tracking
from facemotion.errors import FacemotionError
from facemotion.tuning import study as studies
from facemotion.tuning.search import Search
from facemotion.tuning.trial import Plan

HOME: Final = layout.WORK / "study"
POLL_S: Final = 1.0  # between looks whether whoever started us is still there


def home(name: str) -> Path:
    """Where what is unfinished of a study lies."""
    return HOME / name


def end_with(lead: int) -> None:
    """Of a lead that was killed, nobody would ask for the end."""
    while os.getppid() == lead:
        time.sleep(POLL_S)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    name, trials, since, lead = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    threading.Thread(target=end_with, args=(lead,), daemon=True).start()
    console.setup_logging()
    tracking.preload()
    plan = Plan.here()
    study = studies.opened(studies.storage(studies.address()), name, plan.params.tune)
    search = Search(plan, study, home(name), name)
    try:
        studies.work(study, search.objective, trials, since)
    except FacemotionError as error:
        sys.exit(f"facemotion: {error}")


if __name__ == "__main__":
    main()
