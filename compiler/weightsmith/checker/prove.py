"""What the checker proves by itself, for the compiler: facts whose witness it derives anew.

Each function raises RefusedError with a reason for the reader where there is no proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from weightsmith.checker.balls.bounds import BITS
from weightsmith.checker.balls.ranges import precision
from weightsmith.checker.errors import root_bound
from weightsmith.checker.facts.fact import Json
from weightsmith.checker.pairs.linear_heads import Place, read_pairs
from weightsmith.checker.reading.read_template import read_template
from weightsmith.checker.reading.refusal import Budget
from weightsmith.checker.reading.strict_json import read_json
from weightsmith.checker.rules.network import rewriting, simulation
from weightsmith.checker.rules.pairs import centred
from weightsmith.checker.rules.tables import descent, intervals, logistic_newton, telescope
from weightsmith.checker.semantics.tables import Table, read_tables
from weightsmith.dsl.program import core

Bindings = Mapping[str, Fraction]
Tables = Mapping[str, Table]


def prove_domain(program: core.Program, bindings: Bindings, tables: Tables) -> Json:
    """The fact that every argument of a table lies in the table's interval."""
    hypotheses = intervals.derive_domain(program, bindings, tables, Budget())
    return intervals.domain_fact(program, bindings, hypotheses).written()


def prove_propagation(
    program: core.Program, bindings: Bindings, tables: Tables, output: str
) -> Json:
    """The fact how far a returned value is from what the script says with exact functions."""
    found = telescope.derive_propagation(program, bindings, tables, output, Budget())
    return telescope.propagation_fact(output, found, program, bindings).written(found.value)


def prove_root(
    program: core.Program, bindings: Bindings, tables: Tables, output: str
) -> tuple[Json, str, Json]:
    """How far a returned value is from the root that is its target: fact, rule and witness."""
    budget = Budget()
    with precision(BITS), budget.active():
        context = root_bound.root_context(program, bindings, tables, output, budget)
        rule = logistic_newton if context.problem.loop.children else descent
        found = rule.prove(context)
    fact = root_bound.fact_of(output, found, program, bindings)
    return fact.written(found.value), rule.RULE.name, found.witness


def prove_centred(
    program: core.Program, template: bytes, omega: Fraction, places: tuple[Place, ...], output: str
) -> Json:
    """The fact how far an output of a network of softmax pairs is from the centred network's."""
    read = read_template(read_json(template, "The template"))
    pairs = read_pairs(program, read, omega, places)
    fact = centred.derive_centred(program, read, pairs, output, Budget())
    return fact.written(
        None if fact.bound is None or fact.bound.value is None else fact.bound.value.exact
    )


def prove_exactness(
    program: core.Program, template: bytes, loops: list[object], tables: list[object]
) -> None:
    """Refuse unless the witness shows that the template computes the program."""
    read = read_template(read_json(template, "The template"))
    known = read_tables(tables, program, read.bindings)
    simulation.check_exactness(program, read, loops, Budget(), known)


def prove_restructuring(
    script: core.Program, network: core.Program, bindings: Bindings, claim: Json
) -> None:
    """Refuse unless the claim's steps show that both scripts return the same values."""
    numbered = rewriting.read_steps(claim["steps"])
    rewriting.check_restructuring(script, network, bindings, numbered, Budget())
