"""Loops of the network whose numbers change from pass to pass: where their names may stand.

In the body of such a loop a name is a symbol, so that what is proven of a pass holds for any
number; the weights are those of the passes written out, each with its numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from weightsmith.checker.reading.refusal import quoted, require, spend
from weightsmith.checker.reading.template import (
    Item,
    Layer,
    Mlp,
    Outputs,
    Repeat,
    Template,
    Terms,
    scalars_in,
)
from weightsmith.dsl.numbers.scalars import Scalar, free_symbols, substitute
from weightsmith.dsl.program import core

Numbers = Mapping[str, Scalar]
MAX_WRITTEN = 1_000_000  # coefficients of loops that are written out; speed only


def scheduled_names(program: core.Program) -> frozenset[str]:
    """The numbers of the script's ``for`` loops; each name is of one loop, and no parameter."""
    names = [one.name for loop in core.repeats(program.body) for one in loop.schedule]
    known = [*names, *(parameter.name for parameter in program.parameters)]
    require(len(set(known)) == len(known), "Two numbers of the script's loops have one name.")
    return frozenset(names)


def check_visible(template: Template, names: frozenset[str]) -> None:
    """No coefficient names a number of a loop in which it does not stand."""
    outside = [*template.read_in.values(), *(output.terms for output in template.read_out)]
    for terms in outside:
        _refuse((scalar for _, scalar in terms), names)
    _check_items(template.body, names)


def _check_items(items: tuple[Item, ...], hidden: frozenset[str]) -> None:
    for item in items:
        if isinstance(item, Layer):
            _refuse(scalars_in(item), hidden)
            continue
        _refuse((item.count, *(one for values in item.schedule.values() for one in values)), hidden)
        _check_items(item.body, hidden - item.schedule.keys())


def _refuse(scalars: Iterator[Scalar] | tuple[Scalar, ...], hidden: frozenset[str]) -> None:
    if hidden:
        for scalar in scalars:
            for name in sorted(free_symbols(scalar) & hidden):
                require(False, f"A coefficient names {quoted(name)} outside of its loop.")


def written_out(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The same layers; every loop with a schedule is the sequence of its passes."""
    size = _written_size(items)
    require(size <= MAX_WRITTEN, f"The passes written out have more than {MAX_WRITTEN} parts.")
    spend(10 * size)
    return tuple(_written_out(items))


def _written_size(items: tuple[Item, ...]) -> int:
    """How many coefficients there are when every loop with a schedule is written out."""
    total = 0
    for item in items:
        if isinstance(item, Layer):
            total += 1 + sum(1 for _ in scalars_in(item))
        else:
            passes = len(next(iter(item.schedule.values()), (item.count,)))
            total += passes * (1 + _written_size(item.body))
    return total


def _written_out(items: tuple[Item, ...]) -> Iterator[Item]:
    for item in items:
        if isinstance(item, Layer):
            yield item
        elif not item.schedule:
            yield replace(item, body=written_out(item.body))
        else:
            for row in zip(*item.schedule.values(), strict=True):
                numbers = dict(zip(item.schedule, row, strict=True))
                yield from _written_out(tuple(at_pass(inner, numbers) for inner in item.body))


def at_pass(item: Item, numbers: Numbers) -> Item:
    """A layer or a loop with the numbers of one pass in place of their names."""
    if isinstance(item, Repeat):
        schedule = {
            name: tuple(substitute(value, numbers) for value in values)
            for name, values in item.schedule.items()
        }
        body = tuple(at_pass(inner, numbers) for inner in item.body)
        return Repeat(substitute(item.count, numbers), body, schedule)
    heads = tuple(
        replace(
            head,
            keys=_all_terms(head.keys, numbers),
            queries=_all_terms(head.queries, numbers),
            values=_all_terms(head.values, numbers),
            outputs=_outputs(head.outputs, numbers),
        )
        for head in item.heads
    )
    return Layer(heads, None if item.mlp is None else _mlp(item.mlp, numbers))


def _mlp(mlp: Mlp, numbers: Numbers) -> Mlp:
    hidden = tuple(
        replace(
            one,
            terms=_terms(one.terms, numbers),
            bias=substitute(one.bias, numbers),
            gate=_terms(one.gate, numbers),
            gate_bias=substitute(one.gate_bias, numbers),
        )
        for one in mlp.hidden
    )
    return Mlp(hidden, _outputs(mlp.outputs, numbers), _terms(mlp.bias, numbers))


def _terms(terms: Terms, numbers: Numbers) -> Terms:
    return tuple((name, substitute(scalar, numbers)) for name, scalar in terms)


def _all_terms(parts: tuple[Terms, ...], numbers: Numbers) -> tuple[Terms, ...]:
    return tuple(_terms(terms, numbers) for terms in parts)


def _outputs(outputs: Outputs, numbers: Numbers) -> Outputs:
    return tuple((block, index, substitute(scalar, numbers)) for block, index, scalar in outputs)
