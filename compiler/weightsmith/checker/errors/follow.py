"""A script followed pass by pass: bounds of every letter before each pass from those before it.

If the bounds of the carried letters after a pass lie within those before it, they hold for all
further passes, and so do the bounds of all functions in the body.  A comparison also follows the
script with its exact functions, and the difference: with v in the network, w in the script,
    Π v_i − Π w_i = Σ_i v_1 … v_{i−1} · (v_i − w_i) · w_{i+1} … w_m.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from weightsmith.checker.algebra.rational import Rational
from weightsmith.checker.algebra.words import Letter, Polynomial, Word
from weightsmith.checker.balls.bounds import Bounds
from weightsmith.checker.errors.assumed import Assumed
from weightsmith.checker.errors.head_bounds import HeadBounds, HeadParts
from weightsmith.checker.errors.site_bounds import SiteBounds, Triple
from weightsmith.checker.errors.word_bounds import WordBounds
from weightsmith.checker.reading.refusal import Budget, RefusedError, require
from weightsmith.checker.reading.scalar_text import count_at
from weightsmith.checker.reading.template import Scores
from weightsmith.checker.semantics.meaning import Loop
from weightsmith.checker.semantics.site_letters import HeadValue, Script, SiteValue
from weightsmith.checker.semantics.tables import Table

MAX_PASSES = 20_000
NEARLY = Fraction((1 << 42) + 1, 1 << 42)  # growth in a pass that is given room once, to settle
ROOM = Fraction((1 << 36) + 1, 1 << 36)
SCRIPT, DIFFERENCE = "script ", "difference "  # before the names of letters that differ


class Follower:
    """Follows a script; ``compare`` says whether the exact functions are followed too."""

    def __init__(
        self,
        script: Script,
        words: WordBounds,
        functions: SiteBounds,
        heads: HeadBounds,
        budget: Budget,
        *,
        compare: bool = False,
    ) -> None:
        self._script = script
        self._words = words
        self._functions = functions
        self._heads = heads
        self._budget = budget
        self._compare = compare
        self._inexact = self._find_inexact() if compare else frozenset()
        self._renamed: dict[int, tuple[Polynomial, Polynomial, Polynomial]] = {}
        self._state: dict[str, Bounds] = {}

    def run(self) -> None:
        """Follow all loops and functions to the end of the script."""
        for loop in self._script.meaning.loops:
            self._loop(loop)
        for site in self._script.sites_in(None):
            self._apply(site)

    def value(self, polynomial: Polynomial) -> Triple:
        """The bounds of a polynomial at the present place of the script."""
        network = self._words.of(polynomial, self._lookup)
        if not self._compare:
            return Triple(network, network, network)
        _, script, difference = self._versions(polynomial)
        return Triple(
            network,
            self._words.of(script, self._lookup),
            self._words.of(difference, self._lookup),
        ).consistent()

    # -- letters --------------------------------------------------------------------------------

    def _lookup(self, letter: Letter) -> Bounds:
        if letter.name not in self._state:
            name = letter.name.removeprefix(SCRIPT).removeprefix(DIFFERENCE)
            if name in self._script.heads:
                self._attend(self._script.heads[name])
            elif name in self._script.sites:
                self._apply(self._script.sites[name])
            else:
                raise RefusedError(f"Nothing is known of '{name}' here.")
        return self._state[letter.name]

    def _apply(self, site: SiteValue) -> None:
        """Bound a function's value, from its arguments at the present place."""
        self._budget.spend(20)
        arguments = [self.value(argument) for argument in site.arguments]
        letter = site.letter
        height, width = (
            self._words.assumed.size_ball(axis) for axis in (letter.rows, letter.columns)
        )
        if not self._compare:
            networks = [one.network for one in arguments]
            value = self._functions.network(site, networks, height, width)
            self._state[letter.name] = value
            return
        self._keep(letter.name, self._functions.compared(site, arguments, height, width))

    def _attend(self, head: HeadValue) -> None:
        """Bound what a head adds, from its values and scores at the present place."""
        self._budget.spend(20)
        kind = Scores(head.node.function, head.node.mask, head.node.normalised)
        size, letter = self._words.assumed.size_ball, head.letter
        parts = HeadParts(
            [self.value(one) for one in head.values],
            [self.value(one) for one in head.scores],
            [size(group) for group in head.node.over],
        )
        whole = size(letter.rows), size(letter.columns)
        if self._compare:
            self._keep(letter.name, self._heads.compared(kind, parts, whole))
        else:
            self._state[letter.name] = self._heads.network(kind, parts, whole)

    def _keep(self, name: str, value: Triple) -> None:
        self._state[name] = value.network
        if name in self._inexact:
            self._state[SCRIPT + name] = value.script
            self._state[DIFFERENCE + name] = value.difference

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            for prefix in ("", SCRIPT, DIFFERENCE):
                self._state.pop(prefix + name, None)

    # -- loops ----------------------------------------------------------------------------------

    def _loop(self, loop: Loop) -> None:
        count = count_at(loop.count, self._script.bindings)
        for name, value in [(n, self.value(p)) for n, p in loop.entering.items()]:
            self._keep(name, value)
        widened = False
        for _ in range(count):
            self._budget.spend(20)
            require(_ < MAX_PASSES, f"Loop {loop.index} has more than {MAX_PASSES} passes.")
            after = self._pass(loop)
            if self._settled(after, None):
                break
            grows_little = not widened and self._settled(after, NEARLY)
            for name, value in after.items():
                self._keep(name, value)
            if grows_little:
                widened = True
                self._widen(after)
        self._forget_body(loop)

    def _pass(self, loop: Loop) -> dict[str, Triple]:
        """The carried letters after a pass."""
        self._forget_body(loop)
        for inner in loop.children:
            self._loop(inner)
        for site in self._script.sites_in(loop.index):
            if site.letter.name not in self._state:
                self._apply(site)
        return {name: self.value(polynomial) for name, polynomial in loop.leaving.items()}

    def _forget_body(self, loop: Loop) -> None:
        self._forget(site.letter.name for site in self._script.sites_in(loop.index))
        self._forget(head.letter.name for head in self._script.heads_in(loop.index))
        for inner in loop.children:
            self._forget(inner.letters)

    def _held(self, after: Mapping[str, Triple]) -> Iterable[tuple[str, Bounds]]:
        for name, value in after.items():
            yield name, value.network
            if name in self._inexact:
                yield SCRIPT + name, value.script
                yield DIFFERENCE + name, value.difference

    def _settled(self, after: Mapping[str, Triple], share: Fraction | None) -> bool:
        """True if no bound is larger than before (than ``share`` of it)."""
        return all(
            bounds.within(self._state[name] if share is None else _stretched(self._state[name]))
            for name, bounds in self._held(after)
        )

    def _widen(self, after: Mapping[str, Triple]) -> None:
        for name, bounds in list(self._held(after)):
            self._state[name] = _stretched(bounds, ROOM)

    # -- comparing ------------------------------------------------------------------------------

    def _find_inexact(self) -> frozenset[str]:
        """The letters whose values may differ between the network and the script."""
        sites = self._script.sites
        found = {name for name, site in sites.items() if self._functions.is_inexact(site)}
        read: dict[str, SiteValue | HeadValue] = {**sites, **self._script.heads}
        reads: dict[str, set[str]] = {
            name: {n for p in one.arguments for n in p.names()} for name, one in read.items()
        }
        for loop in self._script.meaning.all_loops():
            for name in loop.letters:
                reads[name] = set(loop.entering[name].names() | loop.leaving[name].names())
        while True:
            more = {name for name, used in reads.items() if used & found} - found
            if not more:
                return frozenset(found)
            found |= more

    def _versions(self, polynomial: Polynomial) -> tuple[Polynomial, Polynomial, Polynomial]:
        """The polynomial, in the script's letters, and network − script."""
        known = self._renamed.get(id(polynomial))
        if known is None or known[0] is not polynomial:
            script: dict[Word, Rational] = {}
            difference: dict[Word, Rational] = {}
            for word, coefficient in polynomial.terms.items():
                script[self._word(word, -1)] = coefficient
                for place, letter in enumerate(word):
                    if letter.name in self._inexact:
                        difference[self._word(word, place)] = coefficient
            shape = polynomial.field, polynomial.rows, polynomial.columns
            known = polynomial, Polynomial(*shape, script), Polynomial(*shape, difference)
            self._renamed[id(polynomial)] = known
        return known

    def _word(self, word: Word, place: int) -> Word:
        """The network's letters before the place, the difference at it, the script's after it."""
        return tuple(
            letter
            if letter.name not in self._inexact or at < place
            else _prefixed(letter, DIFFERENCE if at == place else SCRIPT)
            for at, letter in enumerate(word)
        )


def _prefixed(letter: Letter, prefix: str) -> Letter:
    return Letter(
        prefix + letter.name, letter.rows, letter.columns, letter.symmetric, letter.transposed
    )


def _stretched(bounds: Bounds, share: Fraction = NEARLY) -> Bounds:
    """A little more room in every bound."""
    more = bounds.scaled(share)
    return bounds.hull(more)


def follower_of(
    script: Script, tables: Mapping[str, Table], budget: Budget, *, compare: bool = False
) -> tuple[Follower, Assumed]:
    """A follower of the script, at its bindings, and what is assumed."""
    inputs, bindings = script.meaning.inputs, script.bindings
    assumed = Assumed(script.program, inputs, script.field, bindings)
    functions = SiteBounds(tables, bindings, budget)
    words = WordBounds(assumed, budget)
    follower = Follower(script, words, functions, HeadBounds(budget), budget, compare=compare)
    return follower, assumed
