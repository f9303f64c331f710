"""The kinds of heads: which keys a query sees, and what its scores are divided by.

    out += c · P · N(M ∘ f(keysᵀ·queries))

M is a mask and N a normalisation: a file each in ``masks`` and ``normalisations``, whose name is
the word that scripts, .net texts and templates write.  f is one of ``dsl.elementary``.  The
checker has files of its own for both (``checker/heads``): it reads none of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from weightsmith.dsl.heads.record import Mask, Normalisation


def _names(folder: str) -> tuple[str, ...]:
    """The files of a folder, in the order of the alphabet."""
    return tuple(sorted(one.name for one in iter_modules([f"{at}/{folder}" for at in __path__])))


ALL = "all"  # no mask: keys of any groups, in no order
MASKS: Mapping[str, Mask] = {  # over context before: the tokens of one group, in their order
    name: import_module(f"{__name__}.masks.{name}").MASK for name in _names("masks")
}
NORMALISATIONS: Mapping[str, Normalisation] = {
    name: import_module(f"{__name__}.normalisations.{name}").NORMALISATION
    for name in _names("normalisations")
}
OF_SUMS = "normalised"  # in a JSON it is true, and no normalisation false
JSON_VALUES = ("true", "false", *(one for one in NORMALISATIONS if one != OF_SUMS))  # as texts
_OF_EXP = {one.of_exp: name for name, one in NORMALISATIONS.items() if one.of_exp}
WORDS = (*_OF_EXP, *NORMALISATIONS)  # that stand in front of scores: softmax(S), normalised(f(S))


def read(word: str) -> tuple[str, str]:
    """The function and the normalisation of one of WORDS: softmax is exp, normalised."""
    return ("exp", _OF_EXP[word]) if word in _OF_EXP else ("", word)


def written(function: str, normalised: str) -> tuple[str, ...]:
    """The words around scores, the outer one first: (softmax), (normalised, relu)."""
    if normalised and NORMALISATIONS[normalised].is_fused(function):
        return (NORMALISATIONS[normalised].of_exp,)
    return tuple(word for word in (normalised, function) if word)


def to_json(normalised: str) -> bool | str:
    """What stands for a normalisation in a JSON: false, true or its word."""
    return normalised == OF_SUMS if normalised in ("", OF_SUMS) else normalised


def from_json(value: object) -> str | None:
    """The normalisation that ``to_json`` wrote; None where it writes no such value."""
    if isinstance(value, bool):
        return OF_SUMS if value else ""
    is_word = isinstance(value, str) and value in NORMALISATIONS and value != OF_SUMS
    return value if is_word and isinstance(value, str) else None
