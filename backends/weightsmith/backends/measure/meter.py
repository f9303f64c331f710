"""Measures every hypothesis of a program on data, whatever the numbers of its ends."""

from __future__ import annotations

from dataclasses import dataclass, replace

from weightsmith.backends.measure.data import Data
from weightsmith.backends.measure.enclosure import Enclosure, TooLargeError
from weightsmith.backends.measure.evaluate import Evaluator, UnknownValueError
from weightsmith.backends.measure.quantities import (
    Finding,
    Measured,
    Quantity,
    entries,
    norms,
    size,
    slack_of,
)
from weightsmith.backends.measure.ranges import in_range
from weightsmith.backends.measure.report import Verdict
from weightsmith.backends.measure.spectra import (
    NoFactorError,
    Values,
    eigenvalues,
    singular_values,
    squares,
    weighted_eigenvalues,
)
from weightsmith.backends.measure.symmetry import asymmetric_input, symmetry
from weightsmith.dsl import core
from weightsmith.dsl.hypotheses import Definite, Hypothesis, Nonempty, Stated, Symmetric, presumed
from weightsmith.dsl.nodes import nodes_of
from weightsmith.dsl.printer import node_text
from weightsmith.dsl.scalars import ScalarError


@dataclass(frozen=True, slots=True)
class Meter:
    """Measures hypotheses of one program on one set of data."""

    program: core.Program
    evaluator: Evaluator

    @property
    def data(self) -> Data:
        return self.evaluator.data

    def measure(self, hypothesis: Hypothesis) -> Measured:
        """Measure a hypothesis; what cannot be measured is a Finding that says why."""
        try:
            return self._measure(hypothesis)
        except (UnknownValueError, ScalarError) as reason:
            return Finding(Verdict.UNMEASURED, str(reason))
        except TooLargeError:
            return Finding(Verdict.UNMEASURED, "too large")
        except NoFactorError:
            return Finding(Verdict.UNMEASURED, "too near to singular")

    def _measure(self, hypothesis: Hypothesis) -> Measured:
        match hypothesis:
            case Symmetric(of=of):
                return symmetry(self.evaluator, of)
            case Definite(of=of):
                return self._quantity(eigenvalues(self.evaluator.whole(of)), "eigenvalue", of)
            case Nonempty(axis=axis):
                return size(self.data, axis)
            case Stated(assumption=assumption):
                return self._stated(assumption)

    def _stated(self, assumption: core.Assumption) -> Measured:
        match assumption:
            case core.SpectrumAssumption():
                return self._spectrum(assumption)
            case core.RangeAssumption(value=value, operator=operator):
                return in_range(self.evaluator, value, operator)
            case core.NormAssumption(of=name):
                return norms(self.data, name)
            case core.EntryAssumption(of=name):
                return entries(self.data, name)
            case core.SizeAssumption(axis=axis):
                return size(self.data, axis)

    def _spectrum(self, assumption: core.SpectrumAssumption) -> Measured:
        """Eigenvalues of what is symmetric, or similar to it; the min(m, n) singular values.

        Zeros are left out of a nonzero spectrum, and of singular values where all targets are
        pseudo-inverses: these are 0 where the matrix is.
        """
        of = assumption.of
        if assumption.kind is core.SpectrumKind.SINGULAR_VALUES:
            found = singular_values(self.evaluator.whole(of)).values
            quantity = self._quantity(found, "singular value", of)
            return replace(quantity, without_zeros=_has_only_pinv(self.program))
        known = presumed(self.program, assumption)
        crooked = asymmetric_input(self.evaluator, of, self._declared_symmetric())
        if isinstance(known, Symmetric) and crooked is None:
            verdict = symmetry(self.evaluator, known.of).verdict
            crooked = node_text(known.of) if verdict is Verdict.BROKEN else None
        if crooked is not None:
            return Finding(Verdict.UNMEASURED, f"{crooked} is not symmetric")
        quantity = self._quantity(self._eigenvalues(of, known), "eigenvalue", of)
        nonzero = assumption.kind is core.SpectrumKind.NONZERO_SPECTRUM
        return replace(quantity, without_zeros=nonzero)

    def _eigenvalues(self, of: core.Node, known: Symmetric | Definite | None) -> Values:
        if isinstance(known, Definite) and isinstance(of, core.Product):
            left, weight = _split(of)
            return weighted_eigenvalues(self.evaluator.whole(left), self.evaluator.whole(weight))
        half = self._half(of)
        if half is None:
            return eigenvalues(self.evaluator.whole(of))
        values = singular_values(half).values
        return squares(values, half.middle.shape[-2] - values.middle.shape[-1])

    def _half(self, of: core.Node) -> Enclosure | None:
        """B, if the value is B·B': its eigenvalues are the squares of B's singular values."""
        if not isinstance(of, core.Product) or len(of.factors) != 2:
            return None
        first, second = of.factors
        if core.TOKEN in (of.shape.rows, of.shape.columns):
            return None
        if not (_is_transpose(first, second) or _is_transpose(second, first)):
            return None
        return self.evaluator.whole(first, of.over)

    def _quantity(self, values: Values, noun: str, of: core.Node) -> Quantity:
        slack = slack_of(values, self.evaluator.unit(of))
        return Quantity(values, noun, node_text(of), slack)

    def _declared_symmetric(self) -> set[str]:
        return {one.name for one in self.program.inputs if one.symmetric}


def _split(of: core.Product) -> tuple[core.Node, core.Node]:
    """u and P of a product u·P."""
    before = of.factors[:-1]
    if len(before) == 1:
        return before[0], of.factors[-1]
    shape = core.Shape(of.shape.rows, before[-1].shape.columns)
    return core.Product(of.span, shape, before, of.over), of.factors[-1]


def _is_transpose(one: core.Node, other: core.Node) -> bool:
    return isinstance(one, core.Transpose) and node_text(one.of) == node_text(other)


def _has_only_pinv(program: core.Program) -> bool:
    """Is every function of matrices in the targets a pseudo-inverse, and is there one?"""
    targets = [one.target for one in program.returns if one.target is not None]
    for one in program.synthesized:
        targets += one.values if isinstance(one, core.Assign) else (one.value,)
    nodes = [node for target in targets for node in nodes_of(target)]
    return {node.function for node in nodes if isinstance(node, core.Function)} == {"pinv"}
