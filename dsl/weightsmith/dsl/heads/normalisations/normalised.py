"""Columns over their sums, as in softmax, which is exp of the scores, normalised."""

from __future__ import annotations

from weightsmith.dsl.heads.record import Normalisation

NORMALISATION = Normalisation(divisor="sum(x)", says="their sums", of_exp="softmax")
