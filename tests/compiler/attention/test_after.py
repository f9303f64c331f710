"""``after``: a mask in two files; with ``upto`` it makes up all keys, and the checker knows it."""

from __future__ import annotations

import json

import pytest
from tests.compiler.attention.networks import exactly, inputs_of, proven
from tests.compiler.attention.test_mutations import assert_refused, heads
from tests.compiler.forging import rewritten

from weightsmith.checker.verify import verify_directory

HEADER = "algorithm f(x: [d] per context, y: [m] per context)\n"


def test_after_and_upto_are_all() -> None:
    both = proven(
        HEADER + "U = y*(x'*x)  over context after\nreturn U + y*x'*x  over context upto\n"
    )
    every = proven(HEADER + "return y*x'*x  over context\n")
    given = inputs_of(both.program, 3)
    (one,), (other,) = exactly(both, given).values(), exactly(every, given).values()
    assert (one == other).all()


def test_in_a_network_it_is_no_other_mask() -> None:
    files = dict(proven(HEADER + "return y*abs(x'*x)  over context after\n").files())
    for mask in ("upto", "before"):
        template = json.loads(files["template.json"])
        (head,) = heads(template)
        assert head["scores"]["mask"] == "after"
        head["scores"]["mask"] = mask
        assert_refused(rewritten(files, "template.json", template))


@pytest.mark.parametrize("number", ["-1", "1"])
def test_the_network_of_the_difference_is_the_same_function(number: str) -> None:
    """All keys less those up to the token, in place of a head with ``after``."""
    files = dict(proven(HEADER + "return y*(x'*x)  over context after\n").files())
    template = json.loads(files["template.json"])
    (head,) = template["body"][0]["heads"]
    rest = json.loads(json.dumps(head))
    del head["scores"]
    rest["scores"] = {"mask": "upto"}
    rest["outputs"] = [[block, place, number] for block, place, _ in rest["outputs"]]
    template["body"][0]["heads"].append(rest)
    report = verify_directory(rewritten(files, "template.json", template))
    (exact,) = (one for one in report.verdicts if one.kind == "exactness")
    assert exact.accepted == (number == "-1")
