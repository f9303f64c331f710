"""The lines of layers as ``layers`` reads them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from fractions import Fraction

from weightsmith.compiler.ir.template import (
    Head,
    Hidden,
    Item,
    Layer,
    Mlp,
    Repeat,
    Template,
    Terms,
)
from weightsmith.compiler.nets.cursor import added, times
from weightsmith.compiler.nets.layers import FUNCTIONS
from weightsmith.compiler.nets.tables import Hinge
from weightsmith.compiler.nets.tokens import quoted_name
from weightsmith.dsl.heads import ALL, written

TRANSPOSE = "ᵀ"
LONG = 20  # letters of a fraction from which on a decimal reads better
MANY = 8  # units of one function from which on they are a table
_SIMPLE = re.compile(r"-?[^-+* ]+")  # a coefficient that needs no brackets
_PRODUCT = re.compile(r"[^ ]+")  # one that needs none where it stands alone
_RATIONAL = re.compile(r"-?[0-9]+(/[0-9]+)?")
_WORDS = ("sum", "over", "at", "of", "rows", "tokens", "above", "below", "starts", "nothing")
KEYWORDS = ("network", "input", "matrix", "param", "tokens", "stream", "layer", "return", "table")
RESERVED = frozenset((*KEYWORDS, *FUNCTIONS, *_WORDS, "repeat", "for", "head", "mlp", "id"))


@dataclass(slots=True)
class LayerWriter:
    """Writes the layers of a template, and collects the tables that they use."""

    template: Template
    names: dict[str, str]  # of blocks and views, as they are written
    taken: Collection[str]  # words that are the name of something
    tables: dict[tuple[Hinge, ...], str] = field(default_factory=dict)

    def items(self, items: tuple[Item, ...], indent: str = "") -> list[str]:
        """The lines of layers and loops."""
        lines = []
        for item in items:
            if isinstance(item, Layer):
                lines += self.layer(item, indent)
                continue
            lines.append(f"{indent}{loop_text(item)}:")
            inner = indent + "    "
            lines += self.items(item.body, inner) or [f"{inner}(nothing)"]
        return lines

    def layer(self, layer: Layer, indent: str = "") -> list[str]:
        """Each head and each function as a formula."""
        lines = [line for head in layer.heads for line in self._head(head)]
        if layer.mlp is not None:
            found = self._mlp(layer.mlp)
            lines += [f"{'      ' if i else 'mlp   '}{line}" for i, line in enumerate(found)]
        lines = lines or ["(nothing)"]
        return [f"{indent}layer   {lines[0]}", *(f"{indent}        {line}" for line in lines[1:])]

    def combination(self, terms: Terms, bias: str = "0") -> str:
        """Write Σ coefficient · block + bias."""
        parts = [scaled(coefficient, self.names[name]) for name, coefficient in terms]
        return joined([*parts, *([scaled(bias, "")] if bias != "0" else [])])

    def factor(self, terms: Terms) -> str:
        """The same, in brackets where it stands in a product."""
        is_plain = len(terms) == 1 and terms[0][1] == "1" and " " not in self.names[terms[0][0]]
        return self.names[terms[0][0]] if is_plain else f"({self.combination(terms)})"

    # -- heads --------------------------------------------------------------------------------

    def _head(self, head: Head) -> list[str]:
        groups = self.template.groups
        where = ""
        if not (groups == head.key_groups == head.query_groups and head.scores.mask == ALL):
            mask = "" if head.scores.mask == ALL else f" {head.scores.mask}"
            keys, queries = ", ".join(head.key_groups), ", ".join(head.query_groups)
            where = f"   sum over {keys}{mask}; at {queries}"
        outputs = head.outputs
        if not outputs and head.values:  # what adds nothing
            rows = self.template.readable[head.values[0][0][0]]
            outputs = tuple((b.name, 0, "0") for b in self.template.blocks if b.rows == rows)[:1]
        lines = []
        scores = self._scores(head)
        for position, (block, index, coefficient) in enumerate(outputs):
            product = f"{self.factor(head.values[index])}·{scores}"
            label = "head  " if position == 0 else "      "
            text = scaled(coefficient, product)
            lines.append(f"{label}{self.names[block]} += {text}{where}")
        return lines

    def _scores(self, head: Head) -> str:
        """``Kᵀ·Q``, or what the head makes of it: ``relu(Kᵀ·Q + …)``."""
        pairs = zip(head.keys, head.queries, strict=True)
        text = " + ".join(
            f"{self.factor(keys)}{TRANSPOSE}·{self.factor(queries)}" for keys, queries in pairs
        )
        words = written(head.scores.function, head.scores.normalised)
        for word in reversed(words):
            text = f"{word}({text})"
        return f"({text})" if len(head.keys) > 1 and not words else text

    # -- mlps ---------------------------------------------------------------------------------

    def _mlp(self, mlp: Mlp) -> list[str]:
        """A line for each thing that is added to a block, in the order of the hidden units."""
        units = Units(mlp)
        lines: list[str] = []
        place = 0
        while place < len(mlp.hidden):
            end = units.family(place)
            if end - place > MANY:
                lines += self._table(units, place, end)
                place = end
            elif units.is_pair(place):
                block, coefficient = units.targets[place][0]
                text = scaled(coefficient, self._inside(mlp.hidden[place].terms))
                lines.append(f"{self.names[block]} += {text}")
                place += 2
            else:
                lines += self._unit(mlp.hidden[place], units.targets[place])
                place += 1
        lines += [f"{self.names[block]} += {scaled(one, '')}" for block, one in mlp.bias]
        return lines

    def _inside(self, terms: Terms) -> str:
        """A combination that a linear line adds: a view, too, needs no brackets."""
        is_plain = len(terms) == 1 and terms[0][1] == "1"
        return self.names[terms[0][0]] if is_plain else f"({self.combination(terms)})"

    def _unit(self, hidden: Hidden, targets: list[tuple[str, str]]) -> list[str]:
        first = self.combination(hidden.terms, hidden.bias)
        rows = f"[{hidden.rows}]"
        if hidden.is_gated:
            second = self.combination(hidden.gate, hidden.gate_bias)
            own = (*hidden.terms, *hidden.gate)
            text = f"({first}) .*{{}} ({second})"
        else:
            own, text = hidden.terms, f"relu{{}}({first})"
        lines = []
        for position, (block, coefficient) in enumerate(targets):
            is_known = self._rows_of(own, block) == hidden.rows
            shown = text.replace("{}", "" if is_known else rows, 1)
            shown = text.replace("{}", rows, 1) if position and not is_known else shown
            lines.append(f"{self.names[block]} += {scaled(coefficient, shown)}")
        return lines

    def _rows_of(self, terms: Terms, target: str) -> str:
        """The hidden rows that the reader takes it to have."""
        readable = self.template.readable
        rows = {readable[name] for name, _ in terms}
        rows = rows - {"1"} if len(rows) > 1 else rows
        return rows.pop() if len(rows) == 1 else "" if rows else readable[target]

    def _table(self, units: Units, start: int, end: int) -> list[str]:
        """The units of a function as a table; it is named once, whoever uses it."""
        hidden = units.mlp.hidden[start:end]
        terms = upright(hidden[0].terms)
        lines = []
        for number, (block, _) in enumerate(units.targets[start]):
            changes = [Fraction(units.targets[i][number][1]) for i in range(start, end)]
            hinges = tuple(
                Hinge(one.terms == terms, Fraction(one.bias) * (-1 if one.terms == terms else 1), c)
                for one, c in zip(hidden, changes, strict=True)
            )
            sign, name = self._named(hinges)
            if self._rows_of(terms, block) != hidden[0].rows:
                name += f"[{hidden[0].rows}]"
            lines.append(f"{self.names[block]} += {sign}{name}({self.combination(terms)})")
        return lines

    def _named(self, hinges: tuple[Hinge, ...]) -> tuple[str, str]:
        """The name of a table, and ``-`` if it is the negative of one that is known."""
        minus = tuple(Hinge(one.above, one.place, -one.change) for one in hinges)
        if hinges not in self.tables and minus in self.tables:
            return "-", self.tables[minus]
        if hinges not in self.tables:
            number = len(self.tables) + 1
            while f"f{number}" in self.taken or f"f{number}" in self.tables.values():
                number += 1
            self.tables[hinges] = f"f{number}"
        return "", self.tables[hinges]


class Units:
    """The hidden units of an mlp, and what each adds to which block."""

    def __init__(self, mlp: Mlp) -> None:
        self.mlp = mlp
        self.targets: list[list[tuple[str, str]]] = [[] for _ in mlp.hidden]
        for block, index, coefficient in mlp.outputs:
            self.targets[index].append((block, coefficient))

    def is_pair(self, place: int) -> bool:
        """Are it and the next relu(s) and relu(−s), with opposite coefficients, for one block?"""
        if place + 1 >= len(self.mlp.hidden):
            return False
        one, other = self.mlp.hidden[place : place + 2]
        if not one.bias == other.bias == "0" or one.is_gated or other.is_gated:
            return False
        if one.rows != other.rows or not one.terms or not opposite(one.terms, other.terms):
            return False
        first, second = self.targets[place], self.targets[place + 1]
        if not len(first) == len(second) == 1 or first[0][0] != second[0][0]:
            return False
        return added(first[0][1], second[0][1]) == "0" and any(c != "0" for _, c in one.terms)

    def family(self, start: int) -> int:
        """The end of the units from here on that are one function of numbers."""
        hidden = self.mlp.hidden
        blocks = [block for block, _ in self.targets[start]]
        terms = upright(hidden[start].terms)
        known = {hidden[start].terms}
        end = start
        if len(set(blocks)) < len(blocks) or not blocks or not terms:
            return start + 1
        while end < len(hidden) and self._belongs(end, blocks, hidden[start].rows):
            if hidden[end].terms not in known:
                if len(known) > 1 or not opposite(hidden[start].terms, hidden[end].terms):
                    break
                known.add(hidden[end].terms)
            if self.is_pair(end) and not self._goes_on(end + 2, blocks, known):
                break
            end += 1
        return max(end, start + 1)

    def _goes_on(self, place: int, blocks: list[str], known: set[Terms]) -> bool:
        """Does the function go on after a pair?"""
        return (
            place < len(self.mlp.hidden)
            and self.mlp.hidden[place].terms in known
            and self._belongs(place, blocks, self.mlp.hidden[place].rows)
        )

    def _belongs(self, place: int, blocks: list[str], rows: str) -> bool:
        one, targets = self.mlp.hidden[place], self.targets[place]
        return (
            not one.is_gated
            and one.rows == rows
            and [block for block, _ in targets] == blocks
            and _RATIONAL.fullmatch(one.bias) is not None
            and all(_RATIONAL.fullmatch(number) for _, number in targets)
        )


def upright(terms: Terms) -> Terms:
    """The terms, negated if the first coefficient has a minus in front."""
    if not terms or not terms[0][1].startswith("-"):
        return terms
    return tuple((name, times("-1", one)) for name, one in terms)


def opposite(first: Terms, second: Terms) -> bool:
    """Is the one combination the negative of the other?"""
    if [name for name, _ in first] != [name for name, _ in second]:
        return False
    return all(added(a, b) == "0" for (_, a), (_, b) in zip(first, second, strict=True))


def _number(text: str) -> str:
    """A number of a pass; a long fraction that ends as a decimal as that, exactly."""
    if len(text) <= LONG or not _RATIONAL.fullmatch(text):
        return text
    value = Fraction(text)
    scaled = value * 10 ** len(text)  # a shorter decimal has fewer places
    if scaled.denominator != 1:
        return text
    digits = f"{abs(scaled.numerator):0{len(text) + 1}}"
    decimal = f"{digits[: -len(text)]}.{digits[-len(text) :]}".rstrip("0").rstrip(".")
    return f"-{decimal}" if value < 0 else decimal


def loop_text(item: Repeat) -> str:
    """``repeat steps``, or ``for g in 3/2, 2``."""
    if not item.schedule:
        return f"repeat {item.count}"
    names = ", ".join(name for name, _ in item.schedule)
    numbers = (map(_number, values) for _, values in item.schedule)
    rows = [", ".join(row) for row in zip(*numbers, strict=True)]
    is_plain = len(item.schedule) == 1
    return f"for {names} in {', '.join(row if is_plain else f'({row})' for row in rows)}"


def scaled(coefficient: str, text: str) -> str:
    """``c text``; a number that stands alone where there is no text."""
    if text and coefficient in ("1", "-1"):
        return text if coefficient == "1" else f"-{text}"
    is_simple = (_SIMPLE if text else _PRODUCT).fullmatch(coefficient)
    number = coefficient if is_simple else f"({coefficient})"
    return f"{number} {text}".rstrip()


def joined(parts: list[str]) -> str:
    """A sum: ``x - 2 y``."""
    text = ""
    for part in parts:
        if not text:
            text = part
        elif part.startswith("-"):
            text += f" - {part[1:]}"
        else:
            text += f" + {part}"
    return text or "0"


def written_names(template: Template, taken: Collection[str]) -> dict[str, str]:
    """Blocks in brackets where a word would be taken for something else; views as products."""
    names = {block.name: quoted_name(block.name, taken) for block in template.blocks}
    for view in template.views:
        mark = TRANSPOSE if view.transposed else ""
        names[view.name] = f"{view.matrix}{mark} {names[view.block]}"
    return names
