"""Each token sees those after it: the backward mask of DiSAN (Shen et al. 2018, AAAI).

Attention that reads a text in both directions adds a head with it to one with ``before``.  It has
no diagonal: sums up to each token are over the wrong ones, so such a head takes all scores.
"""

from __future__ import annotations

from weightsmith.dsl.heads.record import Mask

MASK = Mask(says="those of its group after itself", pairs="k > q")
