"""Functions of entries: what they mean in the core, sites, tolerances, calls, symmetry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

import pytest

from weightsmith.dsl import Checked, program_text
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.formulas import formula_text
from weightsmith.dsl.numbers.scalar_printer import scalar_text
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import Approximated, Entrywise, Hadamard, PiecewiseLinear
from weightsmith.dsl.program.parts import parts_of

Look = Callable[..., Checked]
HEAD = """\
algorithm f(A: symmetric[d, d], x: [d] per token, c: [1] per token, y: [k] per context)
param tau = 1/2, low, high
"""


def program_of(look: Look, text: str) -> core.Program:
    checked = look(HEAD + text)
    errors = [one.render() for one in checked.diagnostics if one.severity == "error"]
    assert checked.program is not None, errors
    return checked.program


def value_of(look: Look, text: str) -> core.Node:
    return program_of(look, f"return {text}").returns[0].value


def sites(program: core.Program) -> Iterator[Entrywise | Hadamard]:
    def within(node: core.Node) -> Iterator[Entrywise | Hadamard]:
        for part in parts_of(node):
            yield from within(part)
        if isinstance(node, Entrywise | Hadamard):
            yield node

    def of(body: tuple[core.Statement, ...]) -> Iterator[Entrywise | Hadamard]:
        for statement in body:
            if isinstance(statement, core.Repeat):
                yield from of(statement.body)
            else:
                for value in statement.values:
                    yield from within(value)

    yield from of(program.body)
    for one in program.returns:
        yield from within(one.value)
    for one in program.returns:
        if one.target is not None:
            yield from within(one.target)


def shown(function: PiecewiseLinear | Approximated) -> str:
    if isinstance(function, Approximated):
        return formula_text(function.formula)
    breakpoints = [f"({scalar_text(a)}: {scalar_text(b)})" for a, b in function.breakpoints]
    return f"{scalar_text(function.constant)} + {scalar_text(function.slope)} t " + " ".join(
        breakpoints
    )


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("relu(A)", "0 + 0 t (0: 1)"),
        ("abs(A)", "0 + -1 t (0: 2)"),
        ("max(A, tau)", "tau + 0 t (tau: 1)"),
        ("max(tau, A)", "tau + 0 t (tau: 1)"),
        ("min(A, 2)", "0 + 1 t (2: -1)"),
        ("clip(A, low, high)", "low + 0 t (low: 1) (high: -1)"),
        ("soft(A, 2*tau)", "2*tau + 1 t (-2*tau: -1) (2*tau: 1)"),
        ("relu.(A)", "0 + 0 t (0: 1)"),
        ("sigmoid(A)", "sigmoid(t)"),
        ("exp.(A)", "exp(t)"),
        ("sqrt.(A)", "sqrt(t)"),
        ("reciprocal(A)", "1/t"),
        ("rsqrt(A)", "1/sqrt(t)"),
        ("square(A)", "t^2"),
    ],
)
def test_a_function_of_the_language(text: str, function: str, look: Look) -> None:
    node = value_of(look, text)
    assert isinstance(node, Entrywise)
    assert shown(node.function) == function
    assert node.label == text.partition("(")[0].rstrip(".")
    assert (node.site, node.shape) == ("1", core.Shape("d", "d"))


def test_the_greater_of_two_values_is_exact(look: Look) -> None:
    assert value_of(look, "max(A, 2*A*A)") == value_of(look, "max(A, 2*A*A)")
    printed = program_text(program_of(look, "return max(A, A*A), min(A, A*A)"))
    assert "return A*A + relu(A - A*A), A*A - relu(-A + A*A)" in printed


@pytest.mark.parametrize(
    ("declared", "function"),
    [
        ("table g = (-1, 0), (0, 1/2), (1, 2)", "0 + 0 t (-1: 1/2) (0: 1) (1: -3/2)"),
        ("table g = (0, 1), (1, 1), (2, 1)", "1 + 0 t "),
        ("function g(t) = sigmoid(t)*(1 - sigmoid(t))", "sigmoid(t)*(1 - sigmoid(t))"),
        ("function g(u) = 2*tau/(2*tau + sqrt(u))", "2*tau/(2*tau + sqrt(t))"),
        ("function g(t) = 1/t^2 + reciprocal(t) + rsqrt(t)", "1/t^2 + 1/t + 1/sqrt(t)"),
        ("function g(t) = sqrt(low)*exp(-t)", "sqrt(low)*exp(-t)"),
        ("function h(t) = t + 1\nfunction g(t) = h(h(t))^2", "(2 + t)^2"),
        ("function g(t) = relu(t - tau) - relu(t)", "0 + 0 t (tau: 1) (0: -1)"),
        ("function g(t) = relu(t)*tanh(t)", "1/2*(t + abs(t))*tanh(t)"),
        ("function g(t) = relu(low*t)", "1/2*(low*t + abs(low*t))"),
    ],
)  # fmt: skip
def test_a_declared_function(declared: str, function: str, look: Look) -> None:
    (node,) = sites(program_of(look, f"{declared}\nreturn g(A)"))
    assert isinstance(node, Entrywise)
    assert node.label == "g"
    assert shown(node.function) == function


def line_at(function: PiecewiseLinear, t: Fraction, values: dict[str, Fraction]) -> Fraction:
    total = q.evaluate(function.constant, values) + q.evaluate(function.slope, values) * t
    for place, change in function.breakpoints:
        total += q.evaluate(change, values) * max(t - q.evaluate(place, values), Fraction(0))
    return total


@pytest.mark.parametrize(
    ("body", "function"),
    [
        ("relu(t - 1) + 3*relu(2 - 2*t)", lambda t: max(t - 1, 0) + 3 * max(2 - 2 * t, 0)),
        ("abs(t - tau)/2 - t", lambda t: abs(t - Fraction(1, 2)) / 2 - t),
        ("clip(t, -1, 1) + min(t, 2*t)", lambda t: min(max(t, -1), 1) + min(t, 2 * t)),
        ("max(1 - t, abs(t)*0 + 2)", lambda t: max(1 - t, 2)),
        ("soft(3 - t/2, 1/2)", lambda t: max(3 - t / 2 - Fraction(1, 2), 0)
         - max(-3 + t / 2 - Fraction(1, 2), 0)),
        ("2*t + 1", lambda t: 2 * t + 1),
    ],
)  # fmt: skip
def test_a_piecewise_linear_body_is_exact(
    body: str, function: Callable[[Fraction], Fraction], look: Look
) -> None:
    (node,) = sites(program_of(look, f"function g(t) = {body}\nreturn g(A)"))
    assert isinstance(node, Entrywise)
    assert isinstance(node.function, PiecewiseLinear)
    for n in range(-30, 31):
        t = Fraction(n, 3)
        assert line_at(node.function, t, {"tau": Fraction(1, 2)}) == function(t)


def test_products_entry_by_entry(look: Look) -> None:
    node = value_of(look, "2*A .* A*A")
    assert isinstance(node, core.Product)
    assert isinstance(node.factors[0], Hadamard)
    assert isinstance(value_of(look, "tau .* A"), core.Combination)
    assert isinstance(value_of(look, "A ./ 2"), core.Combination)
    quotient = value_of(look, "A ./ (A*A)")
    assert isinstance(quotient, Hadamard)
    assert isinstance(quotient.right, Entrywise)
    assert (quotient.right.site, quotient.site) == ("1", "2")


@pytest.mark.parametrize("text", ["c .* x", "x .* c"])
def test_a_row_is_repeated(text: str, look: Look) -> None:
    node = value_of(look, text)
    assert isinstance(node, Hadamard)
    row = node.left if text.startswith("c") else node.right
    assert isinstance(row, core.Product)
    assert isinstance(row.factors[0], core.Ones)
    assert row.factors[0].shape == core.Shape("d", "1")
    assert node.shape == core.Shape("d", core.TOKEN, (), core.GROUPS)


def test_a_row_meets_rows_that_are_found_later(look: Look) -> None:
    lines = (
        "w = 0\nrepeat 3:\n    e = exp.(w*x)\n    p = e ./ sum(e)\n"
        "    w = w - (p - y)*x' over context\nreturn w"
    )
    product = next(one for one in sites(program_of(look, lines)) if isinstance(one, Hadamard))
    assert product.shape.rows == "k"
    single = program_of(look, lines.replace("(p - y)", "(p - c)"))
    product = next(one for one in sites(single) if isinstance(one, Hadamard))
    assert product.shape.rows == "1"
    assert isinstance(product.right, Entrywise)  # nothing is repeated


def test_groups_of_tokens_follow_the_argument(look: Look) -> None:
    for value in ("relu(y)", "sum(y) .* c", "sum(y) + 2*ones", "y .* (ones*c)"):
        program = program_of(look, f"u = {value}\nreturn u")
        assert program.returns[0].groups == (core.CONTEXT,), value
    transposed = program_of(look, "return A*x*relu(x')*A over context").returns[0].value
    assert transposed.shape == core.Shape("d", "d")


def test_sites_are_numbered_in_order_of_evaluation(look: Look) -> None:
    program = program_of(
        look,
        "u = relu(sigmoid(x)) + tanh(x)\nrepeat 2:\n    u = u .* sin(u)\n"
        "return cos(u), u approximates root(w: w - exp.(x))",
    )
    found = [(one.site, getattr(one, "label", ".*")) for one in sites(program)]
    labels = ["sigmoid", "relu", "tanh", "sin", ".*", "cos", "exp"]
    assert found == [(str(i + 1), label) for i, label in enumerate(labels)]


def tolerances(program: core.Program) -> list[str]:
    found = []
    for one in sites(program):
        if isinstance(one, Hadamard):
            found.append(scalar_text(one.tolerance))
        elif isinstance(one.function, Approximated):
            found.append(scalar_text(one.function.tolerance))
    return found


def test_the_nearest_within_counts(look: Look) -> None:
    text = "u = tanh(x) + (sin(x .* x) within tau)\nv = cos(u) + u within 1e-5\nreturn u, tanh(v)"
    assert tolerances(program_of(look, text)) == ["1/1000", "tau", "tau", "1/100000", "1/1000"]
    own = tolerances(program_of(look, f"within 1/9\n{text}"))
    assert own == ["1/9", "tau", "tau", "1/100000", "1/9"]


CALLEE = """\
algorithm g(z: [m] per token)
param s = 2
function bend(t) = s*sin(t)
table ramp = (-2, 0), (2, 1)
return bend(z) + ramp(z) + (cos(z) within s/100)

