"""An affine loop by powers of its step, as lines of a script: one block a digit of the count.

A head multiplies U·V'·W, so what stands in the middle is materialised transposed, unless it is
symmetric; what no later block needs is not held.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.compiler.ir.coefficients import at
from weightsmith.compiler.ir.normal import Carried, Loop
from weightsmith.compiler.ir.polynomial import Word
from weightsmith.compiler.restructure.affine_loops.affine import AffineStep, Transpose
from weightsmith.compiler.restructure.affine_loops.affine_blocks import (
    PARTS,
    Block,
    BlockFormulas,
    Formulas,
    Materialised,
    Product,
    Start,
)
from weightsmith.compiler.restructure.affine_loops.checked_loop import Terms
from weightsmith.compiler.restructure.recurrences.lines import (
    assignment,
    free_name,
    sum_text,
    to_scalar,
)
from weightsmith.compiler.restructure.recurrences.lines import block as script_block
from weightsmith.compiler.restructure.recurrences.setting import word_text
from weightsmith.compiler.restructure.recurrences.task import Json

NOTHING: Mapping[str, str] = {}
Numbers = tuple[Mapping[str, Fraction], ...]
BASES = {"left": "P", "right": "Q", "sum": "S", "value": "V"}
BASES |= {"power": "A", "after": "D", "total": "B"}


@dataclass(frozen=True)
class Blocks:
    """The lines, and for each block what its variables hold (the checker's witness).

    ``starts`` stand before them.  ``counts`` are those of the values at the end: one, or more if
    the last block is no block but part of what is returned.
    """

    starts: tuple[str, ...]
    lines: tuple[str, ...]
    held: tuple[Json, ...]
    counts: tuple[int, ...]


class AffineWriter:
    """Writes ``count`` passes of one loop, a count above zero.

    ``clause`` ends every line, ``taken`` are the names that are not free (new ones are added),
    ``start`` is as ``BlockFormulas`` has it, ``transposes`` are names of letters' transposes,
    ``numbers`` those of each pass of a ``for`` loop.
    Raises NoProofError as ``BlockFormulas`` does.
    """

    def __init__(
        self,
        loop: Loop,
        step: AffineStep,
        transpose: Transpose,
        clause: str,
        taken: set[str],
        count: int,
        start: Start = "own",
        transposes: Mapping[str, str] = NOTHING,
        numbers: Numbers = (),
    ) -> None:
        self.step, self.transpose, self.clause, self.taken = step, transpose, clause, taken
        self.carried = {one.letter: one for one in loop.carried}
        self.count, self.transposes, self.numbers = count, transposes, numbers
        self.formulas = BlockFormulas(loop, step, start, count)
        own = self.carried.values() if start != "parts" else ()
        self.names = {self._own(one): one.variable for one in own}

    def values(self, wanted: Collection[str], *, inline: bool = False) -> Blocks:
        """With the carried letters that are wanted after them.

        ``inline``: the last block is left to what is returned.
        """
        own = {self._own(one) for one in self.carried.values() if one.letter in wanted}
        return self._blocks(self.formulas.blocks(), own, inline=inline)

    def parts(self) -> dict[Materialised, str]:
        """The names of Lⁿ_ij, Rⁿ and S_n, where they are not zero, and of their transposes."""
        made = [one for one in self.formulas.blocks()[-1].made if one.kind in PARTS]
        return {each: self._name(each) for one in made for each in (one, one.flipped())}

    def held_parts(self, wanted: Collection[Materialised]) -> Blocks:
        return self._blocks(self.formulas.blocks(), wanted, inline=False)

    def _blocks(
        self, blocks: list[Block], wanted: Collection[Materialised], *, inline: bool
    ) -> Blocks:
        blocks, first = self._live(blocks, wanted)
        lines: list[str] = []
        held: list[Json] = []
        used = first.union(*(block.made for block in blocks))
        for block in (one for one in blocks if one.made):
            is_block = not (inline and block is blocks[-1])
            texts = {self._name(one): self._sum_text(made) for one, made in block.made.items()}
            texts = dict(sorted(texts.items()))
            if is_block:
                lines += script_block(texts, self.clause)
                held.append({self._name(one): self._witness(one, block) for one in block.made})
            else:
                lines.append(assignment(texts, self.clause))
        counts = tuple(blocks[-1].counts["value"]) if inline else (self.count,)
        return Blocks(self._starts(first, used), tuple(lines), tuple(held), counts)

    # -- what is materialised ----------------------------------------------------------------------

    def _own(self, one: Carried) -> Materialised:
        """What the script's variable holds."""
        return Materialised(
            "value", one.letter, transposed=self.step.transposed[one.letter] != one.flipped
        )

    def _canonical(self, one: Materialised) -> Materialised:
        """Of values that are equal, the one that is materialised."""
        known = self.step.symmetries
        if one.kind == "right" and "adjoint" in known:
            (entry,) = self.step.left
            one = Materialised("left", *entry, not one.transposed)
        if one.transposed and one.kind == "left" and "left" in known:
            return Materialised("left", one.column, one.row)
        if one.kind == "value" and one.kind in known:
            return self._own(self.carried[one.row])
        return one._replace(transposed=one.transposed and one.kind not in known)

    def _factors(self, product: Product) -> list[tuple[Materialised, bool]]:
        """What is materialised of a product, and what stands transposed: the middle of three."""
        middle = len(product) == 3
        return [
            (self._canonical(one.flipped() if middle and at == 1 else one), middle and at == 1)
            for at, one in enumerate(product)
        ]

    def _used(self, made: Formulas) -> set[Materialised]:
        return {
            one
            for products in made.values()
            for product in products
            for one, _ in self._factors(product)
        }

    def _live(
        self, blocks: list[Block], wanted: Collection[Materialised]
    ) -> tuple[list[Block], set[Materialised]]:
        """With what later blocks need, materialised, transposed or not; and that before all."""
        needed = set(wanted)
        found = []
        for block in reversed(blocks):
            made: Formulas = {}
            for one in sorted(needed):
                products = block.made.get(one._replace(transposed=False))
                if products is not None:
                    made[one] = (
                        [_transposed(each) for each in products] if one.transposed else products
                    )
            needed = (needed - made.keys()) | self._used(made)
            found.append(Block(made, block.counts))
        return found[::-1], needed

    # -- text ------------------------------------------------------------------------------------

    def _name(self, one: Materialised) -> str:
        if one not in self.names:
            order = {letter: str(at) for at, letter in enumerate(self.carried, 1)}
            found = [order[letter] for letter in (one.row, one.column) if letter]
            places = "" if len(order) == 1 else ("_" if len(order) > 9 else "").join(found)
            name = BASES[one.kind] + ("t" if one.transposed else "") + places
            if self.numbers and one.kind in ("left", "sum"):
                name += f"_{one.first + 1}"
            name = free_name(name, self.taken)
            self.taken.add(name)
            self.names[one] = name
        return self.names[one]

    def _sum_text(self, products: list[Product]) -> str:
        texts = (
            "*".join(self._name(one) + ("'" if transposed else "") for one, transposed in factors)
            for factors in map(self._factors, products)
        )
        return " + ".join(texts) or "0"

    def _witness(self, one: Materialised, block: Block) -> Json:
        of = [self.carried[letter].variable for letter in (one.row, one.column) if letter]
        kind, counts = PARTS.get(one.kind, one.kind), block.counts[one.kind]
        found: Json = {"kind": kind, "of": of, "turned": one.transposed, "counts": counts}
        return found | ({"first": one.first} if one.first else {})

    def _starts(self, needed: set[Materialised], used: set[Materialised]) -> tuple[str, ...]:
        """The first powers; what is made before it is needed has its size from the blocks."""
        own = {self._own(one) for one in self.carried.values()}
        return tuple(
            f"{name} = {self._start(one) if one in needed else '0'}{self.clause}"
            for one, name in self.names.items()
            if one in used and one not in own
        )

    def _start(self, one: Materialised) -> str:
        if one.kind == "value":
            return f"{self.carried[one.row].variable}'"
        terms: Terms = {
            "left": self.step.left.get((one.row, one.column), {}),
            "right": self.step.right,
            "sum": self.step.constant.get(one.row, {}),
        }[one.kind]
        if self.numbers:
            now = {word: at(number, self.numbers[one.first]) for word, number in terms.items()}
            terms = {word: number for word, number in now.items() if number}
        return terms_text(self.transpose(terms) if one.transposed else terms, self.transposes)


def _transposed(product: Product) -> Product:
    return tuple(one.flipped() for one in reversed(product))


def terms_text(terms: Terms, transposes: Mapping[str, str] = NOTHING) -> str:
    """``transposes``: names of those letters' transposes, where they stand alone."""
    named = [
        (number, _alone(word, transposes) or word_text(word)) for word, number in terms.items()
    ]
    return sum_text([(to_scalar(number), text) for number, text in named])


def _alone(word: Word, transposes: Mapping[str, str]) -> str:
    return transposes.get(word[0].name, "") if len(word) == 1 and word[0].transposed else ""
