"""The certificate's tables: one for each approximated site of the script, in order of the sites.

A table is linear between its knots and constant outside.  A *product* site stands for
    E .* F  ≈  P·Q·(S(½(E/P + F/Q)) − S(½(E/P − F/Q))),     |E| ≤ P, |F| ≤ Q,
S the table of the square on [−1, 1]; a *gated* site is computed exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from weightsmith.checker.algebra.piecewise import MAX_BREAKPOINTS
from weightsmith.checker.reading.refusal import RefusedError, quoted, require
from weightsmith.checker.reading.strict_json import as_items, as_list, as_number, as_object, as_text
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import nodes_of_program

if TYPE_CHECKING:
    from weightsmith.dsl.numbers.formulas import Formula

FORMULA_KEYS = ("site", "function", "low", "high", "error", "knots")
PRODUCT_KEYS = ("site", "function", "left", "right", "error", "knots")
GATED_KEYS = ("site", "function")
Knots = tuple[tuple[Fraction, Fraction], ...]
Site = core.Entrywise | core.Hadamard


@dataclass(frozen=True, slots=True)
class FormulaTable:
    """|table − formula| ≤ error on [low, high]."""

    exact: ClassVar[bool] = False
    site: str
    formula: Formula
    text: str
    error: Fraction
    knots: Knots

    @property
    def low(self) -> Fraction:
        return self.knots[0][0]

    @property
    def high(self) -> Fraction:
        return self.knots[-1][0]


@dataclass(frozen=True, slots=True)
class ProductTable:
    """|E| ≤ left and |F| ≤ right; the table of the square."""

    exact: ClassVar[bool] = False
    site: str
    left: Fraction
    right: Fraction
    error: Fraction
    knots: Knots


@dataclass(frozen=True, slots=True)
class Gated:
    """The product is computed exactly."""

    exact: ClassVar[bool] = True
    site: str


Table = FormulaTable | ProductTable | Gated


def read_tables(
    items: Sequence[object], program: core.Program, bindings: Mapping[str, Fraction]
) -> dict[str, Table]:
    """The tables by site; they must be those of the script's approximated sites, in order."""
    sites = approximated_sites(program)
    require(
        len(items) == len(sites),
        f"The certificate has {len(items)} tables, the script {len(sites)} approximated sites.",
    )
    if items:
        for parameter in program.parameters:
            known = parameter.name in bindings
            require(known, f"There are tables, but the symbol '{parameter.name}' has no value.")
    return {site.site: _table(item, site) for item, site in zip(items, sites, strict=True)}


def errors_of(tables: Mapping[str, Table]) -> dict[str, Fraction]:
    """The errors of the tables that have any, by their sites, in order."""
    return {name: one.error for name, one in tables.items() if not isinstance(one, Gated)}


def approximated_sites(program: core.Program) -> list[Site]:
    """The sites of functions that have only a table, and of products of entries, in order."""
    found: dict[int, Site] = {}
    for site in nodes_of_program(program):
        if not isinstance(site, core.Entrywise | core.Hadamard):
            continue
        known = site.site.isascii() and site.site.isdigit()
        require(known, f"A site of the script has the number {quoted(site.site)}.")
        same = found.setdefault(int(site.site), site) == site
        require(same, f"Two sites of the script have the number {site.site}.")
    return [
        site
        for _, site in sorted(found.items())
        if isinstance(site, core.Hadamard) or isinstance(site.function, core.Approximated)
    ]


def _table(item: object, site: Site) -> Table:
    what = f"The table of site {site.site}"
    table: Table
    if isinstance(site, core.Hadamard):
        table = _product(item, what)
    elif isinstance(site.function, core.Approximated):
        table = _formula_table(item, site.function, what)
    else:
        raise RefusedError(f"{what} is of a function that needs none.")
    require(table.site == site.site, f"{what} says that it is of site {quoted(table.site)}.")
    return table


def _product(item: object, what: str) -> ProductTable | Gated:
    function = item.get("function") if isinstance(item, dict) else None
    if function == "gated":
        parts = as_object(item, what, GATED_KEYS)
        return Gated(as_text(parts["site"], f"{what}, site"))
    parts = as_object(item, what, PRODUCT_KEYS)
    require(function == "product", f"{what}: the function is {quoted(function)}, not 'product'.")
    left, right = (as_number(parts[side], f"{what}, {side}") for side in ("left", "right"))
    require(left > 0 and right > 0, f"{what}: the sizes of the factors must be positive.")
    knots = _knots(parts["knots"], what)
    whole = knots[0][0] == -1 and knots[-1][0] == 1
    require(whole, f"{what}: the knots of the square must run from -1 to 1.")
    error = as_number(parts["error"], f"{what}, error")
    return ProductTable(as_text(parts["site"], f"{what}, site"), left, right, error, knots)


def _formula_table(item: object, function: core.Approximated, what: str) -> FormulaTable:
    from weightsmith.dsl.numbers.formulas import formula_text  # loaded where there is a formula

    parts = as_object(item, what, FORMULA_KEYS)
    wanted = formula_text(function.formula)
    given = as_text(parts["function"], f"{what}, function")
    require(given == wanted, f"{what} is of {quoted(given)}, the script says {quoted(wanted)}.")
    knots = _knots(parts["knots"], what)
    ends = tuple(as_number(parts[end], f"{what}, {end}") for end in ("low", "high"))
    require(ends == (knots[0][0], knots[-1][0]), f"{what}: its knots do not run from low to high.")
    error = as_number(parts["error"], f"{what}, error")
    number = as_text(parts["site"], f"{what}, site")
    return FormulaTable(number, function.formula, wanted, error, knots)


def _knots(value: object, what: str) -> Knots:
    require(
        len(as_list(value, what)) <= MAX_BREAKPOINTS,
        f"{what} has more than {MAX_BREAKPOINTS} knots.",
    )
    knots = as_items(value, f"{what}, knots", _knot)
    require(len(knots) >= 2, f"{what}: expected at least two knots, got {len(knots)}.")
    increasing = all(one[0] < two[0] for one, two in pairwise(knots))
    require(increasing, f"{what}: the places of its knots do not increase.")
    return knots


def _knot(value: object, what: str) -> tuple[Fraction, Fraction]:
    pair = as_items(value, what, as_number)
    require(len(pair) == 2, f"{what}: expected [place, value].")
    return pair[0], pair[1]
