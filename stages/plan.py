"""plan: what the source names, audited, as one table of stretches of video."""

import logging

from facemotion import layout, schemas
from facemotion.config import Params
from facemotion.sources import audit, audit_told, plan
from stages.harness import Notes, run

log = logging.getLogger("stages.plan")


def main(params: Params, notes: Notes) -> str:
    made = plan.make(params)
    for line in audit_told.told(made.figures, made.findings):
        log.info("%s", line)
    plan.check(made, params)
    schemas.PLAN.write(made.plan, layout.PLAN)
    audit.FINDINGS.write(made.findings, layout.PLAN_AUDIT)
    notes.score({name: _figure(value) for name, value in made.figures.items() if isinstance(value, int | float | list)})
    notes.keep(layout.PLAN, layout.PLAN_AUDIT)
    told = made.figures
    minutes = f", {told['planned_hours'] * 60:.1f} minutes" if told["planned_hours"] else ", whole"
    return f"{told['planned']} stretches of {told['planned_videos']} videos, {told['planned_people']} people{minutes}"


def _figure(value: float | list[str]) -> float:
    return len(value) if isinstance(value, list) else value


if __name__ == "__main__":
    run("plan", main)
