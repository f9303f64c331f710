"""What a level of loops plans: products, functions of entries, and values to leave behind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Application, Columns, Loop
from weightsmith.compiler.ir.polynomial import Space, Word
from weightsmith.compiler.ir.schedule import Affine, Value
from weightsmith.compiler.passes.layers.plan_products import Cut, Time

Linear = dict[Value, Coefficient]


@dataclass
class Product:
    """A planned product: where it is computed, at which tokens, and whether it must be kept."""

    word: Word
    cut: Cut | Application
    time: Time
    groups: set[Space] = field(default_factory=set)
    kept: bool = False


@dataclass
class Applied:
    """A planned function of entries: the layer of its MLP, and whether its value is kept.

    ``direct``: what the MLP of that layer adds its values to, besides.
    """

    application: Application
    value: Value
    time: Time
    kept: bool = False
    direct: Linear = field(default_factory=dict)
    arguments: list[Argument] = field(default_factory=list)


@dataclass
class Argument:
    """Σ linear + bias + Σ coefficient · product (at groups), the products of the MLP's layer."""

    columns: Columns
    linear: Linear
    bias: Coefficient
    products: list[tuple[Product, Coefficient, tuple[Space, ...]]]

    def affine(self) -> Affine:
        return Affine(self.linear, self.bias)


@dataclass
class Demand:
    """``value`` must hold ``linear`` + bias + Σ coefficient · product after ``segment``."""

    value: Value
    columns: Columns
    segment: int
    linear: Linear
    bias: Coefficient
    products: list[tuple[Product, Coefficient, tuple[Space, ...]]]
    in_place: bool
    direct: bool = False  # the MLP of the segment's last layer adds functions of entries to it


class Carriers:
    """Finds values that the move takes to one demand alone, so that heads can write there.

    If the move sends value j to ``factor`` times this variable and nowhere else, heads that
    add 1/factor of the products to j need no space of their own (Newton: X ← 2(X − ½XAX)).
    ``read`` are values that functions of entries read after the heads: they must stay as they are.
    The factor is a number, or one for each pass of a ``for`` loop, and then none is near 0.
    """

    def __init__(
        self, demands: list[Demand], before: list[Linear], read: Iterable[Value], loop: Loop | None
    ) -> None:
        self._loop, self._read = loop, set(read)
        columns: dict[Value, list[tuple[Value, Coefficient]]] = {}
        for demand, linear in zip(demands, before, strict=True):
            for value, factor in linear.items():
                columns.setdefault(value, []).append((demand.value, factor))
        self._alone: dict[Value, list[tuple[Value, Coefficient]]] = {}
        for value in dict.fromkeys(local_values(demands, before, loop)):
            if len(columns.get(value, ())) == 1:
                ((demanded, factor),) = columns[value]
                self._alone.setdefault(demanded, []).append((value, factor))

    def find(self, demand: Demand) -> tuple[Value, Coefficient] | None:
        """The value and the factor; the variable itself, if it will do."""
        known = self._alone.get(demand.value, [])
        for value, factor in sorted(known, key=lambda one: one[0] != demand.value):
            free = value not in self._read and value.rows == demand.value.rows
            if free and (factor.number is not None or is_moderate(factor, self._loop)):
                return value, factor
        return None


def local_values(demands: list[Demand], before: list[Linear], loop: Loop | None) -> list[Value]:
    """What a level may write to at its end: its own variables and products."""
    level = None if loop is None else loop.index
    products = [v for linear in before for v in linear if v.kind == "product" and v.home == level]
    return [*(d.value for d in demands), *products]


def is_moderate(factor: Coefficient, loop: Loop | None) -> bool:
    """Is the factor between 1/8 and 8 in size in every pass, so that it may be divided by?"""
    values = () if loop is None else loop.values_of(factor)
    return bool(values) and all(Fraction(1, 8) <= abs(value) <= 8 for value in values)
