"""Files of networks with general heads: each computes what the reference does, or says why not."""

from __future__ import annotations

import io
from typing import cast

import numpy as np
import onnxruntime
import pytest
import torch
from tests.backends.heads.networks import TOKENS, Floats, data, network, with_views

from weightsmith.backends.errors import ExportError
from weightsmith.backends.export import huggingface, npz_file, onnx_file, pt2_file
from weightsmith.backends.export.base.format import Options
from weightsmith.backends.export.base.subject import Subject
from weightsmith.backends.export.python import python_file
from weightsmith.backends.plan.operations.functions import SPELLINGS
from weightsmith.backends.reference import run_weights
from weightsmith.backends.template.coefficients import DType
from weightsmith.compiler.ir.template import Scores, Template
from weightsmith.dsl.heads import MASKS, NORMALISATIONS
from weightsmith.dsl.heads.record import Mask

KINDS = [
    Scores("exp", "all", "normalised"),
    Scores("exp", "upto", "normalised"),
    Scores("exp", "before", "normalised"),
    Scores("", "upto"),
    Scores("", "before", "normalised"),
    Scores("relu", "all", "normalised"),
    Scores("abs", "upto"),
    *(Scores("relu", mask, divided) for mask in MASKS for divided in ("", *NORMALISATIONS)),
    *(Scores("", "all", divided) for divided in NORMALISATIONS),
]


def made(scores: Scores) -> Template:
    found = network(scores, TOKENS if scores.mask == "all" else ("context",))
    return with_views(found) if scores.function != "abs" else found


def subject(template: Template, dtype: DType = "float64") -> Subject:
    return Subject(template, None, b"{}\n", (), True, dtype)


def arrays(of: Subject, given: dict[str, dict[str, Floats]]) -> dict[str, Floats]:
    flat = {f"{name}_{group}": a for name, by in given.items() for group, a in by.items()}
    return {port.name: flat[port.name] for port in of.inputs}


def assert_same(of: Subject, values: list[Floats], given: dict[str, dict[str, Floats]]) -> None:
    wanted = run_weights(of.template, of.weights, given)
    for port, value in zip(of.outputs, values, strict=True):
        name, group = port.name.rsplit("_", 1)
        expected = wanted[name][group]  # type: ignore[index, call-overload]
        scale = float(np.abs(expected).max(initial=0))
        np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-12 * scale)


@pytest.mark.parametrize("scores", KINDS, ids=str)
@pytest.mark.parametrize("queries", [0, 3])
def test_python_files(scores: Scores, queries: int) -> None:
    of, given = subject(made(scores)), data(queries=queries)
    for numpy in (False, True):
        text = python_file.write(of, Options(numpy=numpy)).decode()
        names: dict[str, object] = {}
        exec(text, names)
        convert = np.asarray if numpy else torch.from_numpy
        function = names[of.function_name]
        values = function(*map(convert, arrays(of, given).values()))  # type: ignore[operator]
        assert_same(of, [np.asarray(value) for value in values], given)


def test_pairs_that_onnx_has_no_operator_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = Mask(says="its pair", pairs="k // 2 == q // 2")
    monkeypatch.setitem(cast("dict[str, Mask]", MASKS), "upto", pairs)
    with pytest.raises(ExportError, match="'k // 2', which has no operator in this file"):
        onnx_file.write(subject(made(Scores("", "upto"))), Options())


@pytest.mark.parametrize("scores", KINDS, ids=str)
def test_onnx_files(scores: Scores) -> None:
    of, given = subject(made(scores)), data()
    session = onnxruntime.InferenceSession(onnx_file.write(of, Options()))
    feed = {name: array[None] for name, array in arrays(of, given).items()}
    values = session.run([port.name for port in of.outputs], feed)
    assert_same(of, [value[0] for value in values], given)


@pytest.mark.parametrize("function", sorted(SPELLINGS))
def test_every_function_in_onnx_and_numpy(function: str) -> None:
    template, given = network(Scores(function), passes=1), data()
    of = subject(template)
    if function == "erf":
        with pytest.raises(ExportError, match="a head has erf of its scores, which NumPy does not"):
            python_file.write(of, Options(numpy=True))
    if not SPELLINGS[function].double:
        with pytest.raises(ExportError, match=f"{function} of its scores, which onnxruntime"):
            onnx_file.write(of, Options())
        return
    session = onnxruntime.InferenceSession(onnx_file.write(of, Options()))
    feed = {name: array[None] for name, array in arrays(of, given).items()}
    values = session.run([port.name for port in of.outputs], feed)
    assert_same(of, [value[0] for value in values], given)


@pytest.mark.parametrize("scores", KINDS[:4], ids=str)
def test_pt2_files(scores: Scores) -> None:
    of = subject(made(scores))
    program = torch.export.load(io.BytesIO(pt2_file.write(of, Options()))).module()
    for tokens in (4, 7):
        given = data(tokens)
        values = program(*(torch.from_numpy(a)[None] for a in arrays(of, given).values()))
        assert_same(of, [value[0].numpy() for value in values], given)


def test_npz_says_what_heads_do() -> None:
    of = subject(made(KINDS[1]))
    archive = np.load(io.BytesIO(npz_file.write(of, Options())))
    assert '"mask": "upto"' in str(archive["metadata"])
    assert '"views"' in str(archive["metadata"])
    np.testing.assert_array_equal(archive["matrices.W.weight"][0], [1, -1 / 3, 1 / 2])


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            network(Scores("exp", "upto", "normalised"), ("context",)),
            "exp of its scores and has a mask",
        ),
        (network(Scores()), "a head has stacked keys, which a Hugging Face folder does not"),
    ],
)
def test_a_hugging_face_folder_refuses_them(template: Template, message: str) -> None:
    with pytest.raises(ExportError, match=message):
        huggingface.write(subject(template), Options())
