"""What the blocks of an affine loop make: sums of products of powers of its step.

With P = L^a, Q = R^a, S = S_a held, where a is a power of the base, a block makes those of the next
power, and takes the value on by as many steps of a as the digit of the count says:

    base 3, R = 1:   P·P·P,  S + P·S + P·P·S,  s ← s,  P·s + S  or  P·P·s + P·S + S
    base 3, L = 1:   the same from the right
    base 2:          P·P,  Q·Q,  S + P·S·Q,  s ← s  or  P·s·Q + S

A ``for`` loop has a P and an S for each pass, then for every three, in the order of the passes.

All entries are of a block matrix: P is P_ij, a product is summed over what is between.  Three dense
block matrices have as many products as letters to the fourth power: too many go in base 2.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from weightsmith.compiler.certify.spectra.spectral import (
    ManyWordsError,
    NoProofError,
)
from weightsmith.compiler.ir.normal import Loop
from weightsmith.compiler.restructure.affine_loops.affine import AffineStep

MOST_OF_THREE = 5_000  # products, which take some seconds to compile
MOST_OF_TWO = 15_000
TOO_MANY = "its powers have too many products of blocks"
Pattern = frozenset[tuple[str, str]]  # where L^a is not zero
Letters = frozenset[str]
Start = Literal["own", "zero", "unit", "parts"]
PARTS = {"power": "left", "after": "right", "total": "sum"}  # what they are to the checker


class Materialised(NamedTuple):
    """L^a_ij, R^a, S_a or s of letters, or its transpose.

    ``power``, ``after`` and ``total`` are Lⁿ, Rⁿ and S_n of all n passes.  ``first`` is the pass
    from which L^a and S_a are, in a ``for`` loop.
    """

    kind: str
    row: str = ""
    column: str = ""
    transposed: bool = False
    first: int = 0

    def plain(self) -> Materialised:
        return self._replace(transposed=False)

    def flipped(self) -> Materialised:
        return self._replace(transposed=not self.transposed)


Product = tuple[Materialised, ...]
Formulas = dict[Materialised, list[Product]]  # what a block makes: sums of products
Vector = dict[str, list[Product]]  # by letters


@dataclass(frozen=True)
class Block:
    made: Formulas
    counts: dict[str, list[int]]  # by kind: whose sum is the count of what is made


def digits(count: int, base: int) -> list[int]:
    """The lowest first."""
    found = []
    while count:
        count, digit = divmod(count, base)
        found.append(digit)
    return found


class BlockFormulas:
    """Of one loop, and ``count`` passes of it.

    ``start`` says what s₀ is: the variables' "own" start, or "zero" or the identity ("unit"), which
    are not multiplied.  With "parts" there is no value: what is materialised at the end are Lⁿ, Rⁿ
    and S_n.

    Raises NoProofError where the values are zero, or of too many products.
    """

    def __init__(self, loop: Loop, step: AffineStep, start: Start, count: int) -> None:
        self._step, self._start, self._count = step, start, count
        self._letters, self._is_for = [one.letter for one in loop.carried], bool(loop.schedule)
        self._pattern: Pattern = frozenset(step.left)
        self._added = frozenset(letter for letter, terms in step.constant.items() if terms)
        self._unchanged = frozenset(filter(step.is_unchanged, self._letters))
        self._from_zero = frozenset(
            one.letter
            for one in loop.carried
            if start == "zero" or (start == "own" and one.from_zero)
        )
        if not self._added and self._from_zero == set(self._letters):
            raise NoProofError("a returned value is zero")
        self._base = 2 if step.has_left and step.has_right else 3
        if self._is_for and step.has_right:
            raise NoProofError("a pass of a 'for' loop multiplies from the right")
        if self._products() > MOST_OF_THREE:
            self._base = 2
        if self._products() > MOST_OF_TWO:
            raise ManyWordsError(f"{TOO_MANY}: {self._products()}, more than {MOST_OF_TWO}")

    def _products(self) -> int:
        """About how many there are: paths through the block matrices, and their transposes'."""
        total, pattern, numbers = 0, self._pattern, digits(self._count, self._base)
        done, power = 0, 1
        for level, digit in enumerate(numbers):
            done, raised = done + digit * power, power * self._base
            paths = dict.fromkeys(self._letters, 1)
            for length in range(1, self._base + 1):
                longer = dict.fromkeys(self._letters, 0)
                for i, j in pattern:
                    longer[i] += paths[j]
                paths = longer
                times = (length == digit) + len(self._firsts(done, raised)) * (length == self._base)
                total += times * sum(paths.values()) if level + 1 < len(numbers) or digit else 0
            pattern, power = self._raised(pattern), raised
        symmetric = "left" in self._step.symmetries
        return total if symmetric or self._base == 2 else 2 * total

    def blocks(self) -> list[Block]:
        """With all that could be made, also what no later block needs."""
        blocks = []
        pattern, added, numbers = self._pattern, self._added, digits(self._count, self._base)
        parts: Collection[Materialised] = ()
        done, power = 0, 1
        for level, digit in enumerate(numbers):
            counts = dict.fromkeys(("left", "right", "sum"), [power] * self._base)
            made: Formulas = {}
            after, raised = done + digit * power, power * self._base
            following: Vector = {}
            for first in self._firsts(after, raised) if level + 1 < len(numbers) else ():
                made |= self._next_powers(pattern, power, first)
                following = self._sums(pattern, added, self._base, power, first)
                made |= {
                    Materialised("sum", one, first=first): sums for one, sums in following.items()
                }
            if digit:
                if self._start == "parts":
                    advanced = self._advanced_parts(pattern, added, digit, power, done, parts)
                    parts = advanced.keys()
                else:
                    advanced = self._advanced(pattern, added, digit, power, done)
                made |= advanced
                counts |= dict.fromkeys(("value", *PARTS), [power] * digit + [done])
            blocks.append(Block(made, counts))
            pattern, added = self._raised(pattern), frozenset(following)
            done, power = after, raised
        return blocks

    def _firsts(self, done: int, power: int) -> Sequence[int]:
        """From which passes there are powers, some passes being done."""
        return range(done, self._count, power) if self._is_for else (0,)

    def _raised(self, pattern: Pattern) -> Pattern:
        """Of L^(a·base)."""
        power = pattern
        columns: dict[str, list[str]] = {}
        for i, j in pattern:
            columns.setdefault(i, []).append(j)
        for _ in range(self._base - 1):
            power = frozenset((i, j) for i, k in power for j in columns.get(k, ()))
        return power

    def _entry(self, row: str, column: str, first: int) -> Product:
        """L^a_ij; nothing where it is the identity."""
        unchanged = row in self._unchanged or not self._step.has_left
        place = first if self._is_for else 0
        return () if unchanged else (Materialised("left", row, column, first=place),)

    def _next_powers(self, pattern: Pattern, power: int, first: int) -> Formulas:
        """P and Q of the next power."""
        made: Formulas = {}
        if self._step.has_left:
            ends: dict[str, list[str]] = {}
            for i, j in sorted(pattern):
                ends.setdefault(i, []).append(j)
            for i in sorted(ends.keys() - self._unchanged):
                paths: list[tuple[str, Product]] = [(i, ())]
                for number in reversed(range(self._base)):  # the last pass stands first
                    paths = [
                        (j, path + self._entry(k, j, first + number * power))
                        for k, path in paths
                        for j in ends.get(k, ())
                    ]
                for j, path in paths:
                    made.setdefault(Materialised("left", i, j, first=first), []).append(path)
        if self._step.has_right:
            made[Materialised("right")] = [(Materialised("right"),) * self._base]
        return made

    def _advanced(
        self, pattern: Pattern, added: Letters, digit: int, power: int, done: int
    ) -> Formulas:
        """The values, ``digit`` powers on."""
        zero = frozenset() if done else self._from_zero
        values: Vector = {
            one: [(Materialised("value", one),)] for one in self._letters if one not in zero
        }
        if self._start == "unit" and not done:
            values = {one: [()] for one in self._letters}
        for number in range(digit):
            values = self._moved(pattern, values, done + number * power)
        sums = self._sums(pattern, added, digit, power, done)
        both = {one: values.get(one, []) + sums.get(one, []) for one in self._letters}
        return {Materialised("value", one): products for one, products in both.items()}

    def _advanced_parts(
        self,
        pattern: Pattern,
        added: Letters,
        digit: int,
        power: int,
        done: int,
        known: Collection[Materialised],
    ) -> Formulas:
        """Lⁿ, Rⁿ and S_n, ``digit`` powers on from those that are known."""
        made: Formulas = {}
        if self._step.has_right:
            before = (Materialised("after"),) if Materialised("after") in known else ()
            made[Materialised("after")] = [(Materialised("right"),) * digit + before]
        for column in self._letters if self._step.has_left else ():
            powers: Vector = {
                row: [(Materialised("power", row, column),)]
                for row in self._letters
                if Materialised("power", row, column) in known
            }
            if not known or column in self._unchanged:
                powers[column] = [()]
            for number in range(digit):
                powers = self._moved(pattern, powers, done + number * power, right=False)
            for row in sorted(powers.keys() - self._unchanged):
                made[Materialised("power", row, column)] = powers[row]
        totals: Vector = {
            row: [(Materialised("total", row),)]
            for row in self._letters
            if Materialised("total", row) in known
        }
        for number in range(digit):
            totals = self._moved(pattern, totals, done + number * power)
        for row, products in self._sums(pattern, added, digit, power, done).items():
            totals[row] = totals.get(row, []) + products
        return made | {Materialised("total", row): products for row, products in totals.items()}

    def _sums(
        self, pattern: Pattern, added: Letters, number: int, power: int, first: int
    ) -> Vector:
        """S of some powers, where it is not zero; S_a has the letters ``added``."""
        total: Vector = {}
        for at in range(first, first + number * power, power):
            place, moved = at if self._is_for else 0, self._moved(pattern, total, at)
            now = {
                one: [(Materialised("sum", one, first=place),)]
                for one in self._letters
                if one in added
            }
            total = {
                one: now.get(one, []) + moved.get(one, [])
                for one in self._letters
                if one in now or one in moved
            }
        return total

    def _moved(self, pattern: Pattern, vector: Vector, first: int, *, right: bool = True) -> Vector:
        """L^a·vector·R^a."""
        found: Vector = {}
        after = (Materialised("right"),) if right and self._step.has_right else ()
        for i, j in sorted(pattern):
            for product in vector.get(j, []):
                found.setdefault(i, []).append(self._entry(i, j, first) + product + after)
        return found
