"""A study as a run in the record, each of its trials as a run under it. One that is done again goes on in its run."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facemotion import layout, tracking
from facemotion.tracking_live import LiveRun
from facemotion.tracking_records import StageRecord, StageStart


class PartRun:
    def __init__(self, start: StageStart, folder: Path) -> None:
        self.start, self.live = start, LiveRun(start, folder)

    def end(self, message: str, figures: Mapping[str, float], *, ok: bool = True) -> None:
        untold = self.live.close()
        tracking.publish(
            StageRecord(
                **vars(self.start),
                ended=time.time(),
                ok=ok,
                message=message,
                peak_mib=0.0,
                metrics=figures,
                deps={},
                outs={},
                untold=untold,
                step=self.live.step,
            )
        )


def start(key: str, name: str, under: str, params: Mapping[str, Any], folder: Path | None = None) -> PartRun:
    """Of a study, or of a trial `under` one; `folder` keeps pictures until they are told."""
    now = time.time()
    about = StageStart(
        stage=name,
        pipeline="",
        pipeline_started=now,
        started=now,
        params=params,
        tags={"facemotion.study": under or key},
        id=key,
        under=under,
    )
    return PartRun(about, folder or layout.WORK / "study" / key)
