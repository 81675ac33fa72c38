"""LPIPS and FID: as published for any weights, absent without them; distances where they can be worked out by hand."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from rendered_faces import shown
from torch import Tensor, nn

from facemotion import weights
from facemotion.errors import FacemotionError
from facemotion.evaluation import fid_jobs
from facemotion.evaluation.fid import Moments, frechet, inception
from facemotion.evaluation.fid_jobs import Looked
from facemotion.evaluation.inception import FEATURES, Inception
from facemotion.evaluation.perceptual import Lpips, lpips
from facemotion.evaluation.scoring import Meters

WIDTHS = (64, 192, 384, 256, 256)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def alexnet() -> nn.Sequential:
    """Its convolutions as torchvision orders them, with random weights."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, 1, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, 1, 1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, 1, 1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(3, 2),
    )  # fmt: skip


@pytest.fixture
def lpips_files(hub: Path) -> tuple[nn.Sequential, list[Tensor]]:
    network = alexnet()
    state = {f"features.{name}": value for name, value in network.state_dict().items()}
    torch.save(state | {"classifier.6.bias": torch.zeros(1000)}, hub / weights.ALEXNET.name)
    linear = [torch.rand(1, width, 1, 1) for width in WIDTHS]
    torch.save({f"lin{k}.model.1.weight": value for k, value in enumerate(linear)}, hub / weights.LPIPS.name)
    return network, linear


def plainly(network: nn.Sequential, linear: list[Tensor], one: Tensor, other: Tensor) -> float:
    """LPIPS as the paper writes it, layer by layer and channel by channel."""
    shift, spread = torch.tensor([-0.030, -0.088, -0.188]), torch.tensor([0.458, 0.448, 0.450])
    total, images = 0.0, [(2 * image - 1 - shift[:, None, None]) / spread[:, None, None] for image in (one, other)]
    level = 0
    for layer in network:
        images = [layer(image) for image in images]
        if isinstance(layer, nn.ReLU):
            a, b = (F.normalize(image, dim=1, eps=1e-10) for image in images)
            for channel in range(a.shape[1]):
                total += float(linear[level][0, channel] * ((a - b)[0, channel] ** 2).mean())
            level += 1
    return total


