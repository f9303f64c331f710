"""A query sees the keys before its own token: a mask with letters of its own."""

from __future__ import annotations

from weightsmith.checker.heads.record import MaskMeaning

MEANING = MaskMeaning({"before": 1})
