"""Draws inputs that meet the printed hypotheses of a claim, and are wild in everything else."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import printed_numbers as n
import printed_random as wild
from flint import arb, arb_mat
from printed_letters import InfeasibleError, Letters
from printed_sentences import Claim, Given, Hypothesis
from printed_solving import solve
from printed_values import Data, Grid, Meaning
from printed_words import Name

TOKEN_GROUPS = ("context", "query")
MOST = 6  # of an axis that a hypothesis bounds by more
TRIES = 60
SPECTRA = ("spectrum", "nonzero_spectrum", "singular_values")


@dataclass(frozen=True)
class Draw:
    """Inputs, and the sizes of all axes and token groups."""

    data: Data
    sizes: Mapping[str, int]


@dataclass
class Drawer:
    """One attempt: what is drawn so far."""

    claim: Claim
    rng: random.Random
    sizes: dict[str, int] = field(default_factory=dict)
    data: dict[str, Grid] = field(default_factory=dict)

    def draw(self) -> Draw:
        self._sizes()
        for one in self.claim.inputs:
            if self._of(one, "norm", "token norm", "entries"):
                self.data[one.name] = self._bounded(one)
        for hypothesis in self.claim.hypotheses:
            if hypothesis.kind in SPECTRA:
                self._spectral(hypothesis)
        for hypothesis in self.claim.hypotheses:
            if hypothesis.kind == "range":
                self._range(hypothesis)
        for one in self.claim.inputs:
            if one.name not in self.data:
                self.data[one.name] = self._wild(one)
        return Draw(self.data, self.sizes)

    def _of(self, given: Given, *kinds: str) -> list[Hypothesis]:
        return [
            one for one in self.claim.hypotheses if one.kind in kinds and one.of == Name(given.name)
        ]

    def _axes(self) -> Iterator[str]:
        for one in self.claim.inputs:
            yield from (axis for axis in (one.rows, one.columns) if axis and not axis.isdigit())
            yield from (group for group in one.groups if group)

    def _sizes(self) -> None:
        least = {_axis(h) for h in self.claim.hypotheses if h.kind == "nonempty"}
        most = {_axis(h): h.ends[0] for h in self.claim.hypotheses if h.kind == "size"}
        for axis in dict.fromkeys(self._axes()):
            low = 0 if axis in TOKEN_GROUPS and axis not in least else 1
            if axis in most:
                high = int(most[axis])
                choices = [high if high <= 12 else MOST, min(high, self.rng.randint(low, MOST))]
                self.sizes[axis] = self.rng.choice([*choices, min(1, high)])
            else:
                ordinary = self.rng.choice((1, 2, 2, 3, 3, 4))
                odd = self.rng.random() < 0.1
                self.sizes[axis] = low if odd else ordinary + (axis == "context")
        for axis in self._axes():
            if self.sizes[axis] < (0 if axis in TOKEN_GROUPS else 1):
                raise InfeasibleError("a size below 1")

    def _size(self, axis: str) -> int:
        return int(axis) if axis.isdigit() else self.sizes[axis]

    def _grid(self, given: Given, make: Callable[[int, int], arb_mat]) -> Grid:
        rows = self._size(given.rows)
        columns = {g: self._size(g or given.columns) for g in given.groups}
        return Grid({("", g): make(rows, size) for g, size in columns.items()})

    def _wild(self, given: Given) -> Grid:
        definite = bool(self._of(given, "definite"))
        if definite:
            return self._grid(given, lambda m, _: wild.definite(self.rng, m))
        if given.symmetric:
            return self._grid(given, lambda m, _: wild.symmetric(self.rng, m))
        return self._grid(given, lambda m, k: wild.anything(self.rng, m, k))

    def _bounded(self, given: Given) -> Grid:
        entries = self._of(given, "entries")
        norms = self._of(given, "norm", "token norm")
        if entries:
            low, high = entries[0].ends
            grid = self._grid(given, lambda m, k: wild.entries(self.rng, m, k, low, high))
        else:
            grid = self._grid(given, lambda m, k: wild.anything(self.rng, m, k))
        for one in norms:
            make = wild.short_columns if one.kind == "token norm" else wild.short
            bound = one.ends[0]
            parts = {
                key: make(self.rng, part, bound, grow=not entries)
                for key, part in grid.parts.items()
            }
            grid = Grid(parts)
        if given.symmetric:
            raise InfeasibleError("a symmetric input of bounded entries")
        return grid

    def _spectral(self, hypothesis: Hypothesis) -> None:
        letters = Letters(
            {one.name: one for one in self.claim.inputs},
            self.data,
            self.sizes,
            frozenset(
                h.of.name
                for h in self.claim.hypotheses
                if h.kind == "definite" and isinstance(h.of, Name)
            ),
            self.claim.bindings,
            self.rng,
            any("pinv" in text for text in (self.claim.target,)),
        )
        solve(hypothesis, letters)

    def _range(self, hypothesis: Hypothesis) -> None:
        if not isinstance(hypothesis.of, Name) or hypothesis.of.name in self.data:
            raise InfeasibleError(hypothesis.text)
        assert hypothesis.within is not None
        of = Meaning(self.data, self.claim.bindings).grid(hypothesis.within).parts["", ""]
        (given,) = [one for one in self.claim.inputs if one.name == hypothesis.of.name]
        self.data[given.name] = self._grid(
            given, lambda _, k: (of * wild.anything(self.rng, of.ncols(), k)).mid()
        )


def _axis(hypothesis: Hypothesis) -> str:
    assert isinstance(hypothesis.of, Name)
    return hypothesis.of.name


def draw(claim: Claim, rng: random.Random) -> Draw | None:
    """Inputs that meet every hypothesis, which is verified; None if none were found."""
    for _ in range(TRIES):
        try:
            found = Drawer(claim, rng).draw()
        except (InfeasibleError, ArithmeticError, ZeroDivisionError):
            continue
        if meets(claim, found):
            return found
    return None


def meets(claim: Claim, draw: Draw) -> bool:
    """Do the inputs have the declared form and meet every printed hypothesis?"""
    for one in claim.inputs:
        if one.symmetric and not _is_symmetric(draw.data[one.name].parts["", ""]):
            return False
    return all(_holds(one, claim, draw) for one in claim.hypotheses)


def _is_symmetric(of: arb_mat) -> bool:
    return n.frobenius(of - of.transpose()) <= n.frobenius(of) * n.TINY


def _holds(one: Hypothesis, claim: Claim, draw: Draw) -> bool:
    if one.kind in ("size", "nonempty"):
        size = draw.sizes.get(_axis(one))
        if size is None:
            return True
        return size <= one.ends[0] if one.kind == "size" else size >= one.ends[0]
    meaning = Meaning(draw.data, claim.bindings)
    grid = meaning.grid(one.of)
    if one.kind == "token norm":
        columns = [part.transpose().tolist() for part in grid.parts.values()]
        lengths = [sum((x * x for x in row), n.ZERO).sqrt() for rows in columns for row in rows]
        return all(_inside(length, (Fraction(0), one.ends[0])) for length in lengths)
    if one.kind == "entries":
        return all(_inside(x, one.ends) for part in grid.parts.values() for x in part.entries())
    of = grid.whole()
    if one.kind == "norm":
        return _inside(n.norm(of), (Fraction(0), one.ends[0]))
    if one.kind == "symmetric":
        return _is_symmetric(of)
    if one.kind == "definite":
        return min(n.eigen(of)[0], default=n.ONE) > n.norm(of) * n.ZERO_BELOW
    if one.kind == "range":
        assert one.within is not None
        return _in_range(of, meaning.grid(one.within).whole())
    return _spectrum_holds(one, claim, draw, of)


def _in_range(of: arb_mat, region: arb_mat) -> bool:
    rest = of - region * (n.pseudo_inverse(region) * of)
    return n.frobenius(rest) <= n.frobenius(of) * n.TINY


def _spectrum_holds(one: Hypothesis, claim: Claim, draw: Draw, of: arb_mat) -> bool:
    """The values of the matrix itself: of a weighted one, of P^(1/2)*T*P^(-1/2)."""
    if 0 in n.shape(of):
        return True
    if one.kind == "singular_values":
        values = n.singular_values(of)
        if "pinv" in claim.target:
            scale = max(values)
            values = [value for value in values if value > scale * n.TINY]
        return all(_inside(value, one.ends) for value in values)
    if not _is_symmetric(of):
        weights = [h.of for h in claim.hypotheses if h.kind == "definite"]
        if not weights:
            return False
        half = n.function_of(Meaning(draw.data, {}).grid(weights[0]).whole(), lambda x: x.sqrt())
        of = half * of * half.inv()
        if not _is_symmetric(of):
            return False
    values = n.eigen(of)[0]
    scale = max(abs(value) for value in values)
    if one.kind == "nonzero_spectrum":
        values = [value for value in values if abs(value) > scale * n.TINY]
    return all(_inside(value, one.ends) for value in values)


def _inside(value: arb, ends: tuple[Fraction, ...]) -> bool:
    margin = n.TINY * n.exactly(max(Fraction(1), *map(abs, ends)))
    pairs = zip(ends[::2], ends[1::2], strict=True)
    return any(
        n.exactly(low) - margin <= value.mid() <= n.exactly(high) + margin for low, high in pairs
    )
