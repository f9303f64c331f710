"""The two libraries that a Python file may be written for: how each operation is called there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from weightsmith.backends.errors import ExportError
from weightsmith.backends.plan.operations.functions import SPELLINGS
from weightsmith.dsl.heads import MASKS

SEEN = "seen_"  # in front of a mask: a function of the file


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
    softmax: str
    shares: str

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

    def fixed(self, name: str, rows: int, columns: int, first: str) -> str:
        """A matrix among the weights, whose numbers have this name."""
        made = "tensor" if self.module == "torch" else "array"
        return f"{self.module}.{made}({name}, {self._like(first)}).reshape({rows}, {columns})"

    def beside(self, parts: Sequence[str]) -> str:
        name = "torch.cat" if self.module == "torch" else "np.concatenate"
        return f"{name}(({', '.join(parts)}), -1)"

    def applied(self, function: str, argument: str) -> str:
        """A function of every entry.  Raises ExportError where the library has none."""
        library = "torch" if self.module == "torch" else "numpy"
        if not getattr(SPELLINGS[function], library):
            raise ExportError(
                f"a head has {function} of its scores, which {self.library} does not have; write "
                "the file for PyTorch."
            )
        return SPELLINGS[function].call(library, argument)

    def seen(self, of: str, mask: str, other: float) -> str:
        """``other`` where a query does not see a key."""
        diagonal, module = MASKS[mask].diagonal, self.module
        least = 'float("-inf")' if module == "torch" else "-np.inf"
        number = least if other == -inf else repr(other)
        if diagonal is None:
            return f"{SEEN}{mask}({of}, {number})"
        if module == "torch" and other == 0:
            return f"torch.triu({of}, {diagonal})"
        every = f"{module}.ones_like({of}, dtype={'torch.bool' if module == 'torch' else 'bool'})"
        return f"{module}.where({module}.triu({every}, {diagonal}), {of}, {number})"

    def helper(self, name: str) -> str:
        """The function of this name, as the file defines it."""
        if not name.startswith(SEEN):
            text: str = getattr(self, name)
            return text
        device = ", device=scores.device" if self.module == "torch" else ""
        return f'''\
def {name}(scores: {self.array}, other: float) -> {self.array}:
    """The scores, and other where a query, column q, does not see a key, row k."""
    k = {self.module}.arange(scores.shape[-2]{device})[:, None]
    q = {self.module}.arange(scores.shape[-1]{device})
    return {self.module}.where({MASKS[name.removeprefix(SEEN)].pairs}, scores, other)
'''

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
    softmax='''\
def softmax(scores: Tensor) -> Tensor:
    """Columns exp(scores) over their sums; one in which all is -inf is zero."""
    return torch.softmax(scores, -2).masked_fill(scores == float("-inf"), 0)
''',
    shares='''\
def shares(scores: Tensor, divisors: Tensor) -> Tensor:
    """Each column over a number."""
    return scores / divisors
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
    softmax='''\
def softmax(scores: np.ndarray) -> np.ndarray:
    """Columns exp(scores) over their sums; one in which all is -inf is zero."""
    highest = scores.max(-2, keepdims=True, initial=-np.inf)
    grown = np.exp(scores - np.where(highest == -np.inf, 0, highest))
    return grown / np.where(highest == -np.inf, 1, grown.sum(-2, keepdims=True))
''',
    shares='''\
def shares(scores: np.ndarray, divisors: np.ndarray) -> np.ndarray:
    """Each column over a number; 0/0 is none."""
    with np.errstate(invalid="ignore"):
        return scores / divisors
''',
)
