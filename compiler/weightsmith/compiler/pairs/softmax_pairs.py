"""The pass ``softmax_pairs``: two softmax heads at ±omega in place of every linear head.

A linear head adds c·Σ_j p_j (s_j·q) at a query q: p_j are its values, s_j its keys, N of them.
With f(t) = Σ_j p_j softmax_j(t·s·q) the pair adds

    c · N/(2·omega) · (f(omega) − f(−omega))  =  c · Σ_j (p_j − p̄) (s_j·q)  +  O(omega²)

(He et al. 2025, arXiv 2503.12734), p̄ the mean of the values: softmax does not see a number that is
added to all scores, so the limit is the *centred* head P·(I − 1·1ᵀ/N)·Sᵀ·Q, and not P·Sᵀ·Q.  The
two are equal where the values, or the keys, sum to zero over the tokens of the key groups.  The
checker's rule ``centred`` has the bound of the difference, with its proof.

``centred`` makes the network of centred heads, in heads that every back end runs: of each layer
two. The first writes the means of the values (normalised scores of ones), the second has the linear
heads on the values minus their means, and its MLP clears the means.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from weightsmith.compiler.ir.coefficients import CoefficientField
from weightsmith.compiler.ir.template import (
    LINEAR,
    Block,
    Coefficient,
    Head,
    Hidden,
    Item,
    Layer,
    Mlp,
    Repeat,
    Scores,
    Source,
    Template,
    Terms,
    layers_of,
)
from weightsmith.dsl.heads import OF_SUMS
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalar_algebra import divided, plus, times
from weightsmith.dsl.numbers.scalar_text import parse_scalar

SOFTMAX = Scores("exp", normalised=OF_SUMS)
MEAN = Scores(normalised=OF_SUMS)
Place = tuple[int, int]  # of the first head of a pair: layer (loops not unrolled), head


class PairsError(ValueError):
    """There is nothing to make pairs of, or omega is no positive number."""


@dataclass(frozen=True, slots=True)
class PairNetwork:
    """The network of pairs: ``places`` of their first heads, ``sizes`` of the groups that are new
    among the template's, ``kept`` what became of the other heads."""

    template: Template
    omega: Fraction
    places: tuple[Place, ...]
    sizes: tuple[str, ...]
    kept: tuple[str, ...]

    @property
    def statement(self) -> str:
        """What the network is, and is not."""
        heads = len(self.places)
        many = f"{heads} linear head{'s' * (heads != 1)}"
        return (
            f"softmax pairs at omega = {self.omega}: two softmax heads for each of {many}; within "
            "O(omega^2) of the centred network, whose heads are P*(I - ones/N)*S'*Q: that is the "
            "script's where the values or the keys of each head sum to zero over its tokens"
        )


def softmax_pairs(template: Template, omega: Fraction) -> PairNetwork:
    """Lower each unmasked linear head to two softmax heads.

    Raises PairsError if omega is not positive, or if there is no such head.
    """
    if omega <= 0:
        raise PairsError(f"omega must be a number above 0, got {omega}.")
    groups = dict.fromkeys(
        group for head in _heads(template) if head.scores.is_linear for group in head.key_groups
    )
    if not groups:
        raise PairsError(
            "the network has no linear head, so there is nothing to make softmax pairs of: "
            "compile it without."
        )
    sizes, new = _sizes(template, tuple(groups))
    maker = _Maker(template, omega, sizes)
    body = tuple(map(maker.item, template.body))
    known = (*template.sizes, *((sizes[group], group) for group in new))
    made = replace(template, body=body, sizes=known)
    return PairNetwork(made, omega, tuple(maker.places), new, tuple(maker.kept))


