"""People's photos as RGB pictures: turned upright, without alpha, in eight bits; what is no photo is refused."""

import struct
import warnings
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from facemotion.errors import FacemotionError

Image = NDArray[np.uint8]

SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".jfif")
FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "MPO")
MOST_BYTES: Final = 256 << 20
MOST_PIXELS: Final = 120_000_000  # of the largest phones' sensors there are 108 million
LEAST_SIDE: Final = 48
# What Pillow raises on bytes that only begin like a photo.
DAMAGED: Final = (
    OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, AttributeError, ArithmeticError, MemoryError,
    struct.error,
)  # fmt: skip
# What lies behind a cut-out.
BEHIND: Final = (255, 255, 255)
HEIC_BRANDS: Final = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


def is_photo(path: Path) -> bool:
    """By its first bytes where it is there, for names of files lie; by its name where not."""
    try:
        with path.open("rb") as stream:
            head = stream.read(16)
    except OSError:
        return path.suffix.lower() in SUFFIXES
    return _is_heic(head) or path.suffix.lower() in SUFFIXES or head[:3] == b"\xff\xd8\xff" or head[:4] == b"\x89PNG"


def read_photo(path: Path) -> Image:
    """RGB [H, W, 3], upright."""
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(16)
    except OSError as error:
        raise FacemotionError(f"cannot read {path}: {error.strerror}; check the path") from error
    if _is_heic(head):
        raise FacemotionError(
            f"{path} is a HEIC photo, which cannot be read here: export it as JPEG (on an iPhone: Settings, Camera, "
            "Formats, Most Compatible, or share it by mail)"
        )
    if not 0 < size <= MOST_BYTES:
        raise FacemotionError(f"{path} has {size} bytes: give a photo of at most {MOST_BYTES >> 20} MiB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of odd tags in photos that are read all the same
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            return _upright(path)
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise FacemotionError(f"{path} has too many pixels ({error}): give a smaller one") from error
    except UnidentifiedImageError as error:
        raise FacemotionError(f"{path} is no photo that can be read: give a JPEG, PNG or WebP") from error
    except DAMAGED as error:
        raise FacemotionError(f"{path} is damaged ({error}): export it again") from error


def _upright(path: Path) -> Image:
    Pillow.init()  # else a JPEG of several pictures, as phones make them, finds no reader
    with Pillow.open(path, formats=FORMATS) as opened:
        width, height = opened.size
        if width * height > MOST_PIXELS or min(width, height) < LEAST_SIDE:
            raise FacemotionError(
                f"{path} has {width}x{height} pixels: give a photo of {LEAST_SIDE} pixels a side to "
                f"{MOST_PIXELS // 1_000_000} million in all"
            )
        photo = ImageOps.exif_transpose(opened)
        if photo.mode.startswith("I") or photo.mode == "F":  # 16 bits and more
            levels = np.asarray(photo, np.float64)
            full = 65535.0 if photo.mode.startswith("I") else max(float(levels.max()), 1e-9)
            grey = np.rint(np.clip(levels / full, 0, 1) * 255).astype(np.uint8)
            return np.repeat(grey[..., None], 3, axis=2)
        if "A" in photo.getbands() or "transparency" in photo.info:
            cut = photo.convert("RGBA")
            photo = Pillow.new("RGBA", cut.size, (*BEHIND, 255))
            photo.alpha_composite(cut)
        return np.array(photo.convert("RGB"), np.uint8)


def _is_heic(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] in HEIC_BRANDS
