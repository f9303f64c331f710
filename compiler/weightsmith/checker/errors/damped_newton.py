"""The recursion of the rule ``logistic_newton``: what a pass does to the bounds e and r."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.checker.algebra.words import Polynomial
from weightsmith.checker.balls.bounds import (
    Ball,
    Bounds,
    above,
    ball_above,
    exact,
    larger,
    least,
    times,
)
from weightsmith.checker.balls.claim_numbers import ball_rounded_up, shown
from weightsmith.checker.balls.curves import Curve, exact_curve, table_curve
from weightsmith.checker.balls.ranges import rational
from weightsmith.checker.errors.assumed import Assumed
from weightsmith.checker.errors.newton_shape import NewtonShape
from weightsmith.checker.errors.root_problem import RootProblem
from weightsmith.checker.reading.refusal import RefusedError, require
from weightsmith.checker.reading.scalar_text import count_at
from weightsmith.checker.semantics.site_letters import SiteValue
from weightsmith.checker.semantics.tables import FormulaTable, Gated, ProductTable, Table
from weightsmith.dsl.program import core

MAX_STEPS = 5000
MAX_INNER = 64  # further passes are not counted: they only help
STEEPEST = Fraction(962251, 10**7)  # ≥ max |σ″| = 1/(6√3): its square is at least 1/108
LOSS = Fraction(278465, 10**6)  # ≥ max t·σ(−t)
Pair = tuple[Fraction, Fraction]
Range = tuple[Fraction | None, Fraction | None]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Upper bounds: of ‖x_i‖ (column), of κ·‖x x′‖ (ell), …; mu is exact."""

    mu: Ball
    ell: Ball
    column: Ball
    hessian: Ball  # h ≥ ‖H‖
    gradient_error: Ball  # δ_g
    hessian_error: Ball  # δ_H
    residual: Ball  # ρ ≥ ‖I − X·H̃‖
    inverse: Ball  # x̄ ≥ ‖X‖
    inverse_error: Ball  # ΔX ≥ ‖X − H⁻¹‖
    radius: Ball  # R ≥ ‖w*‖


