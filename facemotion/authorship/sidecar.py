"""The record beside a video, in VIDEO.json, with the digest of the very bytes it is about."""

import json
from pathlib import Path
from typing import NamedTuple

from facemotion import files
from facemotion.authorship.record import MOST_BYTES, Record, digest
from facemotion.errors import FacemotionError


class Sidecar(NamedTuple):
    record: Record
    video_sha256: str


def path_of(video: Path) -> Path:
    return video.with_name(video.name + ".json")


def write(video: Path, record: Record) -> None:
    """Of a video that is finished: whatever changes it later changes its digest."""
    files.write_json(path_of(video), {"record": json.loads(record.to_json()), "video_sha256": digest(video)})


def read(video: Path) -> Sidecar | None:
    """None where there is none."""
    path = path_of(video)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FacemotionError(f"{path} has {path.stat().st_size} bytes: no record of facemotion's is as long")
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FacemotionError(f"cannot read {path}: {error.strerror or error}; make it readable") from error
    except (ValueError, RecursionError) as error:
        raise FacemotionError(f"{path} is no JSON and so no record of facemotion's") from error
    if not isinstance(value, dict) or not isinstance(value.get("video_sha256"), str):
        raise FacemotionError(f"{path} is no record of facemotion's: it names no video_sha256")
    return Sidecar(Record.from_json(json.dumps(value.get("record")), str(path)), value["video_sha256"])
