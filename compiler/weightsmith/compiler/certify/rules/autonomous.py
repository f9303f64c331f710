"""Witnesses for the rule ``autonomous``: which scalars go with f, and which with its error."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from weightsmith.checker.rules.truncation.autonomous import RULE
from weightsmith.checker.spectra.problem import Problem
from weightsmith.compiler.certify.rules import IterateSearch, Json


def witnesses(problem: Problem) -> Iterator[Json]:
    """No other scalar or one is in a fixed ratio to f; others are polynomials in the error."""
    field, initial, name = problem.field, problem.recurrence.initial, problem.error
    if problem.target.power is None:
        return
    root = problem.target.root
    start = initial[name] ** root / problem.power
    texts = {
        other: text
        for text, first in ((f"(1 - e)^{root}", start), (f"1 - (1 - e)^{root}", field.one - start))
        for other, begins in initial.items()
        if other != name and begins == first
    }
    others = [other for other, first in initial.items() if other != name and not first.is_zero]
    for equal, used in product(((), *((other,) for other in others)), ({}, texts)):
        polynomials = {other: text for other, text in used.items() if other not in equal}
        if polynomials or not used:
            yield {"equal": list(equal), **({"polynomials": polynomials} if polynomials else {})}


SEARCH = IterateSearch(RULE, witnesses, order=10)
