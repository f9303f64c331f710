"""Products with scores of tokens by tokens: how they are written, and the attention they become.

    v*relu(k'*q)     over context          f of the scores: the factor to its left is summed
    y*softmax(x'*x)  over context          columns divided by their sums: normalised(exp.(x'*x))
    U*(k'*k)         over context before   a mask: each token sees those before its own

A function of scores with straight pieces is a sum of relus, a head each.  A mask holds for every
product below its clause that sums over tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from weightsmith.dsl.heads import ALL, MASKS, NORMALISATIONS
from weightsmith.dsl.meaning.scores import FUNCTIONS, elementary_name
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import TOKEN, Group, Node, Shape
from weightsmith.dsl.program.groups import UNKNOWN, groups_text, meet
from weightsmith.dsl.program.nodes import bare, scaled, split
from weightsmith.dsl.program.piecewise import EXACT
from weightsmith.dsl.program.shapes import shape_text

if TYPE_CHECKING:
    from weightsmith.dsl.checking.finish import Finisher

SQUARE = Shape(TOKEN, TOKEN)
WRITE = "write v*relu(k'*q) over context: what is summed stands to the left of the scores"


def masked(over: tuple[Group, ...]) -> tuple[tuple[Group, ...], str]:
    """The groups of a product's draft, and its mask."""
    if over and over[-1] in MASKS:
        return over[:-1], over[-1]
    return over, ALL


def with_heads(finisher: Finisher, node: core.Product) -> Node | None:
    """What a product with scores or a mask becomes, finished; None of any other product."""
    groups, mask = masked(node.over)
    if mask != ALL:
        node = replace(node, factors=_flat(node.factors, node.over))
    place = next((i for i, one in enumerate(node.factors) if _is_scores(finisher, one)), None)
    if place is None and mask == ALL:
        return None
    if place is None:
        place = _one_sum(finisher, node)
        if place is None:
            return finisher.node(replace(node, over=groups))
        scores = _product(node, node.factors[place:], groups)
        return _Heads(finisher, node, groups, mask).made(node.factors[:place], scores)
    if place == 0:
        message = "scores of tokens by tokens are not held: they multiply a value to their left"
        finisher.report.error("token-rows", node.factors[0].span, message, WRITE)
        return core.Zero(node.span, finisher.axes.resolve(node.shape))
    after = node.factors[place + 1 :]
    if mask != ALL and after:
        _two_sums(finisher, node, mask)
        return core.Zero(node.span, finisher.axes.resolve(node.shape))
    if after:
        head = _product(node, node.factors[: place + 1], node.over)
        return finisher.node(replace(node, factors=(head, *after)))
    heads = _Heads(finisher, node, groups, mask)
    return heads.of_sum(node.factors[:place], node.factors[place])


def _flat(factors: Sequence[Node], over: tuple[Group, ...]) -> tuple[Node, ...]:
    """(y*x')*x is y*x'*x: brackets without a clause of their own."""
    parts: list[Node] = []
    for factor in factors:
        if isinstance(factor, core.Product) and factor.over == over:
            parts += _flat(factor.factors, over)
        else:
            parts.append(factor)
    return tuple(parts)


def misplaced_scores(node: core.Entrywise, shape: Shape) -> tuple[str, str]:
    """What is wrong with normalised scores that are no factor of a product, and the hint."""
    if shape.rows == shape.columns == TOKEN:
        return "scores of tokens by tokens are not held: they multiply a value to their left", WRITE
    message = f"'{node.label}' is of scores of tokens by tokens, but this is {shape_text(shape)}"
    return message, "of the entries of a column: e = exp.(E), then e ./ sum(e)"


def _is_scores(finisher: Finisher, node: Node) -> bool:
    """Is it a function of entries, tokens by tokens, or a sum with one?"""
    shape = finisher.axes.resolve(node.shape)
    if shape.rows != TOKEN or shape.columns != TOKEN:
        return False
    if isinstance(node, core.Combination):
        return any(_is_scores(finisher, part) for _, part in node.terms)
    return isinstance(node, core.Entrywise)


