"""Scripts with proven targets, one or two for every truncation rule, and their claims."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from claims_by_hand import check_truncation, claims_in

from weightsmith import api
from weightsmith.checker.reading.refusal import Budget
from weightsmith.checker.spectra.following import Truncation
from weightsmith.dsl import Source, check
from weightsmith.dsl.program import core

Claim = dict[str, Any]
Place = tuple[Any, ...]
NEWTON = """algorithm f(A: symmetric[d, d], B: symmetric[d, d])
assume spectrum(B) in [mu/2, L]
assume spectrum(A) in [mu, L]
param mu = 1/10, L = 2, steps = 4
X = 2/(mu + L)*I
repeat steps:
    X = 2*X - X*A*X
return X approximates inv(A)
"""
ROOTS = """algorithm f(A: symmetric[d, d])
assume spectrum(A) in [mu, L]
param mu = 1/4, L = 1, steps = 4
Y, Z = A, I
repeat steps:
    Y, Z = 1/2*Y*(3*I - Z*Y), 1/2*(3*I - Z*Y)*Z
return Y approximates sqrt(A), Z approximates invsqrt(A)
"""
RESIDUAL = """algorithm f(A: [m, n])
assume singular_values(A) in [1/3, 1]
X = A
E = I - X'*X
repeat 3:
    X, E = X + 1/2*X*E, 3/4*E*E + 1/4*E*E*E
return X approximates polar(A)
"""
RICHARDSON = """algorithm f(A: symmetric[d, d], b: [d, k])
assume spectrum(A) in [mu, L]
param mu = 1/5, L = 3, steps = 6
w = 0*b
repeat steps:
    w = w + 2/(mu + L)*(b - A*w)
return w approximates inv(A)*b
"""
PRECONDITIONED = """algorithm f(A: symmetric[d, d], b: [d, k])
assume spectrum(A) in [mu, L]
param mu = 1/2, L = 2, steps = 3
w, G = 0*b, I
repeat steps:
    w, G = w + 1/2*G*G*(b - A*w), G - 1/6*G*G*G*A
return w approximates inv(A)*b
"""
HEAVY_BALL = """algorithm f(A: symmetric[d, d], b: [d, k])
assume spectrum(A) in [mu, L]
param mu = 1/10, L = 2, beta = 1/3, steps = 7
w, v = 0*b, 0*b
repeat steps:
    w, v = w + b - A*w + beta*(w - v), w
return w approximates inv(A)*b
"""
HEAT = """algorithm f(A: symmetric[d, d])
assume spectrum(A) in [low, L]
param low = 0, L = 3, s = 2, k = 4
E = I - s/3^k*A
repeat k:
    E = E*E*E
return E approximates exp(-s*A)
"""
HALLEY = """algorithm f(A: [m, n])
assume singular_values(A) in [1/3, 1]
param steps = 2
X = A
repeat steps:
    M = I + 3*X'*X
    G = 1/4*I
    repeat 2:
        G = 2*G - G*M*G
    X = X*(3*I + X'*X)*G
return X approximates polar(A)
"""
STAGES = """algorithm f(A: [m, n])
assume singular_values(A) in [smin, 1]
param smin = 1/4, first = 2
X = A
repeat first:
    X = 15/8*X - 10/8*X*X'*X + 3/8*X*X'*X*X'*X
repeat 3:
    X = 3/2*X - 1/2*X*X'*X
return X approximates polar(A)
"""
LISTED = """algorithm f(A: symmetric[d, d], b: [d, k])
assume spectrum(A) in [mu, 2]
param mu = 1/2
w = 0*b
for eta in 1, 2/3, 1/2:
    w = w + eta*(b - A*w)
return w approximates inv(A)*b
"""
TAYLOR = """algorithm f(A: symmetric[d, d])
assume spectrum(A) in [1/2, 2]
return I - A + 1/2*A*A approximates exp(-A)
"""
SIGN = """algorithm f(A: symmetric[d, d])
assume spectrum(A) in [-1, low] or [high, 1]
param low = -1/3, high = 1/3, steps = 4
X = A
repeat steps:
    X = 3/2*X - 1/2*X*X*X
return X approximates sign(A)
"""
SCRIPTS = {
    "newton": NEWTON,
    "roots": ROOTS,
    "residual": RESIDUAL,
    "richardson": RICHARDSON,
    "preconditioned": PRECONDITIONED,
    "heavy_ball": HEAVY_BALL,
    "heat": HEAT,
    "halley": HALLEY,
    "stages": STAGES,
    "listed": LISTED,
    "taylor": TAYLOR,
    "sign": SIGN,
}


@dataclass(frozen=True)
class Proven:
    """A script, and the claims that are proven of it."""

    program: core.Program
    bindings: Mapping[str, Fraction]
    claims: tuple[Claim, ...]

    def judge(self, claim: Claim, **bindings: Fraction | None) -> Truncation:
        """Check a claim; with other bindings, or without those that are None."""
        numbers = {**self.bindings, **bindings}
        known = {name: value for name, value in numbers.items() if value is not None}
        return check_truncation(self.program, known, claim, Budget())


@lru_cache
def proven(name: str) -> Proven:
    certificate = json.loads(api.compile(SCRIPTS[name]).files()["certificate.json"])
    bindings = {one: Fraction(value) for one, value in certificate["bindings"].items()}
    claims = tuple(one for one in claims_in(certificate) if one["kind"] == "truncation")
    return Proven(check(Source("script.alg", SCRIPTS[name])), bindings, claims)


def claim_of(name: str, place: int = 0) -> Claim:
    return copy.deepcopy(proven(name).claims[place])


def changed(claim: Claim, path: Place, new: object) -> Claim:
    inner: Any = claim
    for key in path[:-1]:
        inner = inner[key]
    assert json.dumps(inner[path[-1]]) != json.dumps(new)
    inner[path[-1]] = new
    return claim
