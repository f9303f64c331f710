"""What a network costs: layers, heads, blocks, width, and the lower bound on its depth.

An attention layer multiplies degree by at most three, so L layers compute polynomials of degree
at most 3^L in the inputs: depth ≥ ⌈log₃ degree⌉ for any linear-attention network.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.compiler.degree import depth_lower_bound, passes, program_degree
from weightsmith.compiler.ir.normal import NormalProgram
from weightsmith.compiler.ir.template import Item, Layer, Template, layers_of
from weightsmith.dsl import parse_scalar

Bindings = dict[str, Fraction]


@dataclass(frozen=True)
class Report:
    """The figures of one network.  ``None`` where a count has no value yet.

    ``layers`` counts attention layers as run; ``heads`` is the most in one layer; ``degree`` is
    the exact one of the computed polynomial in the inputs, None if leading terms may cancel;
    ``depth_lower_bound`` is ⌈log₃ degree⌉.
    """

    layers: int | None
    layers_text: str
    heads: int
    total_heads: int | None
    blocks: int
    width_text: str
    degree: int | None
    depth_lower_bound: int | None


def report(normal: NormalProgram, template: Template, bindings: Bindings) -> Report:
    degree = program_degree(normal, bindings)
    return Report(
        layers=_counted(template.body, bindings, heads=False),
        layers_text=layers_text(template.body),
        heads=max((len(layer.heads) for layer in layers_of(template.body)), default=0),
        total_heads=_counted(template.body, bindings, heads=True),
        blocks=len(template.blocks),
        width_text=width_text(template),
        degree=degree,
        depth_lower_bound=None if degree is None else depth_lower_bound(degree),
    )


def width_text(template: Template) -> str:
    """Return the rows of the residual stream as a function of the dimensions: ``2*d + k``."""
    counts = Counter(block.rows for block in template.blocks)
    parts = [rows if n == 1 else f"{n}*{rows}" for rows, n in counts.items()]
    return " + ".join(parts) or "0"


def layers_text(items: tuple[Item, ...]) -> str:
    """Return the number of attention layers with the counts as they are written."""
    fixed, parts = 0, []
    for item in items:
        if isinstance(item, Layer):
            fixed += bool(item.heads)
            continue
        inner = layers_text(item.body)
        count = f"({item.count})" if " " in item.count else item.count
        if inner.isdigit() and count.isdigit():
            fixed += int(inner) * int(count)
        elif inner != "0":
            body = f"({inner})" if " " in inner else inner
            parts.append(count if inner == "1" else f"{body}*{count}")
    return " + ".join(parts + ([str(fixed)] if fixed or not parts else []))


def _counted(items: tuple[Item, ...], bindings: Bindings, *, heads: bool) -> int | None:
    total = 0
    for item in items:
        if isinstance(item, Layer):
            total += len(item.heads) if heads else bool(item.heads)
            continue
        inner = _counted(item.body, bindings, heads=heads)
        count = passes(parse_scalar(item.count), bindings)
        if inner is None or count is None:
            return None
        total += count * inner
    return total
