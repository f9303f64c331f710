"""Biases, gates, rows of one and tables: what an mlp computes, in every evaluation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tests.backends import templates
from tests.backends.test_semantics import evaluations, flat
from torch.utils._python_dispatch import TorchDispatchMode

from weightsmith.backends import (
    InstantiationError,
    WeightsError,
    check_weights,
    dense_weights,
    exact_weights,
    layout,
    network_shape,
    run_files,
    structured_weights,
    template_to_json,
)
from weightsmith.backends.template.layout import Inputs
from weightsmith.backends.torch import module_from_template, run, structured_mlp
from weightsmith.backends.torch.run import planes_of, sizes_of
from weightsmith.compiler.ir.template import (
    Block,
    Hidden,
    Layer,
    Mlp,
    Output,
    Source,
    Template,
    Terms,
)

RANDOM = np.random.default_rng(5)
TABLE = templates.logistic_table()
Matrix = NDArray[np.float64]


def data(rows: int = 3, tokens: int = 7, queries: int = 2) -> dict[str, Matrix]:
    return {
        "context": 2 * RANDOM.normal(size=(rows, tokens)),
        "query": 2 * RANDOM.normal(size=(rows, queries)),
    }


def with_mlp(mlp: Mlp, blocks: tuple[Block, ...] = (), read: str = "z") -> Template:
    """One layer over z (n rows, the input) and r (one row of ones on the context)."""
    rows = {"z": "n", "r": "1"} | {block.name: block.rows for block in blocks}
    return replace(
        TABLE,
        blocks=(Block("z", "n"), Block("r", "1"), *blocks),
        read_in=(("z", (("z", "1"),)), ("r", (("1[1,context]", "1"),))),
        body=(Layer((), mlp),),
        read_out=(Output(read, ((read, "1"),), rows[read], templates.TOKENS, transposed=False),),
    )


def test_a_table_a_product_and_rows_of_one() -> None:
    z = data()
    for name, answer in evaluations(TABLE, {"z": z}).items():
        for group, value in z.items():
            table = np.interp(value, [-1, 0, 1], [0, 1 / 4, 1])
            s = 3 * table.sum(0, keepdims=True) if group == "context" else np.zeros((1, 2))
            np.testing.assert_allclose(answer["s"][group], s, atol=1e-14, err_msg=name)
            expected = value + 2 * s + 1 / 2
            np.testing.assert_allclose(answer["t"][group], expected, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("dims", [None, {"n": 3}])
def test_a_batch_in_float32(dims: dict[str, int] | None) -> None:
    module = module_from_template(TABLE, dims=dims, dtype="float32")
    z = [data() for _ in range(4)]
    batch = {group: np.stack([each[group] for each in z]) for group in templates.TOKENS}
    whole = run(module, TABLE, {"z": batch})["t"]
    for number, each in enumerate(z):
        one = run(module_from_template(TABLE), TABLE, {"z": each})["t"]
        for group in templates.TOKENS:
            assert whole[group].dtype == np.float32
            np.testing.assert_allclose(whole[group][number], one[group], rtol=1e-5, atol=1e-5)


def test_exactly() -> None:
    z = [[Fraction(1, 3)], [Fraction(-1, 2)], [Fraction(-1, 3)]]
    inputs: Inputs = {"z": {"context": z, "query": np.zeros((3, 0))}}
    answer = run_files(template_to_json(TABLE), None, inputs, exact=True)
    s = 3 * (Fraction(1, 2) + Fraction(1, 8) + Fraction(1, 6))
    assert answer["s"]["context"].tolist() == [[s]]
    assert answer["t"]["context"].tolist() == [[entry + 2 * s + Fraction(1, 2)] for (entry,) in z]


MLPS: dict[str, tuple[Mlp, Callable[[Matrix, Matrix], Matrix]]] = {
    "a bias alone": (Mlp((), (), (("z", "1/3"), ("z", "1"))), lambda z, r: z + 4 / 3),
    "a row into every row": (
        Mlp((Hidden("n", (("z", "1"), ("r", "5")), "-1"),), (("z", 0, "2"),)),
        lambda z, r: z + 2 * np.maximum(z + 5 * r - 1, 0),
    ),
    "nothing but a row": (
        Mlp((Hidden("n", (("r", "-5"),), "6"),), (("z", 0, "2"),)),
        lambda z, r: z + 2 * (6 - 5 * r),
    ),
    "the sum of the rows": (
        Mlp((Hidden("1", (("z", "1"), ("r", "1")), "1/2"),), (("z", 0, "-1"),)),
        lambda z, r: z - np.maximum(z.sum(0, keepdims=True) + r + 1 / 2, 0),
    ),
    "one row of one": (
        Mlp((Hidden("1", (("r", "2"),)),), (("z", 0, "3"),)),
        lambda z, r: z + 6 * r,
    ),
    "a table of a row that is not everywhere": (
        Mlp(
            tuple(Hidden("n", (("r", "1"),), bias) for bias in ("2", "-1", "1", "-2", "1/2")),
            tuple(("z", j, str(j + 1)) for j in range(5)),
        ),
        lambda z, r: z + 7.5 + 9 * r,
    ),
    "a square": (
        Mlp((Hidden("n", (("z", "1"),), "1/2", (("z", "-2"),), "3"),), (("z", 0, "1"),)),
        lambda z, r: z + (z + 1 / 2) * (3 - 2 * z),
    ),
    "a gate that is a number": (
        Mlp((Hidden("n", (("z", "1"),), "0", (), "3"),), (("z", 0, "1"),)),
        lambda z, r: 4 * z,
    ),
    "a gate on a number": (
        Mlp((Hidden("n", (), "-3", (("z", "1"),), "0"),), (("z", 0, "1"),)),
        lambda z, r: -2 * z,
    ),
    "gated and not, of equal terms": (
        Mlp(
            (
                Hidden("n", (("z", "1"),), "1"),
                Hidden("n", (("z", "1"),), "1", (("r", "1"),), "1"),
                Hidden("n", (("z", "1"),), "-1", (("r", "1"),), "-1"),
                Hidden("n", (("z", "1"),), "1", (("r", "2"),), "1"),
            ),
            (("z", 0, "1"), ("z", 1, "2"), ("z", 2, "3"), ("z", 3, "5")),
        ),
        lambda z, r: (
            z
            + np.maximum(z + 1, 0)
            + 2 * (z + 1) * (r + 1)
            + 3 * (z - 1) * (r - 1)
            + 5 * (z + 1) * (2 * r + 1)
        ),
    ),
    "a dot product of columns": (
        Mlp((Hidden("n", (("z", "1"),), "0", (("z", "1"),), "0"),), (("r", 0, "1"),)),
        lambda z, r: z,
    ),
    "a hidden block that writes nothing": (Mlp((Hidden("n", (("z", "1"),)),), ()), lambda z, r: z),
}


@pytest.mark.parametrize("name", MLPS)
@pytest.mark.parametrize("rows", [1, 3])
def test_by_hand(name: str, rows: int) -> None:
    mlp, expected = MLPS[name]
    z = data(rows)
    for evaluation, answer in evaluations(with_mlp(mlp), {"z": z}).items():
        for group, value in z.items():
            r = np.full((1, value.shape[1]), float(group == "context"))
            np.testing.assert_allclose(
                answer["z"][group], expected(value, r), atol=1e-12, err_msg=evaluation
            )


def test_a_hidden_block_of_rows_that_no_block_has() -> None:
    """One row into m hidden rows and back is m times that row."""
    hidden = Hidden("m", (("r", "1"),), "1")
    mlp = Mlp((hidden,), (("r", 0, "1"),))
    sized = replace(TABLE.sources[1], name="1[m]", rows="m")
    template = replace(with_mlp(mlp, read="r"), sources=(*TABLE.sources, sized))
    inputs: Inputs = {"z": data()}
    answer = run(module_from_template(template), template, inputs, dims={"m": 4})["r"]
    np.testing.assert_array_equal(answer["context"], np.full((1, 7), 9))
    np.testing.assert_array_equal(answer["query"], np.full((1, 2), 4))


MUTATIONS: dict[str, Callable[[Mlp], Mlp]] = {
    "bias of the layer": lambda mlp: replace(mlp, bias=(("z", "1/2"),)),
    "no bias of the layer": lambda mlp: replace(mlp, bias=()),
    "its block": lambda mlp: replace(mlp, bias=(("r", "1/3"),)),
    "gate": lambda mlp: changed(mlp, gate=(("r", "3"),)),
    "no gate": lambda mlp: changed(mlp, gate=(), gate_bias="0"),
    "gate bias": lambda mlp: changed(mlp, gate_bias="-1"),
    "rows": lambda mlp: changed(mlp, rows="1"),
    "bias": lambda mlp: changed(mlp, bias="-1/2"),
}


def changed(mlp: Mlp, **fields: str | Terms) -> Mlp:
    return replace(mlp, hidden=(replace(mlp.hidden[0], **fields),))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_field_matters_in_every_evaluation(name: str) -> None:
    hidden = Hidden("n", (("z", "1"),), "1/2", (("r", "2"),), "-3")
    mlp = Mlp((hidden,), (("z", 0, "1"),), (("z", "1/3"),))
    inputs: Inputs = {"z": data()}
    before = evaluations(with_mlp(mlp), inputs)
    for evaluation, answer in evaluations(with_mlp(MUTATIONS[name](mlp)), inputs).items():
        assert np.abs(flat(answer) - flat(before[evaluation])).max() > 1e-3, evaluation


def test_the_tensors_of_a_gated_mlp() -> None:
    tensors = exact_weights(TABLE)
    shapes = {
        name.removeprefix("layers."): tensor.shape
        for name, tensor in tensors.items()
        if ".mlp." in name
    }
    assert shapes == {
        **{"0.mlp.up.weight": (3, 5), "0.mlp.up.bias": (3,), "0.mlp.down.weight": (5, 3)},
        **{"1.mlp.up.weight": (1, 5), "1.mlp.up.bias": (1,), "1.mlp.down.weight": (5, 1)},
        **{"1.mlp.gate.weight": (1, 5), "1.mlp.gate.bias": (1,)},
        **{"2.mlp.up.weight": (2, 5), "2.mlp.up.bias": (2,), "2.mlp.down.weight": (5, 2)},
        "2.mlp.down.bias": (5,),
    }
    assert tensors["layers.2.mlp.down.bias"].tolist() == [0, 0, 0, 0, Fraction(1, 2)]
    dense = dense_weights(TABLE, {"n": 2}).tensors
    up = dense["layers.2.mlp.up.weight"]
    np.testing.assert_array_equal(up[:2], [[1, 0, 0, 0, 0, 2, 0, 0], [0, 1, 0, 0, 0, 2, 0, 0]])
    assert dense["layers.1.mlp.down.weight"].tolist()[5] == [1, 1]
    assert dense["layers.2.mlp.down.bias"].tolist() == [0, 0, 0, 0, 0, 0, 0.5, 0.5]


@pytest.mark.parametrize("part", ["1.mlp.gate.weight", "1.mlp.gate.bias", "2.mlp.down.bias"])
def test_tensors_that_are_missing_or_too_many(part: str) -> None:
    weights, shape = structured_weights(TABLE), network_shape(TABLE)
    check_weights(weights, shape)
    tensors = dict(weights.tensors)
    moved = tensors.pop(f"layers.{part}")
    with pytest.raises(WeightsError, match=f"not of this network: missing 'layers.{part}', not k"):
        check_weights(replace(weights, tensors=tensors), shape)
    tensors = {**weights.tensors, f"layers.0{part[1:]}": moved}
    with pytest.raises(WeightsError, match=f"missing none, not known 'layers.0{part[1:]}'"):
        check_weights(replace(weights, tensors=tensors), shape)


def test_numbers_of_the_new_fields() -> None:
    for mlp in (
        Mlp((), (), (("z", "q"),)),
        changed(MLPS["a square"][0], gate_bias="q"),
        changed(MLPS["a square"][0], gate=(("z", "q"),)),
    ):
        with pytest.raises(InstantiationError, match="'q' has no value; bind each"):
            structured_weights(with_mlp(mlp))
        structured_weights(with_mlp(mlp), {"q": 2})


def pieces_of(count: int, rows: str = "n") -> Template:
    """A table of z into y of that many pieces, as hidden blocks that differ in the bias."""
    biases = [Fraction(8 * j, count) - 4 for j in range(count)]
    hidden = tuple(Hidden(rows, (("z", "1"), ("r", "1/8")), str(bias)) for bias in biases)
    outputs = tuple(("y", j, str(Fraction((-1) ** j, j + 1))) for j in range(count))
    return with_mlp(Mlp(hidden, outputs, (("y", "1/7"),)), (Block("y", "n"),), "y")


class Operations(TorchDispatchMode):
    """Counts the tensor operations inside."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(  # type: ignore[no-untyped-def]
        self, func: Callable[..., object], types, args=(), kwargs=None
    ) -> object:
        self.count += 1
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("trained", [False, True])
def test_a_table_costs_as_many_operations_as_a_piece(trained: bool) -> None:
    counts = []
    for count in (4, 60):
        template = pieces_of(count)
        module = module_from_template(template)
        stream = layout(template, {"z": data()})
        planes, sizes = planes_of(stream, template, module.device), sizes_of(stream)
        with torch.set_grad_enabled(trained), Operations() as operations:
            module.read(planes, sizes)
        counts.append(operations.count)
    assert counts[0] == counts[1]


