"""What a model's parts hand each other, nested tuples of tensors, by names: `appearance.source.keypoints.points`."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor


def named(tree: Any, name: str) -> dict[str, Tensor]:
    """All tensors in it."""
    if isinstance(tree, Tensor):
        return {name: tree}
    found: dict[str, Tensor] = {}
    for key, part in _parts(tree):
        found |= named(part, f"{name}.{key}")
    return found


def rebuilt(tree: Any, name: str, tensors: Mapping[str, Tensor]) -> Any:
    """The same tree with other tensors; what is no tensor stays. Tensors that are not given stay, too."""
    if isinstance(tree, Tensor):
        return tensors.get(name, tree)
    parts = [rebuilt(part, f"{name}.{key}", tensors) for key, part in _parts(tree)]
    if hasattr(tree, "_fields"):
        return type(tree)(*parts)
    return type(tree)(parts) if isinstance(tree, tuple | list) else tree


def _parts(tree: Any) -> list[tuple[str, Any]]:
    if hasattr(tree, "_fields"):
        return list(zip(tree._fields, tree, strict=True))
    return [(str(place), part) for place, part in enumerate(tree)] if isinstance(tree, tuple | list) else []
