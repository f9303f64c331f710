"""Words to triple products: the cheapest tree of heads for each word, shallowest first.

One head computes ``left · rightᵀ · last`` from three stored values, so a word u·v·w costs one
layer once u, vᵀ and w are stored.  At most one of the three may be the identity of an axis (the
positional code of that axis's scratch tokens).  A word of inputs and outer variables only may be
computed before the loop.  ``depth`` of a word of n letters is at least ⌈log₃ n⌉.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from weightsmith.compiler.ir.normal import Application, Loop, NormalProgram, nested
from weightsmith.compiler.ir.polynomial import Letter, Word
from weightsmith.compiler.passes.normalizing.fold_entries import is_ones, ones_word
from weightsmith.dsl.program.core import GROUPS

ANY = "*"  # the group of a word's last letter, where the same product serves every group
HOIST_COST = 3.0
IDENTITY_COST = 0.3  # in the middle; at an end a little more, since X·(A + I)·X merges
LONG_WORD = 11  # longer words are only cut near their thirds

Time = tuple[int, int]  # segment between loops, layer within it


@dataclass(frozen=True)
class Cut:
    """How a word is computed: left and last words, right word (already transposed)."""

    left: Word
    right: Word
    last: Word
    spaces: tuple[str, str, str]  # the row spaces of left, rightᵀ and last; an empty part is the
    # identity of its space

    @property
    def space(self) -> str:
        """What the contraction of left with right runs over."""
        return self.spaces[1]

    @property
    def parts(self) -> tuple[tuple[Word, str], ...]:
        return tuple(zip((self.left, self.right, self.last), self.spaces, strict=True))


@dataclass(frozen=True)
class Plan:
    """When a word is there at the earliest, and the products it takes, with what each costs.

    ``cut`` is None if the word is stored, ``hoisted`` if the enclosing level provides it.
    """

    time: Time
    products: Mapping[Word, float]
    cut: Cut | None = None
    hoisted: bool = False

    @property
    def cost(self) -> float:
        return sum(self.products.values())


def starred(word: Word) -> Word:
    """Forget the token group of the last letter."""
    if word and word[-1].group and not word[-1].transposed:
        return (*word[:-1], word[-1]._replace(group=ANY))
    return word


def without_ones(word: Word) -> Word:
    """Take a leading 1[d] or 1[k]' off a single letter: an MLP repeats rows and adds them up."""
    return word[1:] if len(word) == 2 and is_ones(word[0]) else word


