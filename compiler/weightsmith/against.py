"""Does this network implement that script?  No certificate is needed.

The invariants of the network's loops are guessed from their first passes and proven by the checker,
by induction: then the two are equal for all sizes, inputs and numbers of passes.  Otherwise both
are compared after so many passes, and an input is looked for at which they differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from weightsmith.backends.replay import Replay, smallest_difference
from weightsmith.backends.template.template_json import template_to_json
from weightsmith.checker.algebra.rational_text import polynomial_text
from weightsmith.checker.reading.read_template import read_template
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.rules.network.simulation import check_exactness
from weightsmith.compiler.against.guess import guess
from weightsmith.compiler.against.sides import MismatchError, Sides, side_by_side
from weightsmith.compiler.against.unrolled import Difference, differences, open_counts
from weightsmith.compiler.ir.template import Template
from weightsmith.dsl.program import core

Outcome = Literal["equal", "equal here", "different", "open"]
PASSES = 3  # of loops without a count, when the first pass that differs is looked for
LONG = 300  # characters of a polynomial that is shown


@dataclass(frozen=True, slots=True)
class Comparison:
    """``outcome``: equal for all sizes, inputs and numbers of passes; equal for the counts that are
    given; different; or open.  ``text`` says it for people, ``replay`` is an input that shows a
    difference, ``way`` what was proven on the way, ``witness`` the invariants."""

    outcome: Outcome
    text: str
    way: tuple[str, ...] = ()
    replay: Replay | None = None
    witness: tuple[Mapping[str, object], ...] = ()

    @property
    def is_equal(self) -> bool:
        return self.outcome in ("equal", "equal here")


def compare(
    template: Template,
    program: core.Program,
    *,
    bindings: Mapping[str, Fraction] | None = None,
    names: Mapping[str, str] | None = None,
) -> Comparison:
    """Compare a network with a script.

    ``bindings``: values of symbols, exact; the network's own go before.  ``names``: which value of
    the network is which of the script, where that does not follow from their names.
    Raises MismatchError where the two cannot be compared.
    """
    bound = {name: Fraction(value) for name, value in template.bindings} | dict(bindings or {})
    read = read_template(json.loads(template_to_json(template)))
    try:
        sides = side_by_side(program, read, names or {}, {})
    except RefusedError as refused:
        raise MismatchError(str(refused)) from refused
    proven = _by_induction(sides, {})
    if isinstance(proven, Comparison):
        return proven
    if bound:
        sides = side_by_side(program, read, names or {}, bound)
        at_numbers = _by_induction(sides, bound)
        if isinstance(at_numbers, Comparison):
            return at_numbers
    return _unrolled(sides, template, bound, names or {}, proven)


def _by_induction(sides: Sides, numbers: Mapping[str, Fraction]) -> Comparison | str:
    """Equal by invariants that are guessed and proven, or why not; for these numbers if given."""
    try:
        witness = guess(sides)
        way = check_exactness(sides.program, sides.template, witness, Budget(), numbers=numbers)
    except RefusedError as refused:
        return str(refused)
    return Comparison("equal", _equal_text(sides, numbers), way, None, tuple(witness))


def _equal_text(sides: Sides, numbers: Mapping[str, Fraction]) -> str:
    lines = ["EQUAL for all sizes, inputs and numbers of passes (by induction)"]
    if not sides.meaning.loops:
        lines = ["EQUAL for all sizes and inputs"]
    if numbers:
        values = ", ".join(f"{name} = {value}" for name, value in numbers.items())
        lines = [
            lines[0].replace("all sizes, inputs and numbers of passes", "all sizes and inputs")
        ]
        lines.append(f"  with {values}")
    for name, group in sides.template.sizes.items():
        lines.append(f"  where {name} is the number of {group} tokens")
    return "\n".join(lines)


def _unrolled(
    sides: Sides,
    template: Template,
    bound: Mapping[str, Fraction],
    names: Mapping[str, str],
    reason: str,
) -> Comparison:
    """After no pass, one, two, …: or after as many as the bindings say."""
    counted = open_counts(sides, bound)
    try:
        for passes in range(PASSES + 1) if counted else (0,):
            counts = {**bound, **dict.fromkeys(counted, Fraction(passes))}
            for found in differences(sides, counts):
                return _different(
                    sides, template, counts, names, found, passes if counted else None
                )
    except RefusedError as refused:
        return Comparison("open", f"OPEN: {refused}\n  by induction: {reason}")
    if counted:
        text = f"OPEN: equal after 0 to {PASSES} passes; no induction was found\n  {reason}"
        return Comparison("open", text)
    return Comparison("equal here", "EQUAL for these numbers of passes (unrolled)")


def _different(
    sides: Sides,
    template: Template,
    bound: Mapping[str, Fraction],
    names: Mapping[str, str],
    found: Difference,
    passes: int | None,
) -> Comparison:
    after = "" if passes is None else f" after {_count(passes, 'pass', 'passes')}"
    where = f", {found.name} at {found.group}"
    difference = found.network - found.script
    lines = [f"NOT EQUAL{after}{where}:   network - script = {_shown(polynomial_text(difference))}"]
    replay = smallest_difference(
        sides.program, _renamed(template, sides, names), bound, found.name, found.group
    )
    if replay is None:
        lines.append(f"  network: {_shown(polynomial_text(found.network))}")
        lines.append(f"  script:  {_shown(polynomial_text(found.script))}")
        lines.append("  no small input was found that shows it")
        opaque = any(letter.content is not None for letter in difference.letters())
        return Comparison("open" if opaque else "different", "\n".join(lines))
    lines.append(f"  smallest input found: {_replay_text(replay)}")
    return Comparison("different", "\n".join(lines), replay=replay)


def _renamed(template: Template, sides: Sides, names: Mapping[str, str]) -> Template:
    """The template under the names that the script has for its values."""
    from dataclasses import replace

    wanted = [one.name for one in sides.template.read_out]
    outputs = [one.name for one in template.read_out]
    both = dict(names) or (dict(zip(outputs, wanted, strict=True)) if len(outputs) == 1 else {})
    read_out = (replace(one, name=both.get(one.name, one.name)) for one in template.read_out)
    return replace(template, read_out=tuple(one for one in read_out if one.name in wanted))


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _shown(text: str) -> str:
    return text if len(text) <= LONG else text[: LONG - 1] + "…"


def _replay_text(replay: Replay) -> str:
    sizes = [f"{axis} = {size}" for axis, size in replay.sizes.items()]
    symbols = [f"{name} = {value}" for name, value in replay.symbols.items()]
    inputs = [
        f"{name}{f' at {group}' if group else ''} = {_matrix(array)}"
        for name, value in replay.inputs.items()
        for group, array in (value.items() if isinstance(value, dict) else (("", value),))
    ]
    given = "; ".join(", ".join(part) for part in (sizes, symbols, inputs) if part)
    return f"{given}: network {_matrix(replay.network)}, script {_matrix(replay.script)}"


def _matrix(array: object) -> str:
    rows = np.asarray(array, dtype=object).tolist()
    return "[" + ", ".join("[" + ", ".join(map(str, row)) + "]" for row in rows) + "]"
