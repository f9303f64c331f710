"""The plan of one target: which family, and how many layers no network can do without.

inv, pinv         Chebyshev compositions; of an operator that is not positive by way of A'A, or
                  from the best residual on both intervals
polar, sign       minimax odd polynomials of degree 3, 9 and 27, composed; cubics if narrow
sqrt, invsqrt, E^(-1/p)  greedy minimax compositions, or a Chebyshev series if it is shallower
E^(p/q)           a Chebyshev series
exp, spectral     a Chebyshev series, its error absolute
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import flint

from weightsmith.compiler.approximate.enclosures.formula_balls import values
from weightsmith.compiler.numbers.round_off import UNITS, carried
from weightsmith.compiler.numbers.rounded_text import text_above, text_below
from weightsmith.compiler.synthesize.families.numbers import SHORT, Ball
from weightsmith.compiler.synthesize.families.series import NoSeriesError, Series, chebyshev_series
from weightsmith.compiler.synthesize.plans.inverse_plan import (
    Shifted,
    general_inverse_plan,
    indefinite_inverse_plan,
    resolvents_plan,
)
from weightsmith.compiler.synthesize.plans.script import Plan
from weightsmith.compiler.synthesize.plans.series_plan import series_plan
from weightsmith.compiler.synthesize.plans.sign_plan import (
    inverse_root_plan,
    polar_plan,
    scheduled_plan,
    sign_plan,
    square_root_plan,
)
from weightsmith.compiler.synthesize.preference import FEWEST_LAYERS, Preference
from weightsmith.compiler.synthesize.requests import lower_bound as bound
from weightsmith.compiler.synthesize.requests.lower_bound import Degrees, LowerBound
from weightsmith.compiler.synthesize.requests.spectrum import Interval, Spectrum
from weightsmith.dsl.numbers.formulas import Formula
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import SpectrumKind
from weightsmith.dsl.text.number_text import is_short

LEAST = 8  # a tolerance below so many units of round-off, times the condition, is refused
SHARE = Fraction(48, 49)  # of a tolerance that a series takes: its certificate is a little wider
LONGEST = 728  # of a series: six layers
Scalar = Callable[[Ball], Ball]


class RefusedError(Exception):
    """No synthesis; the message says why, ``hint`` what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Wanted:
    """f(E) within a tolerance: E as text, its spectrum, the text that multiplies it on the left."""

    function: core.Function
    operator: str
    spectrum: Spectrum
    tolerance: Fraction
    left: str = "I"
    degrees: Degrees = bound.MATRIX
    dtype: str = "float64"
    preference: Preference = FEWEST_LAYERS
    asked: Fraction | None = None  # of f(E), where the tolerance is smaller

    @property
    def largest(self) -> Fraction:
        """The error that the target may have: what a lower bound is about."""
        return self.tolerance if self.asked is None else max(self.tolerance, self.asked)


@dataclass(frozen=True)
class Choice:
    plan: Plan
    results: tuple[str, ...]  # one for each of the wanted, in order
    lower_bound: LowerBound
    absorbs_left: bool = False


def choose(wanted: Wanted) -> Choice:
    """The plan with the fewest layers; of signs and roots also the narrow one.

    Raises RefusedError.
    """
    name = wanted.function.function
    if name in ("inv", "pinv") or (name == "power" and wanted.function.exponent == -1):
        return choose_inverses([wanted])
    if name in ("polar", "sign"):
        return _sign(wanted)
    _refuse_passes(wanted)
    if name in ("sqrt", "invsqrt", "power"):
        return _power(wanted)
    return _analytic(wanted)


def choose_inverses(wanted: list[Wanted]) -> Choice:
    """Inverses of one or several operators, with positive or negative spectra, in one loop."""
    tolerance = min(one.tolerance for one in wanted)
    for one in wanted:
        _refuse_passes(one)
        low, high = _away_from_zero(one)
        _meets_dtype(one, high / low)
    if len(wanted) == 1 and not _is_definite(wanted[0].spectrum):
        return _general_inverse(wanted[0])
    given = [Shifted(one.operator, one.spectrum.hull, one.left) for one in wanted]
    plan = resolvents_plan(given, tolerance)
    least = bound.NOTHING
    for one in wanted:
        interval = _positive(one.spectrum.widest)
        least = least.both(bound.inverse_layers(interval, one.largest, one.degrees))
    return Choice(plan, plan.results, least, absorbs_left=True)


def _positive(interval: Interval) -> Interval:
    low, high = interval
    return (low, high) if low > 0 else (-high, -low)


def is_definite_inverse(one: Wanted) -> bool:
    name, exponent = one.function.function, one.function.exponent
    inverse = name in ("inv", "pinv") or (name == "power" and exponent == -1)
    return inverse and _is_definite(one.spectrum)


def _is_definite(spectrum: Spectrum) -> bool:
    low, high = spectrum.hull
    return spectrum.kind is not SpectrumKind.SINGULAR_VALUES and (low > 0 or high < 0)


