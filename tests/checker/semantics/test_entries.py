"""Functions of entries against brute force: one form for one function, and never for two."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction

import pytest
from checker_matrices import added, full, table_value, turned
from checker_values import FIELD, NUMBERS, RELU, Grower, function, letter, read, world
from hypothesis import given, settings
from hypothesis import strategies as st

from weightsmith.checker.algebra.composition import NumericPiecewise, composed
from weightsmith.checker.algebra.piecewise import PiecewiseSum, table_function
from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Letter, Polynomial
from weightsmith.checker.balls.ranges import fraction, rational
from weightsmith.checker.reading.refusal import Budget, OverBudgetError, RefusedError
from weightsmith.checker.semantics.entries import apply, multiply_entries, same_values

F = Fraction


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.integers(0, 10**9), st.booleans(), st.sampled_from(["dd", "dn", "1n", "d1", "11"]))
def test_a_value_is_what_its_operations_say(seed: int, symbols: bool, shape: str) -> None:
    try:
        polynomial, direct = Grower(seed, symbols=symbols).value(*shape, 5)
    except RefusedError:
        return
    for number in range(2):
        one = world(number)
        assert one.value(polynomial) == direct(one)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 10**9), st.booleans())
def test_putting_values_in_the_place_of_letters(seed: int, symbols: bool) -> None:
    grower = Grower(seed, symbols=symbols)
    try:
        polynomial, _ = grower.value("d", "n", 4)
        new, _ = grower.value("d", "n", 2)
        small, _ = grower.value("d", "d", 2)
        replaced = polynomial.replace_letters({"B": new, "X": small})
    except RefusedError:
        return
    inner, outer = world(1), world(1)
    outer.given |= {"B": inner.value(new), "X": inner.value(small)}
    assert inner.value(replaced) == outer.value(polynomial)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from(NUMBERS), st.integers(-4, 4), st.sampled_from(NUMBERS))),
    st.integers(0, 10**6),
)
def test_one_function_has_one_form(units: list[tuple[Fraction, int, Fraction]], seed: int) -> None:
    """Hidden units in any order, split, turned about, written as one function: one polynomial."""
    source = random.Random(seed)
    value = letter("B") + letter("u") @ letter("v").scaled(read("a"))
    direct = PiecewiseSum(FIELD)
    for scale, offset, factor in units:
        direct.add_relu(scale, FIELD.number(offset), FIELD.number(factor))
    wanted = apply(direct.result(), value)
    other = Polynomial.zero(FIELD, "d", "n")
    ones = Polynomial.ones(FIELD, "d", "n")
    for scale, offset, factor in source.sample(units, len(units)):
        argument = value.scaled(FIELD.number(scale)) + ones.scaled(FIELD.number(offset))
        if source.random() < 0.5:  # relu(s) = s + relu(-s)
            other = other + argument.scaled(FIELD.number(factor))
            argument = argument.scaled(FIELD.number(-1))
        if source.random() < 0.5:
            part = apply(RELU, argument.transpose()).transpose()
        else:
            part = apply(RELU, argument.scaled(FIELD.number(3))).scaled(FIELD.number(F(1, 3)))
        other = other + part.scaled(FIELD.number(factor))
    assert same_values(wanted, other)
    assert wanted.equals(other) or len(units) > 4
    assert not same_values(wanted, other + apply(RELU, value + ones.scaled(read("1/7"))))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(-4, 4), st.sampled_from(NUMBERS)), max_size=8),
    st.lists(st.tuples(st.integers(-4, 4), st.sampled_from(NUMBERS)), max_size=8),
)
def test_equal_forms_are_equal_functions_and_only_those(
    one: list[tuple[int, Fraction]], two: list[tuple[int, Fraction]]
) -> None:
    functions = [
        function("0", "1", *((str(place), str(change)) for place, change in breakpoints))
        for breakpoints in (one, two)
    ]
    w = world(0)
    points = [F(i, 2) for i in range(-12, 13)]
    same = all(w.function(functions[0], t) == w.function(functions[1], t) for t in points)
    forms = [apply(f, letter("B")) for f in functions]
    assert same_values(*forms) is same
    assert forms[0].equals(forms[1]) is same


def test_relus_of_opposite_arguments_are_linear() -> None:
    for text in ("1", "-3", "a", "-a", "a - b"):
        value = letter("B").scaled(read(text)) + Polynomial.ones(FIELD, "d", "n").scaled(read("b"))
        minus = value.scaled(read("-1"))
        assert (apply(RELU, value) - apply(RELU, minus)).equals(value)
        assert (apply(RELU, value) + apply(RELU, minus)).equals(
            apply(function("0", "-1", ("0", "2")), value)
        )


def test_the_sign_of_a_symbol_is_never_assumed() -> None:
    scaled = apply(RELU, letter("B").scaled(read("a")))
    assert not same_values(scaled, apply(RELU, letter("B")).scaled(read("a")))
    assert apply(RELU, letter("B").scaled(read("2*a"))).equals(scaled.scaled(read("2")))
    first, second = function("0", "0", ("a", "1")), function("0", "0", ("b", "1"))
    assert not same_values(apply(first, letter("B")), apply(second, letter("B")))
    square = function("0", "0", ("a", "1"), ("b", "-1"))
    assert not same_values(apply(square, letter("B")), apply(first, letter("B")))


def test_constants_fold_where_they_are_numbers() -> None:
    ones = Polynomial.ones(FIELD, "d", "n")
    zero = Polynomial.zero(FIELD, "d", "n")
    clip = function("-1", "0", ("-1", "1"), ("2", "-1"))
    for number, wanted in (("-5", "-1"), ("0", "0"), ("3/2", "3/2"), ("7", "2")):
        assert apply(clip, ones.scaled(read(number))).equals(ones.scaled(read(wanted)))
    soft = function("a", "1", ("-a", "-1"), ("a", "1"))
    assert apply(soft, zero).is_zero
    assert not apply(RELU, ones.scaled(read("a"))).equals(ones.scaled(read("a")))
    halves = apply(RELU, ones.scaled(read("a/2"))), apply(RELU, ones.scaled(read("-a/2")))
    assert (halves[0] - halves[1]).scaled(read("2")).equals(ones.scaled(read("a")))


def test_ones_of_different_axes_and_identities_are_not_mixed_up() -> None:
    assert not same_values(Polynomial.ones(FIELD, "d", "d"), Polynomial.identity(FIELD, "d"))
    sums = [Polynomial.ones(FIELD, "1", axis) @ Polynomial.ones(FIELD, axis, "1") for axis in "dn"]
    assert not same_values(*sums)
    assert Polynomial.ones(FIELD, "1", "1").equals(Polynomial.identity(FIELD, "1"))
    repeated = Polynomial.ones(FIELD, "d", "1") @ letter("v")
    assert apply(RELU, repeated).equals(Polynomial.ones(FIELD, "d", "1") @ apply(RELU, letter("v")))
    summed = Polynomial.ones(FIELD, "1", "d") @ letter("B")
    outside = Polynomial.ones(FIELD, "1", "d") @ apply(RELU, letter("B"))
    assert not same_values(apply(RELU, summed), outside)
    assert not same_values(apply(RELU, letter("X")), apply(RELU, letter("X").transpose()))
    assert apply(RELU, letter("A")).equals(apply(RELU, letter("A")).transpose())
    # relu~(I) of the identity is the identity, but no rule knows it, and it is not of ones
    identity = Polynomial.identity(FIELD, "d")
    assert not same_values(apply(RELU, identity), Polynomial.ones(FIELD, "d", "d"))


def test_products_of_entries() -> None:
    b, x = letter("B"), letter("X")
    ones = Polynomial.ones(FIELD, "d", "n")
    row = ones @ Polynomial.zero(FIELD, "n", "n") + Polynomial.ones(FIELD, "d", "1") @ letter("v")
    assert multiply_entries(b, row).equals(multiply_entries(row, b))
    assert multiply_entries(b, ones.scaled(read("a"))).equals(b.scaled(read("a")))
    half = (b + row).scaled(read("1/2"))
    wanted = multiply_entries(b, b) + multiply_entries(b, row)
    assert multiply_entries(half, b).scaled(read("2")).equals(wanted)
    assert not same_values(multiply_entries(b, b), multiply_entries(b, row))
    assert multiply_entries(x, x.transpose()).equals(multiply_entries(x, x.transpose()).transpose())
    assert not same_values(multiply_entries(x, x), multiply_entries(x, x).transpose())
    assert multiply_entries(x, Polynomial.ones(FIELD, "d", "d")).equals(x)
    diagonal = multiply_entries(x, Polynomial.identity(FIELD, "d"))
    assert not same_values(diagonal, x)


def test_tables_are_linear_between_knots_and_constant_outside() -> None:
    knots = [(F(-3), F(1)), (F(-1), F(1, 2)), (F(0), F(1, 2)), (F(5, 2), F(-4))]
    table = table_function(knots, FIELD)
    for place in [F(i, 4) for i in range(-20, 20)]:
        assert world(0).function(table, place) == table_value(knots, place)
    assert len(table.breakpoints) == 4


def test_a_long_table_is_one_letter_and_meets_its_breakpoints() -> None:
    knots = [(F(i, 8), F(i * i, 64)) for i in range(-8, 9)]
    table = table_function(knots, FIELD)
    value = apply(table, letter("B"))
    assert len(value.terms) <= 3
    relu = apply(RELU, letter("B"))
    both = PiecewiseSum(FIELD)
    both.add(table, F(1), FIELD.zero, FIELD.one)
    both.add_relu(F(1), FIELD.zero, FIELD.one)
    joined = apply(both.result(), letter("B"))
    assert not joined.equals(value + relu)
    assert same_values(joined, value + relu)
    assert not same_values(joined, value + relu.scaled(read("1/2")))


pieces = st.lists(
    st.tuples(st.fractions(-3, 3, max_denominator=4), st.sampled_from(NUMBERS)),
    min_size=1,
    max_size=7,
    unique_by=lambda point: point[0],
)
slopes = st.sampled_from([F(0), F(0), F(1), F(-1, 2)])


def numeric(slope: Fraction, breakpoints: Sequence[tuple[Fraction, Fraction]]) -> NumericPiecewise:
    ready = [(rational(place), rational(change)) for place, change in breakpoints]
    return NumericPiecewise.of(rational(slope), ready)


def line(
    slope: Fraction, breakpoints: Sequence[tuple[Fraction, Fraction]], t: Fraction
) -> Fraction:
    return slope * t + sum((c * max(t - place, F(0)) for place, c in breakpoints), F(0))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(slopes, pieces, slopes, pieces)
def test_a_function_of_a_function_is_one_function(
    f_slope: Fraction,
    f_breakpoints: list[tuple[Fraction, Fraction]],
    g_slope: Fraction,
    g_breakpoints: list[tuple[Fraction, Fraction]],
) -> None:
    f, g = numeric(f_slope, f_breakpoints), numeric(g_slope, g_breakpoints)
    constant, slope, breakpoints = composed(f, g, Budget())
    assert len({str(place) for place, _ in breakpoints}) == len(breakpoints)
    assert all(change for _, change in breakpoints)
    for i in range(-80, 81):
        t = F(i, 12)
        expected = line(f_slope, f_breakpoints, line(g_slope, g_breakpoints, t))
        whole = [(fraction(place), fraction(change)) for place, change in breakpoints]
        assert fraction(constant) + line(fraction(slope), whole, t) == expected
        assert fraction(f(g(rational(t)))) == expected
    outer, inner = (
        function("0", str(s), *((str(p), str(c)) for p, c in k))
        for s, k in ((f_slope, f_breakpoints), (g_slope, g_breakpoints))
    )
    one = function(str(constant), str(slope), *((str(p), str(c)) for p, c in breakpoints))
    for value in (letter("B"), letter("X").transpose(), letter("A"), letter("v").scaled(read("a"))):
        nested = apply(outer, apply(inner, value))
        assert same_values(nested, apply(one, value))
        beyond = apply(function("0", "0", ("1/7", "1")), nested)
        assert same_values(beyond, apply(function("0", "0", ("1/7", "1")), apply(one, value)))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 10**9), st.booleans())
def test_functions_of_sums_of_functions(seed: int, symbols: bool) -> None:
    """Of one argument or of several, straight or transposed, with what is linear beside them."""
    grower = Grower(seed, symbols=symbols)
    x, a = letter("X"), letter("A")
    row = Polynomial.ones(FIELD, "d", "1") @ letter("u").transpose()
    values = [
        x,
        x,
        x.transpose(),
        x + a,
        a,
        x - a,
        row,
        x.scaled(read("-2")) + Polynomial.ones(FIELD, "d", "d"),
    ]
    w = world(3)
    total, wanted = Polynomial.zero(FIELD, "d", "d"), full(2, 2)
    for _ in range(3):
        h, value = grower.piecewise(), grower.source.choice(values)
        c = grower.scalar()
        linear = grower.source.random() < 0.3
        part = value if linear else apply(h, value)
        held = [[t if linear else w.function(h, t) for t in r] for r in w.value(value)]
        total = total + part.scaled(c)
        wanted = added(wanted, held, FIELD.evaluate(c, w.bindings))
    outer = grower.piecewise()
    wanted = [[w.function(outer, t) for t in r] for r in wanted]
    assert w.value(apply(outer, total)) == wanted
    assert w.value(apply(outer, total.transpose())) == turned(wanted)


def test_functions_of_two_arguments_or_of_symbols_stay_apart() -> None:
    b, row = letter("B"), Polynomial.ones(FIELD, "d", "1") @ letter("v")
    both = apply(RELU, apply(RELU, b) + apply(RELU, row))
    assert len(both.letters()) == 1  # relu of the sum, no more is known
    assert not same_values(both, apply(RELU, b) + apply(RELU, row))
    assert apply(RELU, apply(RELU, b)).equals(apply(RELU, b))
    assert not same_values(apply(RELU, apply(RELU, b) + b.scaled(read("a"))), apply(RELU, b))
    x = letter("X")
    mixed = apply(RELU, apply(RELU, x) + x.transpose())
    assert not same_values(mixed, apply(RELU, apply(RELU, x) + x))
    turned_too = apply(RELU, apply(RELU, x) + apply(RELU, x).transpose())
    assert turned_too.equals(turned_too.transpose())
    soft = function("a", "1", ("-a", "-1"), ("a", "1"))
    assert not same_values(apply(RELU, apply(soft, b)), apply(soft, b))
    shifted = apply(function("0", "0", ("a", "b"), ("1", "b")), apply(RELU, b))
    parts = [function("0", "0", (place, "b")) for place in ("a", "1")]
    assert shifted.equals(apply(parts[0], apply(RELU, b)) + apply(parts[1], apply(RELU, b)))
    assert apply(parts[1], apply(RELU, b)).equals(apply(parts[1], b))


def test_two_hundred_pieces_take_a_small_part_of_the_budget() -> None:
    knots = [(F(i, 25), F(i**3 % 97, 61)) for i in range(-100, 101)]
    field = Field(())
    table = table_function(knots, field)
    names = {name: Letter(name, "k", "context") for name in "abcdefghij"}
    for one in names.values():
        value = apply(table, Polynomial.letter(field, one))
        value.replace_letters({one.name: Polynomial.letter(field, names["a"])})
    assert 0 < field.budget.spent < field.budget.units // 20


def test_endless_functions_are_refused() -> None:
    saw = [(F(i), F((-1) ** i)) for i in range(3000)]
    zigzag = numeric(F(1), [(place, 2 * change) for place, change in saw[1:]])
    steps = numeric(F(0), [(F(i, 3001), F(1)) for i in range(3000)])
    with pytest.raises(RefusedError, match="more than 20000 breakpoints"):
        composed(steps, zigzag, Budget())
    field = Field((), budget=Budget(0))
    with pytest.raises(OverBudgetError, match="Out of budget"):
        table_function([(F(0), F(0)), (F(1), F(1))], field)