def _one_sum(finisher: Finisher, node: core.Product) -> int | None:
    """The place behind the only sum over tokens; None after a report, or where there is none."""
    axes = finisher.axes
    found = [
        place + 1
        for place, (left, _) in enumerate(pairwise(node.factors))
        if axes.find(left.shape.columns) == TOKEN
    ]
    if not found:
        return None
    mask = masked(node.over)[1]
    if len(found) > 1:
        _two_sums(finisher, node, mask)
        return None
    if axes.find(node.shape.columns) == TOKEN:
        return found[0]
    shape = axes.resolve(node.shape)
    message = f"'{mask}' needs a value with a column for each token, but this is {axes.text(shape)}"
    hint = "write what each token does with the sum in the same product: y*x'*x"
    if shape.rows == TOKEN:
        hint = "write its transpose: the tokens that see others are the columns"
    finisher.report.error("token-order", node.span, message, hint)
    return None


def _two_sums(finisher: Finisher, node: core.Product, mask: str) -> None:
    message = f"this product sums over tokens twice, and '{mask}' holds for one sum"
    hint = "put one of them into brackets with a clause of its own: (y*x' over context)*x"
    finisher.report.error("token-order", node.span, message, hint)


def _product(node: core.Product, factors: Sequence[Node], over: tuple[Group, ...]) -> Node:
    if len(factors) == 1:
        return factors[0]
    shape = Shape(factors[0].shape.rows, factors[-1].shape.columns)
    return core.Product(node.span, shape, tuple(factors), over)


