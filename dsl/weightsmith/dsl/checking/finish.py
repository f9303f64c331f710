"""The second half of checking: every axis resolved, every token axis with its groups.

A value exists on the tokens on which all its parts exist.  Round a loop the groups can only
shrink, so they are computed again until they stay.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from weightsmith.dsl.checking.heads import misplaced_scores, with_heads
from weightsmith.dsl.heads import ALL, NORMALISATIONS
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import TOKEN, Group, Node, Shape
from weightsmith.dsl.program.groups import UNKNOWN, existing_groups, groups_text, meet
from weightsmith.dsl.program.ones import simplest
from weightsmith.dsl.program.shapes import Axes, is_unknown, shape_text
from weightsmith.dsl.text.diagnostics import Report
from weightsmith.dsl.text.source import Span

Groups = tuple[Group, ...]
Sides = tuple[Groups, Groups]  # of the rows and of the columns; () where the axis is no TOKEN


class Finisher:
    """Turns the draft of a program into core nodes."""

    def __init__(self, axes: Axes, report: Report, inputs: Sequence[core.Input]) -> None:
        self.axes = axes
        self.report = report
        self.present: dict[str, Sides] = {
            one.name: (one.shape.row_groups, one.shape.column_groups) for one in inputs
        }
        self.groups = existing_groups(one.shape for one in inputs)
        self._quiet = report.errors > 0  # unknown shapes then follow from what is reported
        self._unresolved: set[str] = set()
        self.in_target = False

    # -- statements ---------------------------------------------------------------------------

    def statements(self, body: Sequence[core.Statement]) -> tuple[core.Statement, ...]:
        return tuple(self._statement(statement) for statement in body)

    def _statement(self, statement: core.Statement) -> core.Statement:
        if isinstance(statement, core.Repeat):
            return self._repeat(statement)
        values = tuple(self.node(value) for value in statement.values)
        for name, value in zip(statement.names, values, strict=True):
            self._held(name, value)
            self.present[name] = (value.shape.row_groups, value.shape.column_groups)
        return replace(statement, values=values)

    def _repeat(self, repeat: core.Repeat) -> core.Repeat:
        while True:
            entry = dict(self.present)
            body = self.statements(repeat.body)
            carried = {name: _meet(sides, self.present[name]) for name, sides in entry.items()}
            self.present = carried
            if carried == entry:
                return replace(repeat, body=body)
            for name, sides in carried.items():
                if any(was and not now for was, now in zip(entry[name], sides, strict=True)):
                    message = f"round this loop, '{name}' is left with no tokens at all"
                    self.report.error("token-groups", repeat.span, message)
                    return replace(repeat, body=body)

    def _held(self, name: str, value: Node) -> None:
        """Report a variable that the residual stream cannot hold."""
        if value.shape.rows != TOKEN or value.shape.columns != TOKEN:
            return
        if isinstance(value, core.Entrywise | core.Hadamard):
            return  # reported where it stands
        message = (
            f"'{name}' cannot be held in the residual stream: its rows are indexed by tokens, "
            "so its width would grow with the number of tokens"
        )
        hint = "keep the product the other way round (x*x', not x'*x), or write it where it is used"
        self.report.error("token-rows", value.span, message, hint)

    def returned(self, one: core.Return) -> core.Return:
        """Resolve a returned value and the tokens it is read on."""
        target: Node | None = None
        if one.synthesize is not None and one.target is not None:
            value = target = self._target(one.target, one, one.target)
        else:
            value = self.node(one.value)
            target = None if one.target is None else self._target(one.target, one, value)
        if value.shape.rows == TOKEN:
            self._rows_of_tokens(one, value)
            return replace(one, value=value, groups=(), target=target)
        defined = value.shape.column_groups
        groups = one.groups or defined
        if value.shape.columns != TOKEN and one.groups:
            message = f"this value is {shape_text(value.shape)}: it has no tokens to select"
            self.report.error("token-groups", one.span, message, "remove the 'on' clause")
            groups = ()
        elif meet(groups, defined) != groups:
            message = f"this value is defined on {groups_text(defined)} only"
            self.report.error(
                "token-groups", one.span, message, f"return it on {groups_text(defined)}"
            )
        if target is not None and meet(groups, target.shape.column_groups) != groups:
            message = (
                f"the target is defined on {groups_text(target.shape.column_groups)} only, "
                f"but the value is returned on {groups_text(groups)}"
            )
            self.report.error("token-groups", target.span, message)
        return replace(one, value=value, groups=groups, target=target)

    def _rows_of_tokens(self, one: core.Return, value: Node) -> None:
        if value.shape.columns == TOKEN:
            self._held(one.name, value)
            return
        message = f"the rows of a returned value cannot be tokens, got {shape_text(value.shape)}"
        self.report.error("token-rows", value.span, message, "return its transpose")

    # -- nodes --------------------------------------------------------------------------------

    def node(self, node: Node) -> Node:
        """Return the node with its shape complete."""
        match node:
            case core.Name(name=name):
                return self.complete(node, self.present.get(name))
            case core.Identity() | core.Zero() | core.Ones():
                self._known(node)
                return self.complete(node, None)
            case core.Transpose(of=of):
                inner = self.node(of)
                sides = (inner.shape.column_groups, inner.shape.row_groups)
                return self.complete(core.Transpose(node.span, node.shape, inner), sides)
            case core.Combination():
                return self._combination(node)
            case core.Product():
                return self._product(node)
            case core.Function(of=of):
                return self._function(node, self.node(of))
            case core.Entrywise(of=of):
                inner = self.node(of)
                sides = (inner.shape.row_groups, inner.shape.column_groups)
                return self._entries(replace(node, of=inner), sides)
            case core.Hadamard():
                return self._hadamard(node)
            case core.Attention(value=value, scores=scores):
                parts = replace(node, value=self.node(value), scores=self.node(scores))
                queries = parts.scores.shape.column_groups if node.mask == ALL else node.over
                return self.complete(parts, (parts.value.shape.row_groups, queries))
            case core.Root(equation=equation):
                inner = self.node(equation)
                sides = (inner.shape.row_groups, inner.shape.column_groups)
                return self.complete(replace(node, equation=inner), sides)

    def complete(self, node: Node, sides: Sides | None) -> Node:
        """Set the resolved axes; ``sides`` are the groups of the parts, met with a restriction."""
        shape = self.axes.resolve(node.shape)
        rows, columns = sides or (self.groups, self.groups)
        rows = self._restricted(rows, shape.rows, shape.row_groups, node.span)
        columns = self._restricted(columns, shape.columns, shape.column_groups, node.span)
        complete = Shape(shape.rows, shape.columns, rows, columns)
        return node if complete == node.shape else replace(node, shape=complete)

    def _restricted(self, groups: Groups, axis: str, wanted: Groups, span: Span) -> Groups:
        if axis != TOKEN:
            if wanted and not is_unknown(axis):
                message = "this value has no tokens to select"
                self.report.error("token-groups", span, message, "remove the 'on' clause")
            return ()
        if not wanted:
            return groups
        if meet(wanted, groups) != wanted:
            message = (
                f"this value is defined on {groups_text(groups)} only, "
                f"but here it is needed on {groups_text(wanted)}"
            )
            self.report.error("token-groups", span, message)
        return wanted

    def _known(self, node: core.Identity | core.Zero | core.Ones) -> None:
        shape = self.axes.resolve(node.shape)
        unknown = {axis for axis in (shape.rows, shape.columns) if is_unknown(axis)}
        if self._quiet or not unknown or unknown & self._unresolved:
            return
        self._unresolved |= unknown
        what = {core.Identity: "I", core.Zero: "0", core.Ones: "ones"}[type(node)]
        message = f"the size of {what} cannot be worked out: it is {self.axes.text(shape)}"
        hint = "add or multiply it with a matrix of known shape, or write 0*A"
        if isinstance(node, core.Ones):
            hint = "add it to a matrix of known shape: ones + 0*A"
        self.report.error("unknown-shape", node.span, message, hint)

    def _combination(self, node: core.Combination) -> Node:
        terms = tuple((scale, self.node(part)) for scale, part in node.terms)
        first = terms[0][1].shape
        sides: Sides = (first.row_groups, first.column_groups)
        for _, part in terms[1:]:
            other: Sides = (part.shape.row_groups, part.shape.column_groups)
            met = _meet(sides, other)
            if any(a and b and not both for a, b, both in zip(sides, other, met, strict=True)):
                self._nothing_common(part, sides, other)
                met = sides
            sides = met
        if all(new is old for (_, new), (_, old) in zip(terms, node.terms, strict=True)):
            return self.complete(node, sides)
        return self.complete(core.Combination(node.span, node.shape, terms), sides)

    def _entries(self, node: core.Entrywise | core.Hadamard, sides: Sides) -> Node:
        complete = self.complete(node, sides)
        if isinstance(node, core.Entrywise) and node.site in NORMALISATIONS:
            self.report.error("token-rows", node.span, *misplaced_scores(node, complete.shape))
        elif TOKEN == complete.shape.rows == complete.shape.columns and not self.in_target:
            message = (
                "a function of entries needs its value in the residual stream, but rows and "
                "columns of this one are indexed by tokens"
            )
            hint = "apply it to a value per token, relu(w*x), or multiply: v*relu(x'*x)"
            if isinstance(node, core.Hadamard):
                hint = "columns of scores are divided by their sums with softmax and normalised"
            self.report.error("token-rows", node.span, message, hint)
        return complete

    def _hadamard(self, node: core.Hadamard) -> Node:
        left, right = self.node(node.left), self.node(node.right)
        sides: Sides = (left.shape.row_groups, left.shape.column_groups)
        other: Sides = (right.shape.row_groups, right.shape.column_groups)
        met = _meet(sides, other)
        if any(a and b and not both for a, b, both in zip(sides, other, met, strict=True)):
            self._nothing_common(right, sides, other)
            met = sides
        return self._entries(replace(node, left=left, right=right), met)

    def _target(self, target: Node, one: core.Return, value: Node) -> Node:
        """A target; the unknown of ``root`` exists where the returned value does."""
        self.in_target = True
        before = dict(self.present)
        if isinstance(target, core.Root):
            columns = one.groups or value.shape.column_groups
            self.present[target.name] = (value.shape.row_groups, columns)
        finished = self.node(target)
        self.present, self.in_target = before, False
        return finished

    def _nothing_common(self, part: Node, left: Sides, right: Sides) -> None:
        side = 1 if left[1] != right[1] else 0
        message = (
            f"these terms have no tokens in common: this one is defined on "
            f"{groups_text(right[side])}, those before on {groups_text(left[side])}"
        )
        self.report.error(
            "token-groups", part.span, message, "declare the inputs per token, or drop a term"
        )

    def _product(self, node: core.Product) -> Node:
        simple = simplest(node, self.axes.find)
        if not isinstance(simple, core.Product):
            return self.node(simple)
        node = simple
        if (heads := with_heads(self, node)) is not None:
            return heads
        factors = tuple(self.node(factor) for factor in node.factors)
        summed = False
        for left, right in pairwise(factors):
            if left.shape.columns == TOKEN:
                summed = True
                self._contraction(node, left, right)
        sides = (factors[0].shape.row_groups, factors[-1].shape.column_groups)
        over = node.over if summed else ()
        if over == node.over and all(map(operator.is_, factors, node.factors)):
            return self.complete(node, sides)
        return self.complete(core.Product(node.span, node.shape, factors, over), sides)

    def _contraction(self, node: core.Product, left: Node, right: Node) -> None:
        """Report a sum over tokens that is not said, or not possible."""
        span = Span(node.span.source, left.span.start, max(left.span.end, right.span.end))
        if left.span.source is not right.span.source or right.span.end < left.span.start:
            span = node.span
        common = meet(left.shape.column_groups, right.shape.row_groups)
        nowhere = not (left.shape.column_groups and right.shape.row_groups)
        if node.over == UNKNOWN or (nowhere and self.report.errors):
            return  # a factor that is defined nowhere has its own report
        if not node.over:
            suggestion = common[0] if len(common) == 1 else "context"
            message = "this product sums over tokens, but nothing says over which"
            self.report.error(
                "sum-over", span, message, f"write 'over {suggestion}' at the end of the line"
            )
        elif meet(node.over, common) != node.over:
            message = (
                f"this product sums over {groups_text(node.over)}, but its factors are both "
                f"defined on {groups_text(common)} only"
            )
            hint = f"write 'over {common[0]}'" if len(common) == 1 else None
            self.report.error("sum-over", span, message, hint)

    def _function(self, node: core.Function, of: Node) -> Node:
        if TOKEN in (of.shape.rows, of.shape.columns):
            message = f"{node.function} of a matrix indexed by tokens, {shape_text(of.shape)}"
            hint = "write it with x*x' instead: y*x'*inv(x*x')*x"
            self.report.error("token-rows", node.span, message, hint)
        return self.complete(replace(node, of=of), ((), ()))


def _meet(left: Sides, right: Sides) -> Sides:
    return meet(left[0], right[0]), meet(left[1], right[1])


def counted_names(body: Sequence[core.Statement]) -> frozenset[str]:
    """The parameters that say how often something is repeated."""
    names: set[str] = set()
    for statement in body:
        if isinstance(statement, core.Repeat):
            names |= q.free_symbols(statement.count) | counted_names(statement.body)
            names -= {one.name for one in statement.schedule}
    return frozenset(names)
