"""Scores of tokens by tokens as stacked keys and queries: Σ c·word, every word cut in two.

x'·A·B·x   is keys x, queries A·B·x      near the middle, the queries no shorter
a·x'·x + b·x'·z   is keys x, queries a·x + b·z: words of one key have one place
"""

from __future__ import annotations

from collections.abc import Mapping

from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.graph import AttentionOperation
from weightsmith.compiler.ir.normal import Application, Columns
from weightsmith.compiler.ir.polynomial import Family, Letter, Polynomial, Space, Word
from weightsmith.compiler.ir.template import Scores
from weightsmith.compiler.passes.normalizing.fold_entries import is_ones, ones
from weightsmith.dsl.heads import ALL
from weightsmith.dsl.program.core import GROUPS
from weightsmith.dsl.text.diagnostics import mistake
from weightsmith.dsl.text.source import Span

Axes = Mapping[str, tuple[Space, Space]]
Pair = tuple[str, Word, Word]  # the rows of keys and queries, and both, without their groups
ANYWHERE = "*"


def attention(
    operation: AttentionOperation,
    letter: str,
    operands: tuple[Family, Family],
    axes: Axes,
    loop: int | None,
    span: Span,
) -> Application | None:
    """The head; None where what it adds is zero.  Raises DiagnosticError where there is no head."""
    values, products = operands
    queries = tuple(dict.fromkeys(query for _, query in products))
    if operation.mask != ALL:
        queries = tuple(one for one in queries if one in operation.over)
    keys = operation.over
    held = {key: one for (_, key), one in values.items() if key in keys}
    if not any(one.terms for one in held.values()):
        return None
    found = _pairs({(k, q): products[k, q] for k in keys for q in queries}, axes, span)
    if not found and operation.function in ("", "relu", "abs") and not operation.normalised:
        return None
    stacked = _stacked(found, keys, queries, next(iter(held.values())), axes)
    scores = Scores(operation.function, operation.mask, operation.normalised)
    rows = next(iter(held.values())).rows
    return Application(letter, None, (held, *stacked), rows, queries, loop, False, scores)


def _pairs(
    products: Mapping[tuple[Space, Space], Polynomial], axes: Axes, span: Span
) -> dict[Pair, Coefficient]:
    found: dict[Pair, dict[tuple[Space, Space], Coefficient]] = {}
    for place, value in products.items():
        for word, coefficient in value.terms.items():
            found.setdefault(_cut(word, axes, span), {})[place] = coefficient
    result = {}
    for pair, by_place in found.items():
        first = next(iter(by_place.values()))
        if any(by_place.get(place) != first for place in products):
            message = "these scores differ between groups of tokens, and a head treats them alike"
            raise mistake("head-scores", span, message, "write one product for each group")
        result[pair] = first
    return result


def _cut(word: Word, axes: Axes, span: Span) -> Pair:
    """Keys and queries of a word, without the groups of their tokens."""
    if len(word) == 2 and all(map(is_ones, word)):
        return "1", _plain(_flipped(word[:1])), _plain(word[1:])
    places = [i for i in range(1, len(word)) if _rows(word[i], axes) not in (*GROUPS, "")]
    if not places:
        message = "scores are sums of products keys'*queries, and this one has no such cut"
        hint = "write k'*q, or x'*A*x"
        if not word:
            message = "scores are sums of products keys'*queries, and the identity I is none"
            hint = "v*I is v: write v + v*(k'*q)"
        raise mistake("head-scores", span, message, hint)
    size = len(word)
    at = min(places, key=lambda i: (max(i, size - i), i))
    return _rows(word[at], axes), _plain(_flipped(word[:at])), _plain(word[at:])


def _rows(letter: Letter, axes: Axes) -> Space:
    rows, columns = axes[letter.name]
    return (letter.group or columns) if letter.transposed else rows


def _flipped(word: Word) -> Word:
    return tuple(one._replace(transposed=not one.transposed) for one in reversed(word))


def _plain(word: Word) -> Word:
    """The word without the group of its last letter."""
    last = word[-1]
    if is_ones(last):
        return (*word[:-1], last._replace(name=f"1[{ANYWHERE}]"))
    return (*word[:-1], last._replace(group=ANYWHERE))


def _at(word: Word, group: Space) -> Word:
    """The word at the tokens of a group."""
    last = word[-1]
    if is_ones(last):
        return (*word[:-1], last._replace(name=f"1[{group}]"))
    return (*word[:-1], last._replace(group=group))


def _stacked(
    found: Mapping[Pair, Coefficient],
    keys: tuple[Space, ...],
    queries: tuple[Space, ...],
    like: Polynomial,
    axes: Axes,
) -> list[Columns]:
    """Keys and queries in turns: words of one key are one part, then parts of one query."""
    field, one = like.field, like.field.one
    by_key: dict[tuple[str, Word], dict[Word, Coefficient]] = {}
    for (rows, key, query), coefficient in found.items():
        by_key.setdefault((rows, key), {})[query] = coefficient
    parts: dict[tuple[str, frozenset[tuple[Word, Coefficient]]], dict[Word, Coefficient]] = {}
    for (rows, key), sums in by_key.items():
        parts.setdefault((rows, frozenset(sums.items())), {})[key] = one
    result: list[Columns] = []
    for (rows, right), left in parts.items():
        for terms, groups in ((left, keys), (dict(right), queries)):
            result.append(
                {
                    group: Polynomial(
                        field, rows, group, {_at(w, group): c for w, c in terms.items()}
                    )
                    for group in groups
                }
            )
    if not result:  # scores of 0, and a head has keys: 1 - 1
        for factor in (one, one, one, -one):
            groups = queries if len(result) % 2 else keys
            result.append({group: ones("1", group, factor) for group in groups})
    return result
