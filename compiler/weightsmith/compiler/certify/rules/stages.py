"""Witnesses for the rule ``stages``: whose start is enclosed, where the composition is long."""

from __future__ import annotations

from collections.abc import Iterator

from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.rules.truncation.chebyshev import Comparison
from weightsmith.checker.rules.truncation.stages import RULE
from weightsmith.checker.spectra.problem import Result
from weightsmith.compiler.certify.rules import Json, ValueSearch

LONG = 100  # a degree above which a composition is taken apart


def witnesses(result: Result, compared: Comparison) -> Iterator[Json]:
    """Each scalar of the first loop that does not begin at zero."""
    if compared.relative and result.recurrences and _is_long(compared):
        for name, first in result.recurrences[0].initial.items():
            if not first.is_zero:
                yield {"scalar": name}


def _is_long(compared: Comparison) -> bool:
    try:
        return compared.degree > LONG
    except RefusedError:  # the degree is too large for the rule ``chebyshev``
        return True


SEARCH = ValueSearch(RULE, witnesses, order=20)
