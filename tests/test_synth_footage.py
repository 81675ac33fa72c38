"""Filmed footage and its truth: the same bytes, cuts where planned, motion that really warps frame to frame."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from facemotion import video
from facemotion.errors import FacemotionError
from facemotion.synth import geometry
from facemotion.synth.camera import Camera
from facemotion.synth.footage import render_video
from facemotion.synth.grade import Grade
from facemotion.synth.listing import listing
from facemotion.synth.records import Truth, write_truth
from facemotion.synth.scenario import plan_footage
from facemotion.synth.scores import best_box, chosen, figures, judge
from facemotion.synth.specs import ActorSpec, ShotSpec, VideoSpec
from facemotion.synth.staging import Stage

WIDTH, HEIGHT = 384, 216


def _shot(start: int, n_frames: int, actors: tuple[ActorSpec, ...], seed: int, grade: Grade | None = None) -> ShotSpec:
    camera = Camera(seed, pan_x=0.015, zoom=0.01, sway=0.002)
    kind = "main" if actors else "empty"
    return ShotSpec(kind, start, n_frames, actors, 10 + seed, 20 + seed, camera, grade or Grade(seed, noise=1.5))


def _film() -> VideoSpec:
    """Somebody, somebody with a passer-by, nobody: 20, 16 and 8 frames."""
    alone = (ActorSpec(3, 30, (168.0, 110.0), 84.0, planned=True),)
    pair = (
        ActorSpec(3, 31, (108.0, 108.0), 62.0, planned=True),
        ActorSpec(4, 32, (282.0, 106.0), 58.0, planned=False),
    )
    shots = (_shot(0, 20, alone, 1), _shot(20, 16, pair, 2), _shot(36, 8, (), 3))
    return VideoSpec("p0003_v0", "p0003", Fraction(30000, 1001), WIDTH, HEIGHT, shots)


@pytest.fixture(scope="module")
def film() -> VideoSpec:
    return _film()


@pytest.fixture(scope="module")
def made(film: VideoSpec, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("footage")
    render_video(film, folder / "film.mp4", crf=14, preset="veryfast", threads=1)
    return folder / "film.mp4", Truth.load(write_truth(film, folder / "truth"))


def test_the_same_spec_gives_the_same_bytes(film: VideoSpec, made: tuple[Path, Truth], tmp_path: Path) -> None:
    render_video(film, tmp_path / "again.mp4", crf=14, preset="veryfast", threads=1)
    assert (tmp_path / "again.mp4").read_bytes() == made[0].read_bytes()
    again = write_truth(film, tmp_path / "truth")
    assert again.read_bytes() == (made[0].parent / "truth" / "p0003_v0.parquet").read_bytes()


def test_the_file_has_the_planned_rate_size_and_cuts(film: VideoSpec, made: tuple[Path, Truth]) -> None:
    info = video.probe(made[0])
    assert (info.width, info.height, info.fps, info.frames) == (WIDTH, HEIGHT, film.fps, film.n_frames)
    frames = [frame.astype(int) for frame in video.frames(made[0])]
    changes = np.array([np.abs(a - b).mean() for a, b in pairwise(frames)])
    assert made[1].cuts == (20, 36)
    assert set(np.argsort(changes)[-2:] + 1) == {20, 36}


def test_truth_has_a_row_for_every_actor_of_every_frame_and_survives_the_disk(
    film: VideoSpec, made: tuple[Path, Truth]
) -> None:
    truth = made[1]
    assert truth.spec == film
    for frame in range(film.n_frames):
        shot = film.shot_of(frame)
        assert list(truth.frame(frame)["person_seed"]) == [actor.person_seed for actor in shot.actors]
    stage = Stage(film, film.shots[1])
    row = truth.frame(25)
    for index, actor in enumerate(stage.actors(5)):
        points, visible = geometry.points(stage.view, actor)
        np.testing.assert_array_equal(row["points"][index], points.astype(np.float32))
        np.testing.assert_array_equal(row["visible"][index], visible)
        np.testing.assert_array_equal(row["expression"][index], actor.expression)
    assert list(row["planned"]) == [True, False]
    assert len(truth.track(0, 0)) == 20
    with pytest.raises(IndexError, match="has frames 0 to 43"):
        truth.frame(44)


@pytest.mark.parametrize(("to", "source"), [(2, 3), (3, 15), (15, 3), (22, 33)])
def test_true_flow_warps_one_frame_into_the_other(made: tuple[Path, Truth], to: int, source: int) -> None:
    truth = made[1]
    flow, visible = truth.flow(to, source)
    shot = truth.spec.shot_of(to)
    clean = replace(shot, grade=Grade(0))
    stage = Stage(truth.spec, clean)
    image, reference = stage.rendered(to - shot.start), stage.rendered(source - shot.start)
    assert visible.mean() > 0.6

    def error(dx: float) -> float:
        where = np.stack(np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT)), axis=2).astype(np.float32) + flow
        warped = cv2.remap(reference, where[..., 0] + dx, where[..., 1], cv2.INTER_LINEAR)
        return float(np.abs(warped.astype(float) - image)[visible].mean())

    assert error(0.0) < 4.0
    assert error(0.0) < min(error(0.7), error(-0.7))


def test_flow_stays_within_a_shot(made: tuple[Path, Truth]) -> None:
    with pytest.raises(ValueError, match="not of one shot"):
        made[1].flow(19, 20)


def test_masks_lie_where_the_people_are(made: tuple[Path, Truth]) -> None:
    truth = made[1]
    assert not truth.masks(40).any()
    labels = truth.masks(25)
    for left, top, right, bottom in truth.frame(25)["face_box"]:
        assert labels[round((top + bottom) / 2), round((left + right) / 2)] > 0


def test_listed_boxes_contain_the_true_heads() -> None:
    inside = []
    for spec in plan_footage(people=52, minutes=10)[::4]:
        with_person = [shot for shot in spec.shots if shot.actors]
        for row, shot in zip(listing(spec), with_person, strict=True):
            if shot.kind in ("truncated", "profile"):
                continue
            stage = Stage(spec, shot)
            for frame in range(0, shot.n_frames, 12):
                left, top, right, bottom = geometry.head_box(stage.view, stage.actors(frame)[0])
                inside.append(
                    row.left <= max(left, 0)
                    and row.top <= max(top, 0)
                    and row.right >= min(right, spec.width)
                    and row.bottom >= min(bottom, spec.height)
                )
    assert np.mean(inside) >= 0.95


def test_a_broken_truth_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FacemotionError, match="render the footage again"):
        Truth.load(tmp_path / "p0001_v0.parquet")


def _read(path: Path, start: int, end: int, step: int) -> Iterator[np.ndarray]:
    for frame in range(start, end, step):
        yield np.full((360, 640, 3), frame, np.int64)


def test_a_perfect_judge_gives_perfect_figures_and_a_blind_one_none(tmp_path: Path) -> None:
    spec = plan_footage(people=2, minutes=0.3)[0]
    truth = Truth.load(write_truth(spec, tmp_path))

    def rows_of(image: np.ndarray) -> np.ndarray:
        return truth.frame(int(image[0, 0, 0]))["face_box"]

    def points_of(image: np.ndarray, box: np.ndarray) -> np.ndarray:
        return truth.frame(int(image[0, 0, 0]))["points"][0]

    def middle_of(part: np.ndarray) -> np.ndarray:
        height, width = part.shape[:2]  # the slow detector is shown a face with half its size more on all sides
        return np.array([[width / 4, height / 4, 3 * width / 4, 3 * height / 4]])

    sequences = chosen([(tmp_path / "unread.mp4", truth)], frames=60, cnn_frames=60)
    tallies = [judge(s, read=_read, detect=rows_of, landmark=points_of, detect_cnn=middle_of) for s in sequences]
    found = figures(tallies)
    assert found["hog_detection_rate"] == found["cnn_detection_rate"] == 1.0
    assert found["dlib_nme_median"] == found["dlib_nme_jaw_median"] == 0.0
    assert found["lip_correlation"] > 0.9
    blind = [judge(s, read=_read, detect=lambda _: np.zeros((0, 4)), landmark=points_of) for s in sequences]
    assert figures(blind) == {"hog_detection_rate": 0.0}


def test_the_best_box_is_the_one_on_the_face() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [20, 20, 40, 40]])
    np.testing.assert_array_equal(best_box(boxes, np.array([22.0, 22, 42, 42])), boxes[1])
    assert best_box(boxes, np.array([100.0, 100, 120, 120])) is None
