"""The rule ``intervals``: the arguments of all tables stay in their intervals.

Hypotheses: ``["assumption", N]`` for every assumption of the script but those of ranges, in its
order, then ``["nonempty", "k"]``, size(k) >= 1, for each dimension over which a sum was bounded
away from 0 because its terms have one sign: an empty sum is 0.

Witness: none.  One fact, ``of`` tables, if one is not gated; it follows from those of the tables.

Follows: a function table's argument lies in [low, high] at every pass, the operands of a product
table within ±P and ±Q.  The network is followed pass by pass, at the bindings; what a head adds
is bounded as ``errors/head_bounds.py`` says.

Numbers: balls of 128 bits, rounded outward; the number of passes is limited for speed.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from weightsmith.checker.balls.bounds import BITS
from weightsmith.checker.balls.ranges import precision
from weightsmith.checker.errors.follow import follower_of
from weightsmith.checker.facts.fact import Fact
from weightsmith.checker.facts.owed import check_tables_proven, needs_domain
from weightsmith.checker.facts.read_files import ReadFiles
from weightsmith.checker.facts.rule import Facts, FileRule, Witness
from weightsmith.checker.reading.refusal import Budget, quoted, require
from weightsmith.checker.semantics.premises import Premises
from weightsmith.checker.semantics.site_letters import read_script
from weightsmith.checker.semantics.tables import Table
from weightsmith.dsl.program import core


def derive_domain(
    program: core.Program,
    bindings: Mapping[str, Fraction],
    tables: Mapping[str, Table],
    budget: Budget,
) -> Premises:
    """The hypotheses; refused unless every table's argument stays in its interval."""
    with precision(BITS), budget.active():
        script = read_script(program, bindings, budget)
        follower, assumed = follower_of(script, tables, budget)
        follower.run()
        return assumed.hypotheses()


def derive_fact(read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
    require(of == "tables", f"A domain is of tables, not of {quoted(of)}.")
    require(needs_domain(read.tables()), "There is no table of which a domain could be stated.")
    check_tables_proven(read, premises, inside=False)
    program, bindings = read.program(), read.template().bindings
    return domain_fact(program, bindings, derive_domain(program, bindings, read.tables(), Budget()))


def domain_fact(
    program: core.Program, bindings: Mapping[str, Fraction], hypotheses: Premises
) -> Fact:
    def sentence() -> str:
        from weightsmith.checker.facts.sentences import domain_sentence  # words load more

        return domain_sentence(hypotheses, program, bindings)

    return Fact("domain", "tables", {}, hypotheses=hypotheses, sentence=sentence)


RULE = FileRule("intervals", "domain", derive_fact, ("approximation*",))
