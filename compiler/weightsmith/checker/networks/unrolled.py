"""A network and a script pass after pass: what both hold when every loop runs so many times.

A pass of the script puts what the letters of a loop are into their leaving polynomials; a pass of
the network runs its layers on the stream.  Both are polynomials in the inputs alone, so that equal
polynomials are equal values; nothing is assumed of the values between the passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Polynomial
from weightsmith.checker.networks.network import Network, Stream
from weightsmith.checker.reading.template import Item, Layer, Repeat
from weightsmith.checker.semantics.meaning import Loop
from weightsmith.checker.semantics.schedules import at_pass
from weightsmith.dsl.numbers.scalars import Scalar

Values = Mapping[str, Polynomial]  # what letters stand for
Counts = Callable[[Scalar], int]  # how often a loop runs, from its count


def after_loops(field: Field, loops: tuple[Loop, ...], counts: Counts) -> Values:
    """What the letters of a script's loops are at its end."""
    known: dict[str, Polynomial] = {}
    for loop in loops:
        known |= last_pass(field, loop, known, counts(loop.count), counts)
    return known


def last_pass(field: Field, loop: Loop, known: Values, count: int, counts: Counts) -> Values:
    """The letters of a loop after so many passes; ``known`` are the letters from outside."""
    found: Values = {}
    for one in passes_of(field, loop, known, count, counts):
        found = one
    return found


def passes_of(
    field: Field, loop: Loop, known: Values, count: int, counts: Counts
) -> Iterator[Values]:
    """The letters of a loop before its first pass and after each of so many.

    ``known`` are the letters from outside; ``counts`` is how often loops within it run.  The
    numbers of a pass stand in what these leave, too: they are put in before the next pass, which
    has others.
    """
    found: Values = {name: one.replace_letters(known) for name, one in loop.entering.items()}
    yield found
    for place in range(count):
        inside: Values = {**known, **found}
        numbers = {name: field.read(row[place]) for name, row in loop.schedule.items()}
        for child in loop.children:
            left = last_pass(field, child, inside, counts(child.count), counts)
            inside = {**inside, **{name: one.at(numbers) for name, one in left.items()}}
        leaving = {name: one.at(numbers) for name, one in loop.leaving.items()}
        found = {name: one.replace_letters(inside) for name, one in leaving.items()}
        yield found


def after_items(
    network: Network, items: tuple[Item, ...], stream: Stream, counts: Counts
) -> Stream:
    """The stream after some layers and loops; ``counts`` is how often each runs."""
    for item in items:
        if isinstance(item, Layer):
            stream = network.layer(item, stream)
        else:
            for place in range(counts(item.count)):
                stream = after_items(network, body_of(item, place), stream, counts)
    return stream


def body_of(item: Repeat, place: int) -> tuple[Item, ...]:
    """The layers of a pass, counted from 0, with its numbers."""
    if not item.schedule:
        return item.body
    numbers = {name: row[place] for name, row in item.schedule.items()}
    return tuple(at_pass(inner, numbers) for inner in item.body)
