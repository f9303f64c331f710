"""``network.with_weights``: what moved, and what is proven of it or not."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.compiler import entry_instances
from tests.compiler.compiled_examples import compiled as cached
from torch import Tensor

from weightsmith import api
from weightsmith.backends.errors import InstantiationError, WeightsError
from weightsmith.backends.measure import AssumptionWarning
from weightsmith.backends.torch import run
from weightsmith.network import Network

EXAMPLES = Path(__file__).parents[3] / "examples"
ENDS = {"mu": "1/10", "L": 4}
SIZES = {"d": 3, "k": 1}
State = dict[str, Tensor]


def compiled(name: str = "gradient_descent", **settings: object) -> Network:
    return api.compile(EXAMPLES / f"{name}.alg", settings=settings)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def descent() -> Network:
    return compiled(**ENDS, eta="1/10", steps=3)


def data() -> dict[str, dict[str, np.ndarray]]:
    random = np.random.default_rng(2)
    basis = np.linalg.qr(random.normal(size=(7, 3)))[0].T
    x = np.diag([0.5, 1.0, 1.9]) @ basis
    return {"x": {"context": x, "query": x[:, :2]}, "y": {"context": random.normal(size=(1, 7))}}


def query(answer: object) -> np.ndarray:
    assert isinstance(answer, dict)
    found = answer["output"]["query"]
    assert isinstance(found, np.ndarray)
    return found


def numbers(network: Network, **values: float) -> State:
    """The state of a module that trains the numbers of the script, with these."""
    state: State = network.module(trainable="coefficients").state_dict()
    for name, value in values.items():
        state[f"coefficients.{name}"].fill_(value)
    return state


def edited(network: Network, **changes: float) -> State:
    state: State = network.module().state_dict()
    state["layers.1.attention.0.v.weight"] = 2 * state["layers.1.attention.0.v.weight"]
    return state


def test_a_learned_step_size_has_a_proven_rate(descent: Network) -> None:
    learned = descent.with_weights(numbers(descent, eta=0.4375))
    (bound,) = learned.bounds
    rate = max(abs(1 - Fraction(7, 16) / 10), abs(1 - Fraction(7, 16) * 4)) ** 3
    assert bound.value is not None
    assert rate <= bound.value <= rate * (1 + Fraction(1, 10**15))
    assert learned.intact
    assert learned.verify().accepted
    (move,) = learned.moved
    assert (move.coefficient, move.place, move.before, move.after) == ("eta", "", 0.1, 0.4375)
    assert learned.show().splitlines()[-1].split() == ["#", "eta", "0.1", "0.4375", "0.3375"]
    wanted = compiled(**ENDS, eta="7/16", steps=3)
    assert learned.files() == wanted.files()
    assert pickle.loads(pickle.dumps(learned)).moved == learned.moved


def test_a_float_is_an_exact_number(descent: Network) -> None:
    learned = descent.with_weights(numbers(descent, eta=0.3))
    assert learned.bindings["eta"] == Fraction(0.3) != Fraction(3, 10)
    assert learned.verify().accepted


def test_the_ends_of_a_spectrum_move_with_the_claim() -> None:
    newton = compiled("newton_inverse", mu="1/2", L=2, steps=4)
    learned = newton.with_weights(numbers(newton, mu=0.25))
    value = learned.bounds[0].value
    assert value is not None
    assert 0 <= value / Fraction(7, 9) ** 16 - 1 <= Fraction(1, 10**15)
    assert learned.bindings["mu"] == Fraction(1, 4)


def test_nothing_moved_is_the_same_network(descent: Network) -> None:
    for state in (descent.module().state_dict(), numbers(descent)):
        same = descent.with_weights(state)
        assert same.files() == descent.files()
        assert same.moved == ()
        assert same.notes == descent.notes
    other = descent.with_weights(edited(descent))
    again = other.with_weights(other.module().state_dict())
    assert (again.moved, again.notes, again.intact) == (other.moved, other.notes, False)


def test_parameters_are_found_in_the_weights_of_other_modules(descent: Network) -> None:
    """One step for all passes is one parameter, also in full matrices and in float32."""
    full = compiled(**ENDS, eta="7/16", steps=3)
    for state, dims in (
        (full.module().state_dict(), None),
        (full.module(dims=SIZES).state_dict(), SIZES),
        (full.module("float32").state_dict(), None),
    ):
        learned = descent.with_weights(state, dims=dims)
        assert [(move.coefficient, move.after) for move in learned.moved] == [("eta", 0.4375)]
        assert learned.verify().accepted
        assert learned.bounds == full.bounds


def test_two_numbers_are_found_one_after_the_other() -> None:
    ball = compiled("heavy_ball", **ENDS, eta="1/4", beta="1/8", steps=3)
    other = compiled("heavy_ball", **ENDS, eta="1/2", beta="1/16", steps=3)
    learned = ball.with_weights(other.module().state_dict())
    assert {move.coefficient: move.after for move in learned.moved} == {"eta": 0.5, "beta": 0.0625}
    assert learned.files() == other.files()


def test_what_the_numbers_do_not_tell_apart_is_not_guessed() -> None:
    """2/(L + mu) may have moved with either."""
    newton = compiled("newton_inverse", mu="1/2", L=2, steps=4)
    other = compiled("newton_inverse", mu="1/4", L=2, steps=4)
    learned = newton.with_weights(other.module().state_dict())
    assert not learned.intact
    (move,) = learned.moved
    assert (move.coefficient, move.place) == ("2/(L + mu)", "embed.weight[1, 1]")


def test_edited_weights_run_and_nothing_is_certified(descent: Network, tmp_path: Path) -> None:
    state = edited(descent)
    other = descent.with_weights(state)
    module = descent.module()
    module.load_state_dict(state)
    wanted = query(run(module, descent.template, data()))
    assert np.abs(wanted - query(descent.run(data()))).max() > 1e-2
    with pytest.warns(AssumptionWarning, match="says nothing of the result"):
        np.testing.assert_allclose(query(other.run(data())), wanted, atol=1e-14)
    for execution in ("plan", "gram", "faithful"):
        found = other.run(data(), check="off", execution=execution)  # type: ignore[call-overload]
        np.testing.assert_allclose(query(found), wanted, atol=1e-13)
    low = other.run(data(), "float32", check="off")
    np.testing.assert_allclose(query(low), wanted, atol=1e-5)
    tensors = {n: {g: torch.from_numpy(a) for g, a in v.items()} for n, v in data().items()}
    np.testing.assert_allclose(other(**tensors), wanted, atol=1e-14)  # type: ignore[arg-type]
    assert not other.intact
    assert other.bounds == ()
    assert not other.verify().accepted
    other.save(tmp_path / "net")
    loaded = api.load(tmp_path / "net")
    assert "says nothing of the result" in loaded.show()
    np.testing.assert_allclose(query(loaded.run(data(), check="off")), wanted, atol=1e-14)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_edited_weights_are_exported(descent: Network, tmp_path: Path, dtype: str) -> None:
    other = descent.with_weights(edited(descent))
    other.export(tmp_path / "net.py", dtype=dtype, numpy=True)
    scope: dict[str, Callable[..., np.ndarray]] = {}
    text = (tmp_path / "net.py").read_text()
    exec(text, scope)
    assert "nothing is certified" in text
    x, y = data()["x"], data()["y"]["context"]
    found = scope["gradient_descent"](x["context"], x["query"], y)
    np.testing.assert_allclose(found, query(other.run(data(), check="off")), atol=1e-6)


def test_tables_that_follow_the_parameters_are_another_network() -> None:
    """The labels of a softmax reach further with a longer step: other ranges, other tables."""
    settings, _ = entry_instances.TABLE_MAKERS["softmax_regression"](np.random.default_rng(7))
    network = cached("softmax_regression", settings)
    eta = float(network.bindings["eta"])
    other = network.with_weights(numbers(network, eta=1.5 * eta))
    assert not other.intact
    assert "compile it with them for one that is certified" in other.notes[-1]
    assert all("eta" in move.coefficient for move in other.moved)


def test_edited_weights_are_those_of_every_module(descent: Network) -> None:
    other = descent.with_weights(edited(descent))
    wanted = query(other.run(data(), check="off"))
    for module in (
        other.module(),
        other.module(dims=SIZES),
        other.module(trainable="blocks", dims=SIZES),
    ):
        np.testing.assert_allclose(query(run(module, other.template, data())), wanted, atol=1e-14)
    low = other.module("float32")
    assert torch.equal(low.state_dict()["embed.weight"], other.module().embed.weight.float())
    with pytest.raises(InstantiationError, match="run the passes that they have"):
        other(torch.eye(3), torch.eye(3), steps=2)


def test_what_moved_is_listed_by_coefficient_and_pass(descent: Network) -> None:
    state = edited(descent)
    for number in (0, 1, 2):
        state[f"layers.{number}.attention.0.q.weight"][0, 0] = 1.5
    other = descent.with_weights(state)
    rows = [(m.coefficient, m.place, m.before, m.after) for m in other.moved]
    assert rows == [
        ("1", "layers.0-2.attention.0.q.weight[0, 0]", 1.0, 1.5),
        ("-eta", "layers.1.attention.0.v.weight[0, 1]", -0.1, -0.2),
    ]
    text = other.show()
    assert "nothing is certified" in text
    assert "bound" not in text
    assert "-eta         -0.1  -0.2  0.1       layers.1.attention.0.v.weight[0, 1]" in text


def test_full_matrices_that_are_no_multiples_of_identities(descent: Network) -> None:
    state = descent.module(dims=SIZES).state_dict()
    state["layers.1.attention.0.k.weight"][0, 1] = 0.5
    other = descent.with_weights(state, dims=SIZES)
    (move,) = other.moved
    assert (move.place, move.after) == ("layers.1.attention.0.k.weight[0:3, 0:3]", 1.0)
    assert move.distance == 0.5
    module = descent.module(dims=SIZES)
    module.load_state_dict(state)
    wanted = query(run(module, descent.template, data()))
    np.testing.assert_allclose(query(other.run(data(), check="off")), wanted, atol=1e-14)
    with pytest.raises(WeightsError, match="have the sizes"):
        other.module(dims={"d": 4, "k": 1})


def test_a_network_of_full_matrices_knows_its_sizes() -> None:
    settings = {**ENDS, "eta": "1/10", "steps": 3}
    network = api.compile(EXAMPLES / "gradient_descent.alg", settings=settings, dims=SIZES)
    assert network.with_weights(network.module().state_dict()).files() == network.files()
    learned = network.with_weights(numbers(network, eta=0.25))
    assert learned.module().state_dict()["embed.weight"].shape == (4, 4)
    assert learned.verify().accepted


def test_values_at_which_there_is_no_script_are_run_uncertified() -> None:
    """mu above L is no spectrum."""
    newton = compiled("newton_inverse", mu="1/2", L=2, steps=4)
    other = newton.with_weights(numbers(newton, mu=3.0))
    assert not other.intact
    assert len(other.notes) == 1
    assert "nothing is certified" in other.notes[0]


@pytest.mark.parametrize("fewest", ["layers", "operations"])
def test_a_network_is_compiled_again_as_it_was(fewest: str) -> None:
    script = EXAMPLES / "gradient_descent.alg"
    settings = {**ENDS, "eta": "1/4", "steps": 4}
    deep = api.compile(script, settings=settings, fewest=fewest)
    learned = deep.with_weights(numbers(deep, eta=0.4375))
    assert learned.report.layers == deep.report.layers
    assert learned.verify().accepted
    wanted = api.compile(script, settings={**settings, "eta": "7/16"}, fewest=fewest)
    assert learned.files() == wanted.files()
    state = deep.module().state_dict()
    state["embed.weight"] = 2 * state["embed.weight"]
    assert not deep.with_weights(state).intact


def test_states_of_other_networks_are_refused(descent: Network) -> None:
    state = descent.module().state_dict()
    short = {name: tensor for name, tensor in state.items() if name != "embed.weight"}
    with pytest.raises(WeightsError, match=r"not of this network: missing 'embed\.weight'"):
        descent.with_weights(short)
    wrapped = {f"module.{name}": tensor for name, tensor in state.items()}
    with pytest.raises(WeightsError, match=r"begin with 'module\.': take the state_dict"):
        descent.with_weights(wrapped)
    with pytest.raises(WeightsError, match=r"missing 'coefficients\.eta', not known"):
        descent.with_weights({"coefficients.step": torch.tensor(1.0)})
    with pytest.raises(WeightsError, match=r"shape \(2, 2\) for 'embed\.weight'"):
        descent.with_weights({**state, "embed.weight": torch.zeros(3, 2).double()})
    with pytest.raises(WeightsError, match=r"say their sizes, for example dims=\{'d': 3, 'k': 3\}"):
        descent.with_weights(descent.module(dims=SIZES).state_dict())
    with pytest.raises(WeightsError, match="expected the sizes of 'd', 'k'"):
        descent.with_weights(descent.module(dims=SIZES).state_dict(), dims={"d": 3})
    with pytest.raises(WeightsError, match=r"expected one number for 'coefficients\.eta'"):
        descent.with_weights({"coefficients.eta": torch.zeros(3)})


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(descent: Network, number: float) -> None:
    state = descent.module().state_dict()
    state["embed.weight"][0, 0] = number
    with pytest.raises(WeightsError, match=r"'embed\.weight' holds a number that is not finite"):
        descent.with_weights(state)
    with pytest.raises(WeightsError, match=r"'coefficients\.eta' is not finite"):
        descent.with_weights(numbers(descent, eta=number))


def test_other_kinds_of_numbers_are_refused(descent: Network) -> None:
    state = descent.module().to(torch.bfloat16).state_dict()
    with pytest.raises(WeightsError, match=r"got 'bfloat16'; take .* module\.to\(torch\.float64\)"):
        descent.with_weights(state)
    mixed = {**descent.module().state_dict(), "embed.weight": state["embed.weight"].float()}
    with pytest.raises(WeightsError, match="got 'float32', 'float64'"):
        descent.with_weights(mixed)
    whole = {**descent.module().state_dict(), "embed.weight": torch.ones(2, 2, dtype=torch.int64)}
    with pytest.raises(WeightsError, match=r"tensor of floats for 'embed\.weight', got int64"):
        descent.with_weights(whole)
    joined = descent.module().state_dict()
    joined["embed.weight"][0, 1] = 1.0
    with pytest.raises(WeightsError, match=r"zero in 'embed\.weight' at \(0, 1\).*rows of 'k'"):
        descent.with_weights(joined)


def test_arrays_are_taken_as_tensors_are(descent: Network) -> None:
    state = {name: tensor.numpy() for name, tensor in edited(descent).items()}
    assert descent.with_weights(state).moved == descent.with_weights(edited(descent)).moved


def test_a_module_or_bare_names_are_told_what_to_pass(descent: Network) -> None:
    with pytest.raises(WeightsError, match=r"got StructuredTransformer; pass its \.state_dict"):
        descent.with_weights(descent.module())  # type: ignore[arg-type]
    with pytest.raises(WeightsError, match=r"not known 'eta'\. A parameter .*'coefficients\.eta'"):
        descent.with_weights({"eta": 0.1})
    with pytest.raises(WeightsError) as caught:
        descent.with_weights(
            {name: one for name, one in edited(descent).items() if "0" not in name}
        )
    assert "missing 'layers.0" in str(caught.value)
    assert "not known" not in str(caught.value)


def test_what_is_no_state_is_refused(descent: Network) -> None:
    for state in (3, None, [torch.eye(2)]):
        with pytest.raises(WeightsError, match="expected a state_dict, names with tensors, got"):
            descent.with_weights(state)  # type: ignore[arg-type]
