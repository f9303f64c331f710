"""Scalar calculus: from the recurrence of a scalar f(λ) to a bound on e = 1 − f/f*.

One function a rule of docs/certificate.md; each returns the last step of the claim with its
formula and value, or None where the rule does not fit the recurrence.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.compiler.certify.intervals import (
    DivergesError,
    Interval,
    as_text,
    iterate,
    largest,
    polynomial_range,
    root_range,
    round_up,
    to_fraction,
)
from weightsmith.compiler.certify.spectral import (
    ERROR,
    LAMBDA,
    RATIO,
    NoProofError,
    RootScalar,
    ScalarField,
)
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.dsl import scalars as exact
from weightsmith.dsl.scalars import Scalar, ScalarError

Json = dict[str, object]
MAX_INTERVALS = 5000
PRECISION = 320


@dataclass(frozen=True)
class Recurrence:
    """f ← next over the names; ``error`` is the scalar of the returned value, f* its target.

    ``bindings``: values of the symbols, or None if one is missing.
    """

    scalars: ScalarField
    initial: dict[str, Coefficient]
    next: dict[str, Coefficient]
    error: str
    target: RootScalar
    count: Scalar
    low: Scalar
    high: Scalar
    bindings: dict[str, Fraction] | None

    @property
    def count_text(self) -> str:
        return exact.to_text(self.count)

    def text(self, element: Coefficient) -> str:
        return self.scalars.field.text(element)

    def names_in(self, element: Coefficient) -> set[str]:
        found: set[str] = set()
        for part in (element.numer, element.denom):
            for exponents in part.monoms():
                pairs = zip(self.scalars.field.names, exponents, strict=True)
                found |= {name for name, exponent in pairs if exponent}
        return found

    def spectrum(self) -> Interval:
        low, high = (self.number(end) for end in (self.low, self.high))
        if low > high:
            raise NoProofError(f"the spectrum's low end {low} is above its high end {high}")
        return low, high

    def number(self, scalar: Scalar) -> Fraction:
        try:
            return exact.evaluate(scalar, self.bindings or {})
        except ScalarError as problem:
            raise NoProofError(f"a scalar has no value: {problem}") from None

    def passes(self) -> int:
        count = self.number(self.count)
        if count.denominator != 1 or count < 0:
            raise NoProofError(f"the count {count} is not a whole number")
        return int(count)

    def univariate(self, element: Coefficient, variable: str) -> list[Fraction]:
        """Return the coefficients of a polynomial in one variable, at the bindings."""
        denominator = self._parts(element.denom, variable)
        numerator = self._parts(element.numer, variable)
        if set(denominator) != {0} or denominator[0] == 0:
            raise NoProofError("a scalar is not a polynomial")
        degree = max(numerator, default=0)
        return [numerator.get(k, Fraction(0)) / denominator[0] for k in range(degree + 1)]

    def _parts(self, polynomial: object, variable: str) -> dict[int, Fraction]:
        found: dict[int, Fraction] = {}
        for exponents, number in polynomial.terms():
            power, term = 0, Fraction(int(number.numerator), int(number.denominator))
            for name, exponent in zip(self.scalars.field.names, exponents, strict=True):
                if name == variable:
                    power = exponent
                elif exponent:
                    term *= self._symbol(name) ** exponent
            found[power] = found.get(power, Fraction(0)) + term
        return found

    def _symbol(self, name: str) -> Fraction:
        bindings = self.bindings or {}
        if name in bindings:
            return bindings[name]
        from weightsmith.dsl import parse_scalar

        return self.number(parse_scalar(name))

    def at_end(self, element: Coefficient, end: Scalar) -> Coefficient:
        """Put an end of the spectrum in place of λ, symbolically."""
        return _put(self.scalars, element, LAMBDA, self.scalars.field.of(end))


@dataclass(frozen=True)
class Bounded:
    """The last step of a truncation claim, its formula, and its value if every symbol has one."""

    step: Json
    formula: str
    value: Fraction | None


def _put(
    scalars: ScalarField, element: Coefficient, name: str, replacement: Coefficient
) -> Coefficient:
    parts = []
    for polynomial in (element.numer, element.denom):
        total = scalars.field.zero
        for exponents, number in polynomial.terms():
            term = scalars.field.number(Fraction(int(number.numerator), int(number.denominator)))
            for other, exponent in zip(scalars.field.names, exponents, strict=True):
                if exponent:
                    factor = replacement if other == name else scalars.symbol(other)
                    term = term * factor**exponent
            total = total + term
        parts.append(total)
    return parts[0] / parts[1]


def in_ratio(r: Recurrence, name: str, equal: tuple[str, ...], root: RootScalar) -> Coefficient | None:
    """Substitute f = t·f* (and g = t·f*·g₀/f₀ for ``equal``) into f ← next, divided by f*.

    Other names stay.  Returns None if a fractional power of f* is left.
    """
    after, s = r.next[name], r.scalars
    known = {name: s.field.one}
    for other in equal:
        known[other] = r.initial[other] / r.initial[name]
    own = known[name]
    if any(n in known for n in _names_of(r, after.denom)):
        return None
    total = s.field.zero
    for exponents, number in after.numer.terms():
        term = s.field.number(Fraction(int(number.numerator), int(number.denominator)))
        degree = 0
        for other, exponent in zip(s.field.names, exponents, strict=True):
            if other in known and exponent:
                degree += exponent
                term = term * known[other] ** exponent
            elif exponent:
                term = term * s.symbol(other) ** exponent
        if (degree - 1) % root.root:
            return None
        total = total + term * s.symbol(RATIO) ** degree * root.power ** ((degree - 1) // root.root)
    denominator = s.field.one * s.field.number(1)
    for_denominator = _put(s, 1 / _as_element(s, after.denom), "", denominator)
    return total * for_denominator / own


def _as_element(scalars: ScalarField, polynomial: object) -> Coefficient:
    total = scalars.field.zero
    for exponents, number in polynomial.terms():
        term = scalars.field.number(Fraction(int(number.numerator), int(number.denominator)))
        for name, exponent in zip(scalars.field.names, exponents, strict=True):
            if exponent:
                term = term * scalars.symbol(name) ** exponent
        total = total + term
    return total


def _names_of(r: Recurrence, polynomial: object) -> set[str]:
    found: set[str] = set()
    for exponents in polynomial.monoms():
        found |= {n for n, e in zip(r.scalars.field.names, exponents, strict=True) if e}
    return found


def error_map(r: Recurrence, ratio_map: Coefficient) -> Coefficient:
    """Turn t ← N(t) into e ← 1 − N(1 − e)."""
    one = r.scalars.field.one
    return one - _put(r.scalars, ratio_map, RATIO, one - r.scalars.symbol(ERROR))


def autonomous(r: Recurrence) -> Bounded | None:
    """e ← map(e), free of λ: Newton–Schulz and its kin."""
    if r.target.root == 0 or r.initial[r.error] == 0:
        return None
    others = [n for n in r.next if n != r.error and r.initial[n] != 0]
    for equal in ((), *((other,) for other in others)):
        ratio = in_ratio(r, r.error, equal, r.target)
        if ratio is None or r.names_in(ratio) & ({LAMBDA} | set(r.next)):
            continue
        if all(_follows(r, other, ratio) for other in equal):
            return _autonomous_step(r, equal, error_map(r, ratio))
    return None


def _follows(r: Recurrence, other: str, ratio: Coefficient) -> bool:
    """Does g/g*, g* = f*·g₀/f₀, follow the same recurrence?"""
    scale = r.initial[other] / r.initial[r.error]
    power = r.target.power * scale**r.target.root
    mirrored = in_ratio(r, other, (r.error,), RootScalar(power, r.target.root))
    return mirrored is not None and mirrored == ratio


def _autonomous_step(r: Recurrence, equal: tuple[str, ...], change: Coefficient) -> Bounded:
    root = r.target.root
    start = r.initial[r.error] ** root / r.target.power
    step: Json = {
        "rule": "autonomous",
        "error": r.error,
        "equal": list(equal),
        "map": r.text(change),
        "start": r.text(start),
        "count": r.count_text,
    }
    formula = f"iterate(e -> {step['map']}, {step['count']}, 1 - ({step['start']})^(1/{root}))"
    power = _pure_power(r, change)
    if power and root == 1 and _degree(r, start) == 1:
        ends = [r.text(1 - r.at_end(start, end)) for end in (r.low, r.high)]
        step["ends"] = ends
        formula = f"max(abs({ends[0]}), abs({ends[1]}))^({power}^({step['count']}))"
    intervals: list[Interval] = []
    if r.bindings is not None:
        _positive(r, r.target.power)
        squares = polynomial_range(r.univariate(start, LAMBDA), r.spectrum())
        if squares[0] < 0 or not _positive_start(r):
            raise NoProofError("the iteration does not start on the target's side of zero")
        first = root_range(squares, root)
        intervals = _iterated(r.univariate(change, ERROR), (1 - first[1], 1 - first[0]), r.passes())
    step["intervals"] = [[as_text(a), as_text(b)] for a, b in intervals]
    value = largest(intervals[-1]) if intervals else None
    return Bounded(step, formula, None if value is None else round_up(value))


def _iterated(change: list[Fraction], start: Interval, count: int) -> list[Interval]:
    if count > MAX_INTERVALS:
        count_shown = MAX_INTERVALS
        intervals = iterate(change, start, count_shown)
        if len(intervals) > MAX_INTERVALS:
            raise NoProofError(f"more than {MAX_INTERVALS} passes without a stationary bound")
        return intervals
    try:
        return iterate(change, start, count)
    except DivergesError:
        raise NoProofError("the bound diverges: the start is too far from the target") from None


def _positive_start(r: Recurrence) -> bool:
    """f₀/f* ≥ 0 on the spectrum: f₀ itself is nonnegative there (f* is positive)."""
    return polynomial_range(r.univariate(r.initial[r.error], LAMBDA), r.spectrum())[0] >= 0


def _positive(r: Recurrence, power: Coefficient) -> None:
    """f* must be positive on the whole spectrum: numerator and denominator keep one sign."""
    one = r.scalars.field.one
    for part in (power.numer, power.denom):
        element = _as_element(r.scalars, part) * one
        low, high = polynomial_range(r.univariate(element, LAMBDA), r.spectrum())
        if low <= 0 <= high:
            raise NoProofError("the target has a pole or a zero on the spectrum")
    low, _ = r.spectrum()
    at_low = [Fraction(0), Fraction(0)]
    for i, part in enumerate((power.numer, power.denom)):
        coefficients = r.univariate(_as_element(r.scalars, part), LAMBDA)
        at_low[i] = sum((c * low**k for k, c in enumerate(coefficients)), Fraction(0))
    if at_low[0] * at_low[1] <= 0:
        raise NoProofError("the target is negative on the spectrum")


def _pure_power(r: Recurrence, change: Coefficient) -> int:
    for power in range(2, 10):
        if change == r.scalars.symbol(ERROR) ** power:
            return power
    return 0


def _degree(r: Recurrence, element: Coefficient) -> int:
    """Return the degree in λ, or -1 if λ is in the denominator."""
    place = r.scalars.field.names.index(LAMBDA)
    if any(exponents[place] for exponents in element.denom.monoms()):
        return -1
    return max((exponents[place] for exponents in element.numer.monoms()), default=0)


def contraction(r: Recurrence) -> Bounded | None:
    """e ← multiplier(λ)·e: gradient descent, Richardson; the multiplier may use an auxiliary."""
    if r.target.root != 1:
        return None
    ratio = in_ratio(r, r.error, (), r.target)
    if ratio is None:
        return None
    multiplier = error_map(r, ratio) / r.scalars.symbol(ERROR)
    start = 1 - r.initial[r.error] / r.target.power
    names = r.names_in(multiplier)
    if ERROR in names or _degree(r, start) < 0:
        return None
    used = names & set(r.next)
    if not used:
        return None if _degree(r, multiplier) < 0 else _plain_contraction(r, multiplier, start)
    if len(used) > 1:
        return None
    return _auxiliary_contraction(r, multiplier, start, used.pop())


def _plain_contraction(r: Recurrence, multiplier: Coefficient, start: Coefficient) -> Bounded:
    step: Json = {
        "rule": "contraction",
        "error": r.error,
        "multiplier": r.text(multiplier),
        "start": r.text(start),
        "count": r.count_text,
        "auxiliary": None,
    }
    if _degree(r, multiplier) <= 1:
        ends = [r.text(r.at_end(multiplier, end)) for end in (r.low, r.high)]
        step["ends"] = ends
        formula = f"max(abs({ends[0]}), abs({ends[1]}))^({step['count']})"
    else:
        formula = f"sup(abs({step['multiplier']}))^({step['count']})"
    if step["start"] != "1":
        if _degree(r, multiplier) <= 1 and _degree(r, start) <= 1:
            first = [r.text(r.at_end(start, end)) for end in (r.low, r.high)]
            step["start_ends"] = first
            formula += f"*max(abs({first[0]}), abs({first[1]}))"
        else:
            formula += f"*sup(abs({step['start']}))"
    if r.bindings is None:
        return Bounded(step, formula, None)
    _positive(r, r.target.power)
    rate = largest(polynomial_range(r.univariate(multiplier, LAMBDA), r.spectrum()))
    first_error = largest(polynomial_range(r.univariate(start, LAMBDA), r.spectrum()))
    value = _power(rate, r.passes()) * first_error
    return Bounded(step, formula, round_up(value))


def _power(base: Fraction, exponent: int) -> Fraction:
    """Return base^exponent, rounded up if it is long."""
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits * exponent < 4096:
        return base**exponent
    with flint.ctx.workprec(PRECISION):
        ball = flint.arb(flint.fmpq(base.numerator, base.denominator)) ** exponent
        return to_fraction(ball.upper())


def _auxiliary_contraction(
    r: Recurrence, multiplier: Coefficient, start: Coefficient, name: str
) -> Bounded | None:
    power = RootScalar(1 / r.scalars.symbol(LAMBDA), 2)
    own = in_ratio(r, name, (), power)
    if own is None or r.names_in(own) & ({LAMBDA} | set(r.next)):
        return None
    u = r.scalars.symbol(name)
    change = _put(r.scalars, own, RATIO, u)
    by_u = _in_auxiliary(r, multiplier, name)
    if by_u is None or LAMBDA in r.names_in(by_u):
        return None
    first = r.initial[name] ** 2 / power.power
    auxiliary: Json = {
        "name": name,
        "root": 2,
        "power": r.text(power.power),
        "start": r.text(first),
        "map": r.text(change),
    }
    step: Json = {
        "rule": "contraction",
        "error": r.error,
        "multiplier": r.text(by_u),
        "start": r.text(start),
        "count": r.count_text,
        "auxiliary": auxiliary,
    }
    formula = f"product(sup(abs({step['multiplier']})), {name} -> {auxiliary['map']}, {step['count']})"
    if step["start"] != "1":
        formula += f"*sup(abs({step['start']}))"
    intervals: list[Interval] = []
    value = None
    if r.bindings is not None:
        _positive(r, r.target.power)
        squares = polynomial_range(r.univariate(first, LAMBDA), r.spectrum())
        signs = polynomial_range(r.univariate(r.initial[name], LAMBDA), r.spectrum())
        if squares[0] < 0 or r.spectrum()[0] <= 0 or signs[0] < 0:
            raise NoProofError("the auxiliary scalar does not start nonnegative")
        changes, count = r.univariate(change, name), r.passes()
        intervals = _iterated(changes, root_range(squares, 2), count)
        value = largest(polynomial_range(r.univariate(start, LAMBDA), r.spectrum()))
        factors = r.univariate(by_u, name)
        for k in range(count):
            held = intervals[min(k, len(intervals) - 1)]
            value = round_up(value * largest(polynomial_range(factors, held)))
    auxiliary["intervals"] = [[as_text(a), as_text(b)] for a, b in intervals]
    return Bounded(step, formula, None if value is None else round_up(value))


def _in_auxiliary(r: Recurrence, multiplier: Coefficient, name: str) -> Coefficient | None:
    """Write the multiplier with u = scalar·√λ in place of the scalar (even powers only)."""
    place = r.scalars.field.names.index(name)
    lam = r.scalars.symbol(LAMBDA)
    if any(exponents[place] % 2 for exponents in multiplier.numer.monoms()):
        return None
    if any(exponents[place] for exponents in multiplier.denom.monoms()):
        return None
    total = r.scalars.field.zero
    for exponents, number in multiplier.numer.terms():
        term = r.scalars.field.number(Fraction(int(number.numerator), int(number.denominator)))
        for other, exponent in zip(r.scalars.field.names, exponents, strict=True):
            if exponent:
                term = term * r.scalars.symbol(other) ** exponent
        total = total + term / lam ** (exponents[place] // 2)
    return total / _as_element(r.scalars, multiplier.denom)


def three_term(r: Recurrence) -> Bounded | None:
    """e ← multiplier(λ)·e − beta·ē, ē ← e: heavy-ball momentum."""
    if r.target.root != 1 or len(r.next) != 2:
        return None
    (previous,) = (name for name in r.next if name != r.error)
    s = r.scalars
    if r.next[previous] != s.symbol(r.error) or r.initial[r.error] or r.initial[previous]:
        return None
    after = r.next[r.error]
    beta = -_slope(r, after, previous)
    multiplier = _slope(r, after, r.error)
    fixed = after - multiplier * s.symbol(r.error) + beta * s.symbol(previous)
    names = {*r.next}
    if names & (r.names_in(beta) | r.names_in(multiplier) | r.names_in(fixed)):
        return None
    if (multiplier - beta) * r.target.power + fixed != r.target.power:
        return None
    if LAMBDA in r.names_in(beta) or _degree(r, multiplier) not in (0, 1):
        return None
    ends = [r.text(r.at_end(multiplier, end)) for end in (r.low, r.high)]
    step: Json = {
        "rule": "three_term",
        "error": r.error,
        "previous": previous,
        "multiplier": r.text(multiplier),
        "beta": r.text(beta),
        "count": r.count_text,
        "ends": ends,
    }
    b, count = f"({step['beta']})", f"({step['count']})"
    formula = (
        f"{b}^({count}/2)*(U({step['count']}, t) + {b}^(1/2)*U({count} - 1, t)) with "
        f"t = max(1, max(abs({ends[0]}), abs({ends[1]}))/(2*{b}^(1/2)))"
    )
    if r.bindings is None:
        return Bounded(step, formula, None)
    _positive(r, r.target.power)
    rate = largest(polynomial_range(r.univariate(multiplier, LAMBDA), r.spectrum()))
    (beta_value,) = r.univariate(beta, ERROR)
    if beta_value <= 0:
        raise NoProofError("the momentum is not positive")
    return Bounded(step, formula, round_up(_chebyshev_bound(rate, beta_value, r.passes())))


def _chebyshev_bound(rate: Fraction, beta: Fraction, count: int) -> Fraction:
    """Enclose beta^(k/2)·(U_k(t) + √beta·U_{k−1}(t)) from above.

    V_k = beta^(k/2)·U_k(t) obeys V_{k+1} = 2t√beta·V_k − beta·V_{k−1} with V_{−1} = 0, V_0 = 1, and
    the bound is V_k + beta·V_{k−1}.
    """
    with flint.ctx.workprec(PRECISION + 2 * count.bit_length() + count):
        b = flint.arb(flint.fmpq(beta.numerator, beta.denominator))
        twice = flint.arb(flint.fmpq(rate.numerator, rate.denominator)).max(2 * b.sqrt())
        before, now = flint.arb(0), flint.arb(1)
        for _ in range(count):
            before, now = now, twice * now - b * before
        return to_fraction((now + b * before).upper())


def _slope(r: Recurrence, element: Coefficient, name: str) -> Coefficient:
    """Return the derivative with respect to a name (the element is affine in it, or a test fails)."""
    one, zero = r.scalars.field.one, r.scalars.field.zero
    return _put(r.scalars, element, name, one) - _put(r.scalars, element, name, zero)


def power_exp(r: Recurrence) -> Bounded | None:
    """f ← f^p from 1 − rate/p^count·λ, against exp(−rate·λ)."""
    if r.target.root != 0:
        return None
    s, f = r.scalars, r.scalars.symbol(r.error)
    power = next((p for p in range(2, 10) if r.next[r.error] == f**p), None)
    if power is None:
        return None
    rate = -r.target.power
    total = s.field.of(exact.Power(exact.Number(Fraction(power)), r.count))
    if r.initial[r.error] != 1 - rate / total * s.symbol(LAMBDA):
        return None
    count = r.count_text
    text = r.text(rate)
    high = exact.to_text(r.high)
    step: Json = {
        "rule": "power_exp",
        "error": r.error,
        "power": power,
        "rate": text,
        "count": count,
    }
    least = f"min(({text})*({high}), 2)"
    formula = f"{least}^2*exp(-{least})/{power}^({count})"
    if r.bindings is None:
        return Bounded(step, formula, None)
    low, top = r.spectrum()
    (rate_value,) = r.univariate(rate, LAMBDA)
    passes = r.passes()
    reach = rate_value * top
    if low < 0 or rate_value < 0 or reach > Fraction(power) ** passes:
        raise NoProofError("needs 0 <= spectrum, rate >= 0 and rate*high <= power^count")
    with flint.ctx.workprec(PRECISION):
        m = min(reach, Fraction(2))
        ball = flint.arb(flint.fmpq(m.numerator, m.denominator))
        bound = ball * ball * (-ball).exp() / flint.arb(power) ** passes
        return Bounded(step, formula, round_up(to_fraction(bound.upper())))


RULES = (power_exp, autonomous, contraction, three_term)
