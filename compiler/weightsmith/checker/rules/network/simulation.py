"""The rule ``simulation``: the network computes what the script says, for every size and symbol.

Hypotheses: no denominator vanishes; at the bindings that is checked. A symbol that the script calls
a number of tokens is that number. A fixed matrix is any matrix of its shape. With tables every
symbol is the number it is bound to, and every approximated function is replaced by its table.

Witness: ``loops``, for each loop of the script, in order, its ``invariant``: what each block holds
at the start of every pass, at each group of tokens, as a polynomial in the letters that the loop
carries and those from outside; and ``symmetric``, the carried letters that equal their transpose.

    {"fact": {"is": "exactness", "of": "script.alg"}, "by": "simulation", "with": {"loops": [
        {"symmetric": ["X#0"], "invariant": {"X": {"d": [["1", ["X#0"]]]}}}]}}

Follows: the values that the network returns are those of the script.  So what a fact ``truncation``
or ``propagation`` bounds of the script's values is bounded of the network's.

Proof: the network is run, layer by layer, in the free algebra, where equal polynomials are equal
matrices for every size; nothing is sampled.  A loop goes by induction over its passes, as
many in the network as in the script.  *Entry*: the invariant holds with the values before the loop.
*Step*: if it holds at the start of a pass, it holds at its end with the body's new values.  Hence
it holds after the last pass (without a pass, by the entry), the letters standing for the final
values; in these what is read out is compared.  A letter of ``symmetric`` equals its transpose by
the same induction: its entering value does, and its leaving value does if the letters do.  A block
that the body writes and no invariant names is a letter of its own, *unknown*: it may only cancel.
The numbers of a ``for`` loop are symbols in its body and in no invariant of it.  Scores of tokens
by tokens that are not linear are letters, named by f, mask and argument: equal names are equal
matrices (``semantics/scores.py``); 1'·1 over the tokens of a group is its number of tokens.

Numbers: none touches soundness; words, terms and bits are limited for speed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Polynomial
from weightsmith.checker.facts.certificate import NETWORK, SCRIPT
from weightsmith.checker.facts.fact import Fact
from weightsmith.checker.facts.read_files import ReadFiles
from weightsmith.checker.facts.rule import Facts, FileRule, Witness
from weightsmith.checker.networks.induction import Prover, read_loop, shown
from weightsmith.checker.networks.network import Network, Stream, check_values
from weightsmith.checker.reading.refusal import Budget, RefusedError, quoted, require
from weightsmith.checker.reading.strict_json import as_list
from weightsmith.checker.reading.template import ReadOut, Template
from weightsmith.checker.semantics.expressions import Value
from weightsmith.checker.semantics.meaning import Meaning, read_meaning
from weightsmith.dsl.numbers.scalars import free_symbols
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import nodes_in, nodes_of, scalars_of_program

if TYPE_CHECKING:
    from weightsmith.checker.semantics.tables import Table

STATEMENT = (
    "The network of template.json computes what script.alg says, for every size, every input and "
    "every value of the symbols at which no denominator vanishes."
)
WITH_TABLES = (
    "The network of template.json computes what script.alg says, every approximated function "
    "replaced by its table, for every size and every input."
)


def derive_exactness(read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
    """Of network.alg, if the network is of that script."""
    name = NETWORK if read.restructured else SCRIPT
    require(of == name, f"The network is of {name}, not of {quoted(of)}.")
    program, template, tables = read.compiled_program(), read.template(), read.tables()
    check_given(program, template)
    loops = as_list(witness["loops"], "The loops")
    way = check_exactness(program, template, loops, Budget(), tables)

    def sentence() -> str:
        orders = open_limits(program, template.bindings) if has_limits(program) else ()
        text = WITH_TABLES if tables else STATEMENT
        text = f"{text[:-1]}, and {', '.join(orders)}." if orders else text
        return text.replace(SCRIPT, name)

    reason = "Proven layer by layer in the free algebra."
    return Fact("exactness", name, {}, way=way, sentence=sentence, reason=reason)


def check_given(program: core.Program, template: Template) -> None:
    """Numbers of tokens and fixed matrices are those of the script; no data are read for these."""
    if program.sizes or template.sizes:
        named = {name for one in scalars_of_program(program) for name in free_symbols(one)}
        sizes = {n: g for n, g in program.sizes if n in named or g in template.groups}
        require(dict(template.sizes) == sizes, "The numbers of tokens are not those of the script.")
    fixed = {one.name: one.shape for one in program.inputs if one.fixed}
    for name in template.matrices:
        require(name in fixed, f"The fixed matrix {quoted(name)} is none of the script.")
    for source in template.sources:
        data = source.of not in fixed or source.kind in ("identity", "ones")
        require(data, f"The source '{source.name}' reads a fixed matrix as if it were data.")


def open_limits(program: core.Program, numbers: Mapping[str, Fraction]) -> tuple[str, ...]:
    """The limits of ``clip`` and ``soft`` that no number puts in order."""
    from weightsmith.dsl.running.bindings import open_orders  # loaded where there are limits

    return open_orders(program, numbers)


def check_exactness(
    program: core.Program,
    template: Template,
    witness: Sequence[object],
    budget: Budget,
    tables: Mapping[str, Table] | None = None,
    *,
    numbers: Mapping[str, Fraction] | None = None,
) -> tuple[str, ...]:
    """Refuse unless the template computes the script; say what is derived on the way.

    With ``tables``, of its approximated sites, every symbol is the number it is bound to.
    ``numbers``: the same for some symbols, so that what is shown holds for these numbers.
    """
    values = template.bindings if tables else numbers
    field = Field(program.symbols, budget=budget, values=values, sizes=template.sizes, heads=True)
    check_frame(program, template)
    loops = [read_loop(one, f"Loop {place}") for place, one in enumerate(witness)]
    symmetric = {place: loop.symmetric for place, loop in enumerate(loops)}
    meaning = read_meaning(program, field, symmetric, tables)
    count = sum(1 for _ in meaning.all_loops())
    require(count == len(loops), f"The script has {count} loops, the witness {len(loops)} of them.")
    network = Network(template, program, meaning)
    prover = Prover(network, meaning, loops)
    stream = prover.run(template.body, network.start(), meaning.loops)
    end = check_read_out(program, network, meaning, stream, prover.same)
    return (*prover.way, end)


def check_frame(program: core.Program, template: Template) -> None:
    """The template is of this script, its bindings are of the script's symbols and have a value."""
    _check_schedules(program, template)
    require(
        template.algorithm == program.name,
        f"The template is of {quoted(template.algorithm)}, the script of '{program.name}'.",
    )
    _check_bindings(program, template)
    check_values(template)


