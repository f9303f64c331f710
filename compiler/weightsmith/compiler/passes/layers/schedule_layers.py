"""Normal form to schedule: products into layers, as early as their operands allow.

At each level (the program, or a loop's body) the inner loops cut the layers into segments.  A
product is computed in the first layer at which its operands are stored.  What a segment must
leave behind are its **demands**: the initial values of the next loop's variables, the words that
loop wants computed once outside, and at the end the new values of the level's own variables or
the returned values.  Linear terms are free: the read-in or the MLP after the last layer of the
segment moves them.  The last layer's products go straight to where they are wanted.
"""

from __future__ import annotations

from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import NormalProgram
from weightsmith.compiler.ir.polynomial import Space, Word
from weightsmith.compiler.ir.schedule import (
    Affine,
    Schedule,
    ScheduledApplication,
    ScheduledItem,
    ScheduledLayer,
    ScheduledLoop,
    ScheduledOutput,
    TripleProduct,
    Value,
)
from weightsmith.compiler.passes.layers.by_groups import (
    one_coefficient,
)
from weightsmith.compiler.passes.layers.demands import (
    Applied,
    Argument,
    Demand,
    Linear,
    Product,
)
from weightsmith.compiler.passes.layers.plan_level import LevelPlan
from weightsmith.compiler.passes.layers.share_blocks import (
    adding_to,
    products_by_target,
    spare_value,
    write_targets,
)
from weightsmith.dsl.program.core import Approximated, PiecewiseLinear


def schedule_layers(
    program: NormalProgram, *, hoist_terms: bool, share_blocks: bool = False
) -> Schedule:
    """Schedule a program whose carried variables are all materialised as they stand.

    ``hoist_terms``: a term of a loop that the loop does not change is computed before it, even
    where one layer of the loop would do (there it may share a head: w·x − y times x'·x).
    ``share_blocks``: heads write to several variables at once where that saves blocks.
    Raises InfeasibleError if a value cannot be materialised or computed.
    """
    level = _Level(program, None, None, hoist_terms)
    level.share_blocks = share_blocks
    items = level.items()
    return Schedule(items, level.initial, tuple(level.outputs), level.hoistable)