"""


def test_functions_of_a_called_algorithm(look: Look) -> None:
    lines = "X = g(x, s = tau) within 1e-5\nY = g(x)\nreturn X + Y"
    checked = look(CALLEE + HEAD + lines)
    assert checked.program is not None
    found = [(one.label, shown(one.function)) for one in sites(checked.program)
             if isinstance(one, Entrywise)]  # fmt: skip
    assert found[0] == ("bend", "tau*sin(t)")
    assert found[3] == ("bend", "2*sin(t)")
    assert found[4] == ("ramp", "0 + 0 t (-2: 1/4) (2: -1/4)")
    assert tolerances(checked.program) == ["1/100000", "1/100*tau", "1/1000", "1/50"]
    printed = program_text(checked.program)
    assert "function bend(t) = tau*sin(t)\n" in printed
    assert "function site4.bend(t) = 2*sin(t)\n" in printed


def test_the_line_of_a_called_algorithm_wins(look: Look) -> None:
    callee = CALLEE.replace("param s = 2", "param s = 2\nwithin s/7")
    checked = look(f"{callee}{HEAD}within 1e-5\nreturn g(x) + tanh(x)")
    assert checked.program is not None
    assert tolerances(checked.program) == ["2/7", "1/50", "1/100000"]


def test_bounds_of_a_called_algorithm_follow_from_the_caller(look: Look) -> None:
    callee = (
        "algorithm g(z: [m] per token)\nassume norm(z) <= B\nassume size(context) <= n\n"
        "assume size(m) <= M\nassume entries(z) in [lo, hi]\nreturn B*z/n + hi*z\n\n"
    )
    text = "assume norm(x) <= R\nassume size(context) <= N\nassume entries(x) in [0, E]\n"
    checked = look(f"{callee}{HEAD}{text}X = g(x)\nreturn X")
    assert checked.program is not None
    assert "R/N*x + E*x" in program_text(checked.program)
    (found,) = [
        one for one in look(f"{callee}{HEAD}X = g(x)\nreturn X").diagnostics
        if one.severity == "error"
    ]  # fmt: skip
    assert found.message == "'g' needs a value for B, n, hi"


@pytest.mark.parametrize(
    "declared",
    [
        "table g = (low, 0), (high, 1)",
        "function g(t) = clip(t, low, high)",
        "function g(t) = soft(t, tau)",
        "function g(t) = sigmoid(clip(t, -tau, tau))",
    ],
)
def test_an_order_that_is_not_plain_is_refused(declared: str, look: Look) -> None:
    """At other numbers it would be another function than it says, and nobody would see it."""
    checked = look(f"{HEAD}{declared}\nreturn g(A)")
    (found,) = [one for one in checked.diagnostics if one.severity == "error"]
    assert "are numbers" in found.message


def test_a_symmetric_value_stays_symmetric(look: Look) -> None:
    callee = "algorithm g(S: symmetric[m, m])\nreturn S*S\n\n"
    values = ["relu(A)", "A .* (A*A)", "sigmoid(A + A')", "(c .* x)*x' over context",
              "ones + A", "(exp.(c) .* 2*x)*x' + A over tokens"]  # fmt: skip
    for value in values:
        warnings = [one.message for one in look(f"{callee}{HEAD}return g({value})").diagnostics]
        assert not any("symmetric" in one for one in warnings), value
    warnings = [one.message for one in look(f"{callee}{HEAD}return g(A*relu(A))").diagnostics]
    assert any("need not be symmetric" in one for one in warnings)


def test_an_algorithm_hides_a_function_of_its_name(look: Look) -> None:
    callee = "algorithm soft(M: [m, n])\nreturn 2*M\n\n"
    checked = look(f"{callee}{HEAD}return soft(A)")
    assert checked.program is not None
    assert isinstance(checked.program.returns[0].value, core.Combination)


def test_words_that_are_no_functions_elsewhere(look: Look) -> None:
    text = "relu, norm, size, root, error = A, A, A, A, A\nreturn relu(relu) + norm*size*root*error"
    assert isinstance(value_of_text(look, text), core.Combination)


def value_of_text(look: Look, text: str) -> core.Node:
    return program_of(look, text).returns[0].value


def test_assumptions_on_sizes(look: Look) -> None:
    text = (
        "assume norm(x) <= R\nassume entries(y) in [-B, B]\nassume size(context) <= n\n"
        "assume size(d) <= 5\nreturn A, x, y"
    )
    program = program_of(look, text)
    assert [type(one).__name__ for one in program.assumptions] == [
        "NormAssumption", "EntryAssumption", "SizeAssumption", "SizeAssumption"
    ]  # fmt: skip
    assert {"R", "B", "n"} <= {one.name for one in program.parameters}
    lines = program_text(program).splitlines()
    assert lines[1:5] == text.splitlines()[:4]


def test_a_loop_until_the_error_is_small(look: Look) -> None:
    text = (
        "X = A\nrepeat until error <= 1e-6:\n    X = X*A\n"
        "repeat until error <= tau:\n    X = X*A\nreturn X approximates A"
    )
    program = program_of(look, text)
    names = [one.name for one in program.parameters if one.is_count]
    assert names == ["passes", "passes2"]
    assert all(one.default is None for one in program.parameters if one.is_count)
    assert [(one.parameter, scalar_text(one.tolerance)) for one in program.untils] == [
        ("passes", "1/1000000"), ("passes2", "tau")
    ]  # fmt: skip
    counts = [one.count for one in program.body if isinstance(one, core.Repeat)]
    assert counts == [q.Symbol("passes"), q.Symbol("passes2")]
    taken = program_of(look, text.replace("X", "passes"))
    assert [one.parameter for one in taken.untils] == ["passes2", "passes3"]


def test_a_root_is_a_target(look: Look) -> None:
    text = "H = relu(A) within 1e-7\nreturn A*A approximates root(w: sigmoid(w)*H - A)"
    target = program_of(look, text).returns[0].target
    assert isinstance(target, core.Root)
    assert (target.name, target.shape) == ("w", core.Shape("d", "d"))
    assert "relu(A)" in program_text(program_of(look, text)).splitlines()[-1]
