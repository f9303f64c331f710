"""The steps ``operator`` and ``forms``: of which matrix, and between which words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from checker_core import SPAN, given, name, program

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Letter
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.semantics.meaning import Meaning, read_inputs, read_meaning
from weightsmith.checker.spectra.operator_step import (
    Operator,
    read_forms,
    read_names,
    read_operator,
)
from weightsmith.dsl import Source, check, parse_scalar
from weightsmith.dsl.program import core

SCRIPT = """algorithm f(A: symmetric[d, d], B: [d, e])
assume spectrum(A) in [1/2, 1]
X = B
repeat 2:
    X = A*X + B
return X
"""
FIELD = Field((), ("X", "Y"))
A, B = Letter("A", "d", "d", symmetric=True), Letter("B", "d", "e")


def read_of(of: core.Node, word: list[str]) -> Operator:
    """Of a program that assumes the spectrum of ``of``, whatever that is."""
    ends = (parse_scalar("1/2"), parse_scalar("1"))
    inputs = (given("A", "d", "d", symmetric=True), given("B", "d", "e"))
    plain = program(inputs=inputs, returns=name("A", "d", "d"))
    assumed = core.SpectrumAssumption(SPAN, core.SpectrumKind.SPECTRUM, of, *ends)
    script = replace(plain, assumptions=(assumed,))
    letters = {"A": A, "B": B}
    return read_operator(0, word, script, read_inputs(plain, FIELD), FIELD, letters, {})


def test_an_operator_is_square() -> None:
    """A matrix of d rows and e columns has no spectrum, whatever a program assumes of it."""
    with pytest.raises(RefusedError, match="operator B is not a square product"):
        read_of(name("B", "d", "e"), ["B"])
    with pytest.raises(RefusedError, match=r"operator A\*B is not a square product"):
        read_of(name("A", "d", "d"), ["A", "B"])


def forms(*items: tuple[list[str], str, list[str]]) -> dict[str, object]:
    parts = [{"left": left, "scalar": text, "right": right} for left, text, right in items]
    return {"forms": {"X#0": parts}}


def read(step: dict[str, object]) -> int:
    """How many forms X has."""
    meaning: Meaning = read_meaning(check(Source("script.alg", SCRIPT)), FIELD, {})
    spectrum = core.SpectrumKind.SPECTRUM
    operator = Operator((A,), "yes", spectrum, FIELD.zero, FIELD.one)
    (loop,) = meaning.loops
    return len(read_forms(step, loop, operator, FIELD, {"A": A, "B": B})["X#0"])


def test_two_forms_of_a_letter_stand_between_different_words() -> None:
    """B may be a part that has a scalar, or one that does not change, but not both."""
    assert read(forms(([], "X", ["B"]), (["A"], "1", ["B"]))) == 2
    for second in (([], "Y", ["B"]), ([], "1", ["B"]), (["B"], "1", [])):
        with pytest.raises(RefusedError, match="Two forms of 'X#0' cannot be told apart"):
            read(forms(([], "X", ["B"]), second))


@pytest.mark.parametrize("given_forms", [[], None, "X", [["X#0", []]]])
def test_forms_are_given_by_letter(given_forms: object) -> None:
    with pytest.raises(RefusedError, match="'forms' is not an object"):
        read({"forms": given_forms})
    with pytest.raises(RefusedError, match="'forms' is not an object"):
        read_names({"forms": given_forms})
