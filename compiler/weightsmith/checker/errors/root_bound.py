"""What the rules for roots of equations share: the problem, and the fact that follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.balls.bounds import BITS
from weightsmith.checker.balls.ranges import Real, precision
from weightsmith.checker.errors.assumed import Assumed
from weightsmith.checker.errors.root_problem import RootProblem, read_root
from weightsmith.checker.facts.fact import Bound, Fact
from weightsmith.checker.facts.owed import check_tables_proven
from weightsmith.checker.facts.read_files import ReadFiles
from weightsmith.checker.facts.rule import Facts
from weightsmith.checker.reading.refusal import Budget, RefusedError, quoted, require
from weightsmith.checker.semantics.premises import Premises
from weightsmith.checker.semantics.site_letters import read_script
from weightsmith.checker.semantics.tables import Table
from weightsmith.dsl.program import core

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class RootBound:
    """What a witness gives: ‖returned value − root‖₂ ≤ value."""

    witness: Json
    formula: str
    value: Fraction
    hypotheses: Premises


@dataclass(frozen=True, slots=True)
class RootContext:
    """An iteration towards the root of an equation, its tables and what is assumed."""

    problem: RootProblem
    tables: Mapping[str, Table]
    assumed: Assumed
    budget: Budget


def root_context(
    program: core.Program,
    bindings: Mapping[str, Fraction],
    tables: Mapping[str, Table],
    output: str,
    budget: Budget,
) -> RootContext:
    """Raises RefusedError."""
    script = read_script(program, bindings, budget)
    assumed = Assumed(program, script.meaning.inputs, script.field, bindings)
    return RootContext(read_root(script, output), tables, assumed, budget)


def check_same(given: Json, derived: Json, names: tuple[str, ...]) -> None:
    """Refuse unless these parts of a witness are what is derived."""
    for name in names:
        same = type(given[name]) is type(derived[name]) and given[name] == derived[name]
        require(same, f"'{name}' must be {derived[name]}.")


def root_fact(
    read: ReadFiles, of: object, premises: Facts, check: Callable[[RootContext], RootBound]
) -> Fact:
    """The distance of a returned value from the root that is its target."""
    check_tables_proven(read, premises, inside=True)
    if not isinstance(of, str):
        raise RefusedError(f"The script returns no {quoted(of)}.")
    program, bindings, budget = read.program(), read.template().bindings, Budget()
    with precision(BITS), budget.active():
        found = check(root_context(program, bindings, read.tables(), of, budget))
    return fact_of(of, found, program, bindings)


def fact_of(
    output: str, found: RootBound, program: core.Program, bindings: Mapping[str, Fraction]
) -> Fact:
    def sentence() -> str:
        from weightsmith.checker.facts.sentences import root_sentence  # words load more

        value, formula, hypotheses = found.value, found.formula, found.hypotheses
        return root_sentence(output, value, formula, hypotheses, program, bindings)

    bound = Bound(found.formula, Real.of(found.value))
    return Fact("truncation", output, {"scale": "1"}, bound, found.hypotheses, sentence=sentence)
