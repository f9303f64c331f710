"""What was found equal is saved: a directory that the checker accepts, and that says no more."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from weightsmith import api
from weightsmith.against import Comparison
from weightsmith.backends.errors import LayoutError
from weightsmith.checker.reading.verdicts import Report
from weightsmith.checker.verify import verify_directory
from weightsmith.compiler.against.sides import MismatchError
from weightsmith.dsl import DiagnosticError, Source, check
from weightsmith.dsl.printing.core_form import core_form
from weightsmith.network_page import bound_curves

from .saved_texts import (
    ENDS,
    FOR,
    HALF,
    NEWTON,
    NONE,
    ONCE,
    PASSES,
    SCRIPT_OF_SEEN,
    SCRIPT_OF_TWO,
    SEEN,
    TWO,
    WRITTEN_OUT,
)
from .test_published import EQUAL, NETWORKS

OTHERS = "of other numbers of passes nothing is said."


def saved(found: Comparison, folder: Path) -> Report:
    """Save it; both ways of checking accept every claim."""
    found.save(folder / "saved")
    assert verify_directory(folder / "saved", kernel=True).outcome == "proven"
    report = api.verify(folder / "saved")
    assert report.outcome == "proven", [one for one in report.verdicts if not one.proven]
    return report


def exactness(report: Report) -> str:
    (found,) = [one.statement for one in report.verdicts if one.kind == "exactness"]
    return found


@pytest.mark.parametrize("name", EQUAL)
def test_a_published_construction_is_saved(name: str, tmp_path: Path) -> None:
    script = NETWORKS / f"{name}.alg"
    report = saved(api.compare(NETWORKS / f"{name}.net", script), tmp_path)
    assert "computes what script.alg says, for every size" in exactness(report)
    network = api.load(tmp_path / "saved")
    assert f"network {network.template.algorithm}\n" in network.show()
    network.export(tmp_path / "again.net")
    again = api.compare(tmp_path / "again.net", tmp_path / "saved" / "script.alg")
    assert again.outcome == "equal", again.text


def test_the_sign_that_a_threshold_needs_is_a_hypothesis(tmp_path: Path) -> None:
    found = api.compare(NETWORKS / "bai_lasso.net", NETWORKS / "bai_lasso.alg")
    assert found.text.endswith("\n  if 0 <= eta*lam")
    assert exactness(saved(found, tmp_path)).endswith("denominator vanishes, and 0 <= eta*lam.")


def test_a_script_that_needs_no_change_keeps_its_text(tmp_path: Path) -> None:
    text = "# by hand\n" + NEWTON.lstrip()
    saved(api.compare(HALF, text, settings=ENDS), tmp_path)
    assert (tmp_path / "saved" / "script.alg").read_text(encoding="utf-8") == text


def test_numbers_of_tokens_and_fixed_matrices_are_the_networks(tmp_path: Path) -> None:
    found = api.compare(NETWORKS / "von_oswald_gd.net", NETWORKS / "von_oswald_gd.alg")
    program = found.network().program
    assert dict(program.sizes) == {"N": "context"}
    assert [one.name for one in program.inputs if one.fixed] == ["W0"]
    given = check(Source("given.alg", (NETWORKS / "von_oswald_gd.alg").read_text("utf-8")))
    same = core_form(program)["body"] == core_form(given)["body"]
    assert same


def test_numbers_of_a_fixed_matrix_give_weights() -> None:
    """Ahn et al.: two steps with matrices of their own, against NumPy."""
    name = NETWORKS / "ahn_transposed"
    found = api.compare(f"{name}.net", f"{name}.alg", settings={"n": 3})
    assert "model.safetensors" not in found.network().files()
    one, two = np.array([[1, 2], [0, 1]]), np.array([[0.5, 0], [0.25, 1]])
    network = found.network(matrices={"A1": one, "A2": two})
    report = network.verify()
    assert report.outcome == "proven"
    assert "weights" in [verdict.kind for verdict in report.verdicts]
    dice = np.random.default_rng(8)
    x, y, query = dice.normal(size=(2, 3)), dice.normal(size=(1, 3)), dice.normal(size=(2, 1))
    w = y @ x.T @ one.T / 3
    w = w - (w @ x - y) @ x.T @ two.T / 3
    (answer,) = network.run({"x": {"context": x, "query": query}, "y": {"context": y}}).values()
    np.testing.assert_allclose(answer["query"], w @ query, rtol=1e-12)  # type: ignore[index,call-overload]


def test_it_runs_as_its_script(tmp_path: Path) -> None:
    names = ("von_oswald_gdpp", {"eta": "1/7", "gamma": "1/50", "steps": 3})
    found = api.compare(
        NETWORKS / f"{names[0]}.net", NETWORKS / f"{names[0]}.alg", settings=names[1]
    )
    saved(found, tmp_path)
    dice = np.random.default_rng(3)
    inputs = {
        name: {"context": dice.normal(size=(rows, 4)), "query": dice.normal(size=(rows, 2))}
        for name, rows in (("x", 3), ("y", 2))
    }
    network = api.load(tmp_path / "saved")
    one, other = network.run(inputs)["r"], network.interpret(inputs)["r"]
    np.testing.assert_allclose(one["query"], other["query"], rtol=1e-10)  # type: ignore[index]


def test_the_bound_of_the_script_is_proven_of_the_network(tmp_path: Path) -> None:
    """By hand: e = 1 - A/3 is at most 1/3, and a pass squares it."""
    found = api.compare(HALF, NEWTON, settings={**ENDS, "steps": 3})
    network = found.network()
    (bound,) = network.bounds
    assert bound.value is not None
    assert Fraction(1, 3**8) <= bound.value < Fraction(1001, 1000) / 3**8
    report = saved(found, tmp_path)
    assert "weights" in [one.kind for one in report.verdicts]
    (said,) = [one.statement for one in report.verdicts if one.kind == "truncation"]
    assert said.startswith("‖X − inv(A)‖₂ ≤ 0.0001525 · ‖inv(A)‖₂ in exact arithmetic, for every A")
    spread = np.diag([2.0, 3.0, 4.0])
    answer = network.run({"A": spread})["X"]
    inverse = np.linalg.inv(spread)
    distance = np.linalg.norm(np.asarray(answer) - inverse, 2)
    assert distance <= float(bound.value) / 2 * (1 + 1e-9)  # floats: at 2 the bound is reached


def test_a_distance_without_a_rule_is_open() -> None:
    found = api.compare(
        HALF, NEWTON.replace("assume spectrum(A) in [mu, L]", "param mu, L"), settings=ENDS
    )
    assert found.is_equal, found.text
    network = found.network()
    assert network.verify().outcome == "open"
    assert network.bounds[0].unproven is not None


def test_equality_at_numbers_names_them(tmp_path: Path) -> None:
    said = exactness(saved(api.compare(HALF, NEWTON, settings=ENDS), tmp_path))
    assert said.startswith("With L = 4, mu = 2 the network of template.json computes what script")
    assert said.endswith("; of other numbers nothing is said.")


@pytest.mark.parametrize(
    ("net", "script", "settings", "counts"),
    [
        (ONCE, PASSES, {"k": 1}, "With k = 1 the network; its loop runs exactly 1 pass"),
        (NONE, PASSES, {"k": 0}, "With k = 0 the network; its loop runs exactly 0 passes"),
        (ONCE, PASSES, {"k": 1, "c": 5}, "With k = 1 the network; its loop runs exactly 1 pass"),
        (WRITTEN_OUT, FOR, {}, "The network; its loops run exactly 2 and 1 passes"),
    ],
)
def test_equality_for_this_count_names_it(
    net: str, script: str, settings: dict[str, int], counts: str, tmp_path: Path
) -> None:
    found = api.compare(net, script, settings=settings)
    assert found.outcome == "equal here", found.text
    assert all(f"{name} = {value}" in found.text for name, value in settings.items())
    said = exactness(saved(found, tmp_path))
    first, run = counts.split("; ")
    assert said.startswith(f"{first} of template.json computes what script.alg says when {run}, ")
    assert said.endswith(OTHERS)
    network = api.load(tmp_path / "saved")
    assert f"where {run}; for other numbers nothing is shown" in network.show()
    network.export(tmp_path / "out.py", numpy=True)
    assert "for other numbers nothing is shown" in (tmp_path / "out.py").read_text("utf-8")


def test_no_pass_by_induction(tmp_path: Path) -> None:
    found = api.compare(HALF, NEWTON, settings={**ENDS, "steps": 0})
    saved(found, tmp_path)
    answer = np.asarray(api.load(tmp_path / "saved").run({"A": 3 * np.eye(2)})["X"])
    np.testing.assert_array_equal(answer, np.eye(2) / 3)


def test_masked_scores(tmp_path: Path) -> None:
    saved(api.compare(SEEN, SCRIPT_OF_SEEN), tmp_path)


@pytest.mark.parametrize(
    ("returns", "names"),
    [
        ({"same": "x", "minus": "output2"}, ["x", "output2"]),
        ({"same": "x"}, ["x"]),
        ({"minus": "output2"}, ["output"]),  # alone it has no number
        ({"output2": "minus"}, ["output"]),
    ],
)
def test_several_outputs(returns: dict[str, str], names: list[str], tmp_path: Path) -> None:
    saved(api.compare(TWO, SCRIPT_OF_TWO, returns=returns), tmp_path)
    network = api.load(tmp_path / "saved")
    assert [one.name for one in network.template.read_out] == names
    assert [one.name for one in network.program.returns] == names


def test_what_is_not_equal_is_not_saved(tmp_path: Path) -> None:
    found = api.compare(ONCE, PASSES, settings={"k": 2})
    assert found.outcome == "different"
    with pytest.raises(MismatchError, match=r"nothing to save: the two are not equal.\nNOT EQUAL"):
        found.save(tmp_path / "saved")
    assert not (tmp_path / "saved").exists()


def test_what_was_there_stays_where_nothing_is_saved(tmp_path: Path) -> None:
    api.compare(NONE, PASSES, settings={"k": 0}).save(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(MismatchError):
        api.compare(ONCE, PASSES, settings={"k": 2}).save(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_two_numbers_for_one_symbol() -> None:
    net = HALF.replace("param steps", "param steps = 3")
    found = api.compare(net, NEWTON, settings=ENDS)
    with pytest.raises(MismatchError, match="'steps' is 3 in the network, and 12 in the script"):
        found.network()
    assert api.compare(net, NEWTON, settings={**ENDS, "steps": 5}).network().bindings["steps"] == 5


def test_a_symbol_that_is_a_matrix_of_the_script() -> None:
    """Both have an A0, and they are not the same: no script can say so."""
    net = ONCE.replace("input A: [d, d]", "input A: [d, d]\nparam A0").replace(
        "+= X·Aᵀ·X", "+= A0 X·Aᵀ·X"
    )
    script = PASSES.replace("param k, c\nX = I", "param k\nA0 = I\nX = A0")
    found = api.compare(net, script, settings={"k": 1, "A0": 1})
    assert found.is_equal, found.text
    with pytest.raises(MismatchError, match="no script says what they have in common"):
        found.network()


def test_a_symmetric_input_is_no_fixed_matrix() -> None:
    net = """
