"""The strategies, in the order in which they are tried: the first that saves layers is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from weightsmith.compiler.certify.spectra.spectral import NoProofError
from weightsmith.compiler.restructure.affine_loops.affine_rewrite import (
    Powered,
    around_loops,
    by_newton,
    for_loop,
    from_both_sides,
    powered,
    statement_by_statement,
    with_residuals,
)
from weightsmith.compiler.restructure.polynomials.evaluate import evaluated, evaluated_on_data
from weightsmith.compiler.restructure.polynomials.fused import fused
from weightsmith.compiler.restructure.recurrences.rewrite import rewrite
from weightsmith.compiler.restructure.recurrences.task import Made, Task

Result = Made | Powered
Make = Callable[[Task], Result]


@dataclass(frozen=True)
class Strategy:
    """How to write a program of the same values.

    ``make`` writes it, and raises NoProofError, with the reason, where the strategy does not apply.
    ``rule`` is the checker's that follows it, that of the first step.  ``inlines``: ``make`` can
    leave the last block to what is returned, which is tried first.
    """

    name: str
    rule: str
    make: Callable[..., Result]
    inlines: bool = False

    @property
    def makes(self) -> tuple[Make, ...]:
        return (partial(inlined, self.make), self.make) if self.inlines else (self.make,)


def inlined(make: Callable[..., Result], task: Task) -> Result:
    """The last block and what is made of it for the result as one, ``w*P*x`` of ``w*x``.

    Raises NoProofError; the compiler need not find a network for it.
    """
    found = make(task, inline=True)
    variables = {one.variable for one in task.normal.loops[0].carried}
    if variables.issuperset(found.results):
        raise NoProofError("nothing is made of the loop's values")
    return found


STRATEGIES = (
    Strategy("functions of an operator", "operator", rewrite),
    Strategy("powers of the step", "powers", powered, inlines=True),
    Strategy("from both sides", "powers", from_both_sides),
    Strategy("Newton's iteration", "powers", by_newton),
    Strategy("loops within the loop", "powers", around_loops, inlines=True),
    Strategy("passes as one", "passes", fused),
    Strategy("the polynomial returned", "operator", evaluated),
    Strategy("products of passes", "powers", for_loop, inlines=True),
    Strategy("residuals computed anew", "powers", with_residuals, inlines=True),
    Strategy("statement by statement", "powers", statement_by_statement, inlines=True),
)
ON_DATA = Strategy("the polynomial returned, on data", "operator", evaluated_on_data)
BY_NAME = {one.name: one for one in (*STRATEGIES, ON_DATA)}
