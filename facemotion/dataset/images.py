"""Frames as JPEG bytes and back; with simplejpeg where it is installed, else with OpenCV."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

try:
    import simplejpeg
except ImportError:  # decoding then costs about a fifth more; other bytes are written, too
    simplejpeg = None

Image = NDArray[np.uint8]


def encode(rgb: Image, quality: int) -> bytes:
    """JPEG with full colour resolution: halved chroma smears lips and irises."""
    if simplejpeg is not None:
        data: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(rgb), quality, "RGB", "444")
        return data
    import cv2

    wanted = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    return bytes(cv2.imencode(".jpg", np.ascontiguousarray(rgb[..., ::-1]), wanted)[1])


def decode(data: Any) -> Image:
    """RGB of JPEG bytes, or of any buffer that holds them."""
    if simplejpeg is not None:
        return np.asarray(simplejpeg.decode_jpeg(data, "RGB"), np.uint8)
    import cv2

    bgr = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(bgr[..., ::-1])
