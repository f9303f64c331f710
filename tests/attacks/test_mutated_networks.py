"""Forged networks, programs and witnesses: what the kernel still accepts must be true.

The judge is an interpreter of its own, in exact numbers, that shares nothing with the project.
"""

from __future__ import annotations

import copy
import hashlib
import json
import random
from fractions import Fraction

import pytest
from tests.attacks.mutated import change
from tests.attacks.own_network import Inputs, Json, OwnNetwork
from tests.attacks.own_numbers import Array, filled, same
from tests.attacks.own_program import OwnProgram

from weightsmith import api
from weightsmith.checker.reading.compiled_files import InMemory
from weightsmith.checker.verify import _verdicts

SCRIPTS = {
    "scores": """
algorithm scores(x: [d] per token, y: [1] per context)
param c, n = size(context)
v = y*softmax(c*x'*x)  over context
u = v*relu(x'*x - ones)  over context before
w = u*normalised(x'*x)  over context
z = u*sigmoid(2*x'*x)  over context after
s = x*softmax(x'*x)  over tokens
q = v + 1/n*w + z
return q on context, s on query
""",
    "passes": """
algorithm passes(x: [d] per token, y: [1] per context, A: fixed[d, d], B: fixed[d, d])
param eta, k
w = 0
for g, h, P in (1, 2, A), (3/2, eta, B):
    w = w - g*(w*x - y)*x'*P + h*w  over context
z = w*x
repeat k:
    for e, f in (1, eta), (2, 3):
        z = soft(e*z, 1/4) - f*z
return z on query
""",
    "symmetric": """
algorithm symmetric_input(A: symmetric[d, d], B: [d, d], C: [d, k])
param mu, steps
X = mu*I
Y = 1*B
repeat steps:
    X, Y = 2*X - X*A*X, Y*A*B' - B*Y
return X*C, Y*C
""",
    "shifted": """
algorithm shifted(x: [d] per token)
param n = size(context), m = size(query)
p = position(context)
z = x*shift(1)  over context
u = 1/n*sum(z) - 1/m*p
v = relu(u) - p
return v on context
""",
}
MUTANTS = 200


def drawn(program: Json, sizes: dict[str, int], chance: random.Random) -> Inputs:
    def matrix(rows: str, columns: str, symmetric: bool) -> Array:
        made = filled(*(int(one) if one.isdigit() else sizes[one] for one in (rows, columns)))
        for row, column in ((r, c) for r in range(made.shape[0]) for c in range(made.shape[1])):
            made[row, column] = Fraction(chance.randint(-6, 6), chance.randint(1, 3))
        return made + made.T if symmetric else made

    found: dict[str, Array | dict[str, Array]] = {}
    for one in program["inputs"]:
        rows, columns = one["shape"]
        if isinstance(columns, list):
            found[one["name"]] = {group: matrix(rows, group, False) for group in columns[1:]}
        else:
            found[one["name"]] = matrix(rows, columns, one["symmetric"])
    return found


def agree(template: Json, program: Json, chance: random.Random) -> bool:
    """Does the network return what the program does, at inputs, sizes and symbols by chance?"""
    for _ in range(6):
        axes = {*program["dimensions"], "context", "query"}
        sizes = {axis: chance.choice((1, 2, 3)) for axis in sorted(axes)}
        symbols = {
            one["name"]: Fraction(chance.randint(0, 3))
            if one["count"]
            else Fraction(chance.choice((-3, -2, -1, 1, 2, 3)), chance.choice((1, 2)))
            for one in program["parameters"]
            if one["name"] not in program.get("sizes", {})
        }
        symbols |= {name: Fraction(one) for name, one in template["bindings"].items()}
        inputs = drawn(program, sizes, chance)
        try:
            wanted = OwnProgram(program, sizes, symbols).run(inputs)
            found = OwnNetwork(template, sizes, symbols).run(inputs)
        except ZeroDivisionError:
            continue
        if not all(same(found[place], one) for place, one in wanted.items()):
            return False
    return True


def accepted(files: dict[str, bytes], template: Json, certificate: Json) -> bool:
    """Does the kernel accept exactness, and the files?"""
    forged = dict(files)
    forged["template.json"] = json.dumps(template).encode()
    digest = hashlib.sha256(forged["template.json"]).hexdigest()
    certificate["files"]["template.json"] = digest
    certificate["bindings"] = template.get("bindings", {})
    forged["certificate.json"] = json.dumps(certificate).encode()
    verdicts = _verdicts(InMemory(forged), kernel=True)
    proven = {one.kind for one in verdicts if one.accepted and one.proven}
    return {"exactness", "integrity"} <= proven


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_is_accepted_of_forged_files_is_true(name: str) -> None:
    files = {key: bytes(one) for key, one in api.compile(SCRIPTS[name]).files().items()}
    template, certificate = (
        json.loads(files[f"{one}.json"]) for one in ("template", "certificate")
    )
    chance = random.Random(name)
    assert agree(template, certificate["program"], chance)
    count = refuted = 0
    for _ in range(MUTANTS):
        forged, evidence = copy.deepcopy(template), copy.deepcopy(certificate)
        targets = [forged, forged, forged, evidence["program"], evidence["facts"][0]["with"]]
        for _ in range(chance.choice((1, 1, 2))):
            change(chance.choice(targets), chance)
        if (forged, evidence) == (template, certificate):
            continue
        if accepted(files, forged, evidence):
            count += 1
            assert agree(forged, evidence["program"], chance), (forged, evidence["program"])
        else:
            refuted += 1
    assert count >= 2
    assert refuted >= MUTANTS // 2


def test_the_judge_sees_a_difference() -> None:
    """A negated coefficient, a mask and a fixed matrix for another: the interpreter tells."""
    files = api.compile(SCRIPTS["scores"]).files()
    template, program = (
        json.loads(files["template.json"]),
        json.loads(files["certificate.json"])["program"],
    )
    text = json.dumps(template)
    for old, new in (('"before"', '"upto"'), ('"sigmoid"', '"tanh"'), ('"after"', '"before"')):
        assert old in text
        assert not agree(json.loads(text.replace(old, new)), program, random.Random(1)), old
