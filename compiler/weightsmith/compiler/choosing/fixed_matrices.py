"""The numbers of fixed matrices (``W: fixed[k, d]``), given when a network is compiled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from numbers import Rational
from typing import SupportsFloat

from weightsmith.compiler.ir.template import Matrix, Template
from weightsmith.dsl import BindingError
from weightsmith.dsl.program import core
from weightsmith.dsl.text.diagnostics import near_hint

Rows = Sequence[Sequence[object]]
Entries = tuple[tuple[str, ...], ...]
Fixed = Mapping[str, Entries]


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
        entries = tuple(tuple(_number(name, one) for one in row) for row in _rows(name, rows))
        widths = {len(row) for row in entries}
        if len(widths) != 1 or 0 in widths:
            raise BindingError(f"The fixed matrix '{name}' needs rows of one length, at least 1.")
        axes = shapes[name].rows, shapes[name].columns
        for axis, size in zip(axes, (len(entries), widths.pop()), strict=True):
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
        elif not isinstance(whole, list | tuple) or len(whole) != passes:
            said = len(whole) if isinstance(whole, list | tuple) else "no"
            raise BindingError(
                f"'{name}' is a matrix per pass, for {passes} passes: expected {passes} matrices, "
                f"an array of three axes, got {said}."
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


def _number(name: str, value: object) -> str:
    try:
        if isinstance(value, str | int | Rational) and not isinstance(value, bool):
            return str(Fraction(value))
        if isinstance(value, SupportsFloat) and not isinstance(value, bool):
            return str(Fraction(float(value)))
    except (ValueError, OverflowError, ZeroDivisionError):
        pass
    raise BindingError(
        f"The fixed matrix '{name}' has an entry that is no finite number: {value!r}."
    )


def with_matrices(template: Template, given: Fixed) -> Template:
    """The template with the entries that are given."""
    if not given:
        return template
    matrices = tuple(_filled(one, given) for one in template.matrices)
    return replace(template, matrices=matrices)


def _filled(matrix: Matrix, given: Fixed) -> Matrix:
    return replace(matrix, entries=given[matrix.name]) if matrix.name in given else matrix
