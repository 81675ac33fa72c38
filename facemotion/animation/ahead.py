"""Work done ahead, in threads of its own: arithmetic, decoders and encoders let go of the interpreter, so that no core
is idle. What is made comes in order, and little of it waits."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Full, Queue
from threading import Event, Thread
from typing import Final, NamedTuple, TypeVar

import torch

Given = TypeVar("Given")
Made = TypeVar("Made")

MOST_WORKERS: Final = 8  # each holds a few frames' worth of memory
WAIT_S: Final = 0.1  # after which either side looks whether the other is still there


def in_order(work: Callable[[Given], Made], given: Iterable[Given], *, alone: bool = False) -> Iterator[Made]:
    """What is made of each, several at a time. Sharing every small operation out among torch's threads gains little:
    here each worker has its part of the threads and makes a whole. `alone`: one worker is enough, as for a GPU."""
    threads = torch.get_num_threads()
    workers = 1 if alone else min(threads, MOST_WORKERS)
    waiting: deque[Future[Made]] = deque()
    pool = ThreadPoolExecutor(workers, "animating", torch.set_num_threads, (threads // workers,))
    try:
        for one in given:
            waiting.append(pool.submit(work, one))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
        # Else threads that are yet to start would have a worker's part.
        torch.set_num_threads(threads)


class _End(NamedTuple):
    error: Exception | None


def ahead(items: Iterable[Made], room: int) -> Iterator[Made]:
    """The items, up to `room` of which are made before they are asked for. An error comes in its place."""
    made: Queue[Made | _End] = Queue(room)
    unwanted = Event()

    def work() -> None:
        end = _End(None)
        try:
            for one in items:
                if not _put(made, one, unwanted):
                    return
        except Exception as error:
            end = _End(error)
        _put(made, end, unwanted)

    thread = Thread(target=work, name="ahead", daemon=True)
    thread.start()
    try:
        while True:
            one = made.get()
            if not isinstance(one, _End):
                yield one
            elif one.error is not None:
                raise one.error
            else:
                return
    finally:
        unwanted.set()
        thread.join()


def _put(queue: "Queue[Made | _End]", one: Made | _End, unwanted: Event) -> bool:
    while not unwanted.is_set():
        try:
            queue.put(one, timeout=WAIT_S)
        except Full:
            continue
        return True
    return False
