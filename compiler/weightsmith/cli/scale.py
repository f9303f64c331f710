"""The scale of a truncation claim on given data: what its bound is to be multiplied with.

A claim says ‖returned − target‖₂ ≤ bound · scale.  The scale is a formula in the target, in
``solution`` = left · f*(T) and in ``right``, the words of the certificate (docs/certificate.md).
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
    left, right = _word(step["left"], inputs), _word(step["right"], inputs)
    if scale == "norm(left)*norm(right)":
        return norm(left) * norm(right)
    operator = _step(claim, "operator")
    matrix = _word(operator["word"], inputs)
    nonzero = any("nonzero spectrum(" in text for text in claim["hypotheses"])
    if scale == "norm(solution)*norm(right)":
        return norm(left @ _function(matrix, step["target"], bindings, nonzero)) * norm(right)
    if scale == "norm(solution*P^(-1/2))*norm(P^(1/2)*right)":
        root, inverse_root = _roots(_word(operator["word"][-1:], inputs))
        similar = root @ _word(operator["word"][:-1], inputs) @ root
        solution = left @ inverse_root @ _function(similar, step["target"], bindings, nonzero)
        return norm(solution) * norm(root @ right)
    raise ValueError(f"expected a scale of docs/certificate.md, got {scale!r}")


def norm(matrix: Array) -> float:
    """The 2-norm: the largest singular value."""
    return float(np.linalg.norm(matrix, 2))


def _step(claim: Claim, rule: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(step for step in claim["steps"] if step["rule"] == rule)
    return found


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
    power = parse_scalar(target["power"])
    images = np.zeros_like(values)
    for i, value in enumerate(values):
        if not nonzero or abs(value) > ZERO * abs(values).max():
            image = evaluate(power, {**bindings, "lambda": Fraction(float(value))})
            images[i] = float(image) ** (1 / int(target["root"]))
    result: Array = (vectors * images) @ vectors.T
    return result


def _roots(matrix: Array) -> tuple[Array, Array]:
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    roots = np.sqrt(values)
    return (vectors * roots) @ vectors.T, (vectors / roots) @ vectors.T
