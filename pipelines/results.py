"""`python -m pipelines.results`: the committed scores and the latest benchmark figures into docs, and pictures."""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from facemotion import layout
from facemotion.files import write_bytes, write_text
from facemotion.ingest.sheets import jpeg

PAGE: Final = Path("docs/results.md")


# Of what `evaluate` writes, what stands on the page, and for what a ratio to the reference repeated says nothing.
EVALUATED: Final = (
    "l1", "psnr", "ssim", "akd_truth", "akd_eyes", "akd_lips", "akd_truth_bias", "mkr", "epe", "epe_face", "epe_lips",
    "epe_eyes",
)  # fmt: skip
WITHOUT_RATIO: Final = {"psnr", "ssim", "akd_truth_bias", "mkr"}
EVALUATIONS: Final = "evaluate_"
REFERENCE: Final = "reference"


def scores() -> str:
    """A table of every metric file but those of models, in the order of their names."""
    lines = ["| file | figure | value |", "|---|---|---|"]
    for path in sorted(layout.METRICS.glob("*.json")):
        if path.stem.startswith(EVALUATIONS):
            continue
        for name, value in json.loads(path.read_text()).items():
            lines.append(f"| {path.stem} | `{name}` | {_short(value)} |")
    return "\n".join(lines)


def evaluations() -> str | None:
    """A row a variant, the reference first, with ratios to it; None where none has been evaluated."""
    found = {
        path.stem.removeprefix(EVALUATIONS): json.loads(path.read_text())
        for path in sorted(layout.METRICS.glob(f"{EVALUATIONS}*.json"))
    }
    still = found.get(REFERENCE, {})
    shown = [name for name in EVALUATED if any(name in figures for figures in found.values())]
    if not shown:
        return None
    lines = ["| variant | " + " | ".join(shown) + " |", "|---|" + "---|" * len(shown)]
    for variant in sorted(found, key=lambda name: (name != REFERENCE, name)):
        cells = [_compared(name, found[variant], still if variant != REFERENCE else {}) for name in shown]
        lines.append(f"| {variant} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _compared(name: str, figures: dict[str, float], still: dict[str, float]) -> str:
    if name not in figures:
        return ""
    related = name in still and name not in WITHOUT_RATIO and still[name] > 0
    return _short(figures[name]) + (f" ({figures[name] / still[name]:.2f}x)" if related else "")


def benchmarks() -> str | None:
    """A table of what `make bench` measured last on this machine; None where it has not run."""
    files = sorted(layout.BENCHMARKS.glob("*.json"))
    if not files:
        return None
    lines = ["| benchmark | figure | value | unit |", "|---|---|---|---|"]
    for path in files:
        for name, value, unit in _figures(json.loads(path.read_text())):
            lines.append(f"| {path.stem} | {name} | {_short(value)} | {unit} |")
    return "\n".join(lines)


def _figures(content: Any, name: str = "") -> Iterator[tuple[str, float, str]]:
    """(name, value, unit) of a benchmark's file: a list of such, or a mapping that may hold mappings."""
    match content:
        case list():
            for entry in content:
                if "value" in entry:
                    yield entry["name"], entry["value"], entry.get("unit", "")
                else:
                    yield from _figures({key: own for key, own in entry.items() if key != "name"}, entry["name"])
        case dict():
            for key, value in content.items():
                yield from _figures(value, f"{name}, {key}" if name else key)
        case int() | float():
            yield name, content, ""


def _short(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def pictures() -> None:
    """The README's pictures, from those that the stages drew; as they are where no stage has run."""
    people, clips = layout.pictures("judge") / "people.jpg", layout.pictures("crop") / "clips.jpg"
    if people.is_file() and clips.is_file():
        write_bytes(PAGE.parent / "people.jpg", people.read_bytes())
        sheet = np.asarray(cv2.imread(str(clips)), np.uint8)
        write_bytes(PAGE.parent / "clips.jpg", jpeg(sheet[: len(sheet) // 3, :, ::-1]))


def filled(page: str) -> str:
    """The page with what stands between its markers made anew; benchmarks stay as they are where none has run."""
    for name, table in (("scores", scores()), ("evaluate", evaluations()), ("benchmarks", benchmarks())):
        if table is not None:
            pattern = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
            table = table.replace("\\", "\\\\")
            page = re.sub(pattern, rf"\g<1>{table}\n\g<2>", page, flags=re.DOTALL)
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if the page is stale")
    check = parser.parse_args().check
    page = PAGE.read_text()
    made = filled(page)
    if check:
        sys.exit(f"{PAGE} is stale: run python -m pipelines.results" if made != page else 0)
    write_text(PAGE, made)
    pictures()


if __name__ == "__main__":
    main()
