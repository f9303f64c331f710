"""Approximated functions: their tables, and a fact about each of them."""

from __future__ import annotations

from weightsmith.compiler.approximate.choose_tables import SiteTable
from weightsmith.compiler.approximate.lower import Lowered
from weightsmith.compiler.certify.stated import Stated

Json = dict[str, object]


def tables_json(lowered: Lowered) -> list[Json]:
    """Return the tables of a certificate, in the order of the sites."""
    return [_table_json(table) for table in lowered.tables]


def _table_json(found: SiteTable) -> Json:
    if found.table is None:
        return {"site": found.site, "function": "gated"}
    knots = [[str(place), str(value)] for place, value in found.table.knots]
    if found.scales is not None:
        left, right = found.scales
        error = left * right * found.fitted.error
        return {
            "site": found.site,
            "function": "product",
            "left": str(left),
            "right": str(right),
            "error": str(error),
            "knots": knots,
        }
    return {
        "site": found.site,
        "function": found.function_text,
        "low": str(found.low),
        "high": str(found.high),
        "error": str(found.table.error),
        "knots": knots,
    }


def approximation_facts(lowered: Lowered) -> list[Stated]:
    """One for each table: it is near to its function."""
    return [
        Stated({"is": "approximation", "of": found.site}, "table")
        for found in lowered.tables
        if found.table is not None
    ]
