"""What is told of an animated video: that it is synthetic, and what it was made by and from. The same words go into the
container and into a sidecar beside it. Records that are read come from strangers: whatever they hold is checked."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from facemotion import files
from facemotion.errors import FacemotionError

FORMAT: Final = "facemotion.record/1"
# Where the words stand in the container: of all the names of tags the one that MP4, MOV and Matroska keep and that
# players show. A sentence for people, then the record.
TAG: Final = "comment"
SENTENCE: Final = "AI-generated video: a face animated by facemotion. Record: "
MOST_BYTES: Final = 1 << 20  # of a sidecar or a tag; a record has some hundred

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Words = Annotated[str, Field(max_length=500)]
Value = Words | bool | int | float | None


@dataclass(frozen=True)
class Input:
    """A file that the video was made from. Its name is left out: names of files tell of people."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    role: Literal["source", "driving"]
    sha256: Digest


@dataclass(frozen=True)
class Record:
    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    model: Words  # the folder's name, or the address in a registry
    weights: Digest  # SHA-256 of weights.safetensors: which revision of the model
    inputs: Annotated[tuple[Input, ...], Field(max_length=1000)]
    options: Annotated[Mapping[Words, Value], Field(max_length=200)]
    label: bool  # whether the picture says so, too
    synthetic: Literal[True]
    facemotion: Words  # its version
    format: Literal["facemotion.record/1"]

    @staticmethod
    def from_json(text: str | bytes, where: str) -> "Record":
        if len(text) > MOST_BYTES:
            raise FacemotionError(f"{where} has {len(text)} bytes: no record of facemotion's is as long")
        try:
            return _READER.validate_json(text)
        except ValidationError as error:
            said = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in error.errors()[:3])
            raise FacemotionError(f"{where} is no record of facemotion's ({plain(said)})") from error

    def to_json(self) -> str:
        """In one line; equal records are equal bytes."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    def tags(self) -> dict[str, str]:
        """What the container is to say."""
        return {TAG: SENTENCE + self.to_json()}


_READER: Final = TypeAdapter(Record)


def digest(path: Path) -> str:
    try:
        return files.file_digest(path)
    except OSError as error:
        raise FacemotionError(f"cannot read {path}: {error.strerror or error}; check the path") from error


def plain(text: str) -> str:
    """A stranger's words without what would steer a terminal, and not too many."""
    return re.sub(r"[^ -~]", "?", text)[:300]
