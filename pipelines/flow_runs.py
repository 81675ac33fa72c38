"""The flow run that one is in, and the one before it that was killed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from pipelines import prefect_settings  # noqa: F401 - before prefect

# isort: split
from prefect import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

from facemotion.files import write_text


def run_id() -> UUID:
    context = FlowRunContext.get()
    assert context is not None
    assert context.flow_run is not None
    return context.flow_run.id


@contextmanager
def noted(note: Path) -> Iterator[None]:
    """This run is the one at work here, which a lock sees to. One that is still noted was killed."""
    if note.is_file():
        bury(UUID(note.read_text()))
    write_text(note, str(run_id()))
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def bury(run: UUID) -> None:
    """Tell Prefect, which otherwise believes for ever that the run and its tasks are at work."""
    with get_client(sync_client=True) as client:
        try:
            state = client.read_flow_run(run).state
        except ObjectNotFound:  # of another server
            return
        if state is None or state.is_final():
            return
        over: State[Any] = Crashed(message="it was killed")
        for task in client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run]))):
            if task.state is not None and task.state.is_running():
                client.set_task_run_state(task.id, over, force=True)
        client.set_flow_run_state(run, over, force=True)
