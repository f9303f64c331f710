"""What a synthesis is to save, or how many passes it may take."""

from __future__ import annotations

from dataclasses import dataclass

DEGREES = (3, 5)  # of a pass, where their number is given


@dataclass(frozen=True, slots=True)
class Preference:
    """``narrow``: few products of matrices rather than few layers, where there is a choice.

    ``passes``: exactly so many of a polar factor or a sign, each an odd polynomial of ``degree``, 3
    or 5, the best that there are; then the tolerance is no more than a limit.
    """

    narrow: bool = False
    passes: int | None = None
    degree: int = 3


FEWEST_LAYERS = Preference()
