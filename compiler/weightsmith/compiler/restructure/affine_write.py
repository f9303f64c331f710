"""An affine loop by powers of its step, as lines of a script: one block a digit of the count.

With P = L^a, Q = R^a, S = S_a held, where a is a power of the base, a block makes those of the next
power, and takes the value on by as many steps of a as the digit says:

    base 3, R = 1:   P·P·P,  S + P·S + P·P·S,  s ← s,  P·s + S  or  P·P·s + P·S + S
    base 3, L = 1:   the same from the right
    base 2:          P·P,  Q·Q,  S + P·S·Q,  s ← s  or  P·s·Q + S

All entries are of a block matrix: P is P_ij, a product is summed over what is between.  A head
multiplies U·V'·W, so what stands in the middle is held transposed, unless it is symmetric; what no
later block needs is not held.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, NamedTuple

from weightsmith.compiler.certify.spectral import NoProofError
from weightsmith.compiler.ir.normal import Carried, Loop
from weightsmith.compiler.restructure.affine import AffineStep, Terms, Turn
from weightsmith.compiler.restructure.coordinates import to_scalar
from weightsmith.compiler.restructure.setting import word_text
from weightsmith.compiler.restructure.write import sum_text

Json = dict[str, object]
Pattern = frozenset[tuple[str, str]]  # where L^a is not zero
Letters = frozenset[str]
Start = Literal["own", "zero", "unit", "parts"]
BASES = {"left": "P", "right": "Q", "sum": "S", "value": "V", "power": "A", "total": "B"}
PARTS = {"power": "left", "total": "sum"}  # what they are to the checker


class Held(NamedTuple):
    """L^a_ij, R^a, S_a or s of letters, or its transpose; ``power``, ``total``: Lⁿ and S_n."""

    kind: str
    row: str = ""
    column: str = ""
    turned: bool = False

    def flipped(self) -> Held:
        return self._replace(turned=not self.turned)


Product = tuple[Held, ...]
Formulas = dict[Held, list[Product]]  # what a block makes: sums of products
Vector = dict[str, list[Product]]  # by letters


@dataclass(frozen=True)
class Blocks:
    """The lines, and for each block what its variables hold (the checker's witness).

    ``counts`` are those of the values at the end: one, or more if the last block is no block but
    part of what is returned.
    """

    lines: tuple[str, ...]
    held: tuple[Json, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class _Block:
    made: Formulas
    counts: dict[str, list[int]]  # by kind: whose sum is the count of what is made


def digits(count: int, base: int) -> list[int]:
    """The lowest first."""
    found = []
    while count:
        count, digit = divmod(count, base)
        found.append(digit)
    return found


class AffineWriter:
    """Writes one loop; ``clause`` ends every line, ``taken`` are the names that are not free.

    ``start`` says what s₀ is: the variables' "own" start, or "zero" or the identity ("unit"), which
    are not multiplied.  With "parts" there is no value: the last blocks hold Lⁿ and S_n of the one
    letter (``parts`` has their names).

    Raises NoProofError where the values are zero.
    """

    def __init__(
        self,
        loop: Loop,
        step: AffineStep,
        turn: Turn,
        clause: str,
        taken: set[str],
        start: Start = "own",
    ) -> None:
        self.step, self.turn, self.clause, self.taken = step, turn, clause, set(taken)
        self.carried = {one.letter: one for one in loop.carried}
        self.base = 2 if step.has_left and step.has_right else 3
        self.has_sums = any(step.constant.values())
        self.from_zero = frozenset(
            one.letter for one in loop.carried if not any(v.terms for v in one.initial.values())
        )
        self.start = start
        if start != "own":
            self.from_zero = frozenset(self.carried if start == "zero" else ())
        if start != "parts" and self.from_zero == self.carried.keys() and not self.has_sums:
            raise NoProofError("a returned value is zero")
        self.names = {self._own(one): one.variable for one in loop.carried}

    def blocks(self, count: int, wanted: Collection[str], *, inline: bool) -> Blocks:
        """Of a count above zero, and the carried letters that are wanted after it.

        ``inline``: the last block is left to what is returned.
        """
        blocks, first = self._live(self._all_blocks(digits(count, self.base)), wanted)
        lines: list[str] = []
        held: list[Json] = []
        for block in blocks:
            is_block = not (inline and block is blocks[-1])
            texts = {self._name(one): self._sum_text(made) for one, made in block.made.items()}
            names = sorted(texts)
            left, right = ", ".join(names), ", ".join(texts[name] for name in names)
            if is_block:
                lines += ["repeat 1:", f"    {left} = {right}{self.clause}"]
                held.append({self._name(one): self._witness(one, block) for one in block.made})
            else:
                lines.append(f"{left} = {right}{self.clause}")
        counts = tuple(blocks[-1].counts["value"]) if inline else (count,)
        return Blocks((*self._starts(first), *lines), tuple(held), counts)

    # -- formulas --------------------------------------------------------------------------------

    def _all_blocks(self, numbers: list[int]) -> list[_Block]:
        blocks = []
        pattern: Pattern = frozenset(self.step.left)
        added = frozenset(letter for letter, terms in self.step.constant.items() if terms)
        done, power = 0, 1
        for level, digit in enumerate(numbers):
            counts = dict.fromkeys(("left", "right", "sum"), [power] * self.base)
            made: Formulas = {}
            following = self._sums(pattern, added, self.base)
            if level + 1 < len(numbers):
                made = self._next_powers(pattern)
                made |= {Held("sum", one): products for one, products in following.items()}
            if digit:
                made |= self._advanced(pattern, added, digit, done)
                counts |= dict.fromkeys(("value", *PARTS), [power] * digit + [done])
            blocks.append(_Block(made, counts))
            pattern, added = self._raised(pattern), frozenset(following)
            done, power = done + digit * power, power * self.base
        return blocks

    def _raised(self, pattern: Pattern) -> Pattern:
        """Of L^(a·base)."""
        power = pattern
        for _ in range(self.base - 1):
            power = frozenset((i, j) for i, k in power for other, j in pattern if other == k)
        return power

    def _next_powers(self, pattern: Pattern) -> Formulas:
        """P and Q of the next power."""
        made: Formulas = {}
        if self.step.has_left:
            edges = [((i, j), Held("left", i, j)) for i, j in sorted(pattern)]
            paths: list[tuple[tuple[str, str], Product]] = [(ends, (one,)) for ends, one in edges]
            for _ in range(self.base - 1):
                paths = [
                    ((i, j), (*path, edge))
                    for (i, k), path in paths
                    for (other, j), edge in edges
                    if other == k
                ]
            for (i, j), path in paths:
                made.setdefault(Held("left", i, j), []).append(path)
        if self.step.has_right:
            made[Held("right")] = [(Held("right"),) * self.base]
        return made

    def _advanced(self, pattern: Pattern, added: Letters, digit: int, done: int) -> Formulas:
        """The values, ``digit`` powers on."""
        if self.start == "parts":
            return self._advanced_parts(pattern, added, digit, done)
        zero = frozenset() if done else self.from_zero
        values: Vector = {one: [(Held("value", one),)] for one in self.carried if one not in zero}
        if self.start == "unit" and not done:
            values = {one: [()] for one in self.carried}
        for _ in range(digit):
            values = self._moved(pattern, values)
        sums = self._sums(pattern, added, digit)
        return {Held("value", one): values.get(one, []) + sums.get(one, []) for one in self.carried}

    def _advanced_parts(self, pattern: Pattern, added: Letters, digit: int, done: int) -> Formulas:
        """Lⁿ and S_n of one letter, ``digit`` powers on."""
        (letter,) = self.carried
        power: Vector = {letter: [(Held("power", letter),) if done else ()]}
        total: Vector = {letter: [(Held("total", letter),)]} if done and added else {}
        for _ in range(digit):
            power, total = self._moved(pattern, power), self._moved(pattern, total)
        made = {Held("power", letter): power[letter]}
        if added:
            sums = self._sums(pattern, added, digit)
            made[Held("total", letter)] = total.get(letter, []) + sums[letter]
        return made

    def parts(self) -> tuple[str, str]:
        """The names of Lⁿ and S_n, the latter empty if it is zero."""
        (letter,) = self.carried
        power, total = (self.names.get(Held(kind, letter), "") for kind in PARTS)
        return power, total

    def _sums(self, pattern: Pattern, added: Letters, number: int) -> Vector:
        """Σ_{k < number} L^(ka)·S_a·R^(ka), where it is not zero; S_a has the letters ``added``."""
        one: Vector = {
            letter: [(Held("sum", letter),)] for letter in self.carried if letter in added
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
            before = (Held("left", i, j),) if self.step.has_left else ()
            after = (Held("right"),) if self.step.has_right else ()
            for product in vector.get(j, []):
                found.setdefault(i, []).append(before + product + after)
        return found

    # -- what is held ----------------------------------------------------------------------------

    def _own(self, one: Carried) -> Held:
        """What the script's variable holds."""
        return Held("value", one.letter, turned=self.step.turned[one.letter] != one.flipped)

    def _canonical(self, one: Held) -> Held:
        """Of values that are equal, the one that is held."""
        known = self.step.symmetries
        if one.kind == "right" and "adjoint" in known:
            (entry,) = self.step.left
            one = Held("left", *entry, not one.turned)
        if one.turned and one.kind == "left" and "left" in known:
            return Held("left", one.column, one.row)
        if one.kind == "value" and one.kind in known:
            return self._own(self.carried[one.row])
        return one._replace(turned=one.turned and one.kind not in known)

    def _factors(self, product: Product) -> list[tuple[Held, bool]]:
        """What is held of a product, and where it stands transposed: in the middle of three."""
        middle = len(product) == 3
        return [
            (self._canonical(one.flipped() if middle and at == 1 else one), middle and at == 1)
            for at, one in enumerate(product)
        ]

    def _used(self, made: Formulas) -> set[Held]:
        return {
            one
            for products in made.values()
            for product in products
            for one, _ in self._factors(product)
        }

    def _live(
        self, blocks: list[_Block], wanted: Collection[str]
    ) -> tuple[list[_Block], set[Held]]:
        """With what later blocks need, as it is held (transposed or not); and that before all."""
        needed = {self._own(one) for one in self.carried.values() if one.letter in wanted}
        if self.start == "parts":
            needed = {one for block in blocks for one in block.made if one.kind in PARTS}
        found = []
        for block in reversed(blocks):
            made: Formulas = {}
            for one in sorted(needed):
                products = block.made.get(one._replace(turned=False))
                if products is not None:
                    made[one] = [_turned(each) for each in products] if one.turned else products
            needed = (needed - made.keys()) | self._used(made)
            found.append(_Block(made, block.counts))
        return found[::-1], needed

    # -- text ------------------------------------------------------------------------------------

    def _name(self, one: Held) -> str:
        if one not in self.names:
            order = {letter: str(at) for at, letter in enumerate(self.carried, 1)}
            places = "" if len(order) == 1 else order.get(one.row, "") + order.get(one.column, "")
            name = BASES[one.kind] + ("t" if one.turned else "") + places
            while name in self.taken:
                name += "_"
            self.taken.add(name)
            self.names[one] = name
        return self.names[one]

    def _sum_text(self, products: list[Product]) -> str:
        texts = (
            "*".join(self._name(one) + ("'" if turned else "") for one, turned in factors)
            for factors in map(self._factors, products)
        )
        return " + ".join(texts) or "0"

    def _witness(self, one: Held, block: _Block) -> Json:
        of = [self.carried[letter].variable for letter in (one.row, one.column) if letter]
        of = of * 2 if one.kind == "power" else of
        kind, counts = PARTS.get(one.kind, one.kind), block.counts[one.kind]
        return {"kind": kind, "of": of, "turned": one.turned, "counts": counts}

    def _starts(self, needed: set[Held]) -> list[str]:
        """The first powers; what is made before it is needed has its size from the blocks."""
        own = {self._own(one) for one in self.carried.values()}
        return [
            f"{name} = {self._start(one) if one in needed else '0'}{self.clause}"
            for one, name in self.names.items()
            if one not in own
        ]

    def _start(self, one: Held) -> str:
        if one.kind == "value":
            return f"{self.carried[one.row].variable}'"
        terms: Terms = {
            "left": self.step.left.get((one.row, one.column), {}),
            "right": self.step.right,
            "sum": self.step.constant.get(one.row, {}),
        }[one.kind]
        return terms_text(self.turn(terms) if one.turned else terms)


def _turned(product: Product) -> Product:
    return tuple(one.flipped() for one in reversed(product))


def terms_text(terms: Terms) -> str:
    return sum_text([(to_scalar(number), word_text(word)) for word, number in terms.items()])
