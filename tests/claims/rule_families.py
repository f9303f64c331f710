"""Random scripts for each truncation rule of the checker, at scales from 10^-6 to 10^6."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from printed_scripts import BY_FORM, GENERAL, SYMMETRIC, Operator


@dataclass(frozen=True)
class Spectrum:
    """The ends of an interval as the script names them, and what declares the names."""

    low: Fraction
    high: Fraction
    ends: str
    names: tuple[str, str]
    declared: str


def drawn_spectrum(rng: random.Random, *, zero: bool = False, most: int = 6) -> Spectrum:
    """An interval of positive numbers (with 0 if ``zero``), wide, narrow or a single point."""
    scale = Fraction(10) ** rng.choice((0, 0, 0, rng.randint(-most, most)))
    high = scale * Fraction(rng.randint(1, 60), rng.choice((1, 3, 7, 10)))
    low = high / Fraction(rng.choice((1, 11, 15, 20, 40, 100)), rng.choice((1, 10, 10)))
    low = Fraction(0) if zero and rng.random() < 0.5 else min(low, high)
    if rng.random() < 0.5:
        return Spectrum(low, high, f"[{low}, {high}]", (_text(low), _text(high)), "")
    return Spectrum(low, high, "[mu, L]", ("mu", "L"), f"param mu = {low}, L = {high}\n")


def _text(value: Fraction) -> str:
    return f"({value})" if value.denominator > 1 or value < 0 else str(value)


def _passes(rng: random.Random, most: int) -> int:
    return rng.choice((0, 1, *range(1, most + 1)))


def _repeat(passes: int, line: str) -> str:
    return f"repeat {passes}:\n    {line}\n"


def _head(one: Operator, spectrum: Spectrum, kind: str = "spectrum", more: str = "") -> str:
    assumed = f"assume {kind}({one.text}{one.over}) in {spectrum.ends}\n"
    return f"algorithm f({one.inputs}{more})\n{assumed}{spectrum.declared}"


def _power(name: str, power: int) -> str:
    return "*".join([name] * power)


# -- power_exp ----------------------------------------------------------------------------------


def power_exp(rng: random.Random) -> str:
    """Repeated powers of I − s/p^k·A, or of I + G with G carried, for exp(−s·A)."""
    one, spectrum = rng.choice(BY_FORM), drawn_spectrum(rng, zero=True)
    power, passes = rng.randint(2, 5), _passes(rng, 5)
    share = Fraction(rng.choice((1, 1, 2, 5, 9)), rng.choice((10, 10, 100)))
    rate = share * power**passes / spectrum.high  # rate·high is at most the number of pieces
    head = _head(one, spectrum) + f"W = {one.text}{one.over}\n"
    target = f"exp(-{_text(rate)}*({one.text})){one.over}"
    step = _text(rate / power**passes)
    if power > 3 or rng.random() < 0.6:
        loop = _repeat(passes, f"E = {_power('E', power)}")
        return f"{head}E = I - {step}*W\n{loop}return E approximates {target}\n"
    expanded = {2: "2*G + G*G", 3: "3*G + 3*G*G + G*G*G"}[power]
    loop = _repeat(passes, f"G = {expanded}")
    return f"{head}G = -{step}*W\n{loop}return I + G approximates {target}\n"


# -- autonomous ---------------------------------------------------------------------------------


def newton(rng: random.Random) -> str:
    """Inverses by Newton–Schulz of order 2 or 3, the residual carried or not."""
    one, spectrum = rng.choice(SYMMETRIC), drawn_spectrum(rng)
    low, high = spectrum.names
    start = rng.choice((f"2/({low} + {high})*I", f"1/{high}*I", f"3/(2*{high})*I"))
    head = _head(one, spectrum) + f"W = {one.text}{one.over}\nX = {start}\n"
    around = rng.choice(("{}", "{}", "-2/3*{}", "3*I + {}", "5*W - 1/7*{}"))
    result, target = around.format("X"), around.format(f"inv({one.text})").replace("W", one.text)
    last = f"return {result} approximates {target}{one.over}\n"
    if rng.random() < 0.3:
        return f"{head}E = I - X*W\n{_repeat(_passes(rng, 4), 'X, E = X + X*E, E*E')}{last}"
    step = rng.choice(("2*X - X*W*X", "3*X - 3*X*W*X + X*W*X*W*X"))
    return f"{head}{_repeat(_passes(rng, 4), f'X = {step}')}{last}"


def pseudo_inverse(rng: random.Random) -> str:
    """Newton–Schulz from a multiple of the operator itself, with a kernel, or of both signs."""
    one, spectrum = rng.choice(SYMMETRIC), drawn_spectrum(rng, most=3)
    low, high = spectrum.low, spectrum.high
    start = f"W = {one.text}{one.over}\nX = {_text(2 / (low**2 + high**2))}*W\n"
    loop = _repeat(_passes(rng, 4), "X = 2*X - X*W*X")
    if rng.random() < 0.6:
        head = _head(one, spectrum, "nonzero_spectrum")
        return f"{head}{start}{loop}return X approximates pinv({one.text}){one.over}\n"
    both = Spectrum(-high, high, f"[{-high}, {-low}] or [{low}, {high}]", ("", ""), "")
    return f"{_head(one, both)}{start}{loop}return X approximates inv({one.text}){one.over}\n"


def polar(rng: random.Random) -> str:
    """The polar factor by cubic or quintic steps, their numbers fixed or listed."""
    one, spectrum = rng.choice(GENERAL), drawn_spectrum(rng, most=3)
    head = _head(one, spectrum, "singular_values")
    start = f"X = 1/{spectrum.names[1]}*({one.text}){one.over}\n"
    last = f"return X approximates polar({one.text}){one.over}\n"
    if rng.random() < 0.3:
        numbers = [Fraction(rng.randint(3, 12), 8) for _ in range(rng.randint(1, 4))]
        listed = ", ".join(map(str, numbers))
        return f"{head}{start}for a in {listed}:\n    X = a*X - (a - 1)*X*X'*X\n{last}"
    if rng.random() < 0.3:
        pair = "X, E = X + 1/2*X*E, 3/4*E*E + 1/4*E*E*E"
        return f"{head}{start}E = I - X'*X\n{_repeat(_passes(rng, 5), pair)}{last}"
    step = rng.choice(("3/2*X - 1/2*X*X'*X", "15/8*X - 10/8*X*X'*X + 3/8*X*X'*X*X'*X"))
    return f"{head}{start}{_repeat(_passes(rng, 5), f'X = {step}')}{last}"


def coupled_roots(rng: random.Random) -> str:
    """The square root and its inverse together, of the operator or a multiple of it."""
    one, spectrum = rng.choice(BY_FORM), drawn_spectrum(rng)
    kind = rng.choice(("spectrum", "spectrum", "nonzero_spectrum"))
    head = _head(one, spectrum, kind) + f"W = {one.text}{one.over}\n"
    factor, of = _text(1 / spectrum.high), one.text
    start = f"Y, Z = {factor}*W, I\n"
    if spectrum.high > 1 and rng.random() < 0.5:  # Y·Z begins as a multiple of W that is below 1
        start = f"Y, Z = {factor}*W, {factor}*I\n"
    else:
        of = f"{factor}*({one.text})"
    loop = _repeat(_passes(rng, 4), "Y, Z = 1/2*Y*(3*I - Z*Y), 1/2*(3*I - Z*Y)*Z")
    if kind == "spectrum" and rng.random() < 0.5:
        return f"{head}{start}{loop}return Z approximates invsqrt({of}){one.over}\n"
    return f"{head}{start}{loop}return Y approximates sqrt({of}){one.over}\n"


def sign(rng: random.Random) -> str:
    """The sign about a point between two intervals, or a projector."""
    one, spectrum = rng.choice(BY_FORM), drawn_spectrum(rng, most=3)
    low, high = spectrum.low, spectrum.high
    about = rng.choice((0, 0, high * 2, -high / 3))
    ends = f"[{about - high}, {about - low}] or [{about + low}, {about + high * 2 / 3 + low}]"
    head = _head(one, Spectrum(low, high, ends, ("", ""), ""))
    moved = f"({one.text} - {_text(Fraction(about))}*I)" if about else f"({one.text})"
    start = f"X = {_text(1 / (high + low))}*{moved}{one.over}\n"
    loop = _repeat(_passes(rng, 5), rng.choice(("X = 3/2*X - 1/2*X*X*X", "X = 2*X - X*X*X")))
    around = rng.choice(("{}", "1/2*I + 1/2*{}"))
    result, target = around.format("X"), around.format(f"sign{moved}")
    return f"{head}{start}{loop}return {result} approximates {target}{one.over}\n"


def autonomous(rng: random.Random) -> str:
    """Any of those above: the error alone says what a pass makes of it."""
    return rng.choice((newton, newton, pseudo_inverse, polar, coupled_roots, sign))(rng)


# -- halley ------------------------------------------------------------------------------------


def halley(rng: random.Random) -> str:
    """Halley's iteration for a polar factor, its inverse an inexact solve of some passes."""
    one, spectrum = rng.choice(GENERAL), drawn_spectrum(rng, most=3)
    head = _head(one, spectrum, "singular_values")
    start = f"X = {rng.choice(('1', '1/2', '9/8'))}/{spectrum.names[1]}*({one.text}){one.over}\n"
    solve = rng.choice(("2*G - G*M*G", "3*G - 3*G*M*G + G*M*G*M*G"))
    begin, inner = rng.choice(("1/4", "1/3", "1/5")), rng.randint(0, 4)
    body = [
        "M = I + 3*X'*X",
        f"G = {begin}*I",
        f"repeat {inner}:",
        f"    G = {solve}",
        "X = X*(3*I + X'*X)*G",
    ]
    loop = "".join(f"    {line}\n" for line in body)
    last = f"return X approximates polar({one.text}){one.over}\n"
    return f"{head}{start}repeat {rng.choice((0, 1, 2, 3))}:\n{loop}{last}"


