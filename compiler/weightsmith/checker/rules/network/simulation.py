"""The rule ``simulation``: the network computes what the script says, for every size and symbol.

Hypotheses: no denominator vanishes.  With tables every symbol is the number it is bound to, and
every approximated function is replaced by its table.

Witness: ``loops``, for each loop of the script, in order, its ``invariant``: what each block holds
at the start of every pass, at each group of tokens, as a polynomial in the letters that the loop
carries and those from outside; and ``symmetric``, the carried letters that equal their transpose.

    {"fact": {"is": "exactness", "of": "script.alg"}, "by": "simulation", "with": {"loops": [
        {"symmetric": ["X#0"], "invariant": {"X": {"d": [["1", ["X#0"]]]}}}]}}

Follows: the values that the network returns are those of the script.  So what a fact ``truncation``
or ``propagation`` bounds of the script's values is bounded of the network's.

Proof: by induction over loops.  *Entry*: the invariant holds with the values before the loop.
*Step*: if it holds at the start of a pass, it holds at its end with the body's new values; hence at
the exit, the letters standing for the final values.  A letter of ``symmetric`` equals its transpose
by the same induction: its entering value does, and its leaving value does if the letters do.
Everything in between is simulated, layer by
layer, in the free algebra, where equal polynomials are equal matrices for every size; nothing is
sampled.  A block that the body writes and no invariant names is a letter of its own, *unknown*: it
may only cancel.  The numbers of a ``for`` loop are symbols in its body and in no invariant of it.

Numbers: none touches soundness; words, terms and bits are limited for speed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.rational_text import polynomial_text
from weightsmith.checker.algebra.words import Letter, Polynomial, ones_word
from weightsmith.checker.algebra.written import read_polynomial
from weightsmith.checker.facts.certificate import NETWORK, SCRIPT
from weightsmith.checker.facts.fact import Fact
from weightsmith.checker.facts.read_files import ReadFiles
from weightsmith.checker.facts.rule import Facts, FileRule, Witness
from weightsmith.checker.reading.refusal import Budget, RefusedError, quoted, require
from weightsmith.checker.reading.strict_json import as_list, as_object, as_texts
from weightsmith.checker.reading.template import Item, Layer, ReadOut, Repeat, Template
from weightsmith.checker.semantics.expressions import Value
from weightsmith.checker.semantics.meaning import Loop, Meaning, read_meaning
from weightsmith.checker.semantics.network import Network, Stream
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import nodes_in, nodes_of

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


MOST_TERMS = 20  # of a polynomial that a fact shows


@dataclass(frozen=True, slots=True)
class LoopWitness:
    """Of one loop: its symmetric letters and its invariant, not yet read."""

    symmetric: tuple[str, ...]
    invariant: dict[str, object]


def derive_exactness(read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
    """Of network.alg, if the network is of that script."""
    name = NETWORK if read.restructured else SCRIPT
    require(of == name, f"The network is of {name}, not of {quoted(of)}.")
    program, template, tables = read.compiled_program(), read.template(), read.tables()
    loops = as_list(witness["loops"], "The loops")
    way = check_exactness(program, template, loops, Budget(), tables)

    def sentence() -> str:
        orders = _open_orders(program, template) if has_limits(program) else ()
        text = WITH_TABLES if tables else STATEMENT
        text = f"{text[:-1]}, and {', '.join(orders)}." if orders else text
        return text.replace(SCRIPT, name)

    reason = "Proven layer by layer in the free algebra."
    return Fact("exactness", name, {}, way=way, sentence=sentence, reason=reason)


def _open_orders(program: core.Program, template: Template) -> tuple[str, ...]:
    """The limits of ``clip`` and ``soft`` that no number puts in order."""
    from weightsmith.dsl.running.bindings import open_orders  # loaded where there are limits

    return open_orders(program, template.bindings)


def check_exactness(
    program: core.Program,
    template: Template,
    witness: Sequence[object],
    budget: Budget,
    tables: Mapping[str, Table] | None = None,
) -> tuple[str, ...]:
    """Refuse unless the template computes the script; say what is derived on the way.

    With ``tables``, of its approximated sites, every symbol is the number it is bound to.
    """
    field = Field(program.symbols, budget=budget, values=template.bindings if tables else None)
    _check_schedules(program, template)
    require(
        template.algorithm == program.name,
        f"The template is of {quoted(template.algorithm)}, the script of '{program.name}'.",
    )
    _check_bindings(program, template)
    loops = [_read_loop(one, f"Loop {place}") for place, one in enumerate(witness)]
    symmetric = {place: loop.symmetric for place, loop in enumerate(loops)}
    meaning = read_meaning(program, field, symmetric, tables)
    count = sum(1 for _ in meaning.all_loops())
    require(count == len(loops), f"The script has {count} loops, the witness {len(loops)} of them.")
    network = Network(template, program, meaning)
    prover = _Prover(network, meaning, loops)
    stream = prover.run(template.body, network.start(), meaning.loops)
    try:
        _check_read_out(program, template, meaning, network, stream)
    except RefusedError as refused:
        raise RefusedError(f"At the read-out {refused}") from None
    returned = ", ".join(one.name for one in program.returns)
    return (
        *prover.way,
        f"After the last layer the network returns what the script does: {returned}.",
    )


def _read_loop(item: object, what: str) -> LoopWitness:
    parts = as_object(item, what, ("symmetric", "invariant"))
    symmetric = as_texts(parts["symmetric"], f"{what}, symmetric")
    require(len(set(symmetric)) == len(symmetric), f"{what} names a letter twice.")
    invariant = parts["invariant"]
    if not isinstance(invariant, dict):
        raise RefusedError(f"{what}: the invariant is not an object.")
    return LoopWitness(symmetric, invariant)


def _check_schedules(program: core.Program, template: Template) -> None:
    """A number of a loop's passes stands in that loop only."""
    if any(loop.schedule for loop in core.repeats(program.body)):
        from weightsmith.checker.semantics.schedules import check_visible, scheduled_names

        check_visible(template, scheduled_names(program))


