"""The coefficients of a template, and the symbols in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from weightsmith.compiler.ir.template import Coefficient, Item, Layer, Repeat, Template
from weightsmith.dsl.numbers.scalar_text import parse_scalar
from weightsmith.dsl.numbers.scalars import free_symbols


def parameters_of(template: Template) -> list[str]:
    """The symbols of its coefficients and counts, and those that have a value; sorted."""
    found = {name for name, _ in (*template.bindings, *template.sizes)}
    return sorted(found | _symbols(_ends(template)) | _symbols_of(template.body))


def scheduled(items: tuple[Item, ...]) -> set[str]:
    """The names of numbers that change with the pass."""
    loops = [item for item in items if isinstance(item, Repeat)]
    inner = {name for item in loops for name in scheduled(item.body)}
    return inner | {name for item in loops for name, _ in item.schedule}


def coefficients_of(template: Template) -> set[Coefficient]:
    """All of them, counts too."""
    return {*_ends(template), *_inside(template.body)}


def _ends(template: Template) -> Iterator[Coefficient]:
    """Those of the read-in and of the read-out."""
    for _, terms in template.read_in:
        yield from (one for _, one in terms)
    for output in template.read_out:
        yield from (one for _, one in output.terms)


def _inside(items: tuple[Item, ...]) -> Iterator[Coefficient]:
    for item in items:
        if isinstance(item, Layer):
            yield from _of_layer(item)
        else:
            yield from _of_loop(item)
            yield from _inside(item.body)


def _of_loop(loop: Repeat) -> Iterator[Coefficient]:
    yield loop.count
    yield from (one for _, values in loop.schedule for one in values)


def _of_layer(layer: Layer) -> Iterator[Coefficient]:
    for head in layer.heads:
        for terms in (*head.keys, *head.queries, *head.values):
            yield from (one for _, one in terms)
        yield from (one for _, _, one in head.outputs)
    if layer.mlp is not None:
        for unit in layer.mlp.hidden:
            yield from (one for _, one in (*unit.terms, *unit.gate))
            yield from (unit.bias, unit.gate_bias)
        yield from (one for _, _, one in layer.mlp.outputs)
        yield from (one for _, one in layer.mlp.bias)


def _symbols_of(items: tuple[Item, ...]) -> set[str]:
    found: set[str] = set()
    for item in items:
        if isinstance(item, Layer):
            found |= _symbols(_of_layer(item))
        else:
            found |= _symbols_of(item.body) - {name for name, _ in item.schedule}
            found |= _symbols(_of_loop(item))
    return found


def _symbols(texts: Iterable[Coefficient]) -> set[str]:
    return {
        name
        for text in set(texts)
        if not text.lstrip("-").replace("/", "").isdigit()
        for name in free_symbols(parse_scalar(text))
    }