class _Heads:
    """One product: a value, and what multiplies it."""

    def __init__(
        self, finisher: Finisher, node: core.Product, over: tuple[Group, ...], mask: str
    ) -> None:
        self.finisher, self.node, self.over, self.mask = finisher, node, over, mask
        self.wrong = False

    def of_sum(self, factors: Sequence[Node], scores: Node) -> Node:
        """value · (a·S + b·T) = a·value·S + b·value·T."""
        terms = scores.terms if isinstance(scores, core.Combination) else ((q.ONE, scores),)
        found = []
        for scale, part in terms:
            own, inner = split(part)
            found.append((algebra.times((scale, own)), self._of_scores(factors, inner)))
        return self._sum(found)

    def _sum(self, terms: Sequence[tuple[q.Scalar, Node]]) -> Node:
        if len(terms) == 1:
            return (
                scaled(terms[0][0], terms[0][1], self.node.span) if not self.wrong else terms[0][1]
            )
        found = core.Combination(self.node.span, bare(self.node.shape), tuple(terms))
        return found if self.wrong else self.finisher.node(found)

    def _of_scores(self, factors: Sequence[Node], scores: Node) -> Node:
        if not isinstance(scores, core.Entrywise):
            return self.made(factors, scores)
        return self._of_function(factors, scores)

    def _of_function(self, factors: Sequence[Node], scores: core.Entrywise) -> Node:
        normalised = scores.site if scores.site in NORMALISATIONS else ""
        if isinstance(scores.of, core.Entrywise):
            return self._of_another(scores, scores.of)
        if isinstance(scores.function, core.Approximated):
            name = elementary_name(scores.function.formula)
            if name is None:
                return self._unknown(scores)
            return self.made(factors, scores.of, name, normalised=normalised)
        for name in ("relu", "abs"):
            if scores.function == EXACT[name].make():
                return self.made(factors, scores.of, name, normalised=normalised)
        if normalised and scores.function.breakpoints:
            return self._unknown(scores)
        if normalised:
            return self.made(factors, scores.of, normalised=normalised)
        return self._pieces(factors, scores, scores.function)

    def _pieces(
        self, factors: Sequence[Node], scores: core.Entrywise, line: core.PiecewiseLinear
    ) -> Node:
        """constant + slope·S + Σ change·relu(S − place)."""
        ones = core.Ones(scores.span, SQUARE)
        terms = [(line.constant, self.made(factors, ones))] if line.constant != q.ZERO else []
        if line.slope != q.ZERO:
            own, inner = split(scores.of)
            terms.append((algebra.times((line.slope, own)), self.made(factors, inner)))
        of = scores.of.terms if isinstance(scores.of, core.Combination) else ((q.ONE, scores.of),)
        for place, change in line.breakpoints:
            below = (*of, (algebra.negated(place), ones))
            moved = core.Combination(scores.span, SQUARE, below) if place != q.ZERO else scores.of
            terms.append((change, self.made(factors, moved, "relu")))
        return self._sum(terms) if terms else core.Zero(self.node.span, self.node.shape)

    def _of_another(self, scores: core.Entrywise, inner: core.Entrywise) -> Node:
        message = f"a head applies one function to its scores, got '{scores.label}' of "
        hint = "softmax(S) is normalised(exp.(S)), and normalised takes one function of S"
        return self._refused(scores, f"{message}'{inner.label}'", hint)

    def _unknown(self, scores: core.Entrywise) -> Node:
        message = f"a head does not apply '{scores.label}' to its scores"
        hint = f"it knows {', '.join(FUNCTIONS)}, and functions with straight pieces"
        if scores.site in NORMALISATIONS:
            says = NORMALISATIONS[scores.site].says
            message = f"a head does not divide '{scores.label}' of its scores by {says}"
            hint = f"{scores.site} takes scores, or one of {', '.join(FUNCTIONS)} of them"
        return self._refused(scores, message, hint)

    def _refused(self, scores: core.Entrywise, message: str, hint: str) -> Node:
        self.wrong = True
        self.finisher.report.error("head-scores", scores.span, message, hint)
        return core.Zero(self.node.span, self.finisher.axes.resolve(self.node.shape))

    def made(
        self, factors: Sequence[Node], of: Node, function: str = "", *, normalised: str = ""
    ) -> Node:
        """value · N(M ∘ f(of)), finished."""
        finisher, node = self.finisher, self.node
        if finisher.in_target:
            message = "scores of tokens by tokens stand in statements, not in a target"
            finisher.report.error("token-rows", node.span, message)
        value = finisher.node(_product(node, factors, self.over))
        scores = finisher.node(of)
        if value.shape.rows == TOKEN:
            message = "a value whose rows and columns are both tokens is not held"
            finisher.report.error("token-rows", value.span, message, WRITE)
        if function == "" and self.mask == ALL and not normalised:
            linear = core.Product(node.span, bare(node.shape), (value, scores), self.over)
            return finisher.node(linear)
        shape = Shape(value.shape.rows, TOKEN, value.shape.row_groups)
        made = core.Attention(
            node.span, shape, value, scores, function, self.mask, normalised, self.over
        )
        return finisher.complete(made, (value.shape.row_groups, self._queries(made)))

    def _queries(self, made: core.Attention) -> tuple[Group, ...]:
        """Where the result is defined, after a look at where the parts are."""
        finisher, over, span = self.finisher, self.over, made.span
        keys = meet(made.value.shape.column_groups, made.scores.shape.row_groups)
        queries = made.scores.shape.column_groups
        if over == UNKNOWN:
            return queries
        if not over:
            message = "this product sums over tokens, but nothing says over which"
            name = keys[0] if len(keys) == 1 else "context"
            finisher.report.error(
                "sum-over", span, message, f"write 'over {name}' at the end of the line"
            )
        elif meet(over, keys) != over:
            message = (
                f"this product sums over {groups_text(over)}, but its value and its scores are "
                f"both defined on {groups_text(keys)} only"
            )
            hint = f"write 'over {keys[0]}'" if len(keys) == 1 else None
            finisher.report.error("sum-over", span, message, hint)
        elif self.mask != ALL:
            seen = meet(queries, over)
            if not seen:
                message = f"the scores have no column on the tokens of {groups_text(over)}"
                finisher.report.error(
                    "token-order", span, message, "tokens are in order within one group"
                )
            return seen
        return queries
