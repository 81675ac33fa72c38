"""Does refinement pay? The refined model of the DAG against its coarse model, trained on for what the refinement cost:
`python -m benchmarks.refinement`. Errors of flows are measured at the packed landmarks of lips and eyes."""

import logging
import os
from typing import Any

from benchmarks import _scores
from benchmarks._training import step_cost, train_for
from facemotion import config, files, layout
from facemotion.console import setup_logging
from facemotion.dataset.packed import PackedSplit
from facemotion.models.weights import load_model

log = logging.getLogger("benchmarks.refinement")
COARSE, REFINED = layout.MODELS / "keypoints_coarse", layout.MODELS / "keypoints_refined"
COMPARED = ("l1", "epe_lips", "epe_eyes", "akd_lips", "akd_eyes")


def main() -> None:
    os.environ["GOMP_SPINCOUNT"] = "0"
    setup_logging()
    params: Any = config.load()
    source, held_out, judged = (PackedSplit(layout.PACKED / split) for split in ("train", "val", "test"))
    coarse_long, refined = load_model(COARSE), load_model(REFINED)
    cost = step_cost(refined, params.train_refine, source) * params.train_refine.steps
    log.info("the refinement took about %.0f CPU seconds", cost)
    train_for("coarse_long", coarse_long, params.train_coarse, source, held_out, cost)
    theirs, ours = _scores.score(coarse_long, judged), _scores.score(refined, judged)
    figures: dict[str, float] = {"cpu_seconds": round(cost, 1), "clips": len(ours["l1"])}
    for name in COMPARED:
        middle, low, high = _scores.ratio(ours[name], theirs[name])
        figures |= {f"{name}_ratio": middle, f"{name}_ratio_low": low, f"{name}_ratio_high": high}
        print(f"{name:10s} refined {ours[name].mean():8.4f}  coarse_long {theirs[name].mean():8.4f}  "
              f"ratio {middle:.3f} ({low:.3f} to {high:.3f})")  # fmt: skip
    for name in ("epe_lips", "epe_eyes"):
        steps = [key for key in sorted(ours) if key.startswith(f"{name}_")]
        figures |= {key: float(ours[key].mean()) for key in steps}
        print(f"{name} along the refiner's list: " + " ".join(f"{ours[key].mean():.2f}" for key in steps))
    files.write_json(layout.BENCHMARKS / "refinement.json", figures)


if __name__ == "__main__":
    main()
