"""The network of linear heads for which pairs of softmax heads stand.

A pair is two heads side by side, softmax of all keys, equal but for two signs: the keys of the
first are omega times some keys S, those of the second −omega times S; the outputs of the first are
N/(2·omega)·c, those of the second −N/(2·omega)·c, N the number of tokens in the key groups.  The
linear head has the keys S and the outputs c.  All this is compared as rational functions of the
symbols, so it holds for all their values, and for every number of tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.rational_text import rational_text
from weightsmith.checker.heads import OF_SUMS
from weightsmith.checker.reading.refusal import Budget, quoted, require
from weightsmith.checker.reading.scalar_text import read_scalar
from weightsmith.checker.reading.template import (
    Head,
    Item,
    Layer,
    Outputs,
    Repeat,
    Scores,
    Template,
    Terms,
)
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core

SOFTMAX = Scores("exp", "all", OF_SUMS)
PAIR = "pair of softmax"  # the scores of a head that stands for a pair; no function of a template
Place = tuple[int, int]  # layer, in the order of the template; the first head of the pair


@dataclass(frozen=True, slots=True)
class Pairs:
    """``linear``: the template with linear heads; ``marked``: the same, their scores PAIR."""

    linear: Template
    marked: Template
    omega: Fraction
    count: int


def read_pairs(
    program: core.Program, template: Template, omega: Fraction, places: Sequence[Place]
) -> Pairs:
    """Replace the pairs at these places.  Raises RefusedError where there is none."""
    require(omega > 0, "omega must be above 0.")
    require(bool(places), "There are no pairs of softmax heads.")
    require(list(places) == sorted(set(places)), "The places of the pairs are not in order.")
    reader = _Reader(program, template, omega, places)
    body = tuple(map(reader.item, template.body))
    require(not reader.left, f"There is no pair at {reader.left[:1]}.")
    sizes = {name: group for name, group in template.sizes.items() if name not in reader.new}
    for name in reader.new & template.bindings.keys():
        count = template.bindings[name]
        require(count.denominator == 1 and count > 0, f"'{name}' counts tokens, and is {count}.")
    bindings = {n: value for n, value in template.bindings.items() if n not in reader.new}
    marked = replace(template, body=body, sizes=sizes, bindings=bindings)
    linear = replace(marked, body=tuple(map(_linear, body)))
    return Pairs(linear, marked, omega, len(places))


def _linear(item: Item) -> Item:
    if isinstance(item, Repeat):
        return replace(item, body=tuple(map(_linear, item.body)))
    heads = (
        replace(head, scores=Scores()) if head.scores.function == PAIR else head
        for head in item.heads
    )
    return replace(item, heads=tuple(heads))


class _Reader:
    """Reads the pairs, layer by layer; ``left`` are the places that were not met yet."""

    def __init__(
        self, program: core.Program, template: Template, omega: Fraction, places: Sequence[Place]
    ) -> None:
        known = (*program.symbols, *(name for name, _ in program.sizes))
        self.new = frozenset(template.sizes) - set(known)
        symbols = (*dict.fromkeys(known), *sorted(self.new))
        self._field = Field(symbols, budget=Budget())
        self._groups = {group: name for name, group in reversed(tuple(template.sizes.items()))}
        self._omega = self._field.number(omega)
        self.left = list(places)
        self._layer = 0

    def item(self, item: Item) -> Item:
        if isinstance(item, Repeat):
            return replace(item, body=tuple(map(self.item, item.body)))
        heads = tuple(self._heads(item))
        self._layer += 1
        return replace(item, heads=heads)

    def _heads(self, layer: Layer) -> Iterator[Head]:
        heads = iter(enumerate(layer.heads))
        for number, head in heads:
            if not self.left or self.left[0] != (self._layer, number):
                yield head
                continue
            _, other = next(heads, (0, None))
            require(other is not None, f"The pair at {self.left[0]} has one head.")
            if other is not None:
                yield self._pair(head, other)
            self.left.pop(0)

    def _pair(self, plus: Head, minus: Head) -> Head:
        where = f"The pair at {self.left[0]}"
        both = plus.scores == minus.scores == SOFTMAX
        require(both, f"{where} is not of two softmax heads that see all keys.")
        same = replace(minus, keys=plus.keys, outputs=plus.outputs)
        require(same == plus, f"{where} differs in its queries, values or tokens.")
        parts = len(plus.keys) == len(minus.keys)
        require(parts, f"{where} differs in its keys.")
        for one, two in zip(plus.keys, minus.keys, strict=True):
            require(self._opposite(one, two), f"{where}: the keys are not opposite.")
        ends = [[(b, i) for b, i, _ in head.outputs] for head in (plus, minus)]
        require(ends[0] == ends[1], f"{where} writes to different blocks.")
        for (_, _, first), (_, _, second) in zip(plus.outputs, minus.outputs, strict=True):
            sum_ = self._field.read(first) + self._field.read(second)
            require(sum_.is_zero, f"{where}: the outputs are not opposite.")
        keys = tuple(self._keys(terms) for terms in plus.keys)
        share = self._field.number(2) * self._omega / self._tokens(plus.key_groups)
        outputs = self._outputs(plus.outputs, share)
        return replace(plus, keys=keys, outputs=outputs, scores=Scores(PAIR))

    def _opposite(self, one: Terms, two: Terms) -> bool:
        if [name for name, _ in one] != [name for name, _ in two]:
            return False
        numbers = zip((c for _, c in one), (c for _, c in two), strict=True)
        return all((self._field.read(a) + self._field.read(b)).is_zero for a, b in numbers)

    def _tokens(self, groups: tuple[str, ...]) -> Rational:
        """The number of tokens in some groups."""
        total = self._field.zero
        for group in groups:
            if group.isascii() and group.isdigit():
                total = total + self._field.number(int(group))
                continue
            known = group in self._groups
            require(known, f"No symbol is the number of tokens of {quoted(group)}.")
            total = total + self._field.variable(self._groups[group])
        return total

    def _keys(self, terms: Terms) -> Terms:
        share = self._field.one / self._omega
        return tuple((name, self._scalar(self._field.read(c) * share)) for name, c in terms)

    def _outputs(self, outputs: Outputs, share: Rational) -> Outputs:
        return tuple((b, i, self._scalar(self._field.read(c) * share)) for b, i, c in outputs)

    def _scalar(self, value: Rational) -> Scalar:
        """Back to a scalar, which must not name a number of tokens that the script has not."""
        wrong = sorted(self._field.names_in(value) & self.new)
        require(not wrong, f"A linear head would depend on '{' '.join(wrong)}'.")
        return read_scalar(rational_text(value), "A coefficient")
