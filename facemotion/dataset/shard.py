"""The layout of a packed shard: an Arrow IPC file with one record batch a clip, one row a frame."""

from typing import Final

import pyarrow as pa

from facemotion.landmarks.layout import N_POINTS

SUFFIX: Final = ".arrow"
SCHEMA: Final = pa.schema(
    [
        ("clip_id", pa.string()),
        ("person_id", pa.string()),
        ("frame", pa.int32()),
        ("fps_num", pa.int64()),
        ("fps_den", pa.int64()),
        ("jpeg", pa.binary()),
        ("points", pa.list_(pa.float32(), 2 * N_POINTS)),  # smoothed, x and y in turn
        ("scores", pa.list_(pa.float32(), N_POINTS)),  # of the raw points, 0 to 1
        ("camera", pa.list_(pa.float32(), 4)),  # the background's way to the first frame: a, b, x, y; normalised
    ],
    metadata={
        "units": "pixel coordinates of the frame, (0, 0) at the top-left pixel's centre; NaN where no face was seen",
        "layout": "68 iBUG points, then the pupils at the image's left and right",
    },
)
