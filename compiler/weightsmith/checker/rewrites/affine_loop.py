"""A loop whose body is affine in what it carries, as a block matrix.

The carried variables are brought to one side: s_i is the variable or, where it is said to be
transposed, its transpose.  A pass is then

    s_i ← Σ_j L_ij · s_j · R + c_i,

L_ij, R and c_i polynomials in the inputs, R the same for all.  With (L s)_i = Σ_j L_ij s_j it is
s ← L s R + c, and after n passes

    s = Lⁿ s₀ Rⁿ + S_n,    S_n = Σ_{k<n} Lᵏ c Rᵏ.

In a ``for`` loop L and c have the numbers of the pass, and R is 1.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import Letter, Polynomial, Word, word_key
from weightsmith.checker.reading.refusal import require
from weightsmith.checker.semantics.meaning import Loop
from weightsmith.dsl.numbers.scalars import free_symbols
from weightsmith.dsl.program.letters import variable_of

Entry = tuple[str, str]
Terms = dict[Word, Rational]


@dataclass(frozen=True, slots=True)
class AffineLoop:
    """The step, by variables: ``rows`` has their row axes.

    ``letters`` (transposed where the variable is), ``constant`` and ``start`` are by the letters'
    names: a variable on tokens has one for each group.  ``passes`` has the numbers of each pass of
    a ``for`` loop, symbols in L and c; it is empty for others.
    """

    rows: Mapping[str, str]
    letters: Mapping[str, Letter]
    left: Mapping[Entry, Polynomial]
    right: Mapping[Word, Rational]
    constant: Mapping[str, Polynomial]
    start: Mapping[str, Polynomial]
    passes: tuple[Mapping[str, Rational], ...] = ()

    def right_of(self, columns: str) -> Polynomial:
        """R on this axis."""
        field = next(iter(self.start.values())).field
        result = Polynomial.zero(field, columns, columns)
        for word, number in self.right.items():
            part = Polynomial.identity(field, columns).scaled(number)
            for letter in word:
                part = part @ Polynomial.letter(field, letter)
            result = result + part
        return result


Linear = dict[tuple[Word, Letter, Word], Rational]  # left, the carried letter, right


@dataclass(frozen=True, slots=True)
class Sided:
    """The letters on one side, and what becomes of each in a pass: a constant and the rest."""

    letters: Mapping[str, Letter]
    start: Mapping[str, Polynomial]
    leaving: Mapping[str, Polynomial]
    constant: Mapping[str, Polynomial]
    linear: Mapping[str, Linear]

    @property
    def rows(self) -> dict[str, str]:
        return {variable_of(name): letter.rows for name, letter in self.letters.items()}


def read_sided(loop: Loop, transposed: Collection[str]) -> Sided:
    """Raises RefusedError where a pass is not affine."""
    require(not loop.children, f"Loop {loop.index} has a loop within it.")
    require(bool(loop.letters), f"Loop {loop.index} carries nothing.")

    def sided(values: Mapping[str, Polynomial]) -> dict[str, Polynomial]:
        return {
            name: value.transpose() if variable_of(name) in transposed else value
            for name, value in values.items()
        }

    letters = {
        name: letter.transpose() if variable_of(name) in transposed else letter
        for name, letter in loop.letters.items()
    }
    require(not any(letter.symmetric for letter in letters.values()), "A letter is symmetric.")
    leaving = sided(loop.leaving)
    parts = {name: _parts(value, letters) for name, value in leaving.items()}
    constant = {name: one for name, (one, _) in parts.items()}
    linear = {name: one for name, (_, one) in parts.items()}
    return Sided(letters, sided(loop.entering), leaving, constant, linear)


def read_affine_loop(loop: Loop, transposed: Collection[str]) -> AffineLoop:
    """Raises RefusedError where a pass is of another kind."""
    sided = read_sided(loop, transposed)
    field = next(iter(sided.start.values())).field
    left, right = _factors(sided.linear, sided.letters, field)
    require(not numbers_around(loop), f"Loop {loop.index} has the numbers of a loop around it.")
    passes = numbers_of_passes(loop, field)
    found = AffineLoop(sided.rows, sided.letters, left, right, sided.constant, sided.start, passes)
    for name, value in sided.leaving.items():
        same = _after_a_pass(found, name).equals(value)
        require(same, f"A pass is not L*s*R + c in '{name}', with one R for all.")
    return found


def numbers_around(loop: Loop) -> frozenset[str]:
    """Numbers of loops around it that a pass has, and which change from pass to pass of these."""
    field = next(iter(loop.leaving.values())).field
    numbers = [one for value in loop.leaving.values() for one in value.terms.values()]
    numbers += [field.read(one) for values in loop.schedule.values() for one in values]
    found = {name for number in numbers for name in field.names_in(number)}
    found |= free_symbols(loop.count)
    return frozenset(found & set(field.variables) - loop.schedule.keys())


def numbers_of_passes(loop: Loop, field: Field) -> tuple[dict[str, Rational], ...]:
    """Those of each pass of a ``for`` loop."""
    rows = zip(*loop.schedule.values(), strict=True)
    return tuple(dict(zip(loop.schedule, map(field.read, row), strict=True)) for row in rows)


def _parts(value: Polynomial, letters: Mapping[str, Letter]) -> tuple[Polynomial, Linear]:
    constant: Terms = {}
    linear: Linear = {}
    for word, number in value.terms.items():
        places = [at for at, letter in enumerate(word) if letter.name in letters]
        require(len(places) <= 1, "A pass is not affine in what the loop carries.")
        if not places:
            constant[word] = number
            continue
        (at,) = places
        sided = word[at] == letters[word[at].name]
        require(sided, f"'{word[at].name}' stands in a pass as it is and transposed.")
        linear[word[:at], word[at], word[at + 1 :]] = number
    return Polynomial(value.field, value.rows, value.columns, constant), linear


def _factors(
    linear: Mapping[str, Linear], letters: Mapping[str, Letter], field: Field
) -> tuple[dict[Entry, Polynomial], dict[Word, Rational]]:
    """L and R, if there are any: what stands left of one right word, and right of one left word.

    The first word of R has the coefficient 1; but an L that is one number is 1, if R is not.
    """
    pivot = next(((name, one) for name, parts in linear.items() for one in parts), None)
    if pivot is None:
        return {}, {(): field.one}
    name, (first, letter, last) = pivot
    beside = {w: c for (u, s, w), c in linear[name].items() if (u, s) == (first, letter)}
    scale = beside[min(beside, key=_order)]
    unit = scale.inverse() * beside[last]  # what L must be multiplied with, at the pivot's R
    left: dict[Entry, Terms] = {}
    for after, parts in linear.items():
        for (u, before, w), number in parts.items():
            if w == last:
                terms = left.setdefault((variable_of(after), variable_of(before.name)), {})
                terms[u] = number / unit
    only = next(iter(left.values()))
    if len(_variables(letters)) == 1 and only.keys() == {()} != beside.keys():
        scale = scale / only.pop(())
        only[()] = field.one
    right = {w: number / scale for w, number in beside.items()}
    rows = {variable_of(name): one.rows for name, one in letters.items()}
    return {(i, j): Polynomial(field, rows[i], rows[j], t) for (i, j), t in left.items()}, right


def _variables(letters: Mapping[str, Letter]) -> frozenset[str]:
    """The variables of some letters."""
    return frozenset(map(variable_of, letters))


def _order(word: Word) -> tuple[int, list[str]]:
    return len(word), word_key(word)


def _after_a_pass(loop: AffineLoop, name: str) -> Polynomial:
    """Σ_j L_ij · s_j · R + c_i, of the letters on the same tokens."""
    result = loop.constant[name]
    row, columns = variable_of(name), loop.letters[name].columns
    there = {variable_of(other) for other, one in loop.letters.items() if one.columns == columns}
    needed = {j for i, j in loop.left if i == row}
    require(needed <= there, f"'{name}' depends on a variable that has no value on its tokens.")
    for other, letter in loop.letters.items():
        entry = row, variable_of(other)
        if entry in loop.left and letter.columns == columns:
            value = Polynomial.letter(result.field, letter)
            result = result + loop.left[entry] @ value @ loop.right_of(columns)
    return result