def _general_inverse(one: Wanted) -> Choice:
    """By (A'A)⁻¹·A'.  Singular values: A'·q(AA'), of degree 2·deg q + 1 in A."""
    low, high = one.spectrum.moduli
    plan = general_inverse_plan(_factor(one.operator), (low, high), one.tolerance)
    if len(one.spectrum.intervals) == 2:
        other = indefinite_inverse_plan(one.operator, one.spectrum.intervals, one.tolerance)
        plan = plan if other is None or plan.layers <= other.layers else other
    least = _least_for_both_signs(one)
    return Choice(plan, plan.results, _sharper(one, least, plan.layers, lambda z: 1 / z))


def _sharper(one: Wanted, least: LowerBound, layers: int, function: Scalar) -> LowerBound:
    """Look at the places of the best polynomials too where the bound is below the plan."""
    if one.spectrum.kind is SpectrumKind.SINGULAR_VALUES or least.layers >= layers:
        return least
    intervals = one.spectrum.intervals

    def error(degree: int) -> Fraction:
        return bound.relative_error(function, degree, intervals)

    return bound.sharper(least, layers, one.largest, one.degrees, error)


def _least_for_both_signs(one: Wanted) -> LowerBound:
    """On ±[l, u] the best p is odd, λ·q(λ²), as A'·q(AA') is: a residual 1 − λ²·q(λ²)."""
    both = _common_moduli(one.spectrum)
    if both is None:
        return bound.NOTHING
    squares = (both[0] ** 2, both[1] ** 2)
    return bound.inverse_layers(squares, one.largest, bound.SINGULAR)


def _sign(one: Wanted) -> Choice:
    low, high = _away_from_zero(one)
    _meets_dtype(one, high / low)
    least = _least_for_a_sign(one)
    at_least = None if one.preference.narrow else least.layers
    if one.function.function == "sign" and _is_definite(one.spectrum):
        sign = "I" if one.spectrum.hull[0] > 0 else "-I"
        raise RefusedError(f"the sign is {sign} on all of the spectrum", f"write {sign}")
    passes, degree = one.preference.passes, one.preference.degree
    if passes is not None:
        is_polar = one.function.function == "polar"
        plan = scheduled_plan(one.operator, (low, high), passes, degree, is_polar=is_polar)
    elif one.function.function == "polar":
        plan = polar_plan(one.operator, (low, high), one.tolerance, at_least)
    else:
        plan = sign_plan(one.operator, (low, high), one.tolerance, at_least)
    if passes is None:
        _converged(plan, one.tolerance)
    least = _sharper(one, least, plan.layers, lambda z: flint.arb(1 if z > 0 else -1))
    return Choice(plan, plan.results, least)


def _refuse_passes(one: Wanted) -> None:
    name = one.function.function
    if one.preference.passes is not None and name not in ("polar", "sign"):
        message = f"a number of passes is chosen for polar factors and signs, not for {name}"
        raise RefusedError(message, "say how near it must come, --within 1e-6")


def _least_for_a_sign(one: Wanted) -> LowerBound:
    """From what the spectrum has on both sides: on ±[l, u] the best polynomial is odd, t·q(t²)."""
    both = _common_moduli(one.spectrum)
    if both is None:
        return bound.NOTHING
    squares = (both[0] ** 2, both[1] ** 2)
    error = _relative(lambda z: 1 / z.sqrt(), squares)
    by_sign = bound.least_layers(lambda n: bound.sign_error(n, both), bound.SINGULAR, one.largest)
    return bound.least_layers(error, bound.SINGULAR, one.largest).both(by_sign)


def _common_moduli(spectrum: Spectrum) -> Interval | None:
    """[l, u] with both −[l, u] and [l, u] in the spectrum: what the lower bound may use."""
    if spectrum.kind is SpectrumKind.SINGULAR_VALUES:
        return spectrum.widest
    (a, b), (c, d) = spectrum.intervals[0], spectrum.intervals[-1]
    low, high = max(-b, c), min(-a, d)
    return (low, high) if low <= high else None


def _power(one: Wanted) -> Choice:
    """A^r of a positive spectrum, relatively: |1 − p(λ)/λ^r| ≤ tolerance."""
    low, high = one.spectrum.hull
    name = one.function.function
    exponent = one.function.exponent or Fraction(1, 2) * (1 if name == "sqrt" else -1)
    if low <= 0 or one.spectrum.kind is SpectrumKind.SINGULAR_VALUES:
        message = f"a root needs a positive spectrum, and this one lies in [{low}, {high}]"
        raise RefusedError(message, "assume spectrum(A) in [mu, L] with mu > 0")
    _meets_dtype(one, high / low if exponent < 0 else Fraction(1))
    power = _real_power(exponent)
    candidates: list[tuple[Plan, str]] = []
    if exponent in (Fraction(1, 2), Fraction(-1, 2)):
        plan = square_root_plan(one.operator, (low, high), one.tolerance)
        candidates.append((plan, plan.results[exponent < 0]))
    elif exponent.numerator == -1 and exponent.denominator <= 8:
        plan = inverse_root_plan(one.operator, (low, high), exponent.denominator, one.tolerance)
        candidates.append((plan, plan.results[0]))
    candidates = [one_ for one_ in candidates if one_[0].error <= one.tolerance]
    series = None
    if not (one.preference.narrow and candidates):
        series = _relative_series(one, power, (low, high))
    if series is not None:
        candidates.append((series, series.results[0]))
    if not candidates:
        raise RefusedError(
            "no polynomial of bearable degree is found for this spectrum and tolerance"
        )
    plan, result = min(candidates, key=lambda pair: pair[0].layers)  # ties: the composition
    error = _relative(power, one.spectrum.widest)
    least = bound.least_layers(error, one.degrees, one.largest)
    return Choice(plan, (result,), _sharper(one, least, plan.layers, power))


