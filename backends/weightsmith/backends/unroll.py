"""The layers of a template as run: every loop unrolled, every symbol accounted for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from weightsmith.backends.architecture import Architecture, architecture_of
from weightsmith.backends.coefficients import Bindings, Values, fraction_text, parse_coefficient
from weightsmith.backends.errors import InstantiationError, listed
from weightsmith.backends.schedules import written_out
from weightsmith.compiler.ir.template import Item, Layer, Repeat, Template, layers_of
from weightsmith.dsl.scalars import free_symbols

MAX_LAYERS = 20_000
MAX_MATRICES = 50_000  # of all layers: the checker compares no more with their coefficients
MAX_ROWS = 30_000_000  # block rows of all matrices together; memory and speed only


def unroll(template: Template, bindings: Bindings | None = None) -> list[Layer]:
    """Return the layers as run, every loop unrolled; ``bindings`` go before the template's own.

    Raises InstantiationError where a count has no value, is not whole or is negative, or where
    there are more than MAX_LAYERS layers or MAX_MATRICES matrices.
    """
    return unrolled(template, Values(template, bindings))


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
    if (4 * heads + 3 * len(layers)) * len(template.blocks) > MAX_ROWS:
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
            for terms in (head.keys, head.queries, *head.values):
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
