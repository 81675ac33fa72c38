"""What the benchmarks of several references are asked: a model that fuses, and whom it is tried on."""

import argparse
from pathlib import Path

import torch

from facemotion import layout
from facemotion.console import setup_logging


def asked(about: str | None) -> argparse.Namespace:
    """`split`, `every` and `model`."""
    setup_logging()
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("test", "val"), default="test")
    parser.add_argument("--every", type=int, default=10, help="how manyth frame is looked at")
    parser.add_argument("--model", type=Path, default=layout.MODELS / "fusion")
    return parser.parse_args()
