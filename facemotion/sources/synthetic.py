"""The rendered source: its footage as specs, and the list that strangers would publish of it."""

import polars as pl

from facemotion.config import Synthetic
from facemotion.sources.listed import listed
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


def rows(settings: Synthetic) -> pl.DataFrame:
    return listed(
        pl.DataFrame(
            [
                {
                    "place": f"shot {number} of {video.video_id}",
                    "video": row.video_id,
                    "person": row.person_id,
                    "start_s": row.start_s,
                    "end_s": row.end_s,
                    "left": float(row.left),
                    "top": float(row.top),
                    "right": float(row.right),
                    "bottom": float(row.bottom),
                    "ref_width": float(video.width),
                    "ref_height": float(video.height),
                    "license": "rendered by facemotion",
                }
                for video in videos(settings)
                for number, row in enumerate(listing(video))
            ]
        )
    )
