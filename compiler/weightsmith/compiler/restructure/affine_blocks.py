"""What the blocks of an affine loop make: sums of products of powers of its step.

With P = L^a, Q = R^a, S = S_a held, where a is a power of the base, a block makes those of the next
power, and takes the value on by as many steps of a as the digit of the count says:

    base 3, R = 1:   P·P·P,  S + P·S + P·P·S,  s ← s,  P·s + S  or  P·P·s + P·S + S
    base 3, L = 1:   the same from the right
    base 2:          P·P,  Q·Q,  S + P·S·Q,  s ← s  or  P·s·Q + S

All entries are of a block matrix: P is P_ij, a product is summed over what is between.  Three dense
block matrices have as many products as letters to the fourth power: too many go in base 2.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, NamedTuple

from weightsmith.compiler.certify.spectral import NoProofError
from weightsmith.compiler.ir.normal import Loop
from weightsmith.compiler.restructure.affine import AffineStep

MOST_OF_THREE = 5_000  # products, which take some seconds to compile
MOST_OF_TWO = 15_000
TOO_MANY = "its powers have too many products of blocks"
Pattern = frozenset[tuple[str, str]]  # where L^a is not zero
Letters = frozenset[str]
Start = Literal["own", "zero", "unit", "parts"]
PARTS = {"power": "left", "total": "sum"}  # what they are to the checker


class Held(NamedTuple):
    """L^a_ij, R^a, S_a or s of letters, or its transpose; ``power``, ``total``: Lⁿ and S_n."""

    kind: str
    row: str = ""
    column: str = ""
    turned: bool = False

    def plain(self) -> Held:
        return self._replace(turned=False)

    def flipped(self) -> Held:
        return self._replace(turned=not self.turned)


Product = tuple[Held, ...]
Formulas = dict[Held, list[Product]]  # what a block makes: sums of products
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
    are not multiplied.  With "parts" there is no value: what is held at the end are Lⁿ and S_n.

    Raises NoProofError where the values are zero, or of too many products.
    """

    def __init__(self, loop: Loop, step: AffineStep, start: Start, count: int) -> None:
        self._step, self._start, self._count = step, start, count
        self._letters = [one.letter for one in loop.carried]
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
        if self._products() > MOST_OF_THREE:
            self._base = 2
        if self._products() > MOST_OF_TWO:
            raise NoProofError(f"{TOO_MANY}: {self._products()}, more than {MOST_OF_TWO}")

    def _products(self) -> int:
        """About how many there are: ways through the block matrices, and their transposes'."""
        total, pattern, numbers = 0, self._pattern, digits(self._count, self._base)
        for level, digit in enumerate(numbers):
            ways = dict.fromkeys(self._letters, 1)
            lengths = {digit, self._base if level + 1 < len(numbers) else digit}
            for length in range(1, max(lengths) + 1):
                longer = dict.fromkeys(self._letters, 0)
                for i, j in pattern:
                    longer[i] += ways[j]
                ways = longer
                total += sum(ways.values()) if length in lengths else 0
            pattern = self._raised(pattern)
        symmetric = "left" in self._step.symmetries
        return total if symmetric or self._base == 2 else 2 * total

    def blocks(self) -> list[Block]:
        """With all that could be made, also what no later block needs."""
        blocks = []
        pattern, added, numbers = self._pattern, self._added, digits(self._count, self._base)
        parts: Collection[Held] = ()
        done, power = 0, 1
        for level, digit in enumerate(numbers):
            counts = dict.fromkeys(("left", "right", "sum"), [power] * self._base)
            made: Formulas = {}
            following = self._sums(pattern, added, self._base)
            if level + 1 < len(numbers):
                made = self._next_powers(pattern)
                made |= {Held("sum", one): products for one, products in following.items()}
            if digit:
                if self._start == "parts":
                    advanced = self._advanced_parts(pattern, added, digit, parts)
                    parts = advanced.keys()
                else:
                    advanced = self._advanced(pattern, added, digit, done)
                made |= advanced
                counts |= dict.fromkeys(("value", *PARTS), [power] * digit + [done])
            blocks.append(Block(made, counts))
            pattern, added = self._raised(pattern), frozenset(following)
            done, power = done + digit * power, power * self._base
        return blocks

    def _raised(self, pattern: Pattern) -> Pattern:
        """Of L^(a·base)."""
        power = pattern
        columns: dict[str, list[str]] = {}
        for i, j in pattern:
            columns.setdefault(i, []).append(j)
        for _ in range(self._base - 1):
            power = frozenset((i, j) for i, k in power for j in columns.get(k, ()))
        return power

    def _entry(self, row: str, column: str) -> Product:
        """L^a_ij; nothing where it is the identity."""
        unchanged = row in self._unchanged or not self._step.has_left
        return () if unchanged else (Held("left", row, column),)

    def _next_powers(self, pattern: Pattern) -> Formulas:
        """P and Q of the next power."""
        made: Formulas = {}
        if self._step.has_left:
            edges: dict[str, list[tuple[str, Product]]] = {}
            for i, j in sorted(pattern):
                edges.setdefault(i, []).append((j, self._entry(i, j)))
            for i in sorted(edges.keys() - self._unchanged):
                paths: list[tuple[str, Product]] = [(i, ())]
                for _ in range(self._base):
                    paths = [(j, path + edge) for k, path in paths for j, edge in edges.get(k, ())]
                for j, path in paths:
                    made.setdefault(Held("left", i, j), []).append(path)
        if self._step.has_right:
            made[Held("right")] = [(Held("right"),) * self._base]
        return made

    def _advanced(self, pattern: Pattern, added: Letters, digit: int, done: int) -> Formulas:
        """The values, ``digit`` powers on."""
        zero = frozenset() if done else self._from_zero
        values: Vector = {one: [(Held("value", one),)] for one in self._letters if one not in zero}
        if self._start == "unit" and not done:
            values = {one: [()] for one in self._letters}
        for _ in range(digit):
            values = self._moved(pattern, values)
        sums = self._sums(pattern, added, digit)
        both = {one: values.get(one, []) + sums.get(one, []) for one in self._letters}
        return {Held("value", one): products for one, products in both.items()}

    def _advanced_parts(
        self, pattern: Pattern, added: Letters, digit: int, known: Collection[Held]
    ) -> Formulas:
        """Lⁿ and S_n, ``digit`` powers on from those that are known."""
        made: Formulas = {}
        for column in self._letters:
            powers: Vector = {
                row: [(Held("power", row, column),)]
                for row in self._letters
                if Held("power", row, column) in known
            }
            if not known or column in self._unchanged:
                powers[column] = [()]
            for _ in range(digit):
                powers = self._moved(pattern, powers)
            for row in sorted(powers.keys() - self._unchanged):
                made[Held("power", row, column)] = powers[row]
        totals: Vector = {
            row: [(Held("total", row),)] for row in self._letters if Held("total", row) in known
        }
        for _ in range(digit):
            totals = self._moved(pattern, totals)
        for row, products in self._sums(pattern, added, digit).items():
            totals[row] = totals.get(row, []) + products
        return made | {Held("total", row): products for row, products in totals.items()}

    def _sums(self, pattern: Pattern, added: Letters, number: int) -> Vector:
        """Σ_{k < number} L^(ka)·S_a·R^(ka), where it is not zero; S_a has the letters ``added``."""
        one: Vector = {
            letter: [(Held("sum", letter),)] for letter in self._letters if letter in added
        }
        total: Vector = {}
        for _ in range(number):
            for letter, products in one.items():
                total.setdefault(letter, []).extend(products)
            one = self._moved(pattern, one)
        return total

    def _moved(self, pattern: Pattern, vector: Vector) -> Vector:
        """L^a·vector·R^a."""
        found: Vector = {}
        for i, j in sorted(pattern):
            after = (Held("right"),) if self._step.has_right else ()
            for product in vector.get(j, []):
                found.setdefault(i, []).append(self._entry(i, j) + product + after)
        return found
