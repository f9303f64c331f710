"""``ensure`` with polynomials: the depth of the synthesised steps chosen together with the counts.

The steps of all targets stand side by side, so they have one depth D, and layers depend on D and
the counts alone: they are measured on the script with the coarsest polynomials of depth D.  With at
most 4, 8, 16, … layers in all, every D is tried with the smallest errors that D layers give (see
``ladder``), and the cheapest counts are sought (see ``search_counts``).  A depth more is a layer
more: so D ends where the script at depth D, with no pass of any open loop, has as many layers as
the best found.  Hence no D and counts have fewer layers, if the error falls with D and with every
count; ties go to the fewest blocks of the stream.  Then every polynomial is made about as coarse as
the bound allows, which saves width.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count

from weightsmith.compiler.choosing.ensure import Bindings, EnsureSearch
from weightsmith.compiler.choosing.search_counts import Cost
from weightsmith.compiler.choosing.until import resolve_until
from weightsmith.compiler.synthesize.expand import Synthesized, expand
from weightsmith.compiler.synthesize.ladder import OCTAVE, Depth, Ladder, Places
from weightsmith.dsl.program import core

FEWEST = 4  # layers, at first
PROBES = 3  # of coarser tolerances, for each polynomial
MANY = 64  # layers with which the error should have fallen


@dataclass(frozen=True)
class _Rung:
    """The script with polynomials of these tolerances, and its search for counts."""

    places: Places
    written: Synthesized
    search: EnsureSearch


@dataclass(frozen=True)
class _Found:
    depth: Depth
    rung: _Rung
    bindings: Bindings
    cost: Cost


def choose_polynomials(
    program: core.Program, bindings: Bindings, *, gated: bool = False, dtype: str = "float64"
) -> tuple[Synthesized, Bindings, tuple[str, ...]]:
    """The script with its steps, the bindings, and notes.

    Raises DiagnosticError where nothing meets the tolerance, with the least error that was found.
    """
    if program.ensure is None:
        raise ValueError("expected a program with 'ensure'")
    EnsureSearch(program, program.ensure, bindings, gated=gated, dtype=dtype).refuse_beyond_dtype()
    chooser = _Chooser(program, bindings, gated, dtype)
    found = chooser.coarsened(chooser.best())
    search = found.rung.search
    return found.rung.written, search.coarsened(found.bindings), search.notes()


class _Chooser:
    def __init__(self, program: core.Program, bindings: Bindings, gated: bool, dtype: str) -> None:
        self.program, self.bindings, self.gated, self.dtype = program, bindings, gated, dtype
        self.ladder = Ladder(program, bindings, dtype)
        self.depths = self.ladder.depths()
        self.rungs: list[tuple[Depth, _Rung]] = []  # one for each depth that was looked at

    def best(self) -> _Found:
        best: _Found | None = None
        layers, least = FEWEST, None
        while best is None:
            for position in count():
                below = (layers + 1,) if best is None else best.cost
                if self.rungs and self._least() + position >= below[0]:
                    break
                if position == len(self.rungs) and not self._deeper():
                    break
                depth, rung = self.rungs[position]
                bindings = rung.search.cheapest(below)
                if bindings is not None:
                    best = _Found(depth, rung, bindings, rung.search.cost(bindings))
            searches = [rung.search for _, rung in self.rungs]
            known = [one.least for one in searches if one.least is not None]
            if best is None and (layers >= MANY and least == min(known, default=None)):
                raise self._nearest(searches).unreached()
            layers, least = 2 * layers, min(known, default=None)
        return best

    def _deeper(self) -> bool:
        """One more rung; False if no polynomial comes nearer."""
        depth = next(self.depths, None)
        if depth is None:
            return False
        measured = self._rung(depth.coarsest).search
        self.rungs.append((depth, self._rung(depth.finest, measured)))
        return True

    def _least(self) -> int:
        """The layers at the first depth with no pass of any open loop."""
        search = self.rungs[0][1].search
        return search.cost({**search.bindings, **dict.fromkeys(search.counts, Fraction(0))})[0]

    def coarsened(self, found: _Found) -> _Found:
        """Every polynomial as coarse as the bound allows, of the same depth."""
        for group, fine in found.depth.finest.items():
            if self.ladder.is_same(group, found.depth.coarsest[group], fine):
                continue
            low, high = found.depth.coarsest[group] - 1, fine
            for _ in range(PROBES):
                if high - low <= OCTAVE:
                    break
                middle = (low + high + 1) // 2
                rung = self._rung({**found.rung.places, group: middle}, found.rung.search)
                if rung.search.meets(found.bindings):
                    found, high = replace(found, rung=rung), middle
                else:
                    low = middle
        return found

    def _rung(self, places: Places, measured: EnsureSearch | None = None) -> _Rung:
        tolerances = self.ladder.tolerances(places)
        written = expand(self.program, self.bindings, dtype=self.dtype, tolerances=tolerances)
        bindings = resolve_until(written.program, written.bindings, gated=self.gated)
        ensure = written.program.ensure
        if ensure is None:
            raise ValueError("the script with its steps lost its 'ensure'")
        search = EnsureSearch(
            written.program, ensure, bindings, gated=self.gated, dtype=self.dtype, measured=measured
        )
        return _Rung(places, written, search)

    @staticmethod
    def _nearest(tried: list[EnsureSearch]) -> EnsureSearch:
        """The search that came nearest, or the first if none has a proven error."""
        known = [one for one in tried if one.least is not None]
        return min(known, key=lambda one: one.least or 0, default=tried[0])