# -- contraction --------------------------------------------------------------------------------


def contraction(rng: random.Random) -> str:
    """A linear system by a polynomial of the residual; on its range, or with another start."""
    one, spectrum = rng.choice(SYMMETRIC), drawn_spectrum(rng)
    rate = _text(rng.choice((1, 2, Fraction(3, 2))) / (spectrum.low + spectrum.high))
    head = _head(one, spectrum, more=f", b: [{one.rows}, k]")
    word = f"({one.text})"
    kind = rng.choice(("plain", "plain", "two", "kernel", "descent"))
    target = f"inv({one.text})*b{one.over}"
    if kind == "descent":
        return _preconditioned(rng)
    if kind == "kernel":
        head = _head(one, spectrum, "nonzero_spectrum", f", b: [{one.rows}, k]")
        head += f"assume b in range({one.text}{one.over})\n"
        target = f"pinv({one.text})*b{one.over}"
    start = "w = 0*b\n" if rng.random() < 0.7 else f"w = {rate}*b\n"
    step = f"w + {rate}*(b - {word}*w)"
    if kind == "two":
        step = f"w + {rate}*(2*(b - {word}*w) - {rate}*{word}*(b - {word}*w))"
    loop = _repeat(_passes(rng, 7), f"w = {step}{one.over}")
    return f"{head}{start}{loop}return w approximates {target}\n"


