"""`python -m pipelines.dag [STAGE...]`: the DAG of dvc.yaml as a Prefect flow, with the results of `dvc repro`.

Stages, and what each needs, are read from DVC; those that do not need each other run side by side."""

import argparse
import difflib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines import prefect_settings  # noqa: F401 - before prefect

# isort: split
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from facemotion import config, layout
from facemotion.errors import FacemotionError
from pipelines import artifacts, command, flow_runs, locks, notices
from pipelines.stage_run import StageRuns
from pipelines.stage_tasks import StageFlow, Stages
from stages import dag
from stages.dag import Node


@flow(name="dag", on_failure=[notices.tell], on_crashed=[notices.tell])
def dag_flow(stages: list[str] | None = None, force: bool = False, parallel: int | None = None) -> State[Any]:
    """Bring the stages of dvc.yaml up to date, as `dvc repro` does.

    Args:
        stages: these and what they need; none: all
        force: run them although they are up to date
        parallel: stages at work at the same time; none: as params.yaml says
    """
    root = Path.cwd()
    settings = config.load(root / layout.PARAMS)
    changes = {} if parallel is None else {"parallel": parallel}
    settings = settings.model_copy(update={"run": settings.run.model_copy(update=changes)})
    ended = run_dag(root, stages or [], force=force, settings=settings)
    if ended.problems:
        return Failed(message=explain(ended))
    return Completed(message=summary(ended), data=ended.how)


def run_dag(
    root: Path,
    wanted: Sequence[str],
    *,
    force: bool = False,
    settings: config.Params,
    environment: Mapping[str, str] | None = None,
) -> Stages:
    """Within a flow run, which gets a task run of each stage, and artifacts. `environment`: more for the stages."""
    with locks.alone(root, "run"), flow_runs.noted(root / layout.WORK / "run.id"):
        nodes = read(root, wanted)
        runs = StageRuns(root, {"FACEMOTION_PIPELINE_RUN": f"prefect-{flow_runs.run_id()}", **(environment or {})})
        ended = StageFlow(nodes, runs, force=force, settings=settings.run).run()
    artifacts.show_stages(list(nodes), ended)
    artifacts.show_results(root, settings.ui)
    return ended


def read(root: Path, wanted: Sequence[str]) -> dict[str, Node]:
    """The stages to bring up to date."""
    locks.release_stale(root)
    return chosen(dag.graph(root), wanted)


def chosen(nodes: Mapping[str, Node], wanted: Sequence[str]) -> dict[str, Node]:
    """The wanted stages and all that they need; `evaluate` means every `evaluate@...`."""
    waiting: list[str] = []
    for name in wanted:
        found = [stage for stage in nodes if name in (stage, stage.split("@")[0])]
        if not found:
            close = difflib.get_close_matches(name, nodes, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise FacemotionError(f"dvc.yaml has no stage {name}{hint} (there are: {', '.join(nodes)})")
        waiting += found
    needed: set[str] = set(nodes if not wanted else ())
    while waiting:
        stage = waiting.pop()
        if stage not in needed:
            needed.add(stage)
            waiting += nodes[stage].needs
    return {name: node for name, node in nodes.items() if name in needed}


def summary(stages: Stages) -> str:
    ran, restored, cached = (len(stages.of(how)) for how in ("ran", "restored", "up to date"))
    return f"{ran} stages ran, {restored} came from the cache, {cached} were up to date"


def explain(stages: Stages, how_to_go_on: str = "put it right, and `facemotion run` goes on from there") -> str:
    """What failed, how it ended, what that keeps from running, and how to go on."""
    lines = [f"stage {stage} {problem}" for stage, problem in stages.problems.items()]
    if left := stages.of("not run"):
        lines.append(f"not run, since they need what failed: {', '.join(left)}")
    return "\n".join([*lines, f"{summary(stages)}; {how_to_go_on}"])


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="facemotion run", description=__doc__)
    parser.add_argument("stages", nargs="*", metavar="STAGE", help="these and what they need; none: all")
    parser.add_argument("--force", action="store_true", help="run them although they are up to date")
    parser.add_argument("--parallel", type=int, help="stages at work at the same time; as params.yaml says by default")
    told = parser.parse_args(words)
    # What a person has got wrong is said before a server is started.
    config.load()
    with locks.alone(Path.cwd(), "run"):
        read(Path.cwd(), told.stages)
    state = dag_flow(told.stages, told.force, told.parallel, return_state=True)
    if not state.is_completed():
        print(f"facemotion: {state.message}", file=sys.stderr)
    return 0 if state.is_completed() else 1


if __name__ == "__main__":
    command.run(main)
