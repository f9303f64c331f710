"""The layers of a template as run: every loop unrolled, every symbol accounted for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

from weightsmith.backends.errors import InstantiationError, listed
from weightsmith.backends.template.architecture import Architecture, architecture_of
from weightsmith.backends.template.coefficients import (
    Bindings,
    Values,
    fraction_text,
    parse_coefficient,
)
from weightsmith.backends.template.schedules import written_out
from weightsmith.compiler.ir.template import Item, Layer, Repeat, Template, layers_of
from weightsmith.dsl.numbers.scalars import free_symbols

MAX_LAYERS = 20_000
MAX_MATRICES = 50_000  # of all layers: the checker compares no more with their coefficients
MAX_ROWS = 30_000_000  # block rows of all matrices together; memory and speed only


def unroll(template: Template, bindings: Bindings | None = None) -> list[Layer]:
    """Return the layers as run, every loop unrolled; ``bindings`` go before the template's own.

    Raises InstantiationError where a count has no value, is not whole or is negative, or where
    there are more than MAX_LAYERS layers or MAX_MATRICES matrices.
    """
    return unrolled(template, Values(template, bindings))


@dataclass(frozen=True, slots=True)
class LoopPass:
    """A pass of a loop; loops are numbered from 1 in the order of the template, inner after outer.

    ``number`` counts from 1.
    """

    loop: int
    number: int


@dataclass(frozen=True, slots=True)
class LayerPlace:
    """Where a layer of the network stands: its number, and the passes around it, outermost first.

    The number is that of ``layers.{number}`` in the names of tensors and modules.
    """

    number: int
    passes: tuple[LoopPass, ...]

    def __str__(self) -> str:
        passes = ", ".join(f"loop {one.loop} pass {one.number}" for one in self.passes)
        return f"layer {self.number}: {passes or 'outside of loops'}"


def layer_places(template: Template, bindings: Bindings | None = None) -> tuple[LayerPlace, ...]:
    """Say of every layer as run in which pass of which loop it stands.  Raises as ``unroll``."""
    unroll(template, bindings)  # is it a network, and not too large?
    written = iter(written_out(template.body))
    found = _passes_around(template.body, written, 1, Values(template, bindings))
    return tuple(LayerPlace(number, passes) for number, passes in enumerate(found))


def _passes_around(
    items: tuple[Item, ...], written: Iterator[Item], loop: int, values: Values
) -> list[tuple[LoopPass, ...]]:
    """The passes around each layer of the items, which ``written`` yields with loops written out.

    ``loop`` is the number of the first loop among them.
    """
    found: list[tuple[LoopPass, ...]] = []
    for item in items:
        if isinstance(item, Layer):
            next(written)
            found.append(())
            continue
        for number, body in enumerate(_bodies(item, written, loop + 1, values), start=1):
            found += [(LoopPass(loop, number), *inner) for inner in body]
        loop += 1 + _loops_in(item.body)
    return found


def _bodies(
    item: Repeat, written: Iterator[Item], loop: int, values: Values
) -> list[list[tuple[LoopPass, ...]]]:
    """What stands around each layer of every pass, inside of it."""
    if item.schedule:
        passes = len(item.schedule[0][1])
        return [_passes_around(item.body, written, loop, values) for _ in range(passes)]
    repeat = cast(Repeat, next(written))  # a loop without a schedule stays one
    body = _passes_around(item.body, iter(repeat.body), loop, values)
    return [body] * int(values[repeat.count]) if body else []


def _loops_in(items: tuple[Item, ...]) -> int:
    return sum(1 + _loops_in(item.body) for item in items if isinstance(item, Repeat))


def missing_symbols(template: Template, bindings: Bindings | None = None) -> list[str]:
    """The symbols that must still be bound before the template has numbers, sorted."""
    values = Values(template, bindings)
    missing: set[str] = set()
    for text in _coefficients(replace(template, body=written_out(template.body))):
        missing |= values.missing(text)
    return sorted(missing)


def network_shape(template: Template, bindings: Bindings | None = None) -> Architecture:
    """Return the architecture with every loop unrolled.  Raises as ``unroll``."""
    return architecture_of(template, unroll(template, bindings))


def unrolled(template: Template, values: Values) -> list[Layer]:
    """Return the layers as run, with these values.  Raises as ``unroll``."""
    body = written_out(template.body)
    refuse_missing({name for c in _counts(body) for name in values.missing(c)})
    layers: list[Layer] = []
    _unroll_into(layers, body, values)
    heads = sum(len(layer.heads) for layer in layers)
    matrices = 4 * heads + 3 * sum(layer.mlp is not None for layer in layers)
    if matrices > MAX_MATRICES:
        raise InstantiationError(
            f"the {len(layers)} layers have {matrices} matrices, more than the {MAX_MATRICES} of "
            "the largest network that is checked: give loops smaller counts."
        )
    if (4 * heads + 3 * len(layers)) * len(template.readable) > MAX_ROWS:
        raise InstantiationError(
            f"the matrices of {len(layers)} layers with {heads} heads on "
            f"{len(template.blocks)} blocks are more than this program makes."
        )
    return layers


def _unroll_into(layers: list[Layer], items: tuple[Item, ...], values: Values) -> None:
    for item in items:
        if isinstance(item, Layer):
            layers.append(item)
            continue
        count = values[item.count]
        if count.denominator != 1 or count < 0:
            raise InstantiationError(
                f"expected a whole number of repetitions, got '{item.count}' = "
                f"{fraction_text(count)}."
            )
        body: list[Layer] = []
        _unroll_into(body, item.body, values)
        if len(layers) + len(body) * count > MAX_LAYERS:
            raise InstantiationError(
                f"'{item.count}' = {fraction_text(count)} repetitions make more than "
                f"{MAX_LAYERS} layers."
            )
        layers += body * int(count) if body else []


def count_symbols(items: tuple[Item, ...]) -> frozenset[str]:
    """The symbols that stand in the counts of loops."""
    return frozenset().union(*(free_symbols(parse_coefficient(c)) for c in _counts(items)))


def open_counts(template: Template) -> frozenset[str]:
    """The symbols that are the count of a loop and stand nowhere else: a run may choose them."""
    body = written_out(template.body)
    counts = set(_counts(body))
    alone = {count for count in counts if _is_symbol(count)}
    others = (*_coefficients(replace(template, body=tuple(layers_of(body)))), *(counts - alone))
    used = frozenset().union(*(free_symbols(parse_coefficient(c)) for c in others))
    return frozenset(alone - used)


def _is_symbol(count: str) -> bool:
    return free_symbols(parse_coefficient(count)) == {count}


def _counts(items: tuple[Item, ...]) -> Iterator[str]:
    for item in items:
        if isinstance(item, Repeat):
            yield item.count
            yield from _counts(item.body)


def _coefficients(template: Template) -> Iterator[str]:
    yield from _counts(template.body)
    for _, terms in template.read_in:
        yield from (coefficient for _, coefficient in terms)
    for output in template.read_out:
        yield from (coefficient for _, coefficient in output.terms)
    for layer in layers_of(template.body):
        for head in layer.heads:
            for terms in (*head.keys, *head.queries, *head.values):
                yield from (coefficient for _, coefficient in terms)
            yield from (coefficient for _, _, coefficient in head.outputs)
        if layer.mlp is not None:
            for hidden in layer.mlp.hidden:
                yield from (hidden.bias, hidden.gate_bias)
                yield from (coefficient for _, coefficient in (*hidden.terms, *hidden.gate))
            yield from (coefficient for _, _, coefficient in layer.mlp.outputs)
            yield from (coefficient for _, coefficient in layer.mlp.bias)


def refuse_missing(missing: set[str]) -> None:
    """Raise InstantiationError, naming the symbols, unless there is none."""
    if missing:
        names = sorted(missing)
        raise InstantiationError(
            f"the network has no numbers yet: {listed(names)} "
            f"{'has' if len(names) == 1 else 'have'} no value; bind each, for example "
            f"--set {names[0]}=1."
        )


def refuse_open(template: Template, bindings: Bindings | None = None) -> None:
    """Raise InstantiationError, naming what has no numbers: symbols, or fixed matrices."""
    refuse_missing(set(missing_symbols(template, bindings)))
    if names := [one.name for one in template.matrices if not one.entries]:
        what, have = ("matrix", "has") if len(names) == 1 else ("matrices", "have")
        raise InstantiationError(
            f"the network has no numbers yet: the fixed {what} {listed(names)} {have} none; "
            f"compile with --matrix {names[0]}=FILE, or matrices={{'{names[0]}': rows}}."
        )
