"""The same map on a Ray cluster of two workers: errors are data, a lost worker's item runs again."""

import os
import signal
from functools import partial
from pathlib import Path

import pytest

from facemotion import engine_ray
from facemotion.engine import DIED
from facemotion.errors import FacemotionError

pytest.importorskip("ray", reason="the extra `ray` is not installed")


def square(number: int, *, folder: str) -> tuple[int, str]:
    if number == 3:
        raise FacemotionError("three is not welcome")
    if number == 5:
        raise ValueError("five")
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 8 and not (mark := Path(folder, "lost once")).exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number, str(Path.cwd())


@pytest.mark.slow
def test_every_item_has_its_outcome_whatever_becomes_of_workers(tmp_path: Path) -> None:
    told: list[int] = []
    outcomes = engine_ray.map_items(
        partial(square, folder=str(tmp_path)),
        list(range(1, 11)),
        address=None,
        workers=2,
        done=lambda outcome: told.append(outcome.item),
    )
    assert [outcome.item for outcome in outcomes] == list(range(1, 11))
    errors = {outcome.item: outcome.error for outcome in outcomes if not outcome.ok}
    assert errors == {3: "three is not welcome", 5: "ValueError: five", 7: DIED}
    values = {outcome.item: outcome.value for outcome in outcomes if outcome.ok}
    assert values == {number: (number * number, str(Path.cwd())) for number in (1, 2, 4, 6, 8, 9, 10)}
    assert (tmp_path / "lost once").exists()
    assert sorted(told) == list(range(1, 11))


def test_nothing_to_do_needs_no_cluster() -> None:
    assert engine_ray.map_items(square, [], address="127.0.0.1:1", workers=2) == []
