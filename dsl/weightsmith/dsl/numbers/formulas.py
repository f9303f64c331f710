"""Functions of one variable, as formulas: what a script applies to every entry of a value.

A formula is a tree over the variable ``t``, exact scalars, sums, products, powers, and the
functions of ``elementary``.  Its text form, ``sigmoid(t)*(1 - sigmoid(t))``, stands in scripts and
in ``certificate.json``; ``parse_formula`` reads what ``formula_text`` prints.

``formula_sum``, ``formula_product`` and ``formula_power`` flatten and fold the constants; formulas
that are made with them, as all those of a checked script are, print and read back as the same tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.dsl.elementary import NAMES
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalar_printer import bracketed_text, signed
from weightsmith.dsl.numbers.scalar_text import MAX_LENGTH, literal_value, scalar_tokens
from weightsmith.dsl.numbers.scalars import PowerError, Scalar, ScalarError

VARIABLE = "t"
MAX_EXPONENT = 100
MAX_NODES = 500
MAX_DEPTH = 60


@dataclass(frozen=True, slots=True)
class Variable:
    """t, an entry of the value that the function is applied to."""


@dataclass(frozen=True, slots=True)
class Constant:
    value: Scalar


@dataclass(frozen=True, slots=True)
class Sum:
    terms: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Times:
    factors: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class IntegerPower:
    """``base ^ exponent``; division is the power -1."""

    base: Formula
    exponent: int


@dataclass(frozen=True, slots=True)
class Apply:
    """One of the elementary functions: softplus(t) = log(1 + exp(t)), …"""

    function: str
    of: Formula


Formula = Variable | Constant | Sum | Times | IntegerPower | Apply


# -- building -----------------------------------------------------------------------------------


def formula_sum(terms: Iterable[Formula]) -> Formula:
    """Add; nested sums are flattened and the constants become one."""
    parts: list[Formula] = []
    for term in terms:
        parts.extend(term.terms if isinstance(term, Sum) else (term,))
    constants = [part.value for part in parts if isinstance(part, Constant)]
    first = next((i for i, part in enumerate(parts) if isinstance(part, Constant)), 0)
    kept: list[Formula] = [part for part in parts if not isinstance(part, Constant)]
    total = algebra.plus(constants)
    if total != q.ZERO or not kept:
        kept.insert(min(first, len(kept)), Constant(total))
    return kept[0] if len(kept) == 1 else Sum(tuple(kept))


def formula_product(factors: Iterable[Formula]) -> Formula:
    """Multiply; nested products are flattened and the constants become one, in front."""
    parts: list[Formula] = []
    for factor in factors:
        parts.extend(factor.factors if isinstance(factor, Times) else (factor,))
    constant = algebra.times(part.value for part in parts if isinstance(part, Constant))
    kept: list[Formula] = [part for part in parts if not isinstance(part, Constant)]
    if constant == q.ZERO or not kept:
        return Constant(constant)
    if constant != q.ONE:
        kept.insert(0, Constant(constant))
    return kept[0] if len(kept) == 1 else Times(tuple(kept))


def formula_power(base: Formula, exponent: int) -> Formula:
    """Raise to a whole power.  Raises ScalarError for a power of zero, or one that is too high."""
    if isinstance(base, Constant):
        return Constant(algebra.power(base.value, q.Number(Fraction(exponent))))
    if abs(exponent) > MAX_EXPONENT:
        raise ScalarError(f"the exponent {exponent} is beyond {MAX_EXPONENT}")
    if exponent == 0:
        return Constant(q.ONE)
    return base if exponent == 1 else IntegerPower(base, exponent)


def rebuilt(formula: Formula, leaf: Callable[[Variable | Constant], Formula]) -> Formula:
    """Return the formula with its leaves replaced."""
    match formula:
        case Variable() | Constant():
            return leaf(formula)
        case Sum(terms):
            return formula_sum(rebuilt(term, leaf) for term in terms)
        case Times(factors):
            return formula_product(rebuilt(factor, leaf) for factor in factors)
        case IntegerPower(base, exponent):
            return formula_power(rebuilt(base, leaf), exponent)
        case Apply(function, of):
            return Apply(function, rebuilt(of, leaf))


def composed(formula: Formula, inner: Formula) -> Formula:
    """Return formula(inner(t)).  Raises ScalarError if it is too long to write out."""
    if formula_size(formula)[0] * formula_size(inner)[0] > MAX_NODES**2:
        raise ScalarError("this formula is too long")
    return rebuilt(formula, lambda leaf: inner if isinstance(leaf, Variable) else leaf)


def substitute_formula(formula: Formula, replacements: Mapping[str, Scalar]) -> Formula:
    """Replace the symbols of the constants.  Raises ScalarError on a division by zero."""
    known = dict(replacements)

    def leaf(one: Variable | Constant) -> Formula:
        if isinstance(one, Variable):
            return one
        value = algebra.substituted(one.value, known)
        refuse_variable(value)
        return Constant(value)

    return rebuilt(formula, leaf)


def refuse_variable(scalar: Scalar) -> None:
    """Raise ScalarError if a parameter is called as the variable is in every formula's text."""
    if VARIABLE in q.free_symbols(scalar):
        raise ScalarError(
            f"a parameter called '{VARIABLE}' cannot stand in a function: formulas write their "
            f"variable as {VARIABLE}"
        )


