"""The road of face-alignment's networks, tried with weights files of the right shapes made here."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from rendered_faces import shown

from facemotion import config, weights
from facemotion.errors import FacemotionError
from facemotion.faces import registry
from facemotion.faces.boxes import Box, face_boxes, iou_matrix
from facemotion.faces.fan_points import peaks
from facemotion.faces.interfaces import Image, Running
from facemotion.landmarks import detect
from facemotion.landmarks.layout import N_POINTS
from facemotion.video_writer import Writer

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Torch hub's home, with random weights in its cache."""
    from face_alignment.detection.sfd.net_s3fd import s3fd
    from face_alignment.models import FAN

    home = tmp_path_factory.mktemp("torch")
    folder = home / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    torch.manual_seed(5)
    torch.save(brightness(FAN(4)).state_dict(), folder / weights.FAN_2D.name)
    detector = s3fd()
    for name, module in detector.named_modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
            torch.nn.init.zeros_(module.bias)
            if name.endswith("_conf"):
                torch.nn.init.normal_(module.weight, std=0.02)
    torch.save(detector.state_dict(), folder / weights.SFD.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCH_HOME", str(home))
        yield home


def brightness(network: torch.nn.Module) -> torch.nn.Module:
    """FAN with weights under which each heatmap shows how bright the picture is."""
    for name, module in network.named_modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.zeros_(module.weight)
            if module.bias is not None:
                torch.nn.init.zeros_(module.bias)
            # What passes a block unchanged does so beside its convolutions; the others pass on the mean of channels.
            if ".downsample" in name or name.startswith(("conv_last", "l")):
                torch.nn.init.constant_(module.weight, 1 / module.in_channels)
    torch.nn.init.constant_(network.conv1.weight[:, :, 3, 3], 1 / 3)
    return network


def running(**changes: object) -> Running:
    return Running(**{"device": "cpu", "precision": "fp32", "batch": 2, "weights": None} | changes)  # type: ignore[arg-type]


def picture(person: int = 3) -> tuple[Image, Box]:
    one = shown(person)
    left, top, right, bottom = face_boxes(one.points).tolist()
    return (one.frame * 255).astype(np.uint8), (left, top, right, bottom)


def spot(x: float, y: float, width: int = 300, height: int = 260) -> Image:
    """Black, but for a soft light whose middle is at (x, y), pixel coordinates."""
    ys, xs = np.mgrid[:height, :width]
    grey = 250 * np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * 9.0**2))
    return np.repeat(np.rint(grey).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("averaged", [1, 4])
def test_points_lie_where_the_network_points(averaged: int) -> None:
    box = (60.0, 70.0, 220.0, 230.0)  # a pixel of the heatmap is 2.6 of the image
    landmarker = registry.landmarker("face_alignment", averaged, running())
    for x, y in ((140.0, 120.0), (171.7, 150.4)):
        points, scores = landmarker.points(spot(x, y), box)
        assert points.shape == (N_POINTS, 2)
        # These weights see every second pixel, and blur in blocks of up to 16 of the heatmap's.
        assert np.abs(points[:68] - [x, y]).max() < 1.8
        assert 0 < scores[:68].min() <= scores[:68].max() <= 1


@pytest.mark.slow  # the library compiles its own for seconds
@pytest.mark.usefixtures("home")
def test_points_are_those_of_the_library() -> None:
    from face_alignment import FaceAlignment, LandmarksType

    box = (60.0, 70.0, 220.0, 230.0)
    theirs = FaceAlignment(LandmarksType.TWO_D, device="cpu", compile=False, flip_input=True)
    image = spot(133.0, 118.0)
    wanted = theirs.get_landmarks_from_image(image, detected_faces=[box])[0]
    points, _ = registry.landmarker("face_alignment", 2, running()).points(image, box)
    # It cuts out whole pixels and rounds to whole ones, of the image and of quarters of the heatmap's.
    assert np.abs(points[:68] - wanted).max() < 2.7


@pytest.mark.usefixtures("home")
def test_several_faces_at_once_are_those_one_by_one() -> None:
    landmarker = registry.landmarker("face_alignment", 1, running())
    images = [spot(140, 120), spot(100, 130, 400, 280), spot(130, 101, 240, 240)]
    boxes = [(60.0, 70.0, 220.0, 230.0), (50.0, 50.0, 200.0, 210.0), (70.0, 60.0, 180.0, 170.0)]
    for (points, scores), image, box in zip(landmarker.many(images, boxes), images, boxes, strict=True):
        alone, sure = landmarker.points(image, box)
        assert np.abs(points - alone).max() < 0.01
        assert np.abs(scores - sure).max() < 1e-3


@pytest.mark.usefixtures("home")
def test_half_precision_finds_the_same() -> None:
    full = registry.landmarker("face_alignment", 1, running())
    half = registry.landmarker("face_alignment", 1, running(precision="bf16"))
    image, box = spot(141.0, 122.0), (60.0, 70.0, 220.0, 230.0)
    assert np.abs(half.points(image, box)[0][:68] - full.points(image, box)[0][:68]).max() < 2.7


@given(x=st.floats(1.5, 62.5), y=st.floats(1.5, 30.5), wide=st.floats(0.8, 3))
def test_peaks_are_found_between_pixels(x: float, y: float, wide: float) -> None:
    ys, xs = np.mgrid[:32, :64] + 0.5
    maps = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * wide**2)).astype(np.float32)
    places, height = peaks(maps[None])
    assert np.abs(places[0] - [x, y]).max() < 0.02
    assert height[0] == pytest.approx(maps.max())


