"""The rendered source: its footage as specs, and the list that strangers would publish of it."""

from typing import Any

from facemotion.config import Synthetic
from facemotion.synth.listing import listing
from facemotion.synth.scenario import plan_footage
from facemotion.synth.specs import VideoSpec


def videos(settings: Synthetic) -> list[VideoSpec]:
    return plan_footage(
        people=settings.people,
        videos_per_person=settings.videos_per_person,
        minutes=settings.minutes,
        width=settings.width,
        height=settings.height,
        fps=settings.fps,
        seed=settings.seed,
    )


def rows(settings: Synthetic) -> list[dict[str, Any]]:
    return [
        {
            "video_id": row.video_id,
            "location": "",
            "person_id": row.person_id,
            "start_s": row.start_s,
            "end_s": row.end_s,
            "box": [float(side) for side in (row.left, row.top, row.right, row.bottom)],
            "ref_width": video.width,
            "ref_height": video.height,
            "partition": None,
            "source": "synthetic",
            "license": "rendered by facemotion",
        }
        for video in videos(settings)
        for row in listing(video)
    ]
