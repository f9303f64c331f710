"""The invariants of a network's loops, guessed from their first passes.

A block holds, before every pass, a polynomial in what the script carries and in the inputs.  Which
one?  In the first passes both are known as polynomials in the inputs alone, so the coefficients of
candidate words solve linear equations.  Nothing is proven here: the checker proves the guess by
induction, or refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.rational_text import rational_text
from weightsmith.checker.algebra.words import Letter, Polynomial, Word, ones_word, word_key
from weightsmith.checker.networks.network import Stream
from weightsmith.checker.networks.unrolled import Values, after_items, body_of, passes_of
from weightsmith.checker.reading.refusal import require
from weightsmith.checker.reading.template import Item, Layer, Repeat
from weightsmith.checker.semantics.meaning import Loop
from weightsmith.compiler.against.linear import solve
from weightsmith.compiler.against.sides import Sides, most_passes
from weightsmith.dsl.numbers.scalars import Number, Scalar

PASSES = 3  # after which the guess must hold: one more than it is made from
INNER = 2  # passes of a loop within the loop that is looked at
LONGEST = 4  # letters of a candidate word
MOST = 150  # candidates that are tried together
Invariant = dict[tuple[str, str], Polynomial]
Json = dict[str, object]


def guess(sides: Sides, *, commuting: bool = False) -> list[Json]:
    """The witness of the rule ``simulation``: for each loop its symmetric letters and invariant.

    With ``commuting`` also which letters commute with which words: that is needed where the network
    multiplies in another order.  Raises RefusedError where the loops of the two do not correspond.
    """
    found: dict[int, Json] = {}
    _Guess(sides, found, commuting).run(
        sides.template.body, sides.network.start(), sides.meaning.loops
    )
    return [found[index] for index in sorted(found)]


class _Guess:
    def __init__(self, sides: Sides, found: dict[int, Json], commuting: bool) -> None:
        self._sides, self._found, self._commuting = sides, found, commuting
        self._network, self._field = sides.network, sides.field

    def run(self, items: tuple[Item, ...], stream: Stream, loops: tuple[Loop, ...]) -> Stream:
        """As the checker goes through the layers, at every loop with what is guessed."""
        repeats = sum(isinstance(item, Repeat) for item in items)
        same = repeats == len(loops)
        require(same, f"The network has {repeats} loops where the script has {len(loops)}.")
        remaining = iter(loops)
        for item in items:
            if isinstance(item, Layer):
                stream = self._network.layer(item, stream)
            else:
                stream = self._loop(item, stream, next(remaining))
        return stream

    def _loop(self, item: Repeat, before: Stream, loop: Loop) -> Stream:
        same = item.schedule == loop.schedule
        require(same, "The numbers of the network's passes differ from the script's.")
        count = most_passes(item, PASSES)
        values = [*passes_of(self._field, loop, {}, count, _inner)]
        streams = [before]
        for place in range(count):
            streams.append(after_items(self._network, body_of(item, place), streams[-1], _inner))
        symmetric = [name for name in loop.letters if _is_symmetric(loop.letters[name], values)]
        axes = {*self._network.template.groups, *self._network.template.blocks.values()} - {"1"}
        ones = {letter.name: letter for axis in sorted(axes) for letter in ones_word(axis, "1")}
        letters = ones | {
            name: _as_symmetric(letter) if name in symmetric else letter
            for name, letter in {**loop.outside, **loop.letters}.items()
        }
        invariant: Invariant = {}
        written = self._network.written(item.body)
        for block, group in before:
            if block in written:
                wanted = [one[block, group] for one in streams]
                found = self._polynomial(wanted, letters, loop, values)
                if found is not None:
                    invariant[block, group] = found
        witness: Json = {"symmetric": symmetric, "invariant": _written(invariant)}
        if self._commuting:
            rules = [*_commuting(loop, letters, values, self._field)]
            witness |= {"commuting": rules} if rules else {}
        self._found[loop.index] = witness
        kept = {
            place: held if place[0] not in written else self._unknown(place, loop)
            for place, held in before.items()
        }
        assumed: Stream = {**kept, **invariant}
        self.run(item.body, assumed, loop.children)
        return assumed

    def _unknown(self, place: tuple[str, str], loop: Loop) -> Polynomial:
        """A letter for what nothing is known of, as the checker names it."""
        rows = self._network.template.blocks[place[0]]
        letter = Letter(f"?{loop.index} {place[0]}@{place[1]}", rows, place[1])
        return Polynomial.letter(self._field, letter)

    def _polynomial(
        self,
        wanted: Sequence[Polynomial],
        letters: Mapping[str, Letter],
        loop: Loop,
        values: Sequence[Values],
    ) -> Polynomial | None:
        """What a block holds before every pass, in the loop's letters and those from outside."""
        if not all(_named(one, letters) for one in wanted):
            return None
        if all(one.equals(wanted[0]) for one in wanted):
            return wanted[0]
        tried = 0
        shape = wanted[0].shape
        known: dict[Word, list[Polynomial]] = {}
        for length in range(1, LONGEST + 1):
            starts = [values[0][name] for name in loop.letters if name in values[0]]
            words = list(_candidates(shape, letters, loop, length, [*wanted[:2], *starts]))[:MOST]
            if len(words) == tried:
                continue
            tried = len(words)
            for word in words:
                if word not in known:
                    known[word] = [self._expanded(word, shape, one) for one in values]
            expanded = [known[word] for word in words]
            first = len(wanted) - 1 if len(wanted) > 2 else len(wanted)
            found = solve(self._field, [one[:first] for one in expanded], wanted[:first])
            if found is None:
                continue
            terms = {words[place]: coefficient for place, coefficient in found.items()}
            guessed = Polynomial(self._field, *shape, terms)
            if all(
                guessed.replace_letters(value).equals(one)
                for value, one in zip(values, wanted, strict=True)
            ):
                return guessed
        return None

    def _expanded(self, word: Word, shape: tuple[str, str], values: Values) -> Polynomial:
        alone = Polynomial(self._field, *shape, {word: self._field.one})
        return alone.replace_letters(values)


