"""The tables of a network as lines for a reader: pieces, error, and what else they would cost."""

from __future__ import annotations

from fractions import Fraction

from weightsmith.compiler.approximate.choose_tables import MOST_WIDE
from weightsmith.compiler.numbers.rounded_text import text_above, text_below
from weightsmith.compiler.reports.bound import upward

WIDE_UNITS, DEEP_UNITS = 2, 8  # hidden units a piece and row, or a layer and row, of a product


def table_lines(tables: object) -> list[str]:
    """One line for each table of a certificate."""
    return [_line(table) for table in tables] if isinstance(tables, list) else []


def _line(table: dict[str, object]) -> str:
    name = f"table   site {table['site']}: "
    if table["function"] == "gated":
        return f"{name}a product by gated units, exact"
    knots = table["knots"]
    pieces = len(knots) - 1 if isinstance(knots, list) else 0
    error = upward(Fraction(str(table["error"])))
    if table["function"] == "product":
        sizes = f"|left| <= {_down(table['left'])}, |right| <= {_down(table['right'])}"
        return f"{name}a product, {sizes}: {_product_costs(pieces)}, error {error}"
    where = f"[{_up(table['low'])}, {_down(table['high'])}]"
    return f"{name}{table['function']} on {where}: {pieces} pieces, error {error}"


def _product_costs(pieces: int) -> str:
    """Both ways to compute the square's table, the chosen one first."""
    layers = max(2, (pieces - 1).bit_length())
    wide = f"{pieces} pieces, 1 layer of {WIDE_UNITS * (pieces + 2)} units a row"
    deep = f"sawteeth, {layers} layers of {DEEP_UNITS} units a row"
    first, second = (wide, deep) if pieces <= MOST_WIDE else (deep, wide)
    return f"{first} (or {second})"


def _up(number: object) -> str:
    return text_above(Fraction(str(number)))


def _down(number: object) -> str:
    """The end of what the error is stated on: rounded to where it holds too."""
    return text_below(Fraction(str(number)))