def _check_schedules(program: core.Program, template: Template) -> None:
    """A number of a loop's passes stands in that loop only."""
    if any(loop.schedule for loop in core.repeats(program.body)):
        from weightsmith.checker.semantics.schedules import check_visible, scheduled_names

        check_visible(template, scheduled_names(program))


def _check_bindings(program: core.Program, template: Template) -> None:
    counts = {parameter.name: parameter.is_count for parameter in program.parameters}
    sizes = dict(program.sizes)
    for name, value in template.bindings.items():
        require(name in counts, f"The template binds {quoted(name)}, which is not a parameter.")
        whole = value.denominator == 1 and value >= 0
        counted = counts[name] or name in sizes
        require(whole or not counted, f"The count '{name}' is bound to {value}.")
    if has_limits(program):
        from weightsmith.checker.semantics.limits import check_limits  # loaded where there are any

        check_limits(program, template.bindings)


def has_limits(program: core.Program) -> bool:
    """Are there functions of entries, or loops with numbers of their own for every pass?"""
    returned = (node for one in program.returns for node in (one.value, one.target) if node)
    nodes = chain(nodes_in(program.body), *map(nodes_of, returned))
    loops = any(loop.schedule for loop in core.repeats(program.body))
    return loops or any(isinstance(one, core.Entrywise) for one in nodes)


def check_read_out(
    program: core.Program,
    network: Network,
    meaning: Meaning,
    stream: Stream,
    same: Callable[[Polynomial, Polynomial], bool],
    final: Mapping[str, Polynomial] | None = None,
) -> str:
    """Refuse unless what is read out of the stream is what the script returns; say that it is.

    ``final``: what the letters of the script's loops are at its end, if they do not stand for it.
    """
    template = network.template
    try:
        names = [output.name for output in template.read_out]
        wanted = [output.name for output in program.returns]
        require(names == wanted, f"the network returns {names}, the script {wanted}.")
        for returned, output in zip(program.returns, template.read_out, strict=True):
            value = meaning.returned[returned.name]
            for group, letters in returned_parts(returned, value, output):
                said = letters if final is None else letters.replace_letters(final)
                held = network.combine(output.terms, group, stream)
                require(
                    same(said, held),
                    f"for '{output.name}' at '{group}' the network returns {shown(held)}, "
                    f"the script {shown(said)}.",
                )
    except RefusedError as refused:
        raise RefusedError(f"At the read-out {refused}") from None
    returns = ", ".join(one.name for one in program.returns)
    return f"After the last layer the network returns what the script does: {returns}."


def returned_parts(
    returned: core.Return, value: Value, output: ReadOut
) -> Iterator[tuple[str, Polynomial]]:
    """What the read-out must hold at each of its groups; its rows and groups are the script's."""
    name = output.name
    by_tokens = value.rows == core.TOKEN
    require(output.transposed == by_tokens, f"'{name}' is transposed if its rows are tokens only.")
    transposed = value.transpose() if output.transposed else value
    require(transposed.rows != core.TOKEN, f"the columns of '{name}' are not tokens: transpose it.")
    require(
        transposed.rows == output.rows, f"'{name}' has {transposed.rows} rows, not {output.rows}."
    )
    groups = returned.groups if transposed.columns == core.TOKEN else (transposed.columns,)
    require(bool(groups), f"'{name}' is returned at no token.")
    require(
        groups == output.groups,
        f"the script returns '{name}' at {' and '.join(groups)}, the network at "
        f"{' and '.join(output.groups)}.",
    )
    for group in groups:
        part = ("", group if transposed.columns == core.TOKEN else "")
        require(part in transposed.parts, f"'{name}' is not defined at '{group}'.")
        yield group, transposed.parts[part]


RULE = FileRule("simulation", "exactness", derive_exactness, keys=("loops",))
