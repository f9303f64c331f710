"""The kinds of heads that the checker knows: which masks, and what columns are divided by.

A file each in ``masks`` and ``normalisations``, whose name is the word of the kind.  They say what
the kind means for polynomials of scores, and nothing else.  The language and the compiler have
files of their own (``dsl/heads``), none of which is read here: a kind that one of both lacks is
refused.  A file is loaded when a network has such a head.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weightsmith.checker.heads.record import MaskMeaning, NormalisationMeaning


def _names(folder: str) -> tuple[str, ...]:
    """The files of a folder, in the order of the alphabet."""
    return tuple(sorted(one.name for one in iter_modules([f"{at}/{folder}" for at in __path__])))


ALL = "all"  # no mask
MASKS = _names("masks")
NORMALISATIONS = _names("normalisations")
OF_SUMS = "normalised"  # true in a JSON


def mask_meaning(name: str) -> MaskMeaning:
    """What one of MASKS means."""
    found: MaskMeaning = import_module(f"{__name__}.masks.{name}").MEANING
    return found


def normalisation_meaning(name: str) -> NormalisationMeaning:
    """What one of NORMALISATIONS means."""
    found: NormalisationMeaning = import_module(f"{__name__}.normalisations.{name}").MEANING
    return found
