"""The rule ``at_numbers``: with these numbers the network computes what the script says.

Hypotheses: those of the rule ``simulation``; and the symbols of ``at`` have the numbers that the
template binds them to.

Witness: ``at``, some symbols that are bound, sorted; ``loops``, as of the rule ``simulation``.

    {"fact": {"is": "exactness", "of": "script.alg", "at": [["eta", "1/2"]]}, "by": "at_numbers",
     "with": {"at": ["eta"], "loops": []}}

Follows: with these numbers the values that the network returns are those of the script.  Nothing
follows for others.  What a fact ``truncation`` bounds is bounded at the bindings, so of this
network too.

Proof: that of the rule ``simulation``, in the field of rational functions of the other symbols,
where each symbol of ``at`` is its number: reading a coefficient puts the number in its place, a
denominator that is zero there is refused, and so is a bound count that is no whole number.

Numbers: none touches soundness.
"""

from __future__ import annotations

from weightsmith.checker.facts.certificate import NETWORK, SCRIPT
from weightsmith.checker.facts.fact import Fact, Json
from weightsmith.checker.facts.read_files import ReadFiles
from weightsmith.checker.facts.rule import Facts, FileRule, Witness
from weightsmith.checker.networks.at_bindings import for_every, read_at, with_numbers, written
from weightsmith.checker.reading.refusal import Budget, quoted, require
from weightsmith.checker.reading.strict_json import as_list
from weightsmith.checker.rules.network.simulation import (
    check_exactness,
    check_given,
    has_limits,
    open_limits,
)


def derive_at_numbers(read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
    name = NETWORK if read.restructured else SCRIPT
    require(of == name, f"The network is of {name}, not of {quoted(of)}.")
    require(not read.tables(), "There are tables: at_numbers is for scripts without.")
    program, template = read.compiled_program(), read.template()
    check_given(program, template)
    numbers = read_at(witness["at"], program, template)
    require(bool(numbers), "No symbol is named: that is the rule simulation.")
    loops = as_list(witness["loops"], "The loops")
    way = check_exactness(program, template, loops, Budget(), numbers=numbers)

    def sentence() -> str:
        orders = open_limits(program, numbers) if has_limits(program) else ()
        says = f"{with_numbers(numbers)} of template.json computes what {name} says"
        return f"{says}, {for_every(program, numbers, orders)}; of other numbers nothing is said."

    parts: Json = {"at": written(numbers)}
    reason = "Proven layer by layer in the free algebra, at these numbers."
    return Fact("exactness", name, parts, way=way, sentence=sentence, reason=reason)


RULE = FileRule("at_numbers", "exactness", derive_at_numbers, keys=("at", "loops"))
