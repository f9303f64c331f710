"""What a truncation claim assumes, at the bindings."""

from __future__ import annotations

from fractions import Fraction

import pytest

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Letter
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.spectra.conditions import numbers_at
from weightsmith.checker.spectra.problem import Numbers
from weightsmith.checker.spectra.spectral import Operator
from weightsmith.dsl import Source, check, parse_scalar

SCRIPT = """algorithm f(A: symmetric[n, n])
assume spectrum(A) in [a, b] or [c, d]
return A
"""
A = Letter("A", "n", "n", symmetric=True)


def numbers(ends: tuple[str, str, str, str], *, squared: bool) -> Numbers:
    """The interval of A, or of A*A, for ``spectrum(A) in [a, b] or [c, d]``."""
    program = check(Source("script.alg", SCRIPT))
    field = Field(program.symbols)
    a, b, c, d = (field.read(parse_scalar(name)) for name in "abcd")
    kind = program.assumptions[0].kind  # type: ignore[union-attr]
    nine = field.number(Fraction(9))
    low, high, gap = (field.zero, nine, None) if squared else (a, d, (b, c))
    operator = Operator((A, A) if squared else (A,), "yes", kind, low, high, gap)
    bindings = dict(zip("abcd", map(Fraction, ends), strict=True))
    return numbers_at(program, operator, 0, field, bindings)


@pytest.mark.parametrize("squared", [False, True])
def test_two_assumed_intervals_are_in_order(squared: bool) -> None:
    found = numbers(("-2", "-1", "1", "2"), squared=squared)
    assert found.spectrum == ((0, 9) if squared else (-2, 2))
    assert found.gap == (None if squared else (-1, 1))
    assert numbers(("-1", "-1", "1", "1"), squared=squared).spectrum[1] == (9 if squared else 1)
    for ends in (
        ("-2", "1", "1", "2"),
        ("-2", "3/2", "1", "2"),
        ("-2", "-1", "2", "1"),
        ("-2", "-1", "-3/2", "2"),
    ):
        with pytest.raises(RefusedError, match="two assumed intervals are not in order"):
            numbers(ends, squared=squared)
