"""Map a function over many items in processes of this machine. Errors are data: one bad item never ends the rest."""

import ctypes
import logging
import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from facemotion.errors import FacemotionError

DIED: Final = "the process working on it died (a crash, or out of memory)"

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Outcome(Generic[Item, Value]):
    """What became of one item: a value, or the reason why there is none."""

    item: Item
    value: Value | None
    error: str | None

    @property
    def ok(self) -> bool:
        return self.error is None


def map_items(
    function: Callable[[Item], Value],
    items: Sequence[Item],
    *,
    workers: int,
    done: Callable[[Outcome[Item, Value]], None] | None = None,
) -> list[Outcome[Item, Value]]:
    """Outcomes in the order of `items`, whatever the number of workers; `done` is called as each one ends.

    One worker is this very process, for debugging. `function` and the items must pickle. A worker that dies (hostile
    media can crash a decoder) costs only the item it held: the items in flight are tried again one by one, and the one
    that kills its worker is the culprit."""
    outcomes: dict[int, Outcome[Item, Value]] = {}

    def keep(index: int, value: Value | None, error: str | None) -> None:
        outcomes[index] = Outcome(items[index], value, error)
        if done is not None:
            done(outcomes[index])

    if workers <= 1 or not items:
        for index, item in enumerate(items):
            keep(index, *guarded(function, item))
    else:
        suspects = []
        for index, value, error in _pooled(function, list(enumerate(items)), min(workers, len(items))):
            if error is DIED:
                suspects.append(index)
            else:
                keep(index, value, error)
        for index in sorted(suspects):
            for _, value, error in _pooled(function, [(index, items[index])], 1):
                keep(index, value, error)
    return [outcomes[index] for index in range(len(items))]


def guarded(function: Callable[[Item], Value], item: Item) -> tuple[Value | None, str | None]:
    try:
        return function(item), None
    except FacemotionError as error:
        return None, str(error)
    except Exception as error:
        log.debug("%s", traceback.format_exc())
        return None, f"{type(error).__name__}: {error}"


def _pooled(
    function: Callable[[Item], Value], todo: list[tuple[int, Item]], workers: int
) -> Iterator[tuple[int, Value | None, str | None]]:
    from concurrent.futures import FIRST_COMPLETED, wait

    # forkserver: no inherited locks or threads, and cheaper than a fresh interpreter per worker.
    context = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
    context.set_forkserver_preload(_imported_once(function))
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker, initargs=(os.getpid(),)) as pool:
        waiting: dict[Future[tuple[Value | None, str | None]], int] = {}
        queue = list(reversed(todo))
        broken = False
        try:
            while queue or waiting:
                while queue and len(waiting) < 2 * workers and not broken:
                    index, item = queue.pop()
                    try:
                        waiting[pool.submit(guarded, function, item)] = index
                    except BrokenProcessPool:
                        queue.append((index, item))
                        broken = True
                if broken and not waiting:
                    break
                finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished:
                    index = waiting.pop(future)
                    try:
                        value, error = future.result()
                    except BrokenProcessPool:
                        broken = True
                        yield index, None, DIED
                    else:
                        yield index, value, error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if broken and queue:
        yield from _pooled(function, list(reversed(queue)), workers)


def _imported_once(function: Callable[[Item], Value]) -> list[str]:
    """What the fork server imports before its first worker, so that workers need not, each for itself: what there is by
    now of the function's package, but for the program, which every worker runs under another name."""
    program = getattr(sys.modules["__main__"], "__spec__", None)
    package = getattr(function, "func", function).__module__.partition(".")[0]
    ours = (name for name in tuple(sys.modules) if name.partition(".")[0] == package)
    return sorted(name for name in ours if not name.endswith("__main__") and (not program or name != program.name))


def _start_worker(parent: int) -> None:
    # Ctrl-C goes to the parent, which ends the pool; a killed parent must not leave workers behind.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        import threading

        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """The fork server, not the caller, is a worker's parent, so watch the caller too."""
    import time

    while True:
        try:
            os.kill(parent, 0)
        except OSError:
            os._exit(1)
        time.sleep(0.5)
