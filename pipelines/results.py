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
from facemotion.video import Image

PAGE: Final = Path("docs/results.md")


# Of what `evaluate` writes, what stands on the page, and for what a ratio to the reference repeated says nothing.
EVALUATED: Final = (
    "l1", "psnr", "ssim", "akd_truth", "akd_eyes", "akd_lips", "akd_truth_bias", "mkr", "epe", "epe_face", "epe_lips",
    "epe_eyes",
)  # fmt: skip
LOOKS: Final = (
    "csim_dlib", "aed_dlib", "pose_error", "lid_error", "lip_opening_error", "gaze_error", "unseen_l1", "flicker",
    "cnn_rate",
)  # fmt: skip
CROSSED: Final = (
    "cross_l1", "cross_l1_absolute", "cross_akd_truth", "cross_akd_truth_absolute", "cross_csim_dlib",
    "cross_pose_error", "cross_lid_error", "cross_lip_opening_error", "cross_gaze_error",
)  # fmt: skip
WITHOUT_RATIO: Final = {"psnr", "ssim", "akd_truth_bias", "mkr", "csim_dlib", "cross_csim_dlib", "cnn_rate"}
EVALUATIONS: Final = "evaluate_"
LEADERBOARD: Final = "leaderboard"
REFERENCE: Final = "reference"
# Benchmarks with a table of their own, and figures of theirs of which a ratio says nothing.
TOLD_APART: Final = {"losses", "optimisers", "refinement", "refiners", "real_faces", "where"}
FUSION: Final = "fusion"
SEVERAL: Final = ("l1", "unseen_l1", "unseen_bg_l1", "akd_truth")
COSTS: Final = {"steps", "cpu_seconds"}


def scores() -> str:
    """A table of every metric file but those about models, in the order of their names."""
    lines = ["| file | figure | value |", "|---|---|---|"]
    for path in sorted(layout.METRICS.glob("*.json")):
        if path.stem.startswith(EVALUATIONS) or path.stem == LEADERBOARD:
            continue
        for name, value in json.loads(path.read_text()).items():
            lines.append(f"| {path.stem} | `{name}` | {_short(value)} |")
    return "\n".join(lines)


def evaluations(columns: tuple[str, ...]) -> str | None:
    """A row a variant, the reference first, with ratios to it; None where none has any of these figures."""
    found = {
        path.stem.removeprefix(EVALUATIONS): json.loads(path.read_text())
        for path in sorted(layout.METRICS.glob(f"{EVALUATIONS}*.json"))
    }
    still = found.get(REFERENCE, {})
    shown = [name for name in columns if any(name in figures for figures in found.values())]
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


