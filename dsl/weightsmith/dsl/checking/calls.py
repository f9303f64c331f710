"""Calling an algorithm: its statements are written out in the caller, under new names.

``X = newton_inverse(G, steps = 9)`` becomes the assignments of ``newton_inverse`` to variables
``newton_inverse.X``, with the parameters replaced by scalars of the caller and the ends of the
spectrum by what the caller's assumptions give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from weightsmith.dsl.checking.default_order import in_order
from weightsmith.dsl.checking.inference import Bound, inferred_bounds
from weightsmith.dsl.meaning.elaborator import Elaborator
from weightsmith.dsl.meaning.entry_functions import known_names
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.canonical import is_symmetric
from weightsmith.dsl.program.inlining import Inliner, WritingError
from weightsmith.dsl.program.needed import needed_parameters
from weightsmith.dsl.program.nodes import DEEP, DEEP_HINT, bare, is_deep, text_of
from weightsmith.dsl.program.scope import MATRIX_FUNCTIONS, REGIONS, Definition, Place
from weightsmith.dsl.program.sites import INHERITED
from weightsmith.dsl.program.spectra import known_ends
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.text.diagnostics import near_hint

MAX_STATEMENTS = 30_000  # that the calls of one script may write out, all together
ASSUMED = {
    "norm": "write above: assume norm(x) <= B; a norm to divide by is a param",
    "size": "write above: assume size(context) <= n; a size to divide by is a param",
    "entries": "write above: assume entries(x) in [low, high]",
}
MAX_WRITTEN = 300_000  # operations in them


@dataclass
class Budget:
    """What calls may still write: calls within calls grow without bound."""

    statements: int = MAX_STATEMENTS
    nodes: int = MAX_WRITTEN


@dataclass
class Calls:
    """The algorithms that may be called here, and what calling them has written so far."""

    name: str
    callable: Mapping[str, core.Program | None]  # None: it has errors, already reported
    later: frozenset[str]
    budget: Budget
    assumptions: list[tuple[core.SpectrumAssumption, dict[str, Definition]]] = field(
        default_factory=list
    )
    bounds: list[Bound] = field(default_factory=list)
    written: list[core.Statement] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)  # of the calls of every algorithm

    def take_written(self) -> tuple[core.Statement, ...]:
        """Return, and forget, the statements that must run before the present one."""
        written, self.written = tuple(self.written), []
        return written

    def __call__(
        self, elaborator: Elaborator, call: s.CallExpression
    ) -> Sequence[core.Node] | None:
        """Return the values of the call, or None after a report."""
        callee = self._find(elaborator, call)
        if callee is None:
            for argument in (*call.positional, *(one.value for one in call.keywords)):
                elaborator.value(argument)
            return None
        arguments = self._arguments(elaborator, call, callee)
        parameters = self._keywords(elaborator, call, callee)
        if arguments is None or parameters is None:
            return None
        inliner = Inliner(self._prefix(callee.name), elaborator.axes, call.span, self.budget.nodes)
        if not self._bind_inputs(elaborator, call, callee, arguments, inliner):
            return None
        inliner.scalars = parameters
        parameters[INHERITED.name] = elaborator.tolerance
        names = dict(elaborator.used)
        try:
            self._infer(elaborator, callee, inliner, names, parameters)
            if not self._defaults(elaborator, call, callee, parameters):
                return None
            return self._write(elaborator, call, callee, inliner)
        except q.ScalarError as reason:
            message = f"'{callee.name}' cannot run with these numbers: {reason}"
            elaborator.report.error("call-arguments", call.span, message)
        except WritingError:
            self._too_much(elaborator, call, f"{MAX_WRITTEN} operations")
        finally:
            self.budget.nodes = max(inliner.nodes_left, 0)
        return None

    # -- which algorithm ----------------------------------------------------------------------

    def _find(self, elaborator: Elaborator, call: s.CallExpression) -> core.Program | None:
        name, report = call.name.text, elaborator.report
        if name == self.name:
            message = f"'{name}' calls itself"
            report.error(
                "call-order", call.name.span, message, "use 'repeat': recursion would have no end"
            )
        elif name in self.later and name not in self.callable:
            message = f"'{name}' is called before it is written"
            report.error(
                "call-order", call.name.span, message, f"move algorithm {name} above this one"
            )
        elif name in ("norm", "size", "entries") and name not in self.callable:
            message = f"{name}(…) stands only in an assumption"
            report.error("function-place", call.name.span, message, ASSUMED[name])
        elif name == "range" and elaborator.place is Place.NUMBER:
            message = "'for' does not count: its numbers are written out"
            report.error("for-numbers", call.name.span, message, _counting_hint(call))
        elif name in REGIONS:
            message = f"{name}(…) stands only in an assumption"
            report.error(
                "function-place",
                call.name.span,
                message,
                "write above: assume spectrum(A) in [mu, L]",
            )
        elif name not in self.callable and elaborator.scope.get(name) is not None:
            elaborator.scope.use(name)
            message = f"'{name}' is a value, and no function or algorithm"
            report.error("unknown-function", call.name.span, message, f"a product: {name}*(…)")
        elif name not in self.callable:
            functions = (*MATRIX_FUNCTIONS, *known_names(elaborator.functions))
            hint = report.near(name, (*self.callable, *functions))
            hint = hint or f'bring it in: use {name} from "file.alg"; a product needs a *'
            report.error(
                "unknown-function", call.name.span, f"unknown algorithm or function '{name}'", hint
            )
        elif elaborator.place is not Place.STATEMENT:
            message = f"an algorithm cannot be called in {elaborator.place.value}"
            hint = (
                "write a formula: inv(A), sqrt(A), …" if elaborator.place is Place.TARGET else None
            )
            report.error("call-place", call.name.span, message, hint)
        else:
            return self._with_steps(elaborator, call, self.callable[name])
        return None

    def _with_steps(
        self, elaborator: Elaborator, call: s.CallExpression, callee: core.Program | None
    ) -> core.Program | None:
        """Refuse an algorithm whose steps nobody has found yet."""
        if callee is None or not callee.synthesized:
            return callee
        message = f"'{callee.name}' has no steps to write out: the compiler is to synthesize them"
        hint = "compile it by itself, or call an algorithm that writes the iteration out"
        elaborator.report.error("call-place", call.name.span, message, hint)
        return None

    # -- arguments ----------------------------------------------------------------------------

    def _arguments(
        self, elaborator: Elaborator, call: s.CallExpression, callee: core.Program
    ) -> list[core.Node] | None:
        nodes = [elaborator.matrix(argument) for argument in call.positional]
        if len(nodes) != len(callee.inputs):
            wanted = ", ".join(one.name for one in callee.inputs)
            message = (
                f"'{callee.name}' takes {_counted(len(callee.inputs), 'input')} ({wanted}), "
                f"got {len(nodes)}"
            )
            hint = "parameters are passed by name: steps = 9"
            elaborator.report.error("call-arguments", call.span, message, hint)
            return None
        return None if any(node is None for node in nodes) else [n for n in nodes if n is not None]

    def _keywords(
        self, elaborator: Elaborator, call: s.CallExpression, callee: core.Program
    ) -> dict[str, Scalar] | None:
        wanted = [parameter.name for parameter in callee.parameters]
        given: dict[str, Scalar] = {}
        sound = True
        for keyword in call.keywords:
            name = keyword.name.text
            value = elaborator.scalar(keyword.value, f"a number for '{name}'")
            problem = _keyword_problem(callee, name, wanted, given)
            if problem is not None:
                hint = near_hint(name, wanted) or f"it takes {', '.join(wanted) or 'none'}"
                elaborator.report.error("call-arguments", keyword.name.span, problem, hint)
            elif value is not None and algebra.is_long(value):
                elaborator.report.error(
                    "too-large", keyword.span, "this number is too long a formula"
                )
            elif value is not None:
                given[name] = value
                continue
            sound = False
        return given if sound else None

    def _bind_inputs(
        self,
        elaborator: Elaborator,
        call: s.CallExpression,
        callee: core.Program,
        nodes: list[core.Node],
        inliner: Inliner,
    ) -> bool:
        sound = True
        for wanted, part, node in zip(callee.inputs, call.positional, nodes, strict=True):
            axes = elaborator.axes
            before = axes.text(node.shape)
            shape = inliner.shape(wanted.shape)
            fits = axes.unify_shapes(bare(shape), bare(node.shape))
            if not fits or _is_token_moved(wanted, axes.resolve(shape)):
                message = (
                    f"input {wanted.name} of '{callee.name}' is {_declared(wanted)}, "
                    f"but {text_of(part)} is {before}"
                )
                elaborator.report.error("call-shape", part.span, message)
                sound = False
                continue
            sound &= self._symmetry(elaborator, callee, wanted, part, node)
            inliner.bind(wanted, node, part.span)
        return sound

    def _symmetry(
        self,
        elaborator: Elaborator,
        callee: core.Program,
        wanted: core.Input,
        part: s.Expression,
        node: core.Node,
    ) -> bool:
        axes = elaborator.axes
        if not wanted.symmetric or is_symmetric(node, elaborator.used, axes.find):
            return True
        message = (
            f"input {wanted.name} of '{callee.name}' is symmetric, "
            f"but {text_of(part)} need not be symmetric"
        )
        elaborator.report.warning("call-shape", part.span, message, "the caller answers for it")
        return True

    # -- parameters ---------------------------------------------------------------------------

    def _infer(
        self,
        elaborator: Elaborator,
        callee: core.Program,
        inliner: Inliner,
        names: dict[str, Definition],
        parameters: dict[str, Scalar],
    ) -> None:
        """Bind the ends of the callee's spectra by what the caller has assumed."""
        for assumption in callee.assumptions:
            if not isinstance(assumption, core.SpectrumAssumption):
                continue
            ends = assumption.ends
            if not any(isinstance(end, q.Symbol) and end.name not in parameters for end in ends):
                continue
            of = inliner.of_arguments(assumption.of)
            find = elaborator.axes.find
            known = known_ends(assumption.kind, of, names, self.assumptions, find) or ()
            if len(known) == 4 and len(ends) == 2:
                known = (known[0], known[3])  # one interval that holds both
            if len(known) != len(ends):
                continue
            for end, value in zip(ends, known, strict=True):
                if isinstance(end, q.Symbol) and not algebra.is_long(value):
                    parameters.setdefault(end.name, value)
        for name, value in inferred_bounds(callee, inliner.arguments, inliner.axis, self.bounds):
            parameters.setdefault(name, value)

    def _defaults(
        self,
        elaborator: Elaborator,
        call: s.CallExpression,
        callee: core.Program,
        parameters: dict[str, Scalar],
    ) -> bool:
        """Give the parameters that are still free their defaults; report those without."""
        waiting = [one for one in callee.parameters if one.name not in parameters]
        needed = needed_parameters(callee)
        missing = [one.name for one in waiting if one.default is None and one.name in needed]
        waiting = [one for one in waiting if one.default is not None or one.name in needed]
        if missing:
            example = ", ".join(f"{name} = …" for name in missing)
            message = f"'{callee.name}' needs a value for {', '.join(missing)}"
            hint = f"pass {example}: no assumption of '{self.name}' gives it"
            elaborator.report.error("call-arguments", call.span, message, hint)
            return False
        named = {one.name: one for one in waiting if one.default is not None}
        needs = {n: q.free_symbols(one.default) for n, one in named.items() if one.default}
        return all(
            _bind_default(elaborator, call, named[name], parameters) for name in in_order(needs)
        )

    # -- writing ------------------------------------------------------------------------------

    def _prefix(self, name: str) -> str:
        count = self.counts.get(name, 1)
        prefix = name if count == 1 else f"{name}{count}"
        while prefix in self.taken:
            count += 1
            prefix = f"{name}{count}"
        self.counts[name] = count
        self.taken.add(prefix)
        return prefix

    def _write(
        self,
        elaborator: Elaborator,
        call: s.CallExpression,
        callee: core.Program,
        inliner: Inliner,
    ) -> Sequence[core.Node] | None:
        """Write the statements; return the values.  Raises ScalarError and WritingError."""
        body = inliner.statements(callee.body)
        values = [inliner.returned(one) for one in callee.returns]
        if any(map(is_deep, values)):
            elaborator.report.error(
                "too-large", call.span, DEEP, f"in '{callee.name}': {DEEP_HINT}"
            )
            return None
        self.budget.statements -= inliner.count
        if self.budget.statements < 0:
            self._too_much(elaborator, call, f"{MAX_STATEMENTS} statements")
            return None
        self.written += [*inliner.assigned, *body]
        return values

    def _too_much(self, elaborator: Elaborator, call: s.CallExpression, limit: str) -> None:
        message = f"written out, the calls come to more than {limit}"
        hint = "use 'repeat' instead of repeated calls, or give a returned value a name: X = …"
        elaborator.report.error("too-large", call.span, message, hint)


