"""The two libraries that a Python file may be written for: how each operation is called there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Dialect:
    """``array``: the type of a matrix.  ``like``: what makes a new matrix as another one is."""

    library: str
    module: str
    array: str
    imports: tuple[str, ...]
    like: str
    keep: str
    table: str
    repeated: str

    def clamp(self, of: str, low: float, high: float) -> str:
        if (low, high) == (0.0, inf) and self.module == "torch":
            return f"torch.relu({of})"
        if low == -inf:
            return self._bounded(of, "max", "minimum", high)
        if high == inf:
            return self._bounded(of, "min", "maximum", low)
        return f"{self.module}.clip({of}, {low!r}, {high!r})"

    def _bounded(self, of: str, end: str, name: str, value: float) -> str:
        if self.module == "torch":
            return f"torch.clamp({of}, {end}={value!r})"
        return f"np.{name}({of}, {value!r})"

    def row_sum(self, of: str) -> str:
        return f"{of}.sum(-2, {self.keep}=True)"

    def eye(self, size: str, first: str) -> str:
        return f"{self.module}.eye({size}, {self._like(first)})"

    def full(self, sizes: Sequence[str], number: str, first: str) -> str:
        if self.module == "torch":
            return f"{first}.new_full(({', '.join(sizes)}), {number})"
        return f"np.full(({', '.join(sizes)}), {number}, {self._like(first)})"

    def for_each(self, of: str, first: str) -> str:
        """One for each of a batch, of what may be the same for all."""
        if self.module == "torch":
            return f"{of}.expand(*{first}.shape[:-2], -1, -1)"
        return f"np.broadcast_to({of}, (*{first}.shape[:-2], *{of}.shape[-2:]))"

    def _like(self, first: str) -> str:
        return self.like.format(first)


TORCH = Dialect(
    library="PyTorch",
    module="torch",
    array="Tensor",
    imports=("import torch", "from torch import Tensor"),
    like="dtype={0}.dtype, device={0}.device",
    keep="keepdim",
    table='''\
def table(x: Tensor, *table: tuple[float, ...]) -> Tensor:
    """A piecewise-linear function: value + slope · (x − anchor) of the piece that x is in."""
    knots, anchors, values, slopes = (
        torch.tensor(column, dtype=x.dtype, device=x.device) for column in table
    )
    piece = torch.bucketize(x.contiguous(), knots, right=True)  # how many knots are at most x
    return values[piece] + slopes[piece] * (x - anchors[piece])
''',
    repeated='''\
def repeated(row: Tensor, rows: int) -> Tensor:
    """One row, again in every row."""
    return row.expand(*row.shape[:-2], rows, row.shape[-1])
''',
)

NUMPY = Dialect(
    library="NumPy",
    module="np",
    array="np.ndarray",
    imports=("import numpy as np  # 2.0 or newer",),
    like="dtype={0}.dtype",
    keep="keepdims",
    table='''\
def table(x: np.ndarray, *table: tuple[float, ...]) -> np.ndarray:
    """A piecewise-linear function: value + slope · (x − anchor) of the piece that x is in."""
    knots, anchors, values, slopes = (np.array(column, dtype=x.dtype) for column in table)
    piece = np.searchsorted(knots, x, side="right")  # how many knots are at most x
    return values[piece] + slopes[piece] * (x - anchors[piece])
''',
    repeated='''\
def repeated(row: np.ndarray, rows: int) -> np.ndarray:
    """One row, again in every row."""
    return np.broadcast_to(row, (*row.shape[:-2], rows, row.shape[-1]))
''',
)
