"""pinv and roots of a matrix with a kernel: by values that vanish there, and by no others."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from checker_steps import assumption, forms, loop
from claims_by_hand import check_truncation, claims_in
from mpmath import mp, mpf  # type: ignore[import-untyped]

import weightsmith.api as ws
from weightsmith.checker.reading.refusal import Budget, RefusedError

HEAD = "algorithm f(L: symmetric[v, v], b: [v, k])\nassume nonzero_spectrum(L) in [1/2, 2]\n"
NEWTON = "repeat 4:\n    X = 2*X - X*L*X\n"
SQUARE = "repeat 4:\n    X = 2*X - X*L*L*X\n"
RESIDUAL = "repeat 4:\n    E, X = E*E, X + X*E\n"
Pair = tuple[object, object]
VANISHING = {
    "newton": f"X = 1/4*L\n{NEWTON}return X approximates pinv(L)\n",
    "framed": f"X = 1/4*L\n{NEWTON}Y = X*b\nreturn Y approximates pinv(L)*b\n",
    "two loops": f"X = 1/4*L\n{NEWTON}{NEWTON}return X approximates pinv(L)\n",
    "projector": f"X = 1/4*L\n{NEWTON}return X*L approximates pinv(L)*L\n",
    "shifted": f"X = 1/4*L\n{NEWTON}return I - 2*X approximates I - 2*pinv(L)\n",
    "square": f"X = 1/16*L*L\n{SQUARE}return X approximates pinv(L*L)\n",
    "root": "X = 1/4*L*L + 1/2*L\nreturn X approximates sqrt(L)\n",
}
OTHERS = {  # something is left of the kernel, in the value or in the target
    "start": f"X = 1/2*I\n{NEWTON}return X approximates pinv(L)\n",
    "inverse": f"X = 1/4*L\n{NEWTON}return X approximates inv(L)\n",
    "added": f"X = 1/4*L\n{NEWTON}return X + 1/100*I approximates pinv(L)\n",
    "another carried": (
        f"E = I - 1/4*L*L\nX = 1/4*L + 1/9*E\n{RESIDUAL}return X approximates pinv(L)\n"
    ),
    "a regular argument": f"X = 1/4*L\n{NEWTON}return X approximates pinv(L + I)\n",
    "exponential": "return 1/2*L approximates exp(L)\n",
    "once not zero": "X = I\nrepeat 2:\n    X = X*L + I\nreturn X approximates pinv(L)\n",
}


@pytest.mark.parametrize("name", sorted(VANISHING))
def test_what_vanishes_on_the_kernel_needs_no_range(name: str) -> None:
    network = ws.compile(HEAD + VANISHING[name])
    (bound,) = network.bounds
    assert bound.unproven is None
    assert network.verify().accepted
    claim = truncation_of(network)
    assert claim["hypotheses"] == [["assumption", 0]]


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_what_does_not_vanish_is_open(name: str) -> None:
    (bound,) = ws.compile(HEAD + OTHERS[name]).bounds
    assert bound.value is None
    assert bound.unproven


def truncation_of(network: ws.Network) -> dict[str, object]:
    claims: list[dict[str, object]] = claims_in(network.certificate)  # type: ignore[assignment]
    return next(claim for claim in claims if claim["kind"] == "truncation")


def test_a_forged_claim_of_another_start_is_refused() -> None:
    """The steps of the honest claim, but the script starts at I: nothing absorbs the kernel."""
    honest = ws.compile(HEAD + VANISHING["newton"])
    claim = truncation_of(honest)
    check_truncation(honest.program, honest.bindings, claim, Budget())
    steps = [dict(step) for step in claim["steps"]]  # type: ignore[attr-defined]
    other = ws.check(HEAD + OTHERS["start"])
    for start in (steps[1]["start"], {"X": "1/2"}):
        steps[1] = {**steps[1], "start": start}
        with pytest.raises(RefusedError, match=r"eigenvalue 0|range of the operator|'loops' is"):
            check_truncation(other, {}, {**claim, "steps": steps}, Budget())


@pytest.mark.parametrize("name", ["newton", "framed", "projector", "square", "root"])
def test_no_matrix_with_a_kernel_exceeds_the_bound(name: str) -> None:
    """100 digits; kernels of any size, the ends, clusters, and data outside of the range of L."""
    (bound,) = ws.compile(HEAD + VANISHING[name]).bounds
    assert bound.value is not None
    chance = random.Random(name)
    with mp.workdps(100):
        most = mpf(bound.value.numerator) / bound.value.denominator
        for _ in range(6):
            size = chance.randint(1, 5)
            L, pinv, root = with_kernel(chance, size)
            b = mp.matrix(size, 2).apply(lambda _: mpf(chance.uniform(-1, 1)))
            value, target = values(name, L, pinv, b)
            target = root if name == "root" else target
            scale = mp.mnorm(target, "f") if name == "framed" else norm(target)
            assert norm(value - target) <= most * scale + mpf(10) ** -80


def with_kernel(chance: random.Random, size: int) -> tuple[object, object, object]:
    """A symmetric matrix, its pseudoinverse and its root, by rotations of rational cosines."""
    pool = [mpf(0), mpf(1) / 2, mpf(2), mpf(1) / 2 + mpf(10) ** -30, mpf(chance.uniform(0.5, 2))]
    eigenvalues = [chance.choice(pool) for _ in range(size)]
    q = mp.eye(size)
    for i in range(size):
        for j in range(i):
            t = mpf(chance.randint(-9, 9)) / 7
            turn = mp.eye(size)
            turn[i, i] = turn[j, j] = (1 - t * t) / (1 + t * t)
            turn[i, j], turn[j, i] = 2 * t / (1 + t * t), -2 * t / (1 + t * t)
            q = q * turn
    return (
        q * mp.diag(eigenvalues) * q.T,
        q * mp.diag([1 / x if x else mpf(0) for x in eigenvalues]) * q.T,
        q * mp.diag([mp.sqrt(x) for x in eigenvalues]) * q.T,
    )


def values(name: str, L: object, pinv: object, b: object) -> Pair:
    """What the script returns, and its target."""
    if name == "root":
        return L * L / 4 + L / 2, None  # type: ignore[operator]
    by = L * L if name == "square" else L  # type: ignore[operator]
    x = L / 4 if name != "square" else L * L / 16  # type: ignore[operator]
    for _ in range(4):
        x = 2 * x - x * by * x
    if name == "framed":
        return x * b, pinv * b  # type: ignore[operator]
    if name == "projector":
        return x * L, pinv * L  # type: ignore[operator]
    return (x, pinv * pinv) if name == "square" else (x, pinv)  # type: ignore[operator]


def norm(value: object) -> object:
    return mp.svd_r(value, compute_uv=False)[0]


def test_inv_of_what_has_no_eigenvalue_0_on_the_kernel_either() -> None:
    """I + L is 1 there; the error of x - (I + L)*x/2 + b/2 is (1 - λ)/2 of what it was."""
    script = """algorithm f(L: symmetric[v, v], b: [v, 1])
