"""The numbers of fixed matrices (``W: fixed[k, d]``), given when a network is compiled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from numbers import Rational
from typing import Protocol, runtime_checkable

from weightsmith.compiler.ir.template import Matrix, Template
from weightsmith.dsl import BindingError
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.program import core
from weightsmith.dsl.text.diagnostics import near_hint
from weightsmith.dsl.text.literals import exact_literal

Rows = Sequence[Sequence[object]]
Entries = tuple[tuple[str, ...], ...]
Fixed = Mapping[str, Entries]
LONGEST = 60  # characters of an entry that a message repeats


@runtime_checkable
class _Ratio(Protocol):
    """A number that is a fraction."""

    def as_integer_ratio(self) -> tuple[int, int]: ...


def read_matrices(program: core.Program, given: Mapping[str, object]) -> dict[str, Entries]:
    """Return the entries of the fixed matrices as texts ``p/q``, exactly those of floats too.

    A matrix is a list of rows, or an array: of whole numbers, fractions, floats or texts like
    ``"1/3"``.  A list of matrices, or an array of three axes, is one for every pass: W1, W2, … of
    the script's ``W: fixed[k, d] per pass``.  Raises BindingError on one that the script does not
    have, that is no matrix of finite numbers or does not fit the others.
    """
    shapes = {one.name: one.shape for one in program.inputs if one.fixed}
    given = _each_pass(shapes, given)
    sizes: dict[str, tuple[int, str]] = {}
    found: dict[str, Entries] = {}
    for name, rows in given.items():
        if name not in shapes:
            hint = near_hint(name, shapes) or f"it has {', '.join(shapes) or 'none'}."
            raise BindingError(f"'{program.name}' has no fixed matrix '{name}': {hint}")
        entries = tuple(
            tuple(_number(name, one, (k, n)) for n, one in enumerate(row))
            for k, row in enumerate(_rows(name, rows))
        )
        widths = {len(row) for row in entries}
        if len(widths) != 1 or 0 in widths:
            raise BindingError(f"The fixed matrix '{name}' needs rows of one length, at least 1.")
        shape = len(entries), widths.pop()
        axes = shapes[name].rows, shapes[name].columns
        if axes[0] == axes[1] and shape[0] != shape[1]:
            raise BindingError(
                f"The fixed matrix '{name}' is square, [{axes[0]}, {axes[1]}]: expected as many "
                f"rows as columns, got {shape[0]} x {shape[1]}."
            )
        for axis, size in zip(axes, shape, strict=True):
            known, other = (
                (int(axis), "the script") if axis.isdigit() else sizes.get(axis, (size, ""))
            )
            if known != size:
                raise BindingError(
                    f"The fixed matrix '{name}' has {size} along {axis}, and {other} says {known}."
                )
            sizes[axis] = size, f"'{name}'"
        found[name] = entries
    return found


def _each_pass(shapes: Collection[str], given: Mapping[str, object]) -> dict[str, object]:
    """The matrices that are given, those of every pass by their own names.

    Raises BindingError where there are more or fewer of them than passes.
    """
    found: dict[str, object] = {}
    for name, value in given.items():
        whole = value.tolist() if hasattr(value, "tolist") else value
        passes = 0
        while f"{name}{passes + 1}" in shapes:
            passes += 1
        if name in shapes or not passes:
            own = {name: value}
        elif not isinstance(whole, list | tuple) or len(whole) != passes or _axes(whole) != 3:
            raise BindingError(
                f"'{name}' is a matrix per pass, for {passes} passes: expected {passes} matrices, "
                f"an array of three axes, got {_told(whole)}."
            )
        else:
            own = {f"{name}{k + 1}": one for k, one in enumerate(whole)}
        if twice := own.keys() & found.keys():
            raise BindingError(f"The fixed matrix '{min(twice)}' is given twice.")
        found |= own
    return found


def _rows(name: str, value: object) -> Iterable[Iterable[object]]:
    rows = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(rows, list | tuple) or not all(isinstance(r, list | tuple) for r in rows):
        raise BindingError(
            f"The fixed matrix '{name}' must be a list of rows, or an array of two axes."
        )
    return rows


def _axes(value: object) -> int:
    """How deep the lists are, by their first entries."""
    deep = 0
    while hasattr(value, "tolist") or isinstance(value, list | tuple):
        value = value.tolist() if hasattr(value, "tolist") else value
        if not isinstance(value, list | tuple):
            break
        deep += 1
        value = value[0] if value else None
    return deep


def _told(whole: object) -> str:
    """What was given for the matrices of all passes, in words."""
    axes = _axes(whole)
    if isinstance(whole, list | tuple) and (axes == 3 or not whole):
        return f"{len(whole)}"
    return {0: "no array", 1: "a row of numbers", 2: "one matrix"}.get(axes, f"{axes} axes")


def _number(name: str, value: object, place: tuple[int, int]) -> str:
    """The exact value of a number of any kind, as ``p/q``.  Raises BindingError."""
    problem = "that is no finite number"
    try:
        exact = _exact(value)
        if exact is not None and q.bits(exact) <= q.MAX_NUMBER_BITS:
            return str(exact)
        if exact is not None:
            problem = f"of more than {q.MAX_NUMBER_BITS * 3 // 10} digits"
    except (ValueError, OverflowError, ZeroDivisionError):
        pass
    raise BindingError(
        f"The fixed matrix '{name}' has an entry {problem}, at [{place[0]}, {place[1]}]: "
        f"{repr(value)[:LONGEST]}."
    )


def _exact(value: object) -> Fraction | None:
    """Nothing is rounded: a float is the fraction that it is, a text what it says."""
    item = getattr(value, "item", None)  # NumPy's numbers, and those of others
    value = item() if callable(item) else value
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        above, _, below = value.partition("/")
        return exact_literal(above) / (exact_literal(below) if below else 1)
    if isinstance(value, Rational):
        return Fraction(value)
    if isinstance(value, _Ratio):  # floats of every width, decimals
        return Fraction(*value.as_integer_ratio())
    return None


def with_matrices(template: Template, given: Fixed) -> Template:
    """The template with the entries that are given."""
    if not given:
        return template
    matrices = tuple(_filled(one, given) for one in template.matrices)
    return replace(template, matrices=matrices)


def _filled(matrix: Matrix, given: Fixed) -> Matrix:
    return replace(matrix, entries=given[matrix.name]) if matrix.name in given else matrix
