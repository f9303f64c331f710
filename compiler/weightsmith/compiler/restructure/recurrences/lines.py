"""Lines of a script: sums as a person writes them, assignments, blocks, and names that are free."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

from weightsmith.compiler.ir.coefficients import Coefficient, CoefficientField
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalar_printer import coefficient_text
from weightsmith.dsl.numbers.scalars import Scalar


def assignment(values: Mapping[str, str], clause: str) -> str:
    """All at once; ``clause`` says over which tokens products are summed."""
    return f"{', '.join(values)} = {', '.join(values.values())}{clause}"


def block(
    values: Mapping[str, str], clause: str, *, times: int = 1, comment: str = ""
) -> list[str]:
    """A loop of one assignment: one attention layer a pass."""
    said = [f"    # {comment}"] if comment else []
    return [f"repeat {times}:", *said, f"    {assignment(values, clause)}"]


def free_name(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name += "_"
    return name


def to_scalar(value: Coefficient) -> Scalar:
    return parse_scalar(str(value))


@lru_cache(maxsize=10_000)
def tidied(scale: Scalar) -> Scalar:
    """In lowest terms; powers of numbers stay powers, whose digits would be many."""
    if isinstance(scale, q.Number | q.Symbol) or _has_long_power(scale):
        return scale
    return to_scalar(CoefficientField([scale]).of(scale))


def _has_long_power(scale: Scalar) -> bool:
    match scale:
        case q.Add(parts) | q.Multiply(parts):
            return any(_has_long_power(part) for part in parts)
        case q.Power(base, _):
            return isinstance(base, q.Number) or _has_long_power(base)
    return False


def sum_text(terms: list[tuple[Scalar, str]]) -> str:
    """Σ coefficient · text, as a person writes it."""
    text = ""
    for scale, inner in terms:
        negative, factor = coefficient_text(tidied(scale))
        sign = (" - " if negative else " + ") if text else ("-" if negative else "")
        text += sign + (f"{factor}*{inner}" if factor else inner)
    return text or "0"
