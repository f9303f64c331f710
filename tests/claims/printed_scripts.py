"""Random scripts with targets, under every kind of assumption: operators × algorithms × ends."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Operator:
    """A matrix expression of inputs, ``rows`` by ``columns``; ``over`` is its clause."""

    inputs: str
    text: str
    rows: str = "d"
    columns: str = "d"
    over: str = ""


@dataclass(frozen=True)
class Script:
    """A script, and how it is to be compiled."""

    text: str
    fewest: str | None = None


SYMMETRIC = (
    Operator("A: symmetric[d, d]", "A"),
    Operator("A: [d, d]", "A"),
    Operator("A: [d, m]", "A*A'"),
    Operator("A: [m, d]", "A'*A"),
    Operator("B: [d, m], C: [d, m]", "C*B'"),
    Operator("B: [d, m], C: [m, d]", "B*C"),
    Operator("A: [d, m], B: [m, n], C: [n, d]", "A*B*C"),
    Operator("C: [d, m], A: [m, n], B: [d, n]", "C*A*B'"),
    Operator("A: [d, m], B: [m, n]", "A*B*B'*A'"),
    Operator("B: [d, m], S: symmetric[m, m]", "B*S*B'"),
    Operator("A: symmetric[d, d]", "A*A"),
    Operator("x: [d, m], P: symmetric[d, d]", "x*x'*P"),
    Operator("A: symmetric[d, d], P: symmetric[d, d]", "A*P"),
    Operator("x: [d] per token", "x*x'", over=" over context"),
    Operator("x: [d] per context", "x*x'", over=" over context"),
    Operator("x: [d] per token, P: symmetric[d, d]", "x*x'*P", over=" over context"),
    Operator("x: [d] per token, z: [d] per context", "z*x'", over=" over context"),
    Operator("A: [3, 3], B: [3, 3]", "B*A", "3", "3"),
)
BY_FORM = tuple(
    one
    for one in SYMMETRIC
    if one.text in ("A*A'", "A'*A", "A*B*B'*A'", "B*S*B'", "A*A", "x*x'")
    or one.inputs == "A: symmetric[d, d]"
)
GENERAL = (
    Operator("A: [m, n]", "A", "m", "n"),
    Operator("A: [d, d]", "A"),
    Operator("A: symmetric[d, d]", "A"),
    Operator("A: [m, n], B: [n, k]", "A*B", "m", "k"),
    Operator("B: [n, m], A: [n, k]", "B'*A", "m", "k"),
    Operator("A: [m, n], B: [k, n]", "A*B'", "m", "k"),
    Operator("C: [m, n], A: [n, p], B: [p, k]", "C*A*B", "m", "k"),
    Operator("A: [d, m], B: [m, d]", "A*B"),
    Operator("B: [d, m], A: [d, m]", "B*A'"),
    Operator("B: symmetric[m, m], A: [m, n]", "A'*B*A", "n", "n"),
    Operator("B: symmetric[m, m], A: [m, n]", "B*A", "m", "n"),
    Operator("x: [d] per token, y: [k] per context", "x*y'", "d", "k", " over context"),
    Operator("A: [2, 3], B: [3, 3]", "A*B", "2", "3"),
)


def random_script(rng: random.Random) -> Script:
    """A script; not each of them compiles, or has a target that is proven."""
    make = rng.choice(MAKERS)
    found = make(rng)
    if "synthesize" in found or rng.random() < 0.92:
        return Script(found)
    return Script(found, "layers")


def _interval(rng: random.Random, least: int = 1) -> tuple[Fraction, Fraction]:
    low = Fraction(rng.randint(least, 12), rng.choice((3, 5, 10)))
    return low, low * Fraction(rng.choice((10, 15, 20, 30, 50)), 10)


def _text(value: Fraction) -> str:
    return f"({value})" if value.denominator > 1 else str(value)


def _steps(rng: random.Random, most: int) -> int:
    return max(0, rng.randint(-1, 2 * most) + 1) // 2


def _ends(rng: random.Random, low: Fraction, high: Fraction) -> tuple[str, str, str]:
    """The ends as numbers, or as parameters (with their declaration)."""
    if rng.random() < 0.6:
        return str(low), str(high), ""
    return "mu", "L", f"param mu = {low}, L = {high}\n"


def _head(one: Operator, kind: str, ends: str, more: str = "", rest: str = "") -> str:
    inputs = one.inputs + more
    return f"algorithm f({inputs})\nassume {kind}({one.text}{one.over}) in {ends}\n{rest}"


def _loop(steps: int, *lines: str) -> str:
    return f"repeat {steps}:\n" + "".join(f"    {line}\n" for line in lines)


def inverse(rng: random.Random) -> str:
    """Newton–Schulz or its cubic relative, for the inverse."""
    one = rng.choice(SYMMETRIC)
    low, high = _interval(rng)
    a, b, param = _ends(rng, low, high)
    step = rng.choice(("2*X - X*W*X", "3*X - 3*X*W*X + X*W*X*W*X", "X + (I - X*W)*X"))
    start = rng.choice((f"2/({a} + {b})*I", f"1/({b})*I"))
    lines = _loop(_steps(rng, 4), f"X = {step}")
    head = _head(one, "spectrum", f"[{a}, {b}]", rest=param)
    target = f"inv({one.text})"
    scale = rng.choice(("", "", "-2*", "1/3*"))
    extra = rng.choice(("", "", "3*I + ")) if one.rows == one.columns else ""
    result = f"{extra}{scale}X approximates {extra}{scale}{target}{one.over}"
    return f"{head}W = {one.text}{one.over}\nX = {start}\n{lines}return {result}\n"


def two_results(rng: random.Random) -> str:
    """The inverse, and its product with a right-hand side."""
    one = rng.choice(SYMMETRIC)
    low, high = _interval(rng)
    head = _head(one, "spectrum", f"[{low}, {high}]", f", b: [{one.rows}, k]")
    lines = _loop(_steps(rng, 4), "X = 2*X - X*W*X")
    target = f"inv({one.text}){one.over}"
    solved = f"inv({one.text})*b{one.over}"
    body = f"W = {one.text}{one.over}\nX = {_text(2 / (low + high))}*I\n{lines}"
    return f"{head}{body}return X approximates {target}, X*b approximates {solved}\n"


def richardson(rng: random.Random) -> str:
    """A linear system by Richardson, or heavy ball, or a schedule of step sizes."""
    one = rng.choice(SYMMETRIC)
    low, high = _interval(rng)
    head = _head(one, "spectrum", f"[{low}, {high}]", f", b: [{one.rows}, k]")
    rate = _text(rng.choice((2 / (low + high), 1 / high, Fraction(3, 2) / high)))
    kind = rng.choice(("plain", "plain", "ball", "schedule"))
    step = f"w + {rate}*(b - {one.text}*w){one.over}"
    start = "w = 0*b\n"
    if kind == "plain":
        lines = _loop(_steps(rng, 8), f"w = {step}")
    elif kind == "ball":
        beta = Fraction(rng.randint(1, 5), 10)
        start += "v = 0*b\n"
        pair = f"w, v = w + {rate}*(b - {one.text}*w) + {beta}*(w - v), w{one.over}"
        lines = _loop(_steps(rng, 8), pair)
    else:
        rates = [1 / (low + (high - low) * Fraction(i, 4)) for i in range(rng.randint(1, 5))]
        listed = ", ".join(map(str, rates))
        lines = f"for eta in {listed}:\n    w = w + eta*(b - {one.text}*w){one.over}\n"
    return f"{head}{start}{lines}return w approximates inv({one.text})*b{one.over}\n"


def kernels(rng: random.Random) -> str:
    """A singular system on its range, or the pseudo-inverse itself."""
    one = rng.choice(SYMMETRIC)
    low, high = _interval(rng)
    word = f"({one.text})" if "+" in one.text else one.text
    if rng.random() < 0.5:
        head = _head(one, "nonzero_spectrum", f"[{low}, {high}]", f", b: [{one.rows}, k]")
        head += f"assume b in range({one.text}{one.over})\n"
        rate = _text(2 / (low + high))
        lines = _loop(_steps(rng, 8), f"w = w + {rate}*(b - {word}*w){one.over}")
        return f"{head}w = 0*b\n{lines}return w approximates pinv({one.text})*b{one.over}\n"
    head = _head(one, "nonzero_spectrum", f"[{low}, {high}]")
    lines = _loop(_steps(rng, 5), "X = 2*X - X*W*X")
    start = f"W = {one.text}{one.over}\nX = {_text(2 / (low**2 + high**2))}*W\n"
    return f"{head}{start}{lines}return X approximates pinv({one.text}){one.over}\n"


def roots(rng: random.Random) -> str:
    """Square root and inverse square root, coupled."""
    one = rng.choice(BY_FORM)
    low, high = _interval(rng)
    head = _head(one, "spectrum", f"[{low}, {high}]")
    c = _text(Fraction(rng.choice((1, 1, 2)), 1) / (1 + high))
    start = f"W = {one.text}{one.over}\nY, Z = {c}*W, {c}*I\n"
    lines = _loop(_steps(rng, 6), "Y, Z = 1/2*Y*(3*I - Z*Y), 1/2*(3*I - Z*Y)*Z")
    root, other = (f"{name}({one.text}){one.over}" for name in ("sqrt", "invsqrt"))
    return f"{head}{start}{lines}return Y approximates {root}, Z approximates {other}\n"


def exponentials(rng: random.Random) -> str:
    """Repeated squaring or cubing, or a Taylor polynomial."""
    one = rng.choice(BY_FORM)
    low, high = _interval(rng, 0)
    kind = rng.choice(("cubes", "squares", "taylor"))
    word = f"({one.text})" if "+" in one.text else one.text
    head = _head(one, "spectrum", f"[{low}, {high}]")
    target = f"exp(-{word}){one.over}"
    w = f"W = {one.text}{one.over}\n"
    if kind == "taylor":
        return f"{head}{w}return I - W + 1/2*W*W - 1/6*W*W*W approximates {target}\n"
    base, steps = (3, rng.randint(1, 4)) if kind == "cubes" else (2, rng.randint(1, 5))
    lines = _loop(steps, "E = E*E*E" if kind == "cubes" else "E = E*E")
    return f"{head}{w}E = I - 1/{base**steps}*W\n{lines}return E approximates {target}\n"


def signs(rng: random.Random) -> str:
    """The sign of a matrix whose eigenvalues lie in two intervals, or a projector."""
    one = rng.choice(BY_FORM)
    low, high = _interval(rng)
    ends = f"[{-high}, {-low}] or [{low * Fraction(3, 2)}, {high * 2}]"
    head = _head(one, "spectrum", ends)
    start = f"X = {_text(1 / (2 * high))}*({one.text}){one.over}\n"
    lines = _loop(_steps(rng, 6), "X = 3/2*X - 1/2*X*X*X")
    if rng.random() < 0.5:
        return f"{head}{start}{lines}return X approximates sign({one.text}){one.over}\n"
    target = f"(I + sign({one.text}))/2"
    return f"{head}{start}{lines}return 1/2*I + 1/2*X approximates {target}{one.over}\n"


def two_intervals(rng: random.Random) -> str:
    """An indefinite inverse: X = c*W first, the eigenvalues on both sides of 0."""
    one = rng.choice(SYMMETRIC)
    low, high = _interval(rng)
    ends = f"[{-high}, {-low}] or [{low}, {high}]"
    head = _head(one, "spectrum", ends)
    start = f"W = {one.text}{one.over}\nX = {_text(2 / (low**2 + high**2))}*W\n"
    lines = _loop(_steps(rng, 4), "X = 2*X - X*W*X")
    return f"{head}{start}{lines}return X approximates inv({one.text}){one.over}\n"


def polar(rng: random.Random) -> str:
    """The polar factor by cubic or quintic steps, or Muon's."""
    one = rng.choice(GENERAL)
    low, high = _interval(rng)
    a, b, param = _ends(rng, low, high)
    head = _head(one, "singular_values", f"[{a}, {b}]", rest=param)
    step = rng.choice(
        (
            "3/2*X - 1/2*X*X'*X",
            "15/8*X - 10/8*X*X'*X + 3/8*X*X'*X*X'*X",
            "3*X - 16/5*X*X'*X + 6/5*X*X'*X*X'*X",
        )
    )
    lines = _loop(_steps(rng, 5), f"X = {step}")
    word = f"({one.text})" if "+" in one.text else one.text
    start = f"X = 1/({b})*{word}{one.over}\n"
    scale = rng.choice(("", "", "2*"))
    return f"{head}{start}{lines}return {scale}X approximates {scale}polar({one.text}){one.over}\n"


