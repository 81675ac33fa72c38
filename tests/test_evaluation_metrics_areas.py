"""What the reference cannot show, on a rendered clip whose head turns far: masks against the truth, errors there."""

from fractions import Fraction
from typing import NamedTuple

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from facemotion.evaluation import unseen
from facemotion.evaluation.images import SCALE, Frame
from facemotion.evaluation.known import KnownFrame, TrueFrame
from facemotion.evaluation.masks import foreground_iou, iou, occlusion_iou
from facemotion.evaluation.scoring import Generated, Meters, scores
from facemotion.evaluation.truth import Areas, ClipTruth, TrueFlow, TruthPlace
from facemotion.evaluation.variants import Animated
from facemotion.faces.boxes import face_boxes
from facemotion.ingest.framing import boxes_to_crop, cut_out, steady_square
from facemotion.landmarks.layout import N_POINTS
from facemotion.models.animator import Animator
from facemotion.models.face import Face
from facemotion.models.presets import preset
from facemotion.synth.camera import Camera
from facemotion.synth.grade import Grade
from facemotion.synth.records import Truth, write_truth
from facemotion.synth.specs import ActorSpec, ShotSpec, VideoSpec
from facemotion.synth.staging import Stage

TURNED = 25  # the frame in which the head is turned furthest from frame 0's pose: 34 degrees
LIGHTS = 55  # a background with lights that move by themselves


class Clip(NamedTuple):
    truth: ClipTruth
    frames: dict[int, Frame]
    flow: TrueFlow
    areas: Areas

    @property
    def driving(self) -> Frame:
        return self.frames[TURNED]


def filmed(folder: pytest.TempPathFactory, background: int) -> Clip:
    shown = ActorSpec(3, 32, (250.0, 180.0), 130.0, planned=True)
    beside = ActorSpec(4, 33, (420.0, 190.0), 100.0, planned=False)
    grade = Grade(2, noise=0.0)
    shot = ShotSpec("main", 0, 30, (shown, beside), background, 22, Camera(2, pan_x=0.02, zoom=0.01, sway=0.002), grade)
    film = VideoSpec("p0003_v0", "p0003", Fraction(25), 640, 360, (shot,))
    path = write_truth(film, folder.mktemp("truth"))
    boxes = face_boxes(Truth.load(path).track(0, 0)["points"])
    square = steady_square(boxes, 1.8, 0.12)
    truth = ClipTruth.load(TruthPlace(path, 0, tuple(map(tuple, boxes_to_crop(boxes, square, SCALE))), square, SCALE))
    assert truth is not None
    stage = Stage(film, shot)
    frames = {k: cut_out(stage.rendered(k), square, SCALE).astype(np.float32) / 255 for k in (0, TURNED)}
    flow = truth.flow(TURNED)
    return Clip(truth, frames, flow, truth.areas(TURNED, flow))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return filmed(tmp_path_factory, 12)


