"""A small DVC repository of quick stages, some side by side, to run flows in."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import ROOT, Project

# Each stage makes its out of what it reads; how long that takes, and whether it works, files beside it say.
WORK = '''"""A stage: python work.py NAME DEP..."""
import pathlib, sys, time

name, *deps = sys.argv[1:]
here = pathlib.Path(".")
with (here / "ran.log").open("a") as stream:
    stream.write(name + "\\n")
print(f"{name} begins: 100 % of {len(deps)} deps", flush=True)
if (here / "hang").is_file():
    (here / f"{name}.hangs").write_text("")
    time.sleep(600)
left = here / f"fails.{name}"
if left.is_file():
    tries = int(left.read_text()) - 1
    left.write_text(str(tries)) if tries else left.unlink()
    sys.exit(f"{name} cannot: no such luck")
time.sleep(0.05)
text = name + ":" + "|".join((here / dep).read_text() for dep in deps)
(here / "out" / f"{name}.txt").parent.mkdir(exist_ok=True)
(here / "out" / f"{name}.txt").write_text(str(len(text)) + text[:200] + pathlib.Path("seed.txt").read_text())
'''

STAGES = """
vars:
- parts: [a, b, c]
stages:
  source:
    cmd: {python} work.py source
    deps: [seed.txt, work.py]
    outs: [out/source.txt]
  part:
    foreach: ${{parts}}
    do:
      cmd: {python} work.py part_${{item}} out/source.txt
      deps: [out/source.txt, work.py]
      outs: ["out/part_${{item}}.txt"]
      meta:
        retries: ${{run.retries}}
  pair:
    matrix:
      one: [a, b]
      way: [up, down]
    cmd: {python} work.py pair_${{item.one}}_${{item.way}} out/part_${{item.one}}.txt
    deps: ["out/part_${{item.one}}.txt", work.py]
    outs: ["out/pair_${{item.one}}_${{item.way}}.txt"]
  last:
    cmd: {python} work.py last out/pair_a_up.txt out/pair_b_down.txt out/part_c.txt
    deps: [out/pair_a_up.txt, out/pair_b_down.txt, out/part_c.txt, work.py]
    outs: [out/last.txt]
"""
NAMES = {
    "source", "part@a", "part@b", "part@c", "pair@a-up", "pair@a-down", "pair@b-up", "pair@b-down", "last",
}  # fmt: skip


class Toy(Project):
    def environment(self, more: dict[str, str]) -> dict[str, str]:  # type: ignore[override]
        return super().environment({"PYTHONPATH": str(ROOT), **more})

    def flow(self, *words: str, timeout: float = 300, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "pipelines.dag", *words, timeout=timeout, **environment)

    def ran(self) -> list[str]:
        """The stages that have run since last asked."""
        log = self.root / "ran.log"
        names = log.read_text().split() if log.is_file() else []
        log.unlink(missing_ok=True)
        return names

    def outs(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((self.root / "out").glob("*.txt"))}


def make(folder: Path) -> Toy:
    (folder / "work.py").write_text(WORK)
    (folder / "seed.txt").write_text("1")
    (folder / "dvc.yaml").write_text(STAGES.format(python=sys.executable))
    shutil.copyfile(ROOT / "params.yaml", folder / "params.yaml")
    (folder / ".gitignore").write_text("/.work/\n/.prefect/\n/.mlflow/\n/out/\nran.log\n*.hangs\nhang\nfails.*\n")
    toy = Toy(folder)
    toy.set(run__retry_wait_s=0.2, run__parallel=4)
    begin(folder)
    return toy


def begin(folder: Path) -> None:
    """The folder as a git and DVC repository, committed."""
    for words in (["git", "init", "-q"], ["git", "config", "user.name", "test"],
                  ["git", "config", "user.email", "test@localhost"],
                  [sys.executable, "-m", "dvc", "init", "-q"], ["git", "add", "-A"],
                  ["git", "commit", "-qm", "toy"]):  # fmt: skip
        subprocess.run(words, cwd=folder, check=True, env={**os.environ, "DVC_NO_ANALYTICS": "1"})
