"""How Prefect is run here: its state in the project's own ignored folder, nothing told to anybody, patience with a slow
start. Imported before prefect is."""

import os
import urllib.request
from pathlib import Path
from typing import Final

HOME: Final = Path(".prefect")
SERVER: Final = HOME / "server"  # the address of the server that `facemotion ui` runs, while it does
SETTINGS: Final = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "DO_NOT_TRACK": "1",
    # Without a server each process starts one of its own: 12 to 21 s on a quiet machine.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
}


def apply(root: Path) -> None:
    """Set the environment, for this process and all it starts; what a person has set stays."""
    for name, value in {"PREFECT_HOME": str((root / HOME).resolve()), **SETTINGS}.items():
        os.environ.setdefault(name, value)
    if "PREFECT_API_URL" not in os.environ and (address := _running(root)):
        os.environ["PREFECT_API_URL"] = address


def _running(root: Path) -> str | None:
    """The server that the project's UI runs, unless it was killed and answers no more."""
    try:
        address = (root / SERVER).read_text()
        with urllib.request.urlopen(f"{address}/health", timeout=5):
            return address
    except (OSError, ValueError):
        return None


apply(Path.cwd())
