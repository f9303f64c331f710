"""The numbers of the rule ``descent``: step size, slopes, factor, start and noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.checker.algebra.words import Letter, Polynomial, Word
from weightsmith.checker.balls.bounds import (
    ZERO,
    Ball,
    Bounds,
    above,
    ball_above,
    ball_below,
    exact,
    larger,
    least,
    spread,
    times,
)
from weightsmith.checker.balls.claim_numbers import ball_rounded_up, rounded_outward, shown
from weightsmith.checker.balls.ranges import rational
from weightsmith.checker.errors.assumed import Assumed
from weightsmith.checker.errors.chains import Chain, read_chain
from weightsmith.checker.errors.error_formula import (
    ErrorFormula,
    decimal_above,
    decimal_below,
    number_text,
)
from weightsmith.checker.errors.root_problem import RootProblem
from weightsmith.checker.errors.word_bounds import WordBounds
from weightsmith.checker.reading.refusal import Budget, RefusedError, require
from weightsmith.checker.reading.scalar_text import count_at, is_atom
from weightsmith.checker.semantics.tables import Table
from weightsmith.dsl.program.letters import read_letter

NO_TERM = "The step has a term that is not w, w·x·x', a function of w·x times x', or free of w."
NO_NORM = "Nothing bounds the norm of {}: assume norms and a size, or a spectrum."
NO_CONTRACTION = "A step is not shown to bring values nearer to each other: its factor is {}."


@dataclass(frozen=True, slots=True)
class Descent:
    """The numbers of the rule, each a decimal, rounded up; ``noise`` by the sites of tables."""

    loop: int
    step_size: Fraction
    features: str
    slopes: Mapping[str, tuple[Fraction, Fraction]]
    factor: Fraction
    start: Fraction
    noise: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """next(w) = shrink·w + linear·w·x·x′ + Σ factor·(value of a site)·x′ + rest, x the features."""

    shrink: Fraction
    linear: Fraction
    parts: tuple[tuple[Fraction, Letter, Chain], ...]
    features: Letter
    rest: Mapping[Word, object]


def derive_descent(
    problem: RootProblem, tables: Mapping[str, Table], assumed: Assumed, budget: Budget
) -> Descent:
    """Refuse unless the loop is a descent to the root, and a contraction."""
    step_size = _step_size(problem)
    step = _read_step(problem, tables, budget)
    words = WordBounds(assumed, budget)
    features = assumed.letter(step.features)
    require(bool(features.norm.is_finite()), NO_NORM.format(step.features.plain().name))
    factor = 1 - decimal_below(1 - ball_rounded_up(_factor(step, assumed, features)))
    require(factor < 1, NO_CONTRACTION.format(shown(factor)))
    at_zero = _frobenius(_at_zero(problem, step, words), problem.letter, assumed)
    start = ball_rounded_up(at_zero / (1 - flint.arb(rational(factor))))
    reach = above(times(ball_above(start), features.column))
    for _, _, chain in step.parts:
        moved = spread(reach).scaled(chain.scale)
        chain.range(moved + words.of(chain.rest, _no_letters), inside=True)
    noise = _noise(problem, step, assumed, features)
    slopes = {chain.number: rounded_outward(*chain.slopes()) for _, _, chain in step.parts}
    name = step.features.text
    first = decimal_above(start)
    return Descent(problem.loop.index, step_size, name, slopes, factor, first, noise)


def descent_value(problem: RootProblem, factor: Fraction, start: Fraction, noise: Fraction) -> Ball:
    """factor^k·start + noise·(1 − factor^k)/(1 − factor), for factor < 1."""
    count = count_at(problem.loop.count, problem.script.bindings)
    base = flint.arb(rational(factor))
    power = base**count
    later = ball_above(noise) * (1 - power) / (1 - base)
    return above(power * ball_above(start) + later)


def descent_formula(
    problem: RootProblem, factor: Fraction, start: Fraction, noise: ErrorFormula
) -> str:
    """``0.75^steps*5 + 4.5*e[1]*(1 - 0.75^steps)/(1 - 0.75)``."""
    count = problem.count_text if is_atom(problem.count_text) else f"({problem.count_text})"
    base = number_text(factor)
    power = f"({base})^{count}" if "*" in base else f"{base}^{count}"
    first = f"{power}*{number_text(start)}"
    if not noise.terms:
        return first
    each = noise.text if len(noise.terms) == 1 else f"({noise.text})"
    return f"{first} + {each}*(1 - {power})/(1 - {base})"


def _step_size(problem: RootProblem) -> Fraction:
    """η with next(w) = w − η·E(w)."""
    require(not problem.own, "The equation of the root has a function that the step does not have.")
    own = Polynomial.letter(problem.script.field, problem.letter)
    moved = own - problem.next
    require(not moved.is_zero and not problem.equation.is_zero, "The step does not move.")
    word = next(iter(problem.equation.terms))
    known = word in moved.terms
    require(known, "The step is not w minus a multiple of the equation of the root.")
    size = moved.terms[word] / problem.equation.terms[word]
    same = moved.equals(problem.equation.scaled(size))
    require(same, "The step is not w minus a multiple of the equation of the root.")
    return problem.number(size)


def _read_step(problem: RootProblem, tables: Mapping[str, Table], budget: Budget) -> _Step:
    shrink = linear = Fraction(0)
    parts: list[tuple[Fraction, Letter, Chain]] = []
    rest: dict[Word, object] = {}
    features: Letter | None = None
    sites = problem.script.sites
    for word, coefficient in problem.next.terms.items():
        number = problem.number(coefficient)
        if word == (problem.letter,):
            shrink = number
        elif len(word) == 2 and word[0].name in sites and not word[0].transposed:
            chain = read_chain(problem, sites[word[0].name], tables, budget)
            transposed = word[1] == chain.features.transpose()
            require(transposed, "The step multiplies a function of w·x by something else than x'.")
            features = features or chain.features
            require(features == chain.features, "The functions of the step are of several inputs.")
            parts.append((number, word[0], chain))
        elif len(word) == 3 and word[0] == problem.letter and word[2] == word[1].transpose():
            require(word[1].plain().name in problem.input_names(), NO_TERM)
            features = features or word[1]
            require(features == word[1], "The functions of the step are of several inputs.")
            linear = number
        else:
            names = {name for letter in word for name in letter.names}
            free = not any(name in sites or read_letter(name).loop for name in names)
            require(free, NO_TERM)
            rest[word] = coefficient
    if features is None:
        raise RefusedError("The step has no function of the unknown.")
    return _Step(shrink, linear, tuple(parts), features, rest)


def _factor(step: _Step, assumed: Assumed, features: Bounds) -> Ball:
    """max |α − e|, e from the least to the largest eigenvalue that x S x′ may have."""
    least_slope = largest_slope = -step.linear
    for number, _, chain in step.parts:
        ends = [-number * slope for slope in chain.slopes()]
        least_slope, largest_slope = least_slope + min(ends), largest_slope + max(ends)
    low, high = _square(step.features, assumed, features)
    bottom = ball_below(least_slope) * (low if least_slope >= 0 else high)
    top = ball_above(largest_slope) * (high if largest_slope >= 0 else low)
    shrink = flint.arb(rational(step.shrink))
    return larger(above(abs(shrink - bottom)), above(abs(shrink - top)))


def _square(letter: Letter, assumed: Assumed, features: Bounds) -> tuple[Ball, Ball]:
    """Ends of the spectrum of x·x′."""
    word = (letter, letter.transpose())
    high = above(features.norm * features.norm)
    if word not in assumed.spectra:
        return ZERO, high
    ends = assumed.spectra[word]
    return ball_below(max(ends[0], Fraction(0))), least(high, ball_above(max(ends[1], Fraction(0))))


def _at_zero(problem: RootProblem, step: _Step, words: WordBounds) -> Bounds:
    """F̂(0) = Σ β_i·f̂_i(A_i)·x′ + C."""
    values: dict[str, Bounds] = {}
    terms = {word: problem.next.terms[word] for word in step.rest}
    transposed = step.features.transpose()
    for _, letter, chain in step.parts:
        bounds = chain.range(words.of(chain.rest, _no_letters))
        values[letter.name] = words.sized(bounds, letter.rows, letter.columns)
        terms[(letter, transposed)] = problem.next.terms[(letter, transposed)]
    shape = problem.next.rows, problem.next.columns
    polynomial = Polynomial(problem.next.field, *shape, terms)
    return words.of(polynomial, lambda letter: values[letter.name])


def _frobenius(bounds: Bounds, letter: Letter, assumed: Assumed) -> Ball:
    rows, columns = assumed.size_ball(letter.rows), assumed.size_ball(letter.columns)
    size = least(
        rows.sqrt() * bounds.row,
        columns.sqrt() * bounds.column,
        rows.sqrt() * bounds.norm,
        columns.sqrt() * bounds.norm,
    )
    require(bool(size.is_finite()), "The first step is not bounded by the assumptions.")
    return size


def _noise(
    problem: RootProblem, step: _Step, assumed: Assumed, features: Bounds
) -> dict[str, Fraction]:
    """c, by the sites of tables: a step is within Σ c·error of F̂."""
    shares: dict[str, Fraction] = {}
    for number, _, chain in step.parts:
        for site, share in chain.shares().items():
            shares[site] = shares.get(site, Fraction(0)) + abs(number) * share
    rows = assumed.size_ball(problem.letter.rows)
    tokens = assumed.size_ball(step.features.columns)
    size = above((rows * tokens).sqrt() * features.norm)
    finite = not shares or bool(size.is_finite())
    require(finite, "The error of the tables is not bounded: a size or a norm is not assumed.")
    whole = exact(size) if shares else Fraction(0)
    return {
        site: decimal_above(share * whole) for site, share in sorted(shares.items(), key=_place)
    }


def _place(item: tuple[str, Fraction]) -> int:
    return int(item[0])


def _no_letters(letter: Letter) -> Bounds:
    raise RefusedError(f"Nothing is known of '{letter.name}' here.")