def _preconditioned(rng: random.Random) -> str:
    """A matrix g of the operator's inverse root is iterated beside w."""
    one, spectrum = rng.choice(BY_FORM), drawn_spectrum(rng, most=0)
    high = spectrum.names[1]
    head = _head(one, spectrum, more=f", b: [{one.rows}, k]")
    begin = f"W = {one.text}{one.over}\nw, G = 0*b, {_text(1 / (2 * spectrum.high))}*W\n"
    if spectrum.high <= 2:
        begin = f"W = {one.text}{one.over}\nw, G = 0*b, I\n"
    step = f"w, G = w + 1/(1*{high})*G*G*(b - W*w), G - 1/6*G*G*G*W"
    loop = _repeat(_passes(rng, 4), step)
    return f"{head}{begin}{loop}return w approximates inv({one.text})*b{one.over}\n"


# -- three_term ---------------------------------------------------------------------------------


def three_term(rng: random.Random) -> str:
    """Heavy ball: momenta from small to nearly 1, rates of every size, convergent or not."""
    one, spectrum = rng.choice(SYMMETRIC), drawn_spectrum(rng)
    head = _head(one, spectrum, more=f", b: [{one.rows}, k]")
    beta = Fraction(rng.choice((1, 9, 25, 49, 81, 99)), 100)
    if rng.random() < 0.2:
        beta = Fraction(rng.choice((1, 150)), 100) ** rng.choice((1, 3))
    rate = _text(rng.choice((1, 2, Fraction(7, 2))) / (spectrum.low + spectrum.high))
    step = f"w, v = w + {rate}*(b - ({one.text})*w) + {_text(beta)}*(w - v), w{one.over}"
    loop = _repeat(_passes(rng, 12), step)
    target = f"inv({one.text})*b{one.over}"
    return f"{head}w, v = 0*b, 0*b\n{loop}return w approximates {target}\n"


