"""What a network is on given floats, in 500 bits, and how far it amplifies round-off.

Two measures.  The *magnitude* of an entry is that entry of the same network with the absolute
values of all weights and data: whatever the order of the products, and however ReLUs are merged
into tables, round-off is at most some units of it.  It is an upper bound, and far too large where
an algorithm corrects its own errors.  So there is the *amplification*, too: how far the returned
values move, in units of 2^-53 of the largest entry, when each number that a network holds (data,
each use of a weight, the stream after heads and MLPs) is changed by that part of itself, its sign
at random; the most of TRIES.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "claims"))

import printed_numbers as n
from flint import arb, arb_mat
from printed_networks import PrintedNetwork
from printed_values import Grid

from weightsmith.backends.template.layout import Inputs, layout
from weightsmith.backends.template.template_json import template_to_json
from weightsmith.compiler.ir.template import Template

UNIT = 2.0**-53
TRIES = 3
AMPLIFIES = 1e3  # from here on a network is said to amplify round-off
SIGNS = random.Random(0)
Change = Callable[[arb], arb]


@dataclass(frozen=True)
class Truth:
    """One returned matrix (at one group of tokens): its entries, and their magnitudes, by rows."""

    entries: tuple[arb, ...]
    magnitudes: tuple[arb, ...]
    shape: tuple[int, int]
    amplification: float

    @property
    def magnitude(self) -> float:
        """The largest magnitude of an entry; infinite where a float has no room for it."""
        return max(map(float, self.magnitudes), default=0.0)

    @property
    def allowance(self) -> float:
        """How many times more than one that does not amplify its error may be."""
        return max(1.0, self.amplification / AMPLIFIES)

    def errors(self, found: np.ndarray) -> tuple[float, float]:
        """The largest error, as a multiple of its magnitude, and of the largest entry.

        Infinite where the shape is not the same, or a number is none.
        """
        if found.shape != self.shape or not np.isfinite(found).all():
            return np.inf, np.inf
        with n.precisely():
            numbers = [arb(number) for number in found.ravel().tolist()]
            errors = _distances(numbers, self.entries)
            by_entry = (_ratio(e, m) for e, m in zip(errors, self.magnitudes, strict=True))
            return max(by_entry, default=0.0), _ratio(_largest(errors), _largest(self.entries))


def truths_of(template: Template, inputs: Inputs) -> list[Truth]:
    """Each returned matrix, in the order of the script, by group."""
    stream = layout(template, inputs)
    sizes = {**stream.dims, **dict(stream.groups)}
    text = template_to_json(template).encode()

    def run(kind: type[PrintedNetwork], change: Change) -> list[arb_mat]:
        found = kind.of(text).run(_data(inputs, change), sizes).values()
        return [part for grid in found for part in grid.parts.values()]

    with n.precisely():
        values = run(PrintedNetwork, lambda number: number)
        others = [run(_Changed, _changed) for _ in range(TRIES)]
        moved = [max(column) for column in zip(*(_moved(values, o) for o in others), strict=True)]
        magnitudes = run(_Absolute, abs)
        return [
            Truth(_entries(one), _entries(two), n.shape(one), three)
            for one, two, three in zip(values, magnitudes, moved, strict=True)
        ]


class _Absolute(PrintedNetwork):
    """The network of the absolute values of the coefficients."""

    def coefficient(self, text: str, scheduled: Mapping[str, Fraction]) -> arb:
        return abs(super().coefficient(text, scheduled))


class _Changed(PrintedNetwork):
    """The network with each number that it holds changed a little, but for the counts of loops."""

    def coefficient(self, text: str, scheduled: Mapping[str, Fraction]) -> arb:
        return _changed(super().coefficient(text, scheduled))

    def count(self, text: str, scheduled: Mapping[str, Fraction]) -> int:
        return PrintedNetwork(self.template, self.numbers, {}).count(text, scheduled)

    def stored(self, part: arb_mat) -> arb_mat:
        return arb_mat(*n.shape(part), [_changed(entry) for entry in part.entries()])


def _changed(number: arb) -> arb:
    return (number * (1 + SIGNS.choice((-UNIT, UNIT)))).mid()


def _moved(values: list[arb_mat], others: list[arb_mat]) -> list[float]:
    pairs = [(_entries(one), _entries(two)) for one, two in zip(values, others, strict=True)]
    return [_ratio(_largest(_distances(two, one)), _largest(one)) / UNIT for one, two in pairs]


def _entries(of: arb_mat) -> tuple[arb, ...]:
    return tuple(entry.mid() for entry in of.entries())


def _distances(some: Sequence[arb], others: Sequence[arb]) -> list[arb]:
    return [abs(one - two).mid() for one, two in zip(some, others, strict=True)]


def _largest(some: Sequence[arb]) -> arb:
    return max(map(abs, some), default=n.ZERO)


def _data(inputs: Inputs, change: Change) -> dict[str, Grid]:
    found = {}
    for name, value in inputs.items():
        groups = value if isinstance(value, Mapping) else {"": value}
        parts = {("", group): _matrix(array, change) for group, array in groups.items()}
        found[name] = Grid(parts)
    return found


def _matrix(array: object, change: Change) -> arb_mat:
    numbers = np.asarray(array, np.float64)
    rows, columns = numbers.shape
    return arb_mat(rows, columns, [change(arb(number)) for number in numbers.ravel().tolist()])


def _ratio(part: arb, whole: arb) -> float:
    if part == 0:
        return 0.0
    return float((part / whole).mid()) if whole != 0 else np.inf
