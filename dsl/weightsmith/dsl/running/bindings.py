"""Numbers for the parameters of a program: what the user set, completed by the defaults."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from weightsmith.dsl.checking.default_order import in_order
from weightsmith.dsl.checking.intervals import disorder
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalar_printer import scalar_text
from weightsmith.dsl.numbers.scalar_text import parse_scalar
from weightsmith.dsl.printing.printer import assumption_text, node_text
from weightsmith.dsl.program import core
from weightsmith.dsl.program.piecewise import EXACT, ordered_ends
from weightsmith.dsl.running.passes import check_passes, limits_in_passes
from weightsmith.dsl.text.codes import Code
from weightsmith.dsl.text.diagnostics import near_hint
from weightsmith.dsl.text.shown import number_text, shown

Given = Fraction | int | float | str


class BindingError(Exception):
    """A parameter cannot have the value it was given; the message is a full sentence."""

    code: Code = "setting"

    def __init__(self, message: str) -> None:
        super().__init__(shown(message))


def resolve_bindings(program: core.Program, given: Mapping[str, Given]) -> dict[str, Fraction]:
    """Return the exact value of every parameter that has one.

    Defaults are applied after what was given, in the order in which they need one another.  A
    parameter without a value, and a default that needs one, is absent.  ``0.1`` as text is 1/10;
    as a float it is the float's exact value.  Raises BindingError.
    """
    parameters = {one.name: one for one in program.parameters}
    values: dict[str, Fraction] = {}
    for name, number in given.items():
        if name not in parameters:
            raise BindingError(_unknown(program, name))
        values[name] = _short(name, _exact(name, number))
    _apply_defaults(parameters, values)
    for name, value in values.items():
        if parameters[name].is_count:
            _check_count(f"Parameter '{name}'", value)
    for name, group in program.sizes:
        value = values.get(name, Fraction(0))
        if value.denominator != 1 or value < 0:
            what = f"Parameter '{name}' is the number of {group} tokens: it"
            raise BindingError(f"{what} must be whole and not negative, got {number_text(value)}.")
    _check_repeats(program.body, values)
    _check_intervals(program, values)
    check_limits(program, values)
    return {name: values[name] for name in parameters if name in values}


def _unknown(program: core.Program, name: str) -> str:
    names = [one.name for one in program.parameters]
    hint = near_hint(name, names)
    if hint is None:
        hint = f"it has {', '.join(names)}." if names else "it has none."
    return f"'{program.name}' has no parameter '{name}': {hint}"


def _exact(name: str, number: Given) -> Fraction:
    if isinstance(number, str):
        return _from_text(name, number)
    if getattr(number, "ndim", None) == 0 and hasattr(number, "item"):
        number = number.item()  # of NumPy or PyTorch, with all its digits
    if isinstance(number, bool) or not isinstance(number, int | float | Fraction):
        raise BindingError(f"Parameter '{name}' must be a number, got {number!r}.")
    if isinstance(number, float) and not math.isfinite(number):
        raise BindingError(f"Parameter '{name}' must be a finite number, got {number}.")
    return Fraction(number)


def _short(name: str, number: Fraction) -> Fraction:
    if q.bits(number) > q.MAX_NUMBER_BITS:
        digits = q.MAX_NUMBER_BITS * 3 // 10
        raise BindingError(f"Parameter '{name}' must have at most {digits} digits, got more.")
    return number


def _evaluate(scalar: q.Scalar, values: Mapping[str, Fraction]) -> Fraction:
    """The value, with no part of more digits than a parameter may have.  Raises ScalarError."""
    return q.evaluate(scalar, values, most_bits=q.MAX_NUMBER_BITS)


def _from_text(name: str, text: str) -> Fraction:
    """Read ``0.1``, ``-3``, ``1/3`` or ``2/(1 + 4)``, exactly."""
    try:
        return _evaluate(parse_scalar(text), {})
    except q.ScalarError as reason:
        given = text if len(text) <= 40 else f"{text[:40]}…"
        message = f"Parameter '{name}' must be a number, got '{given}': {reason}."
        raise BindingError(message) from None


def _apply_defaults(parameters: Mapping[str, core.Parameter], values: dict[str, Fraction]) -> None:
    defaults = {
        one.name: one.default
        for one in parameters.values()
        if one.default is not None and one.name not in values
    }
    needs = {name: q.free_symbols(default) for name, default in defaults.items()}
    for name in in_order(needs):
        if needs[name] <= values.keys():
            values[name] = _default_value(name, defaults[name], values)


def _default_value(name: str, default: q.Scalar, values: Mapping[str, Fraction]) -> Fraction:
    try:
        return _evaluate(default, values)
    except q.ScalarError as reason:
        text = q.to_text(default)
        message = f"The default {name} = {text} has no value here: {reason}."
        raise BindingError(message) from None


def _check_count(what: str, value: Fraction) -> None:
    if value.denominator != 1 or value < 0:
        raise BindingError(
            f"{what} counts repetitions: it must be whole and not negative, "
            f"got {number_text(value)}."
        )


def _check_repeats(body: tuple[core.Statement, ...], values: Mapping[str, Fraction]) -> None:
    for statement in body:
        if not isinstance(statement, core.Repeat):
            continue
        _check_repeats(statement.body, values)
        if q.free_symbols(statement.count) <= values.keys():
            text = q.to_text(statement.count)
            try:
                count = _evaluate(statement.count, values)
            except q.ScalarError as reason:
                message = f"'repeat {text}' has no number of steps: {reason}."
                raise BindingError(message) from None
            _check_count(f"'repeat {text}'", count)


def _check_intervals(program: core.Program, values: Mapping[str, Fraction]) -> None:
    """Refuse numbers under which an assumption can hold for no input."""
    for one in program.assumptions:
        where = _at(one, values)
        match one:
            case core.SpectrumAssumption(kind=kind, of=of, ends=ends):
                verb = "are" if kind is core.SpectrumKind.SINGULAR_VALUES else "is"
                what = f"The {kind.value} of '{node_text(of)}' {verb}"
                _check_interval(what, ends, values, where)
            case core.EntryAssumption(of=name, low=low, high=high):
                _check_interval(f"The entries of '{name}' are", (low, high), values, where)
            case core.NormAssumption(of=name, bound=bound):
                _check_least(f"The norm of '{name}' is", bound, 0, values, where)
            case core.SizeAssumption(axis=axis, bound=bound):
                _check_least(f"The size of '{axis}' is", bound, 1, values, where)
            case core.RangeAssumption():
                pass


def _at(assumption: core.Assumption, values: Mapping[str, Fraction]) -> str:
    """The assumption as the script has it, and the values that were set: `` ('…' at L = 1)``."""
    match assumption:
        case core.SpectrumAssumption(ends=ends):
            scalars = ends
        case core.EntryAssumption(low=low, high=high):
            scalars = (low, high)
        case core.NormAssumption(bound=bound) | core.SizeAssumption(bound=bound):
            scalars = (bound,)
        case core.RangeAssumption():
            scalars = ()
    names = dict.fromkeys(name for scalar in scalars for name in sorted(q.free_symbols(scalar)))
    known = [f"{name} = {number_text(values[name])}" for name in names if name in values]
    return f" ('{assumption_text(assumption)}' at {', '.join(known)})" if known else ""


def check_limits(program: core.Program, values: Mapping[str, Fraction]) -> None:
    """Refuse numbers under which ``clip`` or ``soft`` is another function than it says.

    So too those under which a scalar of a ``for`` loop has no value in some pass.
    """
    try:
        check_passes(program.body, values)
        found = list(limits_in_passes(program))
    except q.ScalarError as problem:
        raise BindingError(f"{problem}.") from None
    for label, limits in found:
        what = f"A limit of {label} is"
        for limit in limits:
            _bound(what, limit, values)
        ends = ordered_ends(label, limits) or (q.ZERO, q.ZERO)
        low, high = (_bound(what, end, values) for end in ends)
        if low is not None and high is not None and low > high:
            wrong = EXACT[label].disorder.format(low=number_text(low), high=number_text(high))
            raise BindingError(f"{wrong[0].upper()}{wrong[1:]}.")


def open_orders(program: core.Program, values: Mapping[str, Fraction]) -> tuple[str, ...]:
    """What must hold of the numbers that have no value yet: ``low <= high`` of a ``clip``.

    Where it does not, ``clip`` and ``soft`` are other functions than they say.
    """
    found: dict[str, None] = {}
    for label, limits in limits_in_passes(program):
        ends = ordered_ends(label, limits)
        if ends is not None:
            gap = algebra.plus((ends[1], algebra.negated(ends[0])))
            if not q.free_symbols(gap) <= values.keys():
                found[f"{scalar_text(ends[0])} <= {scalar_text(ends[1])}"] = None
    return tuple(found)


def _check_interval(
    what: str, ends: Sequence[q.Scalar], values: Mapping[str, Fraction], where: str
) -> None:
    numbers = [_bound(what, end, values) for end in ends]
    place = disorder(numbers)
    if place is None:
        return
    texts = [
        q.to_text(end) if number is None else number_text(number)
        for end, number in zip(ends, numbers, strict=True)
    ]
    pairs = [f"[{low}, {high}]" for low, high in zip(texts[::2], texts[1::2], strict=True)]
    problem = "the low end is above the high end"
    if place == 1:
        problem = "the second interval does not begin above the end of the first"
    raise BindingError(f"{what} assumed to lie in {' or '.join(pairs)}, but {problem}{where}.")


def _check_least(
    what: str, bound: q.Scalar, least: int, values: Mapping[str, Fraction], where: str
) -> None:
    high = _bound(what, bound, values)
    if high is not None and high < least:
        raise BindingError(
            f"{what} assumed to be at most {number_text(high)}, but it is never below "
            f"{least}{where}."
        )


def _bound(what: str, end: q.Scalar, values: Mapping[str, Fraction]) -> Fraction | None:
    if not q.free_symbols(end) <= values.keys():
        return None
    try:
        return _evaluate(end, values)
    except q.ScalarError as reason:
        raise BindingError(f"{what} assumed to have a bound without value: {reason}.") from None