@lru_cache(maxsize=8)
def _real_power(exponent: Fraction) -> Scalar:
    return lambda z: z.root(exponent.denominator) ** exponent.numerator


def _relative(function: Scalar, interval: Interval) -> Callable[[int], Fraction]:
    return lambda n: bound.function_error(function, n, interval, relative=True)


def _relative_series(one: Wanted, power: Scalar, interval: Interval) -> Plan | None:
    tolerance = one.tolerance * SHARE
    try:
        series = chebyshev_series(power, *interval, tolerance, relative=True, longest=LONGEST)
    except NoSeriesError:
        return None
    _refuse_constant(one, series)
    return series_plan(one.operator, series, absolute=False)


def _analytic(one: Wanted) -> Choice:
    """exp and spectral(f, E), to the tolerance absolutely."""
    interval = one.spectrum.hull
    if one.spectrum.kind is SpectrumKind.SINGULAR_VALUES:
        message = "a function of eigenvalues needs an assumption about the spectrum"
        raise RefusedError(message, "write: assume spectrum(A) in [a, b]")
    if interval[0] == interval[1]:
        place = _end_text(interval[0])
        message = f"the spectrum is the one point {place}, so the function is a multiple of I"
        raise RefusedError(message, "write the value of the function there, times I")
    if one.tolerance < (round_off := LEAST * UNITS[one.dtype]):
        raise RefusedError(f"{one.dtype} carries no error below {text_below(round_off)}")
    function: Scalar = flint.arb.exp
    if one.function.formula is not None:
        function = _formula(one.function.formula)
    try:
        series = chebyshev_series(function, *interval, one.tolerance * SHARE, longest=LONGEST)
    except NoSeriesError as reason:
        raise RefusedError(
            f"the Chebyshev series does not reach {text_below(one.tolerance)} on "
            f"[{_end_text(interval[0])}, {_end_text(interval[1])}]{reason}",
            f"it has {LONGEST} terms at most: the function must be smooth on the spectrum (no "
            "pole, no breakpoint) and not vary too much; assume less, or allow a larger error",
        ) from None
    _refuse_constant(one, series)
    plan = series_plan(one.operator, series)
    least = bound.function_layers(
        function, one.spectrum.widest, one.largest, relative=False, degrees=one.degrees
    )
    return Choice(plan, plan.results, least)


def _end_text(end: Fraction) -> str:
    """A number for a message: as it is, or about that where it is long."""
    return str(end) if is_short(end, SHORT) else f"about {text_above(end)}"


@lru_cache(maxsize=8)
def _formula(formula: Formula) -> Scalar:
    """The same function for the same formula, which series remember."""
    return values(formula, {})


def _away_from_zero(one: Wanted) -> Interval:
    low, high = one.spectrum.moduli
    if low == 0:
        name = one.function.function
        where = " or ".join(f"[{low}, {high}]" for low, high in one.spectrum.intervals)
        message = (
            f"{name} jumps or has a pole at 0, and an eigenvalue of {one.operator} may be 0: "
            f"it lies in {where}"
        )
        hint = "assume a spectrum that keeps away from 0"
        if one.spectrum.hull[0] < 0 < one.spectrum.hull[1]:
            hint += ": spectrum(…) in [a, b] or [c, d], with that point between b and c"
        raise RefusedError(message, hint)
    return low, high


def _refuse_constant(one: Wanted, series: Series) -> None:
    if series.degree == 0:
        message = f"the function is constant on the spectrum, within {text_above(one.tolerance)}"
        raise RefusedError(message, "write a multiple of I, or a smaller tolerance")


def _meets_dtype(one: Wanted, condition: Fraction) -> None:
    least = LEAST * UNITS[one.dtype] * condition
    if one.tolerance < least:
        message = (
            f"{one.dtype} does not carry {text_below(one.tolerance)}: with a condition of "
            f"{text_above(condition)} an error of about {text_above(least)} is lost to round-off"
        )
        asked = carried(one.dtype, condition)
        hint = f"ask for {text_above(asked)} or more" if asked < 1 else "bring the ends nearer"
        raise RefusedError(message, hint)


def _converged(plan: Plan, tolerance: Fraction) -> None:
    if plan.error > tolerance:
        raise RefusedError(
            f"with coefficients of 25 digits the error stays at {text_above(plan.error)}"
        )


def _factor(text: str) -> str:
    return text if text.isidentifier() or text.startswith("(") else f"({text})"
