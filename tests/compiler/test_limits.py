"""Numbers beyond what Python writes, floats hold or anybody can use: an answer, in a sentence."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import weightsmith.api as ws
from weightsmith.backends.errors import InstantiationError
from weightsmith.checker.algebra.rational import MAX_SYMBOLS
from weightsmith.checker.balls.claim_numbers import LARGEST, SAYS_NOTHING, check_says_something
from weightsmith.checker.balls.table_error import table_error
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.reading.strict_json import MAX_NUMBER, as_number, exact_text
from weightsmith.compiler.approximate.choose_tables import square_pieces
from weightsmith.compiler.numbers.nearest_float import as_float, short_text
from weightsmith.compiler.passes.normalizing.normalize import MAX_CHAIN
from weightsmith.compiler.pipeline import front
from weightsmith.dsl.numbers.formulas import parse_formula
from weightsmith.dsl.text.diagnostics import DiagnosticError
from weightsmith.dsl.text.number_text import is_short

HUGE_TABLE = """algorithm digits_crash(A: [d, d])
assume entries(A) in [-1, 1]
assume size(d) <= 64
X = sin(A)
repeat 12:
    X = 2*X - X*A*X
return X
"""
HUGE_TARGET = """algorithm f(A: symmetric[d, d])
assume spectrum(A) in [1, 1e300]
X = 1/2*I
repeat 20:
    X = X + 1/2*(I - A*X)
return X approximates inv(A)
"""
LONG_COEFFICIENTS = """algorithm topk(A: symmetric[v, v], V0: [v, k])
assume spectrum(A) in [0, low] or [high, L]
param c = (low + high)/2, inner = 8
P = synthesize (I + sign(A - c*I))/2 within 1e-6
V = P*V0
repeat inner:
    V = 3/2*V - 1/2*V*V'*V