class LogisticNewton:
    """The recursion, for one script."""

    def __init__(
        self,
        problem: RootProblem,
        shape: NewtonShape,
        tables: Mapping[str, Table],
        assumed: Assumed,
    ) -> None:
        self._problem = problem
        self._shape = shape
        self._tables = tables
        self._features = assumed.letter(shape.gradient.features)
        self.steps = count_at(problem.loop.count, problem.script.bindings)
        require(self.steps <= MAX_STEPS, f"The loop has more than {MAX_STEPS} passes.")
        self._check_labels(assumed.letter(shape.gradient.labels))
        self.numbers = self._numbers(assumed)
        self._check_product()

    def start(self) -> Pair:
        """e and r before the first pass, where w = 0."""
        n = self.numbers
        return ball_rounded_up(n.radius), ball_rounded_up(n.radius * n.hessian.sqrt())

    def next(self, before: Pair) -> Pair:
        """e and r after a pass."""
        n = self.numbers
        e, r = (ball_above(one) for one in before)
        self._check_reach(above((n.radius + e) * n.column))
        noise = n.gradient_error * n.inverse
        require(108 * STEEPEST**2 >= 1, "A constant of the rule is too small.")
        drift = n.hessian_error + ball_above(STEEPEST) * n.column * n.ell * e / 2
        plain = above(n.residual + n.inverse * drift)
        metric = self._metric_factor(above(n.column * e))
        far, near = flint.arb(0), flint.arb(0)
        for gamma in self._dampings(e):
            stay = abs(1 - gamma)
            far = larger(far, above((stay + gamma * plain) * e + gamma * noise))
            pushed = gamma * noise * n.hessian.sqrt()
            near = larger(near, above((stay + gamma * metric) * r + pushed))
        distance = least(far, near / n.mu.sqrt())
        return ball_rounded_up(distance), ball_rounded_up(least(near, far * n.hessian.sqrt()))

    # -- constants ------------------------------------------------------------------------------

    def _numbers(self, assumed: Assumed) -> Numbers:
        gradient = self._shape.gradient
        tokens = assumed.size(gradient.features.columns)
        if tokens is None or not self._features.column.is_finite():
            raise RefusedError("The number of tokens, or their norm, is not assumed.")
        weight = gradient.factor * tokens
        require(weight <= 1, "The loss is more than a mean over the tokens.")
        mu = flint.arb(rational(gradient.mu))
        ell = above(flint.arb(rational(gradient.factor)) * self._features.norm**2)
        require(bool(ell.is_finite()), "The norm of the features is not bounded.")
        hessian = above(mu + ell / 4)
        gradient_error = above(ball_above(self._table(self._shape.probability).error) * ell.sqrt())
        hessian_error = self._hessian_error(assumed, ell)
        gap = (mu - hessian_error).lower()
        require(bool(gap > 0), "The tables move the Hessian by more than mu.")
        residual = self._residual(mu, hessian, hessian_error)
        inverse = above((1 + residual) / gap)
        inverse_error = above(hessian_error / (mu * gap) + residual / gap)
        radius = least(ell.sqrt() / (2 * mu), (_loss() / mu).sqrt())
        return Numbers(
            mu,
            ell,
            self._features.column,
            hessian,
            gradient_error,
            hessian_error,
            residual,
            inverse,
            inverse_error,
            radius,
        )

    def _hessian_error(self, assumed: Assumed, ell: Ball) -> Ball:
        """δ_H = ε₂·ℓ + ε₃·√(m·ℓ)."""
        error = ball_above(self._table(self._shape.weight).error) * ell
        table = self._tables.get(self._shape.scaled.node.site)
        if isinstance(table, ProductTable):
            rows = assumed.size_ball(self._shape.gradient.features.rows)
            error = error + times(ball_above(table.error), (rows * ell).sqrt())
        else:
            require(isinstance(table, Gated), "A product of entries has no table.")
        error = above(error)
        require(bool(error.is_finite()), "The size of the features is not assumed.")
        return error

    def _residual(self, mu: Ball, hessian: Ball, hessian_error: Ball) -> Ball:
        """ρ = ρ₀^(2^K) for K inner passes, ρ₀ ≥ ‖I − c·H̃‖."""
        c = flint.arb(rational(self._shape.start))
        ends = above(abs(1 - c * mu)), above(abs(1 - c * hessian))
        residual = above(larger(*ends) + abs(c) * hessian_error)
        require(bool(residual < 1), "The start of the inverse is too far from it.")
        passes = count_at(self._shape.inner.count, self._problem.script.bindings)
        for _ in range(min(passes, MAX_INNER)):
            residual = above(residual * residual)
        return residual

    def _check_labels(self, labels: Bounds) -> None:
        known = bool(labels.low >= 0 and labels.high <= 1)
        require(known, "The labels are not assumed to lie in [0, 1].")

    # -- where the tables are -------------------------------------------------------------------

    def _table(self, site: SiteValue) -> FormulaTable:
        table = self._tables.get(site.node.site)
        if not isinstance(table, FormulaTable):
            raise RefusedError(f"The function at site {site.node.site} has no table.")
        return table

    def _check_product(self) -> None:
        """The factors of Q must be within the sizes of its table, for every z."""
        table = self._tables.get(self._shape.scaled.node.site)
        if not isinstance(table, ProductTable):
            return
        weights = table_curve(self._table(self._shape.weight).knots).range(None, None)
        largest = max(abs(one) for one in weights if one is not None)
        entry = self._features.size
        first = self._shape.scaled.arguments[0].columns  # both factors have one shape
        require(first == self._shape.gradient.features.columns, "The product has another shape.")
        features = Polynomial.letter(self._problem.next.field, self._shape.gradient.features)
        is_right = self._shape.scaled.arguments[1].equals(features)
        of_weight, of_features = (
            (table.left, table.right) if is_right else (table.right, table.left)
        )
        small = largest <= of_weight and bool(entry <= flint.arb(rational(of_features)).lower())
        require(small, "The factors of a product are larger than its table allows.")

    def _check_reach(self, reach: Ball) -> None:
        """|w·x| ≤ reach must be where clips change nothing and the tables hold."""
        size = exact(reach)
        for site in (self._shape.probability, self._shape.weight):
            table, clip = self._table(site), self._clip(site.arguments[0])
            intervals = [(table.low, table.high)] + ([] if clip is None else [clip])
            require(
                all(low <= -size and size <= high for low, high in intervals),
                f"w·x is only shown to be at most {shown(size)}, which is more than the clip "
                f"or the table of {site.letter.name} allows.",
            )

    def _clip(self, argument: Polynomial) -> Pair | None:
        """The ends between which the argument, w·x or a clip of it, is w·x; None: everywhere."""
        field = argument.field
        features = Polynomial.letter(field, self._shape.gradient.features)
        plain = Polynomial.letter(field, self._problem.letter) @ features
        if argument.equals(plain):
            return None
        site = self._single_site(argument)
        if site is None or not site.arguments[0].equals(plain):
            raise RefusedError("The functions of the loss are not of w·x, nor of a clip of it.")
        return _identity_interval(self._curve(site))

    def _single_site(self, argument: Polynomial) -> SiteValue | None:
        """The site of whose value this is, exactly, if it has an exact function."""
        for site in self._problem.script.sites_in(self._problem.loop.index):
            function = site.node.function if isinstance(site.node, core.Entrywise) else None
            own = Polynomial.letter(argument.field, site.letter)
            if isinstance(function, core.PiecewiseLinear) and argument.equals(own):
                return site
        return None

    def _curve(self, site: SiteValue) -> Curve:
        table = self._tables.get(site.node.site)
        if isinstance(table, FormulaTable):
            return table_curve(table.knots)
        if isinstance(site.node, core.Entrywise):
            function = site.node.function
            if isinstance(function, core.PiecewiseLinear):
                return exact_curve(function, self._problem.script.bindings)
        raise RefusedError(f"The function at site {site.node.site} has no table.")

    # -- one pass -------------------------------------------------------------------------------

    def _dampings(self, e: Ball) -> tuple[Ball, Ball]:
        """The ends of the interval of γ."""
        n = self.numbers
        decrement = above((n.hessian * e + n.gradient_error) ** 2 * n.inverse)
        argument = self._argument_range(self._shape.damping.arguments[0], exact(decrement))
        low, high = self._curve(self._shape.damping).range(*argument)
        if low is None or high is None or low < 0:
            raise RefusedError("The damping is not shown to be positive and bounded.")
        return flint.arb(rational(low)), flint.arb(rational(high))

    def _argument_range(self, argument: Polynomial, decrement: Fraction) -> Range:
        """|g̃·X·g̃′| ≤ (h·e + δ_g)²·x̄; of other arguments nothing is known."""
        if argument.equals(self._shape.decrement):
            return -decrement, decrement
        site = self._single_site(argument)
        if site is None:
            return None, None
        inner = self._argument_range(site.arguments[0], decrement)
        return self._curve(site).range(*inner)

    def _metric_factor(self, rho: Ball) -> Ball:
        """θ = d·φ·√((1 + d(e^ρ − 1))/(1 − d(1 − e^−ρ))) + √(h/μ)·h·ΔX."""
        n = self.numbers
        share = above((n.ell / 4) / (n.ell / 4 + n.mu))
        grown = rho.exp()
        change = rho / 2 * grown  # ≥ (e^ρ − 1 − ρ)/ρ, term by term
        if rho > flint.arb(2) ** -40:
            change = (grown - 1 - rho) / rho
        worst = (1 + share * (grown - 1)) / (1 - share * (1 - (-rho).exp()))
        inexact = (n.hessian / n.mu).sqrt() * n.hessian * n.inverse_error
        return above(share * change * worst.sqrt() + inexact)


