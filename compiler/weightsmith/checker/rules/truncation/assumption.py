"""The rule ``assumption``: the spectrum of T is the one that the script assumes.

Witness: ``number``, which of the script's spectral assumptions; the fact is ``of`` the word of T:
that of the assumption; of singular values A'A or AA'; of two intervals around 0 also A·A.

    {"fact": {"is": "spectrum", "of": ["A"], "ends": ["mu", "L"]}, "by": "assumption",
     "with": {"number": 0}}

Follows: T has a basis of eigenvectors, and its eigenvalues λ are real and lie in [low, high], the
ends that are assumed (of singular values their squares).  0 may be a further eigenvalue: see
``conditions.py``.

Proof: in one of three ways.  ``yes``: T = T' by its word, and the spectral theorem holds.
``weighted``: T = u·P with u = u' and P a symmetric letter, so that P^(1/2)·T·P^(-1/2) =
P^(1/2)·u·P^(1/2) is symmetric, given that P is positive definite.  ``assumed``: that T is symmetric
is a hypothesis.

So f(T), of any function f on the eigenvalues, has the eigenvectors of T and the eigenvalues f(λ).
Functions of T commute, and T·f(T) is the function λ·f(λ).  If T is symmetric, f(T)' = f(T), and
‖f(T)‖₂ is the largest |f(λ)|.
"""

from __future__ import annotations

from weightsmith.checker.facts.fact import Fact
from weightsmith.checker.facts.read_files import ReadFiles
from weightsmith.checker.facts.rule import Facts, FileRule, Witness
from weightsmith.checker.reading.refusal import Budget
from weightsmith.checker.reading.strict_json import as_integer
from weightsmith.checker.spectra.operator_reading import OperatorReading


def derive_spectrum(read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
    number = as_integer(witness["number"], "number")
    with Budget().active():
        return spectrum_fact(
            OperatorReading(read.program(), read.template().bindings, number, of, Budget())
        )


def spectrum_fact(reading: OperatorReading) -> Fact:
    word = [letter.text for letter in reading.operator.word]
    return Fact(
        "spectrum", word, {"ends": reading.ends}, known=reading.number, sentence=reading.sentence
    )


RULE = FileRule("assumption", "spectrum", derive_spectrum, keys=("number",))
