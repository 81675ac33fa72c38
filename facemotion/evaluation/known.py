"""What is known of the frames to be scored before any model has made one: the face that was found in each, and the
truth where it was rendered. Worked out once, kept on disk, read by the evaluation of every variant."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from facemotion.errors import FacemotionError
from facemotion.evaluation.faces import Driver
from facemotion.evaluation.images import SCALE
from facemotion.evaluation.true_areas import Areas, Mask, TrueFlow
from facemotion.files import replacing
from facemotion.landmarks.layout import N_POINTS

SUFFIX: Final = ".arrow"
CODEC: Final = "zstd"
# Flows are kept in whole steps: 64 of them are a pixel, so that the largest error is a hundredth of one.
STEPS: Final = 64
SCHEMA: Final = pa.schema(
    [
        ("frame", pa.int32()),
        ("box", pa.list_(pa.float64(), 4)),  # of the face that was found; null where none was
        ("points", pa.list_(pa.float32(), 2 * N_POINTS)),  # found in it
        ("embedding", pa.list_(pa.float64())),  # of who it is, where that was looked at
        ("convinces", pa.bool_()),  # whether the second detector sees a face, where it was asked
        ("true_points", pa.list_(pa.float64(), 2 * N_POINTS)),
        ("where", pa.binary()),  # of the true flow to the reference, packed
        ("masks", pa.binary()),  # a bit each, in the order of MASKS, packed
    ]
)
REGIONS: Final = ("face", "lips", "eyes")
MASKS: Final = ("seen", *REGIONS, *Areas._fields)


class TrueFrame(NamedTuple):
    """Everything in pixel coordinates at SCALE."""

    points: NDArray[np.float64]
    flow: TrueFlow  # to the reference
    regions: dict[str, Mask]
    areas: Areas


class KnownFrame(NamedTuple):
    """`frame` is counted as in the driving clip. Only some frames are looked at for who it is, and shown to a second
    detector, whether it is convinced that there is a face: None in the others."""

    frame: int
    driver: Driver | None
    embedding: NDArray[np.float64] | None
    convinces: bool | None
    true: TrueFrame | None


@dataclass(frozen=True)
class Known:
    """Of a clip whose frames have passed `size` on their way to SCALE; its first frame, the reference, comes first."""

    target: str
    size: int
    frames: tuple[KnownFrame, ...]

    @property
    def reference(self) -> KnownFrame:
        return self.frames[0]

    @property
    def scored(self) -> tuple[KnownFrame, ...]:
        return self.frames[1:]

    def save(self, folder: Path) -> None:
        batch = pa.RecordBatch.from_pylist([_row(frame) for frame in self.frames], self._schema)
        with (
            replacing(folder / f"{self.target}{SUFFIX}") as temporary,
            pa.OSFile(str(temporary), "wb") as sink,
            pa.ipc.new_file(sink, self._schema) as out,
        ):
            out.write_batch(batch)

    @property
    def _schema(self) -> Any:
        return SCHEMA.with_metadata({"target": self.target, "size": str(self.size)})

    @classmethod
    def load(cls, folder: Path, target: str, size: int) -> "Known":
        """Refused where it was worked out for frames of another size than the model's."""
        path = folder / f"{target}{SUFFIX}"
        try:
            with pa.ipc.open_file(pa.memory_map(str(path))) as reader:
                table, about = reader.read_all(), reader.schema.metadata or {}
                same = reader.schema.equals(SCHEMA)
        except (pa.ArrowException, OSError) as error:
            raise FacemotionError(f"{path} cannot be read ({error}); `dvc repro -f answers` makes it") from error
        if not same:
            raise FacemotionError(f"{path} was written by another version; `dvc repro -f answers` makes it anew")
        measured = int(about[b"size"])
        if measured != size:
            raise FacemotionError(
                f"{path} is about frames of {measured} pixels, but the model makes {size}: set model.image_size to "
                f"{size} in params.yaml, or train the model anew, and run `dvc repro`"
            )
        return cls(target, size, tuple(_frame(row) for row in table.to_pylist()))


def _row(known: KnownFrame) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(SCHEMA.names)
    row |= {"frame": known.frame, "convinces": known.convinces}
    if known.driver is not None:
        row |= {"box": list(known.driver.box), "points": known.driver.points.astype(np.float32).ravel()}
    if known.embedding is not None:
        row["embedding"] = known.embedding
    if known.true is not None:
        row |= {"true_points": known.true.points.ravel(), "where": _packed_flow(known.true.flow.where)}
        row["masks"] = _packed_masks([known.true.flow.seen, *known.true.regions.values(), *known.true.areas])
    return row


def _frame(row: dict[str, Any]) -> KnownFrame:
    driver = None
    if row["box"] is not None:
        left, top, right, bottom = row["box"]
        driver = Driver((left, top, right, bottom), np.array(row["points"], np.float32).reshape(-1, 2))
    true = None
    if row["where"] is not None:
        seen, *masks = _masks(row["masks"])
        regions, areas = masks[: len(REGIONS)], masks[len(REGIONS) :]
        true = TrueFrame(
            np.array(row["true_points"], np.float64).reshape(-1, 2),
            TrueFlow(_flow(row["where"]), seen),
            dict(zip(REGIONS, regions, strict=True)),
            Areas(*areas),
        )
    embedding = None if row["embedding"] is None else np.array(row["embedding"], np.float64)
    return KnownFrame(row["frame"], driver, embedding, row["convinces"], true)


def _packed_flow(where: NDArray[np.float32]) -> bytes:
    """Differences of neighbours' offsets: mostly equal, so that they shrink to a tenth."""
    most = np.iinfo(np.int16).max
    steps = np.rint((where - _here()) * STEPS).clip(-most, most).astype(np.int16)
    return bytes(pa.compress(np.diff(steps, axis=1, prepend=np.int16(0)).tobytes(), CODEC, asbytes=True))


def _flow(packed: bytes) -> NDArray[np.float32]:
    data = pa.decompress(packed, 2 * 2 * SCALE**2, CODEC)
    steps = np.cumsum(np.frombuffer(data, np.int16).reshape(SCALE, SCALE, 2), axis=1, dtype=np.int16)
    return _here() + steps.astype(np.float32) * np.float32(1 / STEPS)


def _here() -> NDArray[np.float32]:
    line = np.arange(SCALE, dtype=np.float32)
    return np.stack(np.meshgrid(line, line), axis=-1).astype(np.float32)


def _packed_masks(masks: Sequence[Mask]) -> bytes:
    return bytes(pa.compress(np.packbits(np.stack(masks, axis=-1), axis=-1).tobytes(), CODEC, asbytes=True))


def _masks(packed: bytes) -> list[Mask]:
    data = np.frombuffer(pa.decompress(packed, SCALE**2, CODEC), np.uint8).reshape(SCALE, SCALE, 1)
    bits = np.unpackbits(data, axis=-1, count=len(MASKS)).astype(np.bool_)
    return [np.ascontiguousarray(bits[..., k]) for k in range(len(MASKS))]
