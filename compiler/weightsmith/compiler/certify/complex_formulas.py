"""Formulas as analytic functions of complex balls; at cuts, kinks and poles there is no number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from operator import add, mul

import flint

from weightsmith.compiler.certify.spectral import NoProofError
from weightsmith.dsl import formulas as f
from weightsmith.dsl.scalars import evaluate

Complex = Callable[[flint.acb], flint.acb]


def complex_formula(formula: f.Formula, bindings: Mapping[str, Fraction]) -> Complex:
    """t ↦ formula at the bindings."""
    match formula:
        case f.Variable():
            return lambda t: t
        case f.Constant(value):
            number = evaluate(value, bindings)
            exact = flint.fmpq(number.numerator, number.denominator)
            # a ball made here would have the precision of this moment
            return lambda _: flint.acb(exact)
        case f.Sum(terms):
            return _joined(add, [complex_formula(term, bindings) for term in terms])
        case f.Times(factors):
            return _joined(mul, [complex_formula(factor, bindings) for factor in factors])
        case f.IntegerPower(base, exponent):
            inner = complex_formula(base, bindings)
            return lambda t: inner(t) ** exponent
        case f.Apply(name, of):
            argument = complex_formula(of, bindings)
            return lambda t: _apply(name, argument(t))
    raise NoProofError("a formula has a part that is not known")


def _joined(join: Callable[[flint.acb, flint.acb], flint.acb], parts: list[Complex]) -> Complex:
    return lambda t: reduce(join, [part(t) for part in parts])


def _apply(name: str, z: flint.acb) -> flint.acb:
    nowhere = flint.acb(flint.arb.nan())
    match name:
        case "exp":
            return z.exp()
        case "sin":
            return z.sin()
        case "cos":
            return z.cos()
        case "tanh":
            return z.tanh()
        case "log":
            return z.log(analytic=True)
        case "sqrt":
            return z.sqrt(analytic=True)
        case "sigmoid":
            return ((-z).exp() + 1) ** -1
        case "softplus":
            return (z.exp() + 1).log(analytic=True)
        case "atan":
            return nowhere if z.real.contains(0) and not abs(z.imag) < 1 else z.atan()
        case "abs":
            return nowhere if z.real.contains(0) else (z if z.real > 0 else -z)
    raise NoProofError(f"no rule knows the function {name} at complex numbers")
