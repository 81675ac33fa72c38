"""`python -m pipelines.retrain`: train on what the source holds now, in a working tree of its own, and let the new
model take the place of the champion where it is better beyond doubt."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from pipelines import prefect_settings  # noqa: F401 - before prefect

# isort: split
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed
from ruamel.yaml import YAML

from facemotion import config, layout
from facemotion import tracking_registry as registry
from facemotion.errors import FacemotionError
from facemotion.evaluation import promotion
from facemotion.evaluation.promotion import Line, Verdict
from facemotion.files import file_digest, write_json
from pipelines import command, locks, notices, worktrees
from pipelines.contest import SAME
from pipelines.dag import explain, run_dag, summary

WEIGHTS: Final = "weights.safetensors"


class Candidate(NamedTuple):
    variant: str
    folder: Path
    weights: str
    learnt_from: list[str]


@flow(name="retrain", on_failure=[notices.tell], on_crashed=[notices.tell])
def retrain_flow(changes: dict[str, Any] | None = None) -> State[Any]:
    """Retrain on what the source holds now; the better of the new model and the champion is the champion.

    Args:
        changes: values of params.yaml for this run alone, by dotted key, such as {"train_coarse.steps": 900}
    """
    root = Path.cwd()
    with locks.alone(root, "retrain"):
        tree = prepare(root, changes or {})
        settings = config.load(tree / layout.PARAMS)
        promotion.check(settings.retrain.metric, settings.retrain.guards)
        look(root, tree)
        ended = run_dag(tree, [], settings=settings, environment=worktrees.environment(root))
        if ended.problems:
            return Failed(message=explain(ended, f"{tree} holds what was made so far"))
        return Completed(message=f"{summary(ended)}; {contest(root, tree)}", data=ended.how)


step = task(cache_policy=NO_CACHE, persist_result=False)


@step
def prepare(root: Path, changes: dict[str, Any]) -> Path:
    """The working tree at the present commit, with the changes laid over its params."""
    tree = worktrees.prepare(root, changes)
    get_run_logger().info("%s", f"works in {tree}")
    return tree


@step
def look(root: Path, tree: Path) -> None:
    """What the source holds now."""
    get_run_logger().info("%s", worktrees.run(tree, "-m", "facemotion.cli", "source", "scan", root=root).strip())


@step
def contest(root: Path, tree: Path) -> str:
    """The champion, scored anew, against the best new model; what became of both."""
    champion = registry.standing(registry.CHAMPION)
    words, home = [], (root / worktrees.HOME).resolve()
    if champion is not None:
        folder = registry.fetch(registry.CHAMPION, home / "champions")
        seen = registry.learnt_from(champion, home)
        words = ["--champion", str(folder.resolve()), "--seen", str(seen)]
    told = home / "contest.json"
    said = worktrees.run(tree, "-m", "pipelines.contest", "--out", str(told), *words, root=root)
    for line in said.splitlines():
        get_run_logger().info("%s", line)
    found = json.loads(told.read_text())
    folder = tree / layout.MODELS / found["variant"]
    candidate = Candidate(found["variant"], folder, file_digest(folder / WEIGHTS), found["learnt_from"])
    verdict = Verdict(found["promote"], found["reason"], [Line(**line) for line in found["lines"]])
    outcome = settle(tree, candidate, verdict)
    create_markdown_artifact(markdown=promotion.markdown(verdict, outcome), key="verdict", description=outcome)
    get_run_logger().info("%s: %s", outcome, verdict.reason)
    return f"{outcome}: {verdict.reason}"


def settle(tree: Path, new: Candidate, verdict: Verdict) -> str:
    """Keep the new model in the registry as what the verdict makes it; in one line."""
    if verdict.reason == SAME:
        return "nothing new"
    if registry.rolled_back(new.weights):
        verdict = Verdict(False, f"these very weights were rolled back by a person ({verdict.reason})", verdict.lines)
    challenger = registry.standing(registry.CHALLENGER)
    if not verdict.promote and challenger is not None and challenger.tags.get(registry.WEIGHTS) == new.weights:
        return f"{new.variant} is still the challenger, version {challenger.version}"
    revision = worktrees.commit(tree, f"Retrained: {new.variant}")
    people = tree / layout.WORK / registry.PEOPLE
    write_json(people, new.learnt_from)
    files = (tree / "dvc.lock", tree / layout.PARAMS, tree / layout.SOURCE, people)
    tags = {
        "variant": new.variant,
        registry.WEIGHTS: new.weights,
        "git": revision,
        "dvc.lock": file_digest(tree / "dvc.lock", "md5"),
    }
    made = registry.register(new.folder, [path for path in files if path.is_file()], tags)
    worktrees.keep(tree, f"v{made.version}", revision)
    if verdict.promote:
        registry.promote(made.version, verdict.reason)
        return f"{new.variant} is the champion now, version {made.version}"
    registry.challenge(made.version, verdict.reason)
    return f"{new.variant} is kept as challenger, version {made.version}"


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="facemotion retrain", description=__doc__)
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="of params.yaml, in this run alone"
    )
    told = parser.parse_args(words)
    config.load()
    state = retrain_flow(dict(map(_change, told.set)), return_state=True)
    print(f"facemotion: {state.message}", file=sys.stderr)
    return 0 if state.is_completed() else 1


def _change(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals:
        raise FacemotionError(f"--set {text}: write it as KEY=VALUE, such as train_coarse.steps=900")
    return key, YAML(typ="safe", pure=True).load(value)


if __name__ == "__main__":
    command.run(main)
