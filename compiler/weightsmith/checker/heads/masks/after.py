"""A query sees the keys after its own token: all of them but those up to it."""

from __future__ import annotations

from weightsmith.checker.heads.record import MaskMeaning

MEANING = MaskMeaning({"all": 1, "upto": -1})
