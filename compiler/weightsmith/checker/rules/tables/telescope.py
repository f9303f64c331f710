"""The rule ``telescope``: how far tables move each returned entry.

Hypotheses: those of the fact ``domain``.

Witness: none.  One fact for each returned value whose distance from a target is not proven, if
there are tables; it follows from the domain and from what is proven of the tables.

Follows: with v the values in the network, w those of the script with its exact functions and δ = v
− w, all three followed pass by pass,
    Π vᵢ − Π wᵢ = Σᵢ v₁ … vᵢ₋₁·δᵢ·wᵢ₊₁ … w_m
is bounded as a polynomial in the letters of v, δ and w.  After each value w is also bounded by v −
δ, and δ by v − w.  What a head adds is one letter (``errors/head_bounds.py``).  The formula is a
sum of nonnegative multiples of the tables' errors e[N]; it holds at these errors: with other tables
bounds of v change too.

Numbers: balls of 128 bits, rounded outward; the coefficients of the formula are rounded up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.algebra.words import Polynomial
from weightsmith.checker.balls.bounds import BITS, ZERO, larger
from weightsmith.checker.balls.claim_numbers import check_says_something, rounded_up
from weightsmith.checker.balls.ranges import Real, precision
from weightsmith.checker.errors.error_formula import error_formula
from weightsmith.checker.errors.follow import follower_of
from weightsmith.checker.facts.fact import Bound, Fact
from weightsmith.checker.facts.owed import check_tables_proven
from weightsmith.checker.facts.read_files import ReadFiles
from weightsmith.checker.facts.rule import Facts, FileRule, Witness
from weightsmith.checker.reading.refusal import Budget, RefusedError, quoted, require
from weightsmith.checker.semantics.premises import Premises
from weightsmith.checker.semantics.site_letters import Script, read_script
from weightsmith.checker.semantics.tables import Table, errors_of
from weightsmith.dsl.program import core


@dataclass(frozen=True, slots=True)
class Propagation:
    """|network − script| ≤ value in every entry, which is the formula's at the tables' errors."""

    formula: str
    value: Fraction
    hypotheses: Premises


def derive_propagation(
    program: core.Program,
    bindings: Mapping[str, Fraction],
    tables: Mapping[str, Table],
    output: str,
    budget: Budget,
) -> Propagation:
    """Follow the network and the script, and their difference."""
    with precision(BITS), budget.active():
        script = read_script(program, bindings, budget)
        follower, assumed = follower_of(script, tables, budget, compare=True)
        follower.run()
        size = ZERO
        for polynomial in _returned(script, output):
            size = larger(size, follower.value(polynomial).difference.size)
        require(bool(size.is_finite()), _reason(program, assumed.hypotheses()))
        errors = errors_of(tables)
        formula = error_formula(size, errors)
        value = rounded_up(formula.covers(size, errors))
        check_says_something(value)
        return Propagation(formula.text, value, assumed.hypotheses())


def derive_fact(read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
    check_tables_proven(read, premises, inside=True)
    program, tables = read.program(), read.tables()
    known = any(one.name == of and tables for one in program.returns)
    require(known, f"The script returns no {quoted(of)}, or has no tables.")
    bindings, name = read.template().bindings, str(of)
    found = derive_propagation(program, bindings, tables, name, Budget())
    return propagation_fact(name, found, program, bindings)


def propagation_fact(
    name: str, found: Propagation, program: core.Program, bindings: Mapping[str, Fraction]
) -> Fact:
    def sentence() -> str:
        from weightsmith.checker.facts.sentences import propagation_sentence  # words load more

        value, formula, hypotheses = found.value, found.formula, found.hypotheses
        return propagation_sentence(name, value, formula, hypotheses, program, bindings)

    bound = Bound(found.formula, Real.of(found.value))
    return Fact("propagation", name, {}, bound, found.hypotheses, sentence=sentence)


def _returned(script: Script, output: str) -> Iterator[Polynomial]:
    """The polynomials of a returned value, on the tokens where it is returned."""
    for returned in script.program.returns:
        if returned.name == output:
            value = script.meaning.returned[output]
            for (_, column), polynomial in value.parts.items():
                if not returned.groups or column in returned.groups:
                    yield polynomial
            return
    raise RefusedError(f"The script returns no {quoted(output)}.")


def _reason(program: core.Program, hypotheses: Premises) -> str:
    from weightsmith.dsl.printing.hypotheses import premise_text

    known = ", ".join(premise_text(program, one) for one in hypotheses) or "nothing"
    return (
        "The difference is not bounded by the assumptions: an input or a sum in it may be as large "
        f"as it likes (assumed: {known})."
    )


RULE = FileRule("telescope", "propagation", derive_fact, ("domain?", "approximation*"))