def choices(benchmark: str) -> str | None:
    """A row a choice, compared with the first; None where that benchmark has not run."""
    path = layout.BENCHMARKS / f"{benchmark}.json"
    if not path.is_file():
        return None
    rows = json.loads(path.read_text())
    columns = [name for name in rows[0] if name != "name"]
    lines = ["| choice | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for row in rows:
        cells = [_compared(name, row, rows[0] if row is not rows[0] and name not in COSTS else {}) for name in columns]
        lines.append(f"| {row['name']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def several() -> str | None:
    """Errors of what fuses, by strategy and number of references, with ratios to one; None where nothing does."""
    path = layout.METRICS / f"{EVALUATIONS}{FUSION}.json"
    figures = json.loads(path.read_text()) if path.is_file() else {}
    rows: dict[tuple[str, str], dict[int, float]] = {}
    for name, value in figures.items():
        if match := re.fullmatch(rf"({'|'.join(SEVERAL)})_(?:(\w+)_)?n(\d+)", name):
            metric, strategy, count = match[1], match[2] or "", int(match[3])
            rows.setdefault((metric, strategy), {})[count] = value
    if not rows:
        return None
    counts = sorted({count for row in rows.values() for count in row})
    lines = ["| figure | fused by | " + " | ".join(f"N = {count}" for count in counts) + " |"]
    lines.append("|---|---|" + "---|" * len(counts))
    for (metric, strategy), row in sorted(rows.items()):
        alone = rows.get((metric, ""), {}).get(1)
        cells = [
            ""
            if count not in row
            else _short(row[count]) + (f" ({row[count] / alone:.2f}x)" if alone and count > 1 else "")
            for count in counts
        ]
        lines.append(f"| `{metric}` | {strategy or 'its own'} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def real_faces() -> str | None:
    """Per variant, how real clips are moved; None where the benchmark has not run."""
    path = layout.BENCHMARKS / "real_faces.json"
    if not path.is_file():
        return None
    content = json.loads(path.read_text())
    names = ("l1", "l1_ratio", "akd_dlib", "akd_dlib_ratio", "akd_dlib_eyes", "akd_dlib_lips", "mkr")
    lines = ["| variant | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for variant, figures in content["overall"].items():
        lines.append(f"| {variant} | " + " | ".join(_short(figures[n]) if n in figures else "" for n in names) + " |")
    return "\n".join(lines)


def where() -> str | None:
    """What each area of the frame adds to `l1`; None where the benchmark has not run."""
    path = layout.BENCHMARKS / "where.json"
    if not path.is_file():
        return None
    rows = json.loads(path.read_text())
    columns = [name for name in rows[0] if name != "name"]
    lines = ["| | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    lines += [f"| {row['name']} | " + " | ".join(_short(row[name]) for name in columns) + " |" for row in rows]
    return "\n".join(lines)


def refinement() -> str | None:
    """Ratios with their intervals, then errors along the refiner's list; None where the benchmark has not run."""
    path = layout.BENCHMARKS / "refinement.json"
    if not path.is_file():
        return None
    figures = json.loads(path.read_text())
    lines = ["| refined over coarse_long | ratio | 95 % interval | of a perfect model |", "|---|---|---|---|"]
    for name in (name.removesuffix("_ratio") for name in figures if name.endswith("_ratio")):
        middle, low, high = (figures[f"{name}_ratio{end}"] for end in ("", "_low", "_high"))
        perfect = figures.get(f"{name}_perfect")
        shown = f"{perfect:.3f}" if perfect is not None else ""
        lines.append(f"| `{name}` | {middle:.3f} | {low:.3f} to {high:.3f} | {shown} |")
    lines += ["", "| along the refiner's list | coarse, then each level |", "|---|---|"]
    for name in dict.fromkeys(key.rpartition("_step")[0] for key in figures if "_step" in key):
        steps = [value for key, value in figures.items() if key.startswith(f"{name}_step")]
        lines.append(f"| `{name}` | {', '.join(f'{value:.2f}' for value in steps)} |")
    rest = {key: figures[key] for key in ("cpu_seconds", "clips", "mkr") if key in figures}
    return "\n".join([*lines, "", ", ".join(f"`{key}` {_short(value)}" for key, value in rest.items())])


def benchmarks(before: str = "") -> str | None:
    """A table of what `make bench` measured last on this machine; None where it has not run.

    Rows of the table `before` stay if they are of benchmarks that have not run here."""
    found = {path.stem: path for path in layout.BENCHMARKS.glob("*.json") if path.stem not in TOLD_APART}
    if not found:
        return None
    rows: dict[str, list[str]] = {name: [] for name in found} | {
        name: [line for line in before.splitlines() if line.startswith(f"| {name} |")]
        for name in re.findall(r"^\| (\w+) \|", before, re.MULTILINE)
        if name not in found and name != "benchmark"
    }
    for stem, path in found.items():
        for name, value, unit in _figures(json.loads(path.read_text())):
            rows[stem].append(f"| {stem} | {name} | {_short(value)} | {unit} |")
    return "\n".join(
        [
            "| benchmark | figure | value | unit |",
            "|---|---|---|---|",
            *(line for name in sorted(rows) for line in rows[name]),
        ]
    )


def _figures(content: Any, name: str = "") -> Iterator[tuple[str, float, str]]:
    """(name, value, unit) of a benchmark's file: a list of such, or a mapping that may hold mappings."""
    match content:
        case list():
            for entry in content:
                if "value" in entry:
                    yield entry["name"], entry["value"], entry.get("unit", "")
                else:
                    yield from _figures({key: own for key, own in entry.items() if key != "name"}, entry["name"])
        case {"value": int() | float() as value}:
            yield name, value, content.get("unit", "")
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
        write_bytes(PAGE.parent / "clips.jpg", jpeg(_third(clips, 0)))
    faces = layout.pictures("evaluate_keypoints_refined") / "faces.jpg"
    if faces.is_file():
        # Of the worst, the median and the best clip: the median.
        write_bytes(PAGE.parent / "animated.jpg", jpeg(_third(faces, 1)))


def _third(path: Path, which: int) -> Image:
    """RGB: the first, second or last third of a sheet, from above."""
    sheet = np.asarray(cv2.imread(str(path)), np.uint8)
    rows = len(sheet) // 3
    return np.ascontiguousarray(sheet[which * rows : (which + 1) * rows, :, ::-1])


def filled(page: str) -> str:
    """The page with what stands between its markers made anew; benchmarks stay as they are where none has run."""
    before = re.search(r"<!-- benchmarks -->\n(.*?)<!-- end -->", page, re.DOTALL)
    tables = {
        "scores": scores(),
        "evaluate": evaluations(EVALUATED),
        "looks": evaluations(LOOKS),
        "crossed": evaluations(CROSSED),
        "losses": choices("losses"),
        "optimisers": choices("optimisers"),
        "refiners": choices("refiners"),
        "refinement": refinement(),
        "several": several(),
        "real_faces": real_faces(),
        "where": where(),
        "benchmarks": benchmarks(before.group(1) if before else ""),
    }
    for name, table in tables.items():
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
