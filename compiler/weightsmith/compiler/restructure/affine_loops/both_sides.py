"""A variable that is multiplied from both sides, s ← A·s + s·B + c or α·s + δ·A·s·B + c.

What multiplies from the left commutes with what multiplies from the right: n passes are
Σᵢⱼ aᵢⱼ·Aⁱ·s·Bʲ + Σᵢⱼ bᵢⱼ·Aⁱ·c·Bʲ, the coefficients those of pⁿ and of 1 + p + … + pⁿ⁻¹ in λ and μ
for p = λ + μ or p = α + δλμ.  All powers up to n are materialised, in ⌈log₃ n⌉ layers; one more is
the sum, a head Aⁱ·s·(Σⱼ aᵢⱼ·Bʲ) for each i.  The width grows with n: no lower rank is exact.

Half of a number times s is in A, half in B: then the powers are those of steps, such as ½ − ηλ, and
do not cancel.  The terms of (α + δλμ)ⁿ do, by a factor of about 2ⁿ.  So more passes go in rounds of
some at once, a layer each: s ← pⁿ(s) + S_n.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import flint

from weightsmith.checker.balls.ranges import fraction
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.rewrites.two_sided import powers_of_pass, read_two_sided
from weightsmith.compiler.certify.spectra.spectral import NoProofError, OverLimitError
from weightsmith.compiler.ir.normal import Loop, NormalProgram
from weightsmith.compiler.restructure.affine_loops.affine import transposing
from weightsmith.compiler.restructure.affine_loops.affine_write import terms_text
from weightsmith.compiler.restructure.affine_loops.checked_loop import (
    Terms,
    checked_loop,
    terms_of,
    word_of,
)
from weightsmith.compiler.restructure.recurrences.lines import block, free_name, sum_text
from weightsmith.compiler.restructure.recurrences.setting import IDENTITY
from weightsmith.compiler.restructure.recurrences.task import Json
from weightsmith.dsl.numbers.scalars import Number, Scalar
from weightsmith.dsl.program.core import GROUPS

MOST_AT_ONCE = 40  # 861 products Aⁱ·s·Bʲ, which take seconds to compile
MOST_A_ROUND = 20
MOST_MIXED = 16  # 2¹⁶ units of round-off are 1e-11
MOST_ROUNDS = 1000
SIDES = {"left": "P", "right": "Q"}
Weights = dict[int, dict[int, Fraction]]  # by i, then by j
Begun = tuple[Terms, Weights, tuple[str, str]]  # a value, what it is multiplied with, its texts


class Materialised(NamedTuple):
    """A power of A or B, or its transpose."""

    kind: str
    power: int
    transposed: bool = False


@dataclass(frozen=True)
class BothSides:
    """A, B, α and δ; without δ a pass is the sum of both."""

    left: Terms
    right: Terms
    alpha: Fraction
    delta: Fraction | None
    start: Terms
    constant: Terms


def read_both_sides(normal: NormalProgram, loop: Loop, bindings: dict[str, Fraction]) -> BothSides:
    """Raises NoProofError where a pass is of another kind."""
    if len(loop.carried) != 1:
        raise NoProofError("a pass multiplies several variables from both sides")
    (carried,) = loop.carried
    rows, columns = normal.alphabet.axes[carried.letter]
    if carried.flipped or {rows, columns} & {"", *GROUPS}:
        raise NoProofError("a pass multiplies tokens by tokens")
    try:
        two = read_two_sided(checked_loop(normal, loop), (), bindings)
    except RefusedError as refused:
        message = str(refused).removesuffix(".")
        raise NoProofError(message[:1].lower() + message[1:]) from None
    (left,), (start,), (constant,) = (
        map(terms_of, part.values()) for part in (two.loop.left, two.loop.start, two.loop.constant)
    )
    right = {word_of(word): number for word, number in two.loop.right.items()}
    return BothSides(left, right, two.alpha, two.delta, start, constant)


def polynomials(two: BothSides, count: int) -> tuple[Weights, Weights]:
    """pⁿ and 1 + p + … + pⁿ⁻¹."""
    power, total = powers_of_pass(two.alpha, two.delta, count)
    return _by_left(power), _by_left(total)


def _by_left(polynomial: flint.fmpq_mpoly) -> Weights:
    found: Weights = {}
    for (i, j), number in polynomial.to_dict().items():
        found.setdefault(int(i), {})[int(j)] = fraction(number)
    return found


class BothSidesWriter:
    """Writes one loop; ``clause`` ends every line, ``taken`` are the names that are not free."""

    def __init__(
        self, normal: NormalProgram, loop: Loop, two: BothSides, clause: str, taken: set[str]
    ) -> None:
        (self.carried,) = loop.carried
        self.two, self.clause, self.taken = two, clause, set(taken)
        self.transpose = transposing(normal)
        self.symmetric = {
            "left": two.left == self.transpose(two.left),
            "right": two.right == self.transpose(two.right),
        }
        self.adjoint = two.right == self.transpose(two.left)
        self.names: dict[Materialised, str] = {}
        self.own_transposed = ""
        self.totals: dict[str, str] = {}
        self.first: dict[str, str] = {}  # what the first block makes, beside powers

    def blocks(self, count: int) -> tuple[tuple[str, ...], tuple[Json, ...], tuple[int, ...]]:
        """The lines, what the variables of each block hold, and the counts of the values."""
        most = MOST_MIXED
        if self.two.delta is None:
            most = MOST_AT_ONCE if count <= MOST_AT_ONCE else MOST_A_ROUND
        rounds = -(-count // most) - 1  # after the first passes
        once = count // (rounds + 1)
        if rounds > MOST_ROUNDS:
            raise OverLimitError(
                f"it multiplies from both sides in more than {most} passes at once"
            )
        first = count - rounds * once
        variable, start, constant = self.carried.variable, self.two.start, self.two.constant
        begun = [
            (value, weights, self._multiplied(value, name))
            for value, name, weights in zip(
                (start, constant), "VC", polynomials(self.two, first), strict=True
            )
            if value
        ]
        made = {self._own(transposed=False): self._start_sum(begun, transposed=False)}
        witness: Json = {}
        if rounds:
            witness[variable] = self._witness("value", [first], transposed=False)
            made, witness = self._with_rounds(made, witness, begun, once, first)
        blocks = [*self._powers(max(first, once)), (made, witness)]
        times = [1] * len(blocks)
        if rounds:
            blocks.append(self._round(once, first))
            times.append(rounds)
        names = dict.fromkeys(name for texts, _ in blocks for name in texts)
        lines = [f"{name} = 0" for name in names if name != variable]
        for (texts, _), number in zip(blocks, times, strict=True):
            lines += block(texts, self.clause, times=number)
        counts = (0, count) if rounds else (count,)
        return tuple(lines), tuple(held for _, held in blocks), counts

    # -- rounds ------------------------------------------------------------------------------------

    def _own(self, *, transposed: bool) -> str:
        """The variable, or what holds its transpose."""
        if not transposed:
            return self.carried.variable
        if not self.own_transposed:
            self.own_transposed = self._free("Xt")
        return self.own_transposed

    def _total(self, *, transposed: bool) -> str:
        """What holds S_n of a round, or its transpose."""
        name = "St" if transposed else "S"
        if name not in self.totals:
            self.totals[name] = self._free(name)
        return self.totals[name]

    def _start_sum(self, begun: list[Begun], *, transposed: bool) -> str:
        terms = []
        for _, weights, (plain, other) in begun:
            texts = (other, plain) if transposed else (plain, other)
            terms += self._sum(weights, *texts, transposed=transposed)
        return " + ".join(terms) or "0"

    def _with_rounds(
        self,
        made: dict[str, str],
        witness: Json,
        begun: list[Begun],
        once: int,
        first: int,
    ) -> tuple[dict[str, str], Json]:
        """What later rounds need beside: the value's transpose, and S_n of a round."""
        made, witness = dict(made), dict(witness)
        transposed = self._own(transposed=True)
        made[transposed] = self._start_sum(begun, transposed=True)
        witness[transposed] = self._witness("value", [first], transposed=True)
        constant = self.two.constant
        if not constant:
            return made, witness
        _, added = polynomials(self.two, once)
        names = next(names for value, _, names in begun if value is constant)
        for side in (False, True):
            name = self._total(transposed=side)
            made[name] = self._start_sum([(constant, added, names)], transposed=side)
            witness[name] = self._witness("sum", [once], transposed=side)
        return made, witness

    def _round(self, once: int, done: int) -> tuple[dict[str, str], Json]:
        """X ← pⁿ(X) + S_n, and its transpose for the round after it."""
        moved, _ = polynomials(self.two, once)
        plain, other = self._own(transposed=False), self._own(transposed=True)
        made: dict[str, str] = {}
        witness: Json = {}
        for transposed in (False, True):
            texts = (other, plain) if transposed else (plain, other)
            terms = self._sum(moved, *texts, transposed=transposed)
            if self.totals:
                terms.append(self._total(transposed=transposed))
            name = self._own(transposed=transposed)
            made[name] = " + ".join(terms)
            witness[name] = self._witness("value", [once, done], transposed=transposed)
        return made, witness

    def _witness(self, kind: str, counts: list[int], *, transposed: bool) -> Json:
        of = [self.carried.variable] * {"left": 2, "right": 0}.get(kind, 1)
        return {"kind": kind, "of": of, "turned": transposed, "counts": counts}

    def _multiplied(self, value: Terms, name: str) -> tuple[str, str]:
        """What is multiplied from both sides, and its transpose; a product is materialised."""
        texts = terms_text(value), terms_text(self.transpose(value))
        if _is_simple(value):
            return f"({texts[0]})", f"({texts[1]})"
        names = self._free(name), self._free(f"{name}t")
        self.first |= dict(zip(names, texts, strict=True))
        return names

    def _powers(self, count: int) -> list[tuple[dict[str, str], Json]]:
        """The blocks that make Aⁱ, Bʲ and what they need transposed, up to ``count``."""
        families = {
            self._canonical(Materialised(kind, 1, transposed))
            for kind in SIDES
            for transposed in (False, True)
        }
        blocks: list[tuple[dict[str, str], Json]] = []
        bases = [one for one in sorted(families) if not _is_simple(self._terms(one))]
        if bases:
            first = {self._name(one): terms_text(self._terms(one)) for one in bases}
            blocks.append((first, {}))
        largest = 1
        while largest < count:
            following = min(3 * largest, count)
            texts: dict[str, str] = {}
            witness: Json = {}
            for family in sorted(families):
                for power in range(largest + 1, following + 1):
                    counts = _counts(power, largest)
                    one = family._replace(power=power)
                    texts[self._name(one)] = self._product(one, counts)
                    witness[self._name(one)] = self._witness(
                        one.kind, counts, transposed=one.transposed
                    )
            blocks.append((texts, witness))
            largest = following
        if self.first:
            blocks[:1] = (
                [(blocks[0][0] | self.first, blocks[0][1])] if blocks else [(self.first, {})]
            )
        return blocks

    def _product(self, one: Materialised, counts: list[int]) -> str:
        """A power as a product of two or three; what is transposed is multiplied in turn."""
        order = counts[::-1] if one.transposed else counts
        factors = [self._text(one._replace(power=power)) for power in order]
        if len(factors) == 3:
            middle = one._replace(power=order[1], transposed=not one.transposed)
            factors[1] = f"{self._text(middle)}'"
        return "*".join(factors)

    def _sum(self, weights: Weights, plain: str, other: str, *, transposed: bool) -> list[str]:
        """Σᵢ Aⁱ·value·(Σⱼ weight·Bʲ); transposed, of ``plain`` = value': Σⱼ (B')ʲ·value'·(Σᵢ …)."""
        first, last = ("right", "left") if transposed else ("left", "right")
        found = []
        for i, row in sorted((_by_other(weights) if transposed else weights).items()):
            parts: list[tuple[Scalar, str]] = [
                (Number(number), self._text(Materialised(last, j, transposed)) if j else IDENTITY)
                for j, number in sorted(row.items())
            ]
            left = [self._text(Materialised(first, i, transposed))] if i else []
            if set(row) == {0}:
                found.append(sum_text([(Number(row[0]), "*".join([*left, plain]))]))
            else:
                middle = f"{other}'" if left else plain
                found.append("*".join([*left, middle, f"({sum_text(parts)})"]))
        return found

    # -- what is materialised ----------------------------------------------------------------------

    def _canonical(self, one: Materialised) -> Materialised:
        """Of powers that are equal, the one that is materialised."""
        if one.kind == "right" and self.adjoint:
            one = Materialised("left", one.power, not one.transposed)
        return one._replace(transposed=one.transposed and not self.symmetric[one.kind])

    def _terms(self, one: Materialised) -> Terms:
        terms = self.two.left if one.kind == "left" else self.two.right
        return self.transpose(terms) if one.transposed else terms

    def _text(self, one: Materialised) -> str:
        """The name, or the base itself where it is made of inputs as they are."""
        one = self._canonical(one)
        if one.power == 1 and _is_simple(self._terms(one)):
            return f"({terms_text(self._terms(one))})"
        return self._name(one)

    def _name(self, one: Materialised) -> str:
        if one not in self.names:
            base = SIDES[one.kind] + ("t" if one.transposed else "")
            self.names[one] = self._free(f"{base}{one.power}")
        return self.names[one]

    def _free(self, name: str) -> str:
        found = free_name(name, self.taken)
        self.taken.add(found)
        return found


def _by_other(weights: Weights) -> Weights:
    """By j, then by i."""
    found: Weights = {}
    for i, row in weights.items():
        for j, number in row.items():
            found.setdefault(j, {})[i] = number
    return found


def _counts(power: int, largest: int) -> list[int]:
    """Two or three counts up to ``largest``."""
    first = min(largest, power - 1)
    second = min(largest, power - first)
    return [one for one in (first, second, power - first - second) if one]


def _is_simple(terms: Terms) -> bool:
    """Made of inputs as they are, without a product."""
    return all(len(word) <= 1 for word in terms)
