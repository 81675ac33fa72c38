"""CPU time of each metric on a rendered face of 256 pixels: `python -m benchmarks.evaluate`. Networks whose weights are
not here are timed with random ones."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "0")

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks._cpu import fastest
from facemotion import files, layout, weights
from facemotion.evaluation import expression, flicker, images, masks, unseen
from facemotion.evaluation.faces import FaceMeter, scores
from facemotion.evaluation.flows import end_point_errors
from facemotion.evaluation.identity import IdentityMeter
from facemotion.evaluation.images import SCALE, Frame
from facemotion.evaluation.inception import Inception
from facemotion.evaluation.perceptual import LAYERS, Lpips
from facemotion.evaluation.realism import RealismMeter
from facemotion.evaluation.true_areas import Areas, TrueFlow
from facemotion.synth.performance import perform
from facemotion.synth.portraits import person_tile

LEAST_SECONDS, LEAST_ROUNDS = 0.5, 3
AVERAGED = 2  # landmark predictions a frame


def frames() -> tuple[Frame, Frame]:
    """A generated and a driving one: two moments of a performance."""
    performance = perform(3, 40, 25)
    one, other = (np.float32(1 / 255) * person_tile(3, performance, frame) for frame in (0, 20))
    return one.astype(np.float32), other.astype(np.float32)


def random_lpips(folder: Path) -> Lpips:
    features: dict[str, torch.Tensor] = {}
    for place, before, width, kernel, *_ in LAYERS:
        features[f"features.{place}.weight"] = torch.randn(width, before, kernel, kernel) * 0.02
        features[f"features.{place}.bias"] = torch.zeros(width)
    torch.save(features, folder / weights.ALEXNET.name)
    linear = {f"lin{k}.model.1.weight": torch.rand(1, layer[2], 1, 1) for k, layer in enumerate(LAYERS)}
    torch.save(linear, folder / weights.LPIPS.name)
    return Lpips(folder / weights.ALEXNET.name, folder / weights.LPIPS.name)


def works() -> Iterator[tuple[str, Callable[[], Any]]]:
    """What a frame costs each group of metrics; `driver` is what the driving frame alone costs, whatever is judged."""
    generated, driving = frames()
    meter, identity, realism = FaceMeter(AVERAGED), IdentityMeter(), RealismMeter()
    anywhere: NDArray[np.float32] = np.full((70, 2), np.nan, np.float32)
    driver = meter.driver(driving, anywhere)
    if driver is None:
        raise RuntimeError("dlib finds no face in the rendered frame")
    found = meter.look(generated, driver)
    true = np.nan_to_num(driver.points)
    here = np.stack(np.meshgrid(np.arange(SCALE), np.arange(SCALE)), -1).astype(np.float32)
    face = flicker.face_area(driver.points)
    background = flicker.background_area(driver.points)
    seen = np.roll(face, 9, axis=1) | ~face
    flow, regions = TrueFlow(here + 1, seen), {"face": face, "lips": face, "eyes": face}
    areas = Areas(np.ones_like(face), face, face, background)
    bends = flicker.FlickerMeter()
    for _ in range(2):
        bends.add(generated, driving, face, background)
    yield "l1", lambda: images.l1(generated, driving)
    yield "psnr", lambda: images.psnr(generated, driving)
    yield "ssim", lambda: images.ssim(generated, driving)
    yield "driver", lambda: meter.driver(driving, anywhere)
    yield "akd_mkr", lambda: scores(meter.look(generated, driver), driver, true)
    yield "expression", lambda: expression.scores(found.points, driver.points)
    yield "expression_truth", lambda: expression.against_truth(found.points, driver.points, true)
    yield "aed_csim", lambda: identity.embedding(generated, found.points)
    yield "cnn_rate", lambda: realism.convinced(generated)
    yield "epe", lambda: end_point_errors(here, flow, regions)
    yield "occlusion_iou", lambda: masks.occlusion_iou(np.zeros((1, 64, 64), np.float32), seen, areas.known)
    yield "unseen_l1", lambda: unseen.scores(generated, driving, areas, seen)
    yield "flicker", lambda: bends.add(generated, driving, face, background)
    with tempfile.TemporaryDirectory() as folder:
        lpips = random_lpips(Path(folder))
    yield "lpips_alex", lambda: lpips.scores(generated, driving)
    network, both = Inception(), torch.from_numpy(np.stack([generated, driving])).permute(0, 3, 1, 2)
    yield "fid", lambda: network(both)


def main() -> None:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    figures = {}
    for name, work in works():
        seconds = fastest(work, LEAST_ROUNDS, LEAST_SECONDS)
        figures[f"{name}_ms"] = {"value": float(f"{1e3 * seconds:.3g}"), "unit": "ms of CPU a frame"}
        figures[f"{name}_frames_s"] = {"value": float(f"{1 / seconds:.3g}"), "unit": "frames a second on one core"}
        print(f"{name:18} {1e3 * seconds:8.2f} ms  {1 / seconds:8.0f} frames a second", flush=True)
    files.write_json(layout.BENCHMARKS / "evaluate.json", figures)


if __name__ == "__main__":
    main()
