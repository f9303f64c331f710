"""The two after so many passes: what the network returns, and what the script does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.algebra.words import Polynomial
from weightsmith.checker.networks.induction import same_values
from weightsmith.checker.networks.unrolled import after_items, after_loops
from weightsmith.checker.reading.scalar_text import count_at
from weightsmith.checker.rules.network.simulation import returned_parts
from weightsmith.compiler.against.sides import Sides
from weightsmith.dsl.numbers.scalars import Scalar, free_symbols


@dataclass(frozen=True, slots=True)
class Difference:
    """A returned value at a group of tokens: as polynomials in the inputs."""

    name: str
    group: str
    network: Polynomial
    script: Polynomial


def open_counts(sides: Sides, bindings: Mapping[str, Fraction]) -> frozenset[str]:
    """The symbols without a value that say how often loops run."""
    counts = (loop.count for loop in sides.meaning.all_loops())
    return frozenset().union(*map(free_symbols, counts)) - bindings.keys()


def differences(sides: Sides, bindings: Mapping[str, Fraction]) -> Iterator[Difference]:
    """Each value that differs when loops run as often as the bindings say.

    Raises RefusedError where the polynomials grow too long.
    """

    def counts(count: Scalar) -> int:
        return count_at(count, bindings)

    network = sides.network
    stream = after_items(network, sides.template.body, network.start(), counts)
    known = after_loops(sides.field, sides.meaning.loops, counts)
    by_name = {one.name: one for one in sides.template.read_out}
    for returned in sides.program.returns:
        output = by_name[returned.name]
        value = sides.meaning.returned[returned.name]
        for group, polynomial in returned_parts(returned, value, output):
            script = polynomial.replace_letters(known)
            held = network.combine(output.terms, group, stream)
            if not same_values(script, held):
                yield Difference(returned.name, group, held, script)
