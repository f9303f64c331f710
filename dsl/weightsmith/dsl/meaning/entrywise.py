"""Functions of entries in statements: ``f(E)``, ``f.(E)``, ``E .* F``, ``E ./ F``, ``sum(E)``."""

from __future__ import annotations

from weightsmith.dsl.meaning.elaborator import Elaborator, Value
from weightsmith.dsl.meaning.entry_functions import APPROXIMATED, advice, known_names, written_call
from weightsmith.dsl.meaning.one_number import is_one_number, times_everywhere
from weightsmith.dsl.meaning.positions import POSITIONS, positions
from weightsmith.dsl.meaning.sums import SUMS, Sum
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.formulas import Formula
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import Node, Shape
from weightsmith.dsl.program.nodes import bare, scaled, split, text_of
from weightsmith.dsl.program.piecewise import EXACT, ordered_ends, relu
from weightsmith.dsl.program.shapes import is_unknown
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.text.diagnostics import near_hint

ROWS_HINT = "one row is repeated down the other's rows; for a column c write (c*ones) .* E"


def is_entry_function(elaborator: Elaborator, call: s.CallExpression) -> bool:
    """True if the call applies a function to every entry, or means to."""
    name = call.name.text
    if call.is_dotted:
        return True
    if name in elaborator.algorithms:
        return False
    if name in elaborator.functions:
        return True
    known = name in known_names({}) or advice(name) is not None
    return known and name not in elaborator.later


def apply_entry_function(elaborator: Elaborator, call: s.CallExpression) -> Node | None:
    """Return the node of ``f(E)``, or None after a report."""
    name = call.name.text
    if name not in known_names(elaborator.functions):
        _unknown(elaborator, call)
        return None
    if name in POSITIONS and name not in elaborator.functions:
        return positions(elaborator, call)
    values = [elaborator.value(one) for one in call.positional]
    found = None if name in elaborator.functions else SUMS.get(name)
    wanted = 1 if found is None else found.takes
    if name in EXACT and name not in elaborator.functions:
        wanted += EXACT[name].limits
    if call.keywords or len(values) != wanted:
        report_arity(elaborator, call, wanted)
        return None
    if any(value is None for value in values):
        return None
    if all(isinstance(value, Scalar) for value in values):
        message = f"{name} is applied to the entries of a matrix, got {text_of(call.positional[0])}"
        elaborator.report.error(
            "number-or-matrix", call.span, message, "pass the number as a param"
        )
        return None
    by_entries = found is None or found.of_entries
    if by_entries and not elaborator.works_on_entries(call, f"'{name}'"):
        return None
    if found is not None:
        return _summed(elaborator, call, found, values)
    return _applied(elaborator, call, [value for value in values if value is not None])


def _summed(
    elaborator: Elaborator, call: s.CallExpression, found: Sum, values: list[Value | None]
) -> Node | None:
    matrices = _matrices(values)
    if len(matrices) == len(values):
        return found.expand(elaborator, call, matrices)
    wrong = next(i for i, value in enumerate(values) if isinstance(value, Scalar))
    message = f"expected a matrix, got {text_of(call.positional[wrong])}"
    elaborator.report.error(
        "number-or-matrix", call.positional[wrong].span, message, f"write {found.written}"
    )
    return None


def _applied(elaborator: Elaborator, call: s.CallExpression, values: list[Value]) -> Node | None:
    name = call.name.text
    if name in elaborator.functions:
        elaborator.used_functions.add(name)
        body = elaborator.functions[name]
        if body is None:
            return None
        label = name.rpartition(".")[2]
        return _mapped(elaborator, call, label, body, _matrices(values)[0])
    if name in APPROXIMATED:
        body = APPROXIMATED[name]
        return _mapped(elaborator, call, name, body, _matrices(values)[0])
    if (sign := EXACT[name].sign) is not None:
        if all(isinstance(value, Node) for value in values):
            return _of_two(elaborator, call, sign, *_matrices(values))
        values.sort(key=lambda value: isinstance(value, Scalar))
    return _with_scalars(elaborator, call, values)


