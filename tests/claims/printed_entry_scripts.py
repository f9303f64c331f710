"""Random scripts with functions of entries: tables, ReLUs, roots, bounded norms and entries."""

from __future__ import annotations

import random
from collections.abc import Callable

SMOOTH = ("sigmoid", "tanh", "softplus", "square", "sin", "exp.", "atan", "cos")
EXACT = ("relu({0})", "abs({0})", "clip({0}, -1/2, 1)", "soft({0}, 1/4)", "max({0}, 1/3)")


def random_entry_script(rng: random.Random) -> str:
    """A script with functions of entries; each compiles quickly, its tolerances being coarse."""
    return rng.choice(MAKERS)(rng)


def _within(rng: random.Random) -> str:
    return f"within {rng.choice(('1/10', '1/20', '1/50'))}\n"


def boxes(rng: random.Random) -> str:
    """Functions of two inputs on a box."""
    low, high = rng.choice(((-1, 1), (0, 1), (0, 2), (-2, -1)))
    f, g = rng.choice(SMOOTH), rng.choice(SMOOTH)
    value = rng.choice(
        (
            f"{f}(s) - 2*{g}(t)",
            f"{f}(s + t)",
            f"{f}(s) .* {g}(t)",
            f"{g}(relu(s - t)) + s",
            f"{f}(1/2*{g}(s))",
            f"s .* t - {rng.choice(EXACT).format('s - t')}",
            "s ./ (t .* t + ones)",
            f"sum({f}(s)) .* sum(t)",
        )
    )
    head = "algorithm f(s: [2] per query, t: [2] per query)\n"
    if rng.random() < 0.5:
        head = "algorithm f(s: [2, m], t: [2, m])\n"
    ends = f"assume entries(s) in [{low}, {high}]\nassume entries(t) in [-1, 1]\n"
    return f"{head}{ends}{_within(rng)}return {value}\n"


def layers(rng: random.Random) -> str:
    """A network of one hidden layer, its matrices and tokens bounded in norm."""
    f = rng.choice(("sigmoid", "tanh", "softplus", "relu", "abs"))
    bound = rng.choice(("1", "3/2", "1/2"))
    head = "algorithm f(x: [d] per query, W: [m, d], v: [1, m])\n"
    ends = f"assume norm(x) <= {bound}\nassume norm(W) <= 1\nassume norm(v) <= {bound}\n"
    ends += "assume size(m) <= 3\nassume size(d) <= 4\n"
    inner = rng.choice(("W*x", "2*W*x - ones", rng.choice(EXACT).format("W*x")))
    outer = rng.choice(("v*h", "sin(v*h)", "h", "v*(h .* h)", "sum(h)"))
    return f"{head}{ends}{_within(rng)}h = {f}({inner})\nreturn {outer}\n"


def spectra(rng: random.Random) -> str:
    """A value whose norm follows from a spectrum."""
    f = rng.choice(("sigmoid", "tanh", "sin", "square"))
    kind = rng.choice(("spectrum(A) in [-1, 2]", "singular_values(A) in [0, 2]"))
    shape = "symmetric[d, d]" if kind.startswith("spec") else "[d, d]"
    steps = rng.randint(0, 2)
    head = f"algorithm f(A: {shape}, v: [d, 1])\nassume {kind}\nassume norm(v) <= 1\n"
    ends = "assume size(d) <= 3\n" + _within(rng)
    return f"{head}{ends}u = v\nrepeat {steps}:\n    u = 1/2*{f}(A*u) + 1/4*u\nreturn A*u\n"


def descents(rng: random.Random) -> str:
    """Gradient descent to the root of a regularised loss, with tables."""
    f, slope = rng.choice((("sigmoid", "1/4"), ("tanh", "1"), ("atan", "1")))
    mu = rng.choice(("1/10", "1/2", "1"))
    steps = rng.choice((0, 1, 3, 6))
    bound = rng.choice(("1", "1/2"))
    head = "algorithm f(x: [d] per context, y: [1] per context)\n"
    ends = f"assume norm(x) <= {bound}\nassume entries(y) in [-1, 1]\nassume size(context) <= n\n"
    params = f"param n = {rng.choice((1, 2, 5))}, mu = {mu}, eta = 2/(2*mu + {slope})\n"
    gradient = f"({f}(w*x) - y)*x'/n + mu*w"
    loop = f"w = 0\nrepeat {steps}:\n    w = w - eta*({gradient}) over context\n"
    target = f"root(w: {gradient} over context)"
    return f"{head}{ends}{params}{_within(rng)}{loop}return w approximates {target}\n"


def robust(rng: random.Random) -> str:
    """Gradient descent with straight pieces: no tables, and a root all the same."""
    mu = rng.choice(("1/10", "1/2"))
    steps = rng.choice((0, 1, 3, 6))
    head = "algorithm f(x: [d] per context, y: [1] per context)\n"
    ends = "assume spectrum(x*x' over context) in [0, L]\nassume size(context) <= n\n"
    if rng.random() < 0.5:
        ends += "assume entries(y) in [-2, 2]\n"
    params = f"param n = {rng.choice((2, 5))}, L = {rng.choice((1, 3))}, mu = {mu}\n"
    low = rng.choice(("-1", "-1/2"))
    gradient = f"clip(w*x - y, {low}, 1)*x' + mu*w"
    loop = f"w = 0\nrepeat {steps}:\n    w = w - 2/(2*mu + L)*({gradient}) over context\n"
    target = f"root(w: {gradient} over context)"
    return f"{head}{ends}{params}{loop}return w approximates {target}\n"


MAKERS: tuple[Callable[[random.Random], str], ...] = (
    boxes,
    boxes,
    layers,
    spectra,
    descents,
    robust,
)