network f
input x: [d] per token
matrix W: [d, d]
tokens  context, query
stream  x  d rows, starts as x
        z  d rows, starts as 0
layer   head  z += (W x)·xᵀ·x   sum over context; at query
return  z = z at query tokens
"""
    script = """
algorithm f(x: [d] per token, W: symmetric[d, d])
return W*x*x'*x on query over context
"""
    script = script.replace(
        "return W*x*x'*x on query over context", "z = W*x*x'*x  over context\nreturn z on query"
    )
    found = api.compare(net, script)
    assert found.is_equal, found.text
    with pytest.raises(MismatchError, match=r"write 'W: fixed\[d, d\]'"):
        found.network()
    saved_network = api.compare(net, script.replace("symmetric", "")).network()
    assert saved_network.verify().outcome == "proven"


def test_a_promise_is_kept_or_nothing_is_saved(tmp_path: Path) -> None:
    """steps = 3 is within 1/3^8 of the inverse."""
    script = NEWTON.replace("X = 2/(mu", "ensure error <= {}\nX = 2/(mu", 1)
    settings = {**ENDS, "steps": 3}
    report = saved(api.compare(HALF, script.format("1/1000"), settings=settings), tmp_path)
    assert "promise" in [one.kind for one in report.verdicts]
    found = api.compare(HALF, script.format("1/10000"), settings=settings)
    with pytest.raises(DiagnosticError, match=r"only 1\.525e-4 is proven"):
        found.save(tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_number_of_tokens_that_is_set_is_kept(tmp_path: Path) -> None:
    """For twelve tokens the bound has a number, and other data are refused."""
    net = """
