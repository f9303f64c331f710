"""The scalar map of a loop; and f against f*.

Most rules compare the scalar f with f* of the target by the error e = 1 − f/f*.  With f*^root =
power, write s for f*, and put f = (1 − e)·s into a pass.  What comes out is a polynomial in s,
reduced by s^root = power.  If it is (1 − e′)·s, nothing left over, a pass takes e to e′.  That is
right at every λ at which f* is defined and not zero: s^root = power is all that is used of f*.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import accumulate
from weightsmith.checker.reading.refusal import require
from weightsmith.checker.semantics.meaning import Loop
from weightsmith.checker.spectra.spectral import LAMBDA, Form, FormScalariser
from weightsmith.checker.spectra.targets import FUNCTION

ERROR = "e"
PREVIOUS = "#previous"
INTERNAL = (LAMBDA, ERROR, PREVIOUS, FUNCTION)  # variables beside the scalars' names


@dataclass(frozen=True, slots=True)
class Recurrence:
    """f₀ and f ← next(f, λ) for each scalar name of one loop.

    ``inner`` are those of the loops within it.  Where they begin, and what their passes do, may
    depend on the scalars of this loop, as they are in its pass.  In ``following``, and in inner
    loops after it, the name of an inner scalar is what it is after the last pass of its loop, where
    it begins if there is none.
    """

    loop: Loop
    initial: Mapping[str, Rational]
    following: Mapping[str, Rational]
    inner: tuple[Recurrence, ...] = ()

    def whole(self) -> Iterator[Recurrence]:
        """This one, and those of all loops within it, in the order of the script."""
        yield self
        for one in self.inner:
            yield from one.whole()


def derive_recurrence(
    loop: Loop,
    forms: Mapping[str, tuple[Form, ...]],
    inner: tuple[Recurrence, ...],
    scalariser: FormScalariser,
    field: Field,
) -> Recurrence:
    """What takes every letter from its forms to its forms; all groups of tokens must agree."""
    initial: dict[str, Rational] = {}
    following: dict[str, Rational] = {}
    for letter, items in forms.items():
        start = scalariser.scalars(loop.entering[letter], items)
        after = scalariser.scalars(loop.leaving[letter], items)
        for scalars, known in ((start, initial), (after, following)):
            for name, value in scalars.items():
                same = known.setdefault(name, value) == value
                require(same, f"'{letter}' and another letter differ in {name}.")
    found = Recurrence(loop, initial, following, inner)
    carried = {name for one in found.whole() for name in one.initial}
    for name, value in initial.items():
        alone = field.names_in(value).isdisjoint({*carried, *INTERNAL} - {LAMBDA})
        require(alone, f"The initial value of '{name}' depends on a carried scalar.")
    return found


def reduce_root(value: Rational, root: int, power: Rational, field: Field) -> dict[int, Rational]:
    """Write a polynomial in s = power^(1/root) as Σ_{j < root} value_j · s^j, zeros left out."""
    result: dict[int, Rational] = {}
    for degree, coefficient in field.coefficients(value, FUNCTION).items():
        accumulate(result, degree % root, coefficient * power ** (degree // root))
    return result


def relative(value: Rational, root: int, power: Rational, field: Field) -> Rational:
    """value / s, where the value is a multiple of s = power^(1/root); refused if it is not."""
    reduced = reduce_root(value, root, power, field)
    if root == 1:
        return reduced.get(0, field.zero) / power
    require(set(reduced) <= {1}, "The recurrence mixes powers of the target's root.")
    return reduced.get(1, field.zero)


def only_in(value: Rational, variable: str, what: str, field: Field) -> None:
    """Require a polynomial in one variable, its coefficients free of all other variables."""
    used = field.names_in(value) & set(field.variables)
    require(used <= {variable}, f"{what} is not a polynomial in {variable} alone.")
    field.coefficients(value, variable)