def same_values(left: Polynomial, right: Polynomial) -> bool:
    """Equal, if need be after writing every function of entries as a sum."""
    if left.equals(right):
        return True
    from weightsmith.checker.semantics import entries  # loaded where it is used

    return entries.same_values(left, right)


def _check_bindings(program: core.Program, template: Template) -> None:
    counts = {parameter.name: parameter.is_count for parameter in program.parameters}
    for name, value in template.bindings.items():
        require(name in counts, f"The template binds {quoted(name)}, which is not a parameter.")
        whole = value.denominator == 1 and value >= 0
        require(whole or not counts[name], f"The count '{name}' is bound to {value}.")
    if has_limits(program):
        from weightsmith.checker.semantics.limits import check_limits  # loaded where there are any

        check_limits(program, template.bindings)


def has_limits(program: core.Program) -> bool:
    """Are there functions of entries, or loops with numbers of their own for every pass?"""
    returned = (node for one in program.returns for node in (one.value, one.target) if node)
    nodes = chain(nodes_in(program.body), *map(nodes_of, returned))
    loops = any(loop.schedule for loop in core.repeats(program.body))
    return loops or any(isinstance(one, core.Entrywise) for one in nodes)


class _Prover:
    """Simulates the body; at every repeat it proves and then uses the invariant."""

    def __init__(self, network: Network, meaning: Meaning, steps: Sequence[LoopWitness]) -> None:
        self._network = network
        self._steps = steps
        axes = {*network.template.groups, *network.template.blocks.values()} - {"1"}
        self._ones = {letter.name: letter for axis in axes for letter in ones_word(axis, "1")}
        self.way: list[str] = []
        self._sites = {name: (value, value.names()) for name, value in meaning.sites.items()}

    def run(self, items: tuple[Item, ...], stream: Stream, loops: tuple[Loop, ...]) -> Stream:
        repeats = sum(isinstance(item, Repeat) for item in items)
        require(
            repeats == len(loops),
            f"The network has {repeats} repeats where the script has {len(loops)} loops.",
        )
        remaining = iter(loops)
        for item in items:
            if isinstance(item, Layer):
                stream = self._network.layer(item, stream)
            else:
                stream = self._loop(item, stream, next(remaining))
        return stream

    def _loop(self, item: Repeat, before: Stream, loop: Loop) -> Stream:
        step = self._steps[loop.index]
        what = f"Loop {loop.index}"
        try:
            self._check_entry_symmetries(step, loop)
            counts = self._network.field.read(item.count), self._network.field.read(loop.count)
            require(counts[0] == counts[1], "the network's count differs from the script's.")
            same = item.schedule == loop.schedule
            require(same, "the numbers of its passes differ from the script's.")
            written = self._network.written(item.body)
            invariant = self._read_invariant(step, loop)
            assumed = self._assume(before, invariant, written, loop.index)
            _compare(invariant, loop.entering, before, "at the entry")
        except RefusedError as refused:
            raise RefusedError(f"{what}: {refused}") from None
        after = self.run(item.body, assumed, loop.children)
        try:
            _compare(invariant, loop.leaving, after, "after the body")
            _check_symmetric(step.symmetric, loop.leaving, "after the body")
        except RefusedError as refused:
            raise RefusedError(f"{what}: {refused}") from None
        self.way += _invariant_way(loop, step, invariant)
        return assumed

    def _check_entry_symmetries(self, step: LoopWitness, loop: Loop) -> None:
        _check_symmetric(step.symmetric, loop.entering, "before the loop")

    def _read_invariant(self, step: LoopWitness, loop: Loop) -> dict[tuple[str, str], Polynomial]:
        invariant = {}
        words = self._words({**loop.outside, **loop.letters})
        for block, groups in step.invariant.items():
            known = block in self._network.template.blocks
            require(known, f"the invariant names {quoted(block)}, which is not a block.")
            if not isinstance(groups, dict):
                raise RefusedError(f"the invariant of '{block}' is not an object.")
            require(bool(groups), f"the invariant of '{block}' names no group.")
            for group, terms in groups.items():
                known = group in self._network.template.groups
                require(known, f"the invariant of '{block}' names {quoted(group)}, not a group.")
                rows = self._network.template.blocks[block]
                what = f"the invariant of '{block}' at '{group}'"
                shape = (rows, group)
                invariant[block, group] = read_polynomial(
                    terms, shape, words, self._network.field, what
                )
        self._check_constant(invariant, loop)
        return invariant

    def _check_constant(self, invariant: Mapping[tuple[str, str], Polynomial], loop: Loop) -> None:
        """An invariant holds at the start of every pass: no number of a pass may stand in it."""
        if not loop.schedule:
            return
        from weightsmith.checker.semantics.entries import symbols_of  # loaded where it is used

        for (block, _), polynomial in invariant.items():
            found = symbols_of(polynomial) & loop.schedule.keys()
            require(not found, f"the invariant of '{block}' names a number of the passes.")

    def _words(self, letters: Mapping[str, Letter]) -> Mapping[str, Polynomial | Letter]:
        """What an invariant may name: letters, ones, and the sites that depend on these only."""
        known = letters.keys() | self._ones.keys()
        sites = {name: value for name, (value, names) in self._sites.items() if names <= known}
        return {**sites, **self._ones, **letters}

    def _assume(
        self,
        before: Stream,
        invariant: Mapping[tuple[str, str], Polynomial],
        written: frozenset[str],
        index: int,
    ) -> Stream:
        """The stream at the start of a pass and at the exit: the invariant, where it speaks.

        Elsewhere a block that the body writes is unknown, and any other holds what it held.
        """
        kept = {
            (block, group): self._unknown(block, group, index) if block in written else held
            for (block, group), held in before.items()
        }
        return {**kept, **invariant}

    def _unknown(self, block: str, group: str, loop: int) -> Polynomial:
        """Whatever the block holds, as a letter of its own: it may cancel, and nothing else."""
        rows = self._network.template.blocks[block]
        return Polynomial.letter(
            self._network.field, Letter(f"?{loop} {block}@{group}", rows, group)
        )


