"""A ``state_dict`` that a user gives: whose it is, and its numbers.

It is one of the structured module or, with sizes, of the dense one, under the names of
``model.safetensors``; or one of a module that trains the parameters of the script.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Protocol, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from weightsmith.backends.errors import WeightsError, listed, shown_name
from weightsmith.backends.storage.safetensors_file import Announced, check_shapes, check_weights
from weightsmith.backends.template.architecture import Architecture, row_axes
from weightsmith.backends.template.coefficients import DType, float_format, round_fraction
from weightsmith.backends.template.instantiate import FloatArray, Weights

PREFIX = "coefficients."  # of the parameters of a script in a state_dict
WRAPPERS = ("module.", "_orig_mod.")  # what DistributedDataParallel and torch.compile put before
DTYPES: tuple[DType, ...] = ("float64", "float32")


class Torch(Protocol):
    """What is asked of a tensor, so that nothing here needs PyTorch."""

    def detach(self) -> Torch: ...
    def cpu(self) -> Torch: ...
    def double(self) -> Torch: ...
    def numpy(self) -> NDArray[np.float64]: ...


State = Mapping[str, object]  # of tensors, or of arrays


def is_of_coefficients(state: State) -> bool:
    """Is it a state of a module that trains the parameters of the script?"""
    return bool(state) and all(str(name).startswith(PREFIX) for name in state)


def coefficients_of(state: State, start: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """The parameters that have moved from ``start``, exactly the floats.  Raises WeightsError."""
    _check_names(state, {f"{PREFIX}{name}" for name in start})
    found: dict[str, Fraction] = {}
    for name, before in start.items():
        key = f"{PREFIX}{name}"
        dtype, array = _numbers(key, state[key])
        if array.shape != ():
            raise WeightsError(f"expected one number for '{key}', got the shape {array.shape}.")
        value = float(array)
        if not np.isfinite(value):
            raise WeightsError(f"'{key}' is not finite.")
        if dtype not in DTYPES or value != _rounded(before, dtype):
            found[name] = Fraction(value)
    return found


def weights_of_state(
    state: State, architecture: Architecture, dims: Mapping[str, int] | None
) -> Weights:
    """The weights in a state, with ``dims`` full matrices of these sizes.

    Raises WeightsError where names, shapes, dtypes or sizes are not the network's, or where a
    number is not finite.
    """
    _check_names(state, {matrix.name for matrix in architecture.matrices()})
    read = {name: _numbers(name, tensor) for name, tensor in state.items()}
    kinds = sorted({dtype for dtype, _ in read.values()})
    dtype = next((known for known in DTYPES if kinds == [known]), None)
    if dtype is None:
        raise WeightsError(
            f"expected all tensors in float64, or all in float32, got {listed(kinds)}; take the "
            "state_dict of module.to(torch.float64)."
        )
    tensors = {name: cast("FloatArray", array.astype(dtype)) for name, (_, array) in read.items()}
    weights = Weights(tensors, dtype, dims is not None, _sizes(architecture, dims))
    _check_shapes(weights, architecture)
    check_weights(weights, architecture)
    if dims is None:
        _check_rows(weights, architecture)
    return weights


def _check_rows(weights: Weights, architecture: Architecture) -> None:
    """A coefficient between rows of two dimensions stands for no matrix: it must be zero."""
    for matrix in architecture.matrices():
        if matrix.reads is None:
            continue
        for row, column in np.argwhere(weights.tensors[matrix.name] != 0).tolist():
            writes, reads = matrix.writes[row], matrix.reads[column]
            if not matrix.may_join(writes, reads):
                raise WeightsError(
                    f"expected zero in '{matrix.name}' at ({row}, {column}), which would join rows "
                    f"of '{reads}' to rows of '{writes}'."
                )


def _sizes(architecture: Architecture, dims: Mapping[str, int] | None) -> dict[str, int]:
    axes = row_axes(architecture)
    if dims is None:
        return {}
    wrong = {a: s for a, s in dims.items() if isinstance(s, bool) or not isinstance(s, int)}
    if sorted(dims) != axes or wrong or any(size < 1 for size in dims.values()):
        raise WeightsError(
            f"expected the sizes of {listed(axes)}, each a positive whole number, got "
            f"{dict(dims)!r}."
        )
    return dict(dims)


def _check_shapes(weights: Weights, architecture: Architecture) -> None:
    shapes = {name: tensor.shape for name, tensor in weights.tensors.items()}
    try:
        check_shapes(Announced(shapes, weights.dense, weights.dims), architecture)
    except WeightsError as problem:
        example = dict.fromkeys(row_axes(architecture), 3)
        hint = f" If these are full matrices, say their sizes, for example dims={example}."
        raise WeightsError(f"{problem}{'' if weights.dense else hint}") from None


def _check_names(state: State, expected: set[str]) -> None:
    names = {str(name) for name in state}
    missing, extra = sorted(expected - names), sorted(names - expected)
    if not missing and not extra:
        return
    hint = ""
    for wrapper in WRAPPERS:
        if names and all(name.startswith(wrapper) for name in names):
            hint = f" Its names begin with '{wrapper}': take the state_dict of the module inside."
    if not any("." in name for name in names):
        hint = f" A parameter of the script is called '{PREFIX}{extra[0]}'." if extra else hint
    raise WeightsError(
        "the state_dict is not of this network: "
        + ", ".join(
            f"{what} {listed(names[:3])}"
            for what, names in (("missing", missing), ("not known", extra))
            if names
        )
        + f".{hint}"
    )


def _numbers(name: str, value: object) -> tuple[str, NDArray[np.float64]]:
    """The dtype of a tensor, and its numbers in float64."""
    dtype = str(getattr(value, "dtype", "")).removeprefix("torch.")
    if "float" not in dtype:
        kind = dtype or type(value).__name__
        raise WeightsError(f"expected a tensor of floats for '{shown_name(name)}', got {kind}.")
    if hasattr(value, "detach"):
        return dtype, cast(Torch, value).detach().cpu().double().numpy()
    return dtype, np.asarray(cast(ArrayLike, value), dtype=np.float64)


def _rounded(value: Fraction, dtype: str) -> float | None:
    """The value in the dtype; None where it has no room for it."""
    try:
        return round_fraction(value, float_format(dtype))
    except OverflowError:
        return None
