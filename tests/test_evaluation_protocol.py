"""Both protocols on the smoke profile's held-out people: what is perfect, damaged or frozen scores so."""

import cv2
import numpy as np
import polars as pl
import pytest
import torch
from conftest import Project
from torch import Tensor

from facemotion import config, schemas
from facemotion.dataset.packed import PackedClip, PackedSplit
from facemotion.evaluation import cross_identity, same_identity
from facemotion.evaluation.answer_pictures import answer_sheet
from facemotion.evaluation.cross_identity import CrossClips
from facemotion.evaluation.cross_pictures import cross_sheet
from facemotion.evaluation.folders import Folders
from facemotion.evaluation.in_process import same_identity as score_split
from facemotion.evaluation.knowing import Closely, know
from facemotion.evaluation.pictures import sheets, telling_frames
from facemotion.evaluation.protocols import PairRow, cross_frames, scored_frames
from facemotion.evaluation.reading import batches, numbers_of
from facemotion.evaluation.repeated import Repeated
from facemotion.evaluation.same_identity import means
from facemotion.evaluation.samples import runs
from facemotion.evaluation.score_jobs import cross_clips
from facemotion.evaluation.scoring import Meters
from facemotion.evaluation.truth import ClipTruth, TruthPlace, places
from facemotion.evaluation.variants import Made, Variant
from facemotion.models import grid
from facemotion.models.face import Face

pytestmark = pytest.mark.slow
SETTINGS = config.Evaluate(
    stride=16, averaged=1, pairs=2, pairs_every=1, salt="", identity_frames=1, realism_frames=1, runs=1, run_frames=4
)
AVERAGED = 2  # as the stages measured
CLOSELY = Closely(identity=1, realism=0)


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

    def make(self, reference: Face, shown: Face) -> Made:
        frames = driving = shown.image
        if self.damage == "shift":
            frames = torch.roll(driving, 1, dims=-1)
        elif self.damage == "blur":
            planes = driving.permute(0, 2, 3, 1).numpy()
            blurred = np.stack([cv2.GaussianBlur(plane, (0, 0), 2.0) for plane in planes])
            frames = torch.from_numpy(blurred).permute(0, 3, 1, 2)
        elif self.damage == "gone":
            frames = torch.full_like(driving, 0.5)
        return Made(frames, [grid.identity(32, driving).expand(len(driving), -1, -1, -1)])


def all_scores(variant: Variant, clip: PackedClip, place: TruthPlace | None) -> same_identity.Scores:
    truth = None if place is None else ClipTruth.load(place)
    known = know(clip, scored_frames(clip.frames, SETTINGS.stride), variant.size, truth, SETTINGS, CLOSELY)
    return same_identity.score_clip(variant, clip, known, SETTINGS, Meters(SETTINGS.averaged))


def scores(variant: Variant, clip: PackedClip, place: TruthPlace | None) -> dict[str, float]:
    return {row["metric"]: row["value"] for row in all_scores(variant, clip, place).clips}


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
            self.frames = iter(wanted_frames(clip))

        def make(self, reference: Face, driving: Face) -> Made:
            count = len(driving.image)
            where = np.stack([truth.flow(next(self.frames)).where for _ in range(count)])
            flow = grid.to_normalised(torch.from_numpy(where), 256, 256).permute(0, 3, 1, 2)
            still = grid.identity(256, flow).expand(count, -1, -1, -1)
            return Made(grid.warp(reference.image.expand(count, -1, -1, -1), flow), [still, flow])

    right, still = scores(True_(), clip, place), scores(Repeated(64), clip, place)
    for region in ("epe", "epe_face", "epe_lips", "epe_eyes"):
        assert right[region] < 0.01
        assert right[f"{region}_step1"] == right[region]
        assert right[f"{region}_step0"] == pytest.approx(still[region], rel=1e-3)
        assert still[region] > 1
    assert not [name for name in still if "_step" in name]
    assert right["l1"] < 0.7 * still["l1"]
    assert right["unseen_l1"] > right["l1"]


