"""The steps ``recurrence`` and ``output``: the scalar map of the loop, and f against f*.

The error of the carried scalar f is e = 1 − f/f*.  With f*^root = power, write s for f*: a value is
a polynomial in s reduced by s^root = power, and the new f must be (1 − e′)·s with nothing left
over.  That is sufficient at every λ where the power is defined and positive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from weightsmith.checker.meaning import Loop
from weightsmith.checker.rational import Field, Rational
from weightsmith.checker.refusal import RefusedError, quoted, require
from weightsmith.checker.scalar_text import read_scalar
from weightsmith.checker.spectral import LAMBDA, Collapser, Form
from weightsmith.checker.strict_json import as_integer, as_object, as_text
from weightsmith.checker.targets import FUNCTION, Target
from weightsmith.dsl.formulas import formula_text

ERROR = "e"
PREVIOUS = "#previous"
INTERNAL = (LAMBDA, ERROR, PREVIOUS, FUNCTION)  # variables beside the scalars' names


@dataclass(frozen=True, slots=True)
class Recurrence:
    """f₀ and f ← next(f, λ) for each scalar name of one loop."""

    loop: Loop
    initial: Mapping[str, Rational]
    following: Mapping[str, Rational]


def read_scalars(
    value: object, what: str, names: tuple[str, ...], field: Field
) -> dict[str, Rational]:
    """An object that gives each name a scalar text."""
    parts = as_object(value, what, names)
    return {name: field.read(read_scalar(parts[name], f"{what}, '{name}'")) for name in names}


def read_recurrence(
    step: Mapping[str, object],
    loop: Loop,
    names: tuple[str, ...],
    collapser: Collapser,
    forms: Mapping[str, tuple[Form, ...]],
    field: Field,
) -> Recurrence:
    """Check that every letter goes from its forms to its forms, by these scalars."""
    require(as_integer(step["loop"], "loop") == loop.index, "The recurrence is of another loop.")
    initial = read_scalars(step["initial"], "initial", names, field)
    following = read_scalars(step["next"], "next", names, field)
    for name, value in initial.items():
        alone = field.names_in(value).isdisjoint({*names, *INTERNAL} - {LAMBDA})
        require(alone, f"The initial value of '{name}' depends on a carried scalar.")
    for letter, items in forms.items():
        start = collapser.scalars(loop.entering[letter], items)
        after = collapser.scalars(loop.leaving[letter], items)
        for name, value in start.items():
            good = value == initial[name]
            require(good, f"'{letter}' begins with {name} = {value!r}, not as 'initial' says.")
        for name, value in after.items():
            good = value == following[name]
            require(good, f"A pass takes '{letter}' to {name} = {value!r}, not as 'next' says.")
    return Recurrence(loop, initial, following)


def check_target(step: object, target: Target, field: Field) -> None:
    """Compare the target of the step with what the script's target collapses to."""
    if target.rate is not None:
        parts = as_object(step, "The target", ("exp",))
        rate = field.read(read_scalar(parts["exp"], "exp"))
        require(rate == target.rate, f"The target's exponent is {target.rate!r}·lambda.")
        return
    if target.formula is not None and target.theta is not None:
        parts = as_object(step, "The target", ("spectral", "of"))
        text = formula_text(target.formula)
        require(parts["spectral"] == text, f"The target's formula is {quoted(text)}.")
        theta = field.read(read_scalar(parts["of"], "of"))
        require(theta == target.theta, f"The formula is of {target.theta!r}.")
        return
    signed = ("sign",) if target.sign is not None else ()
    parts = as_object(step, "The target", ("root", "power", *signed))
    if target.sign is not None:
        sign = field.read(read_scalar(parts["sign"], "sign"))
        require(sign == target.sign, f"The target has the sign of {target.sign!r}.")
    root = as_integer(parts["root"], "root")
    require(root == target.root, f"The target's root is {target.root}, not {root}.")
    power = field.read(read_scalar(parts["power"], "power"))
    if power != target.power:
        raise RefusedError(f"The target's power is {target.power!r}, not {quoted(parts['power'])}.")


def reduce_root(value: Rational, root: int, power: Rational, field: Field) -> dict[int, Rational]:
    """Write a polynomial in s = power^(1/root) as Σ_{j < root} value_j · s^j, zeros left out."""
    result: dict[int, Rational] = {}
    for degree, coefficient in field.coefficients(value, FUNCTION).items():
        rest = degree % root
        term = coefficient * power ** (degree // root)
        result[rest] = result[rest] + term if rest in result else term
    return {degree: term for degree, term in result.items() if not term.is_zero}


def relative(value: Rational, root: int, power: Rational, field: Field) -> Rational:
    """value / s, where the value is a multiple of s = power^(1/root); refused if it is not."""
    reduced = reduce_root(value, root, power, field)
    if root == 1:
        return reduced.get(0, field.zero) / power
    require(set(reduced) <= {1}, "The recurrence mixes powers of the target's root.")
    return reduced.get(1, field.zero)


def polynomial_text(step: Mapping[str, object], key: str, field: Field) -> tuple[str, Rational]:
    """A scalar text of a step, as it stands and as a value."""
    text = as_text(step[key], key)
    return text, field.read(read_scalar(text, key))


def only_in(value: Rational, variable: str, what: str, field: Field) -> None:
    """Require a polynomial in one variable, its coefficients free of all other variables."""
    used = field.names_in(value) & set(field.variables)
    require(used <= {variable}, f"{what} is not a polynomial in {variable} alone.")
    field.coefficients(value, variable)
