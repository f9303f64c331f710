"""The interval of every function's argument, derived from the assumptions, pass by pass.

What the inputs' norms, entries and sizes are is known; a sum, a product, a function of entries
bounds what it makes of them; a loop is followed for as many passes as it has.  A function that is
approximated within a tolerance has values in its range, widened by the tolerance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from math import inf, sqrt

from weightsmith.compiler.approximate.arguments.attended import attended
from weightsmith.compiler.approximate.arguments.bounds import (
    IDENTITY,
    NOTHING,
    Bounds,
    product,
)
from weightsmith.compiler.approximate.arguments.functions import (
    beyond,
    entrywise,
    plain_function,
    slopes,
)
from weightsmith.compiler.approximate.arguments.one_entry import of_one_entry
from weightsmith.compiler.approximate.arguments.settling import Growth, Key, within
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Application, Carried, Columns, Loop, NormalProgram
from weightsmith.compiler.ir.polynomial import Letter, Polynomial, Space, Word
from weightsmith.compiler.ir.template import Scores
from weightsmith.compiler.numbers.nearest_float import as_float
from weightsmith.compiler.passes.normalizing.fold_entries import is_ones
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.numbers.scalars import evaluate
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import Approximated, PiecewiseLinear

MAX_PASSES = 20_000
TO_ROOT = 1_000  # passes that are followed, at the least, if a target is a root

State = dict[Key, Bounds]
RangeOf = Callable[[Approximated, float, float], tuple[float, float]]


@dataclass
class Ranges:
    """Follows a program; ``found[letter]`` are the bounds of each function's arguments."""

    program: core.Program
    normal: NormalProgram
    bindings: Mapping[str, Fraction]
    range_of: RangeOf
    found: dict[str, list[Bounds]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sizes = {
            a.axis: as_float(evaluate(a.bound, self.bindings))
            for a in self.program.assumptions
            if isinstance(a, core.SizeAssumption)
        }
        self.spectra = dict(self._spectra())
        self.inputs = {one.name: one for one in self.program.inputs}
        self.to_root = any(isinstance(one.target, core.Root) for one in self.program.returns)

    def run(self) -> dict[str, list[Bounds]]:
        state: State = {}
        for loop in self.normal.loops:
            self._loop(loop, state)
        # functions outside of loops, in order; those that no loop reads too
        for one in self.normal.applications:
            if one.loop is None:
                self._arguments(one, state)
        return self.found

    # -- what is known --------------------------------------------------------------------------

    def size(self, space: Space) -> float:
        if space.isdigit():
            return float(space)
        return self.sizes.get(space, inf)

    def _spectra(self) -> Iterable[tuple[Word, tuple[float, float]]]:
        """Words with an assumption, and the ends of their spectrum."""
        spectral = (a for a in self.program.assumptions if isinstance(a, core.SpectrumAssumption))
        for assumption, polynomial in zip(spectral, self.normal.assumed, strict=True):
            if len(polynomial.terms) != 1:
                continue
            ((word, coefficient),) = polynomial.terms.items()
            low, high = (
                as_float(evaluate(end, self.bindings)) for end in (assumption.low, assumption.high)
            )
            scale = self.number(coefficient)
            if scale <= 0:
                continue
            low, high = low / scale, high / scale
            if assumption.kind is core.SpectrumKind.SINGULAR_VALUES:
                if len(word) == 1:
                    flipped = self.normal.alphabet.transpose_word(word)
                    yield (*word, *flipped), (0.0, high**2)
                    yield (*flipped, *word), (0.0, high**2)
            elif word == self.normal.alphabet.transpose_word(word):
                zero = assumption.kind is core.SpectrumKind.NONZERO_SPECTRUM
                yield word, (min(low, 0.0), max(high, 0.0)) if zero else (low, high)

    def _letter(self, letter: Letter, state: State) -> Bounds:
        if letter.transposed:
            return self._letter(letter._replace(transposed=False), state).transposed()
        rows = self.size(self.normal.alphabet.rows(letter))
        columns = self.size(self.normal.alphabet.columns(letter))
        if is_ones(letter):
            return Bounds(1.0, 1.0, inf, 1.0, inf).tightened(rows, columns)
        if letter.name in self.inputs:
            return self.input_bounds(letter).tightened(rows, columns)
        key = (letter.name, letter.group)
        if key not in state:
            one = next((a for a in self.normal.applications if a.letter == letter.name), None)
            if one is None:
                return Bounds()
            self._applied(one, state)
        return state[key]

    def input_bounds(self, letter: Letter) -> Bounds:
        result = Bounds()
        for assumption in self.program.assumptions:
            if isinstance(assumption, core.NormAssumption) and assumption.of == letter.name:
                bound = as_float(evaluate(assumption.bound, self.bindings))
                per_token = bool(letter.group)
                known = Bounds(column=bound) if per_token else Bounds(norm=bound)
                result = result.meet(known)
            if isinstance(assumption, core.EntryAssumption) and assumption.of == letter.name:
                ends = (assumption.low, assumption.high)
                low, high = (as_float(evaluate(end, self.bindings)) for end in ends)
                result = result.meet(Bounds(low, high))
        for word, (low, high) in self.spectra.items():
            size = max(abs(low), abs(high))
            if word == (letter,):
                result = result.meet(Bounds(norm=size))
            elif word == (letter, self.normal.alphabet.transposed(letter)):
                result = result.meet(Bounds(norm=sqrt(size)))
        return result

    # -- values ---------------------------------------------------------------------------------

    def number(self, coefficient: Coefficient) -> float:
        return as_float(evaluate(parse_scalar(str(coefficient)), self.bindings))

    def polynomial(self, value: Polynomial, state: State) -> Bounds:
        """Bound a polynomial, term by term, and with words of one last letter taken together."""
        rows, columns = self.size(value.rows), self.size(value.columns)
        plain = self._plain(value, state).tightened(rows, columns)
        ends: dict[Letter, dict[Word, Coefficient]] = {}
        rest: dict[Word, Coefficient] = {}
        for word, coefficient in value.terms.items():
            if len(word) > 1:
                ends.setdefault(word[-1], {})[word[:-1]] = coefficient
            else:
                rest[word] = coefficient
        if all(len(prefixes) == 1 for prefixes in ends.values()):
            return plain
        total = self._plain(replace(value, terms=rest), state)
        for letter, prefixes in ends.items():
            inner = self.normal.alphabet.rows(letter)
            before = self.polynomial(replace(value, columns=inner, terms=prefixes), state)
            total = total + self._product(before, self._letter(letter, state), inner)
        return plain.meet(total).tightened(rows, columns)

    def _plain(self, value: Polynomial, state: State) -> Bounds:
        """Add up the terms; powers of an operator with a known spectrum are taken together."""
        total = NOTHING
        for (left, right), powers in self._frames(value).items():
            known = of_one_entry(value, (*left, *right), powers, self.normal.alphabet)
            total = total + self._frame(left, right, powers, state).meet(known)
        return total

    def _frames(self, value: Polynomial) -> dict[tuple[Word, Word], dict[tuple[Word, int], float]]:
        """Split each word as left · operator^k · right; ((), 0) where it has no operator."""
        found: dict[tuple[Word, Word], dict[tuple[Word, int], float]] = {}
        for word, coefficient in value.terms.items():
            number = self.number(coefficient)
            left, operator, power, right = self._split(word)
            powers = found.setdefault((left, right), {})
            powers[operator, power] = powers.get((operator, power), 0.0) + number
        return found

    def _split(self, word: Word) -> tuple[Word, Word, int, Word]:
        for operator in self.spectra:
            size = len(operator)
            for start in range(len(word) - size + 1):
                power = 0
                while word[start + power * size : start + (power + 1) * size] == operator:
                    power += 1
                if power:
                    return word[:start], operator, power, word[start + power * size :]
        return word, (), 0, ()

    def _frame(
        self,
        left: Word,
        right: Word,
        powers: dict[tuple[Word, int], float],
        state: State,
    ) -> Bounds:
        total, alone = NOTHING, powers.get(((), 0))
        for operator in dict.fromkeys(operator for operator, _ in powers if operator):
            own = {k: c for (o, k), c in powers.items() if o == operator}
            if alone is not None:  # the term without the operator is one of its power 0
                own[0], alone = alone, None
            total = total + self._one_frame(left, operator, own, right, state)
        if alone is not None:
            total = total + self._one_frame(left, (), {0: alone}, right, state)
        return total

    def _one_frame(
        self,
        left: Word,
        operator: Word,
        powers: Mapping[int, float],
        right: Word,
        state: State,
    ) -> Bounds:
        factors = [(self._letter(letter, state), letter) for letter in left]
        if operator:
            low, high = self.spectra[operator]
            points = [low + (high - low) * i / 256 for i in range(257)]
            size = max(abs(sum(c * t**k for k, c in powers.items())) for t in points)
            if max(powers) > 1:  # between the points it may be a little larger
                size *= 1.001
            result = Bounds(-size, size, size, size, size)
            middle: list[tuple[Bounds, Letter]] = [(result, operator[0])]
            factors += middle
        else:
            number = powers[0]
            if not left and not right:
                return IDENTITY.scaled(number)
        factors += [(self._letter(letter, state), letter) for letter in right]
        total = factors[0][0]
        for bounds, letter in factors[1:]:
            total = self._product(total, bounds, self.normal.alphabet.rows(letter))
        if not operator:
            total = total.scaled(powers[0])
        return total

    def _product(self, left: Bounds, right: Bounds, inner: Space) -> Bounds:
        return product(left, right, self.size(inner), empty=inner in core.GROUPS)

    # -- functions ------------------------------------------------------------------------------

    def _arguments(self, one: Application, state: State) -> list[Bounds]:
        if one.scores is not None:
            return []
        bounds = [self._columns(argument, state) for argument in one.arguments]
        before = self.found.get(one.letter)
        self.found[one.letter] = (
            bounds if before is None else [a.hull(b) for a, b in zip(before, bounds, strict=True)]
        )
        return bounds

    def _columns(self, columns: Columns, state: State) -> Bounds:
        found = [self.polynomial(p, state) for p in columns.values()]
        total = found[0]
        for other in found[1:]:
            total = total.hull(other)
        return total

    def _applied(self, one: Application, state: State) -> None:
        if one.scores is not None:
            self._attended(one, one.scores, state)
            return
        self._arguments(one, state)
        tokens = self.normal.alphabet.axes[one.letter][1] == ""
        for space in one.spaces:
            arguments = [self.polynomial(argument[space], state) for argument in one.arguments]
            rows, columns = self.size(one.rows), self.size(space)
            value = self._value(one, arguments).tightened(rows, columns)
            state[one.letter, space if tokens else ""] = value

    def _attended(self, one: Application, scores: Scores, state: State) -> None:
        """What a head adds: values, then stacked keys and queries by turns."""
        values, *stacked = one.arguments
        pairs = list(zip(stacked[::2], stacked[1::2], strict=True))
        for space in one.spaces:
            products, held, sizes = [], [], []
            for group, value in values.items():
                total = NOTHING
                for keys, queries in pairs:
                    if group in keys and space in queries:
                        key = self.polynomial(keys[group], state).transposed()
                        query = self.polynomial(queries[space], state)
                        total = total + self._product(key, query, keys[group].rows)
                held.append(self.polynomial(value, state))
                products.append(total)
                sizes.append(self.size(group))
            size = self.size(one.rows), self.size(space)
            state[one.letter, space] = attended(scores, held, products, sizes, size)

    def _value(self, one: Application, arguments: list[Bounds]) -> Bounds:
        match one.function:
            case PiecewiseLinear() as function:
                return self._exact(function, arguments[0])
            case Approximated(tolerance=tolerance) as function:
                low, high = arguments[0].low, arguments[0].high
                if not arguments[0].finite:
                    return Bounds()
                near = as_float(evaluate(tolerance, self.bindings))
                bottom, top = self.range_of(function, low, high)
                return Bounds(bottom - near, top + near)
            case tolerance:
                near = 0.0 if tolerance is None else as_float(evaluate(tolerance, self.bindings))
                return entrywise(arguments, near, equal=one.arguments[0] == one.arguments[1])

    def _exact(self, function: PiecewiseLinear, argument: Bounds) -> Bounds:
        value = plain_function(function, self.bindings)
        places = [as_float(evaluate(place, self.bindings)) for place, _ in function.breakpoints]
        inside = [t for t in places if argument.low < t < argument.high]
        steep = slopes(function, self.bindings)
        ends = [end for end in (argument.low, argument.high) if abs(end) < inf]
        known = [value(t) for t in (*inside, *ends)]
        low, high = min(known, default=inf), max(known, default=-inf)
        if argument.low == -inf:
            low, high = beyond(steep[0], -1, low, high)
        if argument.high == inf:
            low, high = beyond(steep[-1], 1, low, high)
        result = Bounds(low, high) if low <= high else Bounds()
        if value(0.0) == 0:
            most = max(map(abs, steep))
            result = result.meet(Bounds(column=argument.column * most, row=argument.row * most))
        return result

    # -- loops ----------------------------------------------------------------------------------

    def _loop(self, loop: Loop, state: State) -> None:
        for carried in loop.carried:
            for space in carried.spaces:
                key = self._key(carried, space)
                state[key] = self.polynomial(carried.initial[space], state)
        count = min(int(evaluate(loop.count, self.bindings)), MAX_PASSES)
        # the tables must reach to where the passes lead, however few there are
        passes = max(count, TO_ROOT) if self.to_root else count
        growth = Growth(partial(self._tried, loop, state))
        for number in range(max(passes, 1)):  # a loop of no pass has tables too
            new = self._pass(loop, state)
            before = {key: state[key] for key in new}
            if passes == 0 or within(new, before):
                break
            if number >= count and loop in self.normal.loops and growth.is_endless(before, new):
                break
            state.update(new)
        self._forget(loop, state)

    def _pass(self, loop: Loop, state: State) -> State:
        """The carried letters after a pass."""
        self._forget(loop, state)
        for inner in loop.inner:
            self._loop(inner, state)
        for one in self.normal.applications:
            if one.loop == loop.index:
                self._applied(one, state)
        return {
            self._key(carried, space): self.polynomial(carried.next[space], state)
            for carried in loop.carried
            for space in carried.spaces
        }

    def _tried(self, loop: Loop, state: State, carried: Mapping[Key, Bounds]) -> State:
        """What a pass makes of other bounds of the carried letters; nothing is found by it."""
        found = dict(self.found)
        try:
            return self._pass(loop, {**state, **carried})
        finally:
            self.found = found

    def _forget(self, loop: Loop, state: State) -> None:
        names = {a.letter for a in self.normal.applications if a.loop == loop.index}
        for key in [key for key in state if key[0] in names]:
            del state[key]

    def _key(self, carried: Carried, space: Space) -> Key:
        tokens = self.normal.alphabet.axes[carried.letter][1] == ""
        return carried.letter, space if tokens else ""
