"""An answer against its target: evaluate the target up to a radius, and measure the distance.

For every problem of a batch, ‖X − T‖ ≤ ‖X − hi − lo‖ + radius.  X − hi and the difference of that
from lo are rounded once each, so the norm is off by at most u‖X − hi‖ and u of itself.

A bound b with the radius r in it is at most b/(b − 2r) times the true distance, for that is at
least b − 2r: 1.07 times where short values are enough, 4 times where double ones are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from weightsmith.backends.enclose.answers.compare import compared
from weightsmith.backends.enclose.answers.solutions import solution_distance
from weightsmith.backends.enclose.direct import directly
from weightsmith.backends.enclose.direct_solutions import solved_directly
from weightsmith.backends.enclose.equations.roots import root
from weightsmith.backends.enclose.given import exact_array, inexact, is_single
from weightsmith.backends.enclose.matrices.near import (
    FLOOR,
    TIGHT,
    UNIT,
    WIDER,
    Apart,
    Array,
    Digits,
    Near,
    NoBoundError,
    finite,
    norm,
    require,
)
from weightsmith.backends.enclose.report import Enclosed, Enclosures
from weightsmith.backends.enclose.values.contraction import Blocks
from weightsmith.backends.enclose.values.evaluate import Evaluator, shortened
from weightsmith.backends.errors import LayoutError, listed
from weightsmith.backends.measure.data import Data, read_data, reads_of
from weightsmith.dsl.numbers.scalars import ScalarError
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import TOKEN

if TYPE_CHECKING:
    from weightsmith.backends.template.layout import Inputs
    from weightsmith.compiler.ir.template import Template

SCRIPT = "the script's exact value"
ROOT = "the residual of the equation over its strong monotonicity"
SUMS = "sums and products with bounded rounding"
MEMORY = "the matrices of the proof do not fit into memory"
SHORTEST_FIRST = tuple(Digits)
Pieces = Mapping[str, Array]  # by token group, "" for a matrix; batch × rows × columns


def enclose(
    program: core.Program,
    bindings: Mapping[str, Fraction],
    inputs: Inputs,
    answer: Mapping[str, object],
    template: Template | None = None,
) -> Enclosures:
    """Bound the distance of every returned value from its target, in the Frobenius norm.

    A value without a target is compared with the script's own value in exact arithmetic.  The
    template says in which token groups the network reads an input.  Raises LayoutError where the
    inputs or the answer do not fit the script.
    """
    soon = directly(program, inputs, answer) or solved_directly(program, inputs, answer)
    if soon is not None:
        return soon
    data = read_data(program, inputs, {} if template is None else reads_of(template))
    problems = _Problems(program, bindings, data, inputs)
    with np.errstate(all="ignore"):
        return Enclosures(tuple(problems.enclosed(one, answer) for one in program.returns))


class _Problems:
    """The problems of a batch."""

    def __init__(
        self,
        program: core.Program,
        bindings: Mapping[str, Fraction],
        data: Data,
        inputs: Inputs,
    ) -> None:
        self._program, self._bindings, self._data = program, bindings, data
        self._inexact = inexact(inputs)

    def enclosed(self, one: core.Return, answer: Mapping[str, object]) -> Enclosed:
        bounds: list[float | None] = []
        reason, used = "", dict[str, None]()
        for problem, bound in enumerate(self._bounds(one, answer, used)):
            if isinstance(bound, str):
                reason = reason or bound + self._data.place(problem)
            bounds.append(None if isinstance(bound, str) else bound)
        target = SCRIPT if one.target is None else shortened(one.target)
        how = "; ".join(used) or SUMS
        return Enclosed(one.name, target, tuple(bounds), how, reason)

    def _bounds(
        self, one: core.Return, answer: Mapping[str, object], used: dict[str, None]
    ) -> Iterator[float | str]:
        """The bound of every problem, or why there is none."""
        pieces: Pieces | str = self._pieces(one, answer)
        for problem in range(self._data.problems):
            if isinstance(pieces, str):
                yield pieces
                continue
            values = {group: piece[problem] for group, piece in pieces.items()}
            try:
                yield self._bound(one, problem, values, used)
            except (NoBoundError, ScalarError) as why:
                yield str(why)
            except MemoryError:
                yield MEMORY

    def _bound(
        self, one: core.Return, problem: int, values: Pieces, used: dict[str, None]
    ) -> float:
        """With more and more digits, until the target's own radius is a small part of the bound.

        Short values are tried only if the answer looks as if it came in float32.
        """
        is_short = not isinstance(one.target, core.Root) and all(map(is_single, values.values()))
        best, reason = math.inf, None
        every = SHORTEST_FIRST if is_short else SHORTEST_FIRST[1:]
        evaluator = Evaluator(self._program, self._bindings, self._data, problem, every[0])
        for digits in every:
            evaluator = evaluator.afresh(digits, self._bindings)
            try:
                found = self._distance(one, evaluator, values, used)
            except NoBoundError as why:
                reason = why
                continue
            best = min(best, found.bound)
            if found.radius <= TIGHT.get(digits, 1) * best:
                break
        if best == math.inf and reason is not None:
            known = all(np.isfinite(value).all() for value in values.values())
            require(known, f"{one.name} is not finite")
            raise reason
        return best

    def _distance(
        self,
        one: core.Return,
        evaluator: Evaluator,
        values: Pieces,
        used: dict[str, None],
    ) -> Apart:
        try:
            if isinstance(one.target, core.Function):
                _require_shape(one.name, values[""], evaluator.shape(one.target, ("", "")))
                found = compared(evaluator, one.target, values[""])
                if found is not None:
                    return found
            if isinstance(one.target, core.Product) and len(values) == 1:
                [(group, value)] = values.items()
                _require_shape(one.name, value, evaluator.shape(one.target, ("", group)))
                found = solution_distance(evaluator, one.target, group, value)
                if found is not None:
                    return found
            return distance(values, self._target(one, evaluator, values), one.name)
        finally:
            used.update(evaluator.used)

    def _target(self, one: core.Return, evaluator: Evaluator, values: Pieces) -> Blocks:
        if one.target is None:
            evaluator.statements(self._program.body)
            return evaluator.blocks(one.value)
        if isinstance(one.target, core.Root):
            evaluator.used[ROOT] = None
            _require_shape(one.name, values[""], evaluator.shape(one.target, ("", "")))
            return {("", ""): root(evaluator, one.target, values[""])}
        return evaluator.on_groups(one.target, tuple(values))

    def _pieces(self, one: core.Return, answer: Mapping[str, object]) -> Pieces | str:
        """The numbers of an answer, by token group; a sentence where they are not exact."""
        if one.name not in answer:
            raise LayoutError(f"the answer has no '{one.name}'; it has {listed(answer)}.")
        value = answer[one.name]
        groups = one.groups if one.value.shape.columns == TOKEN else ("",)
        given = value if isinstance(value, Mapping) else dict.fromkeys(groups, value)
        if set(given) != set(groups) or (len(groups) > 1 and given is not value):
            raise LayoutError(
                f"'{one.name}' of the answer is given by token group: {listed(groups)}."
            )
        if self._inexact:
            return self._inexact
        try:
            arrays = {group: exact_array(given[group], f"'{one.name}'") for group in groups}
        except NoBoundError as why:
            return str(why)
        return {group: self._batched(one.name, array) for group, array in arrays.items()}

    def _batched(self, name: str, array: Array) -> Array:
        lead = () if self._data.batch is None else (self._data.batch,)
        if array.ndim != 2 + len(lead) or array.shape[: len(lead)] != lead:
            form = "a matrix" if not lead else f"{lead[0]} matrices"
            raise LayoutError(f"expected {form} for '{name}', got the shape {array.shape}.")
        return array if lead else array[None]


def distance(values: Pieces, target: Blocks, name: str) -> Apart:
    """The Frobenius distance, all token groups together; raises NoBoundError."""
    squares = radii = 0.0
    for group, value in values.items():
        known = target["", group]
        _require_shape(name, value, known.hi.shape)
        squares += _apart(value, known) ** 2
        radii += known.radius**2
    bound = math.nextafter(math.sqrt(squares) * WIDER, math.inf)
    return Apart(finite(bound), math.sqrt(radii))


def _apart(value: Array, known: Near) -> float:
    first = value - known.hi
    second = first if known.lo is None else first - known.lo
    off = 2 * UNIT * (norm(second) + norm(first)) + known.radius
    return finite((norm(second) + off + FLOOR) * WIDER)


def _require_shape(name: str, value: Array, shape: tuple[int, ...]) -> None:
    if value.shape != shape:
        raise LayoutError(f"expected the shape {shape} for '{name}', got {value.shape}.")