def _counting_hint(call: s.CallExpression) -> str:
    """``repeat steps:`` for ``range(steps)``."""
    ends = [text_of(one) for one in call.positional[:2]] or ["steps"]
    steps = ends[-1] if len(ends) == 1 or ends[0] == "0" else f"{ends[1]} - {ends[0]}"
    return f"write: repeat {steps}: or, with numbers that the block uses: for g in 1, 2, 3:"


def _keyword_problem(
    callee: core.Program, name: str, wanted: Sequence[str], given: dict[str, Scalar]
) -> str | None:
    if name in given:
        return f"'{name}' is passed twice"
    if name in wanted:
        return None
    if any(one.name == name for one in callee.inputs):
        return f"'{name}' is an input of '{callee.name}': inputs are passed by position"
    return f"'{callee.name}' has no parameter '{name}'"


def _bind_default(
    elaborator: Elaborator,
    call: s.CallExpression,
    parameter: core.Parameter,
    parameters: dict[str, Scalar],
) -> bool:
    if parameter.default is None:
        return False
    try:
        value = algebra.substituted(parameter.default, parameters)
    except q.ScalarError as reason:
        message = f"the default of '{parameter.name}' has no value here: {reason}"
        elaborator.report.error("call-arguments", call.span, message, f"pass {parameter.name} = …")
        return False
    if algebra.is_long(value):
        message = f"the default of '{parameter.name}' is too long a formula here"
        elaborator.report.error("too-large", call.span, message, f"pass {parameter.name} = …")
        return False
    parameters[parameter.name] = value
    return True


def _is_token_moved(wanted: core.Input, shape: core.Shape) -> bool:
    """True if a dimension of the callee would have to be the token axis."""
    pairs = ((wanted.shape.rows, shape.rows), (wanted.shape.columns, shape.columns))
    return any(here == core.TOKEN != declared for declared, here in pairs)


def _declared(wanted: core.Input) -> str:
    text = f"[{wanted.shape.rows}, {wanted.shape.columns}]"
    return f"symmetric{text}" if wanted.symmetric else text


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
