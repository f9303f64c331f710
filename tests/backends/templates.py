"""Small templates written by hand, one for each thing a network can do."""

from __future__ import annotations

from dataclasses import replace

from weightsmith.compiler.ir.template import (
    Block,
    Head,
    Hidden,
    Item,
    Layer,
    Mlp,
    Output,
    Repeat,
    Source,
    Template,
)

TOKENS = ("context", "query")


def newton_inverse() -> Template:
    """The example of docs/template.md, with the coefficients it gives: X ← X − ½·X·A·X."""
    head = Head(
        keys=((("A", "1"),),),
        queries=((("X", "1"),),),
        values=((("X", "1"),),),
        outputs=(("X", 0, "-1/2"),),
        key_groups=("d",),
        query_groups=("d",),
    )
    mlp = Mlp(
        hidden=(Hidden("d", (("X", "1"),)), Hidden("d", (("X", "-1"),))),
        outputs=(("X", 0, "1"), ("X", 1, "-1")),
    )
    return Template(
        algorithm="newton_inverse",
        sources=(
            Source("A", "input", "A", "d", ("d",)),
            Source("I[d]", "identity", "d", "d", ("d",)),
        ),
        blocks=(Block("A", "d"), Block("X", "d")),
        groups=("d",),
        read_in=(("A", (("A", "1"),)), ("X", (("I[d]", "2/(L + mu)"),))),
        body=(Repeat("steps", (Layer((head,), mlp),)),),
        read_out=(Output("X", (("X", "1"),), "d", ("d",), transposed=False),),
        bindings=(("L", "2"), ("mu", "1/10"), ("steps", "12")),
    )


def gradient_descent(steps: str = "3", eta: str = "1/7") -> Template:
    """r ← r − η·r·xᵀ·x over the context, from r = −y; returns r + y = w·x on the queries."""
    head = Head(
        keys=((("x", "1"),),),
        queries=((("x", "1"),),),
        values=((("r", "1"),),),
        outputs=(("r", 0, f"-{eta}"),),
        key_groups=("context",),
        query_groups=TOKENS,
    )
    return Template(
        algorithm="gradient_descent",
        sources=(
            Source("x", "input", "x", "d", TOKENS),
            Source("y", "input", "y", "k", ("context",)),
        ),
        blocks=(Block("x", "d"), Block("r", "k")),
        groups=TOKENS,
        read_in=(("x", (("x", "1"),)), ("r", (("y", "-1"),))),
        body=(Repeat(steps, (Layer((head,), None),)),),
        read_out=(Output("prediction", (("r", "1"),), "k", ("query",), transposed=False),),
        bindings=(),
    )


def gd_plus_plus() -> Template:
    """r ← r − η·r·xᵀ·x and x ← x − γ·x·xᵀ·x at once: each head reads what was before the layer."""
    plain = gradient_descent()
    (repeat,) = plain.body
    assert isinstance(repeat, Repeat)
    (layer,) = repeat.body
    assert isinstance(layer, Layer)
    (step,) = layer.heads
    move = replace(step, values=((("x", "1"),),), outputs=(("x", 0, "-1/9"),))
    return replace(plain, body=(Repeat("3", (Layer((move, step), None),)),))


def two_values() -> Template:
    """One head with two values of different rows: G += x·xᵀ·I and W += 2·y·xᵀ·I − ⅓·(y·xᵀ·I)."""
    head = Head(
        keys=((("x", "1"),),),
        queries=((("I", "1"),),),
        values=((("x", "1"),), (("y", "1"),)),
        outputs=(("G", 0, "1"), ("W", 1, "2"), ("W", 1, "-1/3")),
        key_groups=("context",),
        query_groups=("d",),
    )
    return Template(
        algorithm="moments",
        sources=(
            Source("x", "input", "x", "d", ("context",)),
            Source("y", "input", "y", "k", ("context",)),
            Source("I[d]", "identity", "d", "d", ("d",)),
        ),
        blocks=(
            Block("x", "d"),
            Block("y", "k"),
            Block("I", "d"),
            Block("G", "d"),
            Block("W", "k"),
        ),
        groups=("context", "d"),
        read_in=(("x", (("x", "1"),)), ("y", (("y", "1"),)), ("I", (("I[d]", "1"),))),
        body=(Layer((head,), None),),
        read_out=(
            Output("G", (("G", "1"),), "d", ("d",), transposed=False),
            Output("W", (("W", "1"),), "k", ("d",), transposed=True),
        ),
        bindings=(),
    )


def soft_threshold() -> Template:
    """z ← relu(z − ¼) − relu(−z − ¼), and c ← relu(½) from nothing, on every token."""
    mlp = Mlp(
        hidden=(
            Hidden("n", (("z", "1"),), "-1/4"),
            Hidden("n", (("z", "-1"),), "-1/4"),
            Hidden("n", (("z", "1"),)),
            Hidden("n", (("z", "-1"),)),
            Hidden("2", (), "1/2"),
            Hidden("2", (("c", "1"),), "-1/2"),
        ),
        outputs=(
            ("z", 0, "1"),
            ("z", 1, "-1"),
            ("z", 2, "-1"),
            ("z", 3, "1"),
            ("c", 4, "1"),
            ("c", 5, "7"),
        ),
    )
    return Template(
        algorithm="soft_threshold",
        sources=(Source("z", "input", "z", "n", TOKENS),),
        blocks=(Block("z", "n"), Block("c", "2")),
        groups=TOKENS,
        read_in=(("z", (("z", "1"),)),),
        body=(Layer((), mlp),),
        read_out=(
            Output("z", (("z", "1"),), "n", TOKENS, transposed=False),
            Output("c", (("c", "1"),), "2", ("query",), transposed=False),
        ),
        bindings=(),
    )


