"""Several references of one person: which are shown, what is scored, and what other strategies make of them."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from facemotion import schemas
from facemotion.dataset.images import encode
from facemotion.dataset.packed import PackedClip, PackedSplit
from facemotion.dataset.packing import batch_of, write_batches
from facemotion.evaluation import fused, several, several_pictures
from facemotion.evaluation.faces import Driver
from facemotion.evaluation.fused import SIMPLE, Fused
from facemotion.evaluation.images import SCALE
from facemotion.evaluation.known import REGIONS, Known, KnownFrame, TrueFrame
from facemotion.evaluation.protocols import scored_frames
from facemotion.evaluation.references import COUNTS, chosen
from facemotion.evaluation.same_identity import Scores
from facemotion.evaluation.scoring import Meters, describe
from facemotion.evaluation.several_pictures import turned
from facemotion.evaluation.true_areas import Areas, TrueFlow
from facemotion.evaluation.variants import Animated, Fuses, Made
from facemotion.landmarks.layout import N_POINTS
from facemotion.landmarks.pose import MODEL
from facemotion.models.animator import Animator
from facemotion.models.face import Face
from facemotion.models.presets import preset
from facemotion.models.weights import save_model

SIZE, FRAMES, STRIDE = 64, 42, 4
JUDGED = [21, 25, 29, 33, 37, 41]


def face(yaw: float) -> np.ndarray:
    """Points of a head turned to the side."""
    angle = np.radians(yaw)
    points = np.zeros((N_POINTS, 2))
    for own, (x, y, z) in MODEL.items():
        points[own] = np.cos(angle) * x + np.sin(angle) * z, y
    return points * 0.3 + SIZE / 2


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> PackedClip:
    """A head that turns ever further to the side; each frame has a grey of its own."""
    folder = tmp_path_factory.mktemp("packed")
    grey = [encode(np.full((SIZE, SIZE, 3), 40 + 4 * k, np.uint8), 95) for k in range(FRAMES)]
    points = np.stack([face(k) for k in range(FRAMES)])
    batch = batch_of("c", "ann", np.arange(FRAMES), Fraction(25), grey, points, np.ones((FRAMES, N_POINTS)))
    write_batches([batch], folder / "00000.arrow")
    return PackedSplit(folder)["c"]


def areas(hidden: int) -> TrueFrame:
    """The head fills the left half; of its rows, and of those of the background, the last are not seen."""
    everywhere = np.ones((SCALE, SCALE), bool)
    left = everywhere.copy()
    left[:, SCALE // 2 :] = False
    seen = everywhere.copy()
    seen[SCALE - hidden :] = False
    where = np.zeros((SCALE, SCALE, 2), np.float32)
    points = np.random.default_rng(0).uniform(0, SCALE, (N_POINTS, 2))
    return TrueFrame(points, TrueFlow(where, seen), dict.fromkeys(REGIONS, left), Areas(everywhere, left, left, ~left))


def known(clip: PackedClip, true: TrueFrame | None, driver: bool = False) -> Known:
    found = [
        KnownFrame(k, Driver((60, 60, 200, 200), clip.points[k] * SCALE / SIZE) if driver else None, None, None, true)
        for k in (0, *scored_frames(FRAMES, STRIDE).tolist())
    ]
    return Known("c", SIZE, tuple(found))


class Lacking:
    """Makes the driving frame, darkened by how many references it lacks; the mean makes it darker by as much again."""

    size = SIZE

    def __init__(self) -> None:
        self.shown: list[list[int]] = []

    def make(self, reference: Face, driving: Face) -> Made:
        raise AssertionError("one reference is not asked for here")

    def making(self, references: Face) -> Callable[[Face], dict[str, Made]]:
        self.shown.append([round((float(image.mean()) * 255 - 40) / 4) for image in references.image])
        lacks = (8 - len(references.image)) / 100

        def make(driving: Face) -> dict[str, Made]:
            own = {"": Made((driving.image - lacks).clamp(0, 1), [])}
            return own if len(references.image) == 1 else own | {"mean": Made(driving.image - 2 * lacks, [])}

        return make


def by_name(found: Scores) -> dict[str, float]:
    return {row["metric"]: row["value"] for row in found.clips}


def test_more_references_are_scored_on_the_same_frames(clip: PackedClip) -> None:
    variant = Lacking()
    found = several.score_clip(variant, clip, known(clip, areas(64)), Meters(1))
    table = schemas.FRAME_SCORES.frame(found.frames)
    schemas.FRAME_SCORES.check(table, "here")
    schemas.SCORES.check(schemas.SCORES.frame(found.clips), "here")
    values = by_name(found)
    for count in COUNTS:
        assert values[f"l1_n{count}"] == pytest.approx((8 - count) / 100, abs=1e-6)
        assert values[f"unseen_l1_n{count}"] == pytest.approx((8 - count) / 100, abs=1e-6)
        assert table.filter(metric=f"l1_n{count}")["frame"].to_list() == JUDGED
    assert values["l1_mean_n4"] == pytest.approx(2 * values["l1_n4"])
    assert "unseen_bg_l1_mean_n8" in values
    assert "l1_mean_n1" not in values
    assert "akd_truth_n2" not in values  # no face was found


def test_fewer_references_are_the_first_of_more_and_frame_0_is_the_first(clip: PackedClip) -> None:
    variant = Lacking()
    several.score_clip(variant, clip, known(clip, None), Meters(1))
    most = chosen(clip.points)
    assert most[:2] == [0, FRAMES // 3 - 1]  # the least and the most turned of what is offered
    assert variant.shown == [most[:count] for count in COUNTS]


def test_what_needs_truth_or_a_face_is_absent_without(clip: PackedClip) -> None:
    without = by_name(several.score_clip(Lacking(), clip, known(clip, None), Meters(1)))
    assert set(without) == {f"{name}_n{n}" for name in ("l1", "psnr", "ssim") for n in COUNTS} | {
        f"l1_mean_n{n}" for n in COUNTS[1:]
    }
    with_face = by_name(several.score_clip(Lacking(), clip, known(clip, areas(64), driver=True), Meters(1)))
    assert {f"{name}_n2" for name in (*several.TOLD, "unseen_akd")} < set(with_face)
    assert with_face["unseen_akd_n2"] != with_face["akd_truth_n2"]


def test_the_picture_is_of_the_frame_turned_furthest_that_hides_something(clip: PackedClip) -> None:
    about = known(clip, areas(64), driver=True)
    found = several.score_clip(Lacking(), clip, about, Meters(1))
    rows = [row for row in found.frames if row["frame"] != 41 or not row["metric"].startswith("unseen")]
    rows += [
        {"clip_id": "c", "frame": one.frame, "metric": name, "value": value}
        for one in about.scored
        for name, value in describe(one, about.reference).items()
    ]
    (one,) = turned(schemas.FRAME_SCORES.frame(rows), 3)
    assert (one.clip_id, one.frame) == ("c", 37)
    assert one.gap == pytest.approx(37, abs=2)
    strip = several_pictures.strip(Lacking(), clip, about, one)
    assert len(strip.references) == COUNTS[-1]
    assert np.abs(strip.made[8].astype(int) - strip.driving).max() == 0
    assert strip.made[1].mean() < strip.made[4].mean() < strip.driving.mean()
    assert strip.hidden is not None
    tinted = np.any(strip.hidden != strip.driving, axis=-1)
    assert tinted[-64:, : SCALE // 2].all()
    assert tinted.sum() == 64 * SCALE // 2
    assert turned(schemas.FRAME_SCORES.frame([]), 3) == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    config = preset("tiny").model_copy(update={"refined": True, "fusion": "attention"})
    save_model(Animator(config), path := tmp_path_factory.mktemp("model"))
    return path


def photos(count: int, size: int) -> Face:
    drawn = torch.Generator().manual_seed(1)
    return Face(
        torch.rand(count, 3, size, size, generator=drawn), torch.rand(count, N_POINTS, 2, generator=drawn) - 0.5
    )


def test_a_model_of_one_reference_fuses_none(tmp_path: Path, folder: Path) -> None:
    save_model(Animator(preset("tiny")), tmp_path)
    assert not isinstance(fused.load(tmp_path), Fuses)
    assert isinstance(fused.load(folder), Fuses)


def test_a_trained_model_is_compared_with_simple_strategies(folder: Path) -> None:
    variant = fused.load(folder)
    assert isinstance(variant, Fused)
    shown, driving = photos(3, variant.size), photos(2, variant.size)
    made = variant.making(shown)(driving)
    assert set(made) == {"", *SIMPLE}
    other = Animator(variant.model.config.model_copy(update={"fusion": "mean"})).eval()
    other.load_state_dict(variant.model.state_dict(), strict=False)
    with torch.no_grad():
        expected = other(*(part[None] for part in shown[:1]), driving.image[:1], shown.points[None], driving.points[:1])
    assert torch.allclose(made["mean"].frames[:1], expected[0], atol=1e-5)
    assert not torch.allclose(made["mean"].frames, made["best_pose"].frames, atol=1e-3)


def test_from_one_reference_it_is_the_model_as_it_is(folder: Path) -> None:
    variant = fused.load(folder)
    assert isinstance(variant, Fused)
    shown, driving = photos(1, variant.size), photos(2, variant.size)
    made = variant.making(shown)(driving)
    assert set(made) == {""}
    assert torch.equal(made[""].frames, Animated(variant.model).make(shown, driving).frames)