@pytest.mark.parametrize("chunk", [1, 100])
def test_units_in_several_parts(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs: Inputs = {"z": data()}
    template = pieces_of(17)
    module = module_from_template(template)
    whole = flat(run(module, template, inputs))
    monkeypatch.setattr(structured_mlp, "CHUNK", chunk)
    np.testing.assert_allclose(flat(run(module, template, inputs)), whole, rtol=1e-13)


@pytest.mark.parametrize("make", [lambda: TABLE, lambda: pieces_of(5), lambda: pieces_of(3, "1")])
@pytest.mark.parametrize("dense", [False, True])
def test_gradcheck(make: Callable[[], Template], dense: bool) -> None:
    template = make()
    module = module_from_template(template, dims={"n": 2} if dense else None)
    names = [name for name, _ in module.named_parameters()]
    stream = layout(template, {"z": data(2, 3, 1)})
    tokens = torch.from_numpy(stream.raw.T.copy()).unsqueeze(0)
    groups = torch.tensor([0, 0, 0, 1])
    more = () if dense else (stream.dims,)

    def call(*values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        parameters = dict(zip(names, values, strict=True))
        outputs = torch.func.functional_call(module, parameters, (tokens, groups, *more))
        return tuple(outputs.values())

    values = [
        (parameter.detach() + 0.01 * torch.rand_like(parameter)).requires_grad_()
        for parameter in module.parameters()
    ]
    assert torch.autograd.gradcheck(call, values)


def test_the_group_named_1_is_one_token() -> None:
    template = replace(
        TABLE,
        sources=(Source("o", "ones", "", "n", ("1",)), *TABLE.sources),
        groups=(*templates.TOKENS, "1"),
        read_in=(("z", (("z", "1"), ("o", "1/4"))), *TABLE.read_in[1:]),
        read_out=tuple(
            replace(output, groups=(*templates.TOKENS, "1")) for output in TABLE.read_out
        ),
    )
    z = data()
    for answer in evaluations(template, {"z": z}).values():
        np.testing.assert_allclose(answer["t"]["1"], np.full((3, 1), 0.75))
        assert answer["t"]["context"].shape == (3, 7)
