"""Photos animated as a person does it: every option, what comes out, and that the frames are the evaluation's."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from talking import FPS, FRAMES, HEIGHT, RATE, Talking, film, frame_of, heard_in

from facemotion import video
from facemotion.animate import Animation, Animator, Options
from facemotion.animation.motions import MOVES, MotionOptions, Region
from facemotion.animation.performance import load_performance, save_performance
from facemotion.animation.references import CLIP, model_input
from facemotion.errors import FacemotionError
from facemotion.evaluation.variants import Animated
from facemotion.landmarks.layout import EYES, LIPS
from facemotion.models import alignment
from facemotion.models.face import Face, reference_size

ROOT = Path(__file__).parent.parent
FRAME_KIB = 3 * 160 * 128 * 3 / 1024  # of a strip, raw


@pytest.fixture(scope="module")
def animator(talking: Talking) -> Animator:
    torch.set_num_threads(1)
    return Animator.load(talking.model, device="cpu")


@pytest.fixture(scope="module")
def motion(talking: Talking, animator: Animator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver's, so that not every test has to follow it."""
    path = tmp_path_factory.mktemp("motion") / "talk.motion"
    save_performance(path, animator.driver(talking.video, Options()).performance)
    return path


def facemotion(*words: str | Path, timeout: float = 900) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "facemotion.cli", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False)


def assert_in_sync(wanted: NDArray[np.float32], found: NDArray[np.float32]) -> None:
    """Sample by sample, but for the codec's loss and its last packet; a fifth of a millisecond off is too much."""
    count = min(len(wanted), len(found)) - 3000
    off = np.abs(found[1000:count] - wanted[1000:count]).mean()
    assert off < 0.1 * np.abs(wanted[1000:count]).mean()
    assert np.abs(found[1000:count] - wanted[1010 : count + 10]).mean() > 3 * off


def frames_of(animation: Animation) -> NDArray[np.float32]:
    return np.stack(list(animation)).astype(np.float32)


