"""The body of logistic regression by damped Newton, recognised in a script.

    z = w·x, or clip(w·x, …)            g = κ·(σ(z) − y)·x′ + μ·w        E(w): the same of w·x
    Q = s(z) .* x, s = σ·(1 − σ)        H = κ·(Q·x′ + x·Q′)/2 + μ·I, or κ·Q·x′ + μ·I, or H′
    X = c·I; repeat: X ← 2X − X·H·X     w ← w − γ·g·X, γ a function of entries of a 1 × 1 value
Everything is compared as polynomials in the letters of the sites.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.algebra.words import Letter, Polynomial, ones_word
from weightsmith.checker.errors.root_problem import RootProblem
from weightsmith.checker.reading.refusal import RefusedError, require
from weightsmith.checker.semantics.meaning import Loop
from weightsmith.checker.semantics.site_letters import SiteValue
from weightsmith.dsl.numbers.formulas import formula_text
from weightsmith.dsl.program import core

PROBABILITY = "sigmoid(t)"
WEIGHT = "sigmoid(t)*(1 - sigmoid(t))"
NO_GRADIENT = "The equation is not the gradient of a regularised logistic loss."
NO_STEP = "The loop is not damped Newton for a regularised logistic loss."


@dataclass(frozen=True, slots=True, eq=False)
class Gradient:
    """E(w) = factor·(σ(w·x) − y)·x′ + mu·w."""

    factor: Fraction
    mu: Fraction
    features: Letter
    labels: Letter


@dataclass(frozen=True, slots=True, eq=False)
class NewtonShape:
    """The sites of the body, the inner loop with its start c·I, and the two polynomials."""

    gradient: Gradient
    probability: SiteValue
    weight: SiteValue
    scaled: SiteValue
    damping: SiteValue
    inner: Loop
    start: Fraction
    decrement: Polynomial  # g·X·g′, with the network's g


def read_shape(problem: RootProblem) -> NewtonShape:
    """Refuse unless the loop is damped Newton for the equation of its root."""
    gradient = _read_gradient(problem)
    children = problem.loop.children
    require(len(children) == 1, "The loop has not one inner loop.")
    inner = children[0]
    for probability in _functions(problem, PROBABILITY):
        for name, letter in inner.letters.items():
            found = _damping(problem, gradient, probability, letter)
            if found is None:
                continue
            damping, decrement = found
            start = _start(problem, inner.entering[name])
            weight, scaled = _hessian(problem, gradient, inner.leaving[name], letter)
            return NewtonShape(
                gradient, probability, weight, scaled, damping, inner, start, decrement
            )
    raise RefusedError(NO_STEP)


def _functions(problem: RootProblem, text: str) -> Iterator[SiteValue]:
    """The sites of the loop's body with this formula."""
    for site in problem.script.sites_in(problem.loop.index):
        if has_formula(site, text):
            yield site


def has_formula(site: SiteValue, text: str) -> bool:
    function = site.node.function if isinstance(site.node, core.Entrywise) else None
    return isinstance(function, core.Approximated) and formula_text(function.formula) == text


def _read_gradient(problem: RootProblem) -> Gradient:
    """Read E; σ there is of exactly w·x."""
    sites = {**problem.script.sites, **problem.own}
    equation = problem.equation
    field = equation.field
    for word in equation.terms:
        if len(word) != 2 or word[0].name not in sites:
            continue
        site, features = sites[word[0].name], word[1].transpose()
        factor = problem.number(equation.terms[word])
        mu = equation.terms.get((problem.letter,))
        labels = [w[0] for w in equation.terms if len(w) == 2 and w[1] == word[1] and w != word]
        if mu is None or len(labels) != 1 or not has_formula(site, PROBABILITY):
            break
        unknown = Polynomial.letter(field, problem.letter)
        of = unknown @ Polynomial.letter(field, features)
        require(site.arguments[0].equals(of), NO_GRADIENT)
        found = Gradient(factor, problem.number(mu), features, labels[0])
        wanted = _gradient(found, unknown, Polynomial.letter(field, word[0]))
        require(equation.equals(wanted), NO_GRADIENT)
        require(found.factor > 0 and found.mu > 0, "The loss is not strongly convex.")
        given = {features.name, labels[0].name} <= problem.input_names()
        require(given and not labels[0].transposed, "Features and labels are not inputs.")
        require(problem.letter.rows == "1", "The unknown is not one row.")
        return found
    raise RefusedError(NO_GRADIENT)