@pytest.mark.usefixtures("home")
def test_the_detectors_boxes_are_those_of_the_library() -> None:
    from face_alignment.detection.sfd.detect import batch_detect
    from face_alignment.detection.sfd.sfd_detector import SFDDetector

    theirs = SFDDetector("cpu", path_to_detector=str(weights.need(weights.SFD)))
    ours = registry.detector("sfd", 32.0, running())  # so that nothing is scaled
    images = [picture(person)[0][80:208, 64:192] for person in (3, 4)]
    both = ours.detect_many(images)
    wanted = batch_detect(theirs.face_detector, torch.from_numpy(np.stack(images).transpose(0, 3, 1, 2)), "cpu")
    for image, found, boxes in zip(images, both, wanted, strict=True):
        assert len(found) > 3
        # Theirs as they are before those that overlap are dropped: ours are the surest of them.
        for face in found:
            nearest = boxes[np.abs(boxes[:, :4] - face.box).max(axis=1).argmin()]
            assert nearest == pytest.approx([*face.box, face.score], rel=1e-4, abs=0.01)
        assert found[0].score == pytest.approx(boxes[:, 4].max(), abs=1e-4)
        assert [face.score for face in found] == sorted((face.score for face in found), reverse=True)
        overlaps = iou_matrix([face.box for face in found], [face.box for face in found])
        assert (overlaps - np.eye(len(found))).max() <= 0.3 + 1e-6
        assert abs(len(ours.detect(image)) - len(found)) <= 1


def test_faces_keep_their_place_where_an_image_is_scaled(home: Path) -> None:
    """A network that is sure of one place only: in an image of twice the size the face lies twice as far."""
    from face_alignment.detection.sfd.net_s3fd import s3fd

    folder = home / "one"
    folder.mkdir()
    network = s3fd()
    for name, module in network.named_modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.zeros_(module.weight)
            torch.nn.init.zeros_(module.bias)
            if name in ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3"):
                torch.nn.init.constant_(module.weight[:, :, 1, 1], 1 / module.in_channels)
            if name.endswith("_conf"):
                torch.nn.init.constant_(module.bias[:-1], 2.0)
    # The light's place is sure of itself; anchors of the finest map are 16 pixels wide, and these four times wider.
    torch.nn.init.constant_(network.conv3_3_norm_mbox_conf.weight[3, :, 1, 1], 0.05)
    torch.nn.init.constant_(network.conv3_3_norm_mbox_conf.bias[3:], -5.0)
    torch.save(network.state_dict(), folder / weights.SFD.name)
    small = spot(100, 80, 256, 192)
    large = np.asarray(cv2.resize(small, (512, 384), interpolation=cv2.INTER_LINEAR), np.uint8)
    middles = []
    for image, least in ((small, 32.0), (large, 64.0)):
        found = registry.detector("sfd", least, running(weights=folder)).detect(image)
        assert found
        middles.append(np.array(found[0].box).reshape(2, 2).mean(axis=0) / least)
    assert np.abs(middles[0] * 32 - [100, 80]).max() < 16  # the network norms away how bright the light is
    assert np.abs(middles[1] - middles[0]).max() * 32 < 4.1  # an anchor every fourth pixel


