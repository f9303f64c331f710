"""Networks by hand for scripts with functions of entries, each with its invariants and tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

import checker_core as c
from checker_writing import gain, head, hidden, layer, read_out, source, template, terms

from weightsmith.dsl.numbers.formulas import Apply, Variable
from weightsmith.dsl.program import core

Document = dict[str, Any]
F = Fraction
SIGMOID = Apply("sigmoid", Variable())
KNOTS = [("-4", "-1/55"), ("-1", "1/4"), ("0", "1/2"), ("1/2", "3/5"), ("1", "3/4"), ("4", "54/55")]
SQUARES = [(place, str(F(place) ** 2)) for place in ("-1", "-1/2", "-1/4", "0", "1/4", "1/2", "1")]
Unit = tuple[Document, list[tuple[str, str]]]


@dataclass
class FunctionCase:
    program: core.Program
    template: Document
    loops: list[Document] = field(default_factory=list)
    tables: list[Document] = field(default_factory=list)
    free: tuple[tuple[Any, ...], ...] = ()  # places of the template that may change


def units(*parts: Unit | list[Document], bias: list[list[str]] | None = None) -> Document:
    """An MLP of hidden blocks, each with what it adds to, and of linear pairs."""
    flat: list[Unit] = []
    for part in parts:
        if isinstance(part, tuple):
            flat.append(part)
        else:
            flat += [(hidden(unit["rows"], unit["read"]), unit["out"]) for unit in part]
    return {
        "hidden": [unit for unit, _ in flat],
        "outputs": [[b, at, k] for at, (_, out) in enumerate(flat) for b, k in out],
        "bias": bias or [],
    }


def table_units(
    rows: str, read: list[list[str]], knots: list[tuple[str, str]], out: list[tuple[str, str]]
) -> tuple[list[Unit], list[list[str]]]:
    """Hidden blocks and bias of a table of a combination."""
    places = [(F(p), F(v)) for p, v in knots]
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(places)]
    made: list[Unit] = []
    for (place, _), before, after in zip(places, [F(0), *slopes], [*slopes, F(0)], strict=True):
        scaled = [(block, str(F(k) * (after - before))) for block, k in out]
        made.append((hidden(rows, read, str(-place)), scaled))
    return made, [[block, str(F(k) * places[0][1])] for block, k in out]


def sigmoid_table(site: str) -> Document:
    return {
        "site": site,
        "function": "sigmoid(t)",
        "low": KNOTS[0][0],
        "high": KNOTS[-1][0],
        "error": "1/10",
        "knots": [list(knot) for knot in KNOTS],
    }


def matrices(*blocks: str, extra: dict[str, str] | None = None) -> Document:
    """Sources, blocks and read-in of inputs d by n."""
    return {
        "groups": ["n"],
        "sources": [source(block, "input", block, "d", "n") for block in blocks],
        "blocks": {**dict.fromkeys(blocks, "d"), **(extra or {"Z": "d"})},
        "read_in": {block: terms(block) for block in blocks},
    }


def ramp() -> FunctionCase:
    """clip(2 − A, −1, 1/2), by other hidden blocks than its definition."""
    a = c.name("A", "d", "n")
    two = c.total(("2", c.ones("d", "n")), ("-1", a))
    clip = c.piecewise("clip", two, "-1", "0", ("-1", "1"), ("1/2", "-1"))
    out = units(
        (hidden("d", terms(("A", "2")), "-3"), [("Z", "-1/2")]),  # −relu(A − 3/2)
        (hidden("d", terms(("A", "1/3")), "-1"), [("Z", "3")]),  # relu(A − 3)
        bias=[["Z", "1/2"]],
    )
    network = template(
        "by_hand",
        **matrices("A"),
        body=[layer(mlp=out)],
        read_out=[read_out("output", terms("Z"), "d", "n")],
        bindings={},
    )
    program = c.program(inputs=(c.given("A", "d", "n"),), returns=clip)
    return FunctionCase(program, network)


def ista() -> FunctionCase:
    """X ← soft(X − eta·(A·X − B), eta·lam): the threshold is a symbol."""
    x, a, b = c.name("X", "d", "k"), c.name("A", "d", "d"), c.name("B", "d", "k")
    step = c.total(x, ("-eta", c.times(a, x)), ("eta", b))
    tau = "eta*lam"
    soft = c.piecewise("soft", step, tau, "1", (f"-{tau}", "-1"), (tau, "1"))
    program = c.program(
        c.assign("X", c.zero("d", "k")),
        c.repeat("steps", c.assign("X", soft)),
        inputs=(c.given("A", "d", "d", symmetric=True), c.given("B", "d", "k")),
        returns=x,
        parameters=("eta", "lam"),
        counts=("steps",),
    )
    argument = terms("X", "Z", ("B", "eta"))
    opposite = terms(("X", "-1"), ("Z", "-1"), ("B", "-eta"))
    shrink = units(
        (hidden("d", argument, f"-{tau}"), [("X", "1")]),
        (hidden("d", opposite, f"-{tau}"), [("X", "-1")]),
        gain("d", terms("X"), [("X", "-1")]),
        gain("d", terms("Z"), [("Z", "-1")]),
    )
    push = head(
        terms("A"), terms("I"), terms("X"), [("Z", "-eta")], key_groups=["d"], query_groups=["k"]
    )
    network = template(
        "by_hand",
        groups=["d", "k"],
        sources=[
            source("A", "input", "A", "d", "d"),
            source("B", "input", "B", "d", "k"),
            source("I", "identity", "d", "d", "d"),
        ],
        blocks=dict.fromkeys(("A", "B", "I", "X", "Z"), "d"),
        read_in={"A": terms("A"), "B": terms("B"), "I": terms("I")},
        body=[{"repeat": "steps", "body": [layer(push, mlp=shrink)]}],
        read_out=[read_out("output", terms("X"), "d", "k")],
        bindings={},
    )
    invariant = {"X": {"k": [["1", ["X#0"]]]}, "Z": {"k": []}}
    return FunctionCase(program, network, [{"symmetric": [], "invariant": invariant}])


def logistic() -> FunctionCase:
    """w ← w − eta·(sigmoid(w·x) − y)·x', the table's value carried from pass to pass."""
    w = c.name("w", "1", "d")
    x, y = c.name("x", "d", "token:context,query"), c.name("y", "1", "token:context")
    near = c.name("x", "d", "token:context")
    p = c.approximated("sigmoid", SIGMOID, c.times(w, near))
    slope = c.times(c.total(p, ("-1", y)), c.turn(near), over=("context",))
    program = c.program(
        c.assign("w", c.zero("1", "d")),
        c.repeat("steps", c.assign("w", c.total(w, ("-eta", slope)))),
        inputs=(
            c.given("x", "d", "token:context,query"),
            c.given("y", "1", "token:context"),
        ),
        returns=c.times(w, x),
        groups=("query",),
        parameters=("eta",),
        counts=("steps",),
    )
    apply, bias = table_units("1", terms("z"), KNOTS, [("s", "1")])
    step = head(
        terms("s", ("y", "-1")),
        terms("x"),
        terms("x"),
        [("z", "-eta")],
        key_groups=["context"],
        query_groups=["context", "query"],
    )
    again = units(*apply, gain("1", terms("s"), [("s", "-1")]), bias=bias)
    network = template(
        "by_hand",
        groups=["context", "query"],
        sources=[
            source("x", "input", "x", "d", "context", "query"),
            source("y", "input", "y", "1", "context"),
        ],
        blocks={"x": "d", "y": "1", "z": "1", "s": "1"},
        read_in={"x": terms("x"), "y": terms("y")},
        body=[
            layer(mlp=units(bias=[["s", "1/2"]])),
            {"repeat": "steps", "body": [layer(step, mlp=again)]},
        ],
        read_out=[read_out("output", terms("z"), "1", "query")],
        bindings={"eta": "1/8", "steps": "3"},
    )
    invariant = {
        "z": {group: [["1", ["w#0", f"x@{group}"]]] for group in ("context", "query")},
        "s": {"context": [["1", ["sigmoid[1]@context"]]]},
    }
    loops = [{"symmetric": [], "invariant": invariant}]
    return FunctionCase(program, network, loops, [sigmoid_table("1")])


def product() -> FunctionCase:
    """A .* (A + B) by the table of the square."""
    a, b = c.name("A", "d", "n"), c.name("B", "d", "n")
    program = c.program(
        inputs=(c.given("A", "d", "n"), c.given("B", "d", "n")),
        returns=c.entrywise(a, c.total(a, b), site="4"),
    )
    p, q = F(1, 4), F(3)
    made: list[Unit] = []
    constants = F(0)
    for sign in (1, -1):
        read = terms(("A", str(1 / (2 * p) + sign / (2 * q))), ("B", str(sign / (2 * q))))
        part, bias = table_units("d", read, SQUARES, [("Z", str(sign * p * q))])
        made += part
        constants += F(bias[0][1])
    network = template(
        "by_hand",
        **matrices("A", "B"),
        body=[layer(mlp=units(*made))],
        read_out=[read_out("output", terms("Z"), "d", "n")],
        bindings={},
    )
    assert constants == 0
    table = {
        "site": "4",
        "function": "product",
        "left": str(p),
        "right": str(q),
        "error": "1",
        "knots": [list(knot) for knot in SQUARES],
    }
    return FunctionCase(program, network, [], [table])


def gated() -> FunctionCase:
    """(A + ones) .* (2·B)."""
    a, b = c.name("A", "d", "n"), c.name("B", "d", "n")
    program = c.program(
        inputs=(c.given("A", "d", "n"), c.given("B", "d", "n")),
        returns=c.entrywise(c.total(a, c.ones("d", "n")), c.total(("2", b)), site="7"),
    )
    unit = hidden("d", terms("B"), "0", terms(("A", "1/2")), "1/2")
    network = template(
        "by_hand",
        **matrices("A", "B"),
        body=[layer(mlp=units((unit, [("Z", "4")])))],
        read_out=[read_out("output", terms("Z"), "d", "n")],
        bindings={},
    )
    return FunctionCase(program, network, [], [{"site": "7", "function": "gated"}])


def rows() -> FunctionCase:
    """sum(relu(B + ones·v)) + 1/2: a row enters every row, all rows add up to one."""
    b, v = c.name("B", "d", "n"), c.name("v", "1", "n")
    inner = c.relu(c.total(b, c.times(c.ones("d", "1"), v)))
    result = c.total(c.times(c.ones("1", "d"), inner), ("1/2", c.ones("1", "n")))
    program = c.program(inputs=(c.given("B", "d", "n"), c.given("v", "1", "n")), returns=result)
    unit = (hidden("d", terms("B", "v")), [("s", "1")])
    network = template(
        "by_hand",
        groups=["n"],
        sources=[
            source("B", "input", "B", "d", "n"),
            source("v", "input", "v", "1", "n"),
            source("1[1]", "ones", "", "1", "n"),
        ],
        blocks={"B": "d", "v": "1", "s": "1"},
        read_in={"B": terms("B"), "v": terms("v"), "s": terms(("1[1]", "1/4"))},
        body=[layer(mlp=units(unit, bias=[["s", "1/4"]]))],
        read_out=[read_out("output", terms("s"), "1", "n")],
        bindings={},
    )
    return FunctionCase(program, network)


def spread() -> FunctionCase:
    """relu(sum(B)) in every row, and a scratch group of one token for u."""
    b, u = c.name("B", "d", "n"), c.name("u", "d", "1")
    summed = c.times(c.ones("1", "d"), b)
    row = c.times(c.turn(u), c.ones("d", "1"), c.ones("1", "d"), b)
    result = c.times(c.ones("d", "1"), c.total(c.relu(summed), row))
    program = c.program(inputs=(c.given("B", "d", "n"), c.given("u", "d", "1")), returns=result)
    mix = head(
        terms("J"), terms("U"), terms("S"), [("Z", "1")], key_groups=["1"], query_groups=["n"]
    )
    network = template(
        "by_hand",
        groups=["n", "1"],
        sources=[
            source("B", "input", "B", "d", "n"),
            source("u", "input", "u", "d", "1"),
            source("1[d]", "ones", "", "d", "1"),
        ],
        blocks={"B": "d", "U": "d", "J": "d", "S": "d", "h": "1", "Z": "d"},
        read_in={"B": terms("B"), "U": terms("u"), "J": terms("1[d]")},
        body=[
            layer(
                mlp=units(
                    (hidden("1", terms("B")), [("Z", "1"), ("h", "1"), ("S", "1")]),
                    (hidden("1", terms(("B", "-1"))), [("h", "1"), ("S", "-1")]),
                )
            ),
            layer(mix),
        ],
        read_out=[read_out("output", terms("Z"), "d", "n")],
        bindings={},
    )
    unused = tuple(("body", 0, "mlp", "outputs", at) for at in (1, 3))
    return FunctionCase(program, network, free=unused)


def turned() -> FunctionCase:
    """relu(A') of a matrix whose transpose the network holds, times itself."""
    a = c.name("A", "d", "n")
    r = c.relu(c.turn(a))
    program = c.program(inputs=(c.given("A", "d", "n"),), returns=c.times(r, c.turn(r)))
    square = head(
        terms("R"), terms("R"), terms("I"), [("Z", "1")], key_groups=["d"], query_groups=["n"]
    )
    network = template(
        "by_hand",
        groups=["d", "n"],
        sources=[
            source("A'", "transposed", "A", "n", "d"),
            source("I", "identity", "n", "n", "n"),
        ],
        blocks={"T": "n", "R": "n", "I": "n", "Z": "n"},
        read_in={"T": terms("A'"), "I": terms("I")},
        body=[
            layer(mlp=units((hidden("n", terms(("T", "2"))), [("R", "1/2")]))),
            layer(square),
        ],
        read_out=[read_out("output", terms("Z"), "n", "n")],
        bindings={},
    )
    return FunctionCase(program, network)


FUNCTION_CASES: dict[str, Callable[[], FunctionCase]] = {
    "ramp": ramp,
    "ista": ista,
    "logistic": logistic,
    "product": product,
    "gated": gated,
    "rows": rows,
    "spread": spread,
    "turned": turned,
}
