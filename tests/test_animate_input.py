"""What people give that cannot be animated: each gets a message that says what, where and what to do."""

import json
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.numpy import save_file
from talking import HEIGHT, Talking, film, frame_of

from facemotion.animate import Animator, Options
from facemotion.animation import faces
from facemotion.animation.motions import MotionOptions
from facemotion.animation.performance import Performance, load_performance, save_performance
from facemotion.animation.photos import read_photo
from facemotion.animation.telling import tell
from facemotion.errors import FacemotionError
from facemotion.landmarks.layout import N_POINTS


@pytest.fixture(scope="module")
def animator(talking: Talking) -> Animator:
    return Animator.load(talking.model, device="cpu")


def still(frames: int = 3) -> Performance:
    points = np.random.default_rng(0).uniform(20, 200, (frames, N_POINTS, 2)).astype(np.float32)
    return Performance(Fraction(25), 320, 256, points, np.ones((frames, N_POINTS), np.float32))


@pytest.mark.parametrize("turned", range(1, 9))
def test_phone_photos_are_turned_upright(tmp_path: Path, turned: int) -> None:
    upright = np.zeros((60, 90, 3), np.uint8)
    upright[:20, :20] = (250, 20, 20)
    how = Image.Transpose
    ways = {  # how the sensor saw what is shown upright by this number
        2: how.FLIP_LEFT_RIGHT, 3: how.ROTATE_180, 4: how.FLIP_TOP_BOTTOM, 5: how.TRANSPOSE, 6: how.ROTATE_90,
        7: how.TRANSVERSE, 8: how.ROTATE_270,
    }  # fmt: skip
    seen = Image.fromarray(upright)
    seen = seen.transpose(ways[turned]) if turned in ways else seen
    exif = Image.Exif()
    exif[0x0112] = turned
    seen.save(tmp_path / "a.jpg", exif=exif, quality=95)
    read = read_photo(tmp_path / "a.jpg")
    assert read.shape == (60, 90, 3)
    assert read[5, 5, 0] > 200
    assert read[5, 5, 1] < 80


def test_grey_deep_transparent_and_indexed_photos_become_rgb(tmp_path: Path) -> None:
    grey = np.linspace(0, 255, 64 * 80).reshape(64, 80).astype(np.uint8)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    cut = np.dstack([np.full((64, 80, 3), 40, np.uint8), np.where(np.arange(80) < 40, 255, 0)[None].repeat(64, 0)])
    Image.fromarray(cut.astype(np.uint8), "RGBA").save(tmp_path / "cut.png")
    Image.fromarray(grey).convert("P").save(tmp_path / "indexed.png")
    read = {path.stem: read_photo(path) for path in tmp_path.iterdir()}
    assert all(image.shape == (64, 80, 3) and image.dtype == np.uint8 for image in read.values())
    for name in ("grey", "deep", "indexed"):
        assert np.abs(read[name][..., 1].astype(int) - grey).max() <= 1
    assert (read["cut"][:, :40] == 40).all()
    assert (read["cut"][:, 40:] == 255).all()


@given(data=st.binary(max_size=400))
def test_any_bytes_as_a_photo_are_a_message(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes") / "a.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0" + data)
    with pytest.raises(FacemotionError, match=r"a\.jpg"):
        read_photo(path)


def test_heic_is_refused_with_what_to_do(animator: Animator, talking: Talking, tmp_path: Path) -> None:
    path = tmp_path / "IMG_1.jpg"  # names lie
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 64)
    with pytest.raises(FacemotionError, match=r"IMG_1\.jpg is a HEIC photo.*JPEG"):
        animator.animate(path, talking.mute, Options(end=0.1))


def test_no_face_in_photo_or_driver_is_told_with_the_frame(
    animator: Animator, talking: Talking, tmp_path: Path
) -> None:
    Image.fromarray(np.full((200, 200, 3), 128, np.uint8)).save(tmp_path / "wall.png")
    with pytest.raises(FacemotionError, match=r"wall\.png: no face was found"):
        animator.animate(tmp_path / "wall.png", talking.mute, Options(end=0.1))
    walls = film(tmp_path / "walls.mp4", [np.full((96, 96, 3), 128, np.uint8)] * 8, Fraction(25))
    with pytest.raises(FacemotionError, match=r"walls\.mp4: no face was found.*frames 0 to 8"):
        animator.animate(talking.photo, walls)


