"""What a network costs: layers, heads, blocks, width, and the lower bound on its depth.

An attention layer multiplies degree by at most three, so L layers compute polynomials of degree
at most 3^L in the inputs: depth ≥ ⌈log₃ degree⌉ for any linear-attention network.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction

from weightsmith.compiler.costs.degree import depth_lower_bound, passes, program_degree
from weightsmith.compiler.costs.operations import operations_of, operations_text
from weightsmith.compiler.ir.normal import NormalProgram
from weightsmith.compiler.ir.template import Hidden, Item, Layer, Mlp, Template, Terms, layers_of
from weightsmith.dsl import parse_scalar

Bindings = dict[str, Fraction]


@dataclass(frozen=True)
class Report:
    """The figures of one network.  ``None`` where a count has no value yet.

    ``layers`` counts layers as run that attend or compute a function of entries; ``heads`` is the
    most in one layer, ``hidden_text`` the most hidden units of one MLP, ``pieces`` the most linear
    pieces of one function; ``degree`` is the exact one of the computed polynomial in the inputs,
    None if leading terms may cancel or it is no polynomial; ``depth_lower_bound`` is ⌈log₃ degree⌉;
    ``operations_text`` are the multiply-adds of all heads, "" if a count is open.
    """

    layers: int | None
    layers_text: str
    heads: int
    total_heads: int | None
    blocks: int
    width_text: str
    hidden_text: str
    pieces: int
    degree: int | None
    depth_lower_bound: int | None
    operations_text: str

    def headline(self, algorithm: str) -> str:
        """``newton: 12 attention layers, 1 head a layer, width 2*d; depth ≥ 8 by degree``."""
        layers = self.layers_text if self.layers is None else str(self.layers)
        degree = "" if self.degree is None else f"; depth ≥ {self.depth_lower_bound} by degree"
        kind = "" if self.pieces else "attention "
        hidden = f", {self.hidden_text} hidden units" if self.pieces else ""
        return (
            f"{algorithm}: {layers} {kind}layer{'s' * (layers != '1')}, "
            f"{self.heads} head{'s' * (self.heads != 1)} a layer, "
            f"width {self.width_text}{hidden}{degree}"
        )


def report(normal: NormalProgram | None, template: Template, bindings: Bindings) -> Report:
    """The figures of a template; the degree is that of a normal form, if there is one."""
    degree = None if normal is None else program_degree(normal, bindings)
    operations = operations_of(template, bindings)
    return Report(
        layers=layers_as_run(template, bindings),
        layers_text=layers_text(template.body),
        heads=max((len(layer.heads) for layer in layers_of(template.body)), default=0),
        total_heads=heads_as_run(template, bindings),
        blocks=len(template.blocks),
        width_text=width_text(template),
        hidden_text=hidden_text(template),
        pieces=max((pieces_of(layer.mlp) for layer in layers_of(template.body)), default=0),
        degree=degree,
        depth_lower_bound=None if degree is None else depth_lower_bound(degree),
        operations_text="" if operations is None else operations_text(operations),
    )


def with_degree_of(found: Report, normal: NormalProgram | None, bindings: Bindings) -> Report:
    """The report with the degree of another program of the same values, if it has none."""
    if normal is None:
        return found
    degree = program_degree(normal, bindings) if found.degree is None else found.degree
    bound = None if degree is None else depth_lower_bound(degree)
    return replace(found, degree=degree, depth_lower_bound=bound)


def layers_as_run(template: Template, bindings: Bindings) -> int | None:
    """The layers that attend or compute a function of entries; None if a count has no value."""
    return _counted(template.body, bindings, heads=False)


def heads_as_run(template: Template, bindings: Bindings) -> int | None:
    return _counted(template.body, bindings, heads=True)


def width_text(template: Template) -> str:
    """Return the rows of the residual stream as a function of the dimensions: ``2*d + k + 3``."""
    return _sum_text(Counter(block.rows for block in template.blocks))


def _sum_text(counts: Counter[str]) -> str:
    """Write Σ count·rows, numbers added up."""
    parts = [r if n == 1 else f"{n}*{r}" for r, n in counts.items() if not r.isdigit()]
    fixed = sum(int(rows) * n for rows, n in counts.items() if rows.isdigit())
    return " + ".join(parts + ([str(fixed)] if fixed or not parts else []))


def counts_as_layer(layer: Layer) -> bool:
    """Does a layer attend, or compute a function of entries (not only move and clear)?"""
    return bool(layer.heads) or not is_linear(layer.mlp)


def is_linear(mlp: Mlp | None) -> bool:
    """Are all hidden blocks pairs relu(s), relu(−s)?  The compiler emits them side by side."""
    return mlp is None or not nonlinear(mlp)


def nonlinear(mlp: Mlp) -> list[int]:
    """Hidden blocks that are not half of a linear pair (without bias, next to their negative)."""
    found, position = [], 0
    signs: dict[int, list[str]] = {index: [] for index in range(len(mlp.hidden))}
    for _, index, coefficient in mlp.outputs:
        signs[index].append(coefficient)
    while position < len(mlp.hidden):
        one = mlp.hidden[position]
        pair = mlp.hidden[position + 1] if position + 1 < len(mlp.hidden) else None
        plain = one.bias == "0" and not one.is_gated
        if (
            plain
            and pair is not None
            and pair.bias == "0"
            and not pair.is_gated
            and [name for name, _ in pair.terms] == [name for name, _ in one.terms]
            and (signs[position], signs[position + 1]) == (["1"], ["-1"])
        ):
            position += 2
            continue
        found.append(position)
        position += 1
    return found


def pieces_of(mlp: Mlp | None) -> int:
    """Return the most breakpoints of one function of an MLP; its hinges open to either side."""
    if mlp is None:
        return 0
    places = {breakpoint_of(mlp.hidden[i]) for i in nonlinear(mlp)}
    return max(Counter(terms for terms, _ in places).values(), default=0)


def breakpoint_of(hidden: Hidden) -> tuple[Terms, str]:
    """The terms and the bias, negated if the first coefficient is negative.

    Hinges with equal terms are of one function; with equal bias too, they meet at one breakpoint.
    """
    numbers = [hidden.bias, *(coefficient for _, coefficient in hidden.terms)]
    is_plain = not any(" " in number for number in numbers)
    if not hidden.terms or not is_plain or not hidden.terms[0][1].startswith("-"):
        return hidden.terms, hidden.bias
    terms = tuple((name, _negated(coefficient)) for name, coefficient in hidden.terms)
    return terms, hidden.bias if hidden.bias == "0" else _negated(hidden.bias)


def _negated(coefficient: str) -> str:
    return coefficient[1:] if coefficient.startswith("-") else f"-{coefficient}"


def hidden_text(template: Template) -> str:
    """Return the most hidden units that one MLP has: ``62*d + 124``."""
    sizes = [_hidden_counts(layer.mlp) for layer in layers_of(template.body)]
    return _sum_text(max(sizes, key=lambda counts: counts.total(), default=Counter[str]()))


def _hidden_counts(mlp: Mlp | None) -> Counter[str]:
    return Counter(hidden.rows for hidden in mlp.hidden) if mlp else Counter()


def layers_text(items: tuple[Item, ...]) -> str:
    """Return the number of layers with the counts as they are written."""
    fixed, parts = 0, []
    for item in items:
        if isinstance(item, Layer):
            fixed += counts_as_layer(item)
            continue
        inner = layers_text(item.body)
        count = f"({item.count})" if " " in item.count else item.count
        if all(one.isascii() and one.isdigit() and len(one) < 20 for one in (inner, count)):
            fixed += int(inner) * int(count)
        elif inner != "0":
            body = f"({inner})" if " " in inner else inner
            parts.append(count if inner == "1" else f"{body}*{count}")
    return " + ".join(parts + ([str(fixed)] if fixed or not parts else []))


def _counted(items: tuple[Item, ...], bindings: Bindings, *, heads: bool) -> int | None:
    total = 0
    for item in items:
        if isinstance(item, Layer):
            total += len(item.heads) if heads else counts_as_layer(item)
            continue
        inner = _counted(item.body, bindings, heads=heads)
        count = passes(parse_scalar(item.count), bindings)
        if inner is None or count is None:
            return None
        total += count * inner
    return total
