"""Inputs, parameters and assumptions: the head of an algorithm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.dsl.checking.bounds import read_bound
from weightsmith.dsl.checking.contradictions import check_contradictions
from weightsmith.dsl.checking.default_order import in_cycles, in_order
from weightsmith.dsl.checking.intervals import check_orders, only_argument, read_interval
from weightsmith.dsl.checking.synthesis import read_ensure
from weightsmith.dsl.meaning.elaborator import Elaborator
from weightsmith.dsl.meaning.function_declarations import read_functions
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import CONTEXT, GROUPS, QUERY, TOKEN, Shape
from weightsmith.dsl.program.nodes import text_of
from weightsmith.dsl.program.scope import (
    REGIONS,
    RESERVED,
    BrokenSymbol,
    Definition,
    DimensionSymbol,
    MatrixSymbol,
    Place,
    ScalarSymbol,
)
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.text.diagnostics import near_hint
from weightsmith.dsl.text.source import Span

PER = {"token": GROUPS, "context": (CONTEXT,), "query": (QUERY,)}
PER_PASS = "pass"  # W: fixed[k, d] per pass
KINDS = ("symmetric", "fixed")
LAYOUT_HINT = "write A: [m, n], A: symmetric[d, d] or x: [d] per token"


def is_reserved(name: str) -> bool:
    return name in RESERVED


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the statements, given a meaning."""

    dimensions: tuple[str, ...]
    inputs: tuple[core.Input, ...]
    parameters: tuple[core.Parameter, ...]
    assumptions: tuple[core.Assumption, ...]
    named: tuple[tuple[core.SpectrumAssumption, dict[str, Definition]], ...]
    passes: dict[Span, str]  # of 'repeat until': the parameter that the compiler chooses
    ensure: core.Ensure | None
    sizes: tuple[tuple[str, core.Group], ...] = ()
    per_pass: frozenset[str] = frozenset()  # the inputs that are a matrix for every pass


