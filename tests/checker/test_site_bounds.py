"""Bounds of functions of entries: a function that only a table has must have one."""

from __future__ import annotations

import pytest
from checker_networks import read_program

from weightsmith.checker.bounds import BITS, ONE, Bounds
from weightsmith.checker.ranges import precision
from weightsmith.checker.refusal import Budget, RefusedError
from weightsmith.checker.site_bounds import SiteBounds
from weightsmith.checker.site_letters import read_script
from weightsmith.checker.tables import Gated

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
