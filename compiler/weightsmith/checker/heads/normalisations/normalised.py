"""Columns over their sums: scores that differ by a number have the same."""

from __future__ import annotations

from fractions import Fraction

from weightsmith.checker.heads.record import NormalisationMeaning

MEANING = NormalisationMeaning(homogeneous=lambda _: Fraction(1), divides="sum")
