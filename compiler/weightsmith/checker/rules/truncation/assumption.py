"""The rule ``assumption``: the spectrum of T is the one that the script assumes.

Witness: ``number``, which of the script's spectral assumptions, from 0.  The fact is ``of`` T: the
word A of the assumption, of singular values A'A or AA'; with two intervals around 0 also A·A.

    {"fact": {"is": "spectrum", "of": ["A"], "ends": ["mu", "L"]}, "by": "assumption",
     "with": {"number": 0}}

Follows: T has a basis of eigenvectors, and its eigenvalues λ are real and lie in [low, high], the
ends that are assumed (of A'A, AA' and A·A the squares).  Where the assumption is of a *nonzero*
spectrum, or of singular values of a matrix with two axes, 0 may be one more: see ``conditions.py``.

Proof: where they lie is assumed, a hypothesis of every bound that follows.  That they are real
follows in one of three ways.  *yes*: the word of T, transposed, is the same, a letter of an input
declared symmetric being its own transpose; so T = T' = QΛQ' with Q orthogonal, Λ real and diagonal.
*weighted*: T = u·P with u = u' and P a symmetric letter, so that P^(1/2)·T·P^(-1/2) =
P^(1/2)·u·P^(1/2) is symmetric, given that P is positive definite.  *assumed*: that T is symmetric
is a hypothesis.

So f(T) is defined for every function f on the eigenvalues, with the eigenvectors of T and the
eigenvalues f(λ); if T = QΛQ' it is Q·f(Λ)·Q'.  Functions of T commute, sums and products of them
are functions of T, and T·f(T) is the function λ·f(λ).  If T is symmetric, f(T)' = f(T), and ‖f(T)‖₂
is the largest |f(λ)|.
"""

from __future__ import annotations

from weightsmith.checker.algebra.words import word_text
from weightsmith.checker.facts.fact import Fact
from weightsmith.checker.facts.read_files import ReadFiles
from weightsmith.checker.facts.rule import Facts, FileRule, Witness
from weightsmith.checker.reading.refusal import Budget
from weightsmith.checker.reading.strict_json import as_integer
from weightsmith.checker.spectra.operator_reading import OperatorReading
from weightsmith.checker.spectra.spectral import Operator


def derive_spectrum(read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
    number = as_integer(witness["number"], "number")
    with Budget().active():
        return spectrum_fact(
            OperatorReading(read.program(), read.template().bindings, number, of, Budget())
        )


def spectrum_fact(reading: OperatorReading) -> Fact:
    word = [letter.text for letter in reading.operator.word]
    return Fact(
        "spectrum",
        word,
        {"ends": reading.ends},
        known=reading.number,
        way=(_why_real(reading.operator),),
        sentence=reading.sentence,
    )


def _why_real(operator: Operator) -> str:
    """Why T has real eigenvalues, in words."""
    text = word_text(operator.word)
    if operator.symmetric == "yes":
        return f"T = {text} is its own transpose, so it has an orthonormal basis of eigenvectors."
    if operator.symmetric == "weighted":
        rest, weight = word_text(operator.word[:-1]), operator.weight
        both = f"T = {text}; {rest} and {weight} are their own transposes"
        return f"{both}; that {weight} is positive definite is assumed."
    return f"That T = {text} is symmetric is assumed: its word does not show it."


RULE = FileRule("assumption", "spectrum", derive_spectrum, keys=("number",))