def test_a_photo_and_a_video_make_a_video_with_sound_that_tells_what_it_is(talking: Talking, tmp_path: Path) -> None:
    out = tmp_path / "result.mp4"
    told = facemotion(
        "animate", "--source", talking.photo, "--driving", talking.video, "--out", out, "--model", talking.model,
        "--strip", "--threads", "1",
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    info = video.probe(out)
    assert (info.width, info.height, info.fps, info.frames) == (3 * 256, 256, FPS, FRAMES)
    assert info.codec == "h264"
    with av.open(str(out)) as container:
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"
    assert abs(len(heard_in(out)) / RATE - float(FRAMES / FPS)) < 0.08
    assert_in_sync(heard_in(talking.video), heard_in(out))
    said = facemotion("verify", out)
    assert said.returncode == 0, said.stdout
    assert "strip True" in said.stdout
    assert Path(f"{out}.json").is_file()


def test_what_the_driver_does_shows_in_the_result(talking: Talking, animator: Animator, motion: Path) -> None:
    """Golden in what matters: a mouth that opens and lids that fall change just these places; nobody is trained."""
    made = frames_of(animator.animate(talking.photo, motion, Options(motion=MotionOptions(smooth=0.0), label=False)))
    assert made.shape == (FRAMES, 256, 256, 3)
    change = np.abs(made - made[0]).mean(-1)
    mouth, wall = change[:, 150:215, 95:160], change[:, :40, :20]
    assert mouth[6].mean() > 4 * max(float(wall.max(initial=0)), 1.0)
    assert mouth[12].mean() < 0.6 * mouth[6].mean()  # shut again
    assert float(wall.max()) < 3


@pytest.mark.parametrize(
    ("region", "moves"),
    [("lips", {LIPS}), ("eyes", {EYES}), ("expression", {LIPS, EYES}), ("pose", set())],
)
def test_only_the_region_moves_that_is_asked_for(
    talking: Talking, animator: Animator, motion: Path, region: Region, moves: set[tuple[int, ...]]
) -> None:
    def change(**options: Any) -> NDArray[np.float32]:
        made = animator.animate(talking.photo, motion, Options(motion=MotionOptions(**options), label=False))
        return frames_of(made)

    still = change(strength=0.0)
    assert np.abs(still - still[0]).max() == 0
    of_all, of_region = (np.abs(change(region=one) - still).mean(-1).max(0) for one in ("all", region))
    points = animator.animate(talking.photo, motion).photos[0].normalised()
    for part in (LIPS, EYES):
        area = _area(points[list(part)])
        share = of_region[area].mean() / of_all[area].mean()
        # Corners of eyes, which tell where the head is, are found a little aside while the eye is shut.
        assert share > 0.85 if part in moves else share < 0.75


def _area(points: NDArray[np.float64]) -> tuple[slice, slice]:
    pixels = (points + 1) * 128
    low, high = pixels.min(0).astype(int), pixels.max(0).astype(int) + 1
    return slice(low[1], high[1]), slice(low[0], high[0])


@pytest.mark.parametrize(
    "options",
    [
        Options(motion=MotionOptions(way="absolute")),
        Options(motion=MotionOptions(scale="off")),
        Options(motion=MotionOptions(best_frame=False)),
        Options(motion=MotionOptions(smooth=0.0)),
        Options(motion=MotionOptions(smooth=20.0)),
        Options(motion=MotionOptions(strength=1.5)),
        Options(detail="model"),
    ],
    ids=["absolute", "scale-off", "first-frame", "raw", "calm", "strong", "model-detail"],
)
def test_options_change_the_result(talking: Talking, animator: Animator, motion: Path, options: Options) -> None:
    # From an open mouth on.
    usual = frames_of(animator.animate(talking.photo, motion, Options(start=0.2, end=0.5)))
    other = frames_of(animator.animate(talking.photo, motion, replace(options, start=0.2, end=0.5)))
    assert usual.shape == other.shape
    assert np.abs(usual - other).mean() > 0.005


def test_start_end_and_size(talking: Talking, animator: Animator, motion: Path) -> None:
    whole = animator.driver(motion, Options())
    part = animator.animate(talking.photo, motion, Options(start=0.2, end=0.5, size=96))
    assert (part.frames, part.width, part.height) == (9, 96, 96)
    assert part.driver.performance.start == 6
    assert np.array_equal(part.driver.performance.points, whole.performance.points[6:15])


def test_pasting_leaves_the_photo_around_as_it_was_and_shows_no_seam(
    talking: Talking, animator: Animator, motion: Path, tmp_path: Path
) -> None:
    square = np.array(Image.open(talking.photo))
    wide = np.full((400, 640, 3), (70, 110, 150), np.uint8)
    wide[72 : 72 + HEIGHT, 200 : 200 + square.shape[1]] = square
    photo = tmp_path / "wide.png"
    Image.fromarray(wide).save(photo)
    animation = animator.animate(photo, motion, Options(paste=True, label=False))
    assert (animation.width, animation.height) == (640, 400)
    made = frames_of(animation)
    left, top, right, bottom = animation.photos[0].square
    outside = np.ones(wide.shape[:2], bool)
    outside[max(top, 0) : bottom, max(left, 0) : right] = False
    assert np.array_equal(made[6][outside], wide[outside].astype(np.float32))
    assert np.abs(made[6] - made[0])[~outside].mean() > 1
    # No step along the square's edge that the photo itself has not.
    for frame in made[[0, 6]]:
        step = np.abs(np.diff(frame - wide, axis=1)).mean(-1)
        assert float(step[top + 5 : bottom - 5, left - 1 : left + 1].max()) < 6
    assert np.abs(frames_of(animator.animate(photo, motion, Options(paste=True, size=320)))).shape[1:3] == (200, 320)


@pytest.fixture(scope="module")
def strolling(talking: Talking, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of somebody in a wide frame, whose surroundings and whose head move."""
    frames = []
    for number in range(18):
        wide = np.full((320, 480, 3), 60 + 5 * number, np.uint8)
        wide[40:296, 60 + 2 * number : 316 + 2 * number] = frame_of(0, person=5)[:, :256]
        frames.append(wide)
    return film(tmp_path_factory.mktemp("clip") / "stroll.mp4", frames, Fraction(25))


def test_a_clip_goes_on_playing_about_the_face_that_is_pasted_into_it(
    talking: Talking, animator: Animator, motion: Path, strolling: Path, caplog: pytest.LogCaptureFixture
) -> None:
    animation = animator.animate(strolling, motion, Options(paste=True, label=False))
    made = frames_of(animation)
    assert made.shape == (animation.frames, 320, 480, 3)
    # By the driver's clock, 30000/1001 a second; its 24 frames last longer than the clip's 18.
    wanted = [int(number * Fraction(25) / FPS) for number in range(24)]
    wanted = [number for number in wanted if number < 18]
    assert len(made) == len(wanted)
    assert "the result ends with it" in caplog.text
    clip = np.stack(list(video.frames(strolling))).astype(np.float32)[wanted]
    left, top, right, bottom = animation.photos[0].square
    outside = np.ones(made.shape[1:3], bool)
    outside[max(top, 0) : bottom, max(left, 0) : right] = False
    assert outside.mean() > 0.2
    assert np.array_equal(made[:, outside], clip[:, outside])
    # The mouth does what the driver's does.
    lips = animation.photos[0].points[48:68]
    (x, y), (end_x, end_y) = (lips.min(0) - 15).astype(int), (lips.max(0) + 15).astype(int)
    apart = np.abs(made - clip)[:, y:end_y, x:end_x].mean((1, 2, 3))
    assert apart[6] > 1.5 * apart[0]
    still = animator.animate(strolling, motion, Options(paste=True, source_frame=0, label=False))
    assert still.frames == 24
    assert still.playing is None


@pytest.mark.parametrize("region", ["lips", "eyes", "pose"])
def test_outside_the_region_a_clip_goes_on_as_it_was(
    talking: Talking, animator: Animator, motion: Path, strolling: Path, region: Region
) -> None:
    playing = animator.animate(strolling, motion, Options(motion=MotionOptions(region=region), paste=True)).playing
    assert playing is not None
    driving = animator.driver(motion, Options()).normalised()
    own = playing.clip.normalised()[playing.numbers]
    went = np.abs(playing.moved(driving, 0, MotionOptions(region=region), eyes_rest=False) - own).max(axis=(0, 2))
    inside = MOVES[region] if region != "pose" else range(68)
    others = [point for point in range(68) if point not in inside]
    assert went[others].max(initial=0) < 1e-6
    assert went[list(inside)].max() > 0.005


def test_a_small_label_says_what_it_is(talking: Talking, animator: Animator, motion: Path) -> None:
    with_label, without = (
        frames_of(animator.animate(talking.photo, motion, Options(end=0.1, label=label)))[0] for label in (True, False)
    )
    changed = np.abs(with_label - without).max(-1) > 0
    assert 0.005 < changed.mean() < 0.08
    assert not changed[:128].any()


def test_its_own_video_absolute_from_frame_0_is_the_evaluations_reconstruction(
    talking: Talking, animator: Animator
) -> None:
    options = Options(source_frame=0, detail="model", label=False, size=64)
    animation = animator.animate(talking.video, talking.video, options)
    made = frames_of(animation)
    driver = animation.driver
    crops = list(driver.crops(256))
    points = torch.from_numpy(driver.normalised()).float()
    camera = alignment.maps(torch.from_numpy(driver.camera))
    size = animator.model.config.image_size
    images = model_input(crops, size)
    faces = Face(images, points, camera)
    reference = Face(model_input(crops[:1], reference_size(size, CLIP)), points[:1], camera[:1])
    wanted = Animated(animator.model).make(reference, faces).frames.permute(0, 2, 3, 1).numpy() * 255
    assert np.abs(made - wanted).max() <= 1.01  # rounding


def test_motion_files_and_tables_drive_as_the_video_does(
    talking: Talking, animator: Animator, motion: Path, tmp_path: Path
) -> None:
    table = tmp_path / "landmarks.parquet"
    told = facemotion("motion", "extract", talking.video, "-o", table)
    assert told.returncode == 0, told.stderr
    made = [
        frames_of(animator.animate(talking.photo, driving, Options(end=0.4)))
        for driving in (talking.video, table, motion, load_performance(motion))
    ]
    assert all(np.array_equal(made[0], other) for other in made[1:])
    assert "24, from number 0 on, at 30000/1001" in facemotion("motion", "show", motion).stdout


def test_of_two_photos_the_sharp_one_is_taken(talking: Talking, animator: Animator, motion: Path) -> None:
    sharp = np.array(Image.open(talking.photo))
    for photos, wanted in (([cv2.GaussianBlur(sharp, (0, 0), 4), sharp], 1), ([sharp, cv2.blur(sharp, (9, 9))], 0)):
        (used,) = animator.animate(photos, motion).photos
        assert np.array_equal(used.image, photos[wanted])


def test_sources_may_be_arrays_clips_and_several_photos(talking: Talking, animator: Animator, motion: Path) -> None:
    photo = np.array(Image.open(talking.photo))
    as_file = frames_of(animator.animate(talking.photo, motion, Options(end=0.1)))
    assert np.array_equal(frames_of(animator.animate(photo, motion, Options(end=0.1))), as_file)
    both = animator.animate([talking.photo, talking.photo], motion, Options(end=0.1))
    assert np.array_equal(frames_of(both), as_file)
    clip = animator.animate(talking.mute, motion, Options(end=0.1))
    assert len(clip.photos) == 1
    assert np.abs(clip.photos[0].image.astype(int) - frame_of(0)).mean() < 40


def test_a_model_that_looks_at_pictures_is_driven_by_videos_alone(talking: Talking, motion: Path) -> None:
    looking = Animator.load(talking.keypoints, device="cpu")
    for way in ("relative", "absolute"):
        options = Options(motion=MotionOptions(way=way), end=0.2)  # type: ignore[arg-type]
        assert frames_of(looking.animate(talking.photo, talking.video, options)).shape == (6, 256, 256, 3)
    with pytest.raises(FacemotionError, match="drive it by a video"):
        list(looking.animate(talking.photo, motion))
    with pytest.raises(FacemotionError, match="told by landmarks"):
        looking.animate(talking.photo, motion, Options(motion=MotionOptions(region="lips")))


def test_lossless_is_every_pixel_as_made(talking: Talking, animator: Animator, motion: Path, tmp_path: Path) -> None:
    animation = animator.animate(talking.photo, motion, Options(end=0.2, size=64))
    for name in ("a.mp4", "b.mkv"):
        animation.write(tmp_path / name, lossless=True)
        assert np.array_equal(np.stack(list(video.frames(tmp_path / name))), np.stack(list(animation)))


def test_without_sound(talking: Talking, animator: Animator, tmp_path: Path) -> None:
    animator.animate(talking.photo, talking.mute, Options(end=0.1)).write(tmp_path / "a.mp4")
    animator.animate(talking.photo, talking.video, Options(end=0.1)).write(tmp_path / "b.mp4", sound=False)
    assert not video.probe(tmp_path / "a.mp4").has_audio
    assert not video.probe(tmp_path / "b.mp4").has_audio


def test_sound_begins_where_the_pictures_do(talking: Talking, animator: Animator, tmp_path: Path) -> None:
    start = 9
    begin = float(start / FPS)
    animator.animate(talking.photo, talking.video, Options(start=begin)).write(tmp_path / "a.mp4")
    assert_in_sync(heard_in(talking.video)[round(begin * RATE) :], heard_in(tmp_path / "a.mp4"))


@pytest.mark.parametrize("kept", [False, True])
def test_a_stop_leaves_nothing_or_what_is_done_as_asked(
    talking: Talking, animator: Animator, motion: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    animation = animator.animate(talking.photo, motion, Options(size=64))
    whole = list(animation)

    def stopped_at_ten() -> object:
        yield from whole[:10]
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)

    monkeypatch.setattr(Animation, "__iter__", lambda _: stopped_at_ten())
    out = tmp_path / "a.mp4"
    with pytest.raises(KeyboardInterrupt):
        animation.write(out, keep_partial=kept)
    if kept:
        assert video.probe(out).frames == 10
        assert len(list(video.frames(out))) == 10
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "a.mp4.json"]
    else:
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("count", [300, pytest.param(3000, marks=pytest.mark.soak)])
def test_memory_does_not_grow_with_the_length_of_the_driver(talking: Talking, tmp_path: Path, count: int) -> None:
    """A driver that comes over and over is followed, animated and written, with all options that keep anything."""
    code = (
        "import sys, torch; from facemotion.animate import *; import facemotion.video_film as films\n"
        "torch.set_num_threads(2)\n"
        "def held(): return int(open('/proc/self/statm').read().split()[1]) * 4\n"
        "write = films.Film.write\n"
        "def told(film, frame):\n"
        "    write(film, frame)\n"
        "    if film.count % 20 == 0: print('held', film.count, held(), flush=True)\n"
        "films.Film.write = told\n"
        "animator = Animator.load(sys.argv[1], device='cpu')\n"
        "made = animator.animate(sys.argv[2], sys.argv[3], Options(strip=True, paste=True, size=160))\n"
        "print('frames', made.write(sys.argv[4]), 0)\n"
    )
    period = [np.ascontiguousarray(frame_of(number)[::2, ::2]) for number in range(FRAMES)]
    long = film(tmp_path / "long.mp4", [period[number % FRAMES] for number in range(count)], Fraction(25))
    told = subprocess.run(
        [sys.executable, "-c", code, *map(str, (talking.model, talking.photo, long, tmp_path / "out.mp4"))],
        cwd=ROOT, capture_output=True, text=True, timeout=1800, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    rows = [line.split() for line in told.stdout.splitlines()]
    assert [int(row[1]) for row in rows if row[0] == "frames"] == [count]
    # Encoders fill their look-ahead first.
    numbers, kib = np.array([row[1:] for row in rows if row[0] == "held" and int(row[1]) > 100], float).T
    slope = float(np.polyfit(numbers, kib, 1)[0])
    assert slope < 0.15 * FRAME_KIB, f"{slope:.1f} KiB a frame: {kib.tolist()}"


def test_the_same_person_is_followed_among_several(talking: Talking, animator: Animator, tmp_path: Path) -> None:
    """Two people who change places at a cut."""
    one, other = frame_of(0)[:, :256], frame_of(0, person=8)[:, :256]
    frames = [np.concatenate(pair, 1) for pair in [(one, other)] * 12 + [(other, one)] * 12]
    path = film(tmp_path / "two.mp4", frames, Fraction(25))
    for which, left_first in (("leftmost", True), ("2", False)):
        points = animator.driver(path, Options(driving_face=which)).performance.points
        middle = points[:, :68, 0].mean(1)
        assert ((middle[:10] < 256) == left_first).all()
        assert ((middle[-6:] < 256) != left_first).all()