def _identity_interval(curve: Curve) -> Pair:
    """The interval around 0 on which a curve is the identity."""
    for place, value in zip(curve.places, curve.values, strict=True):
        known = place == value
        require(known, "A clip is not the identity between its ends.")
    good = len(curve.places) == 2 and curve.slopes[1] == 1
    require(good, "A function before the loss is not a clip.")
    return curve.places[0], curve.places[1]


def _loss() -> Ball:
    """s ≥ max t·σ(−t) = max t/(1 + e^t): t ≤ s·(1 + e^t) for all t, as s + 1 + log s ≥ 0."""
    size = flint.arb(rational(LOSS))
    require(bool(size + 1 + size.log() >= 0), "A constant of the rule is too small.")
    return size


def newton_formula(problem: RootProblem, shape: NewtonShape, ell: Fraction) -> str:
    """The recursion as it is written in docs/rules/logistic_newton.md, from its start."""
    mu, count = shape.gradient.mu, problem.count_text
    radius = f"min(({ell})^(1/2)/(2*({mu})), ({LOSS}/({mu}))^(1/2))"
    return f"iterate((e, r) -> newton(e, r), {count}, {radius})"


def derive_passes(newton: LogisticNewton) -> list[Pair]:
    """e and r before the first pass, and after each."""
    passes = [newton.start()]
    for _ in range(newton.steps):
        passes.append(newton.next(passes[-1]))
    return passes
