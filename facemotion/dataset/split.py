"""Which split a group of people belongs to: a hash decides, so that a growing source moves nobody."""

import hashlib
from typing import Final, Literal

Split = Literal["train", "val", "test"]
SPLITS: Final[tuple[Split, ...]] = ("train", "val", "test")


def split_of(group: str, salt: str, val_share: float, test_share: float) -> Split:
    digest = hashlib.sha256(f"{salt}\0{group}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    # Test lies at the bottom and val above it: a larger test share takes from val first, never from nowhere.
    if place < test_share:
        return "test"
    return "val" if place < test_share + val_share else "train"
