"""Evidence for approximated functions: their tables, and a claim about each of them."""

from __future__ import annotations

from weightsmith.compiler.approximate.choose_tables import SiteTable
from weightsmith.compiler.approximate.lower import Lowered

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


def approximation_claims(lowered: Lowered) -> list[Json]:
    """One claim for each table: how far it is from its function."""
    return [
        {
            "kind": "approximation",
            "site": found.site,
            "steps": [{"step": 1, "rule": "table"}],
        }
        for found in lowered.tables
        if found.table is not None
    ]
