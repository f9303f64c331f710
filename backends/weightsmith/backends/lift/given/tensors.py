"""Tensors by name, from a safetensors file, an .npz, or a state_dict of PyTorch."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from weightsmith.backends.errors import LiftError, MissingPackageError, listed, suggestion
from weightsmith.backends.lift.given.layout import Reference

Tensor = NDArray[np.float64]
TEXTS = "US"  # kinds of NumPy: such as the metadata in an .npz of ours, no tensors
ROUNDING = {"float64": 2.0**-53, "float32": 2.0**-24}  # half a unit in the last place, relative


class Tensors:
    """What a file holds: float64 arrays of exactly its numbers, and the dtype they came in.

    ``rounding`` is the relative error of a number that was rounded to the dtype.
    """

    def __init__(self, tensors: Mapping[str, NDArray[np.generic]]) -> None:
        self.tensors: dict[str, Tensor] = {}
        dtypes = set()
        for name, tensor in tensors.items():
            dtype = str(tensor.dtype)
            if dtype not in ROUNDING:
                raise LiftError(f"expected float64 or float32 in '{name}', got {dtype}.")
            if not np.isfinite(tensor).all():
                place = tuple(map(int, np.argwhere(~np.isfinite(tensor))[0]))
                raise LiftError(f"'{name}' holds a number that is not finite, at {list(place)}.")
            dtypes.add(dtype)
            self.tensors[name] = np.asarray(tensor, dtype=np.float64)
        self.dtype = "float32" if "float32" in dtypes else "float64"
        self.rounding = ROUNDING[self.dtype]

    def __call__(self, reference: Reference, number: int = 0) -> Tensor:
        """The matrix (or bias) that a layout refers to, in pass ``number``.

        Raises LiftError where there is no such tensor or part.
        """
        if reference.identity:
            return np.eye(reference.identity)
        name = reference.tensor.replace("{i}", str(number))
        if name not in self.tensors:
            hint = suggestion(name, self.tensors) or f" There are {listed(self.tensors)}."
            raise LiftError(f"the file has no tensor '{name}'.{hint}")
        tensor = self.tensors[name]
        if tensor.ndim not in (1, 2):
            raise LiftError(f"expected a matrix or a bias in '{name}', got {tensor.ndim} axes.")
        if reference.rows is not None:
            tensor = tensor[slice(*reference.rows)]
        if reference.columns is not None:
            if tensor.ndim == 1:
                raise LiftError(f"'{name}' is a bias: it has no columns.")
            tensor = tensor[:, slice(*reference.columns)]
        return tensor.T if reference.transposed else tensor

    def position(
        self, reference: Reference, place: tuple[int, ...], number: int = 0
    ) -> tuple[str, tuple[int, ...]]:
        """The tensor and the position in it, of an entry of the matrix that a layout refers to."""
        if reference.transposed:
            place = place[::-1]
        starts = [part[0] if part else 0 for part in (reference.rows, reference.columns)]
        moved = tuple(at + start for at, start in zip(place, starts, strict=False))
        return reference.tensor.replace("{i}", str(number)), moved


def load_tensors(path: Path) -> Tensors:
    """Read a file.  Raises LiftError where it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LiftError(f"cannot read '{path}': {error.strerror}.") from error
    if path.suffix == ".npz":
        return Tensors(_npz(data, path))
    if path.suffix in (".pt", ".pth", ".bin"):
        return Tensors(_state_dict(data, path))
    return Tensors(_safetensors(data, path))


def held_tensors(tensors: Mapping[str, object]) -> Tensors:
    """Arrays, or tensors of PyTorch, by name, as a state_dict holds them.  Raises LiftError."""
    return Tensors({str(name): _array(str(name), one) for name, one in tensors.items()})


def _safetensors(data: bytes, path: Path) -> dict[str, NDArray[np.generic]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return dict(load(data))
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise LiftError(f"'{path}' is no safetensors file: {error}.") from error


def _npz(data: bytes, path: Path) -> dict[str, NDArray[np.generic]]:
    import zipfile

    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
            return {name: one for name, one in found.items() if one.dtype.kind not in TEXTS}
    except (ValueError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise LiftError(f"'{path}' is no .npz file of arrays: {error}.") from error


def _state_dict(data: bytes, path: Path) -> dict[str, NDArray[np.generic]]:
    try:
        import torch
    except ImportError as error:
        raise MissingPackageError("PyTorch", "torch") from error
    try:
        found = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # what a damaged pickle raises is not documented
        raise LiftError(f"'{path}' is no state_dict: {type(error).__name__}.") from error
    if not isinstance(found, Mapping) or not all(torch.is_tensor(one) for one in found.values()):
        raise LiftError(f"'{path}' is no state_dict: expected tensors by name.")
    return {str(name): _array(str(name), one) for name, one in found.items()}


def _array(name: str, tensor: object) -> NDArray[np.generic]:
    """An array, or a tensor of PyTorch with one of our dtypes, as an array."""
    dtype = str(getattr(tensor, "dtype", "")).removeprefix("torch.")
    if dtype not in ROUNDING:
        kind = dtype or type(tensor).__name__
        raise LiftError(f"expected float64 or float32 in '{name}', got {kind}.")
    on_cpu = getattr(tensor, "detach", None)
    return np.asarray(on_cpu().cpu() if on_cpu is not None else tensor)
