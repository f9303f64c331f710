"""Where the layers of a network went, and what keeps it above the lower bound by degree.

A head multiplies three blocks, so a layer multiplies degree by at most three.  The degree of every
block is followed through the layers as if nothing cancelled; a stretch of layers that takes the
largest of them from a to b could not do with fewer than ⌈log₃(b/a)⌉.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from weightsmith.compiler.costs.degree import depth_lower_bound, passes
from weightsmith.compiler.costs.report import Report, counts_as_layer, is_linear, layers_text
from weightsmith.compiler.ir.template import Item, Layer, Repeat, Template
from weightsmith.compiler.reports.loop_title import loop_title
from weightsmith.dsl import parse_scalar

Bindings = Mapping[str, Fraction]
MANY = 4  # blocks that a line names
INPUTS = ("input", "transposed")
MAX_FOLLOWED = 300_000  # heads and hidden blocks as run


class Degrees(dict[str, int]):
    """The degree of every block, the largest over its tokens.

    ``views``: the block that a fixed matrix multiplies, which leaves the degree as it is.
    """

    def __init__(self, degrees: Mapping[str, int], views: Mapping[str, str]) -> None:
        super().__init__(degrees)
        self._views = views

    def __missing__(self, name: str) -> int:
        return self[self._views[name]]


@dataclass(frozen=True)
class Stretch:
    """Layers in a row outside of loops, or one loop: ``count`` layers as run."""

    title: str
    body: tuple[str, ...]  # what each layer of a pass writes
    passes: int
    layers: int
    before: int  # the largest degree
    after: int
    last_gain: int  # what the last pass adds to it
    gain_before: int  # what the one before adds

    @property
    def needed(self) -> int:
        return depth_lower_bound(-(-self.after // max(self.before, 1)))

    @property
    def reason(self) -> str:
        """Why degree alone would need fewer layers; nothing if it would not."""
        if self.layers <= self.needed or self.passes == 0:
            return ""
        each = self.layers // self.passes
        what = "a layer" if each == 1 else f"{each} layers"
        if self.passes > 1 and self.last_gain <= self.gain_before:
            fewer = "and --fewest layers does many at once"
            if self.title.startswith("for "):
                fewer = "and each has numbers of its own (--fewest layers is for 'repeat')"
            return (
                f"a pass of {what} adds {self.last_gain} to the degree: its steps are affine, "
                f"{fewer}"
            )
        if self.passes == 1:
            return f"{what} for a degree that {self.needed} could reach"
        factor = _ratio(self.after, max(self.after - self.last_gain, 1))
        return f"a pass of {what} multiplies the degree by {factor}, {what} could by {_power(each)}"


class NotPolynomialError(Exception):
    """A function of entries has no degree."""


def depth_text(template: Template, found: Report, bindings: Bindings) -> str:
    """What ``weightsmith show --depth`` prints."""
    count = found.layers_text if found.layers is None else str(found.layers)
    lines = [f"depth of {template.algorithm}: {count} layer{'s' * (count != '1')}"]
    try:
        stretches = stretches_of(template, bindings)
    except NotPolynomialError as reason:
        lines += [f"no lower bound by degree: {reason}", *_places(template.body, bindings, "")]
        return "\n".join(lines) + "\n"
    if found.degree is not None:
        lines.append(
            f"degree {_number(found.degree)} in the inputs, and L layers reach at most 3^L: "
            f"no linear-attention network has fewer than {found.depth_lower_bound} layers"
        )
    start = 1
    for one in stretches:
        if not one.layers:
            continue
        end = start + one.layers - 1
        where = f"layer {start}" if start == end else f"layers {start}-{end}"
        start = end + 1
        lines.append(
            f"{where}: {one.title}, degree {_number(one.before)} -> {_number(one.after)} "
            f"(by degree at least {one.needed})"
        )
        lines += [f"    {text}" for text in one.body]
        lines += [f"    above the bound because {one.reason}"] if one.reason else []
    return "\n".join(lines) + "\n"


def _number(value: int) -> str:
    """A degree of many digits, shortly."""
    if value < 10**9:
        return str(value)
    exponent = Decimal(value).adjusted()
    return f"{value / 10**exponent:.2f}e{exponent}" if exponent < 300 else f"about 10^{exponent}"


def _ratio(top: int, bottom: int) -> str:
    """top/bottom, shortly."""
    return f"{top / bottom:.3g}" if top < bottom * 10**9 else _number(top // bottom)


def _power(layers: int) -> str:
    """3^layers, shortly."""
    return str(3**layers) if layers < 20 else f"3^{layers}"


def stretches_of(template: Template, bindings: Bindings) -> tuple[Stretch, ...]:
    """Follow the degrees.  Raises NotPolynomialError where there are none, or a count is open."""
    if _work(template.body, bindings) > MAX_FOLLOWED:
        raise NotPolynomialError("its layers as run are too many to be followed")
    sources = {source.name: int(source.kind in INPUTS) for source in template.sources}
    degrees = {
        name: max((sources[of] for of, _ in terms), default=0) for name, terms in template.read_in
    }
    degrees = Degrees(
        {block.name: degrees.get(block.name, 0) for block in template.blocks},
        {view.name: view.block for view in template.views},
    )
    found: list[Stretch] = []
    plain: list[Layer] = []
    for item in (*template.body, None):
        if isinstance(item, Layer):
            plain.append(item)
            continue
        if plain:
            found.append(_stretch("outside of loops", tuple(plain), 1, degrees, bindings))
            plain = []
        if item is not None:
            count = _count(item, bindings)
            title = loop_title(item, template)
            found.append(_stretch(title, item.body, count, degrees, bindings))
    return tuple(found)


def _work(items: tuple[Item, ...], bindings: Bindings) -> int:
    """How many heads and layers there are as run."""
    total = 0
    for item in items:
        if isinstance(item, Layer):
            hidden = 0 if item.mlp is None else len(item.mlp.hidden)
            total += 1 + len(item.heads) + hidden
        else:
            total += _count(item, bindings) * (1 + _work(item.body, bindings))
    return total


def _stretch(
    title: str, body: tuple[Item, ...], count: int, degrees: Degrees, bindings: Bindings
) -> Stretch:
    before = last = max(degrees.values(), default=0)
    gain = gain_before = 0
    for _ in range(count):
        _run(body, degrees, bindings)
        now = max(degrees.values(), default=0)
        gain, gain_before, last = now - last, gain, now
    layers = count * _layers(body, bindings)
    places = tuple(_places(body, bindings, ""))
    return Stretch(title, places, count, layers, before, last, gain, gain_before)


def _run(items: tuple[Item, ...], degrees: Degrees, bindings: Bindings) -> None:
    """Update the degrees by every layer as run."""
    for item in items:
        if isinstance(item, Layer):
            _apply(item, degrees)
        else:
            for _ in range(_count(item, bindings)):
                _run(item.body, degrees, bindings)


def _apply(layer: Layer, degrees: Degrees) -> None:
    added: dict[str, int] = {}
    for head in layer.heads:
        if not head.scores.is_linear:
            raise NotPolynomialError("the scores of heads are not linear")
        base = max(
            sum(max(degrees[name] for name, _ in terms) for terms in pair)
            for pair in zip(head.keys, head.queries, strict=True)
        )
        for block, index, _ in head.outputs:
            value = max(degrees[name] for name, _ in head.values[index])
            added[block] = max(added.get(block, 0), base + value)
    for block, degree in added.items():
        degrees[block] = max(degrees[block], degree)
    if layer.mlp is None:
        return
    if not is_linear(layer.mlp):
        raise NotPolynomialError("the MLPs compute functions of entries")
    moved: dict[str, int] = {}
    for block, index, _ in layer.mlp.outputs:
        terms = layer.mlp.hidden[index].terms
        degree = max((degrees[name] for name, _ in terms), default=0)
        moved[block] = max(moved.get(block, degrees[block]), degree)
    degrees.update(moved)


def _count(item: Repeat, bindings: Bindings) -> int:
    found = passes(parse_scalar(item.count), dict(bindings))
    if found is None:
        raise NotPolynomialError(f"'{item.count}' has no value; give it one with --set")
    return found


def _layers(items: tuple[Item, ...], bindings: Bindings) -> int:
    total = 0
    for item in items:
        if isinstance(item, Layer):
            total += counts_as_layer(item)
        else:
            total += _count(item, bindings) * _layers(item.body, bindings)
    return total


def _places(items: tuple[Item, ...], bindings: Bindings, indent: str) -> list[str]:
    """One line for each layer that counts: what its heads and its MLP write."""
    lines: list[str] = []
    for item in items:
        if isinstance(item, Repeat):
            lines.append(f"{indent}{_loop_text(item, bindings)}")
            lines += _places(item.body, bindings, indent + "    ")
        elif counts_as_layer(item):
            lines.append(f"{indent}{_layer_text(item)}")
    return lines


def _loop_text(item: Repeat, bindings: Bindings) -> str:
    count = passes(parse_scalar(item.count), dict(bindings))
    if count is None or not item.body:
        return f"repeat {item.count}: {layers_text((item,))} layers"
    times = item.count if item.count == str(count) else f"{item.count} = {count}"
    inner = layers_text(item.body)
    total = f"{count * int(inner)}" if inner.isdigit() else layers_text((item,))
    return f"repeat {times}: {total} layer{'s' * (total != '1')}"


def _layer_text(layer: Layer) -> str:
    written = list(dict.fromkeys(block for head in layer.heads for block, _, _ in head.outputs))
    count = len(layer.heads)
    parts = [f"{count} head{'s' * (count != 1)}: {_listed(written)}"] if count else []
    if layer.mlp is not None and not is_linear(layer.mlp):
        parts.append("functions of entries in the MLP")
    return "; ".join(parts)


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:MANY])
    return shown if len(names) <= MANY else f"{shown} and {len(names) - MANY} more"
