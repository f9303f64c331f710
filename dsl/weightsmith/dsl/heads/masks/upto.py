"""Each token sees itself and those before it: causal attention."""

from __future__ import annotations

from weightsmith.dsl.heads.record import Mask

MASK = Mask(says="those of its group up to itself", pairs="k <= q", diagonal=0)