def linear_heads(template: Template, omega: Fraction, places: Collection[Place]) -> Template:
    """The linear heads for which the pairs at these places stand: ``softmax_pairs`` undone."""
    sizes = {group: symbol for symbol, group in reversed(template.sizes)}
    number = iter(range(len(tuple(layers_of(template.body)))))

    def item(one: Item) -> Item:
        if isinstance(one, Repeat):
            return replace(one, body=tuple(map(item, one.body)))
        layer, heads = next(number), []
        for place, head in enumerate(one.heads):
            if (layer, place) in places:
                count = plus([parse_scalar(sizes.get(group, group)) for group in head.key_groups])
                share = divided(q.Number(2 * omega), count)
                keys = tuple(_scaled_terms(terms, q.Number(1 / omega)) for terms in head.keys)
                outputs = tuple((b, i, scaled(c, share)) for b, i, c in head.outputs)
                heads.append(replace(head, keys=keys, outputs=outputs, scores=LINEAR))
            elif (layer, place - 1) not in places:
                heads.append(head)
        return replace(one, heads=tuple(heads))

    return replace(template, body=tuple(map(item, template.body)))


def centred(template: Template) -> Template:
    """The network with P·(I − 1·1ᵀ/N)·Sᵀ·Q in place of every linear head P·Sᵀ·Q."""
    means = _Means(template)
    body = means.items(template.body)
    one, groups = means.one, template.groups
    source = Source(f"1[1;{','.join(groups)}]", "ones", "", "1", groups)
    known = {each.name for each in template.sources}
    blocks = (*template.blocks, Block(one, "1"), *means.blocks)
    read_in = (*template.read_in, (one, ((source.name, "1"),)))
    sources = template.sources if source.name in known else (*template.sources, source)
    return replace(template, body=body, blocks=blocks, read_in=read_in, sources=sources)


def _heads(template: Template) -> Iterator[Head]:
    for layer in layers_of(template.body):
        yield from layer.heads


def scaled(coefficient: Coefficient, *factors: q.Scalar) -> Coefficient:
    """The product, in lowest terms."""
    product = times((parse_scalar(coefficient), *factors))
    return str(CoefficientField([product]).of(product))


def _scaled_terms(terms: Terms, factor: q.Scalar) -> Terms:
    return tuple((name, scaled(coefficient, factor)) for name, coefficient in terms)


