"""Functions of entries on bounds: slopes and intervals are rounded so that what is said holds."""

from __future__ import annotations

from fractions import Fraction

import pytest
from checker_core import name, piecewise
from checker_networks import read_program

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Letter, Polynomial
from weightsmith.checker.balls.bounds import BITS, ONE, ZERO, Bounds, ball_below, exact
from weightsmith.checker.balls.ranges import precision
from weightsmith.checker.errors.site_bounds import SiteBounds, Triple, _is_inside
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.semantics.site_letters import SiteValue, read_script
from weightsmith.checker.semantics.tables import FormulaTable, Gated
from weightsmith.dsl.numbers.formulas import parse_formula

F = Fraction


def site(constant: str, slope: str) -> SiteValue:
    letter = Letter("f#1", "1", "1")
    argument = Polynomial.letter(Field(()), Letter("x", "1", "1"))
    return SiteValue(piecewise("f", name("x", "1", "1"), constant, slope), letter, (argument,))


def test_a_slope_is_rounded_up() -> None:
    """1/3·v and 1/3·w, of v − w up to 1, differ by 1/3: no number below it bounds that."""
    with precision(BITS):
        near = Triple(Bounds(-ONE, ONE), Bounds(-ONE, ONE), Bounds(ZERO, ONE))
        found = SiteBounds({}, {}).compared(site("0", "1/3"), [near], ONE, ONE)
        assert F(1, 3) < exact(found.difference.high) < F(1, 3) + F(1, 1 << 100)


def test_an_argument_just_outside_of_a_table_is_not_inside() -> None:
    knots = ((F(1, 3), F(0)), (F(2, 3), F(1)))
    table = FormulaTable("1", parse_formula("t"), "t", F(1), knots)
    with precision(BITS):
        inside = Bounds(-ball_below(F(-1, 3)), ball_below(F(2, 3)))
        assert _is_inside(table, inside)
        assert not _is_inside(table, Bounds(ball_below(F(1, 3)), inside.high))
        assert not _is_inside(table, Bounds(inside.low, -ball_below(F(-2, 3))))


SCRIPT = """algorithm a(x: [d] per token, y: [d] per token)
return x .* y on query
"""


def test_a_product_of_entries_is_exact_only_where_it_is_gated() -> None:
    """Without a table nothing says how far the network's product is from the script's."""
    program, bindings = read_program(SCRIPT)
    with precision(BITS):
        script = read_script(program, bindings, Budget())
        site = next(iter(script.sites.values()))
        factors = (Bounds(low=-ONE, high=ONE), Bounds(low=-ONE, high=2 * ONE))
        exact = SiteBounds({"1": Gated("1")}, bindings).network(site, factors, ONE, ONE)
        assert (exact.low, exact.high) == (-2, 2)
        with pytest.raises(RefusedError, match="product of entries at site 1 has no table"):
            SiteBounds({}, bindings).network(site, factors, ONE, ONE)
