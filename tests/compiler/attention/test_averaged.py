"""``averaged``: a normalisation in two files; it is linear, and the checker makes use of that."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import cast

import numpy as np
import pytest
from tests.compiler.attention.networks import Array, exactly, inputs_of, proven
from tests.compiler.attention.test_mutations import assert_refused, heads
from tests.compiler.forging import rewritten

from weightsmith.checker.verify import verify_directory

HEADER = "algorithm f(x: [d] per context, y: [m] per context)\n"
PREFIXES = """\
algorithm f(x: [d] per context, y: [1] per context)
param eta = 1/2, steps = 3
r = y
repeat steps:
    r = y - eta*r*averaged(x'*x)  over context upto
return r
"""


def arrays(given: dict[str, object]) -> list[Array]:
    """x and y on the context."""
    return [cast("dict[str, Array]", given[name])["context"] for name in ("x", "y")]


def test_each_prefix_has_the_mean_of_its_own() -> None:
    network = proven(PREFIXES)
    given = inputs_of(network.program, 3)
    (found,) = exactly(network, given).values()
    x, y = arrays(given)
    r = y.copy()
    for _ in range(3):
        seen = [
            sum((r[:, j] * (x[:, j] @ x[:, i]) for j in range(i + 1)), 0 * r[:, i])
            for i in range(r.shape[1])
        ]
        r = np.stack([y[:, i] - Fraction(1, 2) * one / (i + 1) for i, one in enumerate(seen)], 1)
    assert np.array_equal(found, r)


def test_it_is_linear_and_no_other_normalisation() -> None:
    files = dict(proven(HEADER + "return y*averaged(x'*x)  over context upto\n").files())
    template = json.loads(files["template.json"])
    (head,) = heads(template)
    head["scores"]["normalised"] = True
    assert_refused(rewritten(files, "template.json", template))


@pytest.mark.parametrize("number", ["2", "3"])
def test_the_mean_of_three_times_the_scores_is_the_sum_of_two_heads(number: str) -> None:
    files = dict(proven(HEADER + "return 3*y*averaged(x'*x)  over context\n").files())
    template = json.loads(files["template.json"])
    (head,) = template["body"][0]["heads"]
    rest = json.loads(json.dumps(head))
    for one, times in ((head, "1"), (rest, number)):
        one["outputs"] = [[block, place, times] for block, place, _ in one["outputs"]]
    template["body"][0]["heads"].append(rest)
    report = verify_directory(rewritten(files, "template.json", template))
    (exact,) = (one for one in report.verdicts if one.kind == "exactness")
    assert exact.accepted == (number == "2")


def test_relu_attention_over_the_length_of_the_sequence() -> None:
    network = proven(HEADER + "return y*averaged(relu(x'*x))  over context\n")
    given = inputs_of(network.program, 5)
    (found,) = exactly(network, given).values()
    x, y = arrays(given)
    scores = np.maximum(x.T @ x, 0)
    assert np.array_equal(found, y @ scores / Fraction(x.shape[1]))
