"""The rule ``powers``: a block of one pass may hold anything, one of several only values."""

from __future__ import annotations

import pytest

from weightsmith.checker.prove import prove_restructuring
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.dsl import Source, check

HEAD = "algorithm affine(A: [d, d], C: [d, d])\n"
SCRIPT = "X = C\nrepeat 2:\n    X = A*X + C\nreturn X\n"
NETWORK = """P, S = A, C
repeat PASSES:
    P, S = A*P, A*S + C
X = P*C + S
return X
"""


def prove(network: str, **held: dict[str, object]) -> None:
    script, other = (check(Source("s.alg", HEAD + text)) for text in (SCRIPT, network))
    steps = [
        {"step": 1, "rule": "powers", "turned": [], "kind": "one_side"},
        {"step": 2, "rule": "block", "loop": 0, "values": held},
        {"step": 3, "rule": "equal", "counts": [2, 0]},
    ]
    prove_restructuring(script, other, {}, {"steps": steps})


LEFT: dict[str, object] = {"kind": "left", "of": ["X", "X"], "turned": False, "counts": [1, 1]}
SUM: dict[str, object] = {"kind": "sum", "of": ["X"], "turned": False, "counts": [1, 1]}


def test_a_block_of_one_pass_holds_a_power_and_a_sum() -> None:
    """P is A^2 after it, and S is A*C + C."""
    prove(NETWORK.replace("PASSES", "1"), P=LEFT, S=SUM)


@pytest.mark.parametrize("passes", ["0", "2"])
def test_what_other_numbers_of_passes_hold_is_refused(passes: str) -> None:
    """After two passes P is A^3, and after none A."""
    match = "does not run one pass" if passes == "2" else "runs 0 or too many"
    with pytest.raises(RefusedError, match=match):
        prove(NETWORK.replace("PASSES", passes), P=LEFT, S=SUM)
