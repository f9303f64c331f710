"""The rule ``passes``: several passes of a loop as one pass of another, whatever a pass is.

Hypotheses: the script has one loop, with no loop in it.

Witness: ``passes``: how many passes of the script's loop one pass of each loop of network.alg is;
these may have loops of one pass in them, blocks.

    {"rule": "passes", "passes": [2, 1]}

Follows: both scripts return the same values, if the values before the first loop are equal, each
loop begins with what the one before left, and the passes add up.

Proof: a pass is a map of polynomials in free letters, so several passes are these polynomials in
each other's place.  They must equal those of a pass of network.alg, word by word, with the numbers
of these passes if it is a ``for`` loop (whose passes are then not repeated).

Numbers: the passes are limited for speed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from weightsmith.checker.algebra.words import Polynomial
from weightsmith.checker.reading.refusal import Budget, quoted, require
from weightsmith.checker.reading.scalar_text import count_at
from weightsmith.checker.reading.strict_json import as_integer, as_items, as_object
from weightsmith.checker.semantics.blocks import after_block, compare_returned, read_pair
from weightsmith.checker.semantics.meaning import Loop
from weightsmith.dsl.program import core
from weightsmith.dsl.program.letters import read_letter

MAX_PASSES = 1000  # of one loop's pass
Values = dict[str, Polynomial]  # what letters stand for


def check_passes(
    script: core.Program,
    network: core.Program,
    bindings: Mapping[str, Fraction],
    steps: list[object],
    budget: Budget,
) -> None:
    """Refuse unless both return the same, ``script`` of one loop."""
    written, other = read_pair(script, network, bindings, budget)
    (loop,) = written.loops
    require(not loop.children, "The script's loop has a loop within it.")
    require(len(steps) == 1, "There is one step, 'passes'.")
    passes = _read_step(steps[0])
    require(len(passes) == len(other.loops), "The step does not cover every loop.")
    comparison = _Comparison(loop, bindings)
    final = comparison.final(other.loops, passes)
    compare_returned((script, network), (written, other), (comparison.letters, final))


def _read_step(step: object) -> tuple[int, ...]:
    parts = as_object(step, "The step", ("step", "rule", "passes"))
    require(parts["rule"] == "passes", f"The rule is {quoted(parts['rule'])}, not passes.")
    return as_items(parts["passes"], "passes", as_integer)


class _Comparison:
    """Of the script's loop with the loops of network.alg, one after the other.

    ``letters`` stand for the values of the script's loop after as many passes as are done.  Their
    names are no letter's of network.alg, whose ``X#0`` is a value of an earlier loop.
    """

    def __init__(self, loop: Loop, bindings: Mapping[str, Fraction]) -> None:
        require(bool(loop.letters), f"Loop {loop.index} carries nothing.")
        self._loop, self._bindings = loop, bindings
        self._count = count_at(loop.count, bindings)
        self.letters = {
            name: Polynomial.letter(
                loop.leaving[name].field, replace(letter, name=f"script {name}")
            )
            for name, letter in loop.letters.items()
        }

    def final(self, loops: tuple[Loop, ...], passes: tuple[int, ...]) -> Values:
        """What the letters of network.alg are at the end."""
        known: Values = {}
        expected: Mapping[str, Polynomial] = self._loop.entering
        done = 0
        for one, number in zip(loops, passes, strict=True):
            places = self._places(one)
            for name, place in places.items():
                same = one.entering[place].replace_letters(known).equals(expected[name])
                require(same, f"'{name}' is another value before loop {one.index}.")
            done += self._check(one, number, done, places)
            known = {place: self.letters[name] for name, place in places.items()}
            expected = self.letters
        require(done == self._count, "The loops of network.alg do not run as many passes.")
        return known

    def _places(self, loop: Loop) -> dict[str, str]:
        """The letters of the script's loop, with those of the same variables and tokens."""
        own = {_variable(name): name for name in loop.letters}
        for name in self.letters:
            require(_variable(name) in own, f"Loop {loop.index} does not carry '{name}'.")
        return {name: own[_variable(name)] for name in self.letters}

    def _check(self, loop: Loop, number: int, done: int, places: Mapping[str, str]) -> int:
        """Refuse unless a pass of ``loop`` is ``number`` passes; all passes that it does."""
        require(0 < number <= MAX_PASSES, f"A pass is one to {MAX_PASSES} passes of the script.")
        require(not loop.schedule, f"Loop {loop.index} has numbers of its own for every pass.")
        count = count_at(loop.count, self._bindings)
        once_at_least = max(count, 1)  # a pass is compared even if the loop runs none
        enough = done + once_at_least * number <= self._count
        require(enough, "There are too many passes.")
        once = count <= 1 or not self._loop.schedule
        require(once, "Passes of different numbers are not repeated.")
        found = _after_a_pass(loop, self._bindings)
        renamed = {place: self.letters[name] for name, place in places.items()}
        wanted = self._passes(done, number)
        for name, place in places.items():
            same = found[place].replace_letters(renamed).equals(wanted[name])
            require(same, f"A pass of loop {loop.index} is not {number} passes, in '{name}'.")
        return count * number

    def _passes(self, done: int, number: int) -> Values:
        values: Values = dict(self.letters)
        for at in range(done, done + number):
            field = next(iter(values.values())).field
            numbers = {name: field.read(row[at]) for name, row in self._loop.schedule.items()}
            values = {
                name: self._loop.leaving[name].at(numbers).replace_letters(values)
                for name in values
            }
        return values


def _after_a_pass(loop: Loop, bindings: Mapping[str, Fraction]) -> Values:
    """What a pass makes of the loop's letters; its own loops run one pass each."""
    known: Values = {}
    for block in loop.children:
        known |= after_block(block, known, bindings)
    return {name: value.replace_letters(known) for name, value in loop.leaving.items()}


def _variable(name: str) -> tuple[str, str]:
    """``X`` and its tokens, of ``X#0@context``."""
    found = read_letter(name)
    return found.variable, found.group
