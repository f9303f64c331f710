"""The scale of a truncation claim on given data: what its bound is to be multiplied with.

A claim says ‖returned − target‖₂ ≤ bound · scale.  The scale is a formula in the target, in
``solution`` = factor · left · f*(T), ``shift`` and ``right``, the words of the certificate
(docs/certificate.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from weightsmith.dsl import parse_scalar
from weightsmith.dsl.scalars import evaluate

if TYPE_CHECKING:
    from weightsmith.backends.layout import Inputs

Array: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Claim = Mapping[str, Any]
ZERO = 1e-9  # a smaller eigenvalue, relative to the largest, is one of the null space


def scale_of(
    claim: Claim, inputs: Inputs, target: Array, bindings: Mapping[str, Fraction]
) -> float:
    """Return the value of the claim's scale.  Raises ValueError for a scale that is not known."""
    scale = claim["scale"]
    if scale == "1":
        return 1.0
    if scale == "norm(target)":
        return norm(target)
    step = _step(claim, "output")
    if scale == "norm(target - shift)":
        return norm(target - _sum(step["shift"], inputs, bindings, len(target)))
    left, right = _word(step["left"], inputs), _word(step["right"], inputs)
    if scale == "norm(left)*norm(right)":
        return norm(left) * norm(right)
    operator = _step(claim, "operator")
    matrix = _word(operator["word"], inputs)
    nonzero = any("nonzero_spectrum(" in text for text in claim["hypotheses"])
    if scale == "norm(solution)*norm(right)":
        factor = abs(_number(step.get("factor", "1"), bindings))
        solution = left @ _function(matrix, step["target"], bindings, nonzero)
        return factor * norm(solution) * norm(right)
    if scale == "norm(solution*P^(-1/2))*norm(P^(1/2)*right)":
        root, inverse_root = _roots(_word(operator["word"][-1:], inputs))
        similar = root @ _word(operator["word"][:-1], inputs) @ root
        factor = abs(_number(step.get("factor", "1"), bindings))
        solution = left @ inverse_root @ _function(similar, step["target"], bindings, nonzero)
        return factor * norm(solution) * norm(root @ right)
    raise ValueError(f"expected a scale of docs/certificate.md, got {scale!r}")


def truncation_claims(certificate: Mapping[str, object]) -> list[Claim]:
    """The claims that bound how far a returned value is from its target."""
    claims: Any = certificate["claims"]
    return [claim for claim in claims if claim["kind"] == "truncation" and "scale" in claim]


def matrix_of(value: object) -> Array:
    """One returned value as a matrix; the groups of a per-token value side by side."""
    if isinstance(value, Mapping):
        return np.hstack([np.asarray(piece) for piece in value.values()])
    return np.asarray(value)


def norm(matrix: Array) -> float:
    """The 2-norm: the largest singular value."""
    return float(np.linalg.norm(matrix, 2))


def _step(claim: Claim, rule: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(step for step in claim["steps"] if step["rule"] == rule)
    return found


def _number(text: str, bindings: Mapping[str, Fraction]) -> float:
    return float(evaluate(parse_scalar(text), bindings))


def _sum(
    terms: Sequence[tuple[str, Sequence[str]]],
    inputs: Inputs,
    bindings: Mapping[str, Fraction],
    size: int,
) -> Array:
    """Σ coefficient · word; the empty word is the identity."""
    total: Array = np.zeros(())
    for coefficient, letters in terms:
        word = _word(letters, inputs) if letters else np.eye(size)
        total = total + _number(coefficient, bindings) * word
    return total


def _word(letters: Sequence[str], inputs: Inputs) -> Array:
    """Multiply the letters ``A``, ``A'``, ``x@context``, ``x@context'`` out."""
    matrices = [_letter(letter, inputs) for letter in letters]
    product = matrices[0]
    for matrix in matrices[1:]:
        product = product @ matrix
    return product


def _letter(letter: str, inputs: Inputs) -> Array:
    name, _, group = letter.removesuffix("'").partition("@")
    given = inputs[name]
    matrix = np.asarray(given[group] if isinstance(given, Mapping) else given, dtype=np.float64)
    return matrix.T if letter.endswith("'") else matrix


def _function(
    matrix: Array, target: Mapping[str, Any], bindings: Mapping[str, Fraction], nonzero: bool
) -> Array:
    """Return f*(T) for a symmetric T, with f*^root = power."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    power, sign = parse_scalar(target["power"]), parse_scalar(target.get("sign", "1"))
    images = np.zeros_like(values)
    for i, value in enumerate(values):
        if not nonzero or abs(value) > ZERO * abs(values).max():
            known = {**bindings, "lambda": Fraction(float(value))}
            image = float(evaluate(power, known)) ** (1 / int(target["root"]))
            images[i] = -image if evaluate(sign, known) < 0 else image
    result: Array = (vectors * images) @ vectors.T
    return result


def _roots(matrix: Array) -> tuple[Array, Array]:
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    roots = np.sqrt(values)
    return (vectors * roots) @ vectors.T, (vectors / roots) @ vectors.T
