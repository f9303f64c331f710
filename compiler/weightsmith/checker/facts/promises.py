"""What a script promises besides its values: ``ensure``, ``repeat until``, and ``within``.

    ensure error <= e, repeat until error <= e    the bound of every returned value is at most e
    f(E) within e, E .* F within e                the table of the site is within e of its function

The error of a returned value is the number of its claim: relative where the claim has a scale,
towards the target if it has one, else how far tables move each entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.facts.wording import decimal_above
from weightsmith.checker.reading.refusal import RefusedError, require
from weightsmith.checker.reading.scalar_text import value_at
from weightsmith.checker.semantics.tables import Gated, Table, approximated_sites
from weightsmith.dsl.numbers.scalar_printer import scalar_text
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core

Bounds = Mapping[str, Fraction | None]  # of the returned values; None where nothing is proven
Bindings = Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class Promise:
    """A line of the script that says how large an error may be."""

    text: str
    tolerance: Scalar


def promises(program: core.Program) -> Iterator[Promise]:
    """``ensure`` and ``repeat until``; those of tables are checked by ``check_tables``."""
    if program.ensure is not None:
        error = program.ensure.error
        yield Promise(f"ensure error <= {scalar_text(error)}", error)
    for until in program.untils:
        text = f"repeat until error <= {scalar_text(until.tolerance)}"
        yield Promise(text, until.tolerance)


def check_promise(promise: Promise, bindings: Bindings, bounds: Bounds) -> str:
    """Refuse unless every bound is proven and small enough; return what was compared."""
    tolerance = value_at(promise.tolerance, bindings)
    require(bool(bounds), "No claim bounds the error of a returned value.")
    for name, value in bounds.items():
        if value is None:
            raise RefusedError(f"The error of '{name}' is not proven.")
        reached = f"The error of '{name}' is only proven to be at most {decimal_above(value)}."
        require(value <= tolerance, reached)
    return "Every bound of the certificate is within it."


def check_tables(program: core.Program, bindings: Bindings, tables: Mapping[str, Table]) -> str:
    """Refuse unless every table is as near to its function as the script says."""
    for site in approximated_sites(program):
        table = tables[site.site]
        if isinstance(table, Gated):
            continue
        tolerance = value_at(_tolerance(site), bindings)
        near = table.error <= tolerance
        where = f"The table of site {site.site} is within {decimal_above(table.error)}"
        require(near, f"{where} of its function, not within {tolerance} as the script says.")
    return "Every table is within what the script says."


def _tolerance(site: core.Entrywise | core.Hadamard) -> Scalar:
    if isinstance(site, core.Hadamard):
        return site.tolerance
    if isinstance(site.function, core.Approximated):
        return site.function.tolerance
    raise RefusedError(f"Site {site.site} has no tolerance.")
