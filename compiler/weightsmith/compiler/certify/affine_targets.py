"""Targets C + b·left·f*(T)·right: a function of the operator, scaled and shifted.

Of a value C + b·left·f(T)·right the distance from the target is b·left·(f − f*)(T)·right.
C is what of the target has no function: fixed words, equal in both, as the I of (I + sign(A))/2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.compiler.certify.intervals import round_up
from weightsmith.compiler.certify.recurrence import Bounded
from weightsmith.compiler.certify.spectral import Collapse, Frame, NoProofError, RootScalar
from weightsmith.compiler.certify.target_scalars import target_scalar
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.polynomial import Polynomial
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.scalars import evaluate

Json = dict[str, object]
ABSOLUTE = ("1", "norm(left)*norm(right)")  # scales that do not speak of the target


@dataclass(frozen=True)
class AffineTarget:
    """``factor`` is b, free of λ; ``shift`` is C, its coefficients those of the program."""

    frame: Frame
    scalar: RootScalar
    factor: Coefficient
    shift: Polynomial

    def part(self, collapse: Collapse, value: Polynomial) -> Coefficient:
        """The scalar of (value − C)/b in the frame.  Raises NoProofError if there is more."""
        frames = collapse(value - self.shift)
        if not set(frames) <= {self.frame}:
            raise NoProofError("the returned value and its target have different forms")
        return frames.get(self.frame, collapse.scalars.field.zero) / self.factor

    def keys(self) -> Json:
        """What the output step has besides: nothing of a target that is left·f*(T)·right."""
        found: Json = {}
        if self.factor != 1:
            found["factor"] = str(self.factor)
        if self.shift.terms:
            words = {
                tuple(letter.text() for letter in word): str(coefficient)
                for word, coefficient in self.shift.terms.items()
            }
            found["shift"] = [[words[word], list(word)] for word in sorted(words)]
        return found

    def bounded(self, one: Bounded, scale: str, bindings: Mapping[str, Fraction]) -> Bounded:
        """The bound with |b|; of a bound relative to the target b is no part."""
        if self.factor == 1 or scale not in ABSOLUTE:
            return one
        formula = f"abs({self.factor})*({one.formula})"
        value = None
        if one.value is not None:
            number = evaluate(parse_scalar(str(self.factor)), bindings)
            value = round_up(one.value * abs(number))
        return Bounded(one.step, formula, value)


def affine_target(collapse: Collapse, target: Polynomial) -> AffineTarget:
    """Raises NoProofError if it has no such form."""
    functions = collapse.normal.functions.keys()
    inputs = {given.name for given in collapse.normal.inputs}
    fixed = {
        word: coefficient
        for word, coefficient in target.terms.items()
        if functions.isdisjoint(letter.name for letter in word)
    }
    if any(letter.name not in inputs for word in fixed for letter in word):
        raise NoProofError("what is added to the function of the target is no product of inputs")
    shift = Polynomial(target.rows, target.columns, fixed)
    frame, scalar, factor = target_scalar(collapse, target - shift if fixed else target)
    return AffineTarget(frame, scalar, factor, shift)
