"""Data against the hypotheses of a certificate: measured, judged, and parameters that fit them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from weightsmith.backends.errors import listed
from weightsmith.backends.measure.data import read_data, reads_of
from weightsmith.backends.measure.evaluate import Evaluator
from weightsmith.backends.measure.meter import Meter
from weightsmith.backends.measure.quantities import Finding
from weightsmith.backends.measure.report import (
    AssumptionError,
    AssumptionWarning,
    DataCheck,
    DataReport,
    Row,
    Verdict,
    apply_check,
)
from weightsmith.backends.measure.settings import UnsolvableError, advice, exact_text, solved
from weightsmith.backends.measure.verdicts import ends_of, judge
from weightsmith.dsl import core
from weightsmith.dsl.bindings import resolve_bindings
from weightsmith.dsl.hypotheses import Hypothesis, hypotheses
from weightsmith.dsl.scalars import free_symbols

if TYPE_CHECKING:
    from weightsmith.backends.layout import Inputs
    from weightsmith.compiler.ir.template import Template

__all__ = [
    "AssumptionError",
    "AssumptionWarning",
    "DataCheck",
    "DataReport",
    "Row",
    "UnsolvableError",
    "Verdict",
    "apply_check",
    "check_data",
    "fitting_settings",
]


def check_data(
    program: core.Program,
    bindings: Mapping[str, Fraction],
    inputs: Inputs,
    template: Template | None = None,
    *,
    intact: bool = True,
) -> DataReport:
    """Measure every hypothesis of a program on data.  Raises LayoutError on data that do not fit.

    The template says in which token groups the network reads an input.
    """
    data = read_data(program, inputs, {} if template is None else reads_of(template))
    meter = Meter(program, Evaluator(data, bindings))
    found = [(one, meter.measure(one)) for one in hypotheses(program)]
    advise = partial(advice, program, found, bindings)
    rows = (judge(one, measured, bindings, data, advise) for one, measured in found)
    return DataReport(tuple(rows), intact)


def fitting_settings(
    program: core.Program, inputs: Inputs, given: Mapping[str, Fraction]
) -> dict[str, str]:
    """Values of the parameters that the assumptions name, under which the data meet them.

    Those in ``given`` keep their values.  Exact short decimals, rounded outward.  Raises
    UnsolvableError with what cannot be met or solved.
    """
    data = read_data(program, inputs, {})
    meter = Meter(program, Evaluator(data, given))
    found = [(one, meter.measure(one)) for one in hypotheses(program)]
    for hypothesis, measured in found:
        if isinstance(measured, Finding) and measured.verdict is Verdict.UNMEASURED:
            _require_no_open_end(hypothesis, measured, given)
    broken = ""
    for values in solved(program, found, given):
        bindings = resolve_bindings(program, {**given, **values})
        advise = partial(advice, program, found, bindings)
        rows = [judge(one, measured, bindings, data, advise) for one, measured in found]
        broken = broken or "; ".join(row.sentence for row in rows if row.verdict is Verdict.BROKEN)
        if all(row.verdict is not Verdict.BROKEN for row in rows):
            return {name: exact_text(value) for name, value in values.items()}
    raise UnsolvableError(f"{broken}.")


def _require_no_open_end(
    hypothesis: Hypothesis, measured: Finding, given: Mapping[str, Fraction]
) -> None:
    ends = (end for pair in ends_of(hypothesis).intervals for end in pair if end is not None)
    missing = sorted({name for end in ends for name in free_symbols(end)} - given.keys())
    if missing:
        raise UnsolvableError(
            f"'{hypothesis.text}' is not measured ({measured.measured}): set {listed(missing)}."
        )