assume nonzero_spectrum(L) in [1/2, 1]
assume b in range(L)
x = 0*b
repeat 2:
    x = x + 1/2*(b - L*x - x)
return x approximates inv(I + L)*b
"""
    steps = [
        assumption("L"),
        loop(forms(x=[([], "x", ["b"])]), {"x": "0"}, {"x": "-1/2*lambda*x + 1/2*x + 1/2"}),
        {"rule": "contraction"},
    ]
    claim = {
        "output": "x",
        "steps": [{"step": place, **step} for place, step in enumerate(steps, 1)],
        "scale": "norm(target)",
        "hypotheses": [["assumption", 0], ["assumption", 1]],
        "bound": {"formula": "max(abs(1/4), abs(0))^(2)", "value": "1/16"},
    }
    assert check_truncation(ws.check(script), {}, claim, Budget()).value == Fraction(1, 16)
    singular = ws.check(script.replace("inv(I + L)", "inv(L)").replace("- L*x - x", "- L*x"))
    steps[1] |= {"pass": {"x": "-1/2*lambda*x + x + 1/2"}}
    numbered = [{"step": place, **step} for place, step in enumerate(steps, 1)]
    with pytest.raises(RefusedError, match="eigenvalue 0: use pinv"):
        check_truncation(singular, {}, {**claim, "steps": numbered}, Budget())


def test_the_bound_is_attained_at_an_end() -> None:
    """1 − λ²/4 at λ = 1/2, squared four times."""
    (bound,) = ws.compile(HEAD + VANISHING["newton"]).bounds
    true = Fraction(15, 16) ** 16
    assert bound.value is not None
    assert true <= bound.value <= true * (1 + Fraction(1, 10**12))
