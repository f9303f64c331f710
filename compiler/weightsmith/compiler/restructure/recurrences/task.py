"""What a strategy is given, a program with its normal form, and what it makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.compiler.certify.spectra.spectral import NoProofError
from weightsmith.compiler.ir.normal import Loop, NormalProgram
from weightsmith.dsl.numbers.scalars import ScalarError, evaluate
from weightsmith.dsl.program import core

Bindings = dict[str, Fraction]
Names = frozenset[str]
Json = dict[str, object]
Steps = Callable[[NormalProgram], list[Json]]


@dataclass(frozen=True)
class Made:
    """The new body and its returned expressions; ``clause`` ends what is summed over tokens.

    ``steps``: those of the claim, without their numbers, given the new program's normal form.
    """

    lines: tuple[str, ...]
    results: tuple[str, ...]
    clause: str
    steps: Steps


def claim_of(steps: Iterable[Json]) -> Json:
    """The claim of some steps, without its number."""
    return {
        "kind": "restructuring",
        "steps": [{"step": number, **step} for number, step in enumerate(steps, 1)],
    }


@dataclass(frozen=True)
class Task:
    """``outside`` are names beyond the program's that its values may not be given."""

    program: core.Program
    normal: NormalProgram
    bindings: Bindings
    outside: Names = frozenset()

    @property
    def taken(self) -> Names:
        """The names that a restructured program may not give to values of its own."""
        program = self.program
        names = {one.name for one in program.inputs} | {one.name for one in program.parameters}
        names |= {one.name for one in program.returns} | set(program.dimensions)
        return self.outside | names

    def only_loop(self, *, scheduled: bool = False, inner: bool = False) -> Loop:
        """The loop of a program that has one, also of ``for``, or with loops within it.

        Raises NoProofError.
        """
        normal = self.normal
        if normal.applications:
            raise NoProofError("the program has functions of entries")
        if not scheduled and any(loop.schedule for loop in normal.all_loops()):
            raise NoProofError("the program has a loop with numbers of its own for every pass")
        if len(normal.loops) != 1 or (normal.loops[0].inner and not inner):
            number = len(list(normal.all_loops()))
            what = "no loop" if number == 0 else f"{number} loops, not one"
            raise NoProofError(f"the program has {what}")
        return normal.loops[0]

    def numbers(self, loop: Loop) -> tuple[dict[str, Fraction], ...]:
        """Those of each pass of a ``for`` loop.  Raises NoProofError where one has no value."""
        try:
            rows = [[evaluate(one, self.bindings) for one in each.values] for each in loop.schedule]
        except ScalarError:
            raise NoProofError("a number of a pass has no value") from None
        names = [each.name for each in loop.schedule]
        return tuple(dict(zip(names, row, strict=True)) for row in zip(*rows, strict=True))

    def count(self, loop: Loop) -> int:
        """Raises NoProofError where it has no value."""
        try:
            return int(evaluate(loop.count, self.bindings))
        except ScalarError:
            raise NoProofError("the number of passes has no value") from None
