"""What a level of loops plans: products, functions of entries, and values to leave behind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Application, Columns, Loop
from weightsmith.compiler.ir.polynomial import Space, Word
from weightsmith.compiler.ir.schedule import Affine, Value
from weightsmith.compiler.passes.plan_products import Cut, Time

Linear = dict[Value, Coefficient]


@dataclass
class Product:
    """A planned product: where it is computed, at which tokens, and whether it must be kept."""

    word: Word
    cut: Cut
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


def carrier(
    demand: Demand,
    demands: list[Demand],
    before: list[Linear],
    read: Iterable[Value],
    loop: Loop | None,
) -> tuple[Value, Coefficient] | None:
    """Find a value that the move takes to this demand alone, so that heads can write there.

    If the move sends value j to ``factor`` times this variable and nowhere else, heads that
    add 1/factor of the products to j need no space of their own (Newton: X ← 2(X − ½XAX)).
    ``read`` are values that functions of entries read after the heads: they must stay as they are.
    The factor is a number, or one for each pass of a ``for`` loop, and then none is near 0.
    """
    taken = set(read)
    for value in dict.fromkeys([demand.value, *local_values(demands, before, loop)]):
        column = [
            (other.value, linear[value])
            for other, linear in zip(demands, before, strict=True)
            if value in linear
        ]
        if len(column) != 1 or column[0][0] != demand.value or value.rows != demand.value.rows:
            continue
        factor = column[0][1]
        if value not in taken and (factor.is_number or is_moderate(factor, loop)):
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
