"""Who is told when a flow run fails: the log, and the address in FACEMOTION_WEBHOOK."""

import json
import logging
import os
import urllib.request
from typing import Any, Final

from pipelines import prefect_settings  # noqa: F401 - before prefect

# isort: split
from prefect.client.schemas.objects import FlowRun, State
from prefect.flows import Flow

log = logging.getLogger("pipelines")
ADDRESS: Final = "FACEMOTION_WEBHOOK"
TIMEOUT_S: Final = 10.0


def tell(flow: Flow[Any, Any], flow_run: FlowRun, state: State[Any]) -> None:
    """A hook for the end of a flow run. `text` is what chat services show. Who does not answer is no second error."""
    text = f"facemotion: {flow.name} run {flow_run.name} ended {state.name}: {state.message}"
    log.error("%s", text)
    address = os.environ.get(ADDRESS)
    if not address:
        return
    if not address.startswith(("http://", "https://")):
        log.warning("%s is %r: only http(s) addresses are told", ADDRESS, address)
        return
    told = {"text": text, "flow": flow.name, "run": flow_run.name, "run_id": str(flow_run.id), "state": state.name}
    request = urllib.request.Request(
        address, json.dumps({**told, "message": state.message}).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S):
            log.info("told %s", ADDRESS)
    except (OSError, ValueError) as error:
        log.warning("the webhook did not take the notice (%s)", error)