def _with_scalars(
    elaborator: Elaborator, call: s.CallExpression, values: list[Value]
) -> Node | None:
    """``clip(E, -1, 1)``: the first is the matrix, the others are numbers."""
    name = call.name.text
    scalars = [value for value in values[1:] if isinstance(value, Scalar)]
    if not isinstance(values[0], Node) or len(scalars) != len(values) - 1:
        wrong = 0 if isinstance(values[0], Scalar) else 1
        what = "a matrix" if wrong == 0 else "a number"
        message = f"expected {what}, got {text_of(call.positional[wrong])}"
        elaborator.report.error(
            "number-or-matrix", call.positional[wrong].span, message, f"write {example(name)}"
        )
        return None
    if (problem := threshold_problem(name, scalars)) is not None:
        elaborator.report.error("interval", call.span, *problem)
        return None
    return _mapped(elaborator, call, name, EXACT[name].make(*scalars), values[0])


def threshold_problem(name: str, scalars: list[Scalar]) -> tuple[str, str] | None:
    """Return what is wrong with the numbers of ``clip`` and ``soft``, and the hint."""
    low, high = map(algebra.constant, ordered_ends(name, scalars) or (q.ZERO, q.ZERO))
    if low is None or high is None or low <= high:
        return None
    return EXACT[name].disorder.format(low=low, high=high), f"write {EXACT[name].written}"


def _mapped(
    elaborator: Elaborator,
    call: s.CallExpression,
    label: str,
    body: core.PiecewiseLinear | Formula,
    of: Node,
) -> Node:
    function = (
        body
        if isinstance(body, core.PiecewiseLinear)
        else core.Approximated(body, elaborator.tolerance)
    )
    return core.Entrywise(call.span, bare(of.shape), label, function, of, "")


def _of_two(
    elaborator: Elaborator, call: s.CallExpression, sign: Scalar, left: Node, right: Node
) -> Node | None:
    """max(E, F) = F + relu(E - F);  min(E, F) = F - relu(F - E)."""
    axes, name = elaborator.axes, call.name.text
    if not axes.unify_shapes(bare(left.shape), bare(right.shape)):
        message = (
            f"{name} takes two values of one shape, but {text_of(call.positional[0])} is "
            f"{axes.text(left.shape)} and {text_of(call.positional[1])} is {axes.text(right.shape)}"
        )
        elaborator.report.error("shapes-differ", call.span, message)
        return None
    shape = bare(left.shape)
    difference = _sum_of(call, shape, (sign, left), (algebra.negated(sign), right))
    part = core.Entrywise(call.span, shape, "relu", relu(), difference, "")
    return _sum_of(call, shape, (q.ONE, right), (sign, part))


def _sum_of(call: s.CallExpression, shape: Shape, *terms: tuple[Scalar, Node]) -> Node:
    parts = []
    for scale, node in terms:
        own, inner = split(node)
        parts.append((algebra.times((scale, own)), inner))
    return core.Combination(call.span, shape, tuple(parts))


# -- products entry by entry --------------------------------------------------------------------


def entry_product(elaborator: Elaborator, expression: s.EntryProductExpression) -> Value | None:
    """Return the value of ``E .* F`` or ``E ./ F``, or None after a report."""
    left, right = elaborator.value(expression.left), elaborator.value(expression.right)
    if left is None or right is None:
        return None
    if expression.exponent < 0:
        inverse = _reciprocal(elaborator, expression, right)
        if inverse is None:
            return None
        right = inverse
    if isinstance(left, Scalar):
        return elaborator.multiple(left, right, expression.span)
    if isinstance(right, Scalar):
        return elaborator.multiple(right, left, expression.span)
    if not elaborator.works_on_entries(expression, "a product entry by entry"):
        return None
    return _hadamard(elaborator, expression, left, right)