# -- stages and chebyshev -----------------------------------------------------------------------


def stages(rng: random.Random) -> str:
    """Two or three loops, each a polynomial step of its own, for one ratio to the target."""
    return rng.choice((_staged_polar, _staged_inverse))(rng)


def _staged(rng: random.Random, steps: Sequence[str], passes: int) -> str:
    """Loops of one pass or two, and so many passes of the first step in the end."""
    loops = [
        _repeat(rng.randint(0, 2), f"X = {rng.choice(steps)}") for _ in range(rng.randint(1, 3))
    ]
    return "".join(loops) + _repeat(passes, f"X = {steps[0]}")


def _staged_polar(rng: random.Random) -> str:
    one, spectrum = rng.choice(GENERAL), drawn_spectrum(rng, most=3)
    steps = ("3/2*X - 1/2*X*X'*X", "15/8*X - 10/8*X*X'*X + 3/8*X*X'*X*X'*X", "2*X - X*X'*X")
    loops = _staged(rng, steps, 5)
    head = _head(one, spectrum, "singular_values")
    start = f"X = 1/{spectrum.names[1]}*({one.text}){one.over}\n"
    return f"{head}{start}{loops}return X approximates polar({one.text}){one.over}\n"


def _staged_inverse(rng: random.Random) -> str:
    one, spectrum = rng.choice(SYMMETRIC), drawn_spectrum(rng)
    steps = ("2*X - X*W*X", "3*X - 3*X*W*X + X*W*X*W*X", "3/2*X - 1/2*X*W*X")
    loops = _staged(rng, steps, 7)
    low, high = spectrum.names
    start = f"W = {one.text}{one.over}\nX = 2/({low} + {high})*I\n"
    target = f"inv({one.text}){one.over}"
    return f"{_head(one, spectrum)}{start}{loops}return X approximates {target}\n"


def chebyshev(rng: random.Random) -> str:
    """Polynomials with no iteration behind them, and Richardson with a rate for every pass."""
    return rng.choice((_listed_rates, _taylor, _of_a_formula))(rng)


def _listed_rates(rng: random.Random) -> str:
    one, spectrum = rng.choice(SYMMETRIC), drawn_spectrum(rng)
    low, high = spectrum.low, spectrum.high
    places = [low + (high - low) * Fraction(rng.randint(0, 8), 8) for _ in range(rng.randint(1, 5))]
    rates = ", ".join(str(1 / place) for place in places)
    head = _head(one, spectrum, more=f", b: [{one.rows}, k]")
    loop = f"for eta in {rates}:\n    w = w + eta*(b - ({one.text})*w){one.over}\n"
    return f"{head}w = 0*b\n{loop}return w approximates inv({one.text})*b{one.over}\n"


def _taylor(rng: random.Random) -> str:
    one, spectrum = rng.choice(BY_FORM), drawn_spectrum(rng, zero=True)
    rate = Fraction(rng.choice((1, 5, 20)), 10) / spectrum.high
    terms = ["I"]
    for degree in range(1, rng.randint(2, 4)):
        factor = Fraction(1)
        for place in range(1, degree + 1):
            factor *= -rate / place
        terms.append(f"{_text(factor)}*{_power('W', degree)}")
    head = _head(one, spectrum) + f"W = {one.text}{one.over}\n"
    target = f"exp(-{_text(rate)}*({one.text})){one.over}"
    return f"{head}return {' + '.join(terms)} approximates {target}\n"


def _of_a_formula(rng: random.Random) -> str:
    one, spectrum = rng.choice(BY_FORM), drawn_spectrum(rng, most=0)
    formula = rng.choice(("1/(1 + s)", "exp(-s)*s", "sqrt(s)", "sqrt(1 + s)", "s^3 - s"))
    numbers = [Fraction(rng.choice((-9, -2, 1, 5)), rng.randint(1, 30)) for _ in range(3)]
    value = f"{_text(numbers[0])}*I + {_text(numbers[1])}*W + {_text(numbers[2])}*W*W"
    head = _head(one, spectrum) + f"function g(s) = {formula}\nW = {one.text}{one.over}\n"
    return f"{head}return {value} approximates spectral(g, {one.text}){one.over}\n"


FAMILIES: Mapping[str, Callable[[random.Random], str]] = {
    "power_exp": power_exp,
    "autonomous": autonomous,
    "contraction": contraction,
    "halley": halley,
    "three_term": three_term,
    "stages": stages,
    "chebyshev": chebyshev,
}