def general_inverse(rng: random.Random) -> str:
    """inv or pinv from a multiple of the transpose, or a least-squares iteration."""
    pinv = rng.random() < 0.6
    one = rng.choice(GENERAL if pinv else [g for g in GENERAL if g.rows == g.columns])
    low, high = _interval(rng)
    kind = "pinv" if pinv else "inv"
    word = f"({one.text})"
    if rng.random() < 0.5:
        head = _head(one, "singular_values", f"[{low}, {high}]")
        start = f"W = {one.text}{one.over}\nX = {_text(2 / (low**2 + high**2))}*W'\n"
        lines = _loop(_steps(rng, 4), "X = 2*X - X*W*X")
        return f"{head}{start}{lines}return X approximates {kind}({one.text}){one.over}\n"
    head = _head(one, "singular_values", f"[{low}, {high}]", f", b: [{one.rows}, q]")
    rate = _text(rng.choice((1 / high**2, 2 / (low**2 + high**2))))
    step = f"w = w + {rate}*{word}'*(b - {word}*w){one.over}"
    lines = _loop(_steps(rng, 6), step)
    start = f"w = 0*({one.text})'*b{one.over}\n"
    return f"{head}{start}{lines}return w approximates {kind}({one.text})*b{one.over}\n"


def regression(rng: random.Random) -> str:
    """Gradient descent in context, read at the query, at the context, or as weights."""
    low, high = _interval(rng)
    per = rng.choice(("token", "context"))
    kind = rng.choice(("spectrum", "spectrum", "nonzero_spectrum"))
    head = f"algorithm f(x: [d] per token, y: [k] per {per})\n"
    head += f"assume {kind}(x*x' over context) in [{low}, {high}]\n"
    rate = _text(rng.choice((1 / high, 2 / (low + high))))
    lines = _loop(_steps(rng, 6), f"w = w - {rate}*(w*x - y)*x' over context")
    function = "inv" if kind == "spectrum" else "pinv"
    weights = f"y*x'*{function}(x*x')"
    place = rng.choice((" on query", " on query", " on context", " weights"))
    result, target = ("w", weights) if place == " weights" else (f"w*x{place}", f"{weights}*x")
    return f"{head}w = 0\n{lines}return {result} approximates {target} over context\n"