def wanted_frames(clip: PackedClip) -> list[int]:
    """What a variant is asked for: frames that are scored, and those in which flicker is looked for."""
    flickering = [frame for run in runs(clip.frames, SETTINGS.runs, SETTINGS.run_frames) for frame in run]
    return sorted({*scored_frames(clip.frames, SETTINGS.stride).tolist(), *flickering})


def test_what_needs_the_truth_is_absent_without_it(split: PackedSplit, place: TruthPlace) -> None:
    without, with_ = (set(scores(Repeated(64), split.clips[0], truth)) for truth in (None, place))
    assert without < with_
    assert {"l1", "psnr", "ssim", "akd_dlib", "mkr", "undetected", "pose_error", "flicker", "csim_dlib"} <= without
    assert not [name for name in without if name.startswith(("epe", "unseen", "occlusion")) or "truth" in name]
    assert {"epe", "akd_truth", "unseen_bg_l1", "pose_error_truth"} <= with_ - without


def test_frames_add_up_to_their_clip_and_tell_what_drives(split: PackedSplit, place: TruthPlace) -> None:
    clip = split.clips[0]
    found = all_scores(Repeated(64), clip, place)
    frames = schemas.FRAME_SCORES.frame(found.frames)
    schemas.FRAME_SCORES.check(frames, "here")
    for row in found.clips:
        of_metric = frames.filter(metric=row["metric"])
        assert row["value"] == pytest.approx(of_metric["value"].mean())
        assert row["frames"] == len(of_metric)
    assert set(frames.filter(metric="l1")["frame"]) == set(scored_frames(clip.frames, SETTINGS.stride).tolist())
    assert {"pose_gap", "lip_opening", "lid_opening"} <= set(frames["metric"])
    assert "pose_gap" not in {row["metric"] for row in found.clips}
    gaps = frames.filter(metric="pose_gap").join(frames.filter(metric="l1"), on="frame")
    assert gaps.select(pl.corr("value", "value_right", method="spearman")).item() > 0.3
    (error,) = found.maps
    assert len(error["map"]) == 64 * 64
    middle = np.reshape(error["map"], (64, 64))[16:52, 16:48]
    assert middle.mean() > np.mean(error["map"])


def test_scored_twice_it_is_the_same_and_it_is_what_the_stage_wrote(
    smoke: Project, split: PackedSplit, place: TruthPlace
) -> None:
    settings = config.load(smoke.root / "params.yaml").evaluate
    clip_id = split.clips[0].clip_id
    truths = {path.stem: path for path in (smoke.root / "data/truth").glob("*.parquet")}
    clips = schemas.CLIPS.read(smoke.root / "data/clips.parquet").filter("accepted")
    table = score_split(Repeated(64), split, places(clips.iter_rows(named=True), truths), settings)
    written = schemas.SCORES.read(smoke.root / "reports/scores/reference.parquet")
    # Flows are kept to a hundredth of a pixel.
    assert means(table.filter(clip_id=clip_id)) == pytest.approx(means(written.filter(clip_id=clip_id)), abs=0.01)


def test_pictures_show_the_frames_that_tell_most(split: PackedSplit) -> None:
    clip = split.clips[0]
    chosen = telling_frames(clip)
    assert set(chosen) == {"pose", "eyes", "mouth"}
    assert all(0 < frame < clip.frames for frame in chosen.values())
    table = score_split(Repeated(64), split, {}, SETTINGS)
    pictures = dict(sheets(Repeated(64), split, table))
    assert set(pictures) == {"faces", "eyes", "lips"}
    assert all(image.shape[1] > 3 * 200 for image in pictures.values())


@pytest.fixture(scope="module")
def folders(smoke: Project) -> Folders:
    return Folders(*(smoke.root / "data" / name for name in ("packed/test", "answers", "known")))


@pytest.fixture(scope="module")
def pairs(smoke: Project) -> list[PairRow]:
    table = schemas.PAIRS.read(smoke.root / "data/pairs.parquet")
    return [PairRow.of(row) for row in table.filter(protocol="cross").iter_rows(named=True)]


