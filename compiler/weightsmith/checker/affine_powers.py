"""Lⁿ, Rⁿ, S_n and s_n of an affine loop: letters that stand for them, and sums of counts.

For counts that add up,

    L^(a+b) = Lᵃ·Lᵇ,   R^(a+b) = Rᵃ·Rᵇ,
    S_(a+b) = S_a + Lᵃ·S_b·Rᵃ,   s_(a+b) = S_a + Lᵃ·s_b·Rᵃ,

which is all that is used of them, and that they are symmetric:

    L' = L  ⇒  (Lⁿ)' = Lⁿ (of blocks: (Lⁿ_ij)' = Lⁿ_ji), and so for R;
    R = L'  ⇒  Rⁿ = (Lⁿ)', and S_n, s_n are symmetric where c, and s₀ and c, are.

What has a short form is no letter: n ≤ 1, entries that are zero, powers of numbers, and the rows of
the identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

from weightsmith.checker.affine_loop import AffineLoop, Entry, variable_of
from weightsmith.checker.refusal import require
from weightsmith.checker.words import Letter, Polynomial, Word

MAX_COUNT = 10**17
Matrix = dict[Entry, Polynomial]  # no zero entries
Vector = dict[str, Polynomial]  # by the names of the loop's letters
Counts = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What a block holds: an entry of Lⁿ, Rⁿ, or of a letter S_n or s_n; n is Σ counts.

    ``turned``: the block has its transpose.  ``loop`` is the loop of the script.
    """

    kind: str  # left, right, sum or value
    row: str
    column: str
    turned: bool
    counts: Counts
    loop: int = 0


