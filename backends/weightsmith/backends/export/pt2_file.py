"""``.pt2``: a program of ``torch.export``, for any batch, tokens and sizes; the certificate beside.

``torch.export`` writes loops out, so a network of too many operations is refused.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

from weightsmith.backends.errors import ExportError
from weightsmith.backends.export.base.format import Format, Options
from weightsmith.backends.export.base.subject import Subject, free_name, identifier
from weightsmith.backends.export.python.dialect import TORCH
from weightsmith.backends.export.python.python_file import file_text, function_of
from weightsmith.backends.plan.live import live
from weightsmith.backends.plan.operations.nodes import Carried, Input, Result
from weightsmith.backends.storage.files import CERTIFICATE

if TYPE_CHECKING:
    from torch import nn

STATEMENT = "statement.txt"
MOST = 3000  # operations: torch.export takes seconds for a thousand
SMALLEST = 2  # of the sizes that a program is recorded with: 1 would be taken for a constant
CLASS = """

class Network(torch.nn.Module):
    def forward(self, {arguments}):
        return {name}({arguments})
"""


def write(subject: Subject, options: Options) -> bytes:
    """Return the file.  Raises ExportError."""
    import torch

    _refuse_long(subject)
    axes = _axes(subject)
    recorded = {axis: SMALLEST + number for number, axis in enumerate(axes)} | subject.told
    named = {axis: torch.export.Dim(name) for axis, name in axes.items()}
    places = [("", port.rows, port.columns) for port in subject.inputs]
    program = torch.export.export(
        _module(subject),
        tuple(
            torch.ones(
                [_extent(axis, recorded) for axis in place], dtype=getattr(torch, subject.dtype)
            )
            for place in places
        ),
        dynamic_shapes=tuple(
            {number: named[axis] for number, axis in enumerate(place) if axis in named}
            for place in places
        ),
    )
    buffer = io.BytesIO()
    extra = {CERTIFICATE: subject.certificate_file.decode(), STATEMENT: subject.statement}
    torch.export.save(program, buffer, extra_files=extra)
    return buffer.getvalue()


def _module(subject: Subject) -> nn.Module:
    """The module whose ``forward`` is the function of the Python file."""
    function = function_of(subject, TORCH)
    text = file_text(subject, TORCH, function)
    text += CLASS.format(arguments=", ".join(function.inputs), name=function.name)
    names: dict[str, object] = {}
    exec(compile(text, f"<{function.name}>", "exec"), names)
    made: nn.Module = names["Network"]()  # type: ignore[operator]
    return made


def _axes(subject: Subject) -> dict[str, str]:
    """The names of all axes that may have any size, the batch's first: of those no matrix tells."""
    taken: set[str] = set()
    axes = [axis for port in subject.inputs for axis in (port.rows, port.columns)]
    free = {axis: "" for axis in ("", *axes) if not (axis.isdigit() or axis in subject.told)}
    return {axis: free_name(identifier(axis or "batch"), taken) for axis in free}


def _extent(axis: str, sizes: Mapping[str, int]) -> int:
    return int(axis) if axis.isdigit() else sizes[axis]


def _refuse_long(subject: Subject) -> None:
    graph = subject.plan.graph
    operations = sum(
        graph.trips[scope]
        for scope, order in live(subject.plan).order.items()
        for node in order
        if not isinstance(graph.nodes[node], Input | Carried | Result)
    )
    if operations > MOST:
        raise ExportError(
            f"a .pt2 file has its loops written out, which are {operations} operations here, more "
            f"than {MOST}; export .onnx, where loops stay loops."
        )


FORMAT = Format(
    name="pt2",
    suffix=".pt2",
    what="a program of torch.export",
    write=write,
    needs=("torch",),
    extra="torch",
)
