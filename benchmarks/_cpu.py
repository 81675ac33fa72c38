"""What a piece of work costs this process."""

import time
from collections.abc import Callable


def fastest(work: Callable[[], object], rounds: int, seconds: float = 0.0) -> float:
    """CPU seconds: the least of at least so many rounds, which take at least so long together."""
    spent: list[float] = []
    while len(spent) < rounds or sum(spent) < seconds:
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent)
