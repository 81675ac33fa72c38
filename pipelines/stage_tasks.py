"""Stages as Prefect task runs: those that are up to date noted, the others run side by side, each once what it needs is
there."""

import logging
import queue
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any, Final, Literal
from uuid import UUID

from pipelines import prefect_settings  # noqa: F401 - before prefect

# isort: split
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, TaskRunResult
from prefect.context import TaskRunContext
from prefect.futures import PrefectFuture
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed, Pending, Running

from facemotion import config
from pipelines.flow_runs import run_id
from pipelines.progress import Progress
from pipelines.stage_run import Ended, StageRuns
from stages.dag import Node

How = Literal["ran", "up to date", "restored", "failed", "not run"]
RETRIES: Final = "retries"  # in a stage's `meta`
CACHED: Final = "Cached"  # Prefect's own name for what need not run
LINES_SHOWN: Final = 6  # of a failed stage's last, in one message


@dataclass
class Stages:
    """What has become of each stage so far. The order is that in which they came to an end."""

    how: dict[str, How] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def of(self, *how: How) -> list[str]:
        return [name for name, value in self.how.items() if value in how]


class StageError(Exception):
    """To be retried."""


@task(cache_policy=NO_CACHE, persist_result=False)
def run_stage(stage: str, force: bool, runs: StageRuns, ended: dict[str, Ended]) -> State[Any]:
    log = get_run_logger()
    progress = Progress(stage)

    def say(line: str) -> None:
        log.info("%s", line)  # as an argument: a line may hold a %
        progress.hear(line)

    found = ended[stage] = runs.run(stage, force=force, say=say)
    match found.how:
        case "ran":
            progress.complete()
            return Completed(message=f"{found.seconds:.1f} s", data=stage)
        case "failed":
            return _failed(stage, found, log)
        case _:
            return Completed(name=CACHED, message=found.how, data=stage)


def _failed(stage: str, found: Ended, log: "logging.Logger | logging.LoggerAdapter[Any]") -> State[Any]:
    context = TaskRunContext.get()
    message = problem(found)
    if context is not None and context.task_run.run_count <= context.task.retries:
        raise StageError(message)
    log.error("stage %s: %s", stage, message)
    return Failed(message=message, data=StageError(message))


def problem(found: Ended) -> str:
    return "\n".join(
        (f"ended with {found.code} after {found.seconds:.1f} s; its last lines:", *found.last[-LINES_SHOWN:])
    )


class StageFlow:
    """All stages of a run, within a flow run. One that fails keeps those from running that need it; all others go on to
    their end."""

    def __init__(self, nodes: Mapping[str, Node], runs: StageRuns, *, force: bool, settings: config.Run) -> None:
        self.nodes, self.runs, self.force, self.settings = nodes, runs, force, settings
        self.stages = Stages()
        self.order = TopologicalSorter({name: sorted(node.needs & nodes.keys()) for name, node in nodes.items()})
        self.states: dict[str, Any] = {}  # of what is over, or at work: what a stage that needs it waits for
        self.working: dict[str, PrefectFuture[Any]] = {}
        self.ended: dict[str, Ended] = {}
        self.over: queue.SimpleQueue[str] = queue.SimpleQueue()

    def run(self) -> Stages:
        self.order.prepare()
        ready = deque(self.order.get_ready())
        try:
            while ready or self.working:
                while ready and (self._untouched(ready[0]) or len(self.working) < self.settings.parallel):
                    stage = ready.popleft()
                    if self._untouched(stage):
                        self._note(stage, "up to date", Completed(name=CACHED, message="up to date"))
                        ready += self._next(stage)
                    else:
                        self._start(stage)
                if self.working:
                    ready += self._next(self._wait())
        except BaseException:
            self.runs.stop()
            for future in self.working.values():
                future.wait()
            raise
        self._tell_the_rest()
        return self.stages

    def _untouched(self, stage: str) -> bool:
        """Whether DVC need not be asked again."""
        node = self.nodes[stage]
        needs_ran = any(self.stages.how[need] != "up to date" for need in node.needs & self.nodes.keys())
        return not (self.force or node.changed or needs_ran)

    def _start(self, stage: str) -> None:
        one: Any = run_stage.with_options(
            name=stage,
            task_run_name=stage,
            retries=int(self.nodes[stage].meta.get(RETRIES, 0)),
            retry_delay_seconds=self.settings.retry_wait_s,
        )
        needs = [self.states[need] for need in sorted(self.nodes[stage].needs & self.states.keys())]
        words = {"stage": stage, "force": self.force, "runs": self.runs, "ended": self.ended}
        future: PrefectFuture[Any] = one.submit(wait_for=needs, return_state=False, **words)
        self.states[stage] = self.working[stage] = future
        future.add_done_callback(lambda _: self.over.put(stage))

    def _wait(self) -> str:
        stage = self.over.get()
        future = self.working.pop(stage)
        future.wait()
        found, state = self.ended.get(stage), future.state
        if found is None or state.is_failed() or state.is_crashed():
            self.stages.problems[stage] = state.message or str(state)
            self._keep(stage, "failed", future)
        else:
            self._keep(stage, found.how, future)
        self.stages.seconds[stage] = found.seconds if found is not None else 0.0
        return stage

    def _next(self, stage: str) -> tuple[str, ...]:
        """What may start now that a stage is over."""
        if self.stages.how[stage] == "failed":
            return ()
        self.order.done(stage)
        return self.order.get_ready()

    def _keep(self, stage: str, how: How, state: Any) -> None:
        self.stages.how[stage], self.states[stage] = how, state

    def _tell_the_rest(self) -> None:
        for stage in [name for name in self.nodes if name not in self.stages.how]:
            self._note(stage, "not run", Pending(name="NotReady", message="a stage that it needs has failed"))

    def _note(self, stage: str, how: How, state: State[Any]) -> None:
        needs = [self.states[need] for need in sorted(self.nodes[stage].needs & self.states.keys())]
        self._keep(stage, how, note(stage, state, needs))


def note(stage: str, state: State[Any], needs: Sequence[Any]) -> State[Any]:
    """A task run that never runs: a tenth of what running an empty one costs. `needs`: states and futures."""
    inputs: list[Any] = [TaskRunResult(id=_task_run(need)) for need in needs]
    with get_client(sync_client=True) as client:
        # The graph of a run draws those that have begun.
        first = Running() if state.is_final() else state
        made = client.create_task_run(
            run_stage, run_id(), dynamic_key=stage, name=stage, state=first, task_inputs={"wait_for": [*inputs]}
        )
        ended = client.set_task_run_state(made.id, state, force=True).state if state.is_final() else made.state
    assert ended is not None
    ended.data = stage  # else whoever waits for it misses a result
    return ended


def _task_run(need: "State[Any] | PrefectFuture[Any]") -> UUID:
    found = need.state_details.task_run_id if isinstance(need, State) else need.task_run_id
    assert found is not None
    return found
