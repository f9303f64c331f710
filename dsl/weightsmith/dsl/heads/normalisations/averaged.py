"""Columns over how many keys each query sees: the mean of what it sees, not the sum.

ReLU attention divided by the length of the sequence (Wortsman et al. 2023, arXiv 2309.08586); with
a mask each prefix has the mean of its own, as in gradient descent on the tokens so far.
"""

from __future__ import annotations

from weightsmith.dsl.heads.record import Normalisation

NORMALISATION = Normalisation(divisor="sum(seen)", says="the number of keys that each query sees")
