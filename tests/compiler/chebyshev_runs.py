"""Scripts for the rule chebyshev, and what they compute of an eigenvalue, with 120 digits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import flint

F = Fraction
Ball = flint.arb
Scalar = Callable[[Ball], Ball]
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
GRID = 3000


@dataclass(frozen=True)
class Run:
    """A script on [low, high], what it computes of an eigenvalue, and its target."""

    script: str
    settings: dict[str, object]
    low: str | tuple[str, str]  # of one interval, or of two
    high: str | tuple[str, str]
    result: Scalar
    target: Scalar
    absolute: bool = False


def arb(value: Fraction | str | int) -> Ball:
    exact = Fraction(value)
    return Ball(flint.fmpq(exact.numerator, exact.denominator))


def after(count: int, step: Callable[..., tuple[Ball, ...]]) -> Callable[..., tuple[Ball, ...]]:
    def run(x: Ball, *state: Ball) -> tuple[Ball, ...]:
        for _ in range(count):
            state = step(x, *state)
        return state

    return run


def worst(run: Run) -> Ball:
    """The largest error on a grid with both ends, geometric where the spectrum is wide."""
    ends = [(end,) if isinstance(end, str) else end for end in (run.low, run.high)]
    found = Ball(0)
    for low, high in zip(*(map(F, end) for end in ends), strict=True):
        for place in range(GRID + 1):
            x = arb(low + (high - low) * F(place, GRID))
            if low > 0 and high > 20 * low:
                x = arb(low) * (arb(high / low).log() * place / GRID).exp()
            error = run.result(x) - run.target(x)
            found = found.max(abs(error if run.absolute else error / run.target(x)))
    return found


def header(assumption: str = "spectrum(A) in [mu, L]") -> str:
    return f"algorithm a(A: symmetric[d, d])\nassume {assumption}\n"


TOKENS = "algorithm a(x: [d] per token, y: [k] per context)\nassume spectrum(x*x' over context) in "


def _gd_restructured(x: Ball) -> Ball:
    """y·x'·T is gradient descent with T = Σ (1 − ηλ)^j, j < 3, and U one pass ahead."""
    eta = arb("2/11")
    u, t = 1 - eta * x, Ball(1)
    return eta * (3 * t - 3 * eta * x * t * t + eta * x * t * (1 - u) * t)


def _nesterov(x: Ball, now: Ball, before: Ball) -> tuple[Ball, Ball]:
    ahead = now + (now - before) / 3
    return ahead + (1 - x * ahead) / 2, now


def _velocity(x: Ball, w: Ball, v: Ball) -> tuple[Ball, Ball]:
    v = v / 4 - (w * x - 1) / 3
    return w + v, v


def _scheduled(x: Ball) -> Ball:
    value = x
    for a, b in ((3, -2), (2, -1), (arb("3/2"), arb("-1/2"))):
        value = a * value + b * value**3
    return (1 + value) / 2


