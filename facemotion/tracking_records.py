"""What is recorded of a stage, as plain data: what is known at its start, what it tells on the way, how it ended."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Row(NamedTuple):
    """Values of a moment: seconds since the epoch, and steps of the work."""

    time: float
    step: int
    values: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class StageStart:
    """What is known of a stage when it starts. Times are seconds since the epoch. Equal ids are one run. What is
    part of another run than a pipeline's names that one's id in `under`; what is part of none has no `pipeline`."""

    stage: str
    pipeline: str
    pipeline_started: float
    started: float
    params: Mapping[str, Any]
    tags: Mapping[str, str]
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    under: str = ""


@dataclass(frozen=True, kw_only=True)
class StageRecord(StageStart):
    """One stage that ran. Digests are DVC's own, by path."""

    ended: float
    ok: bool
    message: str
    peak_mib: float
    metrics: Mapping[str, float]
    deps: Mapping[str, str]
    outs: Mapping[str, str]
    artifacts: tuple[str, ...] = ()
    # What the other stages of the pipeline are: up to date, by the digest of their outs.
    cached: Mapping[str, str] = field(default_factory=dict)
    # What the work told while it went on and is not recorded yet, and the last step it told of.
    untold: tuple[Row, ...] = ()
    step: int = 0


def outs_digest(digests: Mapping[str, str]) -> str:
    """One name for all that a stage made: equal outs, equal name."""
    return hashlib.sha256(json.dumps(sorted(digests.items())).encode()).hexdigest()[:32]
