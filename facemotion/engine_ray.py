"""Map a function over many items on a Ray cluster, with the same outcomes as on this machine. All its machines need
this checkout at the same path, as on a shared disk, and the same environment."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from facemotion.engine import DIED, Item, Outcome, Value, guarded
from facemotion.errors import FacemotionError

RUNS_AGAIN: Final = 2  # of an item whose worker or machine was lost; it may have been the item's own doing
STARTS: Final = 3  # of a cluster of our own, which Ray gives half a minute: too little on a busy machine
AHEAD: Final = 2  # items handed out for each core: enough to keep all busy, and few enough to bound memory


def map_items(
    function: Callable[[Item], Value],
    items: Sequence[Item],
    *,
    address: str | None,
    workers: int,
    done: Callable[[Outcome[Item, Value]], None] | None = None,
) -> list[Outcome[Item, Value]]:
    """Outcomes in the order of `items`. Without an address a cluster of `workers` is started here, and ended."""
    if not items:
        return []
    outcomes: dict[int, Outcome[Item, Value]] = {}
    with _cluster(address, workers) as ray:
        task = ray.remote(num_cpus=1, max_retries=RUNS_AGAIN)(_work)
        window = AHEAD * max(int(ray.cluster_resources().get("CPU", 1)), 1)
        home, waiting = str(Path.cwd()), list(reversed(range(len(items))))
        running: dict[Any, int] = {}
        while waiting or running:
            while waiting and len(running) < window:
                index = waiting.pop()
                running[task.remote(home, function, items[index])] = index
            for reference in ray.wait(list(running))[0]:
                index = running.pop(reference)
                outcomes[index] = Outcome(items[index], *_result(ray, reference))
                if done is not None:
                    done(outcomes[index])
    return [outcomes[index] for index in range(len(items))]


def _work(home: str, function: Callable[[Item], Value], item: Item) -> tuple[Value | None, str | None]:
    try:
        os.chdir(home)  # paths are relative to the project's root
    except OSError as error:
        return None, f"this machine of the cluster has no {home} ({error.strerror}); share the checkout with it"
    return guarded(function, item)


def _result(ray: Any, reference: Any) -> tuple[Any, str | None]:
    lost = ray.exceptions
    try:
        value, error = ray.get(reference)
        return value, error
    except (lost.WorkerCrashedError, lost.NodeDiedError, lost.OutOfMemoryError, lost.ObjectLostError):
        return None, DIED
    except lost.RayError as problem:
        return None, f"{type(problem).__name__}: {str(problem).strip().splitlines()[-1]}"


@contextmanager
def _cluster(address: str | None, workers: int) -> Iterator[Any]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
    except ImportError as error:
        raise FacemotionError("engine.kind is ray, which is not installed: pip install 'facemotion[ray]'") from error
    # What can be imported here can be imported there.
    places = os.pathsep.join(str(Path(place).absolute()) for place in sys.path)
    ours = {"env_vars": {"PYTHONPATH": places, "GOMP_SPINCOUNT": "0"}}
    settings: dict[str, Any] = {"runtime_env": ours, "configure_logging": False, "log_to_driver": False}
    if address is None:
        settings |= {"address": "local", "num_cpus": workers, "include_dashboard": False}
    else:
        settings |= {"address": address}
    try:
        _start(ray, settings, STARTS if address is None else 1)
        yield ray
    finally:
        ray.shutdown()


def _start(ray: Any, settings: dict[str, Any], attempts: int) -> None:
    for attempt in range(attempts):
        try:
            ray.init(**settings)
            return
        except Exception as error:  # Ray raises errors of any kind, plain Exception among them
            ray.shutdown()
            if attempt == attempts - 1:
                raise FacemotionError(
                    f"no Ray cluster at {settings['address']} ({error}); start one with `ray start --head`, name it in "
                    "engine.address, or set engine.kind to local"
                ) from error
