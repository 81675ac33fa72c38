"""What Muon buys over AdamW for equal cost: `python -m benchmarks.optimisers [--cpu-seconds 60] [--only NAME ...]`.

Coarse models from the same start, trained on the packed clips for the same CPU time, scored on validation people."""

import argparse
import os
from typing import Any

from benchmarks._coarse_choices import measure, tell
from facemotion import config
from facemotion.console import setup_logging

# What is changed of the committed settings: `muon` is a rate over AdamW's.
VARIANTS: dict[str, dict[str, Any]] = {
    "as committed": {},
    "AdamW alone": {"muon": 0.0},
    "AdamW alone, twice its rate": {"muon": 0.0, "rate": 2.0},
    "AdamW alone, four times": {"muon": 0.0, "rate": 4.0},
    "Muon at half its rate": {"muon": 0.5},
    "Muon at twice its rate": {"muon": 2.0},
}


def main() -> None:
    os.environ["GOMP_SPINCOUNT"] = "0"
    setup_logging()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cpu-seconds", type=float, default=60.0)
    parser.add_argument("--only", nargs="*", choices=VARIANTS, default=list(VARIANTS))
    arguments = parser.parse_args()
    committed = config.load().train_coarse
    rows = []
    for name in arguments.only:
        times = {key: getattr(committed, key) * factor for key, factor in VARIANTS[name].items()}
        rows.append(measure("optimisers", name, committed.model_copy(update=times), arguments.cpu_seconds))
    tell("optimisers", rows)


if __name__ == "__main__":
    main()
