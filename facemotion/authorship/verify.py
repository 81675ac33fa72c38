"""What a video says of itself, from all places where it may: the container, the sidecar, a signature."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from facemotion import video_tags
from facemotion.authorship import sidecar, signature
from facemotion.authorship.record import SENTENCE, TAG, Record, digest
from facemotion.errors import FacemotionError

State = Literal["synthetic", "unknown", "doubtful"]
SAID: Final[dict[State, str]] = {
    "synthetic": "synthetic: made by facemotion, and all that is told of it agrees",
    "unknown": "of unknown origin: it bears no record of facemotion's, which does not make it a recording",
    "doubtful": "not what it was: what is told of it does not agree",
}


@dataclass
class Findings:
    """Records by where they stand; what is wrong; what else is worth knowing."""

    records: dict[str, Record] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    inputs: dict[str, bool] = field(default_factory=dict)  # files that were asked about: made from them or not
    signer: str | None = None

    @property
    def state(self) -> State:
        if self.problems:
            return "doubtful"
        return "synthetic" if self.records else "unknown"

    @property
    def record(self) -> Record | None:
        return next(iter(self.records.values()), None)

    def take(self, where: str, text: str | bytes, place: str) -> None:
        try:
            self.records[where] = Record.from_json(text, place)
        except FacemotionError as error:
            self.problems.append(str(error))


def examine(video: Path, *, trusted: Path | None = None, inputs: Sequence[Path] = ()) -> Findings:
    said = video_tags.read(video).get(TAG, "")
    found = Findings()
    _signed(found, video, trusted)
    if said.startswith(SENTENCE):
        found.take("container", said.removeprefix(SENTENCE), f"the {TAG} in {video}")
    _beside(found, video)
    if len(found.records) == 1 and "sidecar" in found.records:
        found.problems.append("the sidecar tells of it, but the container has lost its record")
    told = {record.to_json() for record in found.records.values()}
    if len(told) > 1:
        found.problems.append(f"{' and '.join(found.records)} tell different things")
    known = {one.sha256 for record in found.records.values() for one in record.inputs}
    found.inputs = {str(path): digest(path) in known for path in inputs}
    return found


def as_json(found: Findings) -> str:
    record = found.record
    value = {
        "state": found.state,
        "record": json.loads(record.to_json()) if record is not None else None,
        "told_by": list(found.records),
        "signed_by": found.signer,
        "problems": found.problems,
        "notes": found.notes,
        "inputs": found.inputs,
    }
    return json.dumps(value, indent=2, ensure_ascii=True)


def _signed(found: Findings, video: Path, trusted: Path | None) -> None:
    if not signature.available():
        found.notes.append(f"signatures were not looked for: {signature.INSTALL}")
        return
    signed = signature.read(video, trusted)
    if signed is None:
        return
    found.signer = signed.signer
    if not signed.valid:
        found.problems.append(f"the signature does not hold: {', '.join(signed.problems) or 'video or words changed'}")
    elif signed.trusted:
        found.notes.append(f"signed by {signed.signer}, whom the given certificates vouch for")
    else:
        found.notes.append(f"signed by {signed.signer}, unchanged since; nobody named as trusted vouches for that name")
    if signed.record is not None:
        found.take("signature", signed.record, f"the signed record in {video}")


def _beside(found: Findings, video: Path) -> None:
    try:
        beside = sidecar.read(video)
    except FacemotionError as error:
        found.problems.append(str(error))
        return
    if beside is None:
        found.notes.append(f"there is no {sidecar.path_of(video).name} beside it")
        return
    found.records["sidecar"] = beside.record
    if beside.video_sha256 != digest(video):
        found.problems.append("the sidecar is about other bytes: the video was changed or replaced since")
