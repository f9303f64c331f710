"""Data against the hypotheses of a certificate: measured, judged, and parameters that fit them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from weightsmith.backends.errors import listed
from weightsmith.backends.measure.data import NO_SIZES, read_data, with_counts
from weightsmith.backends.measure.evaluate import Evaluator
from weightsmith.backends.measure.meter import holds, measured, way_of
from weightsmith.backends.measure.quantities import Finding, Verdict
from weightsmith.backends.measure.report import (
    AssumptionError,
    AssumptionWarning,
    DataCheck,
    DataReport,
    Row,
    apply_check,
)
from weightsmith.backends.measure.settings import UnsolvableError, advice, exact_text, solved
from weightsmith.backends.measure.verdicts import Excess, ends_of, judge, limits_of
from weightsmith.dsl.numbers.scalars import free_symbols
from weightsmith.dsl.printing.hypotheses import Hypothesis, hypotheses
from weightsmith.dsl.program import core
from weightsmith.dsl.running.bindings import resolve_bindings

if TYPE_CHECKING:
    from weightsmith.backends.template.layout import Inputs

__all__ = [
    "AssumptionError",
    "AssumptionWarning",
    "DataCheck",
    "DataMeter",
    "DataReport",
    "Row",
    "UnsolvableError",
    "Verdict",
    "apply_check",
    "check_data",
    "fitting_settings",
]


class DataMeter:
    """Measures data against the hypotheses of one program; what does not depend on them is kept.

    ``reads`` says in which token groups a network reads an input, ``fixed`` which sizes it has.
    """

    def __init__(
        self,
        program: core.Program,
        bindings: Mapping[str, Fraction],
        reads: Mapping[str, tuple[str, ...]],
        fixed: Mapping[str, int] = NO_SIZES,
    ) -> None:
        self._program, self._bindings, self._reads = program, bindings, reads
        self._fixed = fixed
        self._hypotheses = hypotheses(program)
        self._ways = [way_of(program, one) for one in self._hypotheses]
        self._limits = [limits_of(one, bindings) for one in self._hypotheses]

    def report(self, inputs: Inputs, *, intact: bool = True) -> DataReport:
        """Measure every hypothesis.  Raises LayoutError on data that do not fit."""
        return self._report(self._evaluator(inputs), intact)

    def problems(self, inputs: Inputs, *, intact: bool = True) -> DataReport:
        """As ``report`` where a hypothesis is broken or not measured; else one of no rows, soon."""
        evaluator = self._evaluator(inputs)
        for way, limits in zip(self._ways, self._limits, strict=True):
            if not limits.missing and holds(way, evaluator, limits.hull, limits.gap):
                continue
            row = judge(limits, measured(way, evaluator), self._bindings, evaluator.data, _none)
            if row.verdict not in (Verdict.HOLDS, Verdict.ROUND_OFF):
                return self._report(evaluator, intact)
        return DataReport((), intact)

    def _evaluator(self, inputs: Inputs) -> Evaluator:
        data = read_data(self._program, inputs, self._reads, self._fixed)
        return Evaluator(data, with_counts(self._program, data, self._bindings))

    def _report(self, evaluator: Evaluator, intact: bool) -> DataReport:
        data = evaluator.data
        found = [measured(way, evaluator) for way in self._ways]
        pairs = list(zip(self._hypotheses, found, strict=True))
        advise = partial(advice, self._program, pairs, self._bindings)
        rows = (
            judge(limits, one, self._bindings, data, advise)
            for limits, one in zip(self._limits, found, strict=True)
        )
        return DataReport(tuple(rows), intact)


def check_data(
    program: core.Program, bindings: Mapping[str, Fraction], inputs: Inputs
) -> DataReport:
    """Measure every hypothesis of a program on data.  Raises LayoutError where they do not fit."""
    return DataMeter(program, bindings, {}).report(inputs)


def fitting_settings(
    program: core.Program, inputs: Inputs, given: Mapping[str, Fraction]
) -> dict[str, str]:
    """Values of the parameters that the assumptions name, under which the data meet them.

    Those in ``given`` keep their values.  Exact short decimals, rounded outward.  Raises
    UnsolvableError with what cannot be met or solved.
    """
    data = read_data(program, inputs, {})
    evaluator = Evaluator(data, with_counts(program, data, given))
    found = [(one, measured(way_of(program, one), evaluator)) for one in hypotheses(program)]
    for hypothesis, one in found:
        if isinstance(one, Finding) and one.verdict is Verdict.UNMEASURED:
            _require_no_open_end(hypothesis, one, given)
    broken = ""
    for values in solved(program, found, given):
        bindings = resolve_bindings(program, {**given, **values})
        advise = partial(advice, program, found, bindings)
        rows = [
            judge(limits_of(hypothesis, bindings), one, bindings, data, advise)
            for hypothesis, one in found
        ]
        broken = broken or "; ".join(row.sentence for row in rows if row.verdict is Verdict.BROKEN)
        if all(row.verdict is not Verdict.BROKEN for row in rows):
            return {name: exact_text(value) for name, value in values.items()}
    raise UnsolvableError(f"{broken}.")


def _none(excess: Excess) -> str:
    """No advice: of data that are refused there is a whole report."""
    return ""


def _require_no_open_end(
    hypothesis: Hypothesis, found: Finding, given: Mapping[str, Fraction]
) -> None:
    ends = (end for pair in ends_of(hypothesis).intervals for end in pair if end is not None)
    missing = sorted({name for end in ends for name in free_symbols(end)} - given.keys())
    if missing:
        raise UnsolvableError(
            f"'{hypothesis.text}' is not measured ({found.measured}): set {listed(missing)}."
        )
