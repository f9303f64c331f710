"""The value of an expression on data: for every pair of token groups, a matrix up to a radius."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import partial

import numpy as np

from weightsmith.backends.enclose.matrices.inverse import inverse
from weightsmith.backends.enclose.matrices.near import (
    Array,
    Digits,
    Near,
    NoBoundError,
    as_short,
    near,
    require,
    with_digits,
)
from weightsmith.backends.enclose.matrices.polar import polar
from weightsmith.backends.enclose.matrices.products import product
from weightsmith.backends.enclose.matrices.pseudo_inverse import (
    pseudo_inverse,
    pseudo_solved,
    sums_vanish,
)
from weightsmith.backends.enclose.matrices.solve import CheckedInverse, checked_inverse, solved
from weightsmith.backends.enclose.matrices.sums import combination
from weightsmith.backends.enclose.values.balls import ScalarFunction, function_named
from weightsmith.backends.enclose.values.contraction import (
    Blocks,
    Groups,
    Link,
    contracted,
    keys_of,
    links_of,
)
from weightsmith.backends.enclose.values.entries import hadamard, of_entries
from weightsmith.backends.enclose.values.remembered import remembered
from weightsmith.backends.enclose.values.spectral import function_of
from weightsmith.backends.measure.data import Data
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.printing.printer import node_text
from weightsmith.dsl.program import core
from weightsmith.dsl.program.canonical import is_symmetric
from weightsmith.dsl.program.core import TOKEN, Node
from weightsmith.dsl.program.parts import nodes_of
from weightsmith.dsl.program.scope import Definition

LONGEST = 60  # characters of an expression in a message
INVERSE = "an inverse by its residual"
SOLUTION = "solutions of linear equations by their residuals"
VECTORS = "eigenvectors by their residuals"
POLAR = "a polar factor by its residuals"
PSEUDO = "a pseudo-inverse by its kernel and a residual"
ENTRIES = "functions of entries with bounded errors"


class Evaluator:
    """Evaluates the expressions of a program on one problem of the data.

    ``used`` collects how: the rules beside sums and products.  Raises NoBoundError, ScalarError.
    """

    def __init__(
        self,
        program: core.Program,
        bindings: Mapping[str, Fraction],
        data: Data,
        problem: int,
        digits: Digits,
    ) -> None:
        self.bindings = dict(bindings)
        self.used: dict[str, None] = {}
        self.values: dict[str, Blocks] = {}
        self._data, self._problem, self.digits = data, problem, digits
        self._inputs: dict[tuple[str, str], Near] = {}
        self.inverses: dict[tuple[int, bool], CheckedInverse] = {}  # by the id of the node
        self._has_run = False  # are there values, which change from statement to statement?
        self.definitions = _definitions_of(program)

    def with_digits(self, digits: Digits) -> Evaluator:
        """Another one of the same data, which shares what depends on these alone."""
        if digits is self.digits:
            return self
        other = Evaluator.__new__(Evaluator)  # as copy makes it, in a quarter of the time
        other.__dict__.update(self.__dict__)
        other.digits, other.values, other.bindings = digits, {}, dict(self.bindings)
        other.used = {}
        return other

    def afresh(self, digits: Digits, bindings: Mapping[str, Fraction]) -> Evaluator:
        """The one before any statement has run."""
        other = self.with_digits(digits)
        other.bindings, other._has_run = dict(bindings), False
        return other

    def statements(self, body: Sequence[core.Statement]) -> None:
        """Execute the script's statements, as the interpreter does."""
        self._has_run = True
        for statement in body:
            if isinstance(statement, core.Assign):
                found = [self.blocks(value) for value in statement.values]
                self.values.update(zip(statement.names, found, strict=True))
                continue
            for number in range(int(q.evaluate(statement.count, self.bindings))):
                for one in statement.schedule:
                    self.bindings[one.name] = q.evaluate(one.values[number], self.bindings)
                self.statements(statement.body)

    def some(self, node: Node, rows: Groups, columns: Groups) -> Blocks:
        """The blocks in these groups of rows and columns at least."""
        match node:
            case core.Name():
                return {(a, b): self._name(node, (a, b)) for a in rows for b in columns}
            case core.Transpose(of=core.Name() as of):
                return {(a, b): self._name(of, (b, a)).transposed for a in rows for b in columns}
        return self.blocks(node)

    def blocks(self, node: Node) -> Blocks:
        match node:
            case core.Name():
                return {key: self._name(node, key) for key in keys_of(node)}
            case core.Identity() | core.Zero() | core.Ones():
                return {key: self._known(self._constant(node, key)) for key in keys_of(node)}
            case core.Transpose(of=of):
                inner = self.blocks(of)
                return {
                    (row, column): inner[column, row].transposed for row, column in keys_of(node)
                }
            case core.Combination(terms=terms):
                parts = [(q.evaluate(scale, self.bindings), self.blocks(of)) for scale, of in terms]
                return {
                    key: combination([(scale, part[key]) for scale, part in parts])
                    for key in keys_of(node)
                }
            case core.Product():
                return self._product(node)
            case core.Entrywise(of=of):
                self.used[ENTRIES] = None
                inner = self.blocks(of)
                return {
                    key: of_entries(node.function, inner[key], self.bindings)
                    for key in keys_of(node)
                }
            case core.Hadamard(left=left, right=right):
                first, second = self.blocks(left), self.blocks(right)
                return {key: hadamard(first[key], second[key]) for key in keys_of(node)}
            case core.Function():
                return {("", ""): self._function(node)}
            case core.Root():
                raise NoBoundError("a root within an expression has no test")

    def require_symmetric_inputs(self, node: Node) -> None:
        """Every input in an expression that is declared symmetric is so, bit for bit."""
        for name in sorted(_names_of(node)):
            if name in self.definitions and self.definitions[name].is_symmetric:
                given = self._given(name, "")
                require(
                    np.array_equal(given, given.T),
                    f"{name} is not symmetric; if only rounding made it so, pass ({name} + "
                    f"{name}')/2",
                )

    def shape(self, node: Node, key: tuple[str, str]) -> tuple[int, int]:
        return self._size(node.shape.rows, key[0]), self._size(node.shape.columns, key[1])

    def _size(self, axis: str, group: str) -> int:
        axis = group or axis
        found = self._data.sizes.get(axis)
        if found is None and not axis.isdigit():
            raise NoBoundError(f"nothing tells the size of {axis}")
        return int(axis) if found is None else found

    def _name(self, node: core.Name, key: tuple[str, str]) -> Near:
        if node.name in self.values:
            return self.values[node.name][key]
        place = node.name, key[1]
        if place not in self._inputs:
            self._inputs[place] = self._known(self._given(node.name, key[1]))
        return with_digits(self._inputs[place], self.digits)

    def _known(self, matrix: Array) -> Near:
        return near(matrix, digits=self.digits)

    def _given(self, name: str, group: str) -> Array:
        found = self._data.matrices.get((name, group))
        if found is None:
            raise NoBoundError(f"{name} is not given{f' on {group} tokens' if group else ''}")
        result: Array = found[self._problem]
        return result

    def _constant(self, node: core.Identity | core.Zero | core.Ones, key: tuple[str, str]) -> Array:
        shape = self.shape(node, key)
        if isinstance(node, core.Identity) and key[0] == key[1]:
            return np.eye(shape[0])
        return np.full(shape, float(isinstance(node, core.Ones)))

    def on_groups(self, node: Node, groups: Groups) -> Blocks:
        """The columns of the groups at least, "" of a matrix."""
        return self._product(node, groups) if isinstance(node, core.Product) else self.blocks(node)

    def _product(self, node: core.Product, groups: Groups | None = None) -> Blocks:
        """Multiply from the end that has fewer rows or columns; a contraction over tokens sums the
        groups of ``over``.
        """
        first, *middle, last = links_of(node)
        columns = groups or last.columns
        if self._extent(node.shape.rows, first.rows) <= self._extent(node.shape.columns, columns):
            found = self.some(first.factor, first.rows, first.columns)
            for link in middle:
                found = self._from_left(found, link, link.columns)
            return self._from_left(found, last, columns)
        found = self.some(last.factor, last.rows, columns)
        for link in (*reversed(middle), first):
            found = self._from_right(link, found)
        return found

    def _extent(self, axis: str, groups: Groups) -> int:
        return sum(self._size(axis, group) for group in groups)

    def _from_left(self, left: Blocks, link: Link, columns: Groups) -> Blocks:
        """left·factor; an inverse solves equations with the rows on the left."""
        if link.divides and isinstance(link.factor, core.Function):
            return {
                (row, ""): self._divided(link.factor, value.transposed, True).transposed
                for (row, _), value in left.items()
            }
        right = self.some(link.factor, link.rows, columns)
        rows = dict.fromkeys(row for row, _ in left)
        return contracted(left, right, rows, link.rows, columns)

    def _from_right(self, link: Link, right: Blocks) -> Blocks:
        """factor·right, in the same way."""
        if link.divides and isinstance(link.factor, core.Function):
            return {
                ("", column): self._divided(link.factor, value, False)
                for (_, column), value in right.items()
            }
        left = self.some(link.factor, link.rows, link.columns)
        columns = dict.fromkeys(column for _, column in right)
        return contracted(left, right, link.rows, link.columns, columns)

    def _divided(self, node: core.Function, right: Near, turned: bool) -> Near:
        """inv(M)·right or pinv(M)·right, or turned with M′."""
        if right.hi.shape[1] >= right.hi.shape[0]:
            whole = self._function(node)
            return product(whole.transposed if turned else whole, right)
        what = shortened(node.of)
        if node.function == "inv":
            self.used[SOLUTION] = None
            times = partial(self._times, node.of, turned=turned)
            return solved(self._inverse_of(node.of, turned), right, times)
        inner = self.blocks(node.of)["", ""]
        inner = inner.transposed if turned else inner
        self.used[PSEUDO] = None

        def vanishes(z: Array, transposed: bool) -> bool:
            return self._vanishes(node.of, z, transposed != turned)

        return pseudo_solved(inner, right, vanishes, what)

    def _inverse_of(self, node: Node, turned: bool) -> CheckedInverse:
        """The inverse of a value as of a short one, whatever the digits; of a target made once."""
        if not self._has_run and (id(node), turned) in self.inverses:
            return self.inverses[id(node), turned]
        rough = self.as_short().blocks(node)["", ""]
        found = checked_inverse(rough.transposed if turned else rough, shortened(node))
        if not self._has_run:
            self.inverses[id(node), turned] = found
        return found

    def as_short(self) -> Evaluator:
        """The same values as short ones."""
        if self.digits is Digits.SHORT:
            return self
        short = self.with_digits(Digits.SHORT)
        short.values = {
            name: {key: as_short(value) for key, value in blocks.items()}
            for name, blocks in self.values.items()
        }
        return short

    def _times(self, node: Node, right: Near, turned: bool) -> Near:
        """node·right, or node′·right, factor by factor."""
        match node:
            case core.Identity():
                return right
            case core.Transpose(of=of):
                return self._times(of, right, not turned)
            case core.Combination(terms=terms):
                parts = [
                    (q.evaluate(scale, self.bindings), self._times(of, right, turned))
                    for scale, of in terms
                ]
                return combination(parts)
            case core.Product() if turned:
                found: Blocks = {("", ""): right.transposed}
                for link in links_of(node):
                    found = self._from_left(found, link, link.columns)
                return found["", ""].transposed
            case core.Product():
                found = {("", ""): right}
                for link in reversed(links_of(node)):
                    found = self._from_right(link, found)
                return found["", ""]
        inner = self.blocks(node)["", ""]
        return product(inner.transposed if turned else inner, right)

    def _function(self, node: core.Function) -> Near:
        what, inner = shortened(node.of), self.blocks(node.of)["", ""]
        match node.function:
            case "inv":
                self.used[INVERSE] = None
                return inverse(inner, what)
            case "pinv":
                self.used[PSEUDO] = None
                return pseudo_inverse(
                    inner, lambda z, turned: self._vanishes(node.of, z, turned), what
                )
            case "polar":
                self.used[POLAR] = None
                return polar(inner, what)
        if node.function == "sign":
            self.require_symmetric(node.of)
            self.used[POLAR] = None
            return polar(inner, what)
        function = self.scalar_function(node)
        self.used[VECTORS] = None
        return function_of(inner, function, what)

    def scalar_function(self, node: core.Function) -> ScalarFunction:
        """The function of eigenvalues, of what is symmetric."""
        self.require_symmetric(node.of)
        return function_named(node, self.bindings)

    def require_symmetric(self, node: Node) -> None:
        """An expression is made of inputs alone, and is its own transpose."""
        what, names = shortened(node), _names_of(node)
        require(names.isdisjoint(self.values), f"{what} is not made of the inputs alone")
        self.require_symmetric_inputs(node)
        require(self._is_symmetric(node), f"{what} is not symmetric by its form")

    def _is_symmetric(self, node: Node) -> bool:
        """Is an expression of inputs its own transpose by its form?"""
        known = _symmetries(node)
        for definitions, answer in known:
            if definitions is self.definitions:
                return answer
        found = is_symmetric(node, self.definitions, str)
        known[:] = [(self.definitions, found)]
        return found

    def _vanishes(self, node: Node, z: Array, turned: bool) -> bool:
        """Is node·z, or node′·z, exactly zero?  True is proven; z is made of zeros and ones."""
        match node:
            case core.Transpose(of=of):
                return self._vanishes(of, z, not turned)
            case core.Product(factors=factors):
                return self._vanishes(factors[0 if turned else -1], z, turned)
            case core.Combination(terms=terms):
                return all(self._vanishes(of, z, turned) for _, of in terms)
            case core.Name() if node.shape.columns != TOKEN and node.name not in self.values:
                given = self._given(node.name, "")
                return sums_vanish(given.T[:, z > 0] if turned else given[:, z > 0])
            case _:
                return False


@remembered
def _definitions_of(program: core.Program) -> dict[str, Definition]:
    return {
        one.name: Definition(None, is_input=True, is_symmetric=one.symmetric)
        for one in program.inputs
    }


@remembered
def _symmetries(node: Node) -> list[tuple[dict[str, Definition], bool]]:
    """Whether it is symmetric, once found, with the definitions that say so."""
    return []


@remembered
def _names_of(node: Node) -> frozenset[str]:
    return frozenset(one.name for one in nodes_of(node) if isinstance(one, core.Name))


@remembered
def shortened(node: Node) -> str:
    """An expression in a message."""
    text = node_text(node)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
