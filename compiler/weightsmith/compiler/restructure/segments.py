"""A program whose loops are restructured one by one, each with the statements around it.

What stands between stays as it is: functions of entries, other loops, loops around a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.semantics.excerpts import (
    Body,
    Shapes,
    excerpt,
    input_shapes,
    shapes_after,
    used_names,
)
from weightsmith.compiler.restructure.aliases import aliased, body_without, proof_without
from weightsmith.compiler.restructure.attempt import Restructured
from weightsmith.compiler.restructure.recurrences.task import Json, Names
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import assigned_names, parts_of
from weightsmith.dsl.text.diagnostics import position

Attempt = Callable[[core.Program, Names], Restructured]


@dataclass(frozen=True)
class Segmented:
    """The new program, the steps of the claim, and what was said of the loops."""

    program: core.Program
    steps: tuple[Json, ...]
    notes: tuple[str, ...]


def segmented(program: core.Program, attempt: Attempt) -> Segmented:
    """The program with every loop restructured that can be; no steps if none can."""
    return _Segmenting(program, attempt).run()


@dataclass(frozen=True)
class _Place:
    shapes: Shapes
    later: Names
    outermost: bool
    numbers: tuple[str, ...] = ()  # of the ``for`` loops around


@dataclass(frozen=True)
class _Option:
    """Statements from ``begin``, up to ``end``, as a program of their own."""

    begin: int
    end: int
    program: core.Program
    tail: bool = False


class _Segmenting:
    def __init__(self, program: core.Program, attempt: Attempt) -> None:
        self.program, self.attempt = program, attempt
        names = used_names(program.body) | used_names(_values(program))
        names |= {one.name for one in program.inputs} | {one.name for one in program.returns}
        self.taken: Names = names | assigned_names(program.body)
        self.returns = program.returns
        self.notes: list[str] = []

    def run(self) -> Segmented:
        place = _Place(input_shapes(self.program), used_names(_values(self.program)), True)
        body, steps = self._body(self.program.body, place)
        returns = tuple(replace(one, target=None) for one in self.returns)
        new = replace(self.program, body=body, returns=returns, untils=(), ensure=None)
        return Segmented(new, tuple(steps), tuple(self.notes))

    def _body(self, body: Body, place: _Place) -> tuple[Body, list[Json]]:
        done: list[core.Statement] = []
        steps: list[Json] = []
        first = 0  # the statements that are not in ``done`` yet
        for at, statement in enumerate(body):
            if at < first or not isinstance(statement, core.Repeat):
                continue
            found = self._segment(body, first, at, place)
            if found is None:
                inner = self._inside(body, at, place)
                if inner is None:
                    continue
                option, new, proof = _Option(at, at + 1, self.program), *inner
                rule = "inside"
            else:
                option, new, proof = found
                rule = "segment"
            done += body[first : option.begin]
            step: Json = {
                "step": len(steps) + 1,
                "rule": rule,
                "script": [option.begin, option.end],
                "network": [len(done), len(done) + len(new)],
                "steps": proof,
            }
            steps.append(step | ({"returns": True} if option.tail else {}))
            done += new
            first = option.end
        return (*done, *body[first:]), steps

    def _segment(
        self, body: Body, first: int, at: int, place: _Place
    ) -> tuple[_Option, Body, object] | None:
        """A loop with what stands around it, restructured."""
        note = ""
        for option in self._options(body, first, at, place):
            program, aliases = aliased(option.program, self.taken)
            found = self.attempt(program, self.taken)
            note = found.notes[0] if found.notes else note
            if found.changed and found.claim is not None:
                self.taken |= assigned_names(found.program.body)
                if option.tail:
                    self.returns = found.program.returns
                self.notes.append(_at(body[at], note))
                new = body_without(found.program.body, aliases)
                return option, new, proof_without(found.claim["steps"], aliases)
        if note:
            self.notes.append(_at(body[at], note))
        return None

    def _options(self, body: Body, first: int, at: int, place: _Place) -> Iterator[_Option]:
        """The loop with what is returned; with the statements before it; alone."""
        after = body[at + 1 :]
        straight = not any(isinstance(one, core.Repeat) for one in after)
        begin = self._begin(body, first, at, place)
        if straight and place.outermost and not has_functions((after, _values(self.program))):
            tail = self._option(body, begin, len(body), place)
            if tail is not None:
                returns = tuple(replace(one, target=None) for one in self.program.returns)
                program = replace(tail.program, returns=returns)
                yield replace(tail, program=program, tail=True)
        for start in dict.fromkeys((begin, at)):
            option = self._option(body, start, at + 1, place)
            if option is not None and option.program.returns:
                yield option

    def _option(self, body: Body, begin: int, end: int, place: _Place) -> _Option | None:
        chosen = body[begin:end]
        if has_functions(chosen):
            return None
        before = shapes_after(body[:begin], place.shapes)
        later = place.later | used_names(body[end:]) | assigned_names(body[end:])
        touched = (used_names(chosen) | assigned_names(chosen)) & before.keys()
        if end == len(body) and place.outermost:
            touched |= used_names(_values(self.program)) & before.keys()
        try:
            program = excerpt(self.program, chosen, before, touched, later, place.numbers)
        except RefusedError:
            return None
        known = {one.name for one in program.inputs} - assigned_names(self.program.body)
        assumptions = tuple(
            one
            for one in self.program.assumptions
            if isinstance(one, core.SpectrumAssumption) and used_names(one.of) <= known
        )
        return _Option(begin, end, replace(program, assumptions=assumptions))

    def _begin(self, body: Body, first: int, at: int, place: _Place) -> int:
        """How far back the statements only prepare the loop."""
        loop = body[at]
        carried = assigned_names((loop,))
        later = place.later | used_names(body[at + 1 :]) | assigned_names(body[at + 1 :])
        begin = at
        while begin > first:
            before = body[begin - 1]
            if not isinstance(before, core.Assign) or has_functions(before):
                break
            if set(before.names) & later - carried:
                break
            begin -= 1
        return begin

    def _inside(self, body: Body, at: int, place: _Place) -> tuple[Body, object] | None:
        """A loop whose own loops are restructured."""
        loop = body[at]
        if not isinstance(loop, core.Repeat):
            return None
        before = shapes_after(body[:at], place.shapes)
        shapes = {n: s for n, s in shapes_after((loop,), before).items() if n in before}
        later = place.later | used_names(body[at:]) | assigned_names(body[at:])
        numbers = (*place.numbers, *(one.name for one in loop.schedule))
        new, steps = self._body(loop.body, _Place(shapes, later, False, numbers))
        return ((replace(loop, body=new),), steps) if steps else None


def has_functions(part: object) -> bool:
    """Functions of entries, or products entry by entry."""
    if isinstance(part, tuple):
        return any(map(has_functions, part))
    if isinstance(part, core.Repeat):
        return has_functions(part.body)
    if isinstance(part, core.Assign):
        return has_functions(part.values)
    if isinstance(part, core.Entrywise | core.Hadamard):
        return True
    return isinstance(part, core.Node) and has_functions(parts_of(part))


def _values(program: core.Program) -> tuple[core.Node, ...]:
    return tuple(one.value for one in program.returns)


def _at(loop: core.Statement, note: str) -> str:
    return f"line {position(loop.span)[0]}: {note}"