return V
"""
CANCELS = """algorithm f(x: [1] per context)
assume entries(x) in [-1, 1]
function g(t) = (exp(t)*exp(-t) - 1) + t
within 1e-3
return g(x)
"""
SQUARE = "algorithm sq(A: [m, n])\nassume norm(A) <= B\nparam B\nreturn A .* A\n"


@pytest.mark.parametrize(("script", "kind"), [(HUGE_TABLE, "script"), (HUGE_TARGET, "target")])
def test_a_bound_that_says_nothing_is_open(script: str, kind: str) -> None:
    network = ws.compile(script)
    (bound,) = network.bounds
    assert (bound.against, bound.value, bound.unproven) == (kind, None, SAYS_NOTHING)
    assert network.verify().accepted
    assert SAYS_NOTHING in network.show()
    A = np.array([[0.5, 0.25], [0.25, 1.0]])
    found, wanted = (
        network.run({"A": A}, check="off")["X"],
        network.interpret({"A": A}, tables=True)["X"],
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-11)


def test_what_says_something() -> None:
    check_says_something(None)
    check_says_something(LARGEST)
    with pytest.raises(RefusedError, match=r"10\^300"):
        check_says_something(LARGEST + 1)


@pytest.mark.slow
def test_restructured_coefficients_of_thousands_of_digits() -> None:
    settings = {"low": "29.68838403572372", "high": "37.992755838748096", "L": "52.06"}
    network = ws.compile(LONG_COEFFICIENTS, settings=settings, fewest="layers")
    assert network.verify().accepted


def test_a_function_that_cancels_has_a_table_of_one_piece() -> None:
    network = ws.compile(CANCELS)
    (bound,) = network.bounds
    assert bound.value is not None
    assert bound.value < Fraction(1, 1000)
    assert network.report.pieces == 2  # breakpoints: the two ends of the one line
    assert network.verify().accepted
    x = np.linspace(-1, 1, 9)[np.newaxis]
    np.testing.assert_allclose(network.run({"x": x})["output"]["context"], x, atol=1e-6)


def test_an_error_that_is_claimed_is_not_improved_and_none_is_proven_that_is_exceeded() -> None:
    formula = parse_formula("exp(t)*exp(-t) - 1 + t")
    line = [(Fraction(-1), Fraction(-1)), (Fraction(1), Fraction(1))]
    claimed = Fraction(1, 10**6)
    assert table_error(formula, {}, line, enough=claimed) <= claimed
    above = [(place, value + Fraction(1, 100)) for place, value in line]
    found = table_error(formula, {}, above, enough=Fraction(1, 50))
    assert Fraction(1, 100) <= found <= Fraction(1, 50)
    chord = [(Fraction(0), Fraction(1)), (Fraction(1), Fraction(2))]
    found = table_error(parse_formula("exp(t)"), {}, chord, enough=Fraction(1, 4))
    assert found >= Fraction(71, 100)  # e − 2, at the end


@pytest.mark.parametrize("bound", ["100000", "1e150", "1e400"])
def test_a_product_of_large_numbers_is_refused(bound: str) -> None:
    with pytest.raises(DiagnosticError, match=r"takes more than 5000 pieces|nothing bounds"):
        ws.compile(SQUARE, settings={"B": bound})


def test_a_product_of_large_numbers_by_gated_units() -> None:
    network = ws.compile(SQUARE, settings={"B": "100000"}, gated=True)
    found = network.run({"A": [[3e4, -2.0]]})["output"]
    np.testing.assert_allclose(found, [[9e8, 4.0]], rtol=1e-15)


@pytest.mark.slow
def test_sawteeth_of_thousands_of_pieces_are_proven() -> None:
    script = SQUARE.replace("A .* A", "A .* (A + A)")
    network = ws.compile(script, settings={"B": "40"})  # 2048 pieces, two squares
    assert network.verify().accepted
    found = network.run({"A": [[30.0, -2.0]]})["output"]
    np.testing.assert_allclose(found, [[1800.0, 8.0]], atol=float(network.bounds[0].value or 0))


@pytest.mark.parametrize(
    "whole",
    [Fraction(1, 3), Fraction(4), Fraction(401, 100), Fraction(10) ** 7, Fraction(10) ** 700],
)
def test_the_pieces_of_a_square_of_any_size(whole: Fraction) -> None:
    pieces, sawteeth = square_pieces(whole)
    assert pieces % 2 == 0
    assert Fraction(pieces) ** 2 >= whole
    assert sawteeth or pieces == 2 or Fraction(pieces - 2) ** 2 < whole


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("return 2^20000*A", "a number with more than 3600 digits"),
        ("return 1e-900*1e-900*1e-900*A", "a coefficient of the network has more than 1900 digits"),
        ("return 2^2000*A", "is too large for float64"),
        ("return relu(A - 1e400*ones)", "is too large for float64"),
    ],
)
def test_numbers_that_no_weight_holds(line: str, message: str) -> None:
    with pytest.raises(DiagnosticError, match=message) as refused:
        ws.compile(f"algorithm f(A: [d, d])\n{line}\n")
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("tolerance", ["1e-400", "1e400"])
def test_tolerances_beyond_the_floats(tolerance: str) -> None:
    script = (
        "algorithm f(x: [d] per query)\nassume entries(x) in [0, 1]\n"
        f"within {tolerance}\nreturn sigmoid(x)\n"
    )
    if tolerance == "1e400":
        assert ws.compile(script).verify().accepted
        return
    with pytest.raises(DiagnosticError, match="takes more than 5000 pieces"):
        ws.compile(script)


def test_texts_and_floats_of_numbers_of_any_size() -> None:
    huge = Fraction(7) ** 9000
    assert not is_short(huge, 2000)
    assert not is_short(1 / huge, 2000)
    assert is_short(Fraction(-123, 46), 7)
    assert not is_short(Fraction(-123, 46), 6)
    assert (as_float(huge), as_float(-huge), as_float(1 / huge)) == (np.inf, -np.inf, 0.0)
    assert short_text(Fraction(10) ** 5000 * 3) == "3e+5000"
    assert short_text(Fraction(1, 3)) == "0.3333"
    with pytest.raises(RefusedError, match="The start is an exact number of more than 2000"):
        exact_text(huge, "The start")
    long = Fraction(10**990 - 1, 10**990 + 1)
    assert as_number(exact_text(long, "x"), "x") == long
    assert len(exact_text(Fraction(2) ** 6598, "x")) < MAX_NUMBER


SQUARES_AGAIN = "algorithm f(A: symmetric[d, d])\nX = A\nrepeat {0}:\n    X = X*X*X\nreturn X\n"


def test_more_matrices_than_are_checked_are_refused_before_they_are_made() -> None:
    with pytest.raises(InstantiationError, match="15000 layers have 105000 matrices, more than"):
        ws.compile(SQUARES_AGAIN.format(15_000))
    assert ws.compile(SQUARES_AGAIN.format(15)).verify().accepted


def chain(functions: int) -> str:
    line = "X = relu((A*X*B)' * (A*X*B)) - 1/2*B\n"
    return f"algorithm f(A: symmetric[d, d], B: [d, d])\nX = B\n{functions * line}return X*A\n"


def test_a_chain_of_functions_is_planned_or_refused_at_its_place() -> None:
    """Where planning is the deepest: each function is of a product of products of the last."""
    assert ws.compile(chain(MAX_CHAIN)).report.layers == 2 * MAX_CHAIN + 1
    with pytest.raises(DiagnosticError, match="more than 64 functions of entries") as found:
        ws.compile(chain(MAX_CHAIN + 1))
    assert f":{MAX_CHAIN + 3}:5: error[" in str(found.value)
    in_loops = (
        chain(40).replace("X = relu", "    X = relu").replace("X = B\n", "X = B\nrepeat 2:\n")
    )
    normalized = front(ws.check(in_loops), {}).normal
    assert len(normalized.applications) == 40


def test_no_more_parameters_than_the_checker_has_room_for() -> None:
    def text(count: int) -> str:
        lines = "".join(f"param p{k} = {k}\n" for k in range(count))
        terms = " + ".join(f"p{k}*A" for k in range(count))
        return f"algorithm f(A: [d, d])\n{lines}return {terms}\n"

    assert ws.compile(text(MAX_SYMBOLS)).verify().accepted
    with pytest.raises(DiagnosticError, match="more than 128 parameters") as found:
        ws.compile(text(3 * MAX_SYMBOLS))
    assert f":{MAX_SYMBOLS + 2}:7: error[" in str(found.value)
