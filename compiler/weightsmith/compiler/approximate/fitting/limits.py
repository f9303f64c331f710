"""How large a table may become.  What asks only this loads no fitting."""

from __future__ import annotations

MOST_PIECES = 5000


class TooManyPiecesError(ValueError):
    """No table reaches the tolerance: it takes too many pieces, long numbers or a long proof."""
