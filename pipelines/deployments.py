"""`python -m pipelines.deployments`: the flows that a person may start in Prefect's UI, and those that start by the
clock, run by this process for as long as it lives."""

import importlib
import os
from pathlib import Path
from typing import Final

from pipelines import prefect_settings  # noqa: F401 - before prefect

# isort: split
from prefect import Flow, serve
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.types.entrypoint import EntrypointType

from facemotion import config

FLOWS: Final = ("pipelines.dag:dag_flow", "pipelines.retrain:retrain_flow")
AT_ONCE: Final = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)


def deployments(settings: config.Params) -> list[RunnerDeployment]:
    """One a flow, called like it. No flow runs twice at once; whoever comes second waits."""
    crons = {"retrain": settings.retrain.cron}
    found = []
    for place in FLOWS:
        module, name = place.split(":")
        flow: Flow[..., object] = getattr(importlib.import_module(module), name)
        made = flow.to_deployment(
            flow.name,
            cron=crons.get(flow.name),
            paused=False,  # which the end of the last server had done, lest runs pile up
            description=flow.description,
            concurrency_limit=AT_ONCE,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        assert isinstance(made, RunnerDeployment)  # a coroutine only where there is an event loop
        found.append(made)
    return found


if __name__ == "__main__":
    # Prefect runs each flow in a process of its own, which must find our modules.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path.cwd()), os.environ.get("PYTHONPATH"))))
    serve(*deployments(config.load()), print_starting_message=False)