def logistic_table() -> Template:
    """s ← r ⊙ table(z) summed over the rows of z, and t ← z + 1·(2 s) + ½, on every token.

    The table runs through (−1, 0), (0, 1/4), (1, 1): relu(z + 1)/4 + relu(z)/2 − 3/4 relu(z − 1).
    The first layer makes the table, the second the sum of a product, the third repeats a row.
    """
    table = Mlp(
        hidden=tuple(Hidden("n", (("z", "1"),), bias) for bias in ("1", "0", "-1")),
        outputs=(("p", 0, "1/4"), ("p", 1, "1/2"), ("p", 2, "-3/4")),
    )
    product = Mlp(
        hidden=(Hidden("n", (("p", "1"),), "0", (("r", "1"),), "0"),),
        outputs=(("s", 0, "1"),),
    )
    spread = Mlp(
        hidden=(
            Hidden("n", (("z", "1"), ("s", "2"))),
            Hidden("n", (("z", "-1"), ("s", "-2"))),
        ),
        outputs=(("t", 0, "1"), ("t", 1, "-1")),
        bias=(("t", "1/2"),),
    )
    return Template(
        algorithm="logistic_table",
        sources=(
            Source("z", "input", "z", "n", TOKENS),
            Source("1[1,context]", "ones", "", "1", ("context",)),
        ),
        blocks=(
            Block("z", "n"),
            Block("p", "n"),
            Block("r", "1"),
            Block("s", "1"),
            Block("t", "n"),
        ),
        groups=TOKENS,
        read_in=(("z", (("z", "1"),)), ("r", (("1[1,context]", "3"),))),
        body=(Layer((), table), Layer((), product), Layer((), spread)),
        read_out=(
            Output("s", (("s", "1"),), "1", TOKENS, transposed=False),
            Output("t", (("t", "1"),), "n", TOKENS, transposed=False),
        ),
        bindings=(),
    )


def transposing() -> Template:
    """Reads Aᵀ only, as the general Newton iteration does; returns A and 3·Aᵀ·A·Aᵀ."""
    head = Head(
        keys=((("T", "1"),),),
        queries=((("T", "1"),),),
        values=((("T", "1"),),),
        outputs=(("P", 0, "3"),),
        key_groups=("m",),
        query_groups=("m",),
    )
    return Template(
        algorithm="transposing",
        sources=(Source("A'", "transposed", "A", "n", ("m",)),),
        blocks=(Block("T", "n"), Block("P", "n")),
        groups=("m",),
        read_in=(("T", (("A'", "1"),)),),
        body=(Layer((head,), None),),
        read_out=(
            Output("A", (("T", "1"),), "n", ("m",), transposed=True),
            Output("P", (("P", "1"),), "n", ("m",), transposed=False),
        ),
        bindings=(),
    )


def electric_potentials(steps: str = "40") -> Template:
    """φ ← φ + δ·(ψ − C·Bᵀ·φ) as the residual s = ψ − C·Bᵀ·φ and its sum."""
    head = Head(
        keys=((("B", "1"),),),
        queries=((("s", "1"),),),
        values=((("C", "1"),),),
        outputs=(("s", 0, "-2/(mu + L)"),),
        key_groups=("e",),
        query_groups=("k",),
    )
    relu = Mlp(  # phi += delta s, read after the head; the true sum starts at psi
        hidden=(Hidden("v", (("s", "1"),)), Hidden("v", (("s", "-1"),))),
        outputs=(("phi", 0, "2/(mu + L)"), ("phi", 1, "-2/(mu + L)")),
    )
    body: tuple[Item, ...] = (Repeat(steps, (Layer((head,), relu),)),)
    return Template(
        algorithm="electric_potentials",
        sources=(
            Source("B", "input", "B", "v", ("e",)),
            Source("C", "input", "C", "v", ("e",)),
            Source("psi", "input", "psi", "v", ("k",)),
        ),
        blocks=(Block("B", "v"), Block("C", "v"), Block("s", "v"), Block("phi", "v")),
        groups=("e", "k"),
        read_in=(
            ("B", (("B", "1"),)),
            ("C", (("C", "1"),)),
            ("s", (("psi", "1"),)),
            ("phi", (("psi", "2/(mu + L)"),)),
        ),
        body=body,
        read_out=(Output("phi", (("phi", "1"),), "v", ("k",), transposed=False),),
        bindings=(("L", "2"), ("mu", "1/10")),
    )


ALL = {
    make.__name__: make
    for make in (
        newton_inverse,
        gradient_descent,
        gd_plus_plus,
        two_values,
        soft_threshold,
        logistic_table,
        transposing,
        electric_potentials,
    )
}
