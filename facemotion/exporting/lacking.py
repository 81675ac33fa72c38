"""What ONNX has no operator for, in operators that it has; put in place while a model is traced."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode


class Solved(NamedTuple):
    """As torch.linalg.solve_ex gives it, as far as it is read."""

    result: Tensor


@torch.jit.script
def eliminated(matrix: Tensor, wanted: Tensor) -> Tensor:
    """matrix^-1 wanted for [B, n, n] and [B, n, m], by Gauss and Jordan with row pivots. Scripted, so that it becomes a
    loop instead of n copies of its body."""
    both = torch.cat((matrix, wanted), -1)
    count = matrix.shape[-1]
    rows = torch.arange(count, device=matrix.device)
    for step in range(count):
        column = both[:, :, step]
        best = torch.where(rows[None] >= step, column.abs(), -1.0).argmax(1, keepdim=True)
        order = torch.where(rows[None] == step, best, torch.where(rows[None] == best, step, rows[None]))
        both = torch.gather(both, 1, order[:, :, None].expand(-1, -1, both.shape[2]))
        pivot = both[:, step]
        pivot = pivot / pivot[:, step, None]
        factors = torch.where(rows[None] == step, 0.0, both[:, :, step])
        kept = torch.where(rows[None, :, None] == step, pivot[:, None], both)
        both = kept - factors[:, :, None] * pivot[:, None]
    return both[:, :, count:]


def solve(matrix: Tensor, wanted: Tensor) -> Solved:
    if wanted.dim() < matrix.dim():
        return Solved(eliminated(matrix, wanted[..., None])[..., 0])
    return Solved(eliminated(matrix, wanted))


def inverse(matrix: Tensor) -> Tensor:
    """Of one matrix [n, n]."""
    eye = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
    return solve(matrix[None], eye[None]).result[0]


def transposed(matrix: Tensor) -> Tensor:
    return matrix.transpose(-1, -2)


def diagonal(values: Tensor) -> Tensor:
    """Matrices [..., n, n] with the values [..., n] on their diagonals."""
    return values[..., None] * torch.eye(values.shape[-1], dtype=values.dtype, device=values.device)


INSTEAD: Final[dict[Any, Callable[..., Any]]] = {
    torch.linalg.solve_ex: solve,
    torch.linalg.inv: inverse,
    torch.diag_embed: diagonal,
    torch.Tensor.mT.__get__: transposed,  # type: ignore[attr-defined]
}


class Exportable(TorchFunctionMode):
    """`with Exportable(): ...`"""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return INSTEAD.get(func, func)(*args, **(kwargs or {}))