def _gradient(gradient: Gradient, unknown: Polynomial, probability: Polynomial) -> Polynomial:
    field = unknown.field
    labels = Polynomial.letter(field, gradient.labels)
    transposed = Polynomial.letter(field, gradient.features.transpose())
    data = ((probability - labels) @ transposed).scaled(field.number(gradient.factor))
    return data + unknown.scaled(field.number(gradient.mu))


def _damping(
    problem: RootProblem, gradient: Gradient, probability: SiteValue, inverse: Letter
) -> tuple[SiteValue, Polynomial] | None:
    """γ with next(w) = w − γ·g·X, and g·X·g′."""
    field = problem.next.field
    unknown = Polynomial.letter(field, problem.letter)
    if probability.letter.columns != gradient.features.columns or inverse.transposed:
        return None
    if inverse.rows != gradient.features.rows or inverse.columns != gradient.features.rows:
        return None
    slope = _gradient(gradient, unknown, Polynomial.letter(field, probability.letter))
    direction = slope @ Polynomial.letter(field, inverse)
    for site in problem.script.sites_in(problem.loop.index):
        single = (site.letter.rows, site.letter.columns) == ("1", "1")
        if not single or not isinstance(site.node, core.Entrywise):
            continue
        moved = Polynomial.letter(field, site.letter) @ direction
        if problem.next.equals(unknown - moved):
            return site, direction @ slope.transpose()
    return None


def _start(problem: RootProblem, entering: Polynomial) -> Fraction:
    """c with X = c·I before the inner loop."""
    require(set(entering.terms) == {()}, "The inverse does not start from a multiple of I.")
    return problem.number(entering.terms[()])


def _hessian(
    problem: RootProblem, gradient: Gradient, leaving: Polynomial, inverse: Letter
) -> tuple[SiteValue, SiteValue]:
    """The sites of s(z) and of Q, with X ← 2X − X·H·X."""
    field = leaving.field
    own = Polynomial.letter(field, inverse)
    doubled = own + own
    for weight in _functions(problem, WEIGHT):
        for scaled in _scaled(problem, gradient, weight):
            for hessian in _hessians(gradient, Polynomial.letter(field, scaled.letter)):
                if leaving.equals(doubled - own @ hessian @ own):
                    return weight, scaled
    raise RefusedError("The inner loop is not X <- 2*X - X*H*X with the Hessian H of the loss.")


def _scaled(problem: RootProblem, gradient: Gradient, weight: SiteValue) -> Iterator[SiteValue]:
    """Products, entry by entry, of the weights repeated down the rows, and the features."""
    features = Polynomial.letter(problem.next.field, gradient.features)
    if weight.letter.rows != "1" or weight.letter.columns != features.columns:
        return
    column = Polynomial(
        features.field,
        features.rows,
        "1",
        {ones_word(features.rows, "1"): features.field.one},
    )
    repeated = column @ Polynomial.letter(features.field, weight.letter)
    for site in problem.script.sites_in(problem.loop.index):
        if isinstance(site.node, core.Hadamard):
            left, right = site.arguments
            straight = left.equals(repeated) and right.equals(features)
            if straight or (left.equals(features) and right.equals(repeated)):
                yield site


def _hessians(gradient: Gradient, scaled: Polynomial) -> Iterator[Polynomial]:
    """κ·Q·x′ + μ·I, its transpose, and the mean of the two."""
    field = scaled.field
    features = Polynomial.letter(field, gradient.features)
    one = scaled @ features.transpose()
    two = one.transpose()
    ridge = Polynomial.identity(field, scaled.rows).scaled(field.number(gradient.mu))
    for data in (one, two, (one + two).scaled(field.number(Fraction(1, 2)))):
        yield data.scaled(field.number(gradient.factor)) + ridge
