"""Bounds of answers: never below the true distance, and near to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

import flint
import numpy as np
import pytest
from tests.backends.enclose.truth import (
    Matrix,
    enclosed,
    exactly,
    of_matrix,
    polar_of,
    precise,
    roots_of,
    size_of,
    symmetric,
    unit,
)

from weightsmith import api
from weightsmith.backends.enclose import enclose
from weightsmith.dsl import check
from weightsmith.dsl.running import interpreter
from weightsmith.dsl.text.source import Source

__all__ = ["precise"]
pytestmark = pytest.mark.usefixtures("precise")
EXAMPLES = Path(__file__).parents[3] / "examples"
DTYPES = (np.float32, np.float64)
LEAST_SQUARES = "y*x'*inv(x*x')*x over context"
SPECTRAL: Mapping[str, tuple[Callable[[np.ndarray], np.ndarray], Callable[[Matrix], Matrix]]] = {
    "sqrt(A)": (np.sqrt, lambda given: roots_of(given)[0]),
    "A^(-1/2)": (lambda values: 1 / np.sqrt(values), lambda given: roots_of(given)[1]),
    "A^(3/2)": (lambda values: values**1.5, lambda given: given * roots_of(given)[0]),
    "inv(A^2)": (lambda values: values**-2.0, lambda given: (given * given).inv()),
    "exp(-3*A)": (lambda values: np.exp(-3 * values), lambda given: (-3 * given).exp()),
    "sign(A - 1/2*I)": (
        lambda values: np.sign(values - 0.5),
        lambda given: polar_of(given - unit(given.nrows()) / 2),
    ),
    "spectral(cubic, A)": (
        lambda values: values**3 - 2 * values,
        lambda given: given * given * given - 2 * given,
    ),
    "spectral(step, A)": (
        lambda values: 1 / (1 + np.exp(values)),
        lambda given: (unit(given.nrows()) + given.exp()).inv(),
    ),
    "1/3*inv(A) + A*exp(A)": (
        lambda values: 1 / (3 * values) + values * np.exp(values),
        lambda given: given.inv() / 3 + given * given.exp(),
    ),
}


def require_near(bound: float | None, answer: np.ndarray, truth: Matrix, most: float = 1.1) -> None:
    assert bound is not None
    true = size_of(exactly(answer.astype(np.float64)) - truth)
    assert true <= flint.arb(bound)
    assert flint.arb(bound) <= most * true


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("target", SPECTRAL)
def test_functions_of_a_symmetric_matrix(target: str, dtype: type[np.floating]) -> None:
    matrix = symmetric(4, 6, 20.0)
    function, true = SPECTRAL[target]
    values, vectors = np.linalg.eigh(matrix)
    answer = (vectors * function(values) @ vectors.T).astype(dtype)
    with flint.ctx.workprec(800):
        require_near(of_matrix(target, matrix, answer).bound, answer, true(exactly(matrix)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_function_with_a_corner_at_an_eigenvalue(dtype: type[np.floating]) -> None:
    """What is known of f(A) is of first order there, so an answer must be off by more to tell."""
    vectors = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))[0]
    matrix = vectors * np.array([1.0, 1e-17, -2.0]) @ vectors.T
    matrix = (matrix + matrix.T) / 2
    answer = (vectors * np.array([1.0, 0.0, 2.0]) @ vectors.T + 1e-6).astype(dtype)
    bound = of_matrix("spectral(kink, A)", matrix, answer).bound
    with flint.ctx.workprec(800):
        exact = exactly(matrix)
        require_near(bound, answer, roots_of(exact * exact)[0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("condition", [3.0, 1e7])
def test_the_inverse_of_any_matrix(condition: float, dtype: type[np.floating]) -> None:
    matrix = symmetric(1, 7, condition) @ np.diag(np.arange(1.0, 8.0))
    answer = np.linalg.inv(matrix).astype(dtype)
    found = of_matrix("inv(A)", matrix, answer, "[d, d]")
    require_near(found.bound, answer, exactly(matrix).inv())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("turned", [False, True])
def test_the_polar_factor(turned: bool, dtype: type[np.floating]) -> None:
    matrix = np.vander(np.linspace(0, 1, 7), 3)
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    answer = (left @ right).astype(dtype)
    with flint.ctx.workprec(800):
        truth = polar_of(exactly(matrix))
        if turned:
            matrix, answer, truth = matrix.T, answer.T, truth.transpose()
        require_near(of_matrix("polar(A)", matrix, answer, "[m, n]").bound, answer, truth)


@pytest.mark.parametrize("dtype", DTYPES)
def test_least_squares(dtype: type[np.floating]) -> None:
    draw = np.random.default_rng(0)
    x, y, query = draw.normal(size=(4, 30)), draw.normal(size=(2, 30)), draw.normal(size=(4, 3))
    answer = (y @ x.T @ np.linalg.inv(x @ x.T) @ query).astype(dtype)
    script = (
        "algorithm a(x: [d] per token, y: [k] per context)\n"
        f"return y*x'*x on query over context approximates {LEAST_SQUARES}\n"
    )
    inputs = {"x": {"context": x, "query": query}, "y": {"context": y}}
    found = enclosed(script, inputs, {"query": answer})
    big, labels = exactly(x), exactly(y)
    gram = (big * big.transpose()).inv()
    require_near(found.bound, answer, labels * big.transpose() * gram * exactly(query))


@pytest.mark.parametrize("parts", [1, 3])
def test_potentials_of_a_graph_with_any_number_of_parts(parts: int) -> None:
    draw = np.random.default_rng(parts)
    size = 4
    incidence = np.zeros((parts * size, parts * (size - 1)))
    for part in range(parts):
        for step in range(size - 1):
            edge = part * (size - 1) + step
            incidence[part * size + step, edge] = 1
            incidence[part * size + step + 1, edge] = -1
    weighted = incidence * draw.uniform(0.1, 3, size=incidence.shape[1])
    psi = draw.normal(size=(parts * size, 2))
    answer = np.linalg.pinv(weighted @ incidence.T, rcond=1e-10) @ psi
    script = (
        "algorithm a(B: [v, e], C: [v, e], psi: [v, k])\nreturn psi approximates pinv(C*B')*psi\n"
    )
    found = enclosed(script, {"B": incidence, "C": weighted, "psi": psi}, answer)
    block = np.kron(np.eye(parts), np.ones((size, size)))
    mean = exactly(block) / size
    laplacian = exactly(weighted) * exactly(incidence).transpose()
    require_near(found.bound, answer, ((laplacian + mean).inv() - mean) * exactly(psi))


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4)])
def test_the_pseudo_inverse_of_full_rank(shape: tuple[int, int]) -> None:
    matrix = np.random.default_rng(2).normal(size=shape)
    answer = np.linalg.pinv(matrix)
    script = "algorithm a(A: [m, n], B: [n, m])\nreturn B approximates pinv(A)\n"
    found = enclosed(script, {"A": matrix, "B": matrix.T}, answer)
    exact = exactly(matrix)
    turned = exact.transpose()
    tall = shape[0] > shape[1]
    truth = (turned * exact).inv() * turned if tall else turned * (exact * turned).inv()
    require_near(found.bound, answer, truth)


def test_a_rational_coefficient_and_a_polynomial_are_exact() -> None:
    draw = np.random.default_rng(5)
    given = {"A": draw.normal(size=(3, 4)), "B": draw.normal(size=(3, 4))}
    script = (
        "algorithm a(A: [m, n], B: [m, n])\nreturn 1/3*A - B*A'*A/7 approximates 1/3*A - B*A'*A/7\n"
    )
    program = check(Source("<test>", script))
    (name,) = (one.name for one in program.returns)
    answer = np.asarray(interpreter.run(program, given, {})[name])
    first, second = exactly(given["A"]), exactly(given["B"])
    truth = first / 3 - second * first.transpose() * first / 7
    require_near(enclose(program, {}, given, {name: answer})[name].bound, answer, truth)


LOOP = """algorithm a(A: symmetric[d, d], b: [d, 1])
param c = 1/3

