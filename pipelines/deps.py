"""`python -m pipelines.deps [--write]`: hold the deps in dvc.yaml on every variant (`meta.of_each_variant`) against the
list of variants, which is evaluate's."""

import argparse
import re
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from facemotion.files import write_text

DVC_FILE = Path("dvc.yaml")
VARIANT = "VARIANT"  # in meta.of_each_variant: stands for each of their names


def wanted(name: str, stages: dict[str, Any]) -> list[str]:
    """The stage's deps as they stand, those on every variant made anew."""
    work = stages[name].get("do", stages[name])
    patterns = work.get("meta", {}).get("of_each_variant", ())
    given = [dep for dep in work["deps"] if not any(_fits(dep, one) for one in patterns)]
    variants = stages["evaluate"]["foreach"] if patterns else {}
    read = [one.replace(VARIANT, variant) for one in patterns for variant in variants]
    unmade = {f"models/{variant}" for variant, item in variants.items() if item["made_of"].endswith(".py")}
    return [*given, *(dep for dep in read if dep not in unmade)]


def _fits(dep: str, pattern: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(VARIANT, r"\w+"), dep) is not None


def stale(content: dict[str, Any]) -> dict[str, list[str]]:
    """Stages whose deps are not what they read of the variants, with what they should be."""
    stages = content["stages"]
    found = {name: (entry.get("do", entry)["deps"], wanted(name, stages)) for name, entry in stages.items()}
    return {name: needed for name, (given, needed) in found.items() if list(given) != needed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write them into dvc.yaml, comments kept")
    write = parser.parse_args().write
    yaml = YAML()
    yaml.width = 120
    yaml.indent(mapping=2, sequence=2, offset=0)
    content = yaml.load(DVC_FILE)
    changed = stale(content)
    for name, deps in changed.items():
        print(f"{name}: {len(deps)} deps")
        stage = content["stages"][name]
        stage.get("do", stage)["deps"][:] = deps
    if write and changed:
        import io

        text = io.StringIO()
        yaml.dump(content, text)
        write_text(DVC_FILE, text.getvalue())
    sys.exit(bool(changed) and not write)


if __name__ == "__main__":
    main()