@pytest.mark.usefixtures("home")
def test_blazeface_sees_with_weights_of_its_shapes(home: Path) -> None:
    from face_alignment.detection.blazeface.net_blazeface import BlazeFace

    torch.manual_seed(1)
    network = BlazeFace()
    for head in (network.regressor_8, network.regressor_16):  # boxes a face wide: those inside out are never merged
        torch.nn.init.constant_(head.bias.view(-1, 16)[:, 2:4], 30.0)
    torch.save(network.state_dict(), home / "hub" / "checkpoints" / weights.BLAZEFACE.name)
    anchors = np.tile(np.array([0.5, 0.5, 1.0, 1.0], np.float32), (896, 1))
    np.save(home / "hub" / "checkpoints" / weights.BLAZEFACE_ANCHORS.name, anchors)
    image, _ = picture()
    found = registry.detector("blazeface", 80.0, running()).detect(image, weakest=0.2)
    assert all(face.score >= 0.2 for face in found)
    assert registry.detector("blazeface", 80.0, running()).detect_many([image], weakest=0.2) == [found]


@pytest.mark.usefixtures("home")
def test_clips_are_measured_several_frames_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with Writer(path, fps=Fraction(25), width=300, height=260, crf=5, preset="veryfast") as writer:
        for k in range(5):
            writer.write(spot(140 + 2 * k, 122))
    settings = config.load().landmarks.model_copy(
        update={"landmarker": "face_alignment", "averaged": 1, "check_iou": 0.0}
    )
    track = detect.landmarks_of(detect.LandmarkJob("c", path, ((60.0, 70.0, 220.0, 230.0),) * 5, settings, running()))
    assert track.points.shape == (5, N_POINTS, 2)
    # Weights that show how bright a place is put all points into one: no face, which the tube's box tells.
    doubted = settings.model_copy(update={"check_iou": 0.5})
    lost = detect.landmarks_of(detect.LandmarkJob("c", path, ((60.0, 70.0, 220.0, 230.0),) * 5, doubted, running()))
    assert np.isnan(lost.points).all()
    assert np.abs(track.points[:, 0, 0] - (140 + 2 * np.arange(5))).max() < 2.7


def test_missing_weights_say_where_they_were_sought_and_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    own = running(weights=tmp_path / "own")
    for make, wanted in (
        (lambda: registry.landmarker("face_alignment", 1, own), weights.FAN_2D),
        (lambda: registry.detector("sfd", 40.0, own), weights.SFD),
        (lambda: registry.detector("blazeface", 40.0, own), weights.BLAZEFACE),
        (lambda: registry.detector("yunet", 40.0, own), weights.YUNET),
        (lambda: registry.detector("scrfd", 40.0, own), weights.SCRFD),
    ):
        with pytest.raises(FacemotionError) as told:
            make()
        for part in (wanted.name, str(tmp_path / "own"), str(tmp_path / "torch"), wanted.url, wanted.licence):
            assert part in str(told.value)


def test_weights_dir_goes_before_the_hub(home: Path, tmp_path: Path) -> None:
    (tmp_path / weights.SFD.name).write_bytes(b"mine")
    assert weights.find(weights.SFD) == home / "hub" / "checkpoints" / weights.SFD.name
    assert weights.find(weights.SFD, tmp_path) == tmp_path / weights.SFD.name
    assert weights.find(weights.FAN_2D, tmp_path) == home / "hub" / "checkpoints" / weights.FAN_2D.name
    assert weights.right(weights.SFD, tmp_path / weights.SFD.name) is False


@pytest.mark.parametrize("content", [b"<html>not found</html>", b""])
def test_files_that_are_no_weights_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / weights.FAN_2D.name).write_bytes(content)
    with pytest.raises(FacemotionError, match="not what its name says"):
        registry.landmarker("face_alignment", 1, running(weights=tmp_path))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.usefixtures("home")
def test_a_gpu_that_is_not_there_is_said_to_be_missing() -> None:
    with pytest.raises(FacemotionError, match=r"networks\.device"):
        registry.landmarker("face_alignment", 1, running(device="cuda"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.usefixtures("home")
def test_a_gpu_finds_the_same() -> None:
    here = registry.landmarker("face_alignment", 2, running())
    there = registry.landmarker("face_alignment", 2, running(device="auto", precision="auto"))
    image, box = spot(141.0, 122.0), (60.0, 70.0, 220.0, 230.0)
    assert np.abs(here.points(image, box)[0][:68] - there.points(image, box)[0][:68]).max() < 2.7
