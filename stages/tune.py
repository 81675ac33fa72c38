"""tune: a search for better values of the coarse training, into models/tuned.yaml, which tells what `tuned` in
params.yaml stands for and nothing else: where nothing is called so, no training depends on what was found."""

import io

from ruamel.yaml import YAML

from facemotion import config, layout
from facemotion.config import Params
from facemotion.files import write_text
from facemotion.tuning import figures, space, table
from facemotion.tuning import study as studies
from facemotion.tuning.search import Finding, Search
from facemotion.tuning.trial import Plan
from stages.harness import Notes, run


def main(params: Params, notes: Notes) -> str:
    raw, tune = config.read_yaml(layout.PARAMS), params.tune
    if not tune.trials:
        _write(raw, Finding((), {}, False, {}), {}, tune, notes)
        return "off: tune.trials is 0"
    plan = Plan.here()
    kept = studies.storage(studies.sqlite(notes.work / "study.db"))
    study = studies.opened(kept, "tune", tune)
    studies.begin(study, tune, plan.default)
    search = Search(plan, study, notes.work, notes.live().start.id)
    studies.work(study, search.objective, tune.trials)
    finding = search.finding()
    _write(raw, finding, table.importance(study, tune), tune, notes)
    notes.keep(layout.plot("tune_trials"), layout.TUNED)
    notes.done_with_work()
    return figures.told(finding)


def _write(raw: object, finding: Finding, shares: dict[str, float], tune: space.Tune, notes: Notes) -> None:
    standing = {entry.key: entry.default for entry in tune.space}
    text = io.StringIO()
    YAML().dump({key: finding.values.get(key, standing[key]) for key in space.asked(raw)}, text)
    write_text(layout.TUNED, text.getvalue())
    write_text(layout.plot("tune_trials"), table.text(finding.rows, tune))
    write_text(layout.plot("tune_importance"), table.importance_text(shares))
    notes.score(figures.figures(finding))


if __name__ == "__main__":
    run("tune", main)
