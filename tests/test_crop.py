"""Clips: the square stands still, nothing is squashed or shifted, one pass serves all, names are safe."""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemotion import config, schemas, video
from facemotion.errors import FacemotionError
from facemotion.ingest.crop import CropJob, Tube, clip_name, clips_of
from facemotion.ingest.framing import boxes_to_crop, cut_out, from_crop, steady_square, to_crop
from facemotion.video_writer import Writer

SETTINGS = config.load().crop.model_copy(update={"size": 64})
FPS = Fraction(30000, 1001)


def ramp(width: int, height: int) -> video.Image:
    """A picture whose red tells x and whose green tells y."""
    xs, ys = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack([xs, ys, np.zeros_like(xs)], axis=-1).astype(np.uint8)


@given(
    centre=st.tuples(st.floats(0, 400), st.floats(0, 300)),
    sides=st.lists(st.floats(30, 120), min_size=1, max_size=30),
    wander=st.floats(0, 80),
    context=st.floats(1, 2.5),
    lift=st.floats(-0.2, 0.2),
)
def test_the_square_is_square_whole_and_holds_the_face(
    centre: tuple[float, float], sides: list[float], wander: float, context: float, lift: float
) -> None:
    middles = np.array(centre) + wander * np.column_stack(
        [np.sin(np.arange(len(sides))), np.cos(np.arange(len(sides)))]
    )
    half = np.array(sides)[:, None] / 2
    boxes = np.concatenate([middles - half, middles + half], axis=1)
    left, top, right, bottom = steady_square(boxes, context, lift)
    assert right - left == bottom - top
    assert right - left >= context * float(np.median(sides)) - 1
    extent = boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)
    assert right - left >= float(extent.max())
    assert left <= boxes[:, 0].min() + 1
    assert right >= boxes[:, 2].max() - 1


@given(
    square=st.tuples(st.integers(-50, 300), st.integers(-50, 300), st.integers(8, 400)),
    size=st.sampled_from([64, 128, 256]),
    points=st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=1, max_size=5),
)
def test_there_and_back(square: tuple[int, int, int], size: int, points: list[tuple[float, float]]) -> None:
    box = (square[0], square[1], square[0] + square[2], square[1] + square[2])
    there = to_crop(np.array(points), box, size)
    assert np.allclose(from_crop(there, box, size), points, atol=1e-6)
    # A box's edges are half a pixel off the coordinates of its corner pixels' centres.
    corners = np.array([[box[0] - 0.5, box[1] - 0.5], [box[2] - 0.5, box[3] - 0.5]])
    edges = boxes_to_crop(np.array([box], np.float64), box, size)[0]
    assert np.allclose(to_crop(corners, box, size).ravel() + 0.5, edges, atol=1e-6)


@pytest.mark.parametrize("square", [(10, 20, 74, 84), (10, 20, 138, 148), (40, 30, 72, 62)])
def test_pixels_lie_where_points_are_said_to_lie(square: tuple[int, int, int, int]) -> None:
    crop = cut_out(ramp(200, 180), square, 64).astype(float)
    for x, y in ((8, 8), (31, 20), (50, 55)):
        place = from_crop(np.array([x, y]), square, 64)
        assert crop[y, x, :2] == pytest.approx(place, abs=0.6)


def test_what_lies_outside_is_reflected() -> None:
    crop = cut_out(ramp(100, 100), (-32, 0, 32, 64), 64).astype(int)
    assert np.abs(crop[:, 31, 0] - crop[:, 32, 0]).max() <= 1
    assert np.abs(crop[:, :32, 0][:, ::-1] - crop[:, 32:, 0]).max() <= 1


@given(left=st.integers(-60, 90), top=st.integers(-60, 60), side=st.integers(65, 330), seed=st.integers(0, 9))
def test_shrinking_gives_what_opencv_gives_but_for_some_rounding(left: int, top: int, side: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (120, 160, 3), np.uint8)
    right, bottom = left + side, top + side
    inside = image[max(top, 0) : bottom, max(left, 0) : right]
    borders = max(-top, 0), max(bottom - 120, 0), max(-left, 0), max(right - 160, 0)
    whole = cv2.copyMakeBorder(inside, *borders, borderType=cv2.BORDER_REFLECT)
    expected = cv2.resize(whole, (64, 64), interpolation=cv2.INTER_AREA)
    off = np.abs(cut_out(image, (left, top, right, bottom), 64).astype(int) - expected)
    assert off.max() <= 1
    assert (off > 0).mean() < 1e-3


def footage(path: Path, frames: int = 60) -> Path:
    with Writer(path, fps=FPS, width=200, height=120, crf=5, preset="veryfast") as writer:
        for number in range(frames):
            image = ramp(200, 120)
            image[..., 2] = 4 * number
            writer.write(image)
    return path


def tube(number: int, start: int, frames: int, left: float = 60) -> Tube:
    return Tube(
        0, number, start, tuple((left, 40.0, left + 40, 80.0) for _ in range(frames)), None, f"v#0.{number}", "v"
    )


