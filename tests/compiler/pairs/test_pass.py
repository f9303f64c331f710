"""The pass: what becomes of every head, and that the centred network is what it is called."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from tests.compiler.pairs.scripts import (
    FIXED,
    GRADIENT,
    MATRIX,
    MEAN,
    MIXED,
    SCHEDULE,
    SOFT,
    STACKED,
)

import weightsmith.api as ws
from weightsmith.backends.reference import run_files
from weightsmith.backends.template.template_json import template_to_json
from weightsmith.backends.template.template_reader import template_from_json
from weightsmith.backends.template.wellformed import check_template
from weightsmith.compiler.ir.template import Head, Template, layers_of
from weightsmith.compiler.nets.read_net import read_net
from weightsmith.compiler.nets.same import same_template
from weightsmith.compiler.nets.write_net import net_text
from weightsmith.compiler.pairs.softmax_pairs import (
    SOFTMAX,
    PairsError,
    centred,
    linear_heads,
    softmax_pairs,
)
from weightsmith.dsl import Source

OMEGA = Fraction(1, 100)
W = {"W": [["1/2", "-1/3", "1/4"]]}
SCRIPTS = {
    "gradient": GRADIENT,
    "mean": MEAN,
    "soft": SOFT,
    "matrix": MATRIX,
    "schedule": SCHEDULE,
    "mixed": MIXED,
    "fixed": FIXED,
    "stacked": STACKED,
}


def template_of(script: str) -> Template:
    return ws.compile(script, matrices=W if "fixed" in script else None).template


def heads(template: Template) -> list[Head]:
    return [head for layer in layers_of(template.body) for head in layer.heads]


def inputs(fixed: bool = False, seed: int = 0) -> dict[str, dict[str, np.ndarray]]:
    """Fractions: x with three rows, six tokens and two queries; centred over the context."""
    rng = np.random.default_rng(seed)
    whole = {"context": rng.integers(-9, 9, (3, 6)), "query": rng.integers(-9, 9, (3, 2))}
    x = {name: np.vectorize(Fraction)(one) / 40 for name, one in whole.items()}
    x["context"] = x["context"] - x["context"].sum(axis=1, keepdims=True) / 6
    y = {"context": np.vectorize(Fraction)(rng.integers(-9, 9, (1, 6))) / 10}
    return {"x": x, "y": y}


def exactly(template: Template, data: dict[str, dict[str, np.ndarray]]) -> np.ndarray:
    answer = run_files(template_to_json(template), None, data, exact=True)
    (value,) = answer.values()
    assert isinstance(value, dict)
    (piece,) = value.values()
    return piece


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_every_linear_head_becomes_two_and_no_other_does(script: str) -> None:
    template = template_of(script)
    made = softmax_pairs(template, OMEGA)
    linear = [head for head in heads(template) if head.scores.is_linear]
    assert len(made.places) == len(linear) > 0
    assert len(heads(made.template)) == len(heads(template)) + len(linear)
    assert not any(head.scores.is_linear for head in heads(made.template))
    others = [head for head in heads(template) if not head.scores.is_linear]
    assert len(made.kept) == len(others)
    assert [one for one in heads(made.template) if one in others] == others
    check_template(made.template)


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_it_can_be_undone(script: str) -> None:
    template = template_of(script)
    made = softmax_pairs(template, OMEGA)
    back = linear_heads(made.template, OMEGA, made.places)
    assert same_template(replace(back, sizes=template.sizes), template) == ""


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_it_reads_back_from_its_files_and_its_text(script: str) -> None:
    template = softmax_pairs(template_of(script), OMEGA).template
    assert template_from_json(template_to_json(template)) == template
    net = read_net(Source("one.net", net_text(template)))
    assert same_template(net.template, template) == ""
    near = centred(template_of(script))
    assert same_template(read_net(Source("one.net", net_text(near))).template, near) == ""


def test_what_is_kept_is_named() -> None:
    made = softmax_pairs(template_of(MIXED), OMEGA)
    assert len(made.kept) == 3
    text = "\n".join(made.kept)
    assert "the mask 'before'" in text
    assert "relu" in text
    assert "exp" in text


@pytest.mark.parametrize("script", [GRADIENT, MEAN, SCHEDULE], ids=["n", "mean", "schedule"])
def test_the_centred_network_is_the_scripts_on_centred_data(script: str) -> None:
    """The keys sum to zero, so the heads are the same; on other data they are not."""
    template, data = template_of(script), inputs()
    near = centred(template)
    check_template(near)
    assert (exactly(near, data) == exactly(template, data)).all()
    data["x"]["context"] = data["x"]["context"] + Fraction(1, 7)
    assert (exactly(near, data) != exactly(template, data)).any()


def test_the_centred_network_is_by_hand() -> None:
    """One step: eta/n·Σ_j (y_j − ȳ)·(x_j·q)."""
    script = GRADIENT.replace("steps = 3", "steps = 1")
    data = inputs()
    data["x"]["context"] = data["x"]["context"] + Fraction(1, 7)
    x, y = data["x"], data["y"]["context"]
    wanted = (y - y.sum() / 6) @ x["context"].T @ x["query"] / 6
    assert (exactly(centred(template_of(script)), data) == wanted).all()


def test_no_pass_is_no_change() -> None:
    script = GRADIENT.replace("steps = 3", "steps = 0")
    made = softmax_pairs(template_of(script), OMEGA)
    assert (exactly(made.template, inputs()) == 0).all()  # nothing in it is no fraction
    network = ws.compile(script, softmax_pairs="1/100")
    assert [float(one.value or 1) for one in network.bounds] == [1]
    assert network.bounds[0].value == 0


def test_the_number_of_tokens_has_a_free_name() -> None:
    assert softmax_pairs(template_of(GRADIENT), OMEGA).template.sizes == (("N", "context"),)
    assert softmax_pairs(template_of(MEAN), OMEGA).template.sizes == (("m", "context"),)
    taken = GRADIENT.replace("eta = 1", "N = 1").replace("eta/n", "N/n")
    assert softmax_pairs(template_of(taken), OMEGA).template.sizes == (("N_context", "context"),)
    assert softmax_pairs(template_of(MATRIX), OMEGA).template.sizes == (("N", "d"),)
    three = "algorithm f(A: [3, 3])\nX = A*A*A\nreturn X\n"
    made = softmax_pairs(template_of(three), OMEGA)
    assert made.template.sizes == ()
    assert "150" in {coefficient for _, _, coefficient in heads(made.template)[0].outputs}


def test_keys_in_several_groups_count_all_tokens() -> None:
    text = (
        "network f\ninput x: [d] per token\ntokens  context, query\n"
        "stream  x  d rows, starts as x\nlayer   head  x += x·xᵀ·x\nreturn  x = x at query tokens\n"
    )
    made = softmax_pairs(read_net(Source("f.net", text)).template, OMEGA)
    assert dict(made.template.sizes) == {"N_context": "context", "N_query": "query"}
    (first, second) = heads(made.template)
    assert first.scores == second.scores == SOFTMAX
    assert first.outputs[0][2].replace(" ", "") in ("50*N_context+50*N_query",)


@pytest.mark.parametrize("omega", [Fraction(0), Fraction(-1, 2)])
def test_omega_is_above_zero(omega: Fraction) -> None:
    with pytest.raises(PairsError, match="above 0"):
        softmax_pairs(template_of(GRADIENT), omega)