RUNS = {
    "two loops": Run(
        header()
        + """X = 2/(mu + L)*I
repeat 3:
    X = 2*X - X*A*X
repeat 2:
    X = 3*X - 3*X*A*X + X*A*X*A*X
return X approximates inv(A)
""",
        {"mu": "1/4", "L": 2},
        "1/4",
        "2",
        lambda x: after(2, lambda x, f: (3 * f - 3 * x * f**2 + x * x * f**3,))(
            x, *after(3, lambda x, f: (2 * f - x * f * f,))(x, arb("8/9"))
        )[0],
        lambda x: 1 / x,
    ),
    "a straight line": Run(
        header("spectrum(A) in [1, 3]")
        + """X = 3/4*I - 1/8*A
Y = X*(2*I - A*X)
return 1/2*Y approximates inv(2*A)
""",
        {},
        "1",
        "3",
        lambda x: (arb("3/4") - x / 8) * (2 - x * (arb("3/4") - x / 8)) / 2,
        lambda x: 1 / (2 * x),
    ),
    "gradient descent restructured": Run(
        TOKENS
        + """[1, 10]
param eta = 2/11
U = x - eta*x*x'*x over context
T = x
repeat 1:
    U, T = U - eta*(T*x'*U + U*T'*U), 3*T - 3*eta*T*x'*T + eta*T*(x - U)'*T over context
return eta*y*x'*T on query over context approximates y*x'*inv(x*x')*x over context
""",
        {},
        "1",
        "10",
        _gd_restructured,
        lambda x: 1 / x,
    ),
    "Nesterov": Run(
        header()
        + """param beta = 1/3, steps = 12
X = 0
V = 0
repeat steps:
    Z = X + beta*(X - V)
    X, V = Z + 1/L*(I - A*Z), X
return X approximates inv(A)
""",
        {"mu": "1/4", "L": 2},
        "1/4",
        "2",
        lambda x: after(12, _nesterov)(x, Ball(0), Ball(0))[0],
        lambda x: 1 / x,
    ),
    "momentum as a velocity": Run(
        TOKENS
        + """[mu, L]
param beta = 1/4, steps = 20
w = 0
v = 0
repeat steps:
    v = beta*v - 1/L*(w*x - y)*x' over context
    w = w + v
return w*x on query over context approximates y*x'*inv(x*x')*x over context
""",
        {"mu": "1/10", "L": 3},
        "1/10",
        "3",
        lambda x: after(20, _velocity)(x, Ball(0), Ball(0))[0],
        lambda x: 1 / x,
    ),
    "momentum from a start": Run(
        header()
        + """X = A/L
V = A/L
repeat 9:
    X, V = X + 1/2*(I - A*X) + 1/4*(X - V), X
return X approximates inv(A)
""",
        {"mu": "1/4", "L": 2},
        "1/4",
        "2",
        lambda x: after(9, lambda x, f, g: (f + (1 - x * f) / 2 + (f - g) / 4, f))(x, x / 2, x / 2)[
            0
        ],
        lambda x: 1 / x,
    ),
    "Taylor": Run(
        header("spectrum(A) in [0, L]")
        + """B = I - A/4 + A*A/32
X = I
repeat 4:
    X = X*B
return X approximates exp(-A)
""",
        {"L": 3},
        "0",
        "3",
        lambda x: (1 - x / 4 + x * x / 32) ** 4,
        lambda x: (-x).exp(),
        absolute=True,
    ),
    "polar, one quintic": Run(
        """algorithm a(A: [m, n])
assume singular_values(A) in [l, 1]
X = A
repeat 1:
    X = 2*X - 3/2*X*X'*X + 1/2*X*X'*X*X'*X
repeat 3:
    X = 3/2*X - 1/2*X*X'*X
return X approximates polar(A)
""",
        {"l": "1/10"},
        "1/100",
        "1",
        lambda x: after(3, lambda x, f: ((3 * f - x * f**3) / 2,))(x, 2 - 3 * x / 2 + x * x / 2)[0],
        lambda x: 1 / x.sqrt(),
    ),
    "square root, two loops": Run(
        header("spectrum(A) in [1/20, 1]")
        + """Y = A
Z = I
repeat 1:
    Y, Z = 2*Y - Y*Z*Y, 2*Z - Z*Y*Z
repeat 3:
    Y, Z = 3/2*Y - 1/2*Y*Z*Y, 3/2*Z - 1/2*Z*Y*Z
return Y approximates sqrt(A)
""",
        {},
        "1/20",
        "1",
        lambda x: after(3, lambda x, y, z: ((3 * y - y * z * y) / 2, (3 * z - z * y * z) / 2))(
            x, 2 * x - x * x, 2 - x
        )[0],
        lambda x: x.sqrt(),
    ),
    "a quotient": Run(
        header("spectrum(A) in [1, 2]")
        + """X = 2/5*I
repeat 3:
    X = 2*X - X*(A + I)*X
Y = X*A
return Y approximates inv(A + I)*A
""",
        {},
        "1",
        "2",
        lambda x: x * after(3, lambda x, f: (2 * f - (x + 1) * f * f,))(x, arb("2/5"))[0],
        lambda x: x / (x + 1),
    ),
    "a root of a square": Run(
        header("spectrum(A) in [0, 2]")
        + """X = I/2
repeat 1:
    X = 2*X - X*(A*A + I)*X*X
repeat 1:
    X = 2*X - X*(A*A + I)*X*X
return X approximates invsqrt(A*A + I)
""",
        {},
        "0",
        "2",
        lambda x: after(2, lambda x, f: (2 * f - (x * x + 1) * f**3,))(x, arb("1/2"))[0],
        lambda x: 1 / (x * x + 1).sqrt(),
    ),
    "a schedule, shifted": Run(
        header("spectrum(A) in [1/10, 1]")
        + """X = A
for a, b in (3, -2), (2, -1), (3/2, -1/2):
    X = a*X + b*X*X*X
return 1/2*(I + X) approximates exp(-A)
""",
        {},
        "1/10",
        "1",
        _scheduled,
        lambda x: (-x).exp(),
        absolute=True,
    ),
    "an indefinite inverse": Run(
        header("spectrum(A) in [-2, -1] or [1, 3]")
        + """X = 1/3*A
X = 2*X - X*A*X
X = 1/2*X*(2*I - A*X)
return X approximates inv(A)
""",
        {},
        ("-2", "1"),
        ("-1", "3"),
        lambda x: (lambda f: f * (2 - x * f) / 2)(2 * x / 3 - x**3 / 9),
        lambda x: 1 / x,
    ),
    "a projector on the upper of two intervals": Run(
        header("spectrum(A) in [-2, -1] or [3, 4]")
        + """function step(t) = (1 + abs(t)/t)/2
X = 1/4*(A - I)
repeat 3:
    X = 3/2*X - 1/2*X*X*X
return 1/2*(I + X) approximates spectral(step, A)
""",
        {},
        ("-2", "3"),
        ("-1", "4"),
        lambda x: (1 + after(3, lambda x, f: ((3 * f - f**3) / 2,))(x, (x - 1) / 4)[0]) / 2,
        lambda x: Ball(1 if x > 0 else 0),
        absolute=True,
    ),
    "a formula of a square": Run(
        header("spectrum(A) in [0, 2]")
        + """function f(t) = sigmoid(-t) + atan(t)/4 + sqrt(1 + t)*tanh(t)
return 1/2*I + 3/4*A*A - 1/8*A*A*A*A approximates spectral(f, A*A)
""",
        {},
        "0",
        "2",
        lambda x: arb("1/2") + 3 * x**2 / 4 - x**4 / 8,
        lambda x: (
            1 / (1 + (x * x).exp()) + (x * x).atan() / 4 + (1 + x * x).sqrt() * (x * x).tanh()
        ),
        absolute=True,
    ),
    "a fractional power": Run(
        header("spectrum(A) in [1/10, 1]")
        + """X = A
repeat 1:
    X = 2*X - X*X*X
return X approximates A^(2/3)
""",
        {},
        "1/10",
        "1",
        lambda x: 2 * x - x**3,
        lambda x: (x.log() * 2 / 3).exp(),
    ),
    "a Gaussian": Run(
        header("spectrum(A) in [0, 2]")
        + """X = I - A*A
return X + 1/4*A*A*A*A approximates exp(-A*A)
""",
        {},
        "0",
        "2",
        lambda x: 1 - x * x + x**4 / 4,
        lambda x: (-x * x).exp(),
        absolute=True,
    ),
}
