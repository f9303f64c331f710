"""The meaning of a product with scores of tokens by tokens, as the script writes it.

    result[q] = Σ_g value[g] · N(M ∘ f(scores[g, q])) over the groups g of the keys

with a letter for what is not linear, the one that a head of the network gets for equal products
(``semantics/scores.py``).  Only the rule ``simulation`` knows such letters: a polynomial in them
says nothing about spectra, sizes or round-off, so others refuse the script.  The rules of tables
have a letter for the whole result instead (``semantics/site_letters.py``), and bounds of it.
"""

from __future__ import annotations

from weightsmith.checker.algebra.words import Polynomial
from weightsmith.checker.heads import ALL
from weightsmith.checker.reading.refusal import require
from weightsmith.checker.reading.template import Scores
from weightsmith.checker.semantics.expressions import Part, Value
from weightsmith.checker.semantics.scores import scored
from weightsmith.dsl.program import core


def attend(node: core.Attention, value: Value, scores: Value) -> Value:
    """The value of the node.  Raises RefusedError where other rules ask for it."""
    parts: dict[Part, Polynomial] = {}
    kind = Scores(node.function, node.mask, node.normalised)
    field = next(iter(value.parts.values())).field
    require(field.heads, "There is no rule for scores of tokens by tokens.")
    require(bool(node.over), "A product over tokens does not say over which.")
    for group in node.over:
        known = ("", group) in value.parts and any(key == group for key, _ in scores.parts)
        require(known, f"A product sums over '{group}', where a factor is not defined.")
    columns = dict.fromkeys(column for _, column in scores.parts)
    for column in columns if node.mask == ALL else node.over:
        products = {group: scores.parts[group, column] for group in node.over}
        found = scored(kind, products)
        total = [value.parts["", group] @ found[group] for group in node.over]
        parts["", column] = sum(total[1:], total[0])
    return Value(value.rows, core.TOKEN, parts)
