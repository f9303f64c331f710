"""What becomes of data that break a hypothesis: refused, warned of, or said in the report."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
from tests.backends.test_data_hypotheses import SYMMETRIC, WEIGHTED, measured, program_of

from weightsmith.backends.errors import LayoutError
from weightsmith.backends.measure import (
    AssumptionError,
    AssumptionWarning,
    DataReport,
    apply_check,
)
from weightsmith.dsl import Source, check
from weightsmith.dsl.printing.hypotheses import hypotheses


def test_broken_data_are_refused_or_warned_of() -> None:
    report = measured(program_of(SYMMETRIC), {"A": 5.21 * np.eye(2)}, mu=1, L=5)
    sentence = "the largest eigenvalue of A is 5.21 and L = 5: compile with --set L=5.211"
    with pytest.raises(AssumptionError, match=re.escape(sentence)) as caught:
        apply_check(report, "refuse")
    assert caught.value.report is report
    with pytest.warns(AssumptionWarning, match=re.escape(sentence)):
        apply_check(report, "warn")
    with pytest.raises(ValueError, match="expected 'refuse', 'warn' or 'off'"):
        apply_check(report, "no")  # type: ignore[arg-type]


def test_changed_files_are_warned_of_and_good_ones_are_silent() -> None:
    good = measured(program_of(SYMMETRIC), {"A": 2 * np.eye(2)}, mu=1, L=5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        apply_check(good, "refuse")
    changed = DataReport(good.rows, intact=False)
    assert changed.holds
    with pytest.warns(AssumptionWarning, match="the certificate is not of these files"):
        apply_check(changed, "refuse")
    assert str(changed).endswith("so it says nothing of the result")


def test_every_hypothesis_has_one_row() -> None:
    program = program_of(WEIGHTED, "return 1*P")
    report = measured(program, {"x": {"context": np.eye(2)}, "P": np.eye(2)}, mu=1, L=5)
    assert [row.hypothesis for row in report.rows] == [one.text for one in hypotheses(program)]
    lines = str(report).splitlines()
    assert lines[0].split() == ["hypothesis", "measured", "holds"]
    assert len(lines) == 1 + len(report.rows)


def test_names_of_files_and_turned_data_are_explained() -> None:
    program = program_of(WEIGHTED, "return 1*P")
    x, P = np.eye(2), np.eye(2)
    with pytest.raises(LayoutError, match=r"'x\.context' is no input .*pass \{'x': \{'context'"):
        measured(program, {"x.context": x, "P": P}, mu=1, L=5)
    text = "algorithm f(x: [d] per token)\nparam mu, L\nreturn mu*x + L*x"
    program, tall = check(Source("f.alg", text)), {"context": np.ones((5, 2)), "query": np.eye(2)}
    with pytest.raises(LayoutError, match=r"expected 5 for the size of 'd' .* say --rows"):
        measured(program, {"x": tall}, mu=1, L=5)