def _reciprocal(
    elaborator: Elaborator, expression: s.EntryProductExpression, of: Value
) -> Value | None:
    if isinstance(of, Scalar):
        return elaborator.reciprocal(of, expression.right)
    if not elaborator.works_on_entries(expression, "a quotient entry by entry"):
        return None
    return reciprocal_of(elaborator, expression.right, of)


def reciprocal_of(elaborator: Elaborator, part: s.Expression, of: Node) -> Node:
    """``reciprocal(E)``: what E divides by."""
    function = core.Approximated(APPROXIMATED["reciprocal"], elaborator.tolerance)
    return core.Entrywise(part.span, bare(of.shape), "reciprocal", function, of, "")


def _hadamard(
    elaborator: Elaborator, expression: s.EntryProductExpression, left: Node, right: Node
) -> Node | None:
    axes = elaborator.axes
    shapes = axes.resolve(bare(left.shape)), axes.resolve(bare(right.shape))
    for number, of, shape in ((left, right, shapes[1]), (right, left, shapes[0])):
        if is_one_number(elaborator, number) and not (
            shape.columns == "1" or is_unknown(shape.columns)
        ):
            return times_everywhere(elaborator, expression.span, number, of)
    rows = [shape.rows for shape in shapes]
    if rows[0] != rows[1] and "1" in rows:
        wanted = rows[1] if rows[0] == "1" else rows[0]
        if is_unknown(wanted):
            elaborator.repeated_rows.append(wanted)
        fits = axes.unify(shapes[0].columns, shapes[1].columns)
        if rows[0] == "1":
            left = _repeated(elaborator, left, wanted)
        else:
            right = _repeated(elaborator, right, wanted)
    else:
        fits = axes.unify_shapes(*shapes)
    if not fits:
        message = (
            f"these have no product entry by entry: {text_of(expression.left)} is "
            f"{axes.text(shapes[0])} but {text_of(expression.right)} is {axes.text(shapes[1])}"
        )
        elaborator.report.error("shapes-differ", expression.span, message, ROWS_HINT)
        return None
    shape = bare(left.shape)
    return core.Hadamard(expression.span, shape, left, right, elaborator.tolerance, "")


def _repeated(elaborator: Elaborator, row: Node, rows: str) -> Node:
    """A row, repeated down ``rows``: a column of ones times the row."""
    own, inner = split(row)
    ones = core.Ones(row.span, Shape(rows, "1"))
    shape = Shape(rows, inner.shape.columns)
    return scaled(own, core.Product(row.span, shape, (ones, inner), elaborator.over), row.span)


# -- what is refused ----------------------------------------------------------------------------


def report_arity(elaborator: Elaborator, call: s.CallExpression, wanted: int) -> None:
    name = call.name.text
    message = f"{name} takes {_counted(wanted)}, got {len(call.positional)}"
    if call.keywords:
        message = f"{name} takes no named numbers, got {text_of(call)}"
    elaborator.report.error("function-arguments", call.span, message, f"write {example(name)}")


def example(name: str) -> str:
    """Return how the function is written: ``clip(E, low, high)``."""
    return EXACT[name].written if name in EXACT else written_call(name)


def _unknown(elaborator: Elaborator, call: s.CallExpression) -> None:
    name, report = call.name.text, elaborator.report
    if (found := advice(name)) is not None:
        report.error("unknown-function", call.name.span, *found)
        return
    if name in elaborator.algorithms:
        message, hint = f"'{name}' is an algorithm, not a function of entries", f"write {name}(…)"
        report.error("function-place", call.name.span, message, hint)
        return
    hint = (
        near_hint(name, known_names(elaborator.functions)) or f"declare it: function {name}(t) = …"
    )
    report.error("unknown-function", call.name.span, f"unknown function '{name}'", hint)


def _counted(number: int) -> str:
    return "one value" if number == 1 else f"{number} values"


def _matrices(values: list[Value | None] | list[Value]) -> list[Node]:
    return [value for value in values if isinstance(value, Node)]