def synthesized(rng: random.Random) -> str:
    """The compiler chooses the polynomials."""
    general = rng.random() < 0.3
    one = rng.choice(GENERAL if general else BY_FORM)
    low, high = _interval(rng)
    within = rng.choice(("1/10", "1/100", "1/1000"))
    over = one.over
    if general:
        head = _head(one, "singular_values", f"[{low}, {high}]")
        return f"{head}return synthesize polar({one.text}){over} within {within}\n"
    function = rng.choice(("inv", "inv", "sqrt", "invsqrt", "exp", "sign", "power"))
    if function == "sign":
        head = _head(one, "spectrum", f"[{-high}, {-low}] or [{low}, {high}]")
        return f"{head}return synthesize sign({one.text}){over} within {within}\n"
    head = _head(one, "spectrum", f"[{low}, {high}]")
    target = f"({one.text})^(1/3)" if function == "power" else f"{function}({one.text})"
    return f"{head}return synthesize {target}{over} within {within}\n"


def formulas(rng: random.Random) -> str:
    """A polynomial for a declared function of every eigenvalue."""
    one = rng.choice(BY_FORM)
    low, high = _interval(rng)
    formula, value = rng.choice(
        (
            ("1/(1 + s)", "2/3*I - 1/5*W + 1/40*W*W"),
            ("exp(-s)*s", "W - 1/2*W*W + 1/12*W*W*W"),
            ("sqrt(s)", "1/3*I + 2/3*W - 1/10*W*W"),
        )
    )
    head = _head(one, "spectrum", f"[{low}, {high}]", rest=f"function g(s) = {formula}\n")
    result = f"{value} approximates spectral(g, {one.text}){one.over}"
    return f"{head}W = {one.text}{one.over}\nreturn {result}\n"


MAKERS: tuple[Callable[[random.Random], str], ...] = (
    inverse,
    inverse,
    two_results,
    richardson,
    richardson,
    kernels,
    roots,
    exponentials,
    signs,
    two_intervals,
    polar,
    polar,
    general_inverse,
    general_inverse,
    regression,
    regression,
    synthesized,
    formulas,
)
