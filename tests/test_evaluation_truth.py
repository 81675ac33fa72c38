"""The truth of clips: true flow warps frame 0 into later frames better than anything else, in every region."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facemotion.evaluation.images import SCALE
from facemotion.evaluation.truth import ClipTruth, TrueFlow, TruthPlace, places
from facemotion.faces.boxes import face_boxes
from facemotion.ingest.framing import boxes_to_crop, cut_out, steady_square, to_crop
from facemotion.synth.camera import Camera
from facemotion.synth.grade import Grade
from facemotion.synth.records import Truth, write_truth
from facemotion.synth.specs import ActorSpec, ShotSpec, VideoSpec
from facemotion.synth.staging import Stage

START, FRAMES = 6, 16  # of the clip within the video; others are before and after
FIRST = START + 4


@pytest.fixture(scope="module")
def film() -> VideoSpec:
    """Two people side by side; the clip is of the second."""
    pair = (
        ActorSpec(4, 32, (108.0, 106.0), 58.0, planned=False),
        ActorSpec(3, 31, (280.0, 108.0), 66.0, planned=True),
    )
    alone = (ActorSpec(5, 33, (190.0, 108.0), 66.0, planned=True),)
    camera = Camera(2, pan_x=0.02, zoom=0.01, sway=0.002)
    shots = (
        ShotSpec("main", 0, START, alone, 11, 21, camera, Grade(1, noise=0.0)),
        ShotSpec("main", START, 30, pair, 12, 22, camera, Grade(2, noise=0.0)),
    )
    return VideoSpec("p0003_v0", "p0003", Fraction(25), 384, 216, shots)


@pytest.fixture(scope="module")
def clip(film: VideoSpec, tmp_path_factory: pytest.TempPathFactory) -> tuple[TruthPlace, list[NDArray[Any]]]:
    path = write_truth(film, tmp_path_factory.mktemp("truth"))
    rows = true_points(path, 1)
    boxes = face_boxes(rows)[FIRST - START : FIRST - START + FRAMES]
    square = steady_square(boxes, 1.8, 0.12)
    place = TruthPlace(path, FIRST, tuple(map(tuple, boxes_to_crop(boxes, square, 128))), square, 128)
    stage = Stage(film, film.shots[1])
    shown = range(FIRST - START, FIRST - START + FRAMES)
    return place, [cut_out(stage.rendered(frame), square, SCALE) for frame in shown]


def true_points(path: Path, actor: int) -> NDArray[np.float32]:
    return Truth.load(path).track(1, actor)["points"]


def warped(image: NDArray[Any], where: NDArray[np.float32]) -> NDArray[np.float64]:
    seen = cv2.remap(image, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return seen.astype(np.float64)


@pytest.mark.parametrize("frame", [5, FRAMES - 1])
def test_true_flow_warps_the_reference_into_the_driving_frame(
    clip: tuple[TruthPlace, list[NDArray[Any]]], frame: int
) -> None:
    place, images = clip
    truth = ClipTruth.load(place)
    assert truth is not None
    flow, regions = truth.flow(frame), truth.regions(frame)
    here = np.stack(np.meshgrid(np.arange(SCALE), np.arange(SCALE)), -1).astype(np.float32)

    def error(where: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
        return float(np.abs(warped(images[0], where) - images[frame]).mean(-1)[mask & flow.seen].mean())

    whole = np.ones_like(flow.seen)
    assert flow.seen.mean() > 0.5
    assert error(flow.where, whole) < 0.6 * error(here, whole)
    for region in (whole, regions["face"]):
        true = error(flow.where, region)
        for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            assert true < error(flow.where + np.array([x, y], np.float32), region)
        assert true < error(2 * here - flow.where, region)  # the same motion backwards
        assert true < error(here + 0.8 * (flow.where - here), region)  # too little of it
        assert true < error(here + 1.2 * (flow.where - here), region)


def test_true_flow_and_true_points_agree(clip: tuple[TruthPlace, list[NDArray[Any]]]) -> None:
    """Where points of the skin go is where the flow says that its pixels come from."""
    place, _ = clip
    truth = ClipTruth.load(place)
    assert truth is not None
    flow = truth.flow(FRAMES - 1)
    for point in (27, 30, 36, 45, 48, 54):  # nose, corners of eyes and of the mouth
        x, y = np.rint(truth.points[FRAMES - 1, point]).astype(int)
        came_from = flow.where[y, x] + (truth.points[FRAMES - 1, point] - (x, y))
        assert np.abs(came_from - truth.points[0, point]).max() < 2.5


def test_regions_lie_where_they_should(clip: tuple[TruthPlace, list[NDArray[Any]]]) -> None:
    place, _ = clip
    truth = ClipTruth.load(place)
    assert truth is not None
    for frame in (0, FRAMES - 1):
        regions = truth.regions(frame)
        assert not regions["lips"][~regions["face"]].any()
        assert not (regions["lips"] & regions["eyes"]).any()
        assert 0.1 < regions["face"].mean() < 0.5
        for name, point in (("lips", 62), ("eyes", 37), ("eyes", 44), ("face", 30)):
            x, y = np.rint(truth.points[frame, point]).astype(int)
            assert regions[name][y, x]


def test_the_still_frame_has_no_flow(clip: tuple[TruthPlace, list[NDArray[Any]]]) -> None:
    truth = ClipTruth.load(clip[0])
    assert truth is not None
    flow: TrueFlow = truth.flow(0)
    here = np.stack(np.meshgrid(np.arange(SCALE), np.arange(SCALE)), -1)
    assert np.abs(flow.where - here)[flow.seen].max() < 0.01


def test_what_lies_outside_of_the_video_is_not_known(
    film: VideoSpec, clip: tuple[TruthPlace, list[NDArray[Any]]]
) -> None:
    place, _ = clip
    left, top, right, _ = place.square
    beyond = (left + 60, top, right + 60, place.square[3])
    faces = np.array(place.faces)
    faces = faces - np.array([60, 0, 60, 0]) * place.size / (right - left)
    moved = TruthPlace(place.path, place.first_frame, tuple(map(tuple, faces)), beyond, place.size)
    truth = ClipTruth.load(moved)
    assert truth is not None
    edge = to_crop(np.array([film.width - 0.5, 0.0]), beyond, SCALE)[0]
    assert edge < SCALE - 8
    assert not truth.flow(3).seen[:, int(edge) + 2 :].any()
    assert not truth.regions(3)["face"][:, int(edge) + 2 :].any()


def test_a_clip_of_nobody_the_truth_knows_has_no_truth(clip: tuple[TruthPlace, list[NDArray[Any]]]) -> None:
    place, _ = clip
    far = tuple((0.0, 0.0, 9.0, 9.0) for _ in place.faces)
    assert ClipTruth.load(TruthPlace(place.path, place.first_frame, far, place.square, place.size)) is None


def test_clips_of_real_footage_have_no_place() -> None:
    row = {"clip_id": "a", "video_id": "real", "first_frame": 0, "faces": [[0.0] * 4], "box": [0.0] * 4, "size": 256}
    assert places([row], {}) == {}
    assert set(places([row], {"real": Path("truth.parquet")})) == {"a"}