class _Level(LevelPlan):
    """A level's layers, from its plan."""

    share_blocks = False

    def items(self) -> list[ScheduledItem]:
        """Schedule the children, gather the demands, and lay out the layers."""
        levels = [_Level(self.program, child, self, self.hoist_terms) for child in self.children]
        for level in levels:
            level.share_blocks = self.share_blocks
            self._holders.update(level.own)
        bodies = [level.items() for level in levels]
        self.hoistable |= any(level.hoistable for level in levels)
        demands = self._demands()
        segments = self._segments(demands)
        result: list[ScheduledItem] = []
        for position, layers in enumerate(segments):
            result += layers
            if position < len(levels):
                child = self.children[position]
                carried = tuple(levels[position].own.values())
                result.append(
                    ScheduledLoop(
                        child.index, child.count, carried, bodies[position], child.schedule
                    )
                )
        return result

    # -- layers ------------------------------------------------------------------------------

    def _segments(self, demands: list[Demand]) -> list[list[ScheduledLayer]]:
        depths = [0] * (len(self.children) + 1)
        times = [product.time for product in self.products.values()]
        times += [applied.time for applied in self.applied.values()]
        for segment, layer in times:
            depths[segment] = max(depths[segment], layer)
        segments = [[ScheduledLayer() for _ in range(depth)] for depth in depths]
        for demand in demands:
            self._keep_early_products(demand, depths)
            self._split_functions(demand, depths)
        for product in self.products.values():
            if product.kept:
                one = self.program.field.one
                groups = tuple(sorted(product.groups))
                self._compute(segments, product, self.kept_value(product), one, groups)
        for demand in demands:
            if not demand.in_place:
                self._settle_fresh(segments, demand, demands)
        in_place = [d for d in demands if d.in_place]
        last = (len(self.children), depths[-1])
        known = {
            id(argument): demand
            for applied in self.applied.values()
            for argument in applied.arguments
            for demand in in_place
            if applied.time == last and not demand.direct and _same(argument, demand)
        }
        read = [
            value
            for applied in self.applied.values()
            for argument in applied.arguments
            if applied.time == last and id(argument) not in known
            for value in argument.linear
        ]
        self._settle_in_place(segments, in_place, read)
        for applied in self.applied.values():
            self._apply(segments, applied, known)
        return segments

    def _split_functions(self, demand: Demand, depths: list[int]) -> None:
        """A function that the segment's last MLP computes is added by that MLP itself."""
        last = (demand.segment, depths[demand.segment])
        for applied in self.applied.values():
            if applied.value not in demand.linear:
                continue
            if demand.value.kind != "sum" and applied.time == last:
                applied.direct[demand.value] = demand.linear.pop(applied.value)
                demand.direct = True
            else:
                applied.kept = True

    def _apply(
        self,
        segments: list[list[ScheduledLayer]],
        applied: Applied,
        known: dict[int, Demand],
    ) -> None:
        """Put a function into the MLP of its layer."""
        segment, number = applied.time
        layer, one = segments[segment][number - 1], self.program.field.one
        outputs = dict(applied.direct)
        if applied.kept:
            outputs[applied.value] = one
            layer.moves[applied.value] = {}
        if not outputs:
            return
        found: list[Affine] = []
        for place, argument in enumerate(applied.arguments):
            demand = known.get(id(argument))
            if demand is not None:  # the MLP sees the new value already, as it will be moved
                found.append(Affine(demand.linear, demand.bias))
            elif place and argument.columns == applied.arguments[0].columns:
                found.append(found[0])
            else:
                found.append(self._summed(segments, applied, argument, place))
        function = applied.application.function
        if isinstance(function, Approximated):
            raise TypeError("tables are chosen before layers are scheduled")
        table = function if isinstance(function, PiecewiseLinear) else None
        rows = applied.application.rows
        layer.applied.append(ScheduledApplication(table, tuple(found), rows, outputs))

    def _summed(
        self,
        segments: list[list[ScheduledLayer]],
        applied: Applied,
        argument: Argument,
        place: int,
    ) -> Affine:
        """An argument whose products of this layer add up in a block of the argument's own."""
        axis = next(iter(argument.columns.values())).rows
        name = f"{'second ' * place}argument of {applied.value.name}"
        target = Value("argument", name, axis, (), self.index)
        for product, coefficient, groups in argument.products:
            self._compute(segments, product, target, coefficient, groups)
        linear = dict(argument.linear)
        if argument.products:
            linear[target] = self.program.field.one
        return Affine(linear, argument.bias)

    def _keep_early_products(self, demand: Demand, depths: list[int]) -> None:
        """A product from before the place where it is wanted has to be kept until then."""
        late = []
        early: dict[Word, dict[Space, Coefficient]] = {}
        for product, coefficient, groups in demand.products:
            segment, layer = product.time
            here = segment == demand.segment
            if here and (not demand.in_place or layer == depths[segment]):
                late.append((product, coefficient, groups))
            else:
                early.setdefault(product.word, {}).update(dict.fromkeys(groups, coefficient))
        for word, by_group in early.items():
            product = self.products[word]
            product.kept = True
            held = self.kept_value(product)
            coefficient = one_coefficient(held.name, product.groups, demand.columns, by_group)
            demand.linear[held] = demand.linear.get(held, self.program.field.zero) + coefficient
        demand.products = late

    def _compute(
        self,
        segments: list[list[ScheduledLayer]],
        product: Product,
        target: Value,
        coefficient: Coefficient,
        groups: tuple[Space, ...],
    ) -> None:
        cut, one = product.cut, self.program.field.one
        left, right, last = self._operands(cut, set(groups))
        segment, layer = product.time
        triple = TripleProduct(
            target, {left: coefficient}, {right: one}, {last: one}, cut.space, groups
        )
        segments[segment][layer - 1].products.append(triple)

    def _settle_fresh(
        self,
        segments: list[list[ScheduledLayer]],
        demand: Demand,
        demands: list[Demand],
    ) -> None:
        """A value that does not exist yet: its products accumulate, its linear part is moved in."""
        target, factor = demand.value, self.program.field.one
        if self.share_blocks and demand.value.kind == "sum" and not self.applied:
            depth = len(segments[demand.segment])
            target, factor = adding_to(demand, demands, depth) or (target, factor)
        for product, coefficient, groups in demand.products:
            self._compute(segments, product, target, coefficient / factor, groups)
        if demand.value.kind == "sum":
            self.outputs.append(self._output(demand, summed=target == demand.value))
            return
        kinds = ("letter", "identity", "ones")
        from_sources = all(
            held.kind in kinds and held.rows == demand.value.rows for held in demand.linear
        )
        at_start = (demand.segment == 0 and from_sources) or not (demand.linear or demand.bias)
        if self.loop is None and at_start and not demand.direct:
            self.initial[demand.value] = self._with_ones(demand)
            return
        moved = dict(demand.linear)
        if demand.products:
            moved[demand.value] = self.program.field.one
        layer = _last_layer(segments[demand.segment])
        layer.moves[demand.value] = moved
        if demand.bias:
            layer.biases[demand.value] = demand.bias

    def _with_ones(self, demand: Demand) -> Linear:
        """The linear part with its constant, for the read-in and the read-out."""
        linear = dict(demand.linear)
        if demand.bias:
            linear[self._ones_value(demand.value.rows, tuple(demand.columns))] = demand.bias
        return linear

    def _output(self, demand: Demand, *, summed: bool) -> ScheduledOutput:
        returned = next(r for r in self.program.returns if r.name == demand.value.name)
        terms = self._with_ones(demand)
        if demand.products and summed:
            terms[demand.value] = self.program.field.one
        groups = tuple(returned.value)
        return ScheduledOutput(returned.name, returned.rows, groups, terms, returned.transposed)

    def _settle_in_place(
        self, segments: list[list[ScheduledLayer]], demands: list[Demand], read: list[Value]
    ) -> None:
        """The level's own variables change together, after the last layer's heads."""
        one = self.program.field.one
        moving = [
            d for d in demands if d.products or d.bias or d.direct or d.linear != {d.value: one}
        ]
        if not moving:
            return
        layer = _last_layer(segments[-1])
        before = [dict(demand.linear) for demand in demands]
        targets = write_targets(demands, before, read, self.loop, one, share=self.share_blocks)
        written = products_by_target(demands, targets)
        for target, terms in written.items():
            for product, coefficient, groups in terms:
                self._compute(segments, product, target, coefficient, groups)
        for demand in moving:
            spare = spare_value(demand, self.loop)
            if spare in written:
                demand.linear[spare] = one
            if demand.linear != {demand.value: one}:
                layer.moves[demand.value] = demand.linear
            if demand.bias:
                layer.biases[demand.value] = demand.bias


def _same(argument: Argument, demand: Demand) -> bool:
    """Is the argument what the demanded value will be, in every group of the argument?"""
    return demand.value.rows == next(iter(argument.columns.values())).rows and all(
        space in demand.columns and demand.columns[space].terms == polynomial.terms
        for space, polynomial in argument.columns.items()
    )


def _last_layer(layers: list[ScheduledLayer]) -> ScheduledLayer:
    if not layers:
        layers.append(ScheduledLayer())
    return layers[-1]
