"""`python -m pipelines.pins`: write constraints.txt, the environment by name and version."""

from importlib.metadata import distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from facemotion.files import write_text

NOT_OURS = {"facemotion", "pip"}


def main() -> None:
    # A local build's label (+cpu) names this machine's wheel, not the version.
    found = {canonicalize_name(d.metadata["Name"]): d.version.split("+")[0] for d in distributions()}
    lines = [f"{name}=={version}" for name, version in sorted(found.items()) if name not in NOT_OURS]
    head = "# The whole environment by name and version; `make pins` writes it from a working one.\n"
    write_text(Path("constraints.txt"), head + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
