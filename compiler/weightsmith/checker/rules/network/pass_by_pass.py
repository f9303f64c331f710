"""The rule ``pass_by_pass``: after so many passes the network computes what the script says.

Hypotheses: the symbols of ``at`` have the numbers that the template binds them to, and with these
every loop of the script and of the network has a number of passes.  Else those of the rule
``simulation``: no denominator vanishes, a symbol that the script calls a number of tokens is that
number, and a fixed matrix is any matrix of its shape.  There are no tables.

Witness: ``at``, some symbols that are bound, sorted; none where the loops need none.

    {"fact": {"is": "exactness", "of": "script.alg", "at": [["steps", "4"]], "passes": [4]},
     "by": "pass_by_pass", "with": {"at": ["steps"]}}

Follows: with these numbers, and loops that run ``passes`` times (those of the script, each before
the loops within it), the values that the network returns are those of the script.  Nothing follows
for another number of passes.

Proof: both are run, without an induction, in the free algebra over the other symbols.  A pass of
the script puts what its letters hold into what they are after a pass; a pass of the network adds
what its heads and its MLP add.  The numbers of a ``for`` loop are put in pass by pass, in
coefficients, in functions of entries and scores, and in all that loops within it leave.  After the
last pass both are polynomials in the inputs alone, and equal polynomials are equal matrices for
every size.  A loop without a pass leaves what was before it.  The network's loops may be others
than the script's: only what is returned is compared.

Numbers: none touches soundness; every pass costs, so that long loops end in the budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.facts.certificate import NETWORK, SCRIPT
from weightsmith.checker.facts.fact import Fact, Json
from weightsmith.checker.facts.read_files import ReadFiles
from weightsmith.checker.facts.rule import Facts, FileRule, Witness
from weightsmith.checker.networks.at_bindings import (
    for_every,
    loops_run,
    read_at,
    with_numbers,
    written,
)
from weightsmith.checker.networks.induction import same_values
from weightsmith.checker.networks.network import Network
from weightsmith.checker.networks.unrolled import after_items, after_loops
from weightsmith.checker.reading.refusal import Budget, quoted, require
from weightsmith.checker.reading.scalar_text import count_at
from weightsmith.checker.reading.template import Template
from weightsmith.checker.rules.network.simulation import (
    check_frame,
    check_given,
    check_read_out,
    has_limits,
    open_limits,
)
from weightsmith.checker.semantics.meaning import read_meaning
from weightsmith.checker.semantics.schedules import scheduled_names
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core

PASS = 100  # units of work of a pass, whatever is in it


def derive_pass_by_pass(read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
    name = NETWORK if read.restructured else SCRIPT
    require(of == name, f"The network is of {name}, not of {quoted(of)}.")
    require(not read.tables(), "There are tables: pass_by_pass is for scripts without.")
    program, template = read.compiled_program(), read.template()
    check_given(program, template)
    numbers = read_at(witness["at"], program, template)
    passes, end = check_pass_by_pass(program, template, numbers, Budget())
    counted = loops_run(passes)

    def sentence() -> str:
        orders = open_limits(program, numbers) if has_limits(program) else ()
        return (
            f"{with_numbers(numbers)} of template.json computes what {name} says when "
            f"{counted}, {for_every(program, numbers, orders)}; of other numbers of passes "
            "nothing is said."
        )

    parts: Json = {"at": written(numbers), "passes": list(passes)}
    reason = f"Run pass by pass in the free algebra, where {counted}."
    way = (f"Of the script: {counted}; a loop is named before those within it.", end)
    return Fact("exactness", name, parts, way=way, sentence=sentence, reason=reason)


def check_pass_by_pass(
    program: core.Program, template: Template, numbers: Mapping[str, Fraction], budget: Budget
) -> tuple[tuple[int, ...], str]:
    """Refuse unless both return the same; how often the script's loops run, and what is shown.

    ``numbers``: of symbols, so that what is shown holds for these.
    """
    scheduled = scheduled_names(program)
    symbols = [name for name in program.symbols if name not in scheduled]
    field = Field(symbols, tuple(sorted(scheduled)), budget, numbers, template.sizes, heads=True)
    check_frame(program, template)
    meaning = read_meaning(program, field, {})
    network = Network(template, program, meaning)

    def counts(count: Scalar) -> int:
        found = count_at(count, numbers)
        budget.spend(PASS * (1 + found))
        return found

    passes = tuple(counts(loop.count) for loop in meaning.all_loops())
    stream = after_items(network, template.body, network.start(), counts)
    final = after_loops(field, meaning.loops, counts)
    end = check_read_out(program, network, meaning, stream, same_values, final)
    return passes, end


RULE = FileRule("pass_by_pass", "exactness", derive_pass_by_pass, keys=("at",))