network gd
input x: [d] per token
input y: [1] per context
param eta, steps, N = size(context)
tokens  context, query
stream  x  d rows, starts as x
        y  1 rows, starts as y
repeat steps:
    layer   head  y += eta/N (-y)·xᵀ·x   sum over context; at context, query
return  output = -y at query tokens
"""
    script = """
algorithm gd(x: [d] per token, y: [1] per context)
assume spectrum(x*x' over context) in [mu, L]
param eta, N, steps
w = 0
repeat steps:
    w = w - eta/N*(w*x - y)*x'  over context
return w*x on query approximates y*x'*inv(x*x')*x over context
"""
    settings = {"eta": 8, "mu": 1, "L": 2, "steps": 20}
    whole = api.compare(net, script, settings=settings).network()
    assert whole.bounds[0].value is None  # a formula in N
    assert whole.verify().outcome == "open"
    found = api.compare(net, script, settings={**settings, "N": 12})
    saved(found, tmp_path)
    network = api.load(tmp_path / "saved")
    assert network.bounds[0].value == pytest.approx(3**-20, rel=1e-3)  # |1 - 8/12·[1, 2]| is 1/3
    for count in (12, 11):
        rows = np.linalg.qr(np.random.default_rng(1).normal(size=(count, 2)))[0].T * 1.2
        inputs = {
            "x": {"context": rows, "query": np.ones((2, 1))},
            "y": {"context": np.ones((1, count))},
        }
        if count == 12:
            network.run(inputs)
        else:
            with pytest.raises(LayoutError, match="this network is for 12 context tokens"):
                network.run(inputs)


def test_a_number_of_a_symbol_that_only_the_network_has(tmp_path: Path) -> None:
    """It is not needed for the equality; the weights need it."""
    net = NONE.replace("input A: [d, d]", "input A: [d, d]\nparam a").replace(
        "layer   (nothing)", "layer   mlp  A += a A"
    )
    found = api.compare(net, PASSES, settings={"k": 0, "a": "1/3"})
    assert found.is_equal, found.text
    saved(found, tmp_path)
    assert api.load(tmp_path / "saved").bindings["a"] == Fraction(1, 3)


def test_a_matrix_that_only_the_network_has(tmp_path: Path) -> None:
    """It comes to nothing, whatever it is: the script gets an input of its name."""
    net = NONE.replace("input A: [d, d]", "input A: [d, d]\nmatrix W: [d, d]").replace(
        "layer   (nothing)", "layer   mlp  A += W A"
    )
    found = api.compare(net, PASSES, settings={"k": 0})
    saved(found, tmp_path)
    assert [one.name for one in api.load(tmp_path / "saved").program.inputs if one.fixed] == ["W"]


def test_a_trained_step_keeps_the_certificate() -> None:
    """With another value of its parameter the network is still its script: that is proven anew."""
    net = HALF.replace("param steps", "param c, steps").replace("1/3 I[d]", "c I[d]")
    script = NEWTON.replace("param steps = 12", "param c, steps = 2").replace("2/(mu + L)*I", "c*I")
    found = api.compare(net, script, settings={**ENDS, "c": "1/4"})
    network = found.network()
    assert network.bounds[0].value == Fraction(1, 16)  # |1 - A/4| is at most 1/2, squared twice
    module = network.module(trainable="coefficients")
    state = {name: 0 * value + 0.3125 for name, value in module.state_dict().items()}
    trained = network.with_weights(state)
    assert trained.intact
    assert trained.template.blocks == network.template.blocks
    assert trained.bounds[0].value == Fraction(3, 8) ** 4  # 1 - 2·5/16
    assert trained.verify().outcome == "proven"


def test_no_bound_of_other_passes_is_drawn_where_one_count_is_shown(tmp_path: Path) -> None:
    """The script begins with steps/6, the network with 1/3: they are equal for two passes."""
    found = api.compare(HALF, NEWTON, settings={**ENDS, "steps": 3})
    assert bound_curves(found.network())
    script = NEWTON.replace("2/(mu + L)", "steps/6")
    found = api.compare(HALF, script, settings={**ENDS, "steps": 2})
    said = exactness(saved(found, tmp_path))
    assert said.startswith("With L = 4, mu = 2, steps = 2 the network of template.json")
    network = api.load(tmp_path / "saved")
    assert network.bounds[0].value is not None
    assert bound_curves(network) == []
    assert not api.compare(HALF, script, settings={**ENDS, "steps": 3}).is_equal