class HeadReader:
    """Reads the declarations of one algorithm into a scope."""

    def __init__(self, elaborator: Elaborator) -> None:
        self.elaborator = elaborator
        self.report = elaborator.report
        self.scope = elaborator.scope
        self.dimensions: list[str] = []
        self.inputs: list[core.Input] = []
        self.sizes: list[tuple[str, core.Group]] = []
        self.per_pass: set[str] = set()

    def read(self, algorithm: s.Algorithm) -> Head:
        inputs = [one for word in algorithm.inputs if (one := self._input(word)) is not None]
        self.inputs = inputs
        assumes = [one for one in algorithm.entries if isinstance(one, s.AssumeEntry)]
        declared = [
            one
            for entry in algorithm.entries
            if isinstance(entry, s.ParamEntry)
            for one in entry.parameters
        ]
        declared = [one for one in declared if self._declare(one.name)]
        ends = list(self._ends(assumes))
        read_functions(self.elaborator, algorithm.name.text, algorithm.entries)
        passes = self._passes(algorithm.entries)
        parameters = self._parameters(declared, ends)
        parameters += [core.Parameter(span, name, None, True) for span, name in passes.items()]
        found = [self._assume(one) for one in assumes]
        assumptions = [one for one in found if one is not None]
        check_orders(self.report, [one for one, _ in assumptions], parameters)
        check_contradictions(self.report, assumptions, parameters, self.elaborator.axes.find)
        named = tuple(
            (one, names) for one, names in assumptions if isinstance(one, core.SpectrumAssumption)
        )
        return Head(
            tuple(self.dimensions),
            tuple(inputs),
            tuple(parameters),
            tuple(one for one, _ in assumptions),
            named,
            passes,
            read_ensure(self.elaborator, algorithm.entries),
            tuple(self.sizes),
            frozenset(self.per_pass),
        )

    # -- inputs -------------------------------------------------------------------------------

    def _input(self, declared: s.InputDeclaration) -> core.Input | None:
        kind = "" if declared.kind is None else declared.kind.text
        symmetric = kind == "symmetric"
        if declared.kind is not None and kind not in KINDS:
            message = f"unknown kind of matrix '{kind}'"
            hint = near_hint(kind, KINDS) or "the kinds are symmetric[d, d] and fixed[k, d]"
            self.report.error("declared-shape", declared.kind.span, message, hint)
        axes = [self._dimension(word) for word in declared.dimensions]
        shape = self._shape(declared, axes)
        if not self._is_free(declared.name):
            return None
        if shape is None:
            self.scope.define(declared.name.text, BrokenSymbol(declared.name.span))
            return None
        if symmetric and shape.rows != shape.columns:
            message = f"a symmetric matrix is square, got [{shape.rows}, {shape.columns}]"
            self.report.error("declared-shape", declared.span, message, "write symmetric[d, d]")
        definition = Definition(None, is_input=True, is_symmetric=symmetric)
        bare = Shape(shape.rows, shape.columns)
        symbol = MatrixSymbol(declared.name.span, bare, definition, is_input=True)
        self.scope.define(declared.name.text, symbol)
        fixed = kind == "fixed"
        if declared.per is not None and declared.per.text == PER_PASS:
            self.per_pass.add(declared.name.text)
        return core.Input(declared.span, declared.name.text, shape, symmetric, fixed)

    def _shape(self, declared: s.InputDeclaration, axes: Sequence[str]) -> Shape | None:
        per, span = declared.per, declared.span
        if per is not None and per.text == PER_PASS:
            if declared.kind is None or declared.kind.text != "fixed":
                message = "only a fixed matrix has another one in every pass"
                self.report.error(
                    "declared-shape",
                    per.span,
                    message,
                    f"write {declared.name.text}: fixed[k, d] per pass",
                )
                return None
            per = None
        if per is None and len(axes) == 2:
            return Shape(axes[0], axes[1])
        if per is None:
            message = f"a matrix has two dimensions, got {len(axes)}"
            self.report.error("declared-shape", span, message, LAYOUT_HINT)
            return None
        groups = PER.get(per.text)
        if groups is None:
            message = f"expected per token, per context or per query, got per {per.text}"
            self.report.error("misspelt", per.span, message, near_hint(per.text, (*PER, PER_PASS)))
            return None
        if len(axes) != 1 or declared.kind is not None:
            message = "a value per token is a column of one dimension"
            self.report.error("declared-shape", span, message, LAYOUT_HINT)
            return None
        return Shape(axes[0], TOKEN, (), groups)

    def _dimension(self, word: s.Word) -> str:
        text = word.text
        if text[0] in "0123456789.":
            if not text.isdigit() or not 0 < int(text[:20]) <= 10**9:
                message = f"a dimension is a name or a whole number above 0, got {text[:40]}"
                self.report.error("declared-shape", word.span, message)
                return self.elaborator.axes.unknown()
            return str(int(text))
        if is_reserved(text):
            self.report.error(
                "reserved-word",
                word.span,
                f"'{text}' is a word of the language",
                "choose another name",
            )
            return self.elaborator.axes.unknown()
        symbol = self.scope.get(text)
        if symbol is None:
            self.scope.define(text, DimensionSymbol(word.span))
            self.dimensions.append(text)
        elif not isinstance(symbol, DimensionSymbol):
            message = f"'{text}' is an input and cannot be a dimension too"
            self.report.error("name-taken", word.span, message, "choose another name")
        return text

    def _is_free(self, word: s.Word) -> bool:
        """True if the name can be declared here; else report."""
        message: str | None = None
        if is_reserved(word.text):
            message = f"'{word.text}' is a word of the language"
        elif isinstance(self.scope.get(word.text), DimensionSymbol):
            message = f"'{word.text}' is already a dimension"
        elif self.scope.get(word.text) is not None:
            message = f"'{word.text}' is declared twice"
        if message is not None:
            self.report.error("name-taken", word.span, message, "choose another name")
        return message is None

    # -- parameters ---------------------------------------------------------------------------

    def _declare(self, word: s.Word) -> bool:
        if not self._is_free(word):
            return False
        self.scope.define(word.text, ScalarSymbol(word.span, q.Symbol(word.text), True))
        return True

    def _ends(self, assumes: Iterable[s.AssumeEntry]) -> Iterable[s.NameExpression]:
        """The bare names that are first seen as an end of a spectrum: parameters from now on."""
        for assume in assumes:
            for end in _written_ends(assume.region):
                if not isinstance(end, s.NameExpression) or is_reserved(end.name):
                    continue
                if self.scope.get(end.name) is None:
                    symbol = ScalarSymbol(end.span, q.Symbol(end.name), True)
                    self.scope.define(end.name, symbol)
                    yield end

    def _parameters(
        self, declared: Sequence[s.ParameterDeclaration], ends: Sequence[s.NameExpression]
    ) -> list[core.Parameter]:
        parameters = [core.Parameter(end.span, end.name, None, False) for end in ends]
        for one in declared:
            default: Scalar | None = None
            if isinstance(one.default, s.CallExpression) and one.default.name.text == "size":
                self._size(one.name.text, one.default)
            elif one.default is not None:
                with self.elaborator.within(Place.NUMBER):
                    default = self.elaborator.scalar(one.default, "a number")
            parameters.append(core.Parameter(one.span, one.name.text, default, False))
        self._cycles(parameters)
        return sorted(parameters, key=lambda one: one.span.start)

    def _size(self, name: str, call: s.CallExpression) -> None:
        """``param n = size(context)``: the number of tokens of a group."""
        given = call.positional[0] if len(call.positional) == 1 and not call.keywords else None
        groups = PER.get(given.name, ()) if isinstance(given, s.NameExpression) else ()
        declared = {group for one in self.inputs for group in one.shape.column_groups}
        if len(groups) != 1:
            message = f"size is of the tokens of one group, got {text_of(call)}"
            self.report.error("size", call.span, message, f"write param {name} = size(context)")
        elif groups[0] not in declared:
            message = f"no input has {groups[0]} tokens"
            self.report.error("size", call.span, message, f"declare one: x: [d] per {groups[0]}")
        else:
            self.sizes.append((name, groups[0]))

    def _passes(self, entries: Iterable[s.Entry]) -> dict[Span, str]:
        """Name the count of every 'repeat until': passes, passes2, …"""
        found: dict[Span, str] = {}
        for entry in entries:
            if not isinstance(entry, s.RepeatStatement):
                continue
            if not isinstance(entry.count, s.UntilExpression):
                continue
            name, number = "passes", 1
            while self.scope.get(name) is not None or name in self.elaborator.assigned:
                number += 1
                name = f"passes{number}"
            self.scope.define(name, ScalarSymbol(entry.count.span, q.Symbol(name), True))
            self.scope.use(name)
            found[entry.count.span] = name
        return found

    def _cycles(self, parameters: Sequence[core.Parameter]) -> None:
        """Report defaults that need one another."""
        spans = {one.name: one.span for one in parameters}
        stuck = in_cycles(
            {one.name: q.free_symbols(one.default) for one in parameters if one.default is not None}
        )
        if stuck:
            message = f"the defaults of {', '.join(stuck)} need one another"
            self.report.error("coefficient", spans[stuck[0]], message, "give one of them a number")
        self._long_defaults(parameters)

    def _long_defaults(self, parameters: Sequence[core.Parameter]) -> None:
        """Report the first default whose number, made of those before it, is too long to hold."""
        named = {one.name: one for one in parameters}
        defaults = {name: one.default for name, one in named.items() if one.default is not None}
        needs = {name: q.free_symbols(default) for name, default in defaults.items()}
        values: dict[str, Fraction] = {}
        for name in in_order(needs):
            if not needs[name] <= values.keys():
                continue
            try:
                values[name] = q.evaluate(defaults[name], values, most_bits=q.MAX_NUMBER_BITS)
            except q.LongNumberError as problem:
                message = f"the default of '{name}' has no value: {problem}"
                self.report.error(
                    "coefficient", named[name].span, message, "start from smaller numbers"
                )
                return
            except q.ScalarError:
                continue  # it may have one with other numbers than the defaults

    # -- assumptions --------------------------------------------------------------------------

    def _assume(
        self, assume: s.AssumeEntry
    ) -> tuple[core.Assumption, dict[str, Definition]] | None:
        self.elaborator.used = {}
        with self.elaborator.within(Place.ASSUMPTION):
            found: core.Assumption | None
            if isinstance(assume.region, s.IntervalExpression | s.UnionExpression):
                found = read_interval(self.elaborator, assume, assume.region)
            elif isinstance(assume.region, s.BoundExpression):
                found = read_bound(self.elaborator, assume, assume.region, self.inputs)
            else:
                found = self._range(assume, assume.region)
        return None if found is None else (found, dict(self.elaborator.used))

    def _range(self, assume: s.AssumeEntry, region: s.Expression) -> core.RangeAssumption | None:
        if not isinstance(region, s.CallExpression) or region.name.text != "range":
            message = f"expected [low, high] or range(…) after 'in', got {text_of(region)}"
            self.report.error("assumption", region.span, message, "write: assume psi in range(L)")
            return None
        subject = assume.subject
        if isinstance(subject, s.CallExpression) and subject.name.text in REGIONS:
            message = f"{subject.name.text}(…) lies in an interval, not in a range"
            self.report.error(
                "assumption", region.span, message, "write: assume spectrum(A) in [mu, L]"
            )
            return None
        value, operator = self.elaborator.matrix(subject), only_argument(self.elaborator, region)
        if value is None or operator is None:
            return None
        axes = self.elaborator.axes
        if not axes.unify(value.shape.rows, operator.shape.rows):
            message = (
                f"{text_of(subject)} is {axes.text(value.shape)}, so its columns cannot lie in "
                f"the range of a matrix {axes.text(operator.shape)}"
            )
            self.report.error("shapes-differ", assume.span, message)
            return None
        return core.RangeAssumption(assume.span, value, operator)


def _written_ends(region: s.Region) -> tuple[s.Expression, ...]:
    if isinstance(region, s.UnionExpression):
        return tuple(end for part in region.intervals for end in _written_ends(part))
    if isinstance(region, s.IntervalExpression):
        return _positive(region.low), _positive(region.high)
    return (region.high,) if isinstance(region, s.BoundExpression) else ()


def _positive(end: s.Expression) -> s.Expression:
    return end.of if isinstance(end, s.NegativeExpression) else end
