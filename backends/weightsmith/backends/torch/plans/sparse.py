"""Sparse matrices in a plan: products take them as they are, anything else writes them out.

PyTorch multiplies a sparse matrix fast from the left by rows (CSR) and from the right by columns
(CSC), and a hundred times slower the other way round; so either is made where it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, cast, runtime_checkable

import torch
from torch import Tensor

Operand = object  # a Tensor, a Sparse or a number


@runtime_checkable
class ScipyMatrix(Protocol):
    """What is used of a sparse matrix of SciPy."""

    shape: tuple[int, int]

    def tocoo(self) -> object: ...


class Sparse:
    """One matrix; PyTorch's functions take it for a tensor.

    By rows and by columns it is kept once something needs it so; its transpose shares both.
    """

    def __init__(self, tensor: Tensor, flipped: Sparse | None = None) -> None:
        self._tensor = tensor
        self._rows: Tensor | None = tensor if tensor.layout == torch.sparse_csr else None
        self._columns: Tensor | None = tensor if tensor.layout == torch.sparse_csc else None
        self._flipped = flipped

    @property
    def rows(self) -> Tensor:
        if self._rows is None:
            with self._mode():
                self._rows = self._tensor.to_sparse_csr()
        return self._rows

    @property
    def columns(self) -> Tensor:
        if self._columns is None:
            with self._mode():
                self._columns = self._tensor.to_sparse_csc()
        return self._columns

    @property
    def mT(self) -> Sparse:
        if self._flipped is None:
            with self._mode():
                self._flipped = Sparse(self._tensor.mT, self)
        return self._flipped

    def _mode(self) -> torch.inference_mode:
        """The one that the tensor was made in: in the other PyTorch cannot transpose it."""
        return torch.inference_mode(self._tensor.is_inference())

    def contiguous(self) -> Sparse:
        return self

    @property
    def shape(self) -> torch.Size:
        return self._tensor.shape

    @property
    def dtype(self) -> torch.dtype:
        return self._tensor.dtype

    @property
    def device(self) -> torch.device:
        return self._tensor.device

    @property
    def ndim(self) -> int:
        return 2

    def __mul__(self, other: Operand) -> object:
        if isinstance(other, int | float):
            with self._mode():
                return Sparse(self._tensor * other)
        return written_out(self) * written_out(other)  # type: ignore[operator]

    __rmul__ = __mul__

    def __neg__(self) -> object:
        return self * -1.0

    def __add__(self, other: Operand) -> object:
        return written_out(self) + written_out(other)  # type: ignore[operator]

    __radd__ = __add__

    def __sub__(self, other: Operand) -> object:
        return written_out(self) - written_out(other)  # type: ignore[operator]

    def __rsub__(self, other: Operand) -> object:
        return written_out(other) - written_out(self)  # type: ignore[operator]

    def __getattr__(self, name: str) -> object:
        """Any other method is that of the matrix written out."""
        return getattr(written_out(self), name)

    @classmethod
    def __torch_function__(
        cls,
        function: Callable[..., object],
        types: Sequence[type],
        args: Sequence[Operand] = (),
        kwargs: Mapping[str, Operand] | None = None,
    ) -> object:
        named = {key: written_out(value) for key, value in (kwargs or {}).items()}
        return function(*map(written_out, args), **named)


def mm(left: Operand, right: Operand) -> Tensor:
    """left · right, each a tensor or sparse; both sparse gives a tensor."""
    return torch.mm(*_sides(left, right))


def addmm(
    base: Operand, left: Operand, right: Operand, beta: float = 1.0, alpha: float = 1.0
) -> Tensor:
    """beta · base + alpha · left · right."""
    dense = cast(Tensor, written_out(base))
    if isinstance(right, Sparse) and not isinstance(left, Sparse):
        return torch.add(beta * dense, mm(left, right), alpha=alpha)
    return torch.addmm(dense, *_sides(left, right), beta=beta, alpha=alpha)


def _sides(left: Operand, right: Operand) -> tuple[Tensor, Tensor]:
    """Two tensors, of which at most one is sparse, in the layout that is fast on its side."""
    if isinstance(left, Sparse):
        return left.rows, cast(Tensor, written_out(right))
    return cast(Tensor, left), right.columns if isinstance(right, Sparse) else cast(Tensor, right)


def written_out(value: Operand) -> Operand:
    return value._tensor.to_dense() if isinstance(value, Sparse) else value


def sparse_of(value: object) -> Sparse | None:
    """A sparse tensor, or a sparse matrix of SciPy; None for anything else."""
    if isinstance(value, Tensor):
        return None if value.layout == torch.strided else Sparse(value)
    if isinstance(value, ScipyMatrix):
        return Sparse(_from_scipy(value))
    return None


def _from_scipy(matrix: ScipyMatrix) -> Tensor:
    import numpy as np

    entries = matrix.tocoo()
    places = np.stack([getattr(entries, name) for name in ("row", "col")]).astype(np.int64)
    numbers = torch.from_numpy(np.ascontiguousarray(entries.data))  # type: ignore[attr-defined]
    found = torch.sparse_coo_tensor(
        torch.from_numpy(places), numbers, matrix.shape, check_invariants=True
    )
    return found.coalesce()