def test_a_face_that_comes_late_and_goes_for_a_while_is_followed(
    animator: Animator, talking: Talking, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wall = np.full_like(frame_of(0), 90)
    shown = [wall] * 6 + [frame_of(k) for k in range(6)] + [wall] * 20 + [frame_of(k) for k in range(6)]
    path = film(tmp_path / "gaps.mp4", shown, Fraction(25))
    animation = animator.animate(talking.photo, path, Options(size=64))
    seen = animation.driver.performance.seen
    assert not seen[:6].any()
    assert seen[8:12].all()
    assert not seen[12:32].any()
    assert seen[34:].all()
    assert "frames 12 to 3" in caplog.text
    assert len(list(animation)) == len(shown)


def test_a_profile_and_dark_glasses_are_told() -> None:
    face = faces.FoundFace(np.asarray(_face(turn=60), np.float32), np.ones(N_POINTS, np.float32))
    assert "profile" in faces.objection(face)
    scores = np.ones(N_POINTS, np.float32)
    scores[68:] = 0
    assert any("dark glasses" in said for said in faces.remarks(faces.FoundFace(_face(), scores)))
    small = faces.FoundFace(_face() * np.float32(0.1), np.ones(N_POINTS, np.float32))
    assert "pixels wide" in faces.objection(small)
    good = faces.FoundFace(_face(), np.ones(N_POINTS, np.float32))
    assert not faces.objection(good)
    assert not faces.remarks(good)


def with_glasses(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Dark ones on the face, and where they are."""
    (face,) = faces.find_faces(image)
    where = np.zeros(image.shape[:2], np.uint8)
    for first, last in ((36, 39), (42, 45)):
        x, y = face.points[[first, last]].mean(0).round().astype(int).tolist()
        wide = float(np.linalg.norm(face.points[last] - face.points[first]))
        cv2.ellipse(where, (x, y), (int(0.9 * wide), int(0.6 * wide)), 0, 0, 360, 1, -1)
    return np.where(where[..., None] > 0, np.uint8(20), image), where > 0


def test_behind_dark_glasses_eyes_rest_and_it_is_told(
    animator: Animator, talking: Talking, caplog: pytest.LogCaptureFixture
) -> None:
    """However the driver blinks, lids stay as they are and the glasses whole."""
    photo, _ = with_glasses(np.array(Image.open(talking.photo)))
    animation = animator.animate(photo, talking.mute, Options(label=False, motion=MotionOptions(smooth=0.0)))
    assert "source 1: the eyes cannot be seen (dark glasses" in caplog.text
    crop = animation.photos[0].crop(256)
    inside = cv2.erode((crop.max(-1) <= 24).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert inside.sum() > 500
    made = np.stack(list(animation))
    assert np.abs(made[6].astype(int) - made[0]).max() > 40  # the mouth does move
    assert made[:, inside].max() < 60
    driving = animation.driver.normalised()
    for one, still in ((animation, True), (animator.animate(talking.photo, talking.mute), False)):
        wide = faces.lids_open(one.wanted(one.photos[0].normalised(), driving, 0))
        assert (float(np.ptp(wide)) < 0.01) == still


def test_a_driver_with_dark_glasses_is_told_with_the_frames(
    animator: Animator, talking: Talking, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shown = [with_glasses(frame_of(number))[0] for number in range(8)]
    animation = animator.animate(talking.photo, film(tmp_path / "cool.mp4", shown, Fraction(25)))
    assert "cool.mp4: the eyes cannot be seen in most of frames 0 to 7" in caplog.text
    assert animation.driver.performance.eyes_hidden


def test_a_driver_in_profile_is_told_with_the_frames(caplog: pytest.LogCaptureFixture) -> None:
    points = np.stack([_face()] * 10 + [_face(turn=60)] * 20)
    tell(Performance(Fraction(25), 320, 256, points, np.ones((30, N_POINTS), np.float32), start=100), "talk.mp4")
    assert "talk.mp4: frames 110 to 129 (second 4.4 to 5.2): the face is turned by up to" in caplog.text
    assert "--start" in caplog.text


def _face(turn: float = 0.0) -> np.ndarray:
    """The usual face, its stiff points turned about their upright axis."""
    from facemotion.landmarks.pose import MODEL
    from facemotion.models.landmark_shape import USUAL

    points = np.array(USUAL, np.float32) * 90 + 120
    angle = np.radians(turn)
    for point, (x, y, z) in MODEL.items():
        if turn:
            points[point] = 120 + np.cos(angle) * x + np.sin(angle) * z, 120 + y
    return points.astype(np.float32)


@pytest.mark.parametrize(
    ("which", "said"), [("3", "there is no face 3: 2 faces"), ("middle", "say largest"), ("0", "say largest")]
)
def test_a_face_that_is_not_there_is_told(
    animator: Animator, talking: Talking, tmp_path: Path, which: str, said: str
) -> None:
    both = np.concatenate([frame_of(0)[:, :256], frame_of(0, person=8)[:, :256]], 1)
    Image.fromarray(both).save(tmp_path / "two.png")
    with pytest.raises(FacemotionError, match=said):
        animator.animate(tmp_path / "two.png", talking.mute, Options(face=which, end=0.1))


def test_files_that_are_no_videos(animator: Animator, talking: Talking, tmp_path: Path) -> None:
    sound = tmp_path / "song.mp4"
    with av.open(str(sound), "w") as container:
        stream = container.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 48000, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("no video")
    for name, said in (
        ("song.mp4", "holds no video stream"), ("empty.mp4", "is empty"), ("text.mp4", "cannot be decoded"),
        ("gone.mp4", "is not a file"),
    ):  # fmt: skip
        with pytest.raises(FacemotionError, match=f"{name}.*{said}"):
            animator.animate(talking.photo, tmp_path / name)
    with pytest.raises(FacemotionError, match=r"gone\.jpg is not a file"):
        animator.animate(tmp_path / "gone.jpg", talking.video)
    with pytest.raises(FacemotionError, match="is a photo"):
        animator.animate(talking.photo, talking.photo)


def test_ranges_and_numbers_out_of_bounds(animator: Animator, talking: Talking, tmp_path: Path) -> None:
    with pytest.raises(FacemotionError, match=r"0\.80 seconds"):
        animator.animate(talking.photo, talking.mute, Options(start=5.0))
    with pytest.raises(FacemotionError, match=r"frames 0 to 23.*not 99"):
        animator.animate(talking.mute, still(), Options(source_frame=99))
    for wrong in ({"strength": 9.0}, {"smooth": -1.0}):
        with pytest.raises(FacemotionError, match=next(iter(wrong))):
            MotionOptions(**wrong)
    with pytest.raises(FacemotionError, match="even number"):
        Options(size=255)


def test_it_does_not_overwrite_what_it_reads(animator: Animator, talking: Talking) -> None:
    before = talking.mute.read_bytes()
    animation = animator.animate(talking.photo, talking.mute, Options(end=0.1, size=64))
    with pytest.raises(FacemotionError, match="choose another name"):
        animation.write(talking.mute)
    assert talking.mute.read_bytes() == before


@pytest.mark.parametrize("suffix", [".motion", ".parquet"])
def test_motion_files_are_read_as_written_and_hold_no_picture(tmp_path: Path, suffix: str) -> None:
    path, wanted = tmp_path / f"a{suffix}", still()
    wanted.points[1] = np.nan
    save_performance(path, wanted)
    found = load_performance(path)
    assert np.array_equal(found.points, wanted.points, equal_nan=True)
    assert (found.fps, found.width, found.height, found.start) == (Fraction(25), 320, HEIGHT, 0)
    assert path.stat().st_size < 3 * N_POINTS * 12 + 4000


def test_motion_files_of_strangers_are_checked(tmp_path: Path) -> None:
    about = {"format": "facemotion.motion/1", "fps": "25", "width": 9, "height": 9, "start": 0, "source": ""}
    points, scores = np.zeros((2, N_POINTS, 2), np.float32), np.zeros((2, N_POINTS), np.float32)
    for number, (changes, tensors) in enumerate((
        ({"format": "facemotion.motion/9"}, {}),
        ({"fps": "0/0"}, {}),
        ({"fps": "1e9"}, {}),
        ({"width": -1}, {}),
        ({}, {"points": points[:, :68]}),
        ({}, {"points": points.astype(np.float64)}),
        ({}, {"points": points + np.float32(1e30)}),
        ({}, {"scores": scores * np.float32(np.nan)}),
        ({}, {"points": points[:0], "scores": scores[:0]}),
    )):  # fmt: skip
        path = tmp_path / f"{number}.motion"
        save_file(
            {"points": points, "scores": scores, **tensors}, path, {"facemotion": json.dumps({**about, **changes})}
        )
        with pytest.raises(FacemotionError, match=f"{number}.motion.*extract"):
            load_performance(path)


@given(data=st.binary(max_size=300))
def test_any_bytes_as_a_motion_file_are_a_message(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    for suffix in (".motion", ".parquet"):
        path = tmp_path_factory.mktemp("bytes") / f"a{suffix}"
        path.write_bytes(data)
        with pytest.raises(FacemotionError, match="no motion file"):
            load_performance(path)
