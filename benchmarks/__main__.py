"""`python -m benchmarks [NAME ...]`: run every benchmark, or those named, one after the other."""

import subprocess
import sys
from pathlib import Path

# What works for minutes, or draws a picture of the docs, runs only when it is named.
LONG = {"losses", "optimisers", "overfit", "portrait", "real_clips", "refinement", "refiners"}


def main() -> None:
    here = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
    wanted = sys.argv[1:] or [name for name in here if name not in LONG]
    if unknown := set(wanted) - set(here):
        sys.exit(f"there is no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(here)}")
    failed = []
    for name in wanted:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
