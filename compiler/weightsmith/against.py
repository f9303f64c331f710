"""Does this network implement that script?  No certificate is needed.

The invariants of the network's loops are guessed from their first passes and proven by the checker,
by induction: then the two are equal for all sizes, inputs and numbers of passes.  Otherwise both
are compared after so many passes, and an input is looked for at which they differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from weightsmith.backends.replay import Replay, smallest_difference
from weightsmith.backends.template.template_json import template_to_json
from weightsmith.checker.algebra.rational_text import polynomial_text
from weightsmith.checker.algebra.words import Polynomial
from weightsmith.checker.reading.read_template import read_template
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.rules.network.simulation import check_exactness
from weightsmith.compiler.against.guess import guess
from weightsmith.compiler.against.sides import MismatchError, Sides, side_by_side, symbols_of
from weightsmith.compiler.against.unrolled import Difference, differences, open_counts
from weightsmith.compiler.ir.template import Template
from weightsmith.dsl.program import core

if TYPE_CHECKING:
    from weightsmith.api import Setting
    from weightsmith.network import Network

Outcome = Literal["equal", "equal here", "different", "open"]
PASSES = 3  # of loops without a count, when the first pass that differs is looked for
FEW = 2  # the same, before an induction is looked for
LONG = 300  # characters of a polynomial that is shown


@dataclass(frozen=True, slots=True)
class Comparison:
    """``outcome``: equal for all sizes, inputs and numbers of passes; equal for the counts that are
    given; different; or open.  ``text`` says it for people, ``replay`` is an input that shows a
    difference, ``way`` what was proven on the way, or the two values that differ, ``witness`` the
    invariants."""

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
    settings: Mapping[str, Setting] | None = None,
    names: Mapping[str, str] | None = None,
) -> Comparison:
    """Compare a network with a script.

    ``settings``: values of symbols.  The network's own and the script's defaults are used where
    equality for all values is not proven, but not for numbers of passes.  ``names``: which value of
    the network is which of the script, where their names do not say it.
    Raises MismatchError where the two cannot be compared, BindingError on a wrong setting.
    """
    names = names or {}
    given, known = _numbers(template, program, settings or {})
    read = read_template(json.loads(template_to_json(template)))
    try:
        sides = side_by_side(program, read, names, {})
        proven = _refuted(sides) or _by_induction(sides, {})
        if isinstance(proven, Comparison):
            return proven
        counts = open_counts(sides, given)
        bound = {name: Fraction(value) for name, value in template.bindings} | known
        bound = {name: one for name, one in bound.items() if name not in counts} | dict(given)
        for name, _ in (*template.sizes, *program.sizes):
            bound.pop(name, None)  # the number of tokens says it
        if bound:
            sides = side_by_side(program, read, names, bound)
            at_numbers = _by_induction(sides, bound)
            if isinstance(at_numbers, Comparison):
                return at_numbers
    except RefusedError as refused:
        raise MismatchError(f"The two cannot be compared: {refused}") from refused
    return _unrolled(sides, template, bound, names, proven)


def opened(network: str | Path | Network) -> Template:
    """The template of a ``.net`` file or text, of a compiled directory, or of a network.

    Raises DiagnosticError, DirectoryError.
    """
    from weightsmith.backends.storage.files import is_directory
    from weightsmith.compiler.nets.read_net import read_net
    from weightsmith.dsl import Source, load_source
    from weightsmith.network import Network

    if isinstance(network, Network):
        return network.template
    if isinstance(network, str) and "\n" in network:
        return read_net(Source("<network>", network)).template
    if is_directory(Path(network)):
        from weightsmith.api import load

        return load(network).template
    return read_net(load_source(Path(network))).template


def _numbers(
    template: Template, program: core.Program, settings: Mapping[str, Setting]
) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
    """The values that were given, and the script's defaults too."""
    from weightsmith.dsl import resolve_bindings
    from weightsmith.dsl.running.bindings import BindingError

    declared = {one.name for one in program.parameters}
    others = {name: value for name, value in settings.items() if name not in declared}
    symbols = symbols_of(read_template(json.loads(template_to_json(template))))
    given = {}
    for name, value in others.items():
        if name not in symbols:
            raise BindingError(f"neither the script nor the network has a parameter '{name}'.")
        try:
            given[name] = Fraction(str(value))
        except (ValueError, ZeroDivisionError):
            raise BindingError(f"expected a number for '{name}', got '{value}'.") from None
    known = resolve_bindings(program, {n: v for n, v in settings.items() if n in declared})
    return given | {n: v for n, v in known.items() if n in settings}, known


def _refuted(sides: Sides) -> str:
    """Why no induction is looked for: the two differ after few passes, for some symbols; or ""."""
    counted = open_counts(sides, {})
    try:
        for passes in range(FEW + 1):
            counts = dict.fromkeys(counted, Fraction(passes))
            if any(True for _ in differences(sides, counts)):
                return f"they differ after {_count(passes, 'pass', 'passes')}"
    except RefusedError:
        pass  # too long to be compared so: the induction may still be found
    return ""


def _by_induction(sides: Sides, numbers: Mapping[str, Fraction]) -> Comparison | str:
    """Equal by invariants that are guessed and proven, or why not; for these numbers if given."""
    reason = ""
    for commuting in (False, True) if sides.meaning.loops else (False,):
        try:
            witness = guess(sides, commuting=commuting)
            way = check_exactness(sides.program, sides.template, witness, Budget(), numbers=numbers)
        except RefusedError as refused:
            reason = reason or str(refused)
            continue
        return Comparison("equal", _equal_text(sides, numbers), way, None, tuple(witness))
    return reason


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
    lines += _functions(difference)
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
    both = (
        f"the network returns {_shown(polynomial_text(found.network))}",
        f"the script returns {_shown(polynomial_text(found.script))}",
    )
    return Comparison("different", "\n".join(lines), both, replay)


def _functions(value: Polynomial) -> list[str]:
    """What the letters stand for that are functions of others."""
    lines = []
    for letter in sorted(value.letters(), key=lambda one: one.name):
        if letter.content is not None:
            name = letter.name.partition("~")[0]
            parts = ", ".join(_shown(polynomial_text(part)) for part in letter.content.parts)
            lines.append(f"  where {letter.name} = {name}({parts})")
    return lines


def _renamed(template: Template, sides: Sides, names: Mapping[str, str]) -> Template:
    """The template under the names that the script has for its values."""
    wanted = [one.name for one in sides.template.read_out]
    outputs = [one.name for one in template.read_out]
    if not all(one in outputs for one in names):
        names = {two: one for one, two in names.items()}
    both = dict(names) or (dict(zip(outputs, wanted, strict=True)) if len(outputs) == 1 else {})
    both |= {one: one for one in outputs if one not in both and one not in both.values()}
    kept = (one for one in template.read_out if both.get(one.name) in wanted)
    return replace(template, read_out=tuple(replace(one, name=both[one.name]) for one in kept))


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