class Cheating:
    """Makes of a pair what it is told to, whoever drives."""

    size = 64

    def __init__(self, frames: Tensor) -> None:
        self.frames = frames

    def make(self, reference: Face, driving: Face) -> Made:
        count = len(driving.image)
        now, self.frames = self.frames[:count], self.frames[count:]
        return Made(now, [grid.identity(32, now).expand(count, -1, -1, -1)])


def crossed(variant: Variant, pair: PairRow, clips: CrossClips) -> dict[str, float]:
    found = cross_identity.score_pair(variant, pair, clips, SETTINGS.pairs_every, Meters(AVERAGED))
    assert {(row["clip_id"], row["person_id"]) for row in found.clips} == {(pair.pair_id, pair.reference_person)}
    return {row["metric"]: row["value"] for row in found.clips}


def test_pairs_are_of_two_held_out_people_and_their_answers_are_rendered(
    pairs: list[PairRow], split: PackedSplit, folders: Folders, smoke: Project
) -> None:
    settings = config.load(smoke.root / "params.yaml").evaluate
    assert len(pairs) == 2
    for pair in pairs:
        assert pair.reference_person != pair.driving_person
        assert {pair.reference_person, pair.driving_person} <= set(split.people)
        assert pair.answered
        clips = cross_clips(pair, folders, 64)
        frames = cross_frames(clips.driving.frames, settings)
        assert numbers_of(clips.reference).tolist() == [0, *frames]
        assert [one.frame for one in clips.known.frames] == [0, *frames]
        assert all(one.true is not None for one in clips.known.frames)
        # Answers carry what the landmarker finds, not the truth.
        points = clips.reference.points
        assert np.isfinite(points).all(axis=(1, 2)).mean() > 0.5


def test_the_answer_scores_perfectly_and_neither_the_driver_nor_a_still_does(
    pairs: list[PairRow], folders: Folders
) -> None:
    clips = cross_clips(pairs[0], folders, 64)
    frames = np.array([one.frame for one in clips.known.scored])
    answers, drivers = (
        torch.cat([batch.driving for _, batch in batches(clip, frames, 64)])
        for clip in (clips.reference, clips.driving)
    )
    right, copied = (crossed(Cheating(made), pairs[0], clips) for made in (answers, drivers))
    still = crossed(Repeated(64), pairs[0], clips)
    assert right["cross_l1"] == 0
    assert right["cross_akd_dlib"] == 0
    assert right["cross_akd_truth"] == right["cross_akd_truth_bias"] == still["cross_akd_truth_bias"]
    assert still["cross_l1"] > 0.005
    # The driver's own face has the right pose and the wrong person.
    assert copied["cross_l1"] > 2 * still["cross_l1"]
    assert copied["cross_csim_dlib"] < right["cross_csim_dlib"]
    assert copied["cross_akd_truth"] < 20
    assert not [name for name in right if "_step" in name]


def test_without_an_answer_only_what_needs_none_is_scored(pairs: list[PairRow], folders: Folders) -> None:
    pair = pairs[0]._replace(answered=False)
    clips = cross_clips(pair, folders, 64)
    assert clips.reference.clip_id == pair.reference_clip
    found = crossed(Repeated(64), pair, clips)
    assert set(found) <= {
        "cross_undetected", "cross_mkr", "cross_pose_error", "cross_lid_error", "cross_lip_opening_error",
        "cross_lip_width_error", "cross_gaze_error", "cross_aed_dlib", "cross_csim_dlib",
    }  # fmt: skip
    assert found["cross_pose_error"] > 0
    assert found["cross_csim_dlib"] > 0.95


def test_sheets_show_reference_driver_answer_and_what_was_made(pairs: list[PairRow], folders: Folders) -> None:
    ((name, sheet),) = cross_sheet(Repeated(64), pairs, folders)
    assert name == "cross"
    assert sheet.shape[1] >= 4 * 256
    ((name, sheet),) = answer_sheet(pairs, folders)
    assert name == "answers"
    assert cross_sheet(Repeated(64), [], folders) == answer_sheet([], folders) == []