class ProductPlanner:
    """Plans words at one level: the whole program, or the body of one loop."""

    def __init__(
        self, program: NormalProgram, loop: Loop | None, parent: ProductPlanner | None
    ) -> None:
        self.program, self.loop, self.parent = program, loop, parent
        self.children = program.loops if loop is None else loop.inner
        self._segment = {
            carried.letter: position + 1
            for position, child in enumerate(self.children)
            for one in nested((child,))
            for carried in one.carried
        }
        self._inputs = {given.name for given in program.inputs}
        inside = set(self._segment)
        inside.update(c.letter for c in (loop.carried if loop else ()))
        index = None if loop is None else loop.index
        self.applied = {a.letter: a for a in program.applications if a.loop == index}
        below = {child.index for child in nested(self.children)}
        inside.update(self.applied)
        inside.update(a.letter for a in program.applications if a.loop in below)
        self._inside = inside
        self._known: dict[Word, Plan | None] = {}
        for one in self.applied.values():  # in their order: a long chain is no deep recursion
            self.ready(one)

    def plan(self, word: Word) -> Plan | None:
        """Return the best plan for a starred word, or None if no head can compute it."""
        if word not in self._known:
            self._known[word] = self._best(word)
        return self._known[word]

    def stored(self, letter: Letter) -> bool:
        """Is the letter held as it stands, its columns on tokens?"""
        if not letter.transposed or is_ones(letter):
            return True
        return letter.name in self._inputs and not letter.group

    def ready(self, application: Application) -> Time | None:
        """Return the layer whose MLP can compute a function of this level; None if none can.

        An MLP reads the products of its own layer, and what earlier MLPs have left.
        """
        found = (0, 1)
        for columns in application.arguments:
            for polynomial in columns.values():
                for word in polynomial.terms:
                    time = self._readable(starred(word), polynomial.rows, polynomial.columns)
                    if time is None:
                        return None
                    found = max(found, time)
        segment, layer = found
        return segment, max(layer, 1)

    def _readable(self, word: Word, rows: str, columns: str) -> Time | None:
        if not word or word == ones_word(rows, columns):
            return 0, 0
        plain = without_ones(word)
        plan = self.plan(plain)
        if plan is None:
            return None
        late = len(plain) == 1 and plain[0].name in self.applied
        return (plan.time[0], plan.time[1] + late)

    def _best(self, word: Word) -> Plan | None:
        if len(word) == 1 and self.stored(word[0]):
            if word[0].name in self.applied:
                time = self.ready(self.applied[word[0].name])
                return None if time is None else Plan(time, {})
            return Plan((self._segment.get(word[0].name, 0), 0), {})
        best = self.plan_here(word)
        hoisted = self._hoisted(word)
        if hoisted is not None and (best is None or best.time > (0, 0)):
            return hoisted
        return best

    def plan_here(self, word: Word) -> Plan | None:
        """Return the best plan that computes the word at this level (its parts may be hoisted)."""
        if len(word) == 3 and (plan := self._of_stored(word)):
            return plan
        candidates = [plan for cut in self._cuts(word) if (plan := self._made(word, cut))]
        return min(candidates, key=lambda plan: (plan.time, plan.cost), default=None)

    def _of_stored(self, word: Word) -> Plan | None:
        """Of three letters that are materialised as they must stand: no other cut is as early."""
        first, last = word[0], word[2]
        flipped = self.program.alphabet.transposed(word[1])
        if not all(map(self.stored, (first, flipped, last))):
            return None
        return next((p for cut in self._cuts(word, [(1, 2)]) if (p := self._made(word, cut))), None)

    def _hoisted(self, word: Word) -> Plan | None:
        if self.parent is None or any(letter.name in self._inside for letter in word):
            return None
        outside = self.parent.plan(word)
        return None if outside is None else Plan((0, 0), {word: HOIST_COST}, None, True)

    def _made(self, word: Word, cut: Cut) -> Plan | None:
        """Plan a word by one cut; a product that two of its parts need is counted once."""
        own, time = 1.0, (0, 0)
        products: dict[Word, float] = {}
        for part, _ in cut.parts:
            if not part:
                own += IDENTITY_COST + 0.01 * bool(cut.right)
                continue
            plan = self.plan(part)
            if plan is None:
                return None
            products.update(plan.products)
            time = max(time, plan.time)
        return Plan((time[0], time[1] + 1), {**products, word: own}, cut)

    def _cuts(self, word: Word, places: list[tuple[int, int]] | None = None) -> list[Cut]:
        """Where it may be cut, of some places if they are given."""
        alphabet, size = self.program.alphabet, len(word)
        spaces = [alphabet.rows(word[0]), *(alphabet.columns(letter) for letter in word)]
        if _is_token(spaces[0]):
            return []
        if size == 1:  # a transposing head: identity · letterᵀ · identity
            flipped = starred((alphabet.transposed(word[0]),))
            if not self.stored(flipped[0]) or _is_token(spaces[1]):
                return []
            return [Cut((), flipped, (), (spaces[0], spaces[0], spaces[1]))]
        found = []
        transposed = tuple(map(alphabet.transposed, word))
        for i, j in places or _places(size):
            empty = (i == 0) + (i == j) + (j == size)
            if empty > 1 or _is_token(spaces[j]) or (i in (0, j) and _is_token(spaces[i])):
                continue
            right = starred(transposed[i:j][::-1])
            rows = (spaces[0], spaces[i], spaces[j])
            found.append(Cut(starred(word[:i]), right, starred(word[j:]), rows))
        return found


def _is_token(space: str) -> bool:
    return space == ANY or space in GROUPS


def _places(size: int) -> list[tuple[int, int]]:
    every = [(i, j) for i in range(size + 1) for j in range(i, size + 1)]
    if size <= LONG_WORD:
        return every
    third, reach = size / 3, 2
    return [p for p in every if abs(p[0] - third) <= reach and abs(p[1] - 2 * third) <= reach]
