"""What the script assumes of its inputs, and of nothing else."""

from __future__ import annotations

import pytest

from weightsmith.checker.assumed import Assumed
from weightsmith.checker.meaning import read_meaning
from weightsmith.checker.rational import Field
from weightsmith.checker.refusal import RefusedError
from weightsmith.checker.words import Letter
from weightsmith.dsl import Source, check

SCRIPT = """algorithm f(x: [d] per token, B: [d, d])
assume norm(x) <= 2
assume entries(B) in [-1, 3]
X = B
repeat 2:
    X = B*X
return X*x on query
"""


def test_nothing_is_known_of_what_is_no_input() -> None:
    """X#0 is what a loop carries: no assumption speaks of it, nor of a letter of that name."""
    program = check(Source("script.alg", SCRIPT))
    field = Field(())
    assumed = Assumed(program, read_meaning(program, field, {}).inputs, field, {})
    assert assumed.letter(Letter("x@context", "d", "context")).column == 2
    bounds = assumed.letter(Letter("B", "d", "d"))
    assert bounds.low == -1
    assert bounds.high == 3
    for name in ("X#0", "sigmoid[1]", "Bx", "target B"):
        assert not assumed.is_known(Letter(name, "d", "d"))
        with pytest.raises(RefusedError, match="Nothing is known of"):
            assumed.letter(Letter(name, "d", "d"))
