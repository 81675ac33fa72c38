"""Does refinement pay? The refined model of the DAG against its coarse model, trained on for what the refinement cost:
`python -m benchmarks.refinement`. Both are scored as `evaluate` does, on the test split."""

import logging
import os

from benchmarks._evaluation import score
from benchmarks._training import step_cost, train_for
from facemotion import config, files, layout
from facemotion.console import setup_logging
from facemotion.dataset.packed import PackedSplit
from facemotion.evaluation import intervals
from facemotion.evaluation.same_identity import means
from facemotion.models.weights import load_model

log = logging.getLogger("benchmarks.refinement")
COARSE, REFINED = layout.MODELS / "keypoints_coarse", layout.MODELS / "keypoints_refined"
COMPARED = (
    "l1", "epe", "epe_face", "epe_lips", "epe_eyes", "akd_truth", "akd_lips", "akd_eyes", "akd_dlib_lips",
    "akd_dlib_eyes",
)  # fmt: skip
STEPS = ("epe", "epe_lips", "epe_eyes")


def main() -> None:
    os.environ["GOMP_SPINCOUNT"] = "0"
    setup_logging()
    params = config.load()
    source, held_out, judged = (PackedSplit(layout.PACKED / split) for split in ("train", "val", "test"))
    coarse_long, refined = load_model(COARSE), load_model(REFINED)
    refining = params.train_refine.of("keypoints")
    cost = step_cost(refined, refining, source) * refining.steps
    log.info("the refinement took about %.0f CPU seconds", cost)
    # It goes on from where it was: its pairs do not begin with easy ones again.
    sampling = params.train_coarse.sampling.model_copy(update={"easy_share": 1.0})
    settings = params.train_coarse.model_copy(update={"sampling": sampling})
    train_for("coarse_long", coarse_long, settings, source, held_out, cost)
    theirs, ours = score(coarse_long, judged, params), score(refined, judged, params)
    figures: dict[str, float] = {"cpu_seconds": round(cost, 1), "clips": ours["clip_id"].n_unique()}
    for name in COMPARED:
        refined_values, coarse_values = intervals.paired(ours, theirs, name)
        if not len(refined_values):
            continue
        middle, low, high = intervals.ratio(refined_values, coarse_values)
        figures |= {f"{name}_ratio": middle, f"{name}_ratio_low": low, f"{name}_ratio_high": high}
        # Of what the landmarker gets wrong in the driving frame itself no model can mend anything.
        own_errors, _ = intervals.paired(ours, theirs, f"{name}_bias")
        if len(own_errors):
            figures[f"{name}_perfect"] = float(own_errors.mean() / coarse_values.mean())
        print(f"{name:10s} refined {refined_values.mean():8.4f}  coarse_long {coarse_values.mean():8.4f}  "
              f"ratio {middle:.3f} ({low:.3f} to {high:.3f})")  # fmt: skip
    found = means(ours)
    figures |= {"mkr": found["mkr"]} if "mkr" in found else {}
    for name in STEPS:
        steps = {key: value for key, value in sorted(found.items()) if key.startswith(f"{name}_step")}
        figures |= steps
        print(f"{name} along the refiner's list: " + " ".join(f"{value:.2f}" for value in steps.values()))
    files.write_json(layout.BENCHMARKS / "refinement.json", figures)


if __name__ == "__main__":
    main()
