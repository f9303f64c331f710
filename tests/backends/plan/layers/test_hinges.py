"""Hidden units as one function of their argument: exact, and as few operations."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.backends.strategies import repeatable

from weightsmith.backends.plan.build import Plan, PlannedOutput
from weightsmith.backends.plan.layers.hinges import Hinge, pieces_of
from weightsmith.backends.plan.layers.mlp import FEW, apply_pieces
from weightsmith.backends.plan.operations.graph import Graph
from weightsmith.backends.plan.operations.nodes import Bucket, Clamp, Input
from weightsmith.backends.torch.plans.module import PlannedModule

NUMBERS = st.fractions(-4, 4, max_denominator=4)
HINGES = st.lists(st.builds(Hinge, st.sampled_from([1, -1]), NUMBERS, NUMBERS), max_size=8)
PLACES = [Fraction(n, 4) for n in range(-24, 25)]


def value(hinges: list[Hinge], level: Fraction, u: Fraction) -> Fraction:
    parts = (h.down * max(Fraction(0), h.sign * (u - h.knot)) for h in hinges)
    return level + sum(parts, Fraction(0))


@repeatable
@given(HINGES, NUMBERS)
def test_the_pieces_are_the_sum_of_the_units(hinges: list[Hinge], level: Fraction) -> None:
    pieces = pieces_of(hinges, level)
    for u in PLACES:
        passed = sum(knot <= u for knot in pieces.knots)
        anchor = max(passed - 1, 0)
        knot, start = (
            (pieces.knots[anchor], pieces.values[anchor])
            if pieces.knots
            else (Fraction(0), pieces.level)
        )
        assert start + pieces.slopes[passed] * (u - knot) == value(hinges, level, u)


@repeatable
@given(HINGES)
def test_the_operations_compute_the_function(hinges: list[Hinge]) -> None:
    graph = Graph()
    ref = graph.node(Input("u", None), ("1", "n"))
    found = graph.matrix(apply_pieces(graph, ref, pieces_of(hinges), ("1", "n")))
    module = PlannedModule(Plan(graph, (PlannedOutput("v", {"n": found}),), (ref,)))
    (got,) = module(torch.tensor([[float(u) for u in PLACES]], dtype=torch.float64))
    wanted = [float(value(hinges, Fraction(0), u)) for u in PLACES]
    np.testing.assert_allclose(got.numpy()[0], wanted, rtol=0, atol=1e-13)


def kinds(hinges: list[Hinge]) -> list[type]:
    graph = Graph()
    ref = graph.node(Input("u", None), ("1", "n"))
    apply_pieces(graph, ref, pieces_of(hinges), ("1", "n"))
    return [type(node) for node in graph.nodes[1:]]


def test_what_is_linear_costs_no_function() -> None:
    one = Fraction(1)
    assert kinds([Hinge(1, one, one), Hinge(-1, one, -one)]) == []
    assert kinds([Hinge(1, one, one)]) == [Clamp]


def test_a_function_that_is_flat_between_two_knots_is_one_clamp() -> None:
    shrink = [Hinge(1, Fraction(1), Fraction(1)), Hinge(-1, Fraction(-1), Fraction(-1))]
    assert kinds(shrink) == [Clamp]


def test_many_knots_are_a_table() -> None:
    hinges = [Hinge(1, Fraction(k), Fraction(1)) for k in range(FEW + 1)]
    assert Bucket in kinds(hinges)
    assert Clamp not in kinds(hinges)


def test_a_steep_function_keeps_its_digits_where_it_is_flat() -> None:
    """All units open to the right of a function that is steep on the left and flat on the right."""
    steep = [Hinge(-1, Fraction(0), Fraction(10**6)), Hinge(1, Fraction(10), Fraction(1, 8))]
    graph = Graph()
    ref = graph.node(Input("u", None), ("1", "n"))
    found = graph.matrix(apply_pieces(graph, ref, pieces_of(steep), ("1", "n")))
    module = PlannedModule(Plan(graph, (PlannedOutput("v", {"n": found}),), (ref,)))
    (got,) = module(torch.tensor([[1e4 + 10]], dtype=torch.float32))
    assert abs(float(got[0, 0]) - 1250) < 1e-3