def _inner(count: Scalar) -> int:
    """How often a loop within the one that is looked at runs: no more than its numbers allow."""
    return min(INNER, int(count.value)) if isinstance(count, Number) else INNER


def _named(value: Polynomial, letters: Mapping[str, Letter]) -> bool:
    """Does it hold letters only that an invariant may name?"""
    return all(name in letters for name in value.names())


def _is_symmetric(letter: Letter, values: Sequence[Values]) -> bool:
    if letter.rows != letter.columns:
        return False
    return all(one[letter.name].equals(one[letter.name].transpose()) for one in values)


def _as_symmetric(letter: Letter) -> Letter:
    return Letter(letter.name, letter.rows, letter.columns, True)


def _commuting(
    loop: Loop, letters: Mapping[str, Letter], values: Sequence[Values], field: Field
) -> Iterator[list[object]]:
    """What a loop carries that commutes, in the first passes, with a word of one or two letters."""
    plain = [one for one in letters.values() if one.content is None]
    forms = [*plain, *(one.transpose() for one in plain if not one.symmetric)]
    for name in sorted(loop.letters):
        letter = letters[name]
        if letter.rows != letter.columns:
            continue
        axis = letter.rows
        alone = Polynomial(field, axis, axis, {(letter,): field.one})
        for length in (1, 2):
            for word in _words((axis, axis), forms, length):
                carried = [one.name for one in word if one.name in loop.letters]
                if any(one <= name for one in carried) or any(one.name == name for one in word):
                    continue
                other = Polynomial(field, axis, axis, {word: field.one})
                rule = other @ alone - alone @ other
                if all(rule.replace_letters(value).is_zero for value in values):
                    yield [name, [one.text for one in word]]


def _candidates(
    shape: tuple[str, str],
    letters: Mapping[str, Letter],
    loop: Loop,
    longest: int,
    starts: Sequence[Polynomial],
) -> Iterator[Word]:
    """Words of that shape with one or two letters that the loop carries, and words of ``starts``:
    what the block and what the loop carries hold in the beginning."""
    plain = [letter for letter in letters.values() if letter.content is None]
    forms = [*plain, *(one.transpose() for one in plain if not one.symmetric)]
    found: dict[Word, None] = {}
    for length in range(1, longest + 1):
        for word in _words(shape, forms, length):
            carried = sum(letter.name in loop.letters for letter in word)
            if carried == 1 or (carried == 2 and length <= 3):
                found.setdefault(word)
    yield from found
    if shape[0] == shape[1]:
        yield ()
    fitting = (one for one in starts if one.shape == shape)
    constant = {word for one in fitting for word in one.terms if word}
    yield from sorted(constant - found.keys(), key=word_key)


def _words(shape: tuple[str, str], forms: Sequence[Letter], length: int) -> Iterator[Word]:
    """Every product of so many letters whose axes meet."""
    rows, columns = shape
    if length == 1:
        yield from ((one,) for one in forms if (one.rows, one.columns) == shape)
        return
    for first in forms:
        if first.rows == rows:
            for rest in _words((first.columns, columns), forms, length - 1):
                yield (first, *rest)


def _written(invariant: Invariant) -> dict[str, dict[str, object]]:
    """As a certificate writes it."""
    found: dict[str, dict[str, object]] = {}
    for (block, group), polynomial in invariant.items():
        terms = [
            [rational_text(polynomial.terms[word]), [letter.text for letter in word]]
            for word in sorted(polynomial.terms, key=word_key)
        ]
        found.setdefault(block, {})[group] = terms
    return found