def _sizes(template: Template, groups: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The number of tokens of each group, as a symbol or a number; the groups that had none."""
    found = {group: symbol for symbol, group in reversed(template.sizes) if group in groups}
    found |= {group: group for group in groups if group.isdigit()}
    new = tuple(group for group in groups if group not in found)
    taken = _names(template)
    for group in new:
        name = "N" if len(new) == 1 and "N" not in taken else f"N_{group}"
        while name in taken:
            name += "_"
        taken.add(name)
        found[group] = name
    return found, new


def _names(template: Template) -> set[str]:
    """What a symbol may not be called."""
    names = {name for name, _ in (*template.bindings, *template.sizes)}
    names |= {one.of for one in template.sources} | {one.name for one in template.matrices}
    names |= set(template.readable)
    for text in _coefficients(template):
        names |= q.free_symbols(parse_scalar(text))
    return names


def _coefficients(template: Template) -> Iterator[Coefficient]:
    for layer in layers_of(template.body):
        for head in layer.heads:
            for terms in (*head.keys, *head.queries, *head.values):
                yield from (coefficient for _, coefficient in terms)
            yield from (coefficient for _, _, coefficient in head.outputs)
        for unit in () if layer.mlp is None else layer.mlp.hidden:
            yield from (unit.bias, unit.gate_bias)
            yield from (coefficient for _, coefficient in (*unit.terms, *unit.gate))
        if layer.mlp is not None:
            yield from (coefficient for _, _, coefficient in layer.mlp.outputs)
            yield from (coefficient for _, coefficient in layer.mlp.bias)
    yield from (c for terms in template.read_in for _, c in terms[1])
    yield from (c for output in template.read_out for _, c in output.terms)
    yield from _counts(template.body)


def _counts(items: tuple[Item, ...]) -> Iterator[Coefficient]:
    for item in items:
        if isinstance(item, Repeat):
            yield item.count
            for name, values in item.schedule:
                yield from (name, *values)
            yield from _counts(item.body)


class _Maker:
    """Makes the pairs, layer by layer."""

    def __init__(self, template: Template, omega: Fraction, sizes: dict[str, str]) -> None:
        self._omega = q.Number(omega)
        self._sizes = sizes
        self._layer = 0
        self.places: list[Place] = []
        self.kept: list[str] = []

    def item(self, item: Item) -> Item:
        if isinstance(item, Repeat):
            return replace(item, body=tuple(map(self.item, item.body)))
        heads: list[Head] = []
        for head in item.heads:
            if head.scores.is_linear:
                self.places.append((self._layer, len(heads)))
                heads += self._pair(head)
            else:
                self.kept.append(_kept(self._layer, head))
                heads.append(head)
        self._layer += 1
        return replace(item, heads=tuple(heads))

    def _pair(self, head: Head) -> Iterator[Head]:
        count = plus([parse_scalar(self._sizes[group]) for group in head.key_groups])
        share = divided(count, times((q.Number(Fraction(2)), self._omega)))
        for sign in (q.ONE, q.MINUS_ONE):
            outputs = tuple((b, i, scaled(c, sign, share)) for b, i, c in head.outputs)
            turned = times((sign, self._omega))
            keys = tuple(_scaled_terms(terms, turned) for terms in head.keys)
            yield replace(head, keys=keys, outputs=outputs, scores=SOFTMAX)


def _kept(layer: int, head: Head) -> str:
    scores = head.scores
    what = [scores.function] * bool(scores.function)
    what += [f"the mask '{scores.mask}'"] * (scores.mask != "all")
    what += ["normalised scores"] * bool(scores.normalised and not scores.function)
    blocks = ", ".join(dict.fromkeys(block for block, _, _ in head.outputs))
    return f"layer {layer}: the head on {blocks} stays, it has {' and '.join(what)}"


class _Means:
    """Makes two layers of each that has a linear head: the means of the values, then the rest."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._taken = set(template.readable)
        self.blocks: list[Block] = []
        self._by_rows: dict[tuple[str, int], str] = {}
        self.one = self._fresh("one")

    def _fresh(self, name: str) -> str:
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    def _block(self, rows: str, number: int) -> str:
        """The block of the mean of this number among those of so many rows in a layer."""
        if (rows, number) not in self._by_rows:
            name = self._fresh(f"mean{len(self.blocks)}")
            self._by_rows[rows, number] = name
            self.blocks.append(Block(name, rows))
        return self._by_rows[rows, number]

    def items(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        found: list[Item] = []
        for item in items:
            if isinstance(item, Repeat):
                found.append(replace(item, body=self.items(item.body)))
            else:
                found += self._layers(item)
        return tuple(found)

    def _layers(self, layer: Layer) -> list[Item]:
        means: list[Head] = []
        heads: list[Head] = []
        used: dict[str, int] = {}
        cleared: dict[str, str] = {}
        rows_of = self._template.readable
        for head in layer.heads:
            if not head.scores.is_linear:
                heads.append(head)
                continue
            outputs, values = [], []
            for index, terms in enumerate(head.values):
                rows = rows_of[terms[0][0]]
                name = self._block(rows, used.get(rows, 0))
                used[rows] = used.get(rows, 0) + 1
                cleared[name] = rows
                outputs.append((name, index, "1"))
                values.append((*terms, (name, "-1")))
            one: tuple[Terms, ...] = (((self.one, "1"),),)
            groups = head.key_groups
            means.append(
                replace(
                    head,
                    keys=one,
                    queries=one,
                    outputs=tuple(outputs),
                    query_groups=groups,
                    scores=MEAN,
                )
            )
            heads.append(replace(head, values=tuple(values)))
        if not means:
            return [layer]
        return [Layer(tuple(means), None), Layer(tuple(heads), _clearing(layer.mlp, cleared))]


def _clearing(mlp: Mlp | None, blocks: dict[str, str]) -> Mlp:
    """The MLP, that also makes these blocks zero: −relu(m) + relu(−m) = −m."""
    own = mlp or Mlp((), ())
    hidden, outputs = list(own.hidden), list(own.outputs)
    for name, rows in blocks.items():
        outputs += [(name, len(hidden), "-1"), (name, len(hidden) + 1, "1")]
        hidden += [Hidden(rows, ((name, sign),)) for sign in ("1", "-1")]
    return Mlp(tuple(hidden), tuple(outputs), own.bias)