@torch.no_grad()
def test_lpips_is_what_was_published(lpips_files: tuple[nn.Sequential, list[Tensor]]) -> None:
    judge = lpips()
    assert judge is not None
    one, other = torch.rand(2, 1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    assert float(judge.distances(one, other)) == pytest.approx(plainly(*lpips_files, one, other), rel=1e-4)


@pytest.mark.usefixtures("lpips_files")
def test_lpips_grows_with_damage_and_not_with_the_batch() -> None:
    judge, frame = lpips(), shown().frame
    assert judge is not None
    blurred = [np.asarray(cv2.GaussianBlur(frame, (0, 0), sigma), np.float32) for sigma in (1.0, 3.0)]
    found = [judge.scores(other, frame)["lpips_alex"] for other in (frame, *blurred, shown(5).frame)]
    assert found[0] == 0
    assert 0 < found[1] < found[2]
    assert found[1] < found[3]
    batch = torch.from_numpy(np.stack([frame, *blurred])).permute(0, 3, 1, 2)
    assert judge.distances(batch, batch[:1].expand(3, -1, -1, -1)).tolist() == pytest.approx(found[:3], rel=1e-4)


@pytest.mark.usefixtures("hub")
def test_without_weights_there_is_no_metric() -> None:
    assert weights.find(weights.ALEXNET) is None
    assert lpips() is None
    assert inception() is None


def test_wrong_weights_are_refused_and_say_which(hub: Path, lpips_files: tuple[nn.Sequential, list[Tensor]]) -> None:
    (hub / weights.ALEXNET.name).write_bytes(b"no weights at all")
    with pytest.raises(FacemotionError, match=r"cannot be read as a state dict"):
        lpips()
    torch.save({"features.0.weight": torch.zeros(64, 3, 7, 7)}, hub / weights.ALEXNET.name)
    with pytest.raises(FacemotionError, match=r"features\.0\.weight is missing or of another shape"):
        lpips()
    torch.save(["not", "a", "dict"], hub / weights.LPIPS.name)
    with pytest.raises(FacemotionError, match=weights.LPIPS.name):
        Lpips(hub / weights.LPIPS.name, hub / weights.LPIPS.name)


@pytest.mark.usefixtures("lpips_files")
def test_judging_networks_are_looked_for_in_a_folder_of_ones_own_first(hub: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    assert Meters(1, own).lpips is not None  # of what lies in the cache
    (own / weights.ALEXNET.name).write_bytes(b"no weights at all")
    (own / weights.INCEPTION.name).write_bytes(b"no weights at all")
    for look, name in ((lambda: Meters(1, own).lpips, weights.ALEXNET), (lambda: inception(own), weights.INCEPTION)):
        with pytest.raises(FacemotionError, match=f"{own / name.name} cannot be read as a state dict .*fetch it again"):
            look()
    assert Meters(1).lpips is not None
    (hub / weights.ALEXNET.name).replace(own / weights.ALEXNET.name)
    (hub / weights.LPIPS.name).replace(own / weights.LPIPS.name)
    assert Meters(1).lpips is None
    assert Meters(1, own).lpips is not None


def test_inception_is_the_published_network(hub: Path) -> None:
    network = Inception()
    assert sum(value.numel() for value in network.parameters()) == 21_785_568  # without the classifier
    assert sum(layer.num_features for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)) == 17_216
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert shapes["Mixed_5b.branch_pool.conv.weight"] == (32, 192, 1, 1)
    assert shapes["Mixed_6c.branch7x7dbl_4.conv.weight"] == (160, 160, 7, 1)
    assert shapes["Mixed_7a.branch7x7x3_4.bn.running_var"] == (192,)
    assert shapes["Mixed_7c.branch3x3dbl_3b.conv.weight"] == (384, 384, 3, 1)
    torch.save(network.state_dict() | {"fc.weight": torch.zeros(1008, FEATURES)}, hub / weights.INCEPTION.name)
    found = inception()
    assert found is not None
    images = torch.rand(1, 3, 256, 256)
    features = found(images)
    assert features.shape == (1, FEATURES)
    assert torch.equal(features, network(images))


def test_inceptions_averages_leave_out_the_padding() -> None:
    block = Inception().Mixed_5b
    flat = block(torch.rand(1, 192, 1, 1).expand(1, 192, 9, 9))[:, -32:]
    assert torch.allclose(flat, flat[..., :1, :1].expand_as(flat), atol=1e-6)


def moments(samples: np.ndarray) -> Moments:
    found = Moments(samples.shape[1])
    found.add(samples)
    return found


class Normal(Moments):
    """With these very moments."""

    def __init__(self, mean: Any, covariance: Any) -> None:
        self._own = np.asarray(mean, np.float64), np.asarray(covariance, np.float64)

    @property
    def mean(self) -> np.ndarray:
        return self._own[0]

    @property
    def covariance(self) -> np.ndarray:
        return self._own[1]


@given(mean=st.tuples(st.floats(-5, 5), st.floats(-5, 5)), spread=st.tuples(st.floats(0, 4), st.floats(0, 4)))
def test_frechet_distance_of_one_variable(mean: tuple[float, float], spread: tuple[float, float]) -> None:
    """(m - n)^2 + (s - t)^2."""
    one, other = (Normal([m], [[s**2]]) for m, s in zip(mean, spread, strict=True))
    wanted = (mean[0] - mean[1]) ** 2 + (spread[0] - spread[1]) ** 2
    assert frechet(one, other) == pytest.approx(wanted, abs=1e-6)


@given(seed=st.integers(0, 500))
def test_frechet_distance_of_several_variables(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, 4, 4))
    one, other = Normal(np.zeros(4), a @ a.T), Normal(np.ones(4), b @ b.T)
    assert frechet(one, other) == pytest.approx(frechet(other, one), abs=1e-6)
    assert frechet(one, one) == pytest.approx(0, abs=1e-6)
    assert frechet(one, Normal(np.full(4, 2.0), a @ a.T)) == pytest.approx(16)
    # Scaling by k: (1 - k)^2 of the trace.
    assert frechet(one, Normal(np.zeros(4), 9 * a @ a.T)) == pytest.approx(4 * np.trace(a @ a.T))
    linalg = pytest.importorskip("scipy.linalg")
    root = linalg.sqrtm(one.covariance @ other.covariance).real
    wanted = 4 + np.trace(one.covariance + other.covariance - 2 * root)
    assert frechet(one, other) == pytest.approx(wanted, rel=1e-3, abs=1e-3)


@given(seed=st.integers(0, 500), cut=st.integers(1, 29))
def test_moments_come_in_parts(seed: int, cut: int) -> None:
    samples = np.random.default_rng(seed).normal(3, 2, (30, 5))
    found, rest = moments(samples[:cut]), moments(samples[cut:])
    found.merge(rest)
    assert found.count == 30
    assert np.allclose(found.mean, samples.mean(axis=0))
    assert np.allclose(found.covariance, np.cov(samples.T))


class Patches(nn.Module):
    """A network that sees the colours and contrasts of a few patches."""

    def forward(self, images: Tensor) -> Tensor:
        seen = F.avg_pool2d(images, 64)
        return torch.cat((seen, F.avg_pool2d(images**2, 64) - seen**2), 1).flatten(1)


def test_fid_moves_the_right_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fid_jobs, "_network", lambda own: Patches())
    frames = [shown(person, yaw=yaw).frame for person in (3, 5, 6) for yaw in (-8, 0, 8)]

    def fid(damage: Any) -> float:
        damaged = [np.asarray(damage(frame), np.float32) for frame in frames]
        clips = [Looked(fid_jobs.features(damaged[k : k + 3]), fid_jobs.features(frames[k : k + 3])) for k in (0, 3, 6)]
        return fid_jobs.distance(clips)

    nothing, blurred, more = (
        fid(damage)
        for damage in (lambda f: f, lambda f: cv2.GaussianBlur(f, (0, 0), 2), lambda f: cv2.GaussianBlur(f, (0, 0), 5))
    )
    assert nothing == pytest.approx(0, abs=1e-6)
    assert nothing < blurred < more
