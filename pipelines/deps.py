"""`python -m pipelines.deps [--write]`: hold the code deps in dvc.yaml against what each stage imports."""

import argparse
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from facemotion.files import write_text
from pipelines.imports import needed_by

DVC_FILE = Path("dvc.yaml")


def wanted(stage: dict[str, Any]) -> list[str]:
    """The stage's data deps as they stand, then all the code it imports."""
    module = Path(stage["cmd"].split(" -m ")[1].split()[0].replace(".", "/") + ".py")
    return [dep for dep in stage["deps"] if not dep.endswith(".py")] + needed_by(module)


def stale(content: dict[str, Any]) -> dict[str, list[str]]:
    """Stages whose deps are not what their code imports, with what they should be."""
    stages = {name: entry.get("do", entry) for name, entry in content["stages"].items()}
    return {name: wanted(stage) for name, stage in stages.items() if list(stage["deps"]) != wanted(stage)}


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
