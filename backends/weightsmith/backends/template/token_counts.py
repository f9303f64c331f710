"""Symbols that are numbers of tokens (``Template.sizes``): the data say them, or agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from weightsmith.backends.errors import LayoutError
from weightsmith.backends.template.coefficients import Bindings, parse_rational
from weightsmith.compiler.ir.template import Template


def check_counts(
    template: Template, counts: Mapping[str, int], bindings: Bindings | None = None
) -> None:
    """Raise LayoutError where a symbol has another value than its group has tokens.

    ``counts``: the tokens of each group, as far as known; ``bindings`` come before the template's.
    """
    for symbol, group in template.sizes:
        bound = _value(template, symbol, bindings)
        if bound is not None and group in counts and bound != counts[group]:
            raise LayoutError(
                f"this network is for {bound} {group} tokens, the value of '{symbol}', and the "
                f"data have {counts[group]}; compile it without a value for '{symbol}', "
                "or for this one."
            )


def open_sizes(template: Template) -> tuple[str, ...]:
    """The symbols that get their values from the data."""
    return tuple(symbol for symbol, _ in template.sizes if template.binding(symbol) is None)


def counted(template: Template, counts: Mapping[str, int]) -> Template:
    """The template with the numbers of tokens as the values of its symbols.  Raises LayoutError."""
    check_counts(template, counts)
    found = {s: str(counts[g]) for s, g in template.sizes if template.binding(s) is None}
    if not found:
        return template
    return replace(template, bindings=tuple(sorted({**dict(template.bindings), **found}.items())))


def _value(template: Template, symbol: str, bindings: Bindings | None) -> Fraction | None:
    if bindings and symbol in bindings:
        return Fraction(bindings[symbol])
    text = template.binding(symbol)
    return None if text is None else parse_rational(text)
