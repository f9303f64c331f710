"""A claim by ``chebyshev`` or ``stages``: the result is a polynomial in one operator, by any loops.

The loops are taken in order; the values of one may depend on those of the loops before it.  The
result may be any polynomial in the carried scalars and λ: scaled, shifted, or made without a loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from functools import partial

from weightsmith.compiler.certify import claim_text
from weightsmith.compiler.certify.affine_targets import AffineTarget, affine_target
from weightsmith.compiler.certify.chebyshev import Result, chebyshev
from weightsmith.compiler.certify.grounds import Ground
from weightsmith.compiler.certify.kernels import vanishes_at_zero
from weightsmith.compiler.certify.loop_scalars import loop_scalars
from weightsmith.compiler.certify.recurrence import Bounded, Json
from weightsmith.compiler.certify.scalar_values import LoopScalars, ScalarValues, TooLargeError
from weightsmith.compiler.certify.spectral import (
    MAX_FORMS,
    Collapse,
    NoProofError,
    ScalarField,
    UnknownNameError,
    infer_forms,
    scalar_name,
)
from weightsmith.compiler.certify.stages import stages
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Carried, Columns, Loop, NormalProgram, Returned
from weightsmith.compiler.ir.polynomial import Polynomial
from weightsmith.dsl import core

MAX_SYMBOLS = 120  # parameters, numbers of loops and scalars that the checker can hold
LONG = 100  # a degree above which a composition is taken apart
LONGEST = 2000  # characters of a scalar that the checker reads


def several_loops_claim(
    program: core.Program,
    normal: NormalProgram,
    returned: Returned,
    target: Columns,
    ground: Ground,
    bindings: dict[str, Fraction],
) -> Json:
    """Return the claim without its number.  Raises NoProofError if the result is not covered."""
    wanted = dependencies(normal, returned)
    names = scalar_names([carried.letter for _, carried in wanted])
    claim = partial(_claim, program, normal, returned, target, ground, bindings, wanted, names)
    try:
        return claim(1)  # most variables have one form, and fewer symbols are faster
    except UnknownNameError:
        return claim(MAX_FORMS)


def _claim(
    program: core.Program,
    normal: NormalProgram,
    returned: Returned,
    target: Columns,
    ground: Ground,
    bindings: dict[str, Fraction],
    wanted: list[tuple[Loop, Carried]],
    names: dict[str, str],
    forms: int,
) -> Json:
    """The claim, if no variable has more than so many forms with a scalar."""
    field = ScalarField(normal, tuple(with_suffixes(names, forms)))
    collapse = Collapse(normal, ground.operator, field)
    collapse.names = names
    wished = _target(collapse, [target[space] for space in returned.value])
    collapse.frames = (wished.frame,)
    letters = {carried.letter for _, carried in wanted}
    loops, steps = [], [claim_text.operator_step(ground)]
    for loop in dict.fromkeys(loop.index for loop, _ in wanted):
        one, own = _loop(collapse, normal.loops, loop, letters)
        loops.append(one)
        steps += own
    _check_size(program, loops)
    value = _value(collapse, returned, wished)
    missing = [p.name for p in program.parameters if p.name not in bindings]
    if missing:
        raise NoProofError(f"the bound needs a value for every symbol: --set {missing[0]}=…")
    ends = (ground.low, *(ground.gap or ()), ground.high)
    kernel = claim_text.may_have_kernel(normal, ground)
    bounded = _bounded(Result(field, tuple(loops), value, wished.scalar, ends, bindings, kernel))
    steps += [claim_text.output_step("value", str(value), wished), bounded.step]
    _check_lengths(steps)
    passes = [(one.initial, one.next) for one in loops]
    vanish = wished.scalar.zero_on_kernel and vanishes_at_zero(field, passes, value)
    assumed = claim_text.hypotheses(program, normal, ground, wished.frame, bounded, vanish=vanish)
    scale = claim_text.scale(normal, ground, target, wished)
    bounded = wished.bounded(bounded, scale, bindings)
    return claim_text.claim(returned.name, steps, bounded, assumed, scale)


def _bounded(result: Result) -> Bounded:
    """By the polynomial as a whole, unless it is long and a composition."""
    try:
        degree = ScalarValues(result.loops, result.value, result.bindings).degree()
    except TooLargeError:
        degree = LONG + 1
    if degree > LONG:
        with suppress(NoProofError):
            return stages(result)
    return chebyshev(result)


def _check_size(program: core.Program, loops: list[LoopScalars]) -> None:
    count = len(tuple(program.symbols)) + sum(len(loop.initial) for loop in loops)
    if count > MAX_SYMBOLS:
        raise NoProofError(f"the loops have more than {MAX_SYMBOLS} numbers and variables")


def dependencies(normal: NormalProgram, returned: Returned) -> list[tuple[Loop, Carried]]:
    """The carried variables on which the result depends, loop by loop."""
    outer = {c.letter: (loop, c) for loop in normal.loops for c in loop.carried}
    inner = {c.letter for loop in normal.all_loops() for c in loop.carried} - outer.keys()
    functions = {one.letter for one in normal.applications}
    queue = set(_names_in(returned.value))
    found: set[str] = set()
    while queue:
        name = queue.pop()
        if name in inner:
            raise NoProofError("the result comes from a loop within a loop")
        if name in functions:
            raise NoProofError("the result depends on a function of entries")
        if name in outer and name not in found:
            found.add(name)
            _, carried = outer[name]
            queue |= {*_names_in(carried.initial), *_names_in(carried.next)}
    return [pair for name, pair in outer.items() if name in found]


def _names_in(columns: Columns) -> Iterator[str]:
    for polynomial in columns.values():
        yield from (letter.name for word in polynomial.terms for letter in word)


def scalar_names(letters: list[str]) -> dict[str, str]:
    """A scalar's name for each letter: X of X#0, then X_loop1 of X#1."""
    names: dict[str, str] = {}
    for letter in letters:
        name = scalar_name(letter)
        if name in names.values():
            name = f"{name}_loop{letter.rsplit('#', 1)[1]}"
        while name in names.values():
            name += "_"
        names[letter] = name
    return names


