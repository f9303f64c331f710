"""Whatever a user passes as a matrix, as one NumPy array of finite numbers, or a sentence.

Tensors are detached and brought to the CPU, sparse matrices written out, tables taken as their
values, lists of numbers of any exact kind kept exact.  Other libraries are told by what their
objects can do, and none is imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from math import isfinite, prod
from numbers import Rational
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from weightsmith.backends.errors import LayoutError, shown_name

Array: TypeAlias = NDArray[Any]  # float64, float32, or object (Fractions)
KINDS = {"U": "texts", "S": "bytes", "M": "dates", "m": "spans of time", "V": "records"}
FLOAT64 = np.dtype(np.float64)
DENSE = 1 << 30  # entries of a sparse matrix that is written out


@runtime_checkable
class _Tensor(Protocol):
    """What is used of a tensor of PyTorch."""

    dtype: object
    layout: object

    def detach(self) -> _Tensor: ...
    def cpu(self) -> _Tensor: ...
    def to_dense(self) -> _Tensor: ...
    def float(self) -> _Tensor: ...
    def resolve_conj(self) -> _Tensor: ...
    def resolve_neg(self) -> _Tensor: ...
    def numpy(self) -> Array: ...


@runtime_checkable
class _Sparse(Protocol):
    """What is used of a sparse matrix of SciPy."""

    shape: tuple[int, ...]

    def toarray(self) -> Array: ...


@runtime_checkable
class _Table(Protocol):
    """What is used of a DataFrame."""

    def to_numpy(self) -> Array: ...


def plain_array(value: object, what: str) -> Array:
    """Return the value as an array of finite real numbers; exact ones stay Fractions.

    Raises LayoutError, naming ``what``.
    """
    if type(value) is np.ndarray and value.dtype == FLOAT64 and isfinite(np.vdot(value, value)):
        return value  # at once: the squares of its numbers have a finite sum
    array = _array(value, what)
    if array.dtype.kind == "O":
        return _exact(array, what)
    if array.dtype.kind == "c":
        raise LayoutError(f"expected real numbers for {what}, got complex ones.")
    if array.dtype.kind not in "biuf":
        kind = KINDS.get(array.dtype.kind, "another kind")
        raise LayoutError(f"expected numbers for {what}, got {kind} ({array.dtype}).")
    finite = np.isfinite(array)
    if not finite.all():
        place = _first(~finite)
        raise LayoutError(
            f"{what} holds {_named(array[place])} at {_at(place)}; every entry must be finite."
        )
    return array


def float_array(value: object, what: str, dtype: np.dtype[Any] | None = None) -> Array:
    """Return the value as floats: its own, or those of ``dtype``, float64 for all other numbers.

    Raises LayoutError, naming ``what``, also where a number is too large.
    """
    array = plain_array(value, what)
    own = array.dtype if array.dtype.kind == "f" else np.dtype(np.float64)
    return rounded_array(array, what, dtype or own)


def rounded_array(array: Array, what: str, dtype: np.dtype[Any]) -> Array:
    """Round what ``plain_array`` returns.  Raises LayoutError where a number is too large."""
    if array.dtype == dtype and array.dtype.kind == "f":
        return array
    if array.dtype.kind == "f" and np.can_cast(array.dtype, dtype):
        return array.astype(dtype)  # finite as it was
    if array.dtype.kind == "O":
        array = _rounded(array)
    with np.errstate(over="ignore"):
        cast: Array = array.astype(dtype, copy=False)
    infinite = ~np.isfinite(cast)
    if infinite.any():
        place = _at(_first(infinite))
        raise LayoutError(f"{what} holds a number that is too large for {dtype} at {place}.")
    return cast


class FloatInputs(dict[str, Array | dict[str, Array]]):
    """Inputs as ``float_inputs`` returns them, arrays of finite floats: nobody looks again."""


def float_inputs(inputs: Mapping[str, object]) -> FloatInputs:
    """Every input as an array of floats, or one for each token group.  Raises LayoutError."""
    if isinstance(inputs, FloatInputs):
        return inputs
    if not isinstance(inputs, Mapping):
        raise LayoutError(f"expected the inputs as {{name: matrix}}, got {type(inputs).__name__}.")
    found = FloatInputs()
    for name, value in inputs.items():
        called = f"'{shown_name(name)}'"
        if isinstance(value, Mapping):
            found[name] = {
                group: float_array(piece, f"{called} on {shown_name(group)} tokens")
                for group, piece in value.items()
            }
        else:
            found[name] = float_array(value, called)
    return found


def _array(value: object, what: str) -> Array:
    """The value as an array of some kind."""
    if type(value) is np.ndarray:
        return value  # at once: asking what else it may be takes longer than a small product
    if isinstance(value, np.ma.MaskedArray) and np.ma.getmaskarray(value).any():
        place = _first(np.ma.getmaskarray(value))
        raise LayoutError(f"{what} is masked at {_at(place)}; every entry needs a value.")
    try:
        match value:
            case _Tensor():
                return _of_tensor(value)
            case _Sparse():
                return _of_sparse(value)
            case _Table():
                return np.asarray(value.to_numpy())
        return np.asarray(value)
    except (ValueError, TypeError, RuntimeError, OverflowError, MemoryError) as problem:
        reason = _ragged(value) or f"is not an array of numbers: {_line(problem)}"
        raise LayoutError(f"{what} {reason}.") from None


def _of_tensor(tensor: _Tensor) -> Array:
    """PyTorch: without gradients, on the CPU, dense, in a number format that NumPy has."""
    tensor = tensor.detach().cpu()
    if str(tensor.layout) != "torch.strided":
        tensor = tensor.to_dense()
    if str(tensor.dtype) == "torch.bfloat16":
        tensor = tensor.float()
    return tensor.resolve_conj().resolve_neg().numpy()


def _of_sparse(matrix: _Sparse) -> Array:
    """SciPy: all entries."""
    if prod(matrix.shape) > DENSE:
        raise ValueError(f"it is sparse, and has more than {DENSE} entries when written out")
    return matrix.toarray()


def _ragged(value: object) -> str:
    """What is wrong with a list of rows of several lengths, "" of anything else."""
    if not isinstance(value, list | tuple):
        return ""
    lengths = [len(row) if isinstance(row, list | tuple | np.ndarray) else None for row in value]
    other = next((k for k, length in enumerate(lengths) if length != lengths[0]), None)
    if other is None:
        return ""
    first, second = (_entries(length) for length in (lengths[0], lengths[other]))
    return f"is no matrix: row 0 has {first}, row {other} has {second}"


def _entries(length: int | None) -> str:
    return "one number" if length is None else "1 entry" if length == 1 else f"{length} entries"


def _exact(array: Array, what: str) -> Array:
    """An array of Python's numbers as Fractions."""
    found = np.empty(array.shape, dtype=object)
    for place, entry in np.ndenumerate(array):
        number = _number(entry)
        if number is None:
            held = f"{_named(entry)} at {_at(place)}" if place else _named(entry)
            raise LayoutError(f"expected numbers for {what}, got {held}.")
        found[place] = number
    return found


