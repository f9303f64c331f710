"""The lines of a layer: heads and MLPs.

head  B += c V·Kᵀ·Q   sum over g; at g, h          c, V, K, Q as terms.py says
head  B += c V·relu(Kᵀ·Q + …)                      f of the scores, stacked keys
      C += d W·relu(Kᵀ·Q + …)                      keys and queries of the head above
mlp   B += c relu(x + 1/2)                         hidden units
      B += c x                                     relu(x) − relu(−x)
      B += c f1(x)                                 the hidden units of a table
      B += c (x + 1) .* (y)                        a gated product
      B += c                                       a number at every token
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from weightsmith.compiler.ir.template import (
    LINEAR,
    Coefficient,
    Head,
    Hidden,
    Layer,
    Mlp,
    Scores,
    Terms,
)
from weightsmith.compiler.nets.cursor import Cursor, added, times
from weightsmith.compiler.nets.places import Rows, Tables, read_groups
from weightsmith.compiler.nets.tables import MOST_HINGES
from weightsmith.compiler.nets.terms import (
    EQUAL_ROWS,
    Operands,
    Sum,
    is_function,
    is_product,
    listed,
    read_coefficient,
    read_operand,
    read_sign,
    read_sum,
    read_term,
)
from weightsmith.dsl.elementary import NAMES
from weightsmith.dsl.heads import ALL, MASKS, WORDS, read
from weightsmith.dsl.text.diagnostics import near_hint

RELU = "relu"
FUNCTIONS = (RELU, *NAMES, *WORDS)  # words that stand in front of a bracket
ONE_FUNCTION = "write relu(Kᵀ·Q), softmax(Kᵀ·Q) or normalised(relu(Kᵀ·Q))"
WHERE = "write: sum over context before; at context"
PRODUCT = "write (x) .* (y)"
MOST_FUNCTIONS = 3  # normalised(relu(( … )))


@dataclass(slots=True)
class LayerReader:
    """Collects the lines of one layer."""

    operands: Operands
    rows: Rows
    tables: Tables
    heads: list[Head] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    places: dict[Hidden, int] = field(default_factory=dict)  # of relus: equal ones are one
    outputs: dict[tuple[str, int], Coefficient] = field(default_factory=dict)
    bias: dict[str, Coefficient] = field(default_factory=dict)
    part: str = ""  # head or mlp: what an unlabelled line belongs to
    is_broken: bool = False  # was there a mistake in the head above?

    def layer(self) -> Layer:
        mlp = None
        bias = tuple((block, one) for block, one in self.bias.items() if one != "0")
        if self.hidden or bias:
            outputs = tuple((*place, one) for place, one in self.outputs.items())
            mlp = Mlp(tuple(self.hidden), outputs, bias)
        return Layer(tuple(self.heads), mlp)

    def line(self, cursor: Cursor) -> None:
        """Read a line after ``layer``, or one below it."""
        following = cursor.after(1)
        label = ""
        if following is None or following.text != "+=":
            label = cursor.accept_word("head", "mlp")
        if not label and not self.part:
            cursor.fail("net-form", "expected 'head' or 'mlp'", "write: layer   mlp   x += 2 x")
        if label == "head" and self.part == "mlp":
            cursor.back(
                "net-order", "the heads of a layer stand before its mlp", "write a new layer"
            )
        if label == "mlp" and self.part == "mlp":
            cursor.back("net-order", "a layer has one mlp", "leave 'mlp' out of its further lines")
        self.part = label or self.part
        self.is_broken = self.is_broken or bool(label)
        target = self._target(cursor)
        if not cursor.accept("+="):
            cursor.fail("net-form", "expected '+='", "a layer adds to blocks: x += …")
        if self.part == "head" and self.is_broken and not label:
            cursor.skip()
        elif self.part == "head":
            self._head(cursor, target, is_new=bool(label))
            self.is_broken = False
        else:
            self._mlp(cursor, target)
        cursor.finish()

    def _target(self, cursor: Cursor) -> str:
        token = cursor.name("the block that is written", "a layer adds to blocks: x += …")
        if token.text not in self.rows.blocks:
            known = listed(self.rows.blocks)
            hint = near_hint(token.text, self.rows.blocks) or f"the blocks are {known}"
            cursor.back("unknown-name", f"there is no block '{token.text}'", hint)
        return token.text

    # -- heads --------------------------------------------------------------------------------

    def _head(self, cursor: Cursor, target: str, *, is_new: bool) -> None:
        sign = read_sign(cursor, first=True)
        first = cursor.at
        coefficient, value = read_term(cursor, self.operands)
        if value is None:
            hint = "a head adds for example x·yᵀ·z"
            cursor.fail("net-form", "expected value·keysᵀ·queries", hint, cursor.span(first))
        terms = self._terms(cursor, value, first)
        self._same_rows(cursor, self.rows.blocks[target], terms, first)
        if not cursor.accept("*"):
            cursor.fail(
                "net-form", "expected '·', then keys and queries", "a head adds for example x·yᵀ·z"
            )
        head = self._scores(cursor)
        head = self._where(cursor, head)
        if is_new:
            self.heads.append(head)
        elif not self._continues(head):
            cursor.fail(
                "net-layer",
                "an unlabelled line shares the keys and the queries of the head above",
                "write 'head' in front of it",
                cursor.span(first),
            )
        self._add_value(target, terms, times(coefficient, sign))

    def _continues(self, head: Head) -> bool:
        last = self.heads[-1]
        return replace(last, values=(), outputs=()) == head

    def _add_value(self, target: str, terms: Terms, coefficient: Coefficient) -> None:
        head = self.heads[-1]
        values = head.values if terms in head.values else (*head.values, terms)
        output = (target, values.index(terms), coefficient)
        self.heads[-1] = replace(head, values=values, outputs=(*head.outputs, output))

    def _scores(self, cursor: Cursor) -> Head:
        """Keys, queries and what is made of their product."""
        function, normalised, brackets = "", "", 0
        while is_function(cursor, self.operands):
            word = cursor.take().text
            if word in self.tables.hinges:
                message = f"the table '{word}' is for an mlp"
                cursor.back("net-layer", message, "a head has relu, exp, softmax, …")
            cursor.expect("(")
            brackets += 1
            if brackets > MOST_FUNCTIONS:
                cursor.fail("net-layer", "a head applies one function to its scores", ONE_FUNCTION)
            inner, divided = read(word) if word in WORDS else (word, "")
            if (function and inner) or (divided and (normalised or function)):
                cursor.at -= 2
                cursor.fail("net-layer", "a head applies one function to its scores", ONE_FUNCTION)
            function, normalised = inner or function, normalised or divided
        if not brackets and self._is_bracketed(cursor):
            cursor.expect("(")
            brackets += 1
        pairs = [self._pair(cursor, first=True)]
        while brackets and (cursor.is_mark("+") or cursor.is_mark("-")):
            pairs.append(self._pair(cursor, first=False))
        for _ in range(brackets):
            cursor.expect(")", "close what was opened before the scores")
        keys, queries = zip(*pairs, strict=True)
        scores = Scores(function, ALL, normalised) if function or normalised else LINEAR
        return Head(keys, queries, (), (), (), (), scores)

    def _is_bracketed(self, cursor: Cursor) -> bool:
        """Is it a bracket around products, and not keys in brackets?"""
        if not cursor.is_mark("("):
            return False
        following = cursor.after(cursor.closing() + 1)
        return following is None or following.text != "'"

    def _pair(self, cursor: Cursor, *, first: bool) -> tuple[Terms, Terms]:
        sign = read_sign(cursor, first=first)
        start = cursor.at
        coefficient, keys = read_term(cursor, self.operands)
        if keys is None:
            cursor.fail(
                "net-form", "expected keysᵀ·queries", "write Kᵀ·Q or K'*Q", cursor.span(start)
            )
        factor = times(coefficient, sign)
        terms = tuple((name, times(factor, one)) for name, one in keys.kept)
        key_terms = self._terms(cursor, Sum(terms, keys.constant), start)
        if not cursor.accept("'"):
            cursor.fail(
                "net-form", "expected keysᵀ·queries: the keys are transposed", "write Kᵀ·Q or K'*Q"
            )
        if not cursor.accept("*"):
            cursor.fail("net-form", "expected '·' and the queries", "write Kᵀ·Q or K'*Q")
        start = cursor.at
        queries = read_operand(cursor, self.operands)
        if queries is None:
            cursor.fail("net-form", "expected the queries", "a block, or a combination in brackets")
        query_terms = self._terms(cursor, queries, start)
        self._same_rows(cursor, self.rows.readable[key_terms[0][0]], query_terms, start)
        return key_terms, query_terms

    def _terms(self, cursor: Cursor, found: Sum, start: int) -> Terms:
        """Blocks only, of equal rows."""
        span = cursor.span(start)
        if found.constant != "0":
            hint = "add a block that starts as ones"
            cursor.fail("net-nothing", "a number stands here without a block of ones", hint, span)
        terms = found.kept
        if not terms:
            cursor.fail("net-nothing", "this combination is zero", "leave the head out", span)
        self._same_rows(cursor, self.rows.readable[terms[0][0]], terms, start)
        return terms

    def _same_rows(self, cursor: Cursor, rows: str, terms: Terms, start: int) -> None:
        for name, _ in terms:
            own = self.rows.readable[name]
            if own != rows:
                message = f"expected {rows} rows, but '{name}' has {own}"
                cursor.fail("net-rows", message, EQUAL_ROWS, cursor.span(start))

    def _where(self, cursor: Cursor, head: Head) -> Head:
        """``sum over g, h; at g``; every group where nothing is said."""
        keys = queries = self.rows.groups
        mask = ALL
        if cursor.accept_word("sum"):
            cursor.expect_word("over", WHERE)
            keys = read_groups(cursor, self.rows.groups)
            mask = cursor.accept_word(*MASKS) or ALL
            cursor.accept(";")
        if cursor.accept_word("at"):
            queries = read_groups(cursor, self.rows.groups)
        if mask != ALL and not (len(keys) == 1 and keys == queries):
            message = "a masked head has one group of tokens"
            cursor.fail("net-layer", message, "sum over g before; at g")
        token = cursor.next
        if token is not None and token.kind == "word":
            hint = near_hint(token.text, ("sum", "at", *MASKS)) or WHERE
            cursor.fail("misspelt", f"'{token.text}' says nothing of where a head reads", hint)
        scores = replace(head.scores, mask=mask)
        return replace(head, key_groups=keys, query_groups=queries, scores=scores)

    # -- mlps ---------------------------------------------------------------------------------

    def _mlp(self, cursor: Cursor, target: str) -> None:
        start = cursor.at
        sign = read_sign(cursor, first=True)
        coefficient = read_coefficient(cursor, self.operands)
        if is_function(cursor, self.operands):
            self._unit(cursor, target, times(coefficient or "1", sign))
        elif is_product(cursor):
            self._product(cursor, target, times(coefficient or "1", sign))
        else:
            cursor.at = start
            self._linear(cursor, target)

    def _unit(self, cursor: Cursor, target: str, coefficient: Coefficient) -> None:
        """``relu(x + 1/2)`` or ``f1(x)``; ``relu[d](y)`` says how many rows of hidden units."""
        name, _, rows = cursor.take().text.partition("[")
        if name != RELU and name not in self.tables.hinges:
            message = f"the units of an mlp are relu, not {name}"
            cursor.back("net-layer", message, f"write a table of hinges: table {name}1, above 0: 1")
        start = cursor.at
        cursor.expect("(")
        inside = read_sum(cursor, self.operands)
        cursor.expect(")")
        own = rows.removesuffix("]") or self._rows_of(cursor, inside, target, start)
        if not inside.kept and (name != RELU or inside.constant == "0"):
            hint = "write relu(x - 1), or a number in place of the unit"
            cursor.fail("net-nothing", "nothing stands in these brackets", hint, cursor.span(start))
        if name == RELU:
            unit = Hidden(own, inside.kept, inside.constant)
            self._add(cursor, target, coefficient, unit, start)
            return
        self._units(cursor, target, coefficient, (name, own, inside), start)

    def _units(
        self,
        cursor: Cursor,
        target: str,
        coefficient: Coefficient,
        table: tuple[str, str, Sum],
        start: int,
    ) -> None:
        """Those of a table, by its name, its rows and what stands in its brackets."""
        name, rows, inside = table
        hinges = self.tables.hinges[name]
        self.tables.room -= len(hinges)
        if self.tables.room < 0:
            message = f"more than {MOST_HINGES} hinges of tables are used"
            cursor.fail("too-large", message, "use smaller tables", cursor.span(start))
        terms = inside.kept
        minus = tuple((block, times("-1", one)) for block, one in terms)
        below = times("-1", inside.constant)
        for hinge in hinges:
            if hinge.above:
                unit = Hidden(rows, terms, added(inside.constant, str(-hinge.place)))
            else:
                unit = Hidden(rows, minus, added(below, str(hinge.place)))
            self._add(cursor, target, times(coefficient, str(hinge.change)), unit, start)

    def _product(self, cursor: Cursor, target: str, coefficient: Coefficient) -> None:
        start = cursor.at
        cursor.expect("(")
        first = read_sum(cursor, self.operands)
        cursor.expect(")")
        cursor.expect(".*")
        rows = ""
        if cursor.next is not None and cursor.next.kind == "name":
            rows = cursor.take().text
        cursor.expect("(", PRODUCT)
        second = read_sum(cursor, self.operands)
        cursor.expect(")")
        rows = rows or self._rows_of(cursor, Sum(first.terms + second.terms), target, start)
        unit = Hidden(rows, first.kept, first.constant, second.kept, second.constant)
        for one in (first, second):
            if not one.kept and one.constant == "0":
                cursor.fail(
                    "net-nothing", "a product with 0 is 0", "leave it out", cursor.span(start)
                )
        self._add(cursor, target, coefficient, unit, start)

    def _linear(self, cursor: Cursor, target: str) -> None:
        start = cursor.at
        sign = read_sign(cursor, first=True)
        coefficient, inside = read_term(cursor, self.operands)
        if inside is None or cursor.next is not None:
            cursor.at = start
            coefficient, inside = "1", read_sum(cursor, self.operands)
        else:
            coefficient = times(coefficient, sign)
        constant = times(coefficient, inside.constant)
        if cursor.is_mark(".*"):
            cursor.fail("net-layer", "the factors of a product stand in brackets", PRODUCT)
        if cursor.is_mark("*") or cursor.is_mark("'"):
            hint = "a product of entries is (x) .* (y); one of matrices is a head"
            cursor.fail("net-layer", "an mlp multiplies no matrices", hint)
        self.bias[target] = added(self.bias.get(target, "0"), constant)
        if not inside.plain:
            return
        rows = self._rows_of(cursor, inside, target, start)
        minus = tuple((name, times("-1", one)) for name, one in inside.plain)
        for terms, factor in ((inside.plain, coefficient), (minus, times("-1", coefficient))):
            self._add(cursor, target, factor, Hidden(rows, terms), start, is_shared=False)

    def _rows_of(self, cursor: Cursor, inside: Sum, target: str, start: int) -> str:
        """The rows of hidden units: those of the terms."""
        rows = {self.rows.readable[name] for name, _ in inside.terms}
        if len(rows) > 1:
            rows -= {"1"}
        if len(rows) > 1:
            both = " and ".join(sorted(rows))
            cursor.fail(
                "net-rows", f"blocks of {both} rows do not add up", EQUAL_ROWS, cursor.span(start)
            )
        return rows.pop() if rows else self.rows.blocks[target]

    def _add(
        self,
        cursor: Cursor,
        target: str,
        coefficient: Coefficient,
        unit: Hidden,
        start: int,
        *,
        is_shared: bool = True,
    ) -> None:
        own = self.rows.blocks[target]
        parts = [*((name, self.rows.readable[name]) for name, _ in (*unit.terms, *unit.gate))]
        for name, rows in (*parts, (target, own)):
            if rows != unit.rows and "1" not in (rows, unit.rows):
                message = f"'{name}' of {rows} rows does not meet {unit.rows} hidden rows"
                hint = "the rows are equal, or one of the two is 1"
                cursor.fail("net-rows", message, hint, cursor.span(start))
        place = len(self.hidden)
        if is_shared:
            place = self.places.setdefault(unit, place)
        self.hidden += [unit] * (place == len(self.hidden))
        known = self.outputs.get((target, place), "0")
        self.outputs[target, place] = added(known, coefficient)


def read_nothing(cursor: Cursor) -> None:
    """``(nothing)`` in place of what a layer adds, or of the layers of a loop."""
    cursor.expect("(")
    cursor.expect_word("nothing", "write: layer   (nothing)")
    cursor.expect(")")
    cursor.finish()
