"""``.py``: one short file for a person to read and run, with PyTorch only, or with NumPy only.

It works on arrays with any batch dimensions in front, in their dtype and on their device.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from weightsmith.backends.export.base.format import Format, Options
from weightsmith.backends.export.base.steps import Steps
from weightsmith.backends.export.base.subject import Port, Subject
from weightsmith.backends.export.python.dialect import NUMPY, TORCH, Dialect
from weightsmith.backends.export.python.names import Names
from weightsmith.backends.export.python.python_text import INDENT, Function, Writer
from weightsmith.compiler.nets.write_net import shown_net
from weightsmith.dsl.text.shown import printable

WIDTH = 98
MOST_LINES = 5000  # of the network in the docstring


def write(subject: Subject, options: Options) -> bytes:
    """Return the file."""
    dialect = NUMPY if options.numpy else TORCH
    subject = subject.with_counts_open() if options.counts else subject
    return file_text(subject, dialect, function_of(subject, dialect)).encode()


def function_of(subject: Subject, dialect: Dialect) -> Function:
    """The function of the network.  Raises ExportError."""
    steps = Steps(subject.plan)
    return Writer(subject, dialect, steps, Names(subject, steps)).function()


def file_text(subject: Subject, dialect: Dialect, function: Function) -> str:
    """The whole file around the function."""
    parts = [
        f'"""{quoted(about(subject, dialect.library))}\n"""\n',
        "\n".join(["from __future__ import annotations", "", *dialect.imports]) + "\n",
        *([constants_text(function)] if function.constants else []),
        *(f"\n{dialect.helper(name)}" for name in reversed(function.helpers)),
        "\n" + function_text(subject, dialect, function),
    ]
    return "\n".join(parts)


def function_text(subject: Subject, dialect: Dialect, function: Function) -> str:
    """The function, with the shapes in its docstring."""
    several = len(subject.outputs) > 1
    result = f"tuple[{', '.join([dialect.array] * len(subject.outputs))}]"
    arguments = [f"{name}: {dialect.array}" for name in function.inputs]
    if function.counts:
        arguments += ["*", *(f"{name}: int = {value}" for name, value in function.counts)]
    kind = result if several else dialect.array
    head = f"def {function.name}({', '.join(arguments)}) -> {kind}:"
    if len(head) > WIDTH:
        wide = [f"{INDENT}{one}," for one in arguments]
        head = "\n".join([f"def {function.name}(", *wide, f") -> {kind}:"])
    shapes = [*_shapes(subject.inputs, function.inputs)]
    shapes += [f"    {name}  how often a loop runs" for name, _ in function.counts]
    shapes.append("returns")
    shapes += _shapes(subject.outputs, tuple(port.name for port in subject.outputs))
    doc = ['"""Any batch dimensions may stand before these axes:', "", *shapes, '"""']
    lines = [head, *(f"{INDENT}{line}".rstrip() for line in (*doc, *function.body))]
    return "\n".join(lines) + "\n"


def constants_text(function: Function) -> str:
    """The columns of the tables."""
    lines: list[str] = []
    knots: dict[tuple[float, ...], str] = {}
    for name, numbers in function.constants:
        if numbers[1:] in knots and numbers[0] == numbers[1]:
            lines.append(f"{name} = ({knots[numbers[1:]]}[0], *{knots[numbers[1:]]})")
        else:
            lines.append(_constant(name, numbers))
        knots.setdefault(numbers, name)
    return "\n".join(lines) + "\n"


def _constant(name: str, numbers: tuple[float, ...]) -> str:
    line = f"{name} = ({', '.join(map(repr, numbers))},)"
    if len(line) <= WIDTH:
        return line
    body = textwrap.wrap(", ".join(map(repr, numbers)) + ",", WIDTH - len(INDENT))
    return "\n".join([f"{name} = (", *(INDENT + part for part in body), ")"])


def _shapes(ports: tuple[Port, ...], names: tuple[str, ...]) -> Iterator[str]:
    wide = max((len(name) for name in names), default=0)
    for port, name in zip(ports, names, strict=True):
        yield quoted(f"    {name:<{wide}}  {port.rows} × {port.columns}")


def about(subject: Subject, library: str) -> str:
    """What the docstring of a file says of the network and its certificate."""
    lines = [
        f"{subject.algorithm}: a transformer that was compiled from an algorithm, "
        f"for {library} alone.",
        "",
        "The network, and where its layers are below:",
        "",
        *(f"    {line}" for line in _network(subject)),
        "",
        "What its certificate says:",
        "",
        *(f"    {line}" for line in subject.statement.splitlines()),
        "",
        f"SHA-256 of the certificate: {subject.certificate}",
        f"Written by weightsmith {subject.producer}, with the numbers of {subject.dtype} weights.",
    ]
    return "\n".join(printable(line.rstrip()) for line in lines)


def _network(subject: Subject) -> list[str]:
    """Its text, no longer than a person may read."""
    lines = shown_net(subject.template, subject.declared)
    more = [f"… and {len(lines) - MOST_LINES} lines more"] * (len(lines) > MOST_LINES)
    return [*lines[:MOST_LINES], *more]


def quoted(text: str) -> str:
    """The text as it stands in a docstring."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


FORMAT = Format(
    name="python",
    suffix=".py",
    what="a Python file for PyTorch or NumPy",
    write=write,
    options=frozenset({"numpy", "counts"}),
)
