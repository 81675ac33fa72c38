"""Each trial as a run of its own in the record, under the study's."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facemotion import tracking
from facemotion.tracking_live import LiveRun
from facemotion.tracking_records import StageRecord, StageStart


class TrialRun:
    """`study`: id of the study's own record. A trial that is done again goes on in the run it had."""

    def __init__(self, study: str, place: int, values: Mapping[str, Any], folder: Path) -> None:
        now = time.time()
        self.start = StageStart(
            stage=f"trial {place}",
            pipeline="",
            pipeline_started=now,
            started=now,
            params=values,
            tags={"facemotion.study": study},
            id=f"{study}-{place}",
            under=study,
        )
        self.live = LiveRun(self.start, folder)

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