def warped(image: Frame, where: NDArray[np.float32]) -> Frame:
    seen = cv2.remap(image, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(seen, np.float32)


def logits(seen: NDArray[np.bool_], size: int) -> NDArray[np.float32]:
    """What a network that is right would say, at its own size."""
    trust = cv2.resize(seen.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
    return (12 * (trust - 0.5))[None]


def test_areas_lie_as_they_should(clip: Clip) -> None:
    areas = clip.areas
    assert not (areas.own & areas.background).any()
    assert not (areas.head & ~areas.own).any()
    assert not (clip.truth.regions(TURNED)["face"] & ~areas.head).any()
    x, y = np.rint(clip.truth.points[TURNED].mean(axis=0)).astype(int)
    assert areas.head[y, x]
    assert areas.own[-3, x]  # the shirt
    assert not areas.head[-3, x]
    neighbour = ~areas.own & ~areas.background
    assert neighbour.sum() > 100  # who stands beside is neither
    assert areas.known.all()  # nothing moves by itself here, and the clip lies within the video


def test_lights_that_move_by_themselves_are_not_known(tmp_path_factory: pytest.TempPathFactory) -> None:
    lit = filmed(tmp_path_factory, LIGHTS)
    unknown = ~lit.areas.known
    assert 0.05 < unknown.mean() < 0.6
    assert not (unknown & ~lit.areas.background).any()
    assert not (unknown & lit.flow.seen).any()


def test_the_driving_frame_misses_nothing_and_a_warp_misses_what_is_unseen(clip: Clip) -> None:
    seen, driving = clip.flow.seen, clip.driving
    assert unseen.scores(driving, driving, clip.areas, seen) == {"unseen_l1": 0, "unseen_bg_l1": 0}
    best = warped(clip.frames[0], clip.flow.where)  # as good as any warp can be
    found = unseen.scores(best, driving, clip.areas, seen)
    shown = np.abs(best - driving).mean(axis=-1)
    assert found["unseen_l1"] > 2 * shown[clip.areas.head & seen].mean()
    assert found["unseen_bg_l1"] > 2 * shown[clip.areas.background & seen].mean()


def test_only_damage_where_it_is_looked_at_counts(clip: Clip) -> None:
    seen, driving, areas = clip.flow.seen, clip.driving, clip.areas

    def damaged(where: NDArray[np.bool_]) -> dict[str, float]:
        return unseen.scores(np.where(where[..., None], driving + 0.25, driving), driving, areas, seen)

    assert damaged(seen) == {"unseen_l1": 0, "unseen_bg_l1": 0}
    assert damaged(~areas.known | ~(areas.head | areas.background)) == {"unseen_l1": 0, "unseen_bg_l1": 0}
    assert damaged(~seen & areas.head) == pytest.approx({"unseen_l1": 0.25, "unseen_bg_l1": 0}, abs=1e-6)
    assert damaged(~seen & areas.background) == pytest.approx({"unseen_l1": 0, "unseen_bg_l1": 0.25}, abs=1e-6)


def test_where_nothing_is_hidden_nothing_is_said(clip: Clip) -> None:
    flow = clip.truth.flow(0)
    found = unseen.scores(clip.frames[0], clip.frames[0] + 0.1, clip.truth.areas(0, flow), flow.seen)
    assert all(np.isnan(value) for value in found.values())
    assert np.isnan(occlusion_iou(np.full((16, 16), 3.0), np.ones_like(flow.seen), clip.areas.known))


def test_occlusion_is_right_wrong_or_absent(clip: Clip) -> None:
    seen, known = clip.flow.seen, clip.areas.known
    right = [occlusion_iou(logits(seen, size), seen, known) for size in (256, 128, 64)]
    assert right[0] == pytest.approx(1)
    assert right[0] > right[1] > right[2] > 0.6
    assert occlusion_iou(np.full((1, 32, 32), 4.0), seen, known) == 0
    nothing_trusted = occlusion_iou(np.full((1, 32, 32), -4.0), seen, known)
    assert nothing_trusted == pytest.approx(1 - seen.mean(), abs=1e-6)
    assert occlusion_iou(-logits(seen, 64), seen, known) < 0.1
    moved = np.roll(logits(seen, 256), 6, axis=-1)
    assert occlusion_iou(moved, seen, known) < 0.8


def test_what_is_not_known_does_not_count(clip: Clip) -> None:
    seen = clip.flow.seen
    half = np.zeros_like(seen)
    half[:, : SCALE // 2] = True
    said = logits(seen, 256)
    spoilt = said.copy()
    spoilt[..., SCALE // 2 :] *= -1
    assert occlusion_iou(spoilt, seen, half) == occlusion_iou(said, seen, half) == pytest.approx(1)
    assert occlusion_iou(spoilt, seen, ~half) < 0.2


def test_overlap_by_hand() -> None:
    one, other, everywhere = np.zeros((4, 4), bool), np.zeros((4, 4), bool), np.ones((4, 4), bool)
    one[:2], other[1:3] = True, True
    assert iou(one, other, everywhere) == pytest.approx(4 / 12)
    assert iou(one, one, everywhere) == 1
    assert iou(one, ~one, everywhere) == 0
    assert np.isnan(iou(~everywhere, ~everywhere, everywhere))


def test_foreground_is_the_clips_own_person(clip: Clip) -> None:
    areas = clip.areas
    known = areas.known & (areas.own | areas.background)
    right = cv2.resize(areas.own.astype(np.float32), (64, 64), interpolation=cv2.INTER_AREA)
    assert foreground_iou(right, areas.own, known) > 0.95
    assert foreground_iou(np.ones((32, 32)), areas.own, known) == pytest.approx(areas.own.sum() / known.sum())
    assert foreground_iou(np.roll(right, 6, axis=1), areas.own, known) < 0.9


@pytest.mark.parametrize("motion", ["keypoints", "landmarks"])
def test_models_say_what_they_trust(motion: str) -> None:
    config = preset("tiny").model_copy(update={"refined": True, "motion": motion})
    model = Animated(Animator(config).eval())
    images = torch.rand(2, 3, config.image_size, config.image_size)
    points = torch.rand(2, N_POINTS, 2) - 0.5
    made = model.make(Face(images[:1], points[:1]), Face(images, points))
    assert made.occlusion is not None
    assert made.occlusion.shape == (2, 1, *made.flows[-1].shape[-2:])
    assert torch.isfinite(made.occlusion).all()
    assert (made.foreground is None) == (motion == "keypoints")
    if made.foreground is not None:
        assert made.foreground.shape[:2] == (2, 1)
        assert ((made.foreground >= 0) & (made.foreground <= 1)).all()


def test_a_foreground_that_is_told_is_scored(clip: Clip) -> None:
    known = KnownFrame(TURNED, None, None, None, TrueFrame(clip.truth.points[TURNED], clip.flow, {}, clip.areas))
    own, nobody = clip.areas.own.astype(np.float32)[None], np.zeros((1, 64, 64), np.float32)

    def scored(foreground: NDArray[np.float32] | None) -> dict[str, float]:
        return scores(
            Generated(clip.driving, [clip.flow.where], None, foreground), clip.driving, known, known, Meters(1)
        )

    assert scored(own)["foreground_iou"] == 1
    assert scored(nobody)["foreground_iou"] == 0
    assert "foreground_iou" not in scored(None)


def test_points_that_the_reference_hides_are_told_apart(clip: Clip) -> None:
    true = TrueFrame(clip.truth.points[TURNED], clip.flow, {}, clip.areas)
    hidden = clip.areas.head & ~clip.flow.seen
    column, row = np.rint(true.points[:68]).astype(int).T
    own = hidden[row, column]
    assert 3 <= own.sum() < 30
    moved = np.pad(true.points[:68] + 2.0 * own[:, None], ((0, 2), (0, 0)))
    assert unseen.point_scores(moved, true) == {"unseen_akd": pytest.approx(2)}
    assert (
        unseen.point_scores(np.pad(true.points[:68] + 9.0 * ~own[:, None], ((0, 2), (0, 0))), true)["unseen_akd"] == 0
    )
    everything = true._replace(flow=clip.flow._replace(seen=np.ones_like(clip.flow.seen)))
    assert np.isnan(unseen.point_scores(moved, everything)["unseen_akd"])
