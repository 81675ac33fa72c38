"""A flow as a command of its own: how it begins, and what its end is called."""

import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from facemotion.errors import FacemotionError
from pipelines import temporary_server


def run(main: Callable[[Sequence[str]], int]) -> NoReturn:
    """`main` with the words of the command line; its exit status is this process's."""
    temporary_server.keep()
    try:
        sys.exit(main(sys.argv[1:]))
    except FacemotionError as error:
        sys.exit(f"facemotion: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
