"""Files of weights, with files that say what they are, to a network as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from weightsmith.backends.errors import LiftError
from weightsmith.backends.lift.given.layout import Layout
from weightsmith.backends.lift.given.layout_file import read_layout
from weightsmith.backends.lift.given.tensors import held_tensors, load_tensors
from weightsmith.backends.lift.lift import Lifted, lift
from weightsmith.backends.lift.report import report_lines
from weightsmith.compiler.ir.template import Template
from weightsmith.compiler.nets.write_net import net_text

MAX_LAYOUT = 1 << 20  # bytes
Weights = str | Path | Mapping[str, object]  # a file, or a state_dict, or arrays by name


@dataclass(frozen=True, slots=True)
class LiftedNetwork:
    """``text``: the network, as a ``.net`` file.  ``report``: how it was found and checked."""

    text: str
    report: tuple[str, ...]
    lifted: Lifted

    @property
    def template(self) -> Template:
        return self.lifted.template


def lift_files(
    weights: Weights | Sequence[Weights],
    layouts: str | Path | Sequence[str | Path],
    *,
    noise: float = 0.0,
) -> LiftedNetwork:
    """Lift the weights of one size or several.

    Weights are files, or arrays (or tensors of PyTorch) by name; layouts are files, or text.
    Raises LiftError.
    """
    files = [weights] if isinstance(weights, str | Path | Mapping) else list(weights)
    said = [layouts] if isinstance(layouts, str | Path) else list(layouts)
    if len(said) != len(files):
        raise LiftError(f"expected a layout for each of {len(files)} files, got {len(said)}.")
    read = [_layout(one) for one in said]
    tensors = [
        held_tensors(one) if isinstance(one, Mapping) else load_tensors(Path(one)) for one in files
    ]
    found = lift(read, tensors, noise=noise)
    dtype = "float32" if any(one.dtype == "float32" for one in tensors) else "float64"
    try:
        text = net_text(found.template, read[0].inputs)
    except ValueError as error:
        raise LiftError(f"the network has no text: {error}.") from error
    return LiftedNetwork(text, tuple(report_lines(found, dtype)), found)


def _layout(one: str | Path) -> Layout:
    if isinstance(one, str) and "\n" in one:
        return read_layout(one)
    return read_layout(_text(Path(one)), str(one))


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        if len(data) > MAX_LAYOUT:
            raise LiftError(f"'{path}' is too long for a layout.")
        return data.decode("utf-8")
    except OSError as error:
        raise LiftError(f"cannot read '{path}': {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise LiftError(f"'{path}' is not UTF-8 text.") from error
