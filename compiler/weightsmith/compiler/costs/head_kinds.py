"""Which kinds of heads a network needs, and how the cost of each grows with the tokens."""

from __future__ import annotations

from collections import Counter

from weightsmith.compiler.ir.template import Scores, Template, layers_of
from weightsmith.dsl.heads import ALL, MASKS, written

LINEAR = "linear in tokens"
CHUNKS = "linear in tokens, by chunks"
SQUARE = "every key token by every query token"


def head_kinds(template: Template) -> tuple[str, ...]:
    """A line for each kind, in order of appearance: ``2 softmax heads: every key token by …``."""
    heads = Counter(head.scores for layer in layers_of(template.body) for head in layer.heads)
    return tuple(
        f"{number} {kind_of(scores)} head{'s' * (number != 1)}: {_cost(scores)}"
        for scores, number in heads.items()
    )


def kind_of(scores: Scores) -> str:
    """``linear``, ``softmax``, ``relu upto``, ``normalised relu``."""
    name = " ".join(written(scores.function or "linear", scores.normalised))
    return name if scores.mask == ALL else f"{name} {scores.mask}"


def _cost(scores: Scores) -> str:
    if scores.is_linear:
        return LINEAR
    plain = not scores.function and not scores.normalised
    return CHUNKS if plain and MASKS[scores.mask].diagonal is not None else SQUARE