def _invariant_way(
    loop: Loop, step: LoopWitness, invariant: Mapping[tuple[str, str], Polynomial]
) -> Iterator[str]:
    """The loop's invariant in words: it holds before the loop, and a pass keeps it."""
    for name, first in loop.entering.items():
        after = _text(loop.leaving[name])
        yield f"By the program {name} begins as {_text(first)}, and a pass makes it {after}."
    when = f"Before every pass of loop {loop.index} and after the last"
    for (block, group), polynomial in invariant.items():
        holds = polynomial_text(polynomial)
        yield f"{when}, block {block} holds {holds} at the tokens {group}."
    for name in step.symmetric:
        yield f"{when}, {name} is symmetric."


def _text(polynomial: Polynomial) -> str:
    """In words only how long it is, if it is long."""
    count = len(polynomial.terms)
    return polynomial_text(polynomial) if count <= MOST_TERMS else f"a sum of {count} terms"


def _compare(
    invariant: Mapping[tuple[str, str], Polynomial],
    values: Mapping[str, Polynomial],
    stream: Stream,
    when: str,
) -> None:
    """With the values in place of the letters, the invariant must be what the blocks hold."""
    for (block, group), polynomial in invariant.items():
        held = stream[block, group]
        wanted = polynomial.replace_letters(values)
        require(
            same_values(wanted, held),
            f"{when}, block '{block}' holds {_shown(held)} at '{group}', "
            f"the invariant says {_shown(wanted)}.",
        )


def _check_symmetric(names: tuple[str, ...], values: Mapping[str, Polynomial], when: str) -> None:
    for name in names:
        value = values[name]
        require(same_values(value, value.transpose()), f"{when}, '{name}' is not shown symmetric.")


def _check_read_out(
    program: core.Program,
    template: Template,
    meaning: Meaning,
    network: Network,
    stream: Stream,
) -> None:
    names = [output.name for output in template.read_out]
    wanted = [output.name for output in program.returns]
    require(names == wanted, f"the network returns {names}, the script {wanted}.")
    for returned, output in zip(program.returns, template.read_out, strict=True):
        value = meaning.returned[returned.name]
        for group, polynomial in _columns(returned, value, output):
            held = network.combine(output.terms, group, stream)
            require(
                same_values(polynomial, held),
                f"for '{output.name}' at '{group}' the network returns {_shown(held)}, "
                f"the script {_shown(polynomial)}.",
            )


def _columns(
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
    require(groups == output.groups, f"'{name}' is returned at {groups}, not {output.groups}.")
    for group in groups:
        part = ("", group if transposed.columns == core.TOKEN else "")
        require(part in transposed.parts, f"'{name}' is not defined at '{group}'.")
        yield group, transposed.parts[part]


def _shown(polynomial: Polynomial) -> str:
    text = polynomial_text(polynomial)
    return text if len(text) < 120 else text[:119] + "…"


RULE = FileRule("simulation", "exactness", derive_exactness, keys=("loops",))
