"""Loops whose numbers change from pass to pass, written out with the numbers of each pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from weightsmith.backends.coefficients import parse_coefficient
from weightsmith.compiler.ir.template import Head, Hidden, Item, Layer, Mlp, Repeat, Terms
from weightsmith.dsl.scalars import Scalar, substitute, to_text

Change = Callable[[str], str]  # of a coefficient
Outputs = tuple[tuple[str, int, str], ...]


def written_out(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The same layers; every loop with a schedule is the sequence of its passes."""
    return tuple(_written_out(items))


def _written_out(items: tuple[Item, ...]) -> Iterator[Item]:
    for item in items:
        if isinstance(item, Layer):
            yield item
        elif not item.schedule:
            yield Repeat(item.count, written_out(item.body))
        else:
            names = [name for name, _ in item.schedule]
            for row in zip(*(values for _, values in item.schedule), strict=True):
                numbers = {n: parse_coefficient(v) for n, v in zip(names, row, strict=True)}
                change = _substitution(numbers)
                yield from _written_out(tuple(_changed(inner, change) for inner in item.body))


def _substitution(numbers: dict[str, Scalar]) -> Change:
    """Replace the names in a coefficient."""
    known: dict[str, str] = {}

    def change(coefficient: str) -> str:
        if coefficient not in known:
            scalar = parse_coefficient(coefficient)
            after = substitute(scalar, numbers)
            known[coefficient] = coefficient if after == scalar else to_text(after)
        return known[coefficient]

    return change


def _changed(item: Item, change: Change) -> Item:
    if isinstance(item, Layer):
        mlp = None if item.mlp is None else _mlp(item.mlp, change)
        return Layer(tuple(_head(head, change) for head in item.heads), mlp)
    schedule = tuple((name, tuple(map(change, values))) for name, values in item.schedule)
    body = tuple(_changed(inner, change) for inner in item.body)
    return Repeat(change(item.count), body, schedule)


def _head(head: Head, change: Change) -> Head:
    return Head(
        keys=_terms(head.keys, change),
        queries=_terms(head.queries, change),
        values=tuple(_terms(terms, change) for terms in head.values),
        outputs=_outputs(head.outputs, change),
        key_groups=head.key_groups,
        query_groups=head.query_groups,
    )


def _mlp(mlp: Mlp, change: Change) -> Mlp:
    hidden = tuple(
        Hidden(
            rows=one.rows,
            terms=_terms(one.terms, change),
            bias=change(one.bias),
            gate=_terms(one.gate, change),
            gate_bias=change(one.gate_bias),
        )
        for one in mlp.hidden
    )
    return Mlp(hidden, _outputs(mlp.outputs, change), _terms(mlp.bias, change))


def _terms(terms: Terms, change: Change) -> Terms:
    return tuple((name, change(coefficient)) for name, coefficient in terms)


def _outputs(outputs: Outputs, change: Change) -> Outputs:
    return tuple((block, index, change(coefficient)) for block, index, coefficient in outputs)
