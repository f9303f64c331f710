"""Does this network implement that script?  No certificate is needed.

The invariants of the network's loops are guessed from their first passes and proven by the checker,
by induction: then the two are equal for all sizes, inputs and numbers of passes.  Otherwise both
are compared after so many passes, and an input is looked for at which they differ.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
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
from weightsmith.checker.rules.network.simulation import (
    check_exactness,
    has_limits,
    open_limits,
)
from weightsmith.compiler.against.guess import guess
from weightsmith.compiler.against.sides import (
    MismatchError,
    Sides,
    side_by_side,
    symbols_of,
)
from weightsmith.compiler.against.unrolled import Difference, differences, open_counts
from weightsmith.compiler.ir.template import Template
from weightsmith.dsl.program import core
from weightsmith.equality.saved import Equality

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
    equality: Equality | None = field(default=None, repr=False, compare=False)

    @property
    def is_equal(self) -> bool:
        return self.outcome in ("equal", "equal here")

    def network(
        self,
        *,
        dtype: str = "float64",
        dims: Mapping[str, int] | None = None,
        matrices: Mapping[str, object] | None = None,
    ) -> Network:
        """The network with the script and a certificate that it computes what that says.

        The certificate states no more than was found: equality for this number of passes is called
        that.  The checker has accepted it.  ``dtype``, ``dims`` and ``matrices`` (the numbers of
        fixed matrices that have none) as of ``api.compile``.
        Raises MismatchError where the two are not equal, or no certificate is accepted.
        """
        from weightsmith.compiler.choosing.promises import check_promises
        from weightsmith.network import Network

        if self.equality is None:
            raise MismatchError(f"There is nothing to save: the two are not equal.\n{self.text}")
        program, files, details = self.equality.files(dtype, dims, matrices or {})
        network = Network(files)
        network.details = details
        check_promises(program, program, network.bindings, network.facts)
        return network

    def save(self, directory: str | Path) -> None:
        """Write ``network()`` as a directory, all or nothing, as ``weightsmith compile`` does."""
        self.network().save(directory)


def compare(
    template: Template,
    program: core.Program,
    *,
    settings: Mapping[str, Setting] | None = None,
    names: Mapping[str, str] | None = None,
    text: str = "",
) -> Comparison:
    """Compare a network with a script, whose ``text`` a certificate of it may have.

    ``settings``: values of symbols.  The network's own and the script's defaults are used where
    equality for all values is not proven, but not for numbers of passes.  ``names``: which value of
    the network is which of the script, where their names do not say it.
    Raises MismatchError where the two cannot be compared, BindingError on a wrong setting.
    """
    names = names or {}
    given, known = _numbers(template, program, settings or {})
    read = read_template(json.loads(template_to_json(template)))

    def saved(found: Comparison, numbers: Mapping[str, Fraction]) -> Comparison:
        """With what a certificate of it needs."""
        if not found.is_equal:
            return found
        witness = found.witness if found.outcome == "equal" else None
        shown = Equality(sides, template, program, text, known, given, numbers, witness)
        return replace(found, equality=shown)

    try:
        sides = side_by_side(program, read, names, {})
        proven = _refuted(sides) or _by_induction(sides, {})
        if isinstance(proven, Comparison):
            return saved(proven, {})
        counts = open_counts(sides, given)
        bound = {name: Fraction(value) for name, value in template.bindings} | known
        bound = {name: one for name, one in bound.items() if name not in counts} | dict(given)
        for name, _ in (*template.sizes, *program.sizes):
            bound.pop(name, None)  # the number of tokens says it
        if bound:
            sides = side_by_side(program, read, names, bound)
            at_numbers = _by_induction(sides, bound)
            if isinstance(at_numbers, Comparison):
                return saved(at_numbers, bound)
    except RefusedError as refused:
        raise MismatchError(f"The two cannot be compared: {refused}") from refused
    return saved(_unrolled(sides, template, bound, proven), bound)


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
        lines = [
            lines[0].replace("all sizes, inputs and numbers of passes", "all sizes and inputs")
        ]
    return "\n".join([*lines, *_conditions(sides, numbers)])


def _conditions(sides: Sides, numbers: Mapping[str, Fraction]) -> Iterator[str]:
    """For which values of the symbols."""
    if numbers:
        yield f"  with {', '.join(f'{name} = {value}' for name, value in numbers.items())}"
    for name, group in sides.template.sizes.items():
        yield f"  where {name} is the number of {group} tokens"
    orders = open_limits(sides.program, numbers) if has_limits(sides.program) else ()
    yield from (f"  if {one}" for one in orders)


def _unrolled(
    sides: Sides,
    template: Template,
    bound: Mapping[str, Fraction],
    reason: str,
) -> Comparison:
    """After no pass, one, two, …: or after as many as the bindings say."""
    counted = open_counts(sides, bound)
    try:
        for passes in range(PASSES + 1) if counted else (0,):
            counts = {**bound, **dict.fromkeys(counted, Fraction(passes))}
            for found in differences(sides, counts):
                return _different(sides, template, counts, found, passes if counted else None)
    except RefusedError as refused:
        return Comparison("open", f"OPEN: {refused}\n  by induction: {reason}")
    if counted:
        text = f"OPEN: equal after 0 to {PASSES} passes; no induction was found\n  {reason}"
        return Comparison("open", text)
    lines = ["EQUAL for these numbers of passes (unrolled)", *_conditions(sides, bound)]
    return Comparison("equal here", "\n".join(lines))


def _different(
    sides: Sides,
    template: Template,
    bound: Mapping[str, Fraction],
    found: Difference,
    passes: int | None,
) -> Comparison:
    after = "" if passes is None else f" after {_count(passes, 'pass', 'passes')}"
    where = f", {found.name} at {found.group}"
    difference = found.network - found.script
    lines = [f"NOT EQUAL{after}{where}:   network - script = {_shown(polynomial_text(difference))}"]
    lines += _functions(difference)
    replay = smallest_difference(
        sides.program, _renamed(template, sides), bound, found.name, found.group
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


def _renamed(template: Template, sides: Sides) -> Template:
    """The template under the names that the script has for its values."""
    own = {one.name: one for one in template.read_out}
    read_out = tuple(replace(own[name], name=wanted) for name, wanted in sides.outputs)
    return replace(template, read_out=read_out)


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