def _number(entry: object) -> Fraction | None:
    """The exact value of a finite number of any type; None for anything else."""
    entry = entry.item() if isinstance(entry, np.generic) else entry
    if isinstance(entry, Rational):  # also whole numbers, True and False
        return Fraction(int(entry.numerator), int(entry.denominator))
    if isinstance(entry, float | Decimal):
        try:
            return Fraction(entry)
        except (ValueError, OverflowError):
            return None
    return None


def _rounded(exact: Array) -> Array:
    """The nearest float64 of every Fraction, infinite where it is too large."""
    found = np.empty(exact.shape)
    for place, number in np.ndenumerate(exact):
        try:
            found[place] = float(number)
        except OverflowError:
            found[place] = np.inf
    return found


def _first(marked: Array) -> tuple[int, ...]:
    """The first place that is marked."""
    return tuple(int(index) for index in next(_places(marked)))


def _places(marked: Array) -> Iterator[tuple[int, ...]]:
    yield from zip(*np.nonzero(np.atleast_1d(marked)), strict=True)


def _at(place: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, place))}]"


def _named(entry: object) -> str:
    """A number that is none by its name, any other thing by its type."""
    if isinstance(entry, float | np.floating | Decimal):
        return str(entry).replace("inf", "an infinity").replace("nan", "a NaN")
    return "None" if entry is None else f"an object of type {type(entry).__name__}"


def _line(problem: Exception) -> str:
    """The first line of a library's message, without its last point."""
    text = str(problem).strip() or type(problem).__name__
    return shown_name(text.splitlines()[0].rstrip("."))
