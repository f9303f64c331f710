"""Which networks are the same: a change of any part is seen, another way to write it is not."""

from __future__ import annotations

import pytest

from weightsmith.compiler.ir.template import Template
from weightsmith.compiler.nets.read_net import read_net
from weightsmith.compiler.nets.same import same_template
from weightsmith.dsl import Source

from .test_fuzz import EVERYTHING


def template(text: str) -> Template:
    return read_net(Source("one.net", text)).template


DIFFERENT = [
    ("network everything", "network another", "algorithm"),
    ("-1/3, 0]]", "-1/3, 1]]", "matrices"),
    ("c = 3/2", "c = 2/3", "bindings"),
    ("c = 3/2", "c", "bindings"),
    ("size(context)", "size(query)", "sizes"),
    ("n = size(context)", "n", "sizes"),
    ("context, query, d scratch", "query, context, d scratch", "groups"),
    ("2 y - ones[query]", "2 y + ones[query]", "start of"),
    ("2 y - ones[query]", "2 y - ones[context]", "start of"),
    ("A' + 2/(c + eta)", "A + 2/(c + eta)", "start of"),
    ("A' + 2/(c + eta)", "A' + 2/(c - eta)", "start of"),
    (
        "z        k rows, starts as 0\n",
        "z        k rows, starts as 0\n        w  k rows, starts as 0\n",
        "blocks",
    ),
    ("softmax(xᵀ·x + (2 x)ᵀ·x)", "softmax((2 x)ᵀ·x + xᵀ·x)", "head 1"),
    ("softmax(xᵀ·x + (2 x)ᵀ·x)", "softmax(xᵀ·x)", "head 1"),
    ("softmax(", "relu(", "head 1"),
    ("softmax(", "exp(", "head 1"),
    ("context before", "context upto", "head 1"),
    ("context before", "context", "head 1"),
    ("(W x)·softmax", "(W x + z)·softmax", "head 1"),
    ("-eta/n [y|out]·xᵀ", "eta/n [y|out]·xᵀ", "head 2"),
    (
        "x += x·xᵀ·(x - eta x)   sum over context; at query\n",
        "x += 0 x·xᵀ·(x - eta x)   sum over context; at query\n",
        "head 2",
    ),
    ("repeat steps:", "repeat steps + 1:", "passes"),
    ("(3/2, -eta)", "(3/2, eta)", "schedule"),
    ("g X·Xᵀ·X", "h X·Xᵀ·X", "head 1"),
    ("(W' z)", "x", "head 2"),
    ("normalised(relu(xᵀ·(W' z)))", "relu(xᵀ·(W' z))", "head 2"),
    ("relu(x + 1/2)", "relu(x - 1/2)", "hidden unit"),
    ("(c - 1) relu", "c relu", "hidden unit"),
    ("f1(2 x + 1)", "f1(2 x - 1)", "hidden unit"),
    ("above -1: 1/8", "above -1: 1/4", "hidden unit"),
    ("by 1/4: 3/4", "by 1/2: 3/4", "hidden unit"),
    ("below 2: -1", "below 2: 1", "hidden unit"),
    ("relu[d](x)", "relu[1](x)", "hidden unit"),
    (".* (c z - eta)", ".* (c z + eta)", "hidden unit"),
    ("(z + 1) .*", "(z + 2) .*", "hidden unit"),
    ("V' two", "V two", "hidden unit"),
    ("x += -2\n", "x += -3\n", "bias"),
    ("layer   (nothing)", "layer   mlp   x += x", "hidden unit"),
    ("    layer   (nothing)\n", "", "number of items"),
    ("[y|out] - 2 [y|out]", "[y|out]", "returned"),
    ("at query tokens", "at context tokens", "returned"),
    ("return  Xᵀ", "return  X", "returned"),
]
EQUAL = [
    ("2/(c + eta) I[d]", "1/(1/2*eta + c/2) I[d]"),
    ("2 y - ones[query]", "-ones[query] + y + y"),
    ("A' + 2/(c + eta) I[d]", "2/(c + eta) I[d] + A'"),
    (
        "(x - eta x)   sum over context; at query\n        ",
        "((1 - eta) x)   sum over context; at query\n        ",
    ),
    ("-eta/n [y|out]·", "eta/(0 - n) [y|out]·"),
    ("(3/2, -eta)", "(1.5, 0 - eta)"),
    ("(c - 1) relu(x + 1/2)", "c relu(x + 1/2)\n                      x += -relu(1/2 + x)"),
    ("f1", "bend"),
    ("-1/2 to 1/2 by 1/4: 3/4", "-1/2: 3/4, -1/4: 3/4, 0 to 1/2 by 1/4: 3/4"),
    ("two += V two + (V' two - 2 two)", "two += V' two - two + V two - two"),
    ("x += -2\n", "x += -1\n                      x += -1\n"),
    ("relu[d](x)", "relu(x)"),
    ("[y|out] - 2 [y|out]", "-[y|out]"),
    ("layer   (nothing)", "layer   mlp  x += 0 x"),
    ("·", "*"),
    ("X·Xᵀ·X", "(1 X)·(X)ᵀ·(2 X - X)"),
]


@pytest.mark.parametrize(("old", "new", "where"), DIFFERENT)
def test_a_change_is_seen(old: str, new: str, where: str) -> None:
    assert EVERYTHING.count(old) >= 1
    first, second = template(EVERYTHING), template(EVERYTHING.replace(old, new, 1))
    found = same_template(first, second)
    assert found.startswith(where), found
    assert same_template(second, first).startswith(where)


@pytest.mark.parametrize(("old", "new"), EQUAL)
def test_another_way_to_write_it_is_the_same(old: str, new: str) -> None:
    assert EVERYTHING.count(old) >= 1
    changed = EVERYTHING.replace(old, new)
    assert same_template(template(EVERYTHING), template(changed)) == ""
