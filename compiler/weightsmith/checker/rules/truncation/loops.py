"""The rule ``loops``: what loops carry are functions of T, and a pass takes them to others.

Hypotheses: those of the fact ``spectrum`` of T.

Witness: ``forms``, one item for each loop on which the result depends, in order: which letters it
carries as sums of left · scalar(T) · right, or of left · right with a number.

    {"fact": {"is": "recurrence", "of": ["A"], "loops": [
        {"loop": 0, "start": {"X": "2/(L + mu)"}, "pass": {"X": "-X^2*lambda + 2*X"}}]},
     "by": "loops", "from": [3], "with": {"forms": [
        {"loop": 0, "forms": {"X#0": [{"left": [], "scalar": "X", "right": []}]}}]}}

Follows: before every pass and after the last each of these letters is the sum of its forms, with
scalars that ``start`` before the loop and become ``pass`` by a pass, functions of λ.

Example: X(A) starts as 2/(L + mu)·I, which is 2/(L + mu) at every λ; 2·X(A) − X(A)·A·X(A) is
2X − λX² at λ.

Proof: by induction over the passes.  The value before the loop, and the value after a pass, are
scalarised (``spectral.py``): written as these forms again, nothing left over.  All that is used is
that functions of T commute, and that T·f(T) is the function λ·f(λ) (rule ``assumption``).
"""

from __future__ import annotations

from weightsmith.checker.facts.fact import Fact, Json
from weightsmith.checker.facts.read_files import ReadFiles
from weightsmith.checker.facts.rule import Facts, FileRule, Witness
from weightsmith.checker.reading.refusal import Budget
from weightsmith.checker.reading.strict_json import as_integer
from weightsmith.checker.spectra.operator_reading import Loops


def derive_recurrence(read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
    (spectrum,) = premises
    number = as_integer(spectrum.known, "number")
    program, bindings = read.program(), read.template().bindings
    with Budget().active():
        return recurrence_fact(
            Loops(program, bindings, number, spectrum.of, witness["forms"], Budget())
        )


def recurrence_fact(loops: Loops) -> Fact:
    word = [letter.text for letter in loops.operator.word]
    letters = ", ".join(loops.forms) or "nothing"
    of = f"Of what loops carry, functions of T = {' · '.join(word)} in every pass: {letters}."
    derived: Json = {"loops": loops.derived}
    way = tuple(loops.way())
    return Fact("recurrence", word, derived, known=loops, way=way, sentence=lambda: of)


RULE = FileRule("loops", "recurrence", derive_recurrence, ("spectrum",), ("forms",))
