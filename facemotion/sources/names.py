"""Names out of lists: made safe as file names, or shown without harm. A name from a list may be anything."""

import hashlib
import re
from pathlib import PurePosixPath
from typing import Final

import polars as pl

# What is a safe file name as it stands. Those that end like the names made here are not, so that nobody can forge one.
_SAFE: Final = r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$"
_DIGITS: Final = 12  # of the hash: a million names that read the same stay apart
_MADE: Final = rf"-[0-9a-f]{{{_DIGITS}}}$"
_LONGEST_SHOWN: Final = 80


def safe_id(name: str) -> str:
    """A name that is safe as a file name anywhere, readable, and another one for every other `name`."""
    readable = re.sub(r"[^A-Za-z0-9]+", "_", PurePosixPath(name[:1000]).stem).strip("_")[:40] or "video"
    return f"{readable}-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:_DIGITS]}"


def safe_ids(names: pl.Series) -> pl.Series:
    """Names that are safe already as they are, others as `safe_id` has them."""
    fine = names.str.contains(_SAFE) & ~names.str.contains(_MADE)
    odd = names.filter(~fine).unique().drop_nulls().to_list()
    return names.replace({name: safe_id(name) for name in odd})


def shown(text: str) -> str:
    """Text for a person's eyes: nothing in it steers a terminal or turns the direction of reading, and it is short."""
    plain = "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in text[: _LONGEST_SHOWN + 1])
    return plain if len(plain) <= _LONGEST_SHOWN else plain[: _LONGEST_SHOWN - 3] + "..."


def all_shown(texts: pl.Series) -> pl.Series:
    """`shown` of each; most need nothing done."""
    plain = texts.str.contains(rf"^[\x20-\x7e]{{0,{_LONGEST_SHOWN}}}$")
    odd = texts.filter(~plain).unique().drop_nulls().to_list()
    return texts.replace({text: shown(text) for text in odd})
