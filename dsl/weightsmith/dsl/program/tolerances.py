"""How closely a network must compute a function that it cannot compute exactly."""

from __future__ import annotations

from fractions import Fraction

from weightsmith.dsl.numbers.scalars import Number, Symbol

DEFAULT_TOLERANCE = Number(Fraction(1, 1000))
INHERITED = Symbol("within")  # that of the caller, while it is not known; no name is spelt so
