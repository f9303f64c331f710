"""From a network's numbers to a plan: layer after layer, on combinations in place of arrays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from weightsmith.backends.errors import PlanError
from weightsmith.backends.plan.layers.attention import Head, attention
from weightsmith.backends.plan.layers.carried import Held, State, flat, is_matrix, values_of
from weightsmith.backends.plan.layers.looped_numbers import (
    LayerNumbers,
    Numbers,
    Part,
    Passes,
)
from weightsmith.backends.plan.layers.masks import mask, masked
from weightsmith.backends.plan.layers.mlp import MlpPlan
from weightsmith.backends.plan.layers.reading import Reading, linear_heads
from weightsmith.backends.plan.layers.scored import described, scored_head, scored_updates
from weightsmith.backends.plan.layers.stream import (
    DIRECT,
    ZERO,
    Key,
    Tokens,
    Value,
    applied,
    scaled,
    total,
)
from weightsmith.backends.plan.operations.cost import Sizes
from weightsmith.backends.plan.operations.graph import TOP, Graph, single, transpose
from weightsmith.backends.plan.operations.nodes import (
    Axis,
    Combination,
    Fixed,
    Input,
    Loop,
    Ref,
)
from weightsmith.backends.plan.operations.origins import Origins
from weightsmith.backends.template.architecture import ViewShape
from weightsmith.backends.template.wellformed import TOKEN_GROUPS
from weightsmith.compiler.ir.template import Source, Template

LONG = 6  # terms of a value that is written out
MOST_LAYERS = 2_000  # that are looked at, those of a loop several times; speed only
INLINE = 1  # passes of a loop that is none

Form = Literal["direct", "images", "gram"]  # of values at context and query tokens: see stream.py


@dataclass(frozen=True, slots=True)
class PlannedOutput:
    """One returned value: its matrix by group, transposed where the script has it so."""

    name: str
    pieces: Mapping[str, Ref]


@dataclass(frozen=True, slots=True)
class Plan:
    """The operations, and what they return.  ``inputs``: name and group of each array."""

    graph: Graph
    outputs: tuple[PlannedOutput, ...]
    inputs: tuple[Ref, ...]
    origins: Origins = field(default_factory=Origins)


def plan_of(
    template: Template,
    numbers: Numbers,
    sizes: Mapping[str, int] | None = None,
    form: Form = "direct",
    sharded: Collection[Axis] = (),
    masked: Collection[Axis] = (),
    *,
    by_chunks: bool = True,
) -> Plan:
    """Return the plan of a network.

    ``sizes`` of axes decide in which order products are taken, and nothing else; no order is
    taken that multiplies one ``sharded`` axis with another, where there is one that does not.  The
    ``masked`` groups take a mask of their tokens as another input.  ``by_chunks``: sums up to each
    token may be taken by chunks (``Running``).
    """
    builder = _Builder(template, numbers, Sizes(sizes, sharded), form, masked)
    builder.by_chunks = by_chunks
    state = builder.run(builder.start(), numbers.parts, TOP)
    return Plan(builder.graph, builder.outputs(state), tuple(builder.inputs), builder.origins)


class _Builder:
    def __init__(
        self,
        template: Template,
        numbers: Numbers,
        sizes: Sizes,
        form: Form,
        groups: Collection[Axis],
    ) -> None:
        self.graph = Graph()
        self._masks = {group: mask(self.graph, group) for group in groups}
        self.inputs: list[Ref] = list(self._masks.values())
        self.origins = Origins()
        self._template = template
        self._numbers = numbers
        self._sizes = sizes
        self._form = form
        self._layers = 0
        self.by_chunks = True
        self._groups = template.groups
        self._rows = numbers.architecture.block_rows
        self._data: dict[int, dict[int, Ref]] = defaultdict(dict)  # group, source: of images
        self._tokens: dict[int, Tokens] = {}

    # read-in and read-out

    def start(self) -> State:
        """The stream before the first layer."""
        planes = {
            (number, group): self._plane(source, number, group)
            for number, source in enumerate(self._template.sources)
            for group, name in enumerate(self._groups)
            if name in source.groups
        }
        self._tokens = {
            group: Tokens(self.graph, self._data[group], self._form == "gram")
            for group in range(len(self._groups))
        }
        state: State = {}
        for block, row in enumerate(self._numbers.embed):
            for group in range(len(self._groups)):
                terms = [
                    (scaled(self.graph, planes[source, group], scalar), number)
                    for source, (number, scalar) in enumerate(row)
                    if number and (source, group) in planes
                ]
                state[block, group] = total(terms)
        return {key: value for key, value in state.items() if not value.is_zero}

    def _plane(self, source: Source, number: int, group: int) -> Value:
        name = self._groups[group]
        shape = (source.rows, name)
        if source.kind == "identity":
            return Value({DIRECT: Combination(shape, eye=1.0)})
        if source.kind == "ones":
            return self._masked(Value({DIRECT: Combination(shape, ones=1.0)}), name)
        ref = self._input(source, name)
        if self._form != "direct" and name in TOKEN_GROUPS:
            self._data[group][number] = ref
            return Value({number: Combination((source.rows, source.rows), eye=1.0)})
        return Value({DIRECT: single(ref, shape)})

    def _input(self, source: Source, group: str) -> Ref:
        if group in TOKEN_GROUPS:
            node, shape, flip = Input(source.of, group), (source.rows, group), False
        else:
            flip = source.kind == "transposed"
            shape = (group, source.rows) if flip else (source.rows, group)
            node = Input(source.of, None)
        ref = self.graph.node(node, shape)
        if ref not in self.inputs:
            self.inputs.append(ref)
        return ref.mT if flip else ref

    def outputs(self, state: State) -> tuple[PlannedOutput, ...]:
        found = []
        for output in self._template.read_out:
            row = self._numbers.unembed[output.name]
            pieces = {}
            for name in output.groups:
                group = self._groups.index(name)
                value = total(
                    (scaled(self.graph, self._readable(state, place, group), scalar), number)
                    for place, (number, scalar) in enumerate(row)
                    if number
                )
                shape = (output.rows, name)
                direct = self._tokens[group].direct(value) or Combination(shape)
                ref = self.graph.matrix(direct)
                pieces[name] = ref.mT if output.transposed else ref
            found.append(PlannedOutput(output.name, pieces))
        return tuple(found)

    # layers and loops

    def run(self, state: State, parts: tuple[Part, ...], scope: int) -> State:
        """The stream after these parts."""
        for part in parts:
            if isinstance(part, LayerNumbers):
                made, before = len(self.graph.nodes), state
                state = self._layer(state, part)
                self._note(part.number, made, before, state)
            elif part.count > 0:
                state = self._loop(state, part, scope)
        return state

    def _note(self, layer: int, made: int, before: State, after: State) -> None:
        held = {
            self._named(key): value.parts[DIRECT]
            for key, value in after.items()
            if DIRECT in value.parts and value is not before.get(key)
        }
        self.origins.after(layer, range(made, len(self.graph.nodes)), held)

    def _named(self, key: Key) -> tuple[str, str]:
        return self._template.blocks[key[0]].name, self._groups[key[1]]

    def _loop(self, state: State, part: Passes, scope: int) -> State:
        """A first pass on its own where it is cheaper or changes what is no matrix; then a loop.

        A loop whose count is chosen at run time is nothing but a loop.
        """
        body, count = part.body, part.count
        after = self.run(state, body, scope)
        before, then = flat(state), flat(after)
        changed = [p for p in {**before, **then} if before.get(p) != then.get(p)]
        if not changed or (count == 1 and not part.symbol):
            return after
        if part.symbol:
            return self._carried(state, part, scope)
        if any(not is_matrix(before.get(place)) for place in changed):
            state, count = after, count - 1
        if count <= INLINE:
            return self.run(state, body, scope) if count else state
        return self._carried(state, Passes(count, body), scope)

    def _carried(self, state: State, part: Passes, scope: int) -> State:
        """The loop itself.  Not carried is what a pass leaves as it is, for whatever it finds, and
        twice what starts equal and is changed alike."""
        body = part.body
        loop = self.graph.open_loop(scope, part.count)
        entry, after = flat(state), flat(self.run(state, body, scope))
        shapes = {p: one.shape for p, one in {**after, **entry}.items()}
        held = Held(entry, shapes)
        while True:
            names, places = held.names(), held.places
            refs = {
                p: self.graph.carried(loop, places[name], shapes[name]) for p, name in names.items()
            }
            inside = entry | {p: single(ref, shapes[p]) for p, ref in refs.items()}
            after = flat(self.run(values_of(inside), body, loop))
            shapes |= {p: one.shape for p, one in after.items()}
            if not held.refined(inside, after):
                break
            loop = self.graph.open_loop(scope, part.count)
        self.origins.carried.update({(loop, n): self._named(p[:2]) for p, n in places.items()})
        entries = [self.graph.matrix(entry.get(p, Combination(shapes[p]))) for p in places]
        nexts = [self.graph.matrix(after.get(p, Combination(shapes[p]))) for p in places]
        closed = Loop(scope, part.count, tuple(entries), tuple(nexts), part.symbol)
        results = self.graph.close_loop(loop, closed)
        return values_of(
            entry | {p: single(results[places[name]], shapes[p]) for p, name in names.items()}
        )

    def _layer(self, state: State, layer: LayerNumbers) -> State:
        self._layers += 1
        if self._layers > MOST_LAYERS:
            raise PlanError(
                f"the network has more layers than a plan is made of (about {MOST_LAYERS}, those "
                "in loops counted several times); 'network.module()' runs it."
            )
        state = self._plus(state, self._attention(state, layer))
        if layer.shape.mlp is None:
            return state
        read = self._numbers.architecture.read_rows
        mlp = MlpPlan(self.graph, read, layer, lambda b, g: self._readable(state, b, g))
        updates: dict[Key, list[Value]] = defaultdict(list)
        for group, name in enumerate(self._groups):
            for key, value in mlp.updates(group, name, self._tokens[group]):
                updates[key].append(self._masked(value, name))
        sums = {key: total((value, 1.0) for value in values) for key, values in updates.items()}
        return self._plus(state, sums)

    def _masked(self, value: Value, group: str) -> Value:
        row = self._masks.get(group)
        return value if row is None else masked(self.graph, value, row)

    def _plus(self, state: State, added: Mapping[Key, Value]) -> State:
        """The stream with what is added; what was written out stands for itself."""
        after = dict(state)
        for key, value in added.items():
            before = self._held(state, key)
            after[key] = self._short(total([(before, 1.0), (value, 1.0)]))
            if after[key].is_zero:
                del after[key]
        return after

    def _held(self, state: State, key: Key) -> Value:
        """What a block holds; what was written out before stands for itself."""
        parts = state.get(key, ZERO).parts
        return Value({source: self.graph.whole(part) for source, part in parts.items()})

    def _readable(self, state: State, place: int, group: int) -> Value:
        """What a block holds, or the view of this place after the blocks."""
        if place < len(self._template.blocks):
            return self._held(state, (place, group))
        view = self._numbers.architecture.views[place - len(self._template.blocks)]
        return applied(self.graph, self._fixed(view), self._held(state, (view.block, group)))

    def _fixed(self, view: ViewShape) -> Combination:
        shape = next(m for m in self._numbers.architecture.fixed if m.name == view.matrix)
        numbers = self.graph.constant(self._numbers.fixed[view.matrix].ravel().tolist())
        ref = self.graph.node(Fixed(numbers, *shape.size), shape.axes)
        found = single(ref, shape.axes)
        return transpose(found) if view.transposed else found

    def _short(self, value: Value) -> Value:
        """A value of many terms is written out, so that none grows from layer to layer."""
        return Value(
            {
                source: single(self.graph.matrix(part), part.shape)
                if len(part.terms) > LONG
                else part
                for source, part in value.parts.items()
            }
        )

    def _attention(self, state: State, layer: LayerNumbers) -> dict[Key, Value]:
        """What the heads add."""
        reading = Reading(self.graph, self._groups, lambda p, g: self._readable(state, p, g))
        linear: list[Head] = []
        added: dict[Key, list[Value]] = defaultdict(list)
        for number, shape in enumerate(layer.shape.heads):
            if shape.scores.is_linear:
                linear += linear_heads(reading, layer, number)
                continue
            if self._form == "gram" and not set(TOKEN_GROUPS).isdisjoint(shape.query_groups):
                raise PlanError(
                    f"the head {number} of layer {layer.number} {described(shape.scores)}, so no "
                    "Gram matrices stand for its tokens; run the network with execution='plan'."
                )
            head = scored_head(reading, layer, number, self._masks)
            sizes = self._sizes if self.by_chunks else None
            for key, value in scored_updates(self.graph, head, self._tokens, sizes):
                added[key].append(value)
        found = attention(self.graph, linear, self._tokens, self._sizes) if linear else {}
        for key, value in found.items():
            added[key].append(value)
        return {key: total((value, 1.0) for value in some) for key, some in added.items()}
