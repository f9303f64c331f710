"""The scale of a truncation on given data: what its bound is to be multiplied with.

The fact says ‖returned − target‖₂ ≤ bound · scale.  The scale is a formula in the target, in
``solution`` = factor · left · f*(T), ``shift`` and ``right``, as the checker reads them from the
script and the operator (docs/format.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from weightsmith.checker.algebra.words import Polynomial, Word
from weightsmith.checker.reading.refusal import Budget
from weightsmith.checker.spectra.following import Targeted
from weightsmith.checker.spectra.operator_reading import OperatorReading
from weightsmith.checker.spectra.targets import Target
from weightsmith.dsl.program import core
from weightsmith.dsl.program.letters import read_transposed

if TYPE_CHECKING:
    from weightsmith.backends.template.layout import Inputs

Array: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
ZERO = 1e-9  # a smaller eigenvalue, relative to the largest, is one of the null space


@dataclass(frozen=True)
class Scaled:
    """A returned value whose distance from its target is proven, its scale, and the operator.

    ``number`` is that of the spectral assumption, ``word`` the operator, ``forms`` those of the
    loops' letters; of a root there are none.
    """

    output: str
    scale: str
    number: int = 0
    word: object = None
    forms: object = ()


def scale_of(
    fact: Scaled,
    program: core.Program,
    inputs: Inputs,
    target: Array,
    bindings: Mapping[str, Fraction],
) -> float:
    """Return the value of the scale.  Raises ValueError for a scale that is not known."""
    scale = fact.scale
    if scale == "1":
        return 1.0
    if scale == "norm(target)":
        return norm(target)
    reading = OperatorReading(program, bindings, fact.number, fact.word, Budget())
    found = Targeted(reading, fact.output)
    wanted = found.target
    if scale == "norm(target - shift)":
        shift = (
            np.zeros(())
            if wanted.shift is None
            else _sum(wanted.shift, inputs, bindings, len(target))
        )
        return norm(target - shift)
    left, right = _word(wanted.left, inputs), _word(wanted.right, inputs)
    if scale == "norm(left)*norm(right)":
        return norm(left) * norm(right)
    word = found.operator.word
    nonzero = found.operator.kind is core.SpectrumKind.NONZERO_SPECTRUM
    factor = 1.0
    if wanted.factor is not None:
        factor = abs(float(found.field.evaluate(wanted.factor, bindings)))
    if scale == "norm(solution)*norm(right)":
        solution = left @ _function(_word(word, inputs), wanted, bindings, nonzero=nonzero)
        return factor * norm(solution) * norm(right)
    if scale == "norm(solution*P^(-1/2))*norm(P^(1/2)*right)":
        root, inverse_root = _roots(_word(word[-1:], inputs))
        similar = root @ _word(word[:-1], inputs) @ root
        function = _function(similar, wanted, bindings, nonzero=nonzero)
        solution = left @ inverse_root @ function
        return factor * norm(solution) * norm(root @ right)
    raise ValueError(f"expected a scale of docs/format.md, got {scale!r}")


def truncations(certificate: Mapping[str, object]) -> Iterator[Scaled]:
    """What a certificate proves of the distances from targets."""
    facts: Any = certificate["facts"]
    lines = {line["n"]: line for line in facts}
    for line in facts:
        fact = line["fact"]
        if fact["is"] == "truncation":
            before = [lines[number] for number in line["from"]]
            loops = [one for one in before if one["fact"]["is"] == "recurrence"]
            spectra = [lines[number] for one in loops for number in one["from"]]
            operator = [(one["with"]["number"], one["fact"]["of"]) for one in spectra]
            known = (*operator[0], loops[0]["with"]["forms"]) if operator else ()
            yield Scaled(fact["of"], fact["scale"], *known)


def matrix_of(value: object) -> Array:
    """One returned value as a matrix; the groups of a per-token value side by side."""
    if isinstance(value, Mapping):
        return np.hstack([np.asarray(piece) for piece in value.values()])
    return np.asarray(value)


def norm(matrix: Array) -> float:
    """The 2-norm: the largest singular value."""
    return float(np.linalg.norm(matrix, 2))


def _sum(
    polynomial: Polynomial, inputs: Inputs, bindings: Mapping[str, Fraction], size: int
) -> Array:
    """Σ coefficient · word; the empty word is the identity."""
    total: Array = np.zeros(())
    for word, coefficient in polynomial.terms.items():
        matrix = _word(word, inputs) if word else np.eye(size)
        total = total + float(coefficient.field.evaluate(coefficient, bindings)) * matrix
    return total


def _word(word: Word, inputs: Inputs) -> Array:
    """Multiply the letters out."""
    matrices = [_letter(letter.text, inputs) for letter in word]
    product = matrices[0]
    for matrix in matrices[1:]:
        product = product @ matrix
    return product


def _letter(letter: str, inputs: Inputs) -> Array:
    name, transposed = read_transposed(letter)
    given = inputs[name.variable]
    part = given[name.group] if isinstance(given, Mapping) else given
    matrix = np.asarray(part, dtype=np.float64)
    return matrix.T if transposed else matrix


def _function(
    matrix: Array, target: Target, bindings: Mapping[str, Fraction], *, nonzero: bool
) -> Array:
    """Return f*(T) for a symmetric T, with f*^root = power."""
    if target.power is None:
        raise ValueError("expected a target that is a root of a rational function")
    field = target.power.field
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    images = np.zeros_like(values)
    for i, value in enumerate(values):
        if not nonzero or abs(value) > ZERO * abs(values).max():
            known = {**bindings, "lambda": Fraction(float(value))}
            image = float(field.evaluate(target.power, known)) ** (1 / target.root)
            negative = target.sign is not None and field.evaluate(target.sign, known) < 0
            images[i] = -image if negative else image
    result: Array = (vectors * images) @ vectors.T
    return result


def _roots(matrix: Array) -> tuple[Array, Array]:
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    roots = np.sqrt(values)
    return (vectors * roots) @ vectors.T, (vectors / roots) @ vectors.T
