"""The right side of ``function f(t) = …``: a formula, or exactly piecewise linear.

Sums and multiples of ``relu`` and its kin (abs, max, min, clip, soft) of ``a*t + b``, ``a`` a
number, are kept as breakpoints, which a network computes exactly.  Everything else is a formula, in
which relu(u) is (u + abs(u))/2.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from weightsmith.dsl.meaning.elaborator import Elaborator
from weightsmith.dsl.meaning.entry_functions import APPROXIMATED, BUILT_IN, advice, known_names
from weightsmith.dsl.meaning.entrywise import report_arity, threshold_problem
from weightsmith.dsl.meaning.sums import SUMS
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.formulas import (
    MAX_DEPTH,
    MAX_NODES,
    Apply,
    Constant,
    Formula,
    Variable,
    composed,
    formula_power,
    formula_product,
    formula_size,
    formula_sum,
    has_variable,
    raised,
    refuse_variable,
)
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program.core import PiecewiseLinear
from weightsmith.dsl.program.nodes import text_of
from weightsmith.dsl.program.piecewise import EXACT, ordered_ends, without_idle
from weightsmith.dsl.program.scope import Place, ScalarSymbol
from weightsmith.dsl.reading import syntax as s

Body = PiecewiseLinear | Formula
HALF = Constant(q.Number(Fraction(1, 2)))
ENTRY = PiecewiseLinear(q.ZERO, q.ONE, ())
MAX_BREAKPOINTS = 5_000  # of a function; a table may have more


def read_body(elaborator: Elaborator, entry: s.FunctionEntry) -> Body | None:
    """Return the function, or None after a report."""
    report, name = elaborator.report, entry.name.text
    if len(entry.variables) != 1:
        names = ", ".join(word.text for word in entry.variables)
        message = f"a function has one variable, got {names}"
        report.error(
            "function-body",
            entry.span,
            message,
            "make the others a param: function f(t) = c/(c + t)",
        )
        return None
    variable = entry.variables[0].text
    if isinstance(elaborator.scope.get(variable), ScalarSymbol):
        message = f"'{variable}' is a parameter, and would be the variable of this function too"
        report.error(
            "name-taken", entry.variables[0].span, message, "choose another name for one of the two"
        )
        return None
    with elaborator.within(Place.NUMBER):
        body = _Reader(elaborator, variable).read(entry.body)
    if body is None:
        return None
    if not _varies(body):
        message = f"'{name}' does not depend on {variable}"
        report.error("function-body", entry.span, message, "declare a number as a param")
        return None
    return body


class _Reader:
    def __init__(self, elaborator: Elaborator, variable: str) -> None:
        self.elaborator = elaborator
        self.report = elaborator.report
        self.variable = variable

    def read(self, expression: s.Expression) -> Body | None:
        """Return the meaning of a part, or None after a report."""
        try:
            body = self._read(expression)
            if body is not None:
                _refuse_long(body)
        except q.ScalarError as reason:
            message = f"{text_of(expression)} cannot stand in a function: {reason}"
            hint = "write sqrt(t), or exp(p*log(t)) for the power p"
            self.report.error(
                "function-body",
                expression.span,
                message,
                hint if isinstance(reason, q.PowerError) else None,
            )
            return None
        return body

    def _read(self, expression: s.Expression) -> Body | None:
        match expression:
            case s.NameExpression(name=name) if name == self.variable:
                return ENTRY
            case s.NumberExpression() | s.NameExpression():
                return self._number(expression)
            case s.NegativeExpression(of=of):
                body = self.read(of)
                return None if body is None else _product((_constant(q.MINUS_ONE), body))
            case s.SumExpression(terms=terms):
                return self._sum(terms)
            case s.ProductExpression(factors=factors):
                return self._product(factors)
            case s.EntryProductExpression(left=left, right=right, exponent=exponent):
                return self._product(((1, left), (exponent, right)))
            case s.PowerExpression():
                return self._power(expression)
            case s.CallExpression():
                return self._call(expression)
            case s.TransposeExpression() | s.ScopedExpression() | s.RootExpression():
                message = f"a function is a formula of one number, got {text_of(expression)}"
                self.report.error(
                    "function-body", expression.span, message, "remove the transpose or the clause"
                )
                return None

    def _number(self, expression: s.NumberExpression | s.NameExpression) -> Body | None:
        value = self.elaborator.value(expression)
        if value is None:
            return None
        if not isinstance(value, Scalar):
            message = f"a function is a formula of one number, got the matrix {text_of(expression)}"
            hint = f"the variable is {self.variable}; numbers are params"
            self.report.error("function-body", expression.span, message, hint)
            return None
        refuse_variable(value)
        return _constant(value)

    def _sum(self, terms: Sequence[tuple[int, s.Expression]]) -> Body | None:
        bodies: list[Body] = []
        for sign, part in terms:
            body = self.read(part)
            if body is None:
                return None
            bodies.append(body if sign > 0 else _product((_constant(q.MINUS_ONE), body)))
        return _sum(bodies)

    def _product(self, factors: Sequence[tuple[int, s.Expression]]) -> Body | None:
        bodies: list[Body] = []
        for exponent, part in factors:
            body = self.read(part)
            if body is None:
                return None
            bodies.append(body if exponent > 0 else _inverse(body))
        return _product(bodies)

    def _power(self, expression: s.PowerExpression) -> Body | None:
        base = self.read(expression.base)
        exponent = self.elaborator.scalar(expression.exponent)
        if base is None or exponent is None:
            return None
        if (number := _plain(base)) is not None:
            return _constant(algebra.power(number, exponent))
        return base if exponent == q.ONE else raised(formula_of(base), exponent)

    # -- functions ----------------------------------------------------------------------------

    def _call(self, call: s.CallExpression) -> Body | None:
        name, declared = call.name.text, self.elaborator.functions
        if name not in known_names(declared) or (name in SUMS and name not in declared):
            self._unknown(call)
            return None
        wanted = 1 + (EXACT[name].limits if name in EXACT and name not in declared else 0)
        if call.keywords or len(call.positional) != wanted:
            report_arity(self.elaborator, call, wanted)
            return None
        arguments = [self.read(one) for one in call.positional]
        if any(one is None for one in arguments):
            return None
        bodies = [one for one in arguments if one is not None]
        if name in declared:
            self.elaborator.used_functions.add(name)
            body = declared[name]
            return None if body is None else _applied(body, bodies[0])
        if name in APPROXIMATED:
            return composed(APPROXIMATED[name], formula_of(bodies[0]))
        return self._exact(call, bodies)

    def _exact(self, call: s.CallExpression, bodies: list[Body]) -> Body | None:
        name = call.name.text
        if (extreme := EXACT[name].sign) is not None:
            sign = _constant(extreme)
            minus = _product((_constant(q.MINUS_ONE), bodies[1]))
            bend = _relu(_product((sign, _sum((bodies[0], minus)))))
            return _sum((bodies[1], _product((sign, bend))))
        scalars = [number for one in bodies[1:] if (number := _plain(one)) is not None]
        if len(scalars) != len(bodies) - 1:
            self.report.error(
                "function-body", call.span, f"the limits of {name} are numbers", "make them a param"
            )
            return None
        if (problem := threshold_problem(name, scalars)) is None:
            problem = _unknown_order(name, scalars)
        if problem is not None:
            self.report.error("interval", call.span, *problem)
            return None
        return _applied(EXACT[name].make(*scalars), bodies[0])

    def _unknown(self, call: s.CallExpression) -> None:
        name = call.name.text
        message, hint = f"unknown function '{name}'", None
        if name in self.elaborator.algorithms:
            message, hint = f"'{name}' is an algorithm: it works on matrices", "write a formula"
        elif name in SUMS:
            message, hint = f"'{name}' adds up a matrix, not a number", "apply it in a statement"
        elif (found := advice(name)) is not None:
            message, hint = found
        names = (*self.elaborator.functions, *BUILT_IN)
        hint = hint or self.report.near(name, names) or "declare it above: function f(t) = …"
        self.report.error("unknown-function", call.name.span, message, hint)


def _unknown_order(name: str, limits: Sequence[Scalar]) -> tuple[str, str] | None:
    """Within a formula nobody sees later which limits it was made of: their order must be plain."""
    low, high = ordered_ends(name, limits) or (q.ZERO, q.ZERO)
    if algebra.constant(algebra.plus((high, algebra.negated(low)))) is not None:
        return None
    message = f"within a function the limits of {name} are numbers"
    return message, f"apply {name} to the matrix, in a statement: there they may be parameters"


# -- arithmetic of bodies -----------------------------------------------------------------------


def _constant(value: Scalar) -> PiecewiseLinear:
    return PiecewiseLinear(value, q.ZERO, ())


def _plain(body: Body) -> Scalar | None:
    """The number that a body is, if it is one."""
    if isinstance(body, PiecewiseLinear):
        return body.constant if body.slope == q.ZERO and not body.breakpoints else None
    return body.value if isinstance(body, Constant) else None


def _varies(body: Body) -> bool:
    return _plain(body) is None and (isinstance(body, PiecewiseLinear) or has_variable(body))


def _sum(bodies: Sequence[Body]) -> Body:
    lines = [body for body in bodies if isinstance(body, PiecewiseLinear)]
    if len(lines) < len(bodies):
        return formula_sum(map(formula_of, bodies))
    changes: dict[Scalar, Scalar] = {}
    for place, change in (point for line in lines for point in line.breakpoints):
        changes[place] = algebra.plus((changes[place], change)) if place in changes else change
    breakpoints = list(without_idle(changes.items()))
    if all(isinstance(place, q.Number) for place, _ in breakpoints):
        breakpoints.sort(key=lambda point: point[0].value if isinstance(point[0], q.Number) else 0)
    constant = algebra.plus(line.constant for line in lines)
    return PiecewiseLinear(constant, algebra.plus(line.slope for line in lines), tuple(breakpoints))


def _product(bodies: Sequence[Body]) -> Body:
    numbers = [number for body in bodies if (number := _plain(body)) is not None]
    others = [body for body in bodies if _plain(body) is None]
    scale = algebra.times(numbers)
    if not others:
        return _constant(scale)
    if len(others) > 1 or not isinstance(others[0], PiecewiseLinear):
        return formula_product((Constant(scale), *map(formula_of, others)))
    line = others[0]
    breakpoints = tuple(
        (place, algebra.times((scale, change))) for place, change in line.breakpoints
    )
    constant = algebra.times((scale, line.constant))
    return PiecewiseLinear(constant, algebra.times((scale, line.slope)), without_idle(breakpoints))


def _inverse(body: Body) -> Body:
    if (number := _plain(body)) is not None:
        return _constant(algebra.power(number, q.MINUS_ONE))
    return formula_power(formula_of(body), -1)


def _applied(function: Body, inner: Body) -> Body:
    """Return function(inner(t))."""
    if not isinstance(function, PiecewiseLinear):
        return composed(function, formula_of(inner))
    bends = len(inner.breakpoints) if isinstance(inner, PiecewiseLinear) else 1
    if len(function.breakpoints) * bends > MAX_NODES:
        raise q.ScalarError("this formula is too long")
    parts = [_constant(function.constant), _product((_constant(function.slope), inner))]
    for place, change in function.breakpoints:
        bend = _relu(_sum((inner, _constant(algebra.negated(place)))))
        parts.append(_product((_constant(change), bend)))
    return _sum(parts)


def _relu(inner: Body) -> Body:
    """relu(u) for u = a·t + b, a number a: |a|·relu(t + b/a), and u more than that if a < 0."""
    if isinstance(inner, PiecewiseLinear) and not inner.breakpoints:
        slope = algebra.constant(inner.slope)
        if slope:
            place = algebra.negated(algebra.divided(inner.constant, inner.slope))
            size = q.Number(abs(slope))
            bend = PiecewiseLinear(q.ZERO, q.ZERO, ((place, size),))
            return bend if slope > 0 else _sum((inner, bend))
    formula = formula_of(inner)
    return formula_product((HALF, formula_sum((formula, Apply("abs", formula)))))


def formula_of(body: Body) -> Formula:
    """Write a piecewise-linear body as a formula."""
    if not isinstance(body, PiecewiseLinear):
        return body
    terms = [Constant(body.constant), formula_product((Constant(body.slope), Variable()))]
    for place, change in body.breakpoints:
        beyond = formula_sum((Variable(), Constant(algebra.negated(place))))
        bend = formula_product((HALF, formula_sum((beyond, Apply("abs", beyond)))))
        terms.append(formula_product((Constant(change), bend)))
    return formula_sum(terms)


def _refuse_long(body: Body) -> None:
    if isinstance(body, PiecewiseLinear):
        if len(body.breakpoints) > MAX_BREAKPOINTS:
            raise q.ScalarError(f"it bends at more than {MAX_BREAKPOINTS} places")
        return
    nodes, levels = formula_size(body)
    if nodes > MAX_NODES or levels > MAX_DEPTH:
        raise q.ScalarError("this formula is too long")
