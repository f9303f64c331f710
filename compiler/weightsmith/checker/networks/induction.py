"""The induction over the loops of a network: every block by its invariant, pass after pass.

*Entry*: the invariant holds with the values before the loop.  *Step*: if it holds at the start of a
pass, it holds at its end with the body's new values.  So too for the letters that are symmetric,
and for those that *commute* with a word (commuting.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weightsmith.checker.algebra.rational_text import polynomial_text
from weightsmith.checker.algebra.words import Letter, Polynomial, ones_word, word_text
from weightsmith.checker.algebra.written import read_polynomial
from weightsmith.checker.networks.network import Network, Stream
from weightsmith.checker.reading.refusal import RefusedError, quoted, require
from weightsmith.checker.reading.strict_json import as_object, as_texts
from weightsmith.checker.reading.template import Item, Layer, Repeat
from weightsmith.checker.semantics.meaning import Loop, Meaning

if TYPE_CHECKING:
    from weightsmith.checker.networks.commuting import Rule

MOST_TERMS = 20  # of a polynomial that a fact shows


@dataclass(frozen=True, slots=True)
class LoopWitness:
    """Of one loop: its symmetric letters, its invariant and what commutes, not yet read."""

    symmetric: tuple[str, ...]
    invariant: dict[str, object]
    commuting: object = None


def read_loop(item: object, what: str) -> LoopWitness:
    parts = as_object(item, what, ("symmetric", "invariant"), ("commuting",))
    symmetric = as_texts(parts["symmetric"], f"{what}, symmetric")
    require(len(set(symmetric)) == len(symmetric), f"{what} names a letter twice.")
    invariant = parts["invariant"]
    if not isinstance(invariant, dict):
        raise RefusedError(f"{what}: the invariant is not an object.")
    return LoopWitness(symmetric, invariant, parts.get("commuting"))


def same_values(left: Polynomial, right: Polynomial) -> bool:
    """Equal, if need be after writing every function of entries as a sum."""
    if left.equals(right):
        return True
    from weightsmith.checker.semantics import entries  # loaded where it is used

    return entries.same_values(left, right)


class Prover:
    """Simulates the body; at every repeat it proves and then uses the invariant."""

    def __init__(self, network: Network, meaning: Meaning, steps: Sequence[LoopWitness]) -> None:
        self.network = network
        self._steps = steps
        axes = {*network.template.groups, *network.template.blocks.values()} - {"1"}
        self._ones = {letter.name: letter for axis in axes for letter in ones_word(axis, "1")}
        self.way: list[str] = []
        self._rules: tuple[Rule, ...] = ()  # what commutes from here on
        self._sites = {name: (value, value.names()) for name, value in meaning.sites.items()}

    def run(self, items: tuple[Item, ...], stream: Stream, loops: tuple[Loop, ...]) -> Stream:
        repeats = sum(isinstance(item, Repeat) for item in items)
        require(
            repeats == len(loops),
            f"The network has {repeats} repeats where the script has {len(loops)} loops.",
        )
        remaining = iter(loops)
        for item in items:
            if isinstance(item, Layer):
                stream = self.network.layer(item, stream)
            else:
                stream = self._loop(item, stream, next(remaining))
        return stream

    def _loop(self, item: Repeat, before: Stream, loop: Loop) -> Stream:
        step = self._steps[loop.index]
        what = f"Loop {loop.index}"
        try:
            self._check_entry_symmetries(step, loop)
            counts = self.network.field.read(item.count), self.network.field.read(loop.count)
            require(counts[0] == counts[1], "the network's count differs from the script's.")
            same = item.schedule == loop.schedule
            require(same, "the numbers of its passes differ from the script's.")
            written = self.network.written(item.body)
            invariant = self._read_invariant(step, loop)
            assumed = self._assume(before, invariant, written, loop.index)
            self._compare(invariant, loop.entering, before, "at the entry")
            rules = self._read_rules(step, loop)
            self._check_rules(rules, loop.entering, "before the loop")
        except RefusedError as refused:
            raise RefusedError(f"{what}: {refused}") from None
        self._rules = (*self._rules, *rules)
        after = self.run(item.body, assumed, loop.children)
        try:
            self._compare(invariant, loop.leaving, after, "after the body")
            self._check_symmetric(step.symmetric, loop.leaving, "after the body")
            self._check_rules(rules, loop.leaving, "after the body")
        except RefusedError as refused:
            raise RefusedError(f"{what}: {refused}") from None
        self.way += _invariant_way(loop, step, invariant, rules)
        return assumed

    def same(self, left: Polynomial, right: Polynomial) -> bool:
        """Equal, by what commutes too."""
        if same_values(left, right):
            return True
        if not self._rules or left.shape != right.shape:
            return False
        from weightsmith.checker.networks.commuting import rewritten  # loaded where it is used

        return same_values(rewritten(left, self._rules), rewritten(right, self._rules))

    def _read_rules(self, step: LoopWitness, loop: Loop) -> tuple[Rule, ...]:
        if step.commuting is None:
            return ()
        from weightsmith.checker.networks.commuting import read_rules  # loaded where it is used

        letters = {**loop.outside, **loop.letters}
        rules = read_rules(step.commuting, letters, "what commutes")
        for rule in rules:
            require(rule.letter.name in loop.letters, "what commutes is not carried by the loop.")
        return rules

    def _check_rules(
        self, rules: tuple[Rule, ...], values: Mapping[str, Polynomial], when: str
    ) -> None:
        for rule in rules:
            from weightsmith.checker.networks.commuting import difference

            name = rule.letter.name
            found = difference(rule, self.network.field).replace_letters(values)
            zero = found - found
            require(self.same(found, zero), f"{when}, '{name}' is not shown to commute.")

    def _check_entry_symmetries(self, step: LoopWitness, loop: Loop) -> None:
        self._check_symmetric(step.symmetric, loop.entering, "before the loop")

    def _read_invariant(self, step: LoopWitness, loop: Loop) -> dict[tuple[str, str], Polynomial]:
        invariant = {}
        words = self._words({**loop.outside, **loop.letters})
        for block, groups in step.invariant.items():
            known = block in self.network.template.blocks
            require(known, f"the invariant names {quoted(block)}, which is not a block.")
            if not isinstance(groups, dict):
                raise RefusedError(f"the invariant of '{block}' is not an object.")
            require(bool(groups), f"the invariant of '{block}' names no group.")
            for group, terms in groups.items():
                known = group in self.network.template.groups
                require(known, f"the invariant of '{block}' names {quoted(group)}, not a group.")
                rows = self.network.template.blocks[block]
                what = f"the invariant of '{block}' at '{group}'"
                shape = (rows, group)
                invariant[block, group] = read_polynomial(
                    terms, shape, words, self.network.field, what
                )
        self._check_constant(invariant, loop)
        return invariant

    def _check_constant(self, invariant: Mapping[tuple[str, str], Polynomial], loop: Loop) -> None:
        """An invariant holds at the start of every pass: no number of a pass may stand in it."""
        if not loop.schedule:
            return
        for (block, _), polynomial in invariant.items():
            found = polynomial.symbols() & loop.schedule.keys()
            require(not found, f"the invariant of '{block}' names a number of the passes.")

    def _words(self, letters: Mapping[str, Letter]) -> Mapping[str, Polynomial | Letter]:
        """What an invariant may name: letters, ones, and the sites that depend on these only."""
        known = letters.keys() | self._ones.keys()
        sites = {name: value for name, (value, names) in self._sites.items() if names <= known}
        return {**sites, **self._ones, **letters}

    def _assume(
        self,
        before: Stream,
        invariant: Mapping[tuple[str, str], Polynomial],
        written: frozenset[str],
        index: int,
    ) -> Stream:
        """The stream at the start of a pass and at the exit: the invariant, where it speaks.

        Elsewhere a block that the body writes is unknown, and any other holds what it held.
        """
        kept = {
            (block, group): self._unknown(block, group, index) if block in written else held
            for (block, group), held in before.items()
        }
        return {**kept, **invariant}

    def _unknown(self, block: str, group: str, loop: int) -> Polynomial:
        """Whatever the block holds, as a letter of its own: it may cancel, and nothing else."""
        rows = self.network.template.blocks[block]
        return Polynomial.letter(
            self.network.field, Letter(f"?{loop} {block}@{group}", rows, group)
        )

    def _compare(
        self,
        invariant: Mapping[tuple[str, str], Polynomial],
        values: Mapping[str, Polynomial],
        stream: Stream,
        when: str,
    ) -> None:
        """With the values in place of the letters, the invariant must be what the blocks hold."""
        for (block, group), polynomial in invariant.items():
            held = stream[block, group]
            wanted = polynomial.replace_letters(values)
            require(
                self.same(wanted, held),
                f"{when}, block '{block}' holds {shown(held)} at '{group}', "
                f"the invariant says {shown(wanted)}.",
            )

    def _check_symmetric(
        self, names: tuple[str, ...], values: Mapping[str, Polynomial], when: str
    ) -> None:
        for name in names:
            value = values[name]
            same = self.same(value, value.transpose())
            require(same, f"{when}, '{name}' is not shown symmetric.")


def _invariant_way(
    loop: Loop,
    step: LoopWitness,
    invariant: Mapping[tuple[str, str], Polynomial],
    rules: tuple[Rule, ...],
) -> Iterator[str]:
    """The loop's invariant in words: it holds before the loop, and a pass keeps it."""
    for name, first in loop.entering.items():
        after = _text(loop.leaving[name])
        yield f"By the program {name} begins as {_text(first)}, and a pass makes it {after}."
    when = f"Before every pass of loop {loop.index} and after the last"
    for (block, group), polynomial in invariant.items():
        holds = polynomial_text(polynomial)
        yield f"{when}, block {block} holds {holds} at the tokens {group}."
    for name in step.symmetric:
        yield f"{when}, {name} is symmetric."
    for rule in rules:
        yield f"{when}, {rule.letter.text} commutes with {word_text(rule.word)}."


def _text(polynomial: Polynomial) -> str:
    """In words only how long it is, if it is long."""
    count = len(polynomial.terms)
    return polynomial_text(polynomial) if count <= MOST_TERMS else f"a sum of {count} terms"


def shown(polynomial: Polynomial) -> str:
    text = polynomial_text(polynomial)
    return text if len(text) < 120 else text[:119] + "…"
