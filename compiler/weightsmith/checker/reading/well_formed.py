"""What every script has, and a core form must have too: names with one meaning, shapes that agree.

The front end gives no other programs, but the kernel reads programs that no front end has seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction
from itertools import pairwise

from weightsmith.checker.heads import ALL
from weightsmith.checker.reading.refusal import RefusedError, quoted, require, spend
from weightsmith.dsl.numbers.scalars import Number, Scalar, free_symbols
from weightsmith.dsl.program import core

Shapes = Mapping[str, core.Shape]
Symbols = frozenset[str]
INVERSES = ("inv", "pinv")  # of rows by columns is columns by rows; polar(A) has the shape of A
SQUARE = ("sqrt", "invsqrt", "exp", "sign", "power", "spectral")


def check_program(program: core.Program) -> None:
    """Refuse what no script says."""
    inputs = [one.name for one in program.inputs]
    parameters = [one.name for one in program.parameters]
    _distinct([*program.dimensions, *core.GROUPS, core.TOKEN], "dimension")
    _distinct([*inputs, *program.symbols], "name")
    _distinct([one.name for one in program.returns], "returned value")
    for name in (*inputs, *parameters, *program.dimensions):
        require(name.isidentifier(), f"{quoted(name)} is no name of an input or a parameter.")
    require(bool(program.returns), "The program returns nothing.")
    _check_numbers(program, frozenset(parameters))
    reader = _Reader(program)
    symbols = frozenset(parameters)
    reader.assumptions(program, symbols)
    final = reader.whole(program.body, symbols)
    for one in program.returns:
        reader.returned(one, final, symbols)


def _distinct(names: Collection[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        require(name not in seen, f"The {what} {quoted(name)} is declared twice, or not free.")
        seen.add(name)


def _check_numbers(program: core.Program, parameters: Symbols) -> None:
    """Defaults and tolerances name parameters; what counts passes is a count, and nothing else."""
    scalars = [one.default for one in program.parameters if one.default is not None]
    scalars += [one.tolerance for one in program.untils]
    _check_symbols(scalars, parameters)
    _check_defaults(program.parameters)
    counted = {name for loop in core.repeats(program.body) for name in free_symbols(loop.count)}
    for one in program.parameters:
        right = one.is_count == (one.name in counted)
        require(right, f"{quoted(one.name)} is not called a count where it is one.")
        number = one.default.value if isinstance(one.default, Number) else Fraction(0)
        whole = number.denominator == 1 and number >= 0
        require(whole or not one.is_count, f"{quoted(one.name)} is a count that is not whole.")
    _check_sizes(program, counted)
    chosen = {one.parameter for one in program.untils}
    require(chosen <= counted & parameters, "A count that is chosen counts no passes.")
    if program.ensure is not None:
        _check_symbols([program.ensure.error], parameters)


def _check_sizes(program: core.Program, counted: Collection[str]) -> None:
    """A number of tokens is a parameter without a default, of tokens that an input has."""
    _distinct([name for name, _ in program.sizes], "number of tokens")
    plain = {one.name for one in program.parameters if one.default is None} - set(counted)
    groups = {group for one in program.inputs for group in one.shape.column_groups}
    for name, group in program.sizes:
        known = name in plain and group in groups
        require(known, f"{quoted(name)} is no parameter that is a number of tokens.")
    for one in program.inputs:
        plane = core.TOKEN not in (one.shape.rows, one.shape.columns) and not one.symmetric
        require(plane or not one.fixed, f"The fixed matrix '{one.name}' is none.")


def _check_defaults(parameters: tuple[core.Parameter, ...]) -> None:
    """No default names itself, by way of others either."""
    waiting = {one.name: free_symbols(one.default) for one in parameters if one.default is not None}
    while waiting:
        ready = {name for name, used in waiting.items() if used.isdisjoint(waiting)}
        require(bool(ready), "The default of a parameter depends on itself.")
        waiting = {name: used for name, used in waiting.items() if name not in ready}


def _check_symbols(scalars: Iterable[Scalar], known: Symbols) -> None:
    for scalar in scalars:
        unknown = sorted(free_symbols(scalar) - known)
        require(not unknown, f"The number {quoted(unknown and unknown[0])} is not known here.")


class _Reader:
    """Finds the shape of every expression, and compares it with the one that is given."""

    def __init__(self, program: core.Program) -> None:
        axes = [a for one in program.inputs for a in (one.shape.rows, one.shape.columns)]
        named = [axis for axis in dict.fromkeys(axes) if axis != core.TOKEN and not axis.isdigit()]
        right = sorted(named) == sorted(program.dimensions)
        require(right, "The dimensions are not those of the inputs.")
        self._axes = frozenset(named)
        self._inputs = {one.name: one.shape for one in program.inputs}
        self._taken = {*self._inputs, *program.symbols}
        for one in program.inputs:
            self._shape(one.shape)
            square = one.shape.rows == one.shape.columns
            require(square or not one.symmetric, f"{quoted(one.name)} is symmetric, not square.")

    def _shape(self, shape: core.Shape) -> core.Shape:
        for axis, groups in (shape.rows, shape.row_groups), (shape.columns, shape.column_groups):
            number = axis.isdigit() and not axis.startswith("0")
            known = bool(groups) if axis == core.TOKEN else axis in self._axes or number
            require(known, f"The axis {quoted(axis)} is none of an input.")
        return shape

    def assumptions(self, program: core.Program, symbols: Symbols) -> None:
        inputs = self._inputs
        for one in program.assumptions:
            match one:
                case core.SpectrumAssumption(of=of, ends=ends):
                    self.node(of, inputs, symbols)
                    _check_symbols(ends, symbols)
                case core.RangeAssumption(value=value, operator=operator):
                    self.node(value, inputs, symbols)
                    self.node(operator, inputs, symbols)
                case core.NormAssumption(of=name, bound=bound):
                    require(name in inputs, f"Nothing is known of {quoted(name)}.")
                    _check_symbols([bound], symbols)
                case core.EntryAssumption(of=name, low=low, high=high):
                    require(name in inputs, f"Nothing is known of {quoted(name)}.")
                    _check_symbols([low, high], symbols)
                case core.SizeAssumption(axis=axis, bound=bound):
                    known = axis in self._axes or axis in core.GROUPS
                    require(known, f"The axis {quoted(axis)} is none of an input.")
                    _check_symbols([bound], symbols)

    def whole(self, body: tuple[core.Statement, ...], symbols: Symbols) -> Shapes:
        """The shapes of all names at the end."""
        return self._body(body, self._inputs, symbols, inside=False)

    def _body(
        self, body: tuple[core.Statement, ...], known: Shapes, symbols: Symbols, *, inside: bool
    ) -> Shapes:
        found = dict(known)
        for one in body:
            if isinstance(one, core.Repeat):
                found = self._loop(one, found, symbols)
                continue
            sought = one.synthesize is not None
            require(not (inside and sought), "What is to be found stands in a loop.")
            _distinct(one.names, "name")
            free = self._taken.isdisjoint(one.names)
            require(free, "An input or a number is assigned.")
            names = self._inputs if sought else found
            shapes = [self.node(v, names, symbols, target=sought) for v in one.values]
            found |= zip(one.names, shapes, strict=True)
        return found

    def _loop(self, loop: core.Repeat, before: Shapes, symbols: Symbols) -> dict[str, core.Shape]:
        """What it carries is defined where it was before and is after every pass."""
        _check_symbols([loop.count], symbols)
        for one in loop.schedule:
            _check_symbols(one.values, symbols)
            passes = Number(Fraction(len(one.values)))
            require(loop.count == passes, f"{quoted(one.name)} has not one number for every pass.")
        own = symbols | {one.name for one in loop.schedule}
        current = dict(before)
        while True:
            after = self._body(loop.body, current, own, inside=True)
            smaller = {name: _both(current[name], after[name]) for name in current}
            if smaller == current:
                break
            current = smaller
        return current

    def returned(self, one: core.Return, known: Shapes, symbols: Symbols) -> None:
        """It is defined where it is returned; its target is in terms of the inputs alone."""
        sought = one.synthesize is not None
        names = self._inputs if sought else known
        shape = self.node(one.value, names, symbols, target=sought)
        has = shape.column_groups if shape.columns == core.TOKEN else ()
        fits = set(one.groups) <= set(has) and bool(one.groups) == bool(has)
        require(fits, f"{quoted(one.name)} is not defined where it is returned.")
        if one.target is not None:
            wanted = self._target(one.target, symbols)
            same = (wanted.rows, wanted.columns) == (shape.rows, shape.columns)
            require(same, f"{quoted(one.name)} and its target differ in shape.")

    def _target(self, node: core.Node, symbols: Symbols) -> core.Shape:
        if not isinstance(node, core.Root):
            return self.node(node, self._inputs, symbols, target=True)
        self.node(node.equation, {**self._inputs, node.name: self._shape(node.shape)}, symbols)
        return node.shape

    def node(
        self, node: core.Node, known: Shapes, symbols: Symbols, *, target: bool = False
    ) -> core.Shape:
        """The shape that is given, which the parts must have; a ``target`` may have functions."""
        spend(1)
        found = self._found(node, known, symbols, target)
        _require_shape(found, self._shape(node.shape))
        return node.shape

    def _found(self, node: core.Node, known: Shapes, symbols: Symbols, target: bool) -> core.Shape:
        shape = node.shape

        def part(one: core.Node) -> core.Shape:
            return self.node(one, known, symbols, target=target)

        match node:
            case core.Name(name=name):
                require(name in known, f"The name {quoted(name)} has no value here.")
                return known[name]
            case core.Identity():
                require(shape.rows == shape.columns, "An identity of the script is not square.")
                return shape
            case core.Zero() | core.Ones():
                return shape
            case core.Transpose(of=of):
                return _transposed(part(of))
            case core.Combination(terms=terms):
                _check_symbols([scalar for scalar, _ in terms], symbols)
                for _, one in terms:
                    _require_shape(part(one), shape)
                return shape
            case core.Product(factors=factors, over=over):
                return _product([part(one) for one in factors], over)
            case core.Function(function=name):
                require(target, f"The function {quoted(name)} stands outside a target.")
                return _function(node, part(node.of))
            case core.Entrywise(of=of, function=function):
                _check_site(node.site)
                _check_symbols(_numbers_of(function), symbols)
                return part(of)
            case core.Hadamard(left=left, right=right, tolerance=tolerance):
                _check_site(node.site)
                _check_symbols([tolerance], symbols)
                _require_shape(part(left), shape)
                return part(right)
            case core.Attention(value=value, scores=scores):
                require(not target, "Scores of tokens by tokens stand in a target.")
                return _attention(node, part(value), part(scores))
            case core.Root():
                raise RefusedError("The root of an equation is not a whole target.")


def _check_site(site: str) -> None:
    require(site.isascii() and site.isdigit(), f"The site {quoted(site)} is no number.")


def _numbers_of(function: core.PiecewiseLinear | core.Approximated) -> list[Scalar]:
    if isinstance(function, core.Approximated):
        return [function.tolerance]
    return [
        function.constant,
        function.slope,
        *(one for pair in function.breakpoints for one in pair),
    ]


def _product(shapes: list[core.Shape], over: tuple[core.Group, ...]) -> core.Shape:
    for left, right in pairwise(shapes):
        joined = left.columns == right.rows
        require(joined, f"A product joins the axes {left.columns} and {right.rows}.")
        if left.columns == core.TOKEN:
            both = set(left.column_groups) & set(right.row_groups)
            summed = bool(over) and set(over) <= both
            require(summed, "A product sums over tokens on which a factor is not defined.")
    first, last = shapes[0], shapes[-1]
    return core.Shape(first.rows, last.columns, first.row_groups, last.column_groups)


def _attention(node: core.Attention, value: core.Shape, scores: core.Shape) -> core.Shape:
    square = scores.rows == scores.columns == value.columns == core.TOKEN
    require(square and value.rows != core.TOKEN, "Scores are of tokens by tokens, times a value.")
    both = set(value.column_groups) & set(scores.row_groups)
    summed = bool(node.over) and set(node.over) <= both
    require(summed, "A product sums over tokens on which a factor is not defined.")
    require(node.mask == ALL or len(node.over) == 1, "A mask is for one group of tokens.")
    seen = scores.column_groups
    queries = seen if node.mask == ALL else tuple(one for one in seen if one in node.over)
    return core.Shape(value.rows, core.TOKEN, (), queries)


def _function(node: core.Function, of: core.Shape) -> core.Shape:
    name = node.function
    require((node.exponent is not None) == (name == "power"), "Only a power has an exponent.")
    declared = node.formula is not None and bool(node.label)
    plain = node.formula is None and not node.label
    require(declared if name == "spectral" else plain, "A formula is of 'spectral' alone.")
    if name in INVERSES:
        return _transposed(of)
    known = name == "polar" or (name in SQUARE and of.rows == of.columns)
    require(known, f"The function {quoted(name)} is not known, or its argument is not square.")
    return of


def _transposed(of: core.Shape) -> core.Shape:
    return core.Shape(of.columns, of.rows, of.column_groups, of.row_groups)


def _require_shape(found: core.Shape, wanted: core.Shape) -> None:
    """The same axes; a value is also taken on fewer of its tokens."""
    same = (found.rows, found.columns) == (wanted.rows, wanted.columns)
    require(
        same,
        f"A value is {found.rows} by {found.columns} where its shape says "
        f"{wanted.rows} by {wanted.columns}.",
    )
    defined = set(wanted.row_groups) <= set(found.row_groups)
    defined = defined and set(wanted.column_groups) <= set(found.column_groups)
    require(defined, "A value is not defined on all its tokens.")


def _both(one: core.Shape, two: core.Shape) -> core.Shape:
    """The groups on which two values of one variable are defined."""
    same = (one.rows, one.columns) == (two.rows, two.columns)
    require(same, "A variable changes its shape in a loop.")
    rows = tuple(group for group in one.row_groups if group in two.row_groups)
    columns = tuple(group for group in one.column_groups if group in two.column_groups)
    return core.Shape(one.rows, one.columns, rows, columns)
