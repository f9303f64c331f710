"""Numbers of accepted claims as they are read: a bound rounded up, an interval inward."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction

from weightsmith.checker.semantics.tables import FormulaTable, ProductTable
from weightsmith.dsl.text.number_text import is_short

LONGEST_NUMBER = 12  # characters of a number that is shown as it is
_UPWARD = Context(prec=4, rounding=ROUND_CEILING, Emin=-999_999, Emax=999_999)
_INWARD = Context(prec=8, rounding=ROUND_CEILING, Emin=-999_999, Emax=999_999)
_DOWNWARD = Context(prec=8, rounding=ROUND_FLOOR, Emin=-999_999, Emax=999_999)


def decimal_above(value: Fraction) -> str:
    """A decimal of four digits that is not below the value: 1/3 -> 0.3334."""
    quotient = _UPWARD.divide(Decimal(value.numerator), Decimal(value.denominator))
    return f"{quotient.normalize(_UPWARD):g}"


def size_text(value: Fraction) -> str:
    """A bound as it is shown; 0 is exact."""
    return "0" if value == 0 else decimal_above(value)


def approximation_statement(table: FormulaTable | ProductTable) -> str:
    """|table − sigmoid(t)| ≤ 1.2e-5 on [-8, 8]."""
    error = decimal_above(table.error)
    if isinstance(table, ProductTable):
        left, right = (_inside(size, _DOWNWARD) for size in (table.left, table.right))
        of = f"|table − E .* F| ≤ {error} where |E| ≤ {left} and |F| ≤ {right}"
        return f"{of} (site {table.site})."
    ends = f"[{_inside(table.low, _INWARD)}, {_inside(table.high, _DOWNWARD)}]"
    return f"|table − {table.text}| ≤ {error} on {ends} (site {table.site})."


def _inside(value: Fraction, context: Context) -> str:
    """Exact if that is short, else rounded to where the statement holds too."""
    if is_short(value, LONGEST_NUMBER):
        return str(value)
    quotient = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    return f"{quotient.normalize(context):g}"