def with_suffixes(names: dict[str, str], forms: int) -> Iterator[str]:
    for name in names.values():
        yield from (name, *(f"{name}_{number}" for number in range(1, forms)))


def _target(collapse: Collapse, parts: list[Polynomial]) -> AffineTarget:
    found = [affine_target(collapse, polynomial) for polynomial in parts]
    if any(other != found[0] for other in found):
        raise NoProofError("the result is returned at several groups of tokens")
    return found[0]


def _loop(
    collapse: Collapse, loops: tuple[Loop, ...], index: int, letters: set[str]
) -> tuple[LoopScalars, list[Json]]:
    """The scalars of one loop, and its steps."""
    (loop,) = (one for one in loops if one.index == index)
    own = {carried.letter for carried in loop.carried} & letters
    infer_forms(collapse, loop, own)
    initial, after = loop_scalars(collapse, loop, own)
    if not all(form.constant.is_number for found in collapse.forms.values() for form in found):
        raise NoProofError("a part that does not change depends on a parameter")
    forms = {key: found for key, found in collapse.forms.items() if key[0] in own}
    steps = [
        claim_text.forms_step(index, forms),
        claim_text.recurrence_step(index, initial, after),
    ]
    return LoopScalars(loop.count, initial, after, loop.schedule), steps


def _value(collapse: Collapse, returned: Returned, wished: AffineTarget) -> Coefficient:
    values = [wished.part(collapse, polynomial) for polynomial in returned.value.values()]
    if any(value != values[0] for value in values):
        raise NoProofError("the groups of the returned value differ")
    return values[0]


def _check_lengths(steps: list[Json]) -> None:
    texts: list[object] = [step[key] for step in steps for key in ("value",) if key in step]
    for step in steps:
        for key in ("initial", "next"):
            part = step.get(key)
            texts += part.values() if isinstance(part, dict) else ()
    if any(len(str(text)) > LONGEST for text in texts):
        raise NoProofError("a scalar of the result is too long to write down")
