"""The network of pairs beside the centred network, layer by layer: how far apart they can be.

Both start alike.  A layer adds to every block what its heads and its MLP make of the two streams:
for a pair c·Σ_j (p_j − p̄)·(s_j·q) in the centred network, and in the other the same of its own
stream plus what the theorem allows (``theorem.py``).  Every place has the bounds of both
(``twins.py``), rounded outward; loops are written out.

c·N/(2·omega) is a coefficient of the network, N its number of tokens, at least 1.  So a sum over
tokens is bounded twice, by |c| and the largest number of tokens, and by |c·N| and a mean.

A symbol that is a number of tokens runs over all it can be: from 0 to what is assumed of its group;
from 1, which is then a hypothesis, where a coefficient is bounded so only, as 1/n.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

import flint

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import ONES
from weightsmith.checker.balls.bounds import (
    NOTHING,
    ONE,
    ZERO,
    Ball,
    Bounds,
    above,
    ball_above,
)
from weightsmith.checker.balls.ranges import rational
from weightsmith.checker.errors.assumed import Assumed
from weightsmith.checker.errors.word_bounds import WordBounds
from weightsmith.checker.heads import OF_SUMS
from weightsmith.checker.networks.network import Network
from weightsmith.checker.pairs.linear_heads import PAIR, Pairs
from weightsmith.checker.pairs.theorem import defect
from weightsmith.checker.pairs.twins import (
    EMPTY,
    Number,
    Twin,
    attended,
    beside,
    half_range,
    multiplied,
    scores_of,
    size_of,
    summed,
    trilinear,
    whole_range,
)
from weightsmith.checker.pairs.units import Units
from weightsmith.checker.reading.refusal import Budget, RefusedError, quoted, require
from weightsmith.checker.reading.template import Head, Layer, Template, Terms, unrolled
from weightsmith.checker.semantics.meaning import Meaning, read_inputs
from weightsmith.checker.semantics.schedules import written_out
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.letters import variable_of

Place = tuple[str, str]  # block, group
Stream = dict[Place, Twin]
HEAD = 600  # units of work of a head on one group
FUNCTIONS = ("", "relu", "abs")  # of scores: their slopes are at most 1


class Follower:
    """Follows both networks; ``assumed`` are the hypotheses."""

    def __init__(
        self,
        program: core.Program,
        template: Template,
        pairs: Pairs,
        budget: Budget,
    ) -> None:
        self._template, self._pairs, self._budget = pairs.marked, pairs, budget
        self._bindings = dict(template.bindings)
        self._sizes = {n: g for n, g in template.sizes.items() if n not in self._bindings}
        bound = ((g, n) for n, g in template.sizes.items() if n in self._bindings)
        self._counts = {group: self._bindings[name] for group, name in bound}
        _check_bound(program, self._bindings, self._sizes)
        numbers = dict(self._bindings)
        self._field = Field(tuple(self._sizes), budget=budget, values=numbers)
        # the polynomials of the start are in the letters of the script
        field = Field(program.symbols, budget=budget, values=numbers, heads=True)
        inputs = read_inputs(program, field)
        self.assumed = Assumed(program, inputs, field, self._bindings)
        self._words = WordBounds(self.assumed, budget)
        meaning = Meaning(field, inputs, (), {}, {}, {})
        self._network = Network(pairs.linear, program, meaning)
        self._numbers: dict[Scalar, Number] = {}
        self._rows = pairs.linear.readable
        self._views = {view.name: view for view in pairs.linear.views}
        self._matrices = {name: self._matrix(name) for name in pairs.linear.matrices}
        self._units = Units(self._rows, self.number, self._size)

    def run(self) -> Stream:
        """The stream after the last layer."""
        start = self._network.start().items()
        stream = {place: Twin(self._words.of(value, _no_letter)) for place, value in start}
        for layer in unrolled(written_out(self._template.body), self._bindings):
            stream = self._layer(layer, stream)
        return stream

    def apart(self, output: str, stream: Stream) -> Ball:
        """‖pairs − centred‖₂ of a returned value, at most, at any token."""
        (found,) = (one for one in self._template.read_out if one.name == output)
        largest = ZERO
        for group in found.groups:
            column = self.combine(found.terms, group, stream).apart.column
            largest = column if column > largest else largest
        return largest

    def missing(self, output: str) -> str:
        """Why there is no bound of an output: what is not assumed, or that numbers overflow."""
        layers = unrolled(written_out(self._template.body), self._bindings)
        groups = {group for one in layers for head in one.heads for group in head.key_groups}
        wanted = [f"size({one}) <= …" for one in sorted(groups) if not self._size(one).is_finite()]
        letters = {one for value in self._network.start().values() for one in value.letters()}
        unknown = {
            variable_of(one.name)
            for one in letters
            if not self._words.letter(one, _no_letter).column.is_finite()
        }
        wanted += [f"norm({one}) <= …" for one in sorted(unknown) if not one.startswith(ONES)]
        if not wanted:
            return f"The bound of {quoted(output)} is not finite: a length in it is not assumed."
        return f"Nothing bounds {quoted(output)}: assume {', '.join(wanted)}."

    # -- numbers and sizes -----------------------------------------------------------------------

    def number(self, scalar: Scalar) -> Number:
        """Its value; the largest absolute value, if it depends on a number of tokens."""
        if scalar not in self._numbers:
            self._numbers[scalar] = self._range(self._field.read(scalar))
        return self._numbers[scalar]

    def _range(self, value: Rational) -> Number:
        known = value.as_number
        if known is not None:
            return known
        require(not self._field.powers, "A number of tokens stands in an exponent.")
        parts = value.numerator.to_dict(), value.denominator.to_dict()
        for least in (ZERO, ONE):
            top, bottom = (self._value(part, least) for part in parts)
            size = above(abs(top / bottom))
            if size.is_finite():
                break
        if least is ONE:
            for name in self._field.names_in(value):
                self.assumed.assume_nonempty(self._sizes[name])
        return size

    def _value(self, terms: Mapping[tuple[int, ...], flint.fmpz], least: Ball) -> Ball:
        """A polynomial in numbers of tokens, each a ball that holds all from ``least`` on."""
        total = ZERO
        for powers, count in terms.items():
            term = flint.arb(count)
            for power, group in zip(powers, self._sizes.values(), strict=False):
                if power:
                    term = term * _between(least, self._size(group)) ** int(power)
            total = total + term
        return total

    def _size(self, axis: str) -> Ball:
        """The largest size of an axis; of a group of tokens the number that it is bound to."""
        known = self._counts.get(axis)
        return self.assumed.size_ball(axis) if known is None else ball_above(known)

    def _tokens(self, groups: tuple[str, ...]) -> Ball:
        return above(sum(map(self._size, groups), ZERO))

    def _matrix(self, name: str) -> Bounds:
        """A fixed matrix: by its entries, and by what is assumed of it."""
        matrix = self._pairs.linear.matrices[name]
        if matrix.entries is None:
            raise RefusedError(f"The numbers of the matrix {quoted(name)} are not known.")
        entries = [flint.arb(rational(one)) for row in matrix.entries for one in row]
        squares = [
            [one * one for one in map(flint.arb, map(rational, row))] for row in matrix.entries
        ]
        rows = [above(sum(row, ZERO).sqrt()) for row in squares]
        columns = [above(sum(one, ZERO).sqrt()) for one in zip(*squares, strict=True)]
        norm = above(sum((one for row in squares for one in row), ZERO).sqrt())
        low, high = min(one.lower() for one in entries), max(one.upper() for one in entries)
        return Bounds(low, high, max(columns), max(rows), norm)

    # -- reading ---------------------------------------------------------------------------------

    def combine(self, terms: Terms, group: str, stream: Stream) -> Twin:
        """Σ coefficient · block or view, at one group."""
        total = EMPTY
        for name, scalar in terms:
            total = total + self.read(name, group, stream).scaled(self.number(scalar))
        rows = self._rows[terms[0][0]] if terms else "1"
        return total.tightened(self._size(rows), self._size(group))

    def read(self, name: str, group: str, stream: Stream) -> Twin:
        view = self._views.get(name)
        if view is None:
            return stream[name, group]
        matrix = self._matrices[view.matrix]
        turned = matrix.transposed() if view.transposed else matrix
        return multiplied(turned, stream[view.block, group], self._size(self._rows[view.block]))

    # -- layers ----------------------------------------------------------------------------------

    def _layer(self, layer: Layer, stream: Stream) -> Stream:
        after = dict(stream)
        for head in layer.heads:
            for group in head.query_groups:
                for block, added in self._head(head, group, stream):
                    self._add(block, group, added, after)
        if layer.mlp is None:
            return after
        changed = dict(after)
        for group in self._template.groups:
            held = {name: self.read(name, group, after) for name in self._rows}
            self._budget.spend(100 * (1 + len(layer.mlp.hidden) + len(layer.mlp.outputs)))
            for block, added in self._units.changes(layer.mlp, held, group):
                self._add(block, group, added, changed)
        return changed

    def _add(self, block: str, group: str, added: Twin, after: Stream) -> None:
        sizes = self._size(self._rows[block]), self._size(group)
        after[block, group] = (after[block, group] + added.tightened(*sizes)).tightened(*sizes)

    def _head(self, head: Head, group: str, stream: Stream) -> Iterator[tuple[str, Twin]]:
        """What a head adds to blocks at a group of queries."""
        self._budget.spend(HEAD * len(head.outputs) * len(head.keys))
        queries = [self.combine(one, group, stream) for one in head.queries]
        keys = [self._beside(one, head.key_groups, stream) for one in head.keys]
        inner = [self._size(self._rows[terms[0][0]]) for terms in head.keys]
        scores = EMPTY
        for key, query, rows in zip(keys, queries, inner, strict=True):
            scores = scores + scores_of(key, query, rows)
        tokens = self._tokens(head.key_groups)
        for block, index, scalar in head.outputs:
            values = self._beside(head.values[index], head.key_groups, stream)
            size, mean = self.number(scalar), self._times_tokens(scalar, head.key_groups)
            if head.scores.function == "exp" and head.scores.normalised == OF_SUMS:
                yield block, attended(values, scores).scaled(size)
                continue
            if head.scores.function in (PAIR, "") and head.scores.mask == "all":
                require(not head.scores.normalised, _no_rule(head))
                both = [
                    [
                        trilinear(values, k, q, n, r)
                        for k, q, r in zip(keys, queries, inner, strict=True)
                    ]
                    for n in (tokens, ONE)
                ]
                many, one = (sum(parts[1:], parts[0]) for parts in both)
            else:
                known = head.scores.function in FUNCTIONS and not head.scores.normalised
                require(known, _no_rule(head))
                many, one = (summed(values, scores, n) for n in (tokens, ONE))
            added = _met(many.scaled(size), one.scaled(mean))
            if head.scores.function == PAIR:
                rest = self._defect(mean, scores.pairs, values.pairs)
                added = Twin(added.value, added.apart + rest)
            yield block, added

    def _beside(self, terms: Terms, groups: tuple[str, ...], stream: Stream) -> Twin:
        parts = [self.combine(terms, group, stream) for group in groups]
        return Twin(beside([one.value for one in parts]), beside([one.apart for one in parts]))

    def _times_tokens(self, scalar: Scalar, groups: tuple[str, ...]) -> Ball:
        """|c·N|, at most."""
        value = self._field.read(scalar)
        count, exact = self._field.zero, True
        named = {group: name for name, group in self._sizes.items()}
        for group in groups:
            if group.isdigit() or group in self._counts:
                count = count + self._field.number(self._counts.get(group) or Fraction(group))
            elif group in named:
                count = count + self._field.variable(named[group])
            else:
                exact = False
        if exact:
            return size_of(self._range(value * count))
        return above(size_of(self._range(value)) * self._tokens(groups))

    def _defect(self, keys: Ball, scores: Bounds, values: Bounds) -> Bounds:
        """How far a pair is from its linear head: of |c·N| keys."""
        omega, spread = self._pairs.omega, whole_range(scores)
        if values.is_zero or scores.is_zero:
            return NOTHING
        entry = above(defect(keys, omega, spread, half_range(values)))
        column = above(defect(keys, omega, spread, values.column))
        return Bounds(-entry, entry, column)


def _met(many: Twin, mean: Twin) -> Twin:
    return Twin(many.value.meet(mean.value), many.apart.meet(mean.apart))


def _between(least: Ball, size: Ball) -> Ball:
    return least.union(size) if size.is_finite() else flint.arb.pos_inf()


def _no_letter(letter: object) -> Bounds:
    raise RefusedError("The stream starts with what is no input.")


def _no_rule(head: Head) -> str:
    scores = head.scores
    name = scores.function or "no function"
    divided = ", normalised" if scores.normalised else ""
    return (
        f"A head has the scores {quoted(name)}{divided}: this rule knows linear heads, "
        "relu and abs of scores, and softmax."
    )


def _check_bound(
    program: core.Program, bindings: Mapping[str, Fraction], sizes: Mapping[str, str]
) -> None:
    for name in (one.name for one in program.parameters):
        known = name in bindings or name in sizes
        require(known, f"The symbol {quoted(name)} has no value.")
