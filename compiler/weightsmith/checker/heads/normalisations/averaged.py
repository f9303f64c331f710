"""Columns over how many keys each query sees: the mask and the key groups alone say the number."""

from __future__ import annotations

from weightsmith.checker.heads.record import NormalisationMeaning

MEANING = NormalisationMeaning(homogeneous=lambda number: number, linear=True, divides="count")
