"""Lⁿ, Rⁿ, S_n and s_n of an affine loop: letters that stand for them, and sums of counts.

For counts that add up,

    L^(a+b) = Lᵃ·Lᵇ,   R^(a+b) = Rᵃ·Rᵇ,
    S_(a+b) = S_a + Lᵃ·S_b·Rᵃ,   s_(a+b) = S_a + Lᵃ·s_b·Rᵃ,

which is all that is used of them, and that they are symmetric:

    L' = L  ⇒  (Lⁿ)' = Lⁿ (of blocks: (Lⁿ_ij)' = Lⁿ_ji), and so for R;
    R = L'  ⇒  Rⁿ = (Lⁿ)', and S_n, s_n are symmetric where c, and s₀ and c, are.

In a ``for`` loop they are those of passes first, first + 1, …; Lᵃ of the sum is then of the later
passes, S_b and s_b are of the earlier ones (s_b of the first), and nothing is taken for symmetric.

What has a short form is no letter: n ≤ 1, entries that are zero, powers of numbers, and the rows of
the identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

from weightsmith.checker.algebra.rational import Rational
from weightsmith.checker.algebra.words import Letter, Polynomial, Word
from weightsmith.checker.reading.refusal import require
from weightsmith.checker.rewrites.affine_loop import AffineLoop, Entry
from weightsmith.dsl.program.letters import variable_of

MAX_COUNT = 10**17
Matrix = dict[Entry, Polynomial]  # no zero entries
Vector = dict[str, Polynomial]  # by the names of the loop's letters
Counts = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Materialised:
    """What a block holds: an entry of Lⁿ, Rⁿ, or of a letter S_n or s_n; n is Σ counts.

    ``transposed``: the block has its transpose.  ``loop`` is the loop of the script, ``first`` the
    pass from which Lⁿ and S_n are, in a ``for`` loop.
    """

    kind: str  # left, right, sum or value
    row: str
    column: str
    transposed: bool
    counts: Counts
    loop: int = 0
    first: int = 0


class AffinePowers:
    """Of one loop; every value is a polynomial in inputs and in the letters of this class.

    ``mark`` is put before the names of its letters, to tell loops apart.  ``named``: also L, R and
    c are letters, but where they are written out to be compared (n = 1).
    """

    def __init__(self, loop: AffineLoop, mark: str = "", *, named: bool = False) -> None:
        self.loop, self._mark, self._named = loop, mark, named
        self.field = next(iter(loop.start.values())).field
        self._passes = loop.passes
        plain = set(loop.right) == {()} and loop.right[()].is_one
        require(plain or not loop.passes, "A pass of a 'for' loop multiplies from the right.")
        self._moves = _of_numbers(loop.left)  # then its powers are numbers too
        self._patterns: dict[int, frozenset[Entry]] = {1: frozenset(loop.left)}
        constants = loop.constant.items()
        added = frozenset(variable_of(name) for name, value in constants if not value.is_zero)
        self._unchanged = frozenset(filter(self._is_unchanged, loop.rows))
        self._sums = {1: added}
        self._vectors: dict[tuple[str, Counts, int], Vector] = {}
        self._matrices: dict[tuple[Counts, int], Matrix] = {}
        self._number_matrices: dict[tuple[int, int], Matrix] = {}
        self.symmetric = not loop.passes and all(
            (j, i) in loop.left and loop.left[j, i].equals(value.transpose())
            for (i, j), value in loop.left.items()
        )
        self.adjoint = self._is_adjoint()
        self.symmetric_sums = self.adjoint and _are_symmetric(loop.constant.values())
        self.symmetric_values = self.symmetric_sums and _are_symmetric(loop.start.values())

    def _is_unchanged(self, row: str) -> bool:
        """Is the row of L, and so that of all its powers, that of the identity?"""
        entries = {j: value for (i, j), value in self.loop.left.items() if i == row}
        return entries.keys() == {row} and entries[row].equals(self._identity(self.loop.rows[row]))

    def _is_adjoint(self) -> bool:
        """Of one letter, is R = L'?"""
        letters, entries = list(self.loop.letters.values()), list(self.loop.left.values())
        if len(letters) != 1 or len(entries) != 1 or letters[0].rows != letters[0].columns:
            return False
        return self.loop.right_of(letters[0].columns).equals(entries[0].transpose())

    # -- what has a short form, or is a letter -----------------------------------------------------

    def left(self, count: int, first: int = 0) -> Matrix:
        """Lⁿ."""
        if count == 0:
            return {(i, i): self._identity(axis) for i, axis in self.loop.rows.items()}
        if count == 1 and (self._moves or not self._named):
            numbers = self._numbers(first)
            step = {entry: value.at(numbers) for entry, value in self.loop.left.items()}
            return {entry: value for entry, value in step.items() if not value.is_zero}
        if self._moves:
            return self._left_of_numbers(count, first if self._passes else 0)
        mark = self._interval("left", count, first)
        return {entry: self._left_letter(mark, *entry) for entry in self._pattern(count)}

    def _left_of_numbers(self, count: int, first: int) -> Matrix:
        if (count, first) not in self._number_matrices:
            half = count // 2
            later = self.left(count - half, first + half)
            matrix = self._product(later, self.left(half, first))
            self._number_matrices[count, first] = matrix
        return self._number_matrices[count, first]

    def _left_letter(self, mark: str, row: str, column: str) -> Polynomial:
        if row in self._unchanged:
            return self._identity(self.loop.rows[row])
        if self.symmetric and row > column:
            return self._left_letter(mark, column, row).transpose()
        rows = self.loop.rows
        symmetric = self.symmetric and row == column
        return self._letter(f"{mark}[{row},{column}]", rows[row], rows[column], symmetric)

    def _numbers(self, place: int) -> Mapping[str, Rational]:
        """Those of a pass of a ``for`` loop."""
        if not self._passes:
            return {}
        require(0 <= place < len(self._passes), "There is no such pass of the loop.")
        return self._passes[place]

    def _interval(self, kind: str, count: int, first: int) -> str:
        """The name of letters that stand for some passes."""
        if not self._passes:
            return f"{kind}^{count}"
        self._numbers(first)
        self._numbers(first + count - 1)
        return f"{kind}^{count} from {first}"

    def right(self, count: int, columns: str) -> Polynomial:
        """Rⁿ on an axis."""
        if self.adjoint:
            (entry,) = self.left(count).values()
            return entry.transpose()
        if set(self.loop.right) == {()}:
            number = self.loop.right[()]
            return self._identity(columns).scaled(number if number.is_one else number**count)
        if count == 0 or (count == 1 and not self._named):
            return self.loop.right_of(columns) if count else self._identity(columns)
        step = self.loop.right_of(columns)
        symmetric = step.equals(step.transpose())
        return self._letter(f"right^{count}", columns, columns, symmetric)

    def sums(self, count: int, first: int = 0) -> Vector:
        """S_n."""
        letters = self.loop.letters
        if count == 0:
            return {name: self._zero(name) for name in letters}
        if count == 1 and not self._named:
            numbers = self._numbers(first)
            return {name: value.at(numbers) for name, value in self.loop.constant.items()}
        added, mark = self._added(count), self._interval("sum", count, first)
        return {
            name: self._letter(f"{mark}[{name}]", one.rows, one.columns, self.symmetric_sums)
            if variable_of(name) in added
            else self._zero(name)
            for name, one in letters.items()
        }

    def values(self, count: int) -> Vector:
        """s_n."""
        if count == 0:
            return dict(self.loop.start)
        return {
            name: self._letter(
                f"value^{count}[{name}]", one.rows, one.columns, self.symmetric_values
            )
            for name, one in self.loop.letters.items()
        }

    # -- sums of counts ------------------------------------------------------------------------

    def held(self, what: Materialised, letter: Letter) -> Polynomial:
        """The value that a block is said to hold; ``letter`` is the block's, for its tokens."""
        total = sum(what.counts)
        if what.kind == "left":
            return self._entry(self.left(total, what.first), what)
        if what.kind == "right":
            return self.right(total, letter.columns)
        sums = what.kind == "sum"
        vector = self.sums(total, what.first) if sums else self.values(total)
        return self._of(vector, what, letter)

    def expanded(self, what: Materialised, letter: Letter) -> Polynomial:
        """The same by its counts."""
        check_counts(what.counts)
        if self._named and sum(what.counts) == 1:
            return AffinePowers(self.loop, self._mark).expanded(what, letter)
        if what.kind == "left":
            return self._entry(self._product_of(what.counts, what.first), what)
        if what.kind == "right":
            powers = [self.right(count, letter.columns) for count in what.counts]
            return reduce(Polynomial.__matmul__, powers)
        if what.kind == "value":
            return self._of(self.expanded_values(what.counts), what, letter)
        counts, first = what.counts, what.first
        last = self.sums(counts[-1], first)
        return self._of(self._expanded("sum", counts, first, last), what, letter)

    def expanded_values(self, counts: Counts) -> Vector:
        """s_n by its counts."""
        check_counts(counts)
        return self._expanded("value", counts, 0, self.values(counts[-1]))

    def _expanded(self, kind: str, counts: Counts, first: int, last: Vector) -> Vector:
        """Once for all entries that a block holds by the same counts."""
        key = kind, counts, first
        if key not in self._vectors:
            for count, at in list(zip(counts, _firsts(counts, first), strict=True))[-2::-1]:
                last = self._moved(last, count, at)
            self._vectors[key] = last
        return self._vectors[key]

    def _product_of(self, counts: Counts, first: int) -> Matrix:
        key = counts, first
        if key not in self._matrices:
            matrices = map(self.left, counts, _firsts(counts, first))
            self._matrices[key] = reduce(self._product, matrices)
        return self._matrices[key]

    def after(self, count: int, start: Vector) -> Vector:
        """Lⁿ·start·Rⁿ + S_n."""
        return self._moved(start, count)

    def _moved(self, vector: Vector, count: int, first: int = 0) -> Vector:
        """S_a + Lᵃ·vector·Rᵃ."""
        left, result = self.left(count, first), self.sums(count, first)
        for name, letter in self.loop.letters.items():
            right = self.right(count, letter.columns)
            for other, value in vector.items():
                entry = variable_of(name), variable_of(other)
                if entry in left and self.loop.letters[other].columns == letter.columns:
                    result[name] = result[name] + left[entry] @ value @ right
        return result

    # -- helpers ---------------------------------------------------------------------------------

    def _entry(self, matrix: Matrix, what: Materialised) -> Polynomial:
        rows = self.loop.rows
        require({what.row, what.column} <= rows.keys(), "A block holds no entry of L.")
        zero = Polynomial.zero(self.field, rows[what.row], rows[what.column])
        return matrix.get((what.row, what.column), zero)

    def _of(self, vector: Vector, what: Materialised, letter: Letter) -> Polynomial:
        """The part of a variable that stands on the tokens of the block's letter."""
        require(what.kind in ("sum", "value"), f"There is no kind '{what.kind[:20]}'.")
        found = [
            vector[name]
            for name, one in self.loop.letters.items()
            if variable_of(name) == what.row and one.columns == letter.columns
        ]
        require(len(found) == 1, "A block holds no value of the loop.")
        return found[0]

    def _product(
        self, first: Mapping[Entry, Polynomial], second: Mapping[Entry, Polynomial]
    ) -> Matrix:
        result: Matrix = {}
        for (i, k), left in first.items():
            self.field.budget.spend(1 + len(second) // 8)
            for (other, j), right in second.items():
                if k == other:
                    term = left @ right
                    result[i, j] = result[i, j] + term if (i, j) in result else term
        return {entry: value for entry, value in result.items() if not value.is_zero}

    def _pattern(self, count: int) -> frozenset[Entry]:
        """Where Lⁿ may be other than zero."""
        if count not in self._patterns:
            half, rest = self._pattern(count // 2), self._pattern(count - count // 2)
            rows: dict[str, list[str]] = {}
            for i, j in rest:
                rows.setdefault(i, []).append(j)
            found: set[Entry] = set()
            for i, k in half:
                self.field.budget.spend(1 + len(rows.get(k, ())))
                found.update((i, j) for j in rows.get(k, ()))
            self._patterns[count] = frozenset(found)
        return self._patterns[count]

    def _added(self, count: int) -> frozenset[str]:
        """The variables whose S_n may be other than zero."""
        if count not in self._sums:
            half = count // 2
            first, rest = self._added(half), self._added(count - half)
            pattern = self._pattern(half)
            self._sums[count] = first | {i for i, j in pattern if j in rest}
        return self._sums[count]

    def _identity(self, axis: str) -> Polynomial:
        return Polynomial.identity(self.field, axis)

    def _zero(self, name: str) -> Polynomial:
        letter = self.loop.letters[name]
        return Polynomial.zero(self.field, letter.rows, letter.columns)

    def _letter(self, name: str, rows: str, columns: str, symmetric: bool) -> Polynomial:
        return Polynomial.letter(self.field, Letter(self._mark + name, rows, columns, symmetric))


def check_counts(counts: Counts) -> None:
    require(1 <= len(counts) <= 3, "A value is held by one to three counts.")
    require(all(0 <= n <= MAX_COUNT for n in counts), "A count is out of range.")


def _firsts(counts: Counts, first: int) -> list[int]:
    """The first pass of each: the last count is of the earliest passes."""
    return [first + sum(counts[at + 1 :]) for at in range(len(counts))]


def _of_numbers(matrix: Mapping[Entry, Polynomial]) -> bool:
    """Is every entry a multiple of the identity?"""
    unit: Word = ()
    return all(set(value.terms) <= {unit} for value in matrix.values())


def _are_symmetric(values: Iterable[Polynomial]) -> bool:
    return all(value.equals(value.transpose()) for value in values)