x = b
for k in 1, 2, 3, 4, 5, 6:
    x = relu(b - c*A*x) + 1/k*b
return x, x'*x
"""


def test_a_value_without_a_target_is_compared_with_the_script() -> None:
    draw = np.random.default_rng(1)
    given = {"A": symmetric(2, 4), "b": draw.normal(size=(4, 1))}
    program = check(Source("<test>", LOOP))
    bindings = {"c": Fraction(1, 3)}
    answer = interpreter.run(program, given, bindings)
    exact = interpreter.run(program, given, bindings, exact=True)
    report = enclose(program, bindings, given, answer)
    for one in report.values:
        value = np.asarray(answer[one.name])
        entries = [flint.arb(x.numerator) / x.denominator for x in np.asarray(exact[one.name]).flat]
        require_near(one.bound, value, flint.arb_mat(*value.shape, entries))
        assert one.target == "the script's exact value"


LOGISTIC = "(sigmoid(w*x) - y)*x'/7 + 1/10*w over context"
ROOTS = (
    LOGISTIC,
    "(w*x - y)*x' + 1/3*w over context",
    "clip(w*x - y, -1/2, 1/2)*x' + 2*w over context",
    "(exp.(clip(w*x, -2, 2)) - y)*x' + w over context",
    "w*x*x' + 1/2*w - y*x' over context",
)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("equation", ROOTS)
def test_roots_of_equations(equation: str, dtype: type[np.floating]) -> None:
    draw = np.random.default_rng(8)
    given = {"x": draw.normal(size=(3, 9)), "y": draw.normal(size=(2, 9))}
    script = (
        "algorithm a(x: [d] per context, y: [k] per context)\n"
        f"return y*x' over context approximates root(w: {equation})\n"
    )
    program = check(Source("<test>", script))
    (name,) = (one.name for one in program.returns)
    root = np.asarray(interpreter.target(program, given, {})[name])
    answer = (root + 1e-3 * draw.normal(size=root.shape)).astype(dtype)
    bound = enclose(program, {}, given, {name: answer})[name].bound
    assert bound is not None
    distance = float(np.linalg.norm(answer.astype(float) - root))
    assert distance * (1 - 1e-9) <= bound <= 1.1 * distance
    nearest = enclose(program, {}, given, {name: root})[name].bound
    assert nearest is not None
    assert nearest < 1e-12


def test_columns_may_be_the_unknown() -> None:
    """The mirror image: the transposed problem has the transposed root."""
    draw = np.random.default_rng(3)
    x, y = draw.normal(size=(3, 9)), draw.normal(size=(9, 1))
    script = (
        "algorithm a(x: [d, n], y: [n, 1])\n"
        "return x*y approximates root(w: x*(sigmoid(x'*w) - y) + 1/5*w)\n"
    )
    program = check(Source("<test>", script))
    root = np.asarray(interpreter.target(program, {"x": x, "y": y}, {})["output"])
    bound = enclose(program, {}, {"x": x, "y": y}, {"output": root + 1e-4})["output"].bound
    assert bound == pytest.approx(1e-4 * np.sqrt(3), rel=1e-4)


def test_every_problem_of_a_batch_has_its_bound() -> None:
    matrices = np.stack([symmetric(1, 3), np.ones((3, 3)), symmetric(2, 3)])
    answers = np.stack([np.linalg.inv(one + 1e-9 * np.eye(3)) for one in matrices])
    found = of_matrix("inv(A)", matrices, answers)
    assert found.bound is None
    assert "(index 1 of the batch)" in found.reason
    for place in (0, 2):
        bound = found.bounds[place]
        truth = exactly(matrices[place]).inv()
        require_near(bound, answers[place], truth)


def test_a_network_runs_with_its_bound() -> None:
    network = api.compile(EXAMPLES / "square_root.alg", settings={"mu": "1/20", "L": 1})
    matrix = symmetric(6, 5)
    for dtype in ("float32", "float64"):
        answer, report = network.run({"A": matrix}, dtype=dtype, certify=True)
        with flint.ctx.workprec(800):
            truths = dict(zip(("Y", "Z"), roots_of(exactly(matrix)), strict=True))
            for name, truth in truths.items():
                require_near(report[name].bound, np.asarray(answer[name]), truth)
    assert np.array_equal(network.run({"A": matrix}, "float64")["Y"], answer["Y"])
    assert "||Y - sqrt(A)|| <= " in str(report)
    assert report["Y"].norm == "Frobenius norm"


@pytest.mark.parametrize("number", [float, int, np.float32, np.float16])
def test_numbers_of_any_kind_are_taken_as_they_are(number: type) -> None:
    matrix = np.array([[2, 1], [1, 3]]).astype(number)
    answer = np.linalg.inv(matrix.astype(float)).astype(np.float16)
    require_near(
        of_matrix("inv(A)", matrix, answer).bound, answer, exactly(matrix.astype(float)).inv()
    )


def test_fractions_that_are_floats_are_taken_too() -> None:
    matrix = np.array([[Fraction(5, 2), Fraction(1, 4)], [Fraction(1, 4), Fraction(3)]])
    answer = np.linalg.inv(matrix.astype(float))
    require_near(
        of_matrix("inv(A)", matrix, answer).bound, answer, exactly(matrix.astype(float)).inv()
    )
