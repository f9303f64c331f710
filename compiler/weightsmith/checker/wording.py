"""How an accepted claim reads: the bound with its number rounded up, and what it assumes."""

from __future__ import annotations

from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction

from weightsmith.checker.truncation import Truncation

_UPWARD = Context(prec=4, rounding=ROUND_CEILING, Emin=-999_999, Emax=999_999)


def decimal_above(value: Fraction) -> str:
    """A decimal of four digits that is not below the value: 1/3 -> 0.3334."""
    quotient = _UPWARD.divide(Decimal(value.numerator), Decimal(value.denominator))
    return f"{quotient.normalize(_UPWARD):g}"


def truncation_statement(claim: Truncation) -> str:
    """‖X − target‖₂ ≤ 1.2e-5 = formula, if …"""
    size = "" if claim.value is None else f"{decimal_above(claim.value)} = "
    factor = "" if claim.scale == "1" else f" · {claim.scale}"
    assumed = "; ".join(claim.hypotheses)
    bound = f"{size}{claim.formula}" if not factor else f"{size}({claim.formula}){factor}"
    return f"‖{claim.output} − target‖₂ ≤ {bound}, if {assumed}."
