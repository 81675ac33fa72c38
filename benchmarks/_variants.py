"""What benchmarks of motion by landmarks compare."""

from collections.abc import Sequence
from pathlib import Path

from facemotion import layout
from facemotion.evaluation.untrained import Untrained
from facemotion.evaluation.variants import Animated, Variant

DEFAULT = ("landmarks_coarse", "landmarks_refined")


def landmark_variants(models: Sequence[Path] | None, size: int) -> dict[str, Variant]:
    """The reference bent through its landmarks at `size`, then models by name: these folders, or those of the default
    that there are."""
    if models is None:
        models = [path for name in DEFAULT if (path := layout.MODELS / name).is_dir()]
    return {"landmarks_untrained": Untrained(size), **{path.name: Animated.load(path) for path in models}}
