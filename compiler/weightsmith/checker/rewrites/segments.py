"""The rule ``segment``: two scripts that differ in some places, each proven by a rule of its own.

Witness: ``segment``: statements ``script`` [from, to) of script.alg are statements ``network``
[from, to) of network.alg by the proof ``steps``; with ``returns`` the last segment reaches the end
of both and includes what they return.  ``inside``: a statement is a loop, the other one of the same
count and numbers, and ``steps`` are the segments of their bodies.

    {"rule": "segment", "script": [2, 4], "network": [2, 9], "returns": false, "steps": []}
    {"rule": "inside", "script": [4, 5], "network": [9, 10], "steps": []}

Follows: both scripts return the same values.

Proof: what stands between the segments is the same statement by statement.  So before a segment
every variable of script.alg that is used has the same value in both scripts, and if the segments
agree as programs of their own (``excerpts.py``), so have those that are used after it; the passes
of a loop by induction.  What else a segment of network.alg assigns has a name that script.alg does
not have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from weightsmith.checker.reading.refusal import RefusedError, quoted, require
from weightsmith.checker.reading.strict_json import (
    as_boolean,
    as_integer,
    as_items,
    as_list,
    as_object,
)
from weightsmith.checker.semantics.excerpts import (
    Body,
    Shapes,
    excerpt,
    input_shapes,
    same_text,
    shapes_after,
    used_names,
    varying_powers,
)
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import assigned_names

Names = frozenset[str]
Proof = Callable[[core.Program, core.Program, list[object]], None]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where two bodies are compared: what is visible, by script, and used or assigned later on.

    ``numbers`` are those of the ``for`` loops around them.
    """

    script: Shapes
    network: Shapes
    later: Names
    outermost: bool
    numbers: tuple[str, ...] = ()


def check_segments(
    script: core.Program, network: core.Program, steps: list[object], proof: Proof
) -> None:
    """Refuse unless the scripts are the same but for the segments, and these agree by ``proof``."""
    checking = _Checking(script, network, proof)
    later = used_names(tuple(one.value for one in script.returns))
    place = Place(input_shapes(script), input_shapes(network), later, True)
    whole = checking.bodies(script.body, network.body, steps, place)
    if not whole:
        first, second = (
            tuple((r.name, r.value, r.groups) for r in p.returns) for p in (script, network)
        )
        require(same_text(first, second), "The scripts return different expressions.")


class _Checking:
    def __init__(self, script: core.Program, network: core.Program, proof: Proof) -> None:
        self._script, self._network, self._proof = script, network, proof
        inputs = {one.name for one in script.inputs}
        self._known = inputs | assigned_names(script.body) | _names(script.body)

    def bodies(self, script: Body, network: Body, steps: list[object], place: Place) -> bool:
        """Compare two bodies; true if the last segment also covers what is returned."""
        first = second = 0  # the statements that are done with
        tail = False
        for number, step in enumerate(steps, 1):
            require(not tail, "A step follows what is returned.")
            what = f"Step {number}"
            parts = as_object(
                step, what, ("step", "rule", "script", "network", "steps"), ("returns",)
            )
            (a, b), (c, d) = (_range(parts[key], what) for key in ("script", "network"))
            good = first <= a < b <= len(script) and second <= c <= d <= len(network)
            require(good, f"{what} names statements that are not there.")
            same = same_text(script[first:a], network[second:c])
            require(same, f"Before {what.lower()}, the scripts differ.")
            here = _at(place, script, network, (a, b), (c, d))
            within = as_list(parts["steps"], what)
            if parts["rule"] == "inside":
                self._inside(script[a:b], network[c:d], within, here)
            else:
                require(parts["rule"] == "segment", f"{what}: the rule is not segment or inside.")
                tail = "returns" in parts and as_boolean(parts["returns"], what)
                ends = (b, d) == (len(script), len(network)) and place.outermost
                require(ends or not tail, f"{what} does not reach what is returned.")
                self._segment(script[a:b], network[c:d], within, here, tail)
            first, second = b, d
        require(
            same_text(script[first:], network[second:]), "After the last step, the scripts differ."
        )
        return tail

    def _segment(
        self, script: Body, network: Body, steps: list[object], place: Place, tail: bool
    ) -> None:
        touched = _names(script) | _names(network)
        if tail:
            ends = (self._script.returns, self._network.returns)
            touched |= used_names(tuple(one.value for returns in ends for one in returns))
        touched &= place.script.keys()
        for name in touched:
            there = name in place.network and place.script[name] == place.network[name]
            require(there, f"'{name}' is not the same before a segment.")
        later, numbers = place.later, place.numbers
        old = excerpt(self._script, script, place.script, touched, later, numbers)
        new = excerpt(self._network, network, place.network, touched, later, numbers)
        kept = assigned_names(script) & place.later
        clash = (assigned_names(network) - kept) & self._known
        require(not clash, f"A segment of network.alg assigns {quoted(min(clash, default=''))}.")
        if tail:
            old = replace(old, returns=self._script.returns)
            new = replace(new, returns=self._network.returns)
        require(bool(old.returns), "Nothing that a segment assigns is used.")
        quotients = varying_powers(network, numbers) - varying_powers(script, numbers)
        require(not quotients, "A segment divides by numbers of a pass, and the script does not.")
        self._proof(old, new, steps)

    def _inside(self, script: Body, network: Body, steps: list[object], place: Place) -> None:
        """The segments of a loop's body; in the next pass all of it is used again."""
        require(len(script) == len(network) == 1, "A step is about the inside of one loop.")
        (first,), (second,) = script, network
        if not (isinstance(first, core.Repeat) and isinstance(second, core.Repeat)):
            raise RefusedError("A step is about the inside of what is no loop.")
        heads = [(one.count, one.schedule) for one in (first, second)]
        require(same_text(*heads), "Two loops have different numbers of passes.")
        carried = [
            {n: s for n, s in shapes_after((loop,), before).items() if n in before}
            for loop, before in ((first, place.script), (second, place.network))
        ]
        later = place.later | _names(first.body)
        numbers = (*place.numbers, *(one.name for one in first.schedule))
        parameters = {one.name for one in (*self._script.parameters, *self._network.parameters)}
        clash = parameters.intersection(numbers) or len(set(numbers)) < len(numbers)
        require(not clash, "Two numbers of the scripts have one name.")
        inner = Place(carried[0], carried[1], later, False, numbers)
        self.bodies(first.body, second.body, steps, inner)


def _at(place: Place, script: Body, network: Body, old: Span, new: Span) -> Place:
    """What is visible before a step, and what matters after it."""
    return replace(
        place,
        script=shapes_after(script[: old[0]], place.script),
        network=shapes_after(network[: new[0]], place.network),
        later=place.later | _names(script[old[1] :]),
    )


def _names(body: Body) -> Names:
    return used_names(body) | assigned_names(body)


def _range(value: object, what: str) -> Span:
    items = as_items(value, what, as_integer)
    require(len(items) == 2, f"{what}: expected two numbers of statements.")
    return items[0], items[1]
