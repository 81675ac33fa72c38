"""The same-identity protocol on the smoke profile's held-out person: what is perfect, damaged or frozen scores so."""

import cv2
import numpy as np
import pytest
import torch
from conftest import Project
from torch import Tensor

from facemotion import config, schemas
from facemotion.dataset.packed import PackedClip, PackedSplit
from facemotion.evaluation.pictures import sheets, telling_frames
from facemotion.evaluation.repeated import Repeated
from facemotion.evaluation.same_identity import means, same_identity, score_clip
from facemotion.evaluation.truth import ClipTruth, TruthPlace, places
from facemotion.evaluation.variants import Made
from facemotion.models import grid

pytestmark = pytest.mark.slow
SETTINGS = config.Evaluate(stride=16, averaged=1)


@pytest.fixture(scope="module")
def split(smoke: Project) -> PackedSplit:
    return PackedSplit(smoke.root / "data/packed/test")


@pytest.fixture(scope="module")
def place(smoke: Project, split: PackedSplit) -> TruthPlace:
    table = schemas.CLIPS.read(smoke.root / "data/clips.parquet").filter("accepted")
    truths = {path.stem: path for path in (smoke.root / "data/truth").glob("*.parquet")}
    return places(table.iter_rows(named=True), truths)[split.clips[0].clip_id]


class Damaged:
    """The driving frame itself, spoilt, with a flow that says that nothing moves."""

    size = 128

    def __init__(self, damage: str) -> None:
        self.damage = damage

    def make(self, reference: Tensor, driving: Tensor) -> Made:
        frames = driving
        if self.damage == "shift":
            frames = torch.roll(driving, 1, dims=-1)
        elif self.damage == "blur":
            planes = driving.permute(0, 2, 3, 1).numpy()
            blurred = np.stack([cv2.GaussianBlur(plane, (0, 0), 2.0) for plane in planes])
            frames = torch.from_numpy(blurred).permute(0, 3, 1, 2)
        elif self.damage == "gone":
            frames = torch.full_like(driving, 0.5)
        return Made(frames, [grid.identity(32, driving).expand(len(driving), -1, -1, -1)])


def scores(variant: Damaged | Repeated, clip: PackedClip, place: TruthPlace | None) -> dict[str, float]:
    return {row["metric"]: row["value"] for row in score_clip(variant, clip, place, SETTINGS)}


def test_metrics_move_the_right_way(split: PackedSplit, place: TruthPlace) -> None:
    clip = split.clips[0]
    perfect, blurred, shifted, gone = (scores(Damaged(how), clip, place) for how in ("", "blur", "shift", "gone"))
    frozen = scores(Repeated(128), clip, place)
    assert perfect["l1"] == 0
    assert perfect["ssim"] == pytest.approx(1)
    assert perfect["akd_truth"] == perfect["akd_truth_bias"] == frozen["akd_truth_bias"]
    assert perfect["akd_dlib"] == 0
    assert perfect["mkr"] == perfect["undetected"] == 0
    for worse in (blurred, shifted, frozen, gone):
        assert worse["l1"] > 0.001
        assert worse["ssim"] < 0.999
        assert worse["akd_dlib"] > 0.1
    assert 0.7 < shifted["akd_dlib"] < 1.8  # half of 2 pixels, as every second coordinate is one across
    assert frozen["akd_truth"] > 1.2 * perfect["akd_truth"]
    assert gone["mkr"] == 1
    assert frozen["mkr"] == 0


def test_the_true_flow_scores_perfectly_and_a_still_one_does_not(split: PackedSplit, place: TruthPlace) -> None:
    clip = split.clips[0]
    truth = ClipTruth.load(place)
    assert truth is not None

    class True_:  # noqa: N801 - a variant that cheats
        size = 256

        def __init__(self) -> None:
            self.frames = iter(np.arange(clip.frames - 1, 0, -SETTINGS.stride)[::-1].tolist())

        def make(self, reference: Tensor, driving: Tensor) -> Made:
            where = np.stack([truth.flow(next(self.frames)).where for _ in driving])
            flow = grid.to_normalised(torch.from_numpy(where), 256, 256).permute(0, 3, 1, 2)
            still = grid.identity(256, driving).expand(len(driving), -1, -1, -1)
            return Made(grid.warp(reference, flow), [still, flow])

    right, still = scores(True_(), clip, place), scores(Repeated(64), clip, place)
    for region in ("epe", "epe_face", "epe_lips", "epe_eyes"):
        assert right[region] < 0.01
        assert right[f"{region}_step1"] == right[region]
        assert right[f"{region}_step0"] == pytest.approx(still[region], rel=1e-3)
        assert still[region] > 1
    assert not [name for name in still if "_step" in name]
    assert right["l1"] < 0.7 * still["l1"]


def test_what_needs_the_truth_is_absent_without_it(split: PackedSplit) -> None:
    found = scores(Repeated(64), split.clips[0], None)
    assert set(found) == {
        "l1", "psnr", "ssim", "akd_dlib", "akd_dlib_eyes", "akd_dlib_lips", "mkr", "undetected",
    }  # fmt: skip


def test_scored_twice_it_is_the_same_and_it_is_what_the_stage_wrote(
    smoke: Project, split: PackedSplit, place: TruthPlace
) -> None:
    settings = config.load(smoke.root / "params.yaml").evaluate
    table = same_identity(Repeated(64), split, {split.clips[0].clip_id: place}, settings)
    written = schemas.SCORES.read(smoke.root / "reports/scores/reference.parquet")
    assert means(table.filter(clip_id=split.clips[0].clip_id)) == means(written.filter(clip_id=split.clips[0].clip_id))


def test_pictures_show_the_frames_that_tell_most(split: PackedSplit) -> None:
    clip = split.clips[0]
    chosen = telling_frames(clip)
    assert set(chosen) == {"pose", "eyes", "mouth"}
    assert all(0 < frame < clip.frames for frame in chosen.values())
    table = same_identity(Repeated(64), split, {}, SETTINGS)
    pictures = dict(sheets(Repeated(64), split, table))
    assert set(pictures) == {"faces", "eyes", "lips"}
    assert all(image.shape[1] > 3 * 200 for image in pictures.values())