def test_clips_of_a_video(tmp_path: Path) -> None:
    path = footage(tmp_path / "v.mp4")
    settings = SETTINGS.model_copy(update={"max_seconds": 1.0})
    job = CropJob(
        "v",
        path,
        (tube(0, 5, 50), tube(1, 20, 10, 100.0), tube(2, 0, 30, -30.0)),
        tmp_path / "clips",
        settings,
        video.Limits(),
    )
    rows = clips_of(job)
    schemas.CLIPS.check(schemas.CLIPS.frame(rows), "here")
    assert [(row["first_frame"], row["end_frame"]) for row in rows] == [(5, 30), (30, 55), (20, 30), (0, 15), (15, 30)]
    assert [row["reason"] for row in rows] == ["", "", "", "outside", "outside"]
    assert sorted(p.name for p in (tmp_path / "clips").iterdir()) == sorted(
        row["path"] for row in rows if row["accepted"]
    )
    for row in rows[:3]:
        info = video.probe(tmp_path / "clips" / row["path"])
        assert (info.width, info.height, info.frames, info.fps) == (64, 64, row["frames"], FPS)
        for k, frame in enumerate(video.frames(tmp_path / "clips" / row["path"])):
            # Clip frame k is source frame first_frame + k.
            assert float(frame[..., 2].mean()) == pytest.approx(4 * (row["first_frame"] + k), abs=2.5)
        # Blue grows with time, so red tells the place: pixels lie where the row's box says.
        place = from_crop(np.array([20, 30]), tuple(int(e) for e in row["box"]), 64)
        assert frame[30, 20, :2].astype(float) == pytest.approx(place, abs=3)


def test_where_a_face_wanders_clips_are_shorter_and_hold_it_in_the_middle(tmp_path: Path) -> None:
    path = footage(tmp_path / "v.mp4")
    boxes = tuple((20.0 + k, 40.0, 60.0 + k, 80.0) for k in range(60))  # one and a half of its sides in all
    walking = Tube(0, 0, 0, boxes, None, "p", "g")
    made = {
        limit: clips_of(
            CropJob("v", path, (walking,), tmp_path / str(limit), SETTINGS.model_copy(update={"max_wander": limit}),
                    video.Limits())
        )
        for limit in (2.0, 0.8, 0.1)
    }  # fmt: skip
    spans = {limit: [(row["first_frame"], row["end_frame"]) for row in rows] for limit, rows in made.items()}
    assert spans[2.0] == [(0, 60)]
    assert spans[0.8] == [(0, 30), (30, 60)]
    assert spans[0.1] == [(0, 30), (30, 60)]  # shorter than a second none gets
    for row in made[0.8]:
        faces = np.array(row["faces"])
        assert np.abs((faces[:, 0] + faces[:, 2]) / 2 - 32).max() < 0.25 * 64


def test_same_job_same_bytes_and_order_does_not_matter(tmp_path: Path) -> None:
    path = footage(tmp_path / "v.mp4", 40)
    tubes = (tube(0, 0, 30), tube(1, 5, 30, 100.0))
    first = clips_of(CropJob("v", path, tubes, tmp_path / "a", SETTINGS, video.Limits()))
    second = clips_of(CropJob("v", path, tubes[::-1], tmp_path / "b", SETTINGS, video.Limits()))
    assert {r["clip_id"]: r["sha256"] for r in first} == {r["clip_id"]: r["sha256"] for r in second}


def test_reject_instead_of_reflect(tmp_path: Path) -> None:
    path = footage(tmp_path / "v.mp4", 20)
    settings = SETTINGS.model_copy(update={"outside": "reject"})
    tubes = (tube(0, 0, 20, 60.0), tube(1, 0, 20, 5.0))
    rows = clips_of(CropJob("v", path, tubes, tmp_path / "clips", settings, video.Limits()))
    assert [row["reason"] for row in rows] == ["", "outside"]


def test_a_failing_video_leaves_no_clips(tmp_path: Path) -> None:
    whole = footage(tmp_path / "v.mp4").read_bytes()
    short = video.Limits(max_seconds=0.5)
    with pytest.raises(FacemotionError):
        clips_of(CropJob("v", tmp_path / "v.mp4", (tube(0, 0, 50),), tmp_path / "clips", SETTINGS, short))
    assert len(whole) > 0
    assert not (tmp_path / "clips").exists() or not list((tmp_path / "clips").iterdir())


@given(video_id=st.text(max_size=60), shot=st.integers(0, 99), number=st.integers(0, 9), first=st.integers(0, 10**6))
def test_clip_names_never_leave_their_folder(video_id: str, shot: int, number: int, first: int) -> None:
    name = clip_name(video_id, shot, number, first)
    assert name == clip_name(video_id, shot, number, first)
    assert all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in name)
    assert name != clip_name(video_id, shot, number + 1, first)
    assert len(name) < 80