# -- asking -------------------------------------------------------------------------------------


def formula_symbols(formula: Formula) -> frozenset[str]:
    """The names of the scalars that must be bound before the formula has values."""
    match formula:
        case Variable():
            return frozenset()
        case Constant(value):
            return q.free_symbols(value)
        case Sum(parts) | Times(parts):
            return frozenset().union(*map(formula_symbols, parts))
        case IntegerPower(base=of) | Apply(of=of):
            return formula_symbols(of)


def has_variable(formula: Formula) -> bool:
    match formula:
        case Variable():
            return True
        case Constant():
            return False
        case Sum(parts) | Times(parts):
            return any(map(has_variable, parts))
        case IntegerPower(base=of) | Apply(of=of):
            return has_variable(of)


def formula_size(formula: Formula) -> tuple[int, int]:
    """Return the number of nodes and the number of levels."""
    match formula:
        case Variable() | Constant():
            return 1, 1
        case Sum(parts) | Times(parts):
            sizes = list(map(formula_size, parts))
            return 1 + sum(n for n, _ in sizes), 1 + max(level for _, level in sizes)
        case IntegerPower(base=of) | Apply(of=of):
            nodes, levels = formula_size(of)
            return nodes + 1, levels + 1


# -- text ---------------------------------------------------------------------------------------


def formula_text(formula: Formula) -> str:
    """Print in the syntax of the language, the variable as ``t``."""
    return _text(formula, 0)


def _text(formula: Formula, tightness: int) -> str:
    """Tightness: 0 in a sum, 1 in a product, 2 below ``/``, 3 in a power."""
    negative, rest = _signed(formula)
    if negative:
        text, own = f"-{_text(rest, 1)}", 0
        return f"({text})" if own < tightness else text
    match formula:
        case Variable():
            return VARIABLE
        case Constant(value):
            return bracketed_text(value, tightness)
        case Apply(function, of):
            return f"{function}({_text(of, 0)})"
        case Sum(terms):
            text, own = _sum_text(terms), 0
        case Times(factors):
            text, own = _product_text(factors), 1
        case IntegerPower(base, -1):
            text, own = f"1/{_text(base, 2)}", 1
        case IntegerPower(base, exponent):
            power = str(exponent) if exponent >= 0 else f"({exponent})"
            text, own = f"{_text(base, 3)}^{power}", 2
    return f"({text})" if own < tightness else text


def _signed(formula: Formula) -> tuple[bool, Formula]:
    """Split a leading minus off."""
    if isinstance(formula, Constant):
        negative, scalar = signed(formula.value)
        return negative, Constant(scalar)
    if isinstance(formula, Times) and isinstance(formula.factors[0], Constant):
        negative, scalar = signed(formula.factors[0].value)
        if negative:
            return True, formula_product((Constant(scalar), *formula.factors[1:]))
    return False, formula


