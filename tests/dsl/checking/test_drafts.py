"""What could be read of an algorithm with mistakes: editors show it."""

from __future__ import annotations

from collections.abc import Callable

from weightsmith.dsl import Checked
from weightsmith.dsl.program import core

TEXT = """\
algorithm f(A: symmetric[d, d], B: [d, m])
X = A*unknown
Y = A*B
return Y

algorithm g(A: [d, d])
return A
"""


def test_the_drafts_are_the_algorithms_of_the_script(look: Callable[..., Checked]) -> None:
    checked = look(TEXT)
    assert checked.program is None
    assert [one.name for one in checked.drafts] == ["f", "g"]
    (only,) = checked.drafts[0].body
    assert isinstance(only, core.Assign)
    assert only.names == ("Y",)
    assert only.values[0].shape == core.Shape("d", "m")


def test_the_drafts_of_a_used_script_are_not_its_own(look: Callable[..., Checked]) -> None:
    text = 'use g from "other.alg"\nalgorithm h(A: [d, d])\nreturn g(A)\n'
    checked = look(text, other="algorithm g(A: [d, d])\nreturn A*A\n")
    assert [one.name for one in checked.drafts] == ["h"]


def test_the_draft_of_a_sound_script_is_its_program(look: Callable[..., Checked]) -> None:
    checked = look(TEXT.replace("*unknown", "").replace("B: [d, m]", "B: [d, d]"))
    assert checked.program is not None
    assert checked.drafts[-1] == checked.program