class AffinePowers:
    """Of one loop; every value is a polynomial in inputs and in the letters of this class.

    ``mark`` is put before the names of its letters, to tell loops apart.
    """

    def __init__(self, loop: AffineLoop, mark: str = "") -> None:
        self.loop, self._mark = loop, mark
        self.field = next(iter(loop.start.values())).field
        self._moves = _of_numbers(loop.left)  # then its powers are numbers too
        self._patterns: dict[int, frozenset[Entry]] = {1: frozenset(loop.left)}
        constants = loop.constant.items()
        added = frozenset(variable_of(name) for name, value in constants if not value.is_zero)
        self._unchanged = frozenset(filter(self._is_unchanged, loop.rows))
        self._sums = {1: added}
        self._vectors: dict[tuple[str, Counts], Vector] = {}
        self._matrices: dict[Counts, Matrix] = {}
        self._symmetric = all(
            (j, i) in loop.left and loop.left[j, i].equals(value.transpose())
            for (i, j), value in loop.left.items()
        )
        self._adjoint = self._is_adjoint()
        self._symmetric_sums = self._adjoint and _are_symmetric(loop.constant.values())
        self._symmetric_values = self._symmetric_sums and _are_symmetric(loop.start.values())

    def _is_unchanged(self, row: str) -> bool:
        """Is the row of L, and so that of all its powers, that of the identity?"""
        entries = {j: value for (i, j), value in self.loop.left.items() if i == row}
        return entries.keys() == {row} and entries[row].equals(self._identity(self.loop.rows[row]))

    def _is_adjoint(self) -> bool:
        """Of one letter, is R = L'?"""
        letters, entries = list(self.loop.letters.values()), list(self.loop.left.values())
        if len(letters) != 1 or letters[0].rows != letters[0].columns:
            return False
        return self.loop.right_of(letters[0].columns).equals(entries[0].transpose())

    # -- what has a short form, or is a letter -----------------------------------------------------

    def left(self, count: int) -> Matrix:
        """Lⁿ."""
        if count == 0:
            return {(i, i): self._identity(axis) for i, axis in self.loop.rows.items()}
        if count == 1:
            return dict(self.loop.left)
        if self._moves:
            half = self.left(count // 2)
            square = self._product(half, half)
            return self._product(square, self.loop.left) if count % 2 else square
        return {entry: self._left_letter(count, *entry) for entry in self._pattern(count)}

    def _left_letter(self, count: int, row: str, column: str) -> Polynomial:
        if row in self._unchanged:
            return self._identity(self.loop.rows[row])
        if self._symmetric and row > column:
            return self._left_letter(count, column, row).transpose()
        rows, name = self.loop.rows, f"left^{count}[{row},{column}]"
        symmetric = self._symmetric and row == column
        return self._letter(name, rows[row], rows[column], symmetric)

    def right(self, count: int, columns: str) -> Polynomial:
        """Rⁿ on an axis."""
        if self._adjoint:
            (entry,) = self.left(count).values()
            return entry.transpose()
        if set(self.loop.right) == {()}:
            number = self.loop.right[()]
            return self._identity(columns).scaled(number if number.is_one else number**count)
        if count <= 1:
            return self.loop.right_of(columns) if count else self._identity(columns)
        step = self.loop.right_of(columns)
        symmetric = step.equals(step.transpose())
        return self._letter(f"right^{count}", columns, columns, symmetric)

    def sums(self, count: int) -> Vector:
        """S_n."""
        letters = self.loop.letters
        if count == 0:
            return {name: self._zero(name) for name in letters}
        if count == 1:
            return dict(self.loop.constant)
        added = self._added(count)
        return {
            name: self._letter(f"sum^{count}[{name}]", one.rows, one.columns, self._symmetric_sums)
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
                f"value^{count}[{name}]", one.rows, one.columns, self._symmetric_values
            )
            for name, one in self.loop.letters.items()
        }

    # -- sums of counts ------------------------------------------------------------------------

    def held(self, what: Held, letter: Letter) -> Polynomial:
        """The value that a block is said to hold; ``letter`` is the block's, for its tokens."""
        total = sum(what.counts)
        if what.kind == "left":
            return self._entry(self.left(total), what)
        if what.kind == "right":
            return self.right(total, letter.columns)
        vector = self.sums(total) if what.kind == "sum" else self.values(total)
        return self._of(vector, what, letter)

    def expanded(self, what: Held, letter: Letter) -> Polynomial:
        """The same by its counts."""
        _check_counts(what.counts)
        if what.kind == "left":
            return self._entry(self._product_of(what.counts), what)
        if what.kind == "right":
            powers = [self.right(count, letter.columns) for count in what.counts]
            return reduce(Polynomial.__matmul__, powers)
        if what.kind == "value":
            return self._of(self.expanded_values(what.counts), what, letter)
        return self._of(self._sum_of(what.counts), what, letter)

    def expanded_values(self, counts: Counts) -> Vector:
        """s_n by its counts."""
        _check_counts(counts)
        return self._expanded("value", counts, lambda: self.values(counts[-1]))

    def _sum_of(self, counts: Counts) -> Vector:
        return self._expanded("sum", counts, lambda: self.sums(counts[-1]))

    def _expanded(self, kind: str, counts: Counts, last: Callable[[], Vector]) -> Vector:
        """Once for all entries that a block holds by the same counts."""
        if (kind, counts) not in self._vectors:
            self._vectors[kind, counts] = self._moved_by(last(), counts)
        return self._vectors[kind, counts]

    def _product_of(self, counts: Counts) -> Matrix:
        if counts not in self._matrices:
            self._matrices[counts] = reduce(self._product, map(self.left, counts))
        return self._matrices[counts]

    def after(self, count: int, start: Vector) -> Vector:
        """Lⁿ·start·Rⁿ + S_n."""
        return self._moved(start, count)

    def _moved_by(self, vector: Vector, counts: Counts) -> Vector:
        for count in reversed(counts[:-1]):
            vector = self._moved(vector, count)
        return vector

    def _moved(self, vector: Vector, count: int) -> Vector:
        """S_a + Lᵃ·vector·Rᵃ."""
        left, result = self.left(count), self.sums(count)
        for name, letter in self.loop.letters.items():
            right = self.right(count, letter.columns)
            for other, value in vector.items():
                entry = variable_of(name), variable_of(other)
                if entry in left and self.loop.letters[other].columns == letter.columns:
                    result[name] = result[name] + left[entry] @ value @ right
        return result

    # -- helpers ---------------------------------------------------------------------------------

    def _entry(self, matrix: Matrix, what: Held) -> Polynomial:
        rows = self.loop.rows
        require({what.row, what.column} <= rows.keys(), "A block holds no entry of L.")
        zero = Polynomial.zero(self.field, rows[what.row], rows[what.column])
        return matrix.get((what.row, what.column), zero)

    def _of(self, vector: Vector, what: Held, letter: Letter) -> Polynomial:
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
            for (other, j), right in second.items():
                if k == other:
                    term = left @ right
                    result[i, j] = result[i, j] + term if (i, j) in result else term
        return {entry: value for entry, value in result.items() if not value.is_zero}

    def _pattern(self, count: int) -> frozenset[Entry]:
        """Where Lⁿ may be other than zero."""
        if count not in self._patterns:
            half, rest = self._pattern(count // 2), self._pattern(count - count // 2)
            self._patterns[count] = frozenset(
                (i, j) for i, k in half for other, j in rest if k == other
            )
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


def _check_counts(counts: Counts) -> None:
    require(1 <= len(counts) <= 3, "A value is held by one to three counts.")
    require(all(0 <= n <= MAX_COUNT for n in counts), "A count is out of range.")


def _of_numbers(matrix: Mapping[Entry, Polynomial]) -> bool:
    """Is every entry a multiple of the identity?"""
    unit: Word = ()
    return all(set(value.terms) <= {unit} for value in matrix.values())


def _are_symmetric(values: Iterable[Polynomial]) -> bool:
    return all(value.equals(value.transpose()) for value in values)
