"""The rule ``stages``: polynomials from cut to cut, within limits on their coefficients."""

from __future__ import annotations

from fractions import Fraction

import flint
import pytest

from weightsmith.checker import stages
from weightsmith.checker.rational import Field
from weightsmith.checker.refusal import RefusedError
from weightsmith.checker.scalar_program import ScalarProgram, Stage, Term
from weightsmith.checker.stages import MAX_DEGREE, _Walk

F = Fraction


def walked(start: flint.fmpq) -> list[int]:
    """A loop of no pass, its scalar start·(1 − e), of which e = 0; the result is the scalar."""
    stage = Stage(0, ((Term(start, 1, ()),),), (), 0)
    value = (Term(flint.fmpq(1), 0, ((0, 1),)),)
    end = 1 - F(int(start.p), int(start.q))
    intervals = [(F(0), F(0)), (end, end)]
    return _Walk(ScalarProgram((stage,), value), [], [], intervals).run(Field(()))


@pytest.mark.parametrize("start", [flint.fmpq(1 << 60), flint.fmpq(1, 1 << 60)])
def test_long_numerators_and_denominators_are_counted(
    start: flint.fmpq, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert walked(start) == [1]
    monkeypatch.setattr(stages, "MAX_BITS", 50 * (MAX_DEGREE + 1))
    assert walked(flint.fmpq(3, 4)) == [1]
    with pytest.raises(RefusedError, match="too large to be checked exactly"):
        walked(start)
