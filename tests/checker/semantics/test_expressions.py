"""Values of expressions: what their shapes say must be so."""

from __future__ import annotations

import pytest
from checker_core import entrywise, given, name, program, shape, times, total, turn

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.semantics.expressions import restrict
from weightsmith.checker.semantics.meaning import Meaning, read_meaning
from weightsmith.dsl.program import core

INPUTS = (given("A", "d", "n"), given("B", "n", "d"))
A, B = name("A", "d", "n"), name("B", "n", "d")


def meaning(returns: core.Node, *body: core.Statement) -> Meaning:
    return read_meaning(program(*body, inputs=INPUTS, returns=returns), Field(()), {})


@pytest.mark.parametrize(
    "wrong", [name("A", "n", "d"), turn(name("A", "n", "d")), total(B, name("A", "n", "d"))]
)
def test_a_value_of_another_shape_is_refused(wrong: core.Node) -> None:
    """Else A would stand where only a matrix of n rows and d columns may stand."""
    with pytest.raises(RefusedError, match="is d by n where its shape says n by d"):
        meaning(wrong)


def test_a_shape_is_of_rows_and_of_columns() -> None:
    value = meaning(A).returned["output"]
    assert restrict(value, shape("d", "n")) == value
    for other in (shape("n", "n"), shape("d", "d"), shape("d", "token:context")):
        with pytest.raises(RefusedError, match="where its shape says"):
            restrict(value, other)


def test_a_product_of_entries_needs_a_table() -> None:
    with pytest.raises(RefusedError, match="entries at site 7 has no table here"):
        meaning(entrywise(A, A, site="7"))


def test_as_many_values_as_names_are_assigned() -> None:
    """Else Y would have no value, or the last value would be forgotten."""
    for names, values in ((("X", "Y"), (A,)), (("X",), (A, times(A, B)))):
        with pytest.raises(RefusedError, match="too few values"):
            meaning(A, core.Assign(A.span, names, values))