def _sum_text(terms: tuple[Formula, ...]) -> str:
    text = ""
    for term in terms:
        negative, rest = _signed(term)
        sign = (" - " if negative else " + ") if text else ("-" if negative else "")
        text += sign + _text(rest, 1 if sign else 0 if isinstance(rest, Constant) else 1)
    return text


def _product_text(factors: tuple[Formula, ...]) -> str:
    text = ""
    for factor in factors:
        if isinstance(factor, IntegerPower) and factor.exponent == -1:
            text = f"{text or '1'}/{_text(factor.base, 2)}"
        else:
            part = _text(factor, 1 if not text else 2)
            text = f"{text}*{part}" if text else part
    return text


def parse_formula(text: str) -> Formula:
    """Return the formula in ``t`` that ``text`` prints.  Raises ScalarError on anything else."""
    if len(text) > MAX_LENGTH:
        raise ScalarError(f"expected a formula of at most {MAX_LENGTH} characters, got {len(text)}")
    reader = _Reader(scalar_tokens(text))
    formula = reader.sum(0)
    if reader.next is not None:
        raise ScalarError(f"expected the end of the formula, got '{reader.next[:40]}'")
    return formula


class _Reader:
    """Recursive descent, as for scalars; a name before a bracket is a function."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def next(self) -> str | None:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else None

    def _take(self, *marks: str) -> str | None:
        if self.next in marks and self._tokens[self._at][0] == "mark":
            self._at += 1
            return self._tokens[self._at - 1][1]
        return None

    def sum(self, depth: int) -> Formula:
        terms = [self._product(depth)]
        while (sign := self._take("+", "-")) is not None:
            term = self._product(depth)
            terms.append(term if sign == "+" else _negative(term))
        return formula_sum(terms)

    def _product(self, depth: int) -> Formula:
        factors = [self._factor(depth)]
        while (mark := self._take("*", "/")) is not None:
            factor = self._factor(depth)
            factors.append(factor if mark == "*" else formula_power(factor, -1))
        return formula_product(factors)

    def _factor(self, depth: int) -> Formula:
        if depth > 2 * MAX_DEPTH:
            raise ScalarError("this formula is nested too deeply")
        if self._take("-"):
            return _negative(self._factor(depth + 1))
        base = self._atom(depth)
        if not self._take("^", "**"):
            return base
        exponent = self._factor(depth + 1)
        if not isinstance(exponent, Constant):
            raise ScalarError("an exponent is a number, got a function of t")
        return raised(base, exponent.value)

    def _atom(self, depth: int) -> Formula:
        if self._take("("):
            return self._closed(depth)
        if self.next is None:
            raise ScalarError("expected a number, a name or t, got the end of the formula")
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "name":
            return self._named(text, depth)
        if kind == "mark":
            raise ScalarError(f"expected a number, a name or t, got '{text}'")
        return Constant(q.Number(literal_value(kind, text)))

    def _named(self, name: str, depth: int) -> Formula:
        if self._take("("):
            if name not in NAMES:
                raise ScalarError(f"expected one of {', '.join(NAMES)}, got '{name[:40]}'")
            return Apply(name, self._closed(depth))
        return Variable() if name == VARIABLE else Constant(q.Symbol(name))

    def _closed(self, depth: int) -> Formula:
        inner = self.sum(depth + 1)
        if self._take(")") is None:
            found = "the end of the formula" if self.next is None else f"'{self.next[:40]}'"
            raise ScalarError(f"expected ')', got {found}")
        return inner


def raised(base: Formula, exponent: Scalar) -> Formula:
    """Return the power: of a constant by any scalar, of a formula by a whole number."""
    if isinstance(base, Constant):
        return Constant(algebra.power(base.value, exponent))
    number = algebra.constant(exponent)
    if number is None or number.denominator != 1:
        raise PowerError("the power of a formula is a whole number")
    return formula_power(base, int(number))


def _negative(formula: Formula) -> Formula:
    return formula_product((Constant(q.MINUS_ONE), formula))
