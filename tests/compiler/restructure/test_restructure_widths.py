"""What restructuring costs, rows and heads at the most, and the identities that save them."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weightsmith import api
from weightsmith.compiler.ir.coefficients import Coefficient, CoefficientField
from weightsmith.compiler.ir.schedule import Value
from weightsmith.compiler.passes.layers.demands import Demand
from weightsmith.compiler.passes.layers.share_blocks import write_targets
from weightsmith.compiler.restructure.polynomials.on_data import at_zero, layers_for, reach, split
from weightsmith.compiler.restructure.recurrences.materialised import choose_materialised
from weightsmith.compiler.restructure.recurrences.powers import Recurrence
from weightsmith.compiler.restructure.recurrences.sums import Atom
from weightsmith.dsl.numbers import scalars as q

from .test_restructure_polynomials import CASES as POLYNOMIALS

EXAMPLES = Path(__file__).parents[3] / "examples"
ENDS = {"mu": "1/2", "L": 3}
MOMENTUM = {**ENDS, "eta": "1/2", "beta": "1/5"}

MOST = [  # script, settings, layers, rows by dimension, heads of all layers
    ("gradient_descent", {**ENDS, "steps": 10}, 3, {"d": 3, "k": 2}, 5),
    ("gradient_descent", {**ENDS, "steps": 100}, 5, {"d": 3, "k": 2}, 11),
    ("gradient_descent", {**ENDS, "steps": 1000}, 7, {"d": 3, "k": 2}, 16),
    ("heavy_ball", {**ENDS, "steps": 24}, 4, {"d": 8, "k": 4}, 28),  # eta and beta are symbols
    ("heavy_ball", {**ENDS, "steps": 100}, 5, {"d": 8, "k": 5}, 43),
    ("heavy_ball", {**MOMENTUM, "steps": 24}, 4, {"d": 2, "k": 6}, 6),
    ("heavy_ball", {**MOMENTUM, "steps": 100}, 5, {"d": 2, "k": 13}, 9),
    ("preconditioned_gradient_descent", {**ENDS, "steps": 100}, 6, {"d": 6, "k": 2}, 20),
    ("electric_potentials", {**ENDS, "steps": 320}, 6, {"v": 8}, 37),
    ("electric_flows", {**ENDS, "steps": 160}, 7, {"v": 9, "k": 2}, 23),
    ("newton_inverse", {**ENDS, "steps": 12}, 8, {"d": 5}, 25),
    ("newton_inverse_general", {"smin": "1/2", "smax": 3, "steps": 12}, 9, {"d": 6}, 18),
    ("ridge", ENDS, 7, {"d": 4, "k": 5}, 16),
]
MOST_POLYNOMIALS = [
    ("semi", {"d": 2, "k": 7}, 6),
    ("momentum", {"d": 2, "k": 7}, 6),
    ("two", {"d": 2, "k": 6}, 6),
    ("residual", {"d": 2, "k": 6}, 6),
    ("newton", {"d": 9}, 13),
]


@pytest.mark.parametrize(("name", "chosen", "layers", "rows", "heads"), MOST)
def test_rows_and_heads(
    name: str, chosen: dict[str, object], layers: int, rows: dict[str, int], heads: int
) -> None:
    network = api.compile(EXAMPLES / f"{name}.alg", settings=chosen, fewest="layers")
    _check(network, rows, heads)
    assert network.report.layers == layers


@pytest.mark.parametrize(("name", "rows", "heads"), MOST_POLYNOMIALS)
def test_rows_and_heads_of_polynomials(name: str, rows: dict[str, int], heads: int) -> None:
    _check(api.compile(POLYNOMIALS[name][0], fewest="layers"), rows, heads)


def _check(network: api.Network, rows: dict[str, int], heads: int) -> None:
    found = Counter(block.rows for block in network.template.blocks)
    assert found.keys() == rows.keys()
    assert all(found[axis] <= most for axis, most in rows.items()), network.report.width_text
    assert network.report.total_heads is not None
    assert network.report.total_heads <= heads


# -- identities -----------------------------------------------------------------------------------

numbers = st.fractions(-3, 3, max_denominator=6)


def chebyshev(degree: int, t: Fraction) -> Fraction:
    before, here = t, Fraction(1)  # T_{-1} = T_1
    for _ in range(degree):
        before, here = here, 2 * t * here - before
    return here


@given(st.integers(0, 2), st.lists(numbers, min_size=1, max_size=41), numbers)
def test_a_series_is_split_by_odd_polynomials(
    done: int, series: list[Fraction], s: Fraction
) -> None:
    h = reach(done)
    parts = split(tuple(series[: 3 * h + 2]), h)
    plain, mixed, square = (
        sum((c * chebyshev(2 * i, s) for i, c in enumerate(one)), Fraction(0))
        for one in (parts.plain, parts.mixed, parts.square)
    )
    odd = chebyshev(2 * h + 1, s)
    whole = sum((c * chebyshev(2 * i, s) for i, c in enumerate(series[: 3 * h + 2])), Fraction(0))
    assert plain + mixed * s * odd + square * odd**2 == whole
    assert at_zero(parts.plain) == at_zero(tuple(series[: 3 * h + 2]))


def test_layers_of_a_series_on_data() -> None:
    assert [layers_for(degree) for degree in (1, 2, 4, 5, 13, 14, 40, 41)] == [
        1,
        2,
        2,
        3,
        3,
        4,
        4,
        5,
    ]


Matrix = list[list[Fraction]]


def matmul(a: Matrix, b: Matrix) -> Matrix:
    return [[sum((a[i][k] * b[k][j] for k in (0, 1)), Fraction(0)) for j in (0, 1)] for i in (0, 1)]


@settings(max_examples=40)
@given(st.lists(numbers, min_size=6, max_size=6), st.integers(1, 6), numbers)
def test_five_entries_of_eight_are_held(entries: list[Fraction], count: int, at: Fraction) -> None:
    """The others are what the relations say, at any λ but 0."""
    c1, c2, *slope = entries
    if at == 0 or c1 == c2 or slope[2] == 0:
        return
    fixed = ((q.Number(c1), q.ZERO), (q.ZERO, q.Number(c2)))
    tilted = tuple(tuple(q.Number(e) for e in row) for row in (slope[:2], slope[2:]))
    held = choose_materialised(
        Recurrence(fixed, tilted, (q.ONE, q.ONE), "P", True, True), with_identity=False
    )
    step = [[c1 + at * slope[0], at * slope[1]], [at * slope[2], c2 + at * slope[3]]]
    power = [[Fraction(1), Fraction(0)], [Fraction(0), Fraction(1)]]
    for _ in range(count):
        power = matmul(power, step)
    zero = [[c1**count, Fraction(0)], [Fraction(0), c2**count]]
    values = {
        "M": power,
        "N": [[(power[i][j] - zero[i][j]) / at for j in (0, 1)] for i in (0, 1)],
    }
    atoms = [Atom(kind, i, j, count) for kind in ("M", "N") for i in (0, 1) for j in (0, 1)]
    assert len({atom for one in atoms for (atom,) in held.of(one)}) == 5
    for one in atoms:
        total = sum(
            q.evaluate(scale, {}) * values[atom.kind][atom.row][atom.column]
            for (atom,), scale in held.of(one).items()
        )
        assert total == values[one.kind][one.row][one.column]


@settings(max_examples=60)
@given(st.data())
def test_heads_write_where_the_move_takes_it_back(data: st.DataObject) -> None:
    """L·(v + E·p) + spare = L·v + p, for any L, where some variables have no products."""
    size = data.draw(st.integers(1, 4))
    field = CoefficientField([])
    values = [Value("carried", f"v{i}", "d") for i in range(size)]
    small = st.integers(-2, 2)
    moves = [[data.draw(small) for _ in range(size)] for _ in range(size)]
    busy = [data.draw(st.booleans()) for _ in range(size)]
    demands = [
        Demand(value, {}, 0, {}, field.zero, [(None, field.one, ())] if one else [], True)
        for value, one in zip(values, busy, strict=True)
    ]
    before = [
        {value: field.number(c) for value, c in zip(values, row, strict=True) if c} for row in moves
    ]
    targets = write_targets(demands, before, (), None, field.one, share=True)
    for j, target in enumerate(targets):
        assert bool(target) == busy[j]
        for i, row in enumerate(moves):
            total: Coefficient = field.zero
            for value, c in target.items():
                if value.kind == "spare":
                    total = total + (c if value.name == f"+v{i}" else field.zero)
                else:
                    total = total + field.number(row[values.index(value)]) * c
            assert total == (1 if i == j and busy[j] else 0)
    spares = {value for target in targets for value in target if value.kind == "spare"}
    assert len(spares) <= sum(busy)
