"""Normal form to schedule: products into layers, as early as their operands allow.

At each level (the program, or a loop's body) the inner loops cut the layers into segments.  A
product is computed in the first layer at which its operands are stored.  What a segment must
leave behind are its **demands**: the initial values of the next loop's variables, the words that
loop wants computed once outside, and at the end the new values of the level's own variables or
the returned values.  Linear terms are free: the read-in or the MLP after the last layer of the
segment moves them.  The last layer's products go straight to where they are wanted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Carried, Columns, Loop, NormalProgram
from weightsmith.compiler.ir.polynomial import Letter, Space, Word
from weightsmith.compiler.ir.schedule import (
    Schedule,
    ScheduledItem,
    ScheduledLayer,
    ScheduledLoop,
    ScheduledOutput,
    TripleProduct,
    Value,
)
from weightsmith.compiler.passes.by_groups import (
    InfeasibleError,
    by_coefficient,
    by_word,
    groups_of,
    one_coefficient,
    why_not,
)
from weightsmith.compiler.passes.plan_products import Cut, Plan, ProductPlanner, Time

Linear = dict[Value, Coefficient]


@dataclass
class Product:
    """A planned product: where it is computed, at which tokens, and whether it must be kept."""

    word: Word
    cut: Cut
    time: Time
    groups: set[Space] = field(default_factory=set)
    kept: bool = False


@dataclass
class Demand:
    """``value`` must hold ``linear`` + Σ coefficient · product (at groups) after ``segment``."""

    value: Value
    columns: Columns
    segment: int
    linear: Linear
    products: list[tuple[Product, Coefficient, tuple[Space, ...]]]
    in_place: bool


def schedule_layers(program: NormalProgram, *, hoist_terms: bool) -> Schedule:
    """Schedule a program whose carried variables are all held as they stand.

    ``hoist_terms``: a term of a loop that the loop does not change is computed before it, even
    where one layer of the loop would do (there it may share a head: w·x − y times x'·x).
    Raises InfeasibleError if a value cannot be held or computed.
    """
    level = _Level(program, None, None, hoist_terms)
    items = level.items()
    return Schedule(items, level.initial, tuple(level.outputs))


class _Level:
    def __init__(
        self,
        program: NormalProgram,
        loop: Loop | None,
        parent: _Level | None,
        hoist_terms: bool,
    ) -> None:
        self.program, self.loop, self.parent = program, loop, parent
        self.hoist_terms = hoist_terms
        self.index = None if loop is None else loop.index
        outer = None if parent is None else parent.planner
        self.planner: ProductPlanner = ProductPlanner(program, loop, outer)
        self.children = self.planner.children
        self.products: dict[Word, Product] = {}
        self.initial: dict[Value, Linear] = {}
        self.outputs: list[ScheduledOutput] = []
        self.own = {c.letter: _carried_value(c.letter, c.rows, parent) for c in self._carried()}
        self._holders: dict[str, Value] = {}

    def _carried(self) -> tuple[Carried, ...]:
        return self.loop.carried if self.loop else ()

    def items(self) -> list[ScheduledItem]:
        """Schedule the children, gather the demands, and lay out the layers."""
        levels = [_Level(self.program, child, self, self.hoist_terms) for child in self.children]
        for level in levels:
            self._holders.update(level.own)
        bodies = [level.items() for level in levels]
        demands = self._demands()
        segments = self._segments(demands)
        result: list[ScheduledItem] = []
        for position, layers in enumerate(segments):
            result += layers
            if position < len(levels):
                child = self.children[position]
                carried = tuple(levels[position].own.values())
                result.append(ScheduledLoop(child.index, child.count, carried, bodies[position]))
        return result

    # -- values ------------------------------------------------------------------------------

    def holder(self, letter: Letter) -> Value:
        """Return the value that holds a stored letter."""
        for level in self._outward():
            for known in (level.own, level._holders):
                if letter.name in known:
                    return known[letter.name]
        plain = letter._replace(group="")
        return Value("letter", plain.text(), self.program.alphabet.rows(letter), (plain,))

    def _outward(self) -> Iterable[_Level]:
        level: _Level | None = self
        while level is not None:
            yield level
            level = level.parent

    def value_of(self, word: Word, axis: str, groups: set[Space]) -> Value:
        """Return the value that holds a word at the given tokens, planning what it needs."""
        if not word:
            return Value("identity", f"I[{axis}]", axis)
        plan = self.planner.plan(word)
        if plan is None:
            raise InfeasibleError(why_not(self.program, word))
        if plan.hoisted and self.parent is not None:
            return self.parent.value_of(word, axis, groups)
        if plan.cut is None:
            return self.holder(word[0])
        product = self.product(word, groups)
        product.kept = True
        return self.kept_value(product)

    def kept_value(self, product: Product) -> Value:
        name = "*".join(letter._replace(group="").text() for letter in product.word)
        rows = self.program.alphabet.rows(product.word[0])
        return Value("product", name, rows, product.word, self.index)

    def product(self, word: Word, groups: set[Space]) -> Product:
        """Plan a product at this level, and whatever it is made of."""
        plan = self._term_plan(word)
        if plan is None or plan.cut is None:
            raise InfeasibleError(why_not(self.program, word))
        if word not in self.products:
            self.products[word] = Product(word, plan.cut, plan.time)
        product = self.products[word]
        missing = groups - product.groups
        if missing:
            product.groups |= groups
            self._operands(plan.cut, missing)
        return product

    def _operands(self, cut: Cut, groups: set[Space]) -> list[Value]:
        """Return the values of left, right and last, for an output at the given tokens."""
        at = ({cut.space}, {cut.space}, groups)
        return [
            self.value_of(word, axis, where)
            for (word, axis), where in zip(cut.parts, at, strict=True)
        ]

    # -- demands -----------------------------------------------------------------------------

    def _demands(self) -> list[Demand]:
        demands = []
        for position, child in enumerate(self.children):
            for carried in child.carried:
                value = self._holders[carried.letter]
                demands.append(self._demand(value, position, carried.initial, in_place=False))
        last = len(self.children)
        if self.loop is not None:
            for carried in self.loop.carried:
                value = self.own[carried.letter]
                demands.append(self._demand(value, last, carried.next, in_place=True))
            return demands
        for returned in self.program.returns:
            total = Value("sum", returned.name, returned.rows)
            demand = self._demand(total, last, returned.value, in_place=False)
            demands.append(demand)
        return demands

    def _demand(self, value: Value, segment: int, columns: Columns, *, in_place: bool) -> Demand:
        demand = Demand(value, columns, segment, {}, [], in_place)
        for word, by_group in by_word(columns).items():
            if self._is_linear(word):
                axis = next(iter(columns.values())).rows
                groups = set(by_group)
                held = self.value_of(word, axis, groups)
                has = groups_of(self.program, held)
                coefficient = one_coefficient(held.name, has, columns, by_group)
                demand.linear[held] = demand.linear.get(held, self.program.field.zero) + coefficient
            else:
                product = self.product(word, set(by_group))
                for coefficient, spaces in by_coefficient(by_group):
                    demand.products.append((product, coefficient, spaces))
        return demand

    def _is_linear(self, word: Word) -> bool:
        if not word:
            return True
        plan = self._term_plan(word)
        if plan is None:
            raise InfeasibleError(why_not(self.program, word))
        return plan.cut is None

    def _term_plan(self, word: Word) -> Plan | None:
        plan = self.planner.plan(word)
        if plan is not None and plan.hoisted and not self.hoist_terms:
            here = self.planner.plan_here(word)
            if here is not None and here.time <= (0, 1):
                return here
        return plan

    # -- layers ------------------------------------------------------------------------------

    def _segments(self, demands: list[Demand]) -> list[list[ScheduledLayer]]:
        depths = [0] * (len(self.children) + 1)
        for product in self.products.values():
            segment, layer = product.time
            depths[segment] = max(depths[segment], layer)
        segments = [[ScheduledLayer() for _ in range(depth)] for depth in depths]
        for demand in demands:
            self._keep_early_products(demand, depths)
        for product in self.products.values():
            if product.kept:
                one = self.program.field.one
                groups = tuple(sorted(product.groups))
                self._compute(segments, product, self.kept_value(product), one, groups)
        for demand in demands:
            if not demand.in_place:
                self._settle_fresh(segments, demand)
        self._settle_in_place(segments, [d for d in demands if d.in_place])
        return segments

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

    def _settle_fresh(self, segments: list[list[ScheduledLayer]], demand: Demand) -> None:
        """A value that does not exist yet: its products accumulate, its linear part is moved in."""
        for product, coefficient, groups in demand.products:
            self._compute(segments, product, demand.value, coefficient, groups)
        if demand.value.kind == "sum":
            self.outputs.append(self._output(demand))
            return
        from_sources = all(held.kind in ("letter", "identity") for held in demand.linear)
        at_start = (demand.segment == 0 and from_sources) or not demand.linear
        if self.loop is None and at_start:
            self.initial[demand.value] = demand.linear
            return
        moved = dict(demand.linear)
        if demand.products:
            moved[demand.value] = self.program.field.one
        _last_layer(segments[demand.segment]).moves[demand.value] = moved

    def _output(self, demand: Demand) -> ScheduledOutput:
        returned = next(r for r in self.program.returns if r.name == demand.value.name)
        terms = dict(demand.linear)
        if demand.products:
            terms[demand.value] = self.program.field.one
        groups = tuple(returned.value)
        return ScheduledOutput(returned.name, returned.rows, groups, terms, returned.transposed)

    def _settle_in_place(self, segments: list[list[ScheduledLayer]], demands: list[Demand]) -> None:
        """The level's own variables change together, after the last layer's heads."""
        one = self.program.field.one
        moving = [d for d in demands if d.products or d.linear != {d.value: one}]
        if not moving:
            return
        layer = _last_layer(segments[-1])
        before = [dict(demand.linear) for demand in demands]
        for demand in moving:
            target, factor = self._carrier(demand, demands, before)
            for product, coefficient, groups in demand.products:
                self._compute(segments, product, target, coefficient / factor, groups)
            if demand.products and target.kind == "spare":
                demand.linear[target] = one
            if demand.linear != {demand.value: one}:
                layer.moves[demand.value] = demand.linear

    def _carrier(
        self, demand: Demand, demands: list[Demand], before: list[Linear]
    ) -> tuple[Value, Coefficient]:
        """Find a value that the move takes to this demand alone, so that heads can write there.

        If the move sends value j to ``factor`` times this variable and nowhere else, heads that
        add 1/factor of the products to j need no space of their own (Newton: X ← 2(X − ½XAX)).
        """
        local = [d.value for d in demands]
        local += [v for linear in before for v in linear if _dies_with(v, self.index)]
        for value in dict.fromkeys([demand.value, *local]):
            column = [
                (other.value, linear[value])
                for other, linear in zip(demands, before, strict=True)
                if value in linear
            ]
            if len(column) != 1 or column[0][0] != demand.value or value.rows != demand.value.rows:
                continue
            if column[0][1].is_number:
                return value, column[0][1]
        spare = Value("spare", f"+{demand.value.name}", demand.value.rows, (), self.index)
        return spare, self.program.field.one


def _dies_with(value: Value, loop: int | None) -> bool:
    return value.kind == "product" and value.home == loop


def _last_layer(layers: list[ScheduledLayer]) -> ScheduledLayer:
    if not layers:
        layers.append(ScheduledLayer())
    return layers[-1]


def _carried_value(letter: str, rows: str, parent: _Level | None) -> Value:
    return Value("carried", letter, rows, (), parent.index if parent else None)
