"""What is proven of an answer: for every returned value a bound, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.backends.measure.decimals import text_of

NORM = "Frobenius norm"


@dataclass(frozen=True, slots=True)
class Enclosed:
    """‖value − target‖ ≤ bound, for every problem of the batch (one, if there is no batch).

    A bound is a float64 that is proven to be at least the distance of the numbers given from the
    target, both taken as exact; None where nothing is proven, and ``reason`` says of the first such
    problem why.  ``how`` names the tests.
    """

    name: str
    target: str
    bounds: tuple[float | None, ...]
    how: str
    reason: str = ""
    norm: str = NORM

    @property
    def bound(self) -> float | None:
        """The largest bound of a batch; None where one is missing."""
        if len(self.bounds) == 1:
            return self.bounds[0]
        known = [one for one in self.bounds if one is not None]
        return max(known) if known and len(known) == len(self.bounds) else None

    def __str__(self) -> str:
        bound = self.bound
        if bound is None:
            return f"no bound for {self.name} against {self.target}: {self.reason}"
        number = text_of(Fraction(bound), up=True)
        return f"||{self.name} - {self.target}|| <= {number} ({self.norm}; {self.how})"


@dataclass(frozen=True, slots=True)
class Enclosures:
    """A report on every returned value, in the order of the script."""

    values: tuple[Enclosed, ...]

    def __getitem__(self, name: str) -> Enclosed:
        return self._by_name[name]

    @property
    def _by_name(self) -> Mapping[str, Enclosed]:
        return {one.name: one for one in self.values}

    def __str__(self) -> str:
        return "\n".join(map(str, self.values))
