"""What a level must compute: products, functions of entries, and the demands on its layers.

A level is the whole program or the body of one loop.  Its inner loops cut its layers into
segments; what a segment must leave behind are its demands: the initial values of the next loop's
variables, words wanted once outside, at the end the new values of the level's own variables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Application, Carried, Columns, Loop, NormalProgram
from weightsmith.compiler.ir.polynomial import Letter, Space, Word
from weightsmith.compiler.ir.schedule import (
    Combination,
    ScheduledOutput,
    Value,
)
from weightsmith.compiler.passes.layers.by_groups import (
    InfeasibleError,
    by_coefficient,
    by_word,
    groups_of,
    one_coefficient,
    why_not,
)
from weightsmith.compiler.passes.layers.demands import (
    Applied,
    Argument,
    Demand,
    Linear,
    Product,
)
from weightsmith.compiler.passes.layers.plan_products import (
    Cut,
    Plan,
    ProductPlanner,
    Time,
    without_ones,
)
from weightsmith.compiler.passes.normalizing.fold_entries import is_ones, ones_word


class LevelPlan:
    """What one level plans: the whole program, or the body of a loop."""

    def __init__(
        self,
        program: NormalProgram,
        loop: Loop | None,
        parent: LevelPlan | None,
        hoist_terms: bool,
    ) -> None:
        self.program, self.loop, self.parent = program, loop, parent
        self.hoist_terms = hoist_terms
        self.hoistable = False  # is a term computed here that could be hoisted?
        self.index = None if loop is None else loop.index
        outer = None if parent is None else parent.planner
        self.planner: ProductPlanner = ProductPlanner(program, loop, outer)
        self.children = self.planner.children
        self.products: dict[Word, Product] = {}
        self.applied: dict[str, Applied] = {}
        self.initial: dict[Value, Linear] = {}
        self.outputs: list[ScheduledOutput] = []
        self.own = {c.letter: _carried_value(c.letter, c.rows, parent) for c in self._carried()}
        self._holders: dict[str, Value] = {}
        self.moved_late: list[Time] = []  # layers for a fixed matrix times a function of the MLP

    def _carried(self) -> tuple[Carried, ...]:
        return self.loop.carried if self.loop else ()

    # -- values ------------------------------------------------------------------------------

    def holder(self, letter: Letter) -> Value:
        """Return the value that holds a stored letter."""
        for level in self._outward():
            for known in (level.own, level._holders):
                if letter.name in known:
                    return known[letter.name]
            if letter.name in level.planner.applied:
                applied = level._applied(letter.name)
                applied.kept |= level is not self
                return applied.value
        if is_ones(letter):
            return self._ones(letter)
        plain = letter._replace(group="")
        return Value("letter", plain.text(), self.program.alphabet.rows(letter), (plain,))

    def _ones(self, letter: Letter) -> Value:
        """The source of 1[d] on the token of axis 1, or of 1[d]' on the tokens of d."""
        axis = letter.name[2:-1]
        rows, columns = ("1", axis) if letter.transposed else (axis, "1")
        return self._ones_value(rows, (columns,))

    @staticmethod
    def _ones_value(rows: str, groups: tuple[Space, ...]) -> Value:
        word = (Letter(",".join(groups), ""),)
        return Value("ones", f"1[{rows};{','.join(groups)}]", rows, word)

    def _outward(self) -> Iterable[LevelPlan]:
        level: LevelPlan | None = self
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
        if plan.cut is None and word[0].name in self.planner.fixed:
            return self._view(word, groups)
        if plan.cut is None:
            return self.holder(word[0])
        product = self.product(word, groups)
        product.kept = True
        return self.kept_value(product)

    def _view(self, word: Word, groups: set[Space]) -> Value:
        """A fixed matrix times the value of the rest of the word."""
        matrix = word[0]
        held = self.value_of(word[1:], self.program.alphabet.columns(matrix), groups)
        rows = self.program.alphabet.rows(matrix)
        self._keep([held])
        return Value("view", f"{matrix.text()} {held.name}", rows, word, held.home, held)

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
            if isinstance(plan.cut, Application):
                self.head_operands(plan.cut, missing)
            else:
                self._operands(plan.cut, missing)
        return product

    def _operands(self, cut: Cut, groups: set[Space]) -> list[Value]:
        """Return the values of left, right and last, for an output at the given tokens."""
        at = ({cut.space}, {cut.space}, groups)
        values = [
            self.value_of(word, axis, where)
            for (word, axis), where in zip(cut.parts, at, strict=True)
        ]
        self._keep(values)
        return values

    def head_operands(self, head: Application, groups: set[Space]) -> list[Combination]:
        """Return value, keys and queries of a head with scores, for an output at these tokens."""
        found: list[Combination] = []
        for place, columns in enumerate(head.arguments):
            is_query = place > 0 and place % 2 == 0
            at = {s: p for s, p in columns.items() if not is_query or s in groups}
            found.append(self._combined(at))
        self._keep(value for combination in found for value in combination)
        return found

    def _combined(self, columns: Columns) -> Linear:
        """A combination of values that the stream holds."""
        total: Linear = {}
        bias = self._bias(columns)
        if bias:
            rows = next(iter(columns.values())).rows
            total[self._ones_value(rows, tuple(columns))] = bias
        for word, by_group in by_word(_without_constants(columns)).items():
            held = self.value_of(word, self._axis_of(word, columns), set(by_group))
            has = groups_of(self.program, held)
            coefficient = one_coefficient(held.name, has, columns, by_group)
            total[held] = total.get(held, self.program.field.zero) + coefficient
        return total

    def _keep(self, values: Iterable[Value]) -> None:
        """Functions of this level among the values are read later on: they need a block."""
        for applied in self.applied.values():
            applied.kept |= any(applied.value == value.held for value in values)

    # -- functions of entries ----------------------------------------------------------------

    def _applied(self, name: str) -> Applied:
        """Plan a function of this level, and whatever its argument is made of."""
        if name in self.applied:
            return self.applied[name]
        application = self.planner.applied[name]
        time = self.planner.ready(application)
        if time is None:
            raise InfeasibleError(self._why_not_ready(application))
        value = Value("applied", name, application.rows, (Letter(name, ""),), self.index)
        applied = Applied(application, value, time)
        self.applied[name] = applied
        applied.arguments = [self._argument(applied, c) for c in application.arguments]
        return applied

    def _why_not_ready(self, application: Application) -> str:
        for columns in application.arguments:
            for polynomial in columns.values():
                for word in polynomial.terms:
                    if self.planner.plan(without_ones(word)) is None:
                        return why_not(self.program, word)
        return f"{application.letter} cannot be computed"

    def _argument(self, applied: Applied, columns: Columns) -> Argument:
        argument = Argument(columns, {}, self._bias(columns), [])
        for word, by_group in by_word(_without_constants(columns)).items():
            plain = without_ones(word)
            groups = set(by_group)
            alone = len(plain) < len(word) or self._is_linear(word)
            if not alone:
                product = self.product(word, groups)
                if product.time == applied.time and not product.kept:
                    for coefficient, spaces in by_coefficient(by_group):
                        argument.products.append((product, coefficient, spaces))
                    continue
            held = self.value_of(plain, self._axis_of(plain, columns), groups)
            self._keep([held])
            has = groups_of(self.program, held)
            coefficient = one_coefficient(held.name, has, columns, by_group)
            argument.linear[held] = argument.linear.get(held, self.program.field.zero) + coefficient
        return argument

    def _axis_of(self, word: Word, columns: Columns) -> str:
        if word:
            return self.program.alphabet.rows(word[0])
        return next(iter(columns.values())).rows

    def _bias(self, columns: Columns) -> Coefficient:
        """Return the constant part; an MLP adds it at all tokens alike."""
        found = {
            p.terms.get(ones_word(p.rows, p.columns), self.program.field.zero)
            for p in columns.values()
        }
        if len(found) > 1:
            raise InfeasibleError(
                "a constant differs between the context tokens and the query tokens, and the MLP "
                "treats all tokens alike"
            )
        return found.pop()

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
        bias = self._bias(columns)
        demand = Demand(value, columns, segment, {}, bias, [], in_place)
        for word, by_group in by_word(_without_constants(columns)).items():
            plain = without_ones(word) if value.kind != "sum" else word
            if len(plain) < len(word) or self._is_linear(word):
                groups = set(by_group)
                held = self.value_of(plain, self._axis_of(plain, columns), groups)
                has = groups_of(self.program, held)
                coefficient = one_coefficient(held.name, has, columns, by_group)
                late = (one.time for one in self.applied.values() if one.value == held.of)
                self.moved_late += [(at, layer + 1) for at, layer in late if at == segment]
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
                self.hoistable = True
                return here
        return plan


def _without_constants(columns: Columns) -> Columns:
    return {
        space: replace(
            p, terms={w: c for w, c in p.terms.items() if w != ones_word(p.rows, p.columns)}
        )
        for space, p in columns.items()
    }


def _carried_value(letter: str, rows: str, parent: LevelPlan | None) -> Value:
    return Value("carried", letter, rows, (), parent.index if parent else None)
