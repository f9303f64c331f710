"""How every hypothesis of a program is measured on data, whatever the numbers of its ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

from weightsmith.backends.measure.data import Data
from weightsmith.backends.measure.enclosure import (
    Enclosure,
    Interval,
    TooLargeError,
    product,
)
from weightsmith.backends.measure.evaluate import (
    Evaluator,
    Subject,
    UnknownValueError,
    subject,
)
from weightsmith.backends.measure.quantities import (
    Finding,
    Measured,
    Quantity,
    Verdict,
    entries,
    entries_within,
    norms,
    norms_within,
    size,
    slack_of,
)
from weightsmith.backends.measure.quick import compared, confined, confined_beside_constants
from weightsmith.backends.measure.ranges import in_range, orthogonal_to_constants
from weightsmith.backends.measure.spectra import (
    NoFactorError,
    Values,
    squares,
    weighted_eigenvalues,
)
from weightsmith.backends.measure.symmetry import symmetry
from weightsmith.dsl.numbers.scalars import ScalarError
from weightsmith.dsl.printing.hypotheses import (
    Definite,
    Hypothesis,
    Nonempty,
    Stated,
    Symmetric,
    presumed,
)
from weightsmith.dsl.printing.printer import node_text
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import nodes_of

Half: TypeAlias = tuple[Subject, tuple[str, ...]]
Split: TypeAlias = tuple[Subject, Subject, Half | None]
DEFINITE = "is positive definite"
CONSTANTS = "its kernel is the constants"
POSITIVE = Interval(Fraction(1, 2**500), None)


class Way(ABC):
    """How one hypothesis is measured: in full, or whether it is cheap to prove that it holds."""

    __slots__ = ()

    @abstractmethod
    def __call__(self, evaluator: Evaluator) -> Measured: ...

    @abstractmethod
    def within(self, evaluator: Evaluator, ends: Interval, gap: Interval | None) -> bool:
        """Is it proven to lie between two ends, and in no gap between these?

        Or to be off by no more than a rounding of the data.
        """


def measured(way: Way, evaluator: Evaluator) -> Measured:
    """Measure; what cannot be measured is a Finding that says why."""
    try:
        return way(evaluator)
    except (UnknownValueError, ScalarError) as reason:
        return Finding(Verdict.UNMEASURED, str(reason))
    except TooLargeError:
        return Finding(Verdict.UNMEASURED, "too large")
    except NoFactorError:
        return Finding(Verdict.UNMEASURED, "too near to singular")


def way_of(program: core.Program, hypothesis: Hypothesis) -> Way:
    """How a hypothesis of a program is measured; what does not depend on data is done here."""
    match hypothesis:
        case Symmetric(of=of):
            return _Symmetry(subject(of))
        case Definite(of=of):
            return _Definite(subject(of))
        case Nonempty(axis=axis):
            return _Size(axis)
        case Stated(assumption=assumption):
            return _stated(program, assumption)


def _stated(program: core.Program, assumption: core.Assumption) -> Way:
    match assumption:
        case core.SpectrumAssumption():
            return _spectrum(program, assumption)
        case core.RangeAssumption(value=value, operator=operator):
            return _Range(subject(value), subject(operator))
        case core.NormAssumption(of=name):
            return _OfData(name, norms, norms_within)
        case core.EntryAssumption(of=name):
            return _OfData(name, entries, entries_within)
        case core.SizeAssumption(axis=axis):
            return _Size(axis)


def holds(way: Way, evaluator: Evaluator, hull: Interval, gap: Interval | None) -> bool:
    """Is it cheap to prove that what is measured lies between two ends, and in no gap?

    Or that it is off by no more than roundings of the data.
    """
    try:
        return way.within(evaluator, hull, gap)
    except (UnknownValueError, ScalarError, TooLargeError):
        return False


def _quantity(values: Values, noun: str, of: Subject, evaluator: Evaluator) -> Quantity:
    return Quantity(values, noun, of.text, slack_of(values, evaluator.unit(of)))


@dataclass(frozen=True, slots=True)
class _Size(Way):
    """Tells how long a dimension is."""

    axis: str

    def __call__(self, evaluator: Evaluator) -> Quantity:
        return size(evaluator.data, self.axis)

    def within(self, evaluator: Evaluator, ends: Interval, gap: Interval | None) -> bool:
        low, high = ends.inner(0)
        return low <= evaluator.data.sizes.get(self.axis, -1) <= high


@dataclass(frozen=True, slots=True)
class _OfData(Way):
    """Measures the norms or the entries of an input."""

    name: str
    quantity: Callable[[Data, str], Quantity]
    is_within: Callable[[Data, str, Interval], bool]

    def __call__(self, evaluator: Evaluator) -> Quantity:
        return self.quantity(evaluator.data, self.name)

    def within(self, evaluator: Evaluator, ends: Interval, gap: Interval | None) -> bool:
        return self.is_within(evaluator.data, self.name, ends)


@dataclass(frozen=True, slots=True)
class _Symmetry(Way):
    """Compares a value with its transpose."""

    of: Subject

    def __call__(self, evaluator: Evaluator) -> Finding:
        return symmetry(evaluator, self.of)

    def within(self, evaluator: Evaluator, ends: Interval, gap: Interval | None) -> bool:
        return symmetry(evaluator, self.of).verdict is not Verdict.BROKEN


@dataclass(frozen=True, slots=True)
class _Range(Way):
    """Measures how far a value is from the range of an operator."""

    value: Subject
    operator: Subject

    def __call__(self, evaluator: Evaluator) -> Finding:
        return in_range(evaluator, self.value, self.operator)

    def within(self, evaluator: Evaluator, ends: Interval, gap: Interval | None) -> bool:
        """Only where the kernel of the operator, which is symmetric, is known."""
        known = evaluator.knows(CONSTANTS, self.operator)
        return known and orthogonal_to_constants(evaluator, self.value)


# -- spectra ------------------------------------------------------------------------------------


def _spectrum(program: core.Program, assumption: core.SpectrumAssumption) -> Way:
    """Eigenvalues of what is symmetric, or similar to it; the min(m, n) singular values.

    Zeros are left out of a nonzero spectrum, and of singular values where all targets are
    pseudo-inverses: these are 0 where the matrix is.
    """
    of = subject(assumption.of)
    if assumption.kind is core.SpectrumKind.SINGULAR_VALUES:
        return _SingularValues(of, _has_only_pinv(program))
    known = presumed(program, assumption)
    names = (one for one in nodes_of(assumption.of) if isinstance(one, core.Name))
    declared = {one.name for one in program.inputs if one.symmetric}
    required = [subject(one) for one in names if one.name in declared]
    if isinstance(known, Symmetric):
        required.append(subject(known.of))
    return _Eigenvalues(
        of=of,
        symmetric=tuple(required),
        split=_split(assumption.of) if isinstance(known, Definite) else None,
        half=_half(assumption.of),
        nonzero=assumption.kind is core.SpectrumKind.NONZERO_SPECTRUM,
    )


@dataclass(frozen=True, slots=True)
class _Definite(Way):
    """Measures the eigenvalues of a value that should have none at 0 or below."""

    of: Subject

    def __call__(self, evaluator: Evaluator) -> Quantity:
        return _quantity(evaluator.eigenvalues(self.of).values, "eigenvalue", self.of, evaluator)

    def within(self, evaluator: Evaluator, ends: Interval, gap: Interval | None) -> bool:
        """Above 0, if they are at least a number that is."""
        known = evaluator.knows(DEFINITE, self.of)
        return known or confined(evaluator.whole(self.of), POSITIVE)


@dataclass(frozen=True, slots=True)
class _SingularValues(Way):
    """Measures the singular values of a value."""

    of: Subject
    without_zeros: bool

    def __call__(self, evaluator: Evaluator) -> Quantity:
        values = evaluator.singular_values(self.of).values
        quantity = _quantity(values, "singular value", self.of, evaluator)
        return replace(quantity, without_zeros=self.without_zeros)

    def within(self, evaluator: Evaluator, ends: Interval, gap: Interval | None) -> bool:
        """By the eigenvalues of the smaller of A·A' and A'·A."""
        return not self.without_zeros and _norms_within(evaluator.whole(self.of), ends, gap)


def _norms_within(matrix: Enclosure, ends: Interval, gap: Interval | None) -> bool:
    """Are the singular values proven to lie between two ends?"""
    rows, columns = matrix.middle.shape[-2:]
    wide = matrix if rows <= columns else matrix.transposed
    if (ends.high is not None and ends.high < 0) or (gap is not None and not gap.is_positive):
        return False
    squares = None if gap is None else gap.of_squares
    return confined(product(wide, wide.transposed), ends.of_squares, squares)


@dataclass(frozen=True, slots=True)
class _Eigenvalues(Way):
    """Measures the eigenvalues of a value.

    ``symmetric`` must be so.  ``split`` is u, P and the half of u where the value is u·P with P
    definite, ``half`` is B, with the groups summed over, where it is B·B'.
    """

    of: Subject
    symmetric: tuple[Subject, ...]
    split: Split | None
    half: Half | None
    nonzero: bool

    def __call__(self, evaluator: Evaluator) -> Measured:
        for one in self.symmetric:
            if symmetry(evaluator, one).verdict is Verdict.BROKEN:
                return Finding(Verdict.UNMEASURED, f"{one.text} is not symmetric")
        quantity = _quantity(self._values(evaluator), "eigenvalue", self.of, evaluator)
        return replace(quantity, without_zeros=self.nonzero) if self.nonzero else quantity

    def within(self, evaluator: Evaluator, ends: Interval, gap: Interval | None) -> bool:
        """By the value itself, or for u·P by P·u·P, compared with P."""
        if not self._is_symmetric(evaluator):
            return False
        if self.nonzero:
            return gap is None and self._are_all_but_zero_within(evaluator, ends)
        if self.half is not None:
            ends = ends.of_nonnegative  # as is every eigenvalue of B·B'
        if self.split is None:
            return confined(evaluator.whole(self.of), ends, gap)
        left, weight, half = self.split
        around = evaluator.whole(weight)
        if half is None:
            inner = product(product(around, evaluator.whole(left)), around)
        else:
            root = product(around, evaluator.whole(*half))
            inner = product(root, root.transposed)
        proven = gap is None and compared(inner, around, ends)
        return evaluator.once(DEFINITE, weight, lambda: proven)

    def _are_all_but_zero_within(self, evaluator: Evaluator, ends: Interval) -> bool:
        """If the kernel is the constants: of other kernels the long way tells."""
        if self.split is not None:
            return False
        matrix, unit = evaluator.whole(self.of), evaluator.unit(self.of)
        proven = confined_beside_constants(matrix, ends, unit)
        return evaluator.once(CONSTANTS, self.of, lambda: proven)

    def _is_symmetric(self, evaluator: Evaluator) -> bool:
        return all(symmetry(evaluator, one).verdict is not Verdict.BROKEN for one in self.symmetric)

    def _values(self, evaluator: Evaluator) -> Values:
        if self.split is not None:
            left, weight, _ = self.split
            own = evaluator.eigenvalues(weight).values
            return weighted_eigenvalues(evaluator.whole(left), evaluator.whole(weight), own)
        if self.half is None:
            return evaluator.eigenvalues(self.of).values
        values = evaluator.singular_values(*self.half).values
        rows = evaluator.whole(*self.half).middle.shape[-2]
        return squares(values, rows - values.middle.shape[-1])


def _split(of: core.Node) -> Split | None:
    """u and P of a product u·P, and B with its groups if u is B·B'."""
    if not isinstance(of, core.Product):
        return None
    before = of.factors[:-1]
    shape = core.Shape(of.shape.rows, before[-1].shape.columns)
    left = before[0] if len(before) == 1 else core.Product(of.span, shape, before, of.over)
    return subject(left), subject(of.factors[-1]), _half(left)


def _half(of: core.Node) -> Half | None:
    """B, if the value is B·B': its eigenvalues are the squares of B's singular values."""
    if not isinstance(of, core.Product) or len(of.factors) != 2:
        return None
    first, second = of.factors
    if core.TOKEN in (of.shape.rows, of.shape.columns):
        return None
    if not (_is_transpose(first, second) or _is_transpose(second, first)):
        return None
    return subject(first), of.over


def _is_transpose(one: core.Node, other: core.Node) -> bool:
    return isinstance(one, core.Transpose) and node_text(one.of) == node_text(other)


def _has_only_pinv(program: core.Program) -> bool:
    """Is every function of matrices in the targets a pseudo-inverse, and is there one?"""
    targets = [one.target for one in program.returns if one.target is not None]
    for one in program.synthesized:
        targets += one.values if isinstance(one, core.Assign) else (one.value,)
    nodes = [node for target in targets for node in nodes_of(target)]
    return {node.function for node in nodes if isinstance(node, core.Function)} == {"pinv"}
