"""Are two templates the same network?

Coefficients are compared by value.  The order of terms, the names of sources and of views, what
adds nothing, and how often a value or a hidden unit is written down make no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from weightsmith.compiler.ir.coefficients import Coefficient, CoefficientField
from weightsmith.compiler.ir.template import Head, Item, Layer, Mlp, Template, Terms
from weightsmith.compiler.nets.symbols import coefficients_of
from weightsmith.dsl.numbers.scalar_text import parse_scalar

Texts = tuple[str, ...]
Key = tuple[Texts, ...]  # what a difference is made of, for people to read
MOST_SHOWN = 200  # characters of one side of a difference


def same_template(first: Template, second: Template) -> str:
    """Return "" if they are, or else the first difference in words."""
    values = _Values(coefficients_of(first) | coefficients_of(second))
    one, other = _Side(first, values), _Side(second, values)
    for what in ("algorithm", "groups", "blocks", "bindings", "sizes", "matrices"):
        found = _difference(what, getattr(first, what), getattr(second, what))
        if found:
            return found
    for block in first.blocks:
        found = _difference(
            f"start of '{block.name}'", *(s.start(block.name) for s in (one, other))
        )
        if found:
            return found
    return _items(one, other, first.body, second.body, "") or _difference(
        "returned values", one.outputs(), other.outputs()
    )


def _difference(what: str, first: object, second: object) -> str:
    return "" if first == second else f"{what}: {_shown(first)}; {_shown(second)}"


def _shown(found: object) -> str:
    text = str(found)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def _items(
    one: _Side, other: _Side, first: tuple[Item, ...], second: tuple[Item, ...], place: str
) -> str:
    """The first difference between two lists of layers and loops."""
    found = _difference(f"number of items{place}", len(first), len(second))
    for number, (a, b) in enumerate(zip(first, second, strict=False), 1):
        found = found or _item(one, other, a, b, f"{place}, item {number}")
    return found


def _item(one: _Side, other: _Side, first: Item, second: Item, place: str) -> str:
    if isinstance(first, Layer) and isinstance(second, Layer):
        return _layer(one, other, first, second, place)
    if isinstance(first, Layer) or isinstance(second, Layer):
        return _difference(f"kind{place}", type(first).__name__, type(second).__name__)
    sides = ((one, first), (other, second))
    return (
        _difference(f"passes{place}", *(side.value(loop.count) for side, loop in sides))
        or _difference(f"schedule{place}", *(side.schedule(loop.schedule) for side, loop in sides))
        or _items(one, other, first.body, second.body, f"{place}, inside")
    )


def _layer(one: _Side, other: _Side, first: Layer, second: Layer, place: str) -> str:
    heads = _difference(f"heads{place}", len(first.heads), len(second.heads))
    if heads:
        return heads
    for number, (a, b) in enumerate(zip(first.heads, second.heads, strict=True), 1):
        found = _difference(f"head {number}{place}", one.head(a), other.head(b))
        if found:
            return found
    units, others = one.units(first.mlp), other.units(second.mlp)
    for number, (c, d) in enumerate(zip(units, others, strict=False), 1):
        found = _difference(f"hidden unit {number}{place}", c, d)
        if found:
            return found
    return _difference(f"hidden units{place}", len(units), len(others)) or _difference(
        f"bias{place}", one.bias(first.mlp), other.bias(second.mlp)
    )


class _Values:
    """Coefficients by their text, in one field: two of one value have one text."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._scalars = {text: parse_scalar(text) for text in sorted(texts)}
        self._field = CoefficientField(self._scalars.values())
        self._values: dict[str, Coefficient] = {}
        self.zero = self._field.zero

    def of(self, text: str) -> Coefficient:
        if text not in self._values:
            scalar = self._scalars.get(text) or parse_scalar(text)
            self._values[text] = self._field.of(scalar)
        return self._values[text]

    def sums(self, terms: Iterable[tuple[str, str]]) -> Key:
        """Coefficients added up by name, those that are zero left out, in the order of names."""
        total: dict[str, Coefficient] = {}
        for name, one in terms:
            total[name] = total.get(name, self.zero) + self.of(one)
        return tuple((name, str(total[name])) for name in sorted(total) if total[name] != 0)


class _Side:
    """One of the templates, its parts in the form in which they are compared."""

    def __init__(self, template: Template, values: _Values) -> None:
        self.template, self.values = template, values
        self._sources = {
            one.name: " ".join((one.kind, one.of, one.rows, *one.groups))
            for one in template.sources
        }
        self._views = {
            one.name: f"{one.matrix}{'′' * one.transposed}·{one.block}" for one in template.views
        }
        self._read_in = dict(template.read_in)

    def value(self, text: str) -> str:
        return str(self.values.of(text))

    def terms(self, terms: Terms) -> Key:
        return self.values.sums((self._views.get(name, name), one) for name, one in terms)

    def start(self, block: str) -> Key:
        terms = self._read_in.get(block, ())
        return self.values.sums((self._sources[name], one) for name, one in terms)

    def schedule(self, schedule: tuple[tuple[str, Texts], ...]) -> Key:
        return tuple((name, *map(self.value, values)) for name, values in sorted(schedule))

    def outputs(self) -> tuple[object, ...]:
        return tuple(
            (one.name, one.rows, one.groups, one.transposed, self.terms(one.terms))
            for one in self.template.read_out
        )

    def head(self, head: Head) -> tuple[object, ...]:
        """Keys, queries, where, and what is added to which block."""
        return (
            tuple(map(self.terms, head.keys)),
            tuple(map(self.terms, head.queries)),
            head.scores,
            head.key_groups,
            head.query_groups,
            self._added(head.outputs, lambda index: self.terms(head.values[index])),
        )

    def units(self, mlp: Mlp | None) -> list[tuple[object, Key]]:
        """Each hidden unit, in their order, with what it adds."""
        if mlp is None:
            return []

        def unit(index: int) -> tuple[object, ...]:
            one = mlp.hidden[index]
            gate = (self.terms(one.gate), self.value(one.gate_bias)) if one.is_gated else ()
            return (one.rows, self.terms(one.terms), self.value(one.bias), gate)

        return self._added(sorted(mlp.outputs, key=lambda one: one[1]), unit)

    def bias(self, mlp: Mlp | None) -> Key:
        return () if mlp is None else self.values.sums(mlp.bias)

    def _added(
        self,
        outputs: Iterable[tuple[str, int, str]],
        part: Callable[[int], tuple[object, ...]],
    ) -> list[tuple[object, Key]]:
        """Outputs by what they are of, each of those once; what adds nothing left out."""
        found: dict[tuple[object, ...], list[tuple[str, str]]] = {}
        for block, index, coefficient in outputs:
            found.setdefault(part(index), []).append((block, coefficient))
        added = ((one, self.values.sums(terms)) for one, terms in found.items())
        return [(one, terms) for one, terms in added if terms]
