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
    """The stage's data deps as they stand, then all the code it imports, but for what only some of its items are made
    of and name themselves."""
    work = stage.get("do", stage)
    module = Path(work["cmd"].split(" -m ")[1].split()[0].replace(".", "/") + ".py")
    items = stage["foreach"].values() if isinstance(stage.get("foreach"), dict) else ()
    own = {item["made_of"] for item in items}
    return [dep for dep in work["deps"] if not dep.endswith(".py")] + [
        path for path in needed_by(module) if path not in own
    ]


def stale(content: dict[str, Any]) -> dict[str, list[str]]:
    """Stages whose deps are not what their code imports, with what they should be."""
    found = {name: (entry.get("do", entry)["deps"], wanted(entry)) for name, entry in content["stages"].items()}
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
