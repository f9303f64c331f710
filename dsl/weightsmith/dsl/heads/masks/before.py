"""Each token sees those before it, and not itself."""

from __future__ import annotations

from weightsmith.dsl.heads.record import Mask

MASK = Mask(says="those of its group before it", pairs="k < q", diagonal=1)
