"""Loops whose numbers change from pass to pass, written out with the numbers of each pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from weightsmith.backends.errors import InstantiationError
from weightsmith.backends.template.coefficients import parse_coefficient, shortened
from weightsmith.compiler.ir.template import Head, Hidden, Item, Layer, Mlp, Repeat, Terms
from weightsmith.dsl.numbers.scalars import Scalar, free_symbols, substitute, to_text

Change = Callable[[str], str]  # of a coefficient
MAX_WRITTEN = 300_000  # heads and hidden blocks of loops that are written out
MAX_LENGTH = 20_000  # characters of a coefficient in which the numbers of a pass stand
Outputs = tuple[tuple[str, int, str], ...]


def written_out(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The same layers; every loop with a schedule is the sequence of its passes.

    Raises InstantiationError where they would be too many.
    """
    if _written_size(items) > MAX_WRITTEN:
        raise InstantiationError(
            f"the passes of its loops, written out, have more than {MAX_WRITTEN} parts."
        )
    return tuple(_written_out(items))


def _written_size(items: tuple[Item, ...]) -> int:
    """How many heads and hidden blocks there are when every schedule is written out."""
    total = 0
    for item in items:
        if isinstance(item, Layer):
            total += 1 + len(item.heads) + (0 if item.mlp is None else len(item.mlp.hidden))
        else:
            passes = len(item.schedule[0][1]) if item.schedule else 1
            total += passes * (1 + _written_size(item.body))
    return total


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
            named = not free_symbols(scalar).isdisjoint(numbers)
            known[coefficient] = _text(substitute(scalar, numbers)) if named else coefficient
        return known[coefficient]

    return change


def _text(scalar: Scalar) -> str:
    text = to_text(scalar)
    if len(text) > MAX_LENGTH:
        raise InstantiationError(
            f"the coefficient '{shortened(text)}' has more than {MAX_LENGTH} characters."
        )
    return text


def _changed(item: Item, change: Change) -> Item:
    if isinstance(item, Layer):
        mlp = None if item.mlp is None else _mlp(item.mlp, change)
        return Layer(tuple(_head(head, change) for head in item.heads), mlp)
    schedule = tuple((name, tuple(map(change, values))) for name, values in item.schedule)
    body = tuple(_changed(inner, change) for inner in item.body)
    return Repeat(change(item.count), body, schedule)


def _head(head: Head, change: Change) -> Head:
    return replace(
        head,
        keys=tuple(_terms(terms, change) for terms in head.keys),
        queries=tuple(_terms(terms, change) for terms in head.queries),
        values=tuple(_terms(terms, change) for terms in head.values),
        outputs=_outputs(head.outputs, change),
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
