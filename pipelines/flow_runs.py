"""The flow run that one is in."""

from uuid import UUID

from pipelines import prefect_settings  # noqa: F401 - before prefect

# isort: split
from prefect.context import FlowRunContext


def run_id() -> UUID:
    context = FlowRunContext.get()
    assert context is not None
    assert context.flow_run is not None
    return context.flow_run.id
