"""A template with marks in place of coefficients: filled in, and renumbered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from weightsmith.backends.lift.blocks import MARK
from weightsmith.compiler.ir.template import Head, Hidden, Layer, Mlp, Template, Terms

Text = Callable[[str], str]


def filled(template: Template, text: Text) -> Template:
    """The read-in and the read-out with every mark replaced."""
    return replace(
        template,
        read_in=tuple((name, _terms(terms, text)) for name, terms in template.read_in),
        read_out=tuple(replace(one, terms=_terms(one.terms, text)) for one in template.read_out),
    )


def filled_layer(layer: Layer, text: Text) -> Layer:
    """A layer with every mark replaced."""
    heads = tuple(_head(head, text) for head in layer.heads)
    return Layer(heads, None if layer.mlp is None else _mlp(layer.mlp, text))


def order_of(template: Template, layers: list[Layer]) -> list[str]:
    """The marks in the order in which they stand; what is no mark is skipped."""
    found: list[str] = []

    def note(text: str) -> str:
        if text.startswith(MARK):
            found.append(text)
        return text

    filled(template, note)
    for layer in layers:
        filled_layer(layer, note)
    return found


def _terms(terms: Terms, text: Text) -> Terms:
    return tuple((name, text(coefficient)) for name, coefficient in terms)


def _head(head: Head, text: Text) -> Head:
    return replace(
        head,
        keys=tuple(_terms(terms, text) for terms in head.keys),
        queries=tuple(_terms(terms, text) for terms in head.queries),
        values=tuple(_terms(terms, text) for terms in head.values),
        outputs=tuple((block, at, text(one)) for block, at, one in head.outputs),
    )


def _mlp(mlp: Mlp, text: Text) -> Mlp:
    hidden = tuple(
        Hidden(
            one.rows,
            _terms(one.terms, text),
            text(one.bias),
            _terms(one.gate, text),
            text(one.gate_bias),
        )
        for one in mlp.hidden
    )
    outputs = tuple((block, at, text(one)) for block, at, one in mlp.outputs)
    return Mlp(hidden, outputs, _terms(mlp.bias, text))
