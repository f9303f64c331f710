"""A script in which functions of entries and heads stay closed: a letter for each site and head.

The letter ``sigmoid[3]@context`` stands for the value of site 3 at the place where it stands, be it
the function or its table; ``head 2@context`` for what head 2 adds there.  Polynomials in such
letters mean both the script and the network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Letter, Polynomial
from weightsmith.checker.heads import ALL
from weightsmith.checker.reading.refusal import Budget, RefusedError, require
from weightsmith.checker.semantics.expressions import Environment, Value, evaluate
from weightsmith.checker.semantics.meaning import Loop, Meaning, read_meaning
from weightsmith.checker.semantics.sites import Part, Sites
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import nodes_of

Node = core.Entrywise | core.Hadamard


@dataclass(frozen=True, slots=True, eq=False)
class SiteValue:
    """What a site's letter stands for: the function, and the polynomials that it is applied to.

    A value whose rows are tokens is transposed, and so are its arguments.
    """

    node: Node
    letter: Letter
    arguments: tuple[Polynomial, ...]


@dataclass(frozen=True, slots=True, eq=False)
class HeadValue:
    """What the letter of a head stands for: values and scores of each group of keys.

    ``number``: of the heads of the script, in order of evaluation, from 0.
    """

    number: int
    node: core.Attention
    letter: Letter
    values: tuple[Polynomial, ...]
    scores: tuple[Polynomial, ...]

    @property
    def arguments(self) -> tuple[Polynomial, ...]:
        return self.values + self.scores


class SiteLetters(Sites):
    """Gives each site and each head a letter, and keeps what it stands for."""

    def __init__(self, field: Field) -> None:
        super().__init__({}, field)
        self.found: dict[str, SiteValue] = {}
        self.heads: dict[str, HeadValue] = {}
        self.order: list[core.Attention] = []

    def apply(self, node: core.Entrywise, part: Part, value: Polynomial) -> Polynomial:
        return self._letter(node, node.label, part, (value,))

    def multiply(
        self, node: core.Hadamard, part: Part, left: Polynomial, right: Polynomial
    ) -> Polynomial:
        return self._letter(node, "product", part, (left, right))

    def attend(self, node: core.Attention, value: Value, scores: Value) -> Value:
        require(bool(node.over), "A product over tokens does not say over which.")
        number = len(self.order)
        self.order.append(node)
        parts: dict[Part, Polynomial] = {}
        columns = dict.fromkeys(column for _, column in scores.parts)
        for column in columns if node.mask == ALL else node.over:
            for group in node.over:
                known = ("", group) in value.parts and (group, column) in scores.parts
                require(known, f"A product sums over '{group}', where a factor is not defined.")
            values = tuple(value.parts["", group] for group in node.over)
            products = tuple(scores.parts[group, column] for group in node.over)
            letter = Letter(f"head {number}@{column}", value.rows, column)
            self.heads[letter.name] = HeadValue(number, node, letter, values, products)
            parts["", column] = Polynomial.letter(self._field, letter)
        return Value(value.rows, core.TOKEN, parts)

    def _letter(
        self, node: Node, label: str, part: Part, arguments: tuple[Polynomial, ...]
    ) -> Polynomial:
        name = f"{label}[{node.site}]" + "".join(f"@{group}" for group in part if group)
        require(name not in self.found, f"Two sites of the script have the name '{name}'.")
        by_tokens = node.shape.rows == core.TOKEN != node.shape.columns
        transposed = tuple(one.transpose() for one in arguments) if by_tokens else arguments
        letter = Letter(name, transposed[0].rows, transposed[0].columns)
        self.found[name] = SiteValue(node, letter, transposed)
        value = Polynomial.letter(arguments[0].field, letter)
        return value.transpose() if by_tokens else value


@dataclass(frozen=True, slots=True, eq=False)
class Script:
    """A script at bindings: its meaning in the letters of its sites, and where each site stands."""

    program: core.Program
    bindings: Mapping[str, Fraction]
    meaning: Meaning
    sites: Mapping[str, SiteValue]  # by the letter's name, in order of evaluation
    home: Mapping[str, int | None]  # of a site's number: the innermost loop in which it stands
    heads: Mapping[str, HeadValue]  # as the sites
    head_home: Sequence[int | None]  # of a head's number

    @property
    def field(self) -> Field:
        return self.meaning.field

    def sites_in(self, loop: int | None) -> Iterator[SiteValue]:
        return (one for one in self.sites.values() if self.home.get(one.node.site) == loop)

    def heads_in(self, loop: int | None) -> Iterator[HeadValue]:
        return (one for one in self.heads.values() if self.head_home[one.number] == loop)

    def loop(self, index: int) -> Loop:
        return next(one for one in self.meaning.all_loops() if one.index == index)

    def evaluate(self, node: core.Node, environment: Environment) -> tuple[Polynomial, SiteLetters]:
        """The value of a node without tokens, and the sites that stand in it."""
        letters = SiteLetters(self.field)
        value = evaluate(node, environment, self.field, letters)
        require(set(value.parts) == {("", "")}, "The value has a token axis.")
        return value.parts["", ""], letters


def read_script(program: core.Program, bindings: Mapping[str, Fraction], budget: Budget) -> Script:
    """Read a script at bindings of all its symbols."""
    for parameter in program.parameters:
        known = parameter.name in bindings
        require(known, f"The symbol '{parameter.name}' has no value.")
    for loop in core.repeats(program.body):
        require(not loop.schedule, "A 'for' loop changes its numbers: bounds need a 'repeat'.")
    field = Field(program.symbols, budget=budget, values=bindings)
    letters = SiteLetters(field)
    meaning = read_meaning(program, field, {}, sites=letters)
    home: dict[str, int | None] = {}
    heads: list[tuple[core.Attention, int | None]] = []
    _walk(program.body, None, [0], home, heads)
    for returned in program.returns:
        home |= dict.fromkeys(_sites_of(returned.value))
        heads += [(one, None) for one in _heads_of(returned.value)]
    same = len(heads) == len(letters.order)
    same = same and all(a is b for (a, _), b in zip(heads, letters.order, strict=True))
    require(same, "The heads of the script stand in another order than they are evaluated.")
    for one in letters.found.values():
        if one.node.site not in home:
            raise RefusedError(f"Site {one.node.site} of the script stands nowhere.")
    places = tuple(loop for _, loop in heads)
    return Script(program, bindings, meaning, letters.found, home, letters.heads, places)


def _walk(
    body: tuple[core.Statement, ...],
    loop: int | None,
    begun: list[int],
    home: dict[str, int | None],
    heads: list[tuple[core.Attention, int | None]],
) -> None:
    """Note for each site and each head the loop it stands in; loops are counted as they begin."""
    for statement in body:
        if isinstance(statement, core.Repeat):
            index, begun[0] = begun[0], begun[0] + 1
            _walk(statement.body, index, begun, home, heads)
        else:
            for value in statement.values:
                home |= dict.fromkeys(_sites_of(value), loop)
                heads += [(one, loop) for one in _heads_of(value)]


def _sites_of(value: core.Node) -> Iterator[str]:
    for node in nodes_of(value):
        if isinstance(node, core.Entrywise | core.Hadamard):
            yield node.site


def _heads_of(value: core.Node) -> Iterator[core.Attention]:
    for node in nodes_of(value):
        if isinstance(node, core.Attention):
            yield node
