"""What a network costs: layers, heads, blocks, width, and the lower bound on its depth.

An attention layer multiplies degree by at most three, so L layers compute polynomials of degree
at most 3^L in the inputs: depth ≥ ⌈log₃ degree⌉ for any linear-attention network.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.compiler.ir.normal import Columns, Loop, NormalProgram
from weightsmith.compiler.ir.template import Item, Layer, Template, layers_of
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.scalars import Scalar, ScalarError, evaluate

MAX_PASSES = 20_000  # loops longer than this are not followed for the degree

Bindings = dict[str, Fraction]


@dataclass(frozen=True)
class Report:
    """The figures of one network.  ``None`` where a count has no value yet.

    ``layers`` counts attention layers as run; ``heads`` is the most in one layer; ``degree`` is
    that of the computed polynomial in the inputs, ``depth_lower_bound`` is ⌈log₃ degree⌉.
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
        passes = _passes(parse_scalar(item.count), bindings)
        if inner is None or passes is None:
            return None
        total += passes * inner
    return total


def _passes(count: Scalar, bindings: Bindings) -> int | None:
    try:
        return int(evaluate(count, bindings))
    except ScalarError:
        return None


def depth_lower_bound(degree: int) -> int:
    """Return ⌈log₃ degree⌉, exactly."""
    layers, reach = 0, 1
    while reach < degree:
        layers, reach = layers + 1, 3 * reach
    return layers


def program_degree(normal: NormalProgram, bindings: Bindings) -> int | None:
    """Return the degree of the returned values in the inputs, following every loop."""
    degrees: dict[str, int] = {given.name: 1 for given in normal.inputs}
    for loop in normal.loops:
        if not _follow(loop, degrees, bindings):
            return None
    return max((_degree(r.value, degrees) for r in normal.returns), default=0)


def _follow(loop: Loop, degrees: dict[str, int], bindings: Bindings) -> bool:
    passes = _passes(loop.count, bindings)
    if passes is None or passes > MAX_PASSES:
        return False
    for carried in loop.carried:
        degrees[carried.letter] = _degree(carried.initial, degrees)
    for _ in range(passes):
        for inner in loop.inner:
            if not _follow(inner, degrees, bindings):
                return False
        after = {c.letter: _degree(c.next, degrees) for c in loop.carried}
        if not loop.inner and all(degrees[name] == after[name] for name in after):
            break
        degrees.update(after)
    return True


def _degree(value: Columns, degrees: dict[str, int]) -> int:
    return max(
        (
            sum(degrees[letter.name] for letter in word)
            for polynomial in value.values()
            for word in polynomial.terms
        ),
        default=0,
    )
