"""Straight-line code for one value: blocks ``repeat 1:``, each one attention layer.

A variable holds one function at a time; each block moves all that change to their next counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from weightsmith.compiler.restructure.recurrences.counts import Chain, Step
from weightsmith.compiler.restructure.recurrences.linear import Series
from weightsmith.compiler.restructure.recurrences.lines import (
    block,
    free_name,
    sum_text,
    to_scalar,
)
from weightsmith.compiler.restructure.recurrences.materialised import choose_materialised
from weightsmith.compiler.restructure.recurrences.order import few_heads, few_transposed
from weightsmith.compiler.restructure.recurrences.powers import Recurrence
from weightsmith.compiler.restructure.recurrences.setting import Setting, word_text
from weightsmith.compiler.restructure.recurrences.sums import (
    ONE,
    OUTER,
    UNIT,
    Atom,
    Key,
    Sum,
    added,
)
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar

DIRECT, TRANSPOSED, VALUE = "B", "D", "R"  # the three families of materialised functions
Materialised = tuple[str, Atom]
Goal = tuple[tuple[Series, ...], Series]  # weights of the entries of a value, and what is added


@dataclass(frozen=True)
class Code:
    """Lines of the body, the returned expressions, and the family of every variable."""

    lines: tuple[str, ...]
    results: tuple[str, ...]
    families: dict[str, str] = field(default_factory=dict)


class Writer:
    """Writes the chain of one recurrence in one setting; ``taken`` names are not used."""

    def __init__(
        self, recurrence: Recurrence, setting: Setting, clause: str, taken: Iterable[str]
    ) -> None:
        self.recurrence, self.setting, self.clause = recurrence, setting, clause
        self.taken = set(taken)
        self.names: dict[Materialised, str] = {}
        self.at_start: dict[
            Materialised, str
        ] = {}  # powers of the least count, up to the first block
        without_one = not recurrence.plus and recurrence.value == "S" and not setting.unit
        self.held = choose_materialised(recurrence, with_identity=without_one)
        self.transposed = DIRECT if setting.symmetric else TRANSPOSED
        self.other = self._variable((TRANSPOSED, "V", 0, 0), 1)
        self.unit = self._variable((DIRECT, "Y", 0, 0), 1)
        self.unit_text = word_text(setting.unit)  # a variable's name after the first block

    def code(self, count: int, goals: list[Goal]) -> Code:
        """The code for results Σ weights·value_count + rest, one a goal."""
        steps = list(self._chain().steps(count))
        wanted = {(VALUE, atom) for goal in goals for atom in self._goal(count, goal[0])}
        series = [one for weights, _ in goals for one in weights]
        inline = self.setting.is_plain and all(set(one) <= {0} for one in series)
        last = steps.pop() if inline else None
        layers = self._layers(steps, wanted if last is None else self._inputs(last, wanted))
        self._name([self._at_start(layers), *(set(layer) for layer in layers)])
        reads_unit = not self.recurrence.from_rest or any(rest for _, rest in goals)
        keeps_unit = bool(layers) and len(self.setting.unit) > 1 and reads_unit
        lines = self._setup() + ([f"{self.unit} = 0"] if keeps_unit else [])
        before: set[Materialised] = set()
        for layer in layers:
            lines += self._block(layer, before, keeps_unit and layer is layers[0])
            before = set(layer)
            self.at_start = {}
            self.unit_text = self.unit if keeps_unit else self.unit_text
        results = []
        for weights, rest in goals:
            if last is None:
                terms = self._wrapped(count, weights)
            else:
                terms = self._inlined(last, count, weights)
            results.append(self._joined(terms, rest))
        return Code(tuple(lines), tuple(results), self._families())

    def _chain(self) -> Chain:
        one = self.recurrence
        known = one.value == "P" or (one.plus and one.at_rest is not None)
        same = known and self.setting.value_is_power
        return Chain(one.plus, one.is_sum, one.unit_held, same)

    # -- which functions are materialised after each layer -----------------------------------------

    def _goal(self, count: int, weights: tuple[Series, ...]) -> list[Atom]:
        return [
            Atom(self.recurrence.value, i, 0, count) for i, series in enumerate(weights) if series
        ]

    def _layers(
        self, steps: list[Step], goal: Iterable[Materialised]
    ) -> list[dict[Materialised, Sum]]:
        """The functions that each layer computes, from the last layer back."""
        layers: list[dict[Materialised, Sum]] = []
        needed = set(goal)
        for step in reversed(steps):
            layer = self._sums(step, needed)
            layers.append(layer)
            needed = {use for held, total in layer.items() for use in self._uses(held[0], total)}
        return [layer for layer in reversed(layers) if layer]

    def _at_start(self, layers: list[dict[Materialised, Sum]]) -> set[Materialised]:
        """Powers that variables hold before the first block.

        Products of these stay in it; products of inputs would be taken out.
        """
        powers = [held for held in (layers[0] if layers else ()) if held[1].kind in ("M", "E")]
        if self.recurrence.plus:
            return {(family, ONE) for family, atom in powers if atom.row == atom.column == 0}
        return {(family, replace(atom, count=1)) for family, atom in powers}

    def _inputs(self, step: Step, goal: Iterable[Materialised]) -> set[Materialised]:
        sums = self._sums(step, goal)
        return {use for held, total in sums.items() for use in self._uses(held[0], total)}

    def _sums(self, step: Step, wanted: Iterable[Materialised]) -> dict[Materialised, Sum]:
        """What some functions become, with the factors in a good order."""
        ordered = sorted(wanted)
        sums = [self._sum(step, held) for held in ordered]
        setting = self.setting
        if setting.plus and setting.symmetric and setting.from_right:
            sums = few_heads(sums)
        elif setting.plus and not setting.symmetric:
            sums = [
                few_transposed(
                    total, transposed=family == TRANSPOSED, from_right=setting.from_right
                )
                for (family, _), total in zip(ordered, sums, strict=True)
            ]
        return dict(zip(ordered, sums, strict=True))

    def _sum(self, step: Step, held: Materialised) -> Sum:
        """What a function becomes, of those held before."""
        atom = held[1]
        if atom.is_value:
            total = self.recurrence.next_column(step.values[atom.count])[atom.row][0]
            return self.held.written(self._from_powers(step, total))
        split = step.powers[atom.count]
        if atom.kind == "N":
            return self.held.written(self.recurrence.next_quotient(split)[atom.row][atom.column])
        power = self.held.written(self.recurrence.next_power(split)[atom.row][atom.column])
        if atom.kind == "M" or atom.row != atom.column:
            return power
        one = algebra.plus((power.get((ONE,), q.ZERO), q.MINUS_ONE))
        rest = {key: scale for key, scale in power.items() if key != (ONE,)}
        return rest if one == q.ZERO else {**rest, (ONE,): one}

    def _from_powers(self, step: Step, total: Sum) -> Sum:
        """Values that are powers, written as these."""
        found: Sum = {}
        for key, scale in total.items():
            place = next((i for i, atom in enumerate(key) if atom.is_value), 0)
            if not key[place].is_value or key[place].count not in step.as_powers:
                found = added(found, {key: scale})
                continue
            row = self.recurrence.value_from_powers(key[place].count)[key[place].row][0]
            for (atom,), more in row.items():
                new = (*key[:place], atom, *key[place + 1 :])
                found = added(found, {new: algebra.times((scale, more))})
        return found

    def _uses(self, family: str, total: Sum) -> set[Materialised]:
        found = {
            use for key in total for use in self._placed(family, key) if not self._is_inline(use[1])
        }
        return found

    def _is_inline(self, atom: Atom) -> bool:
        if atom in (ONE, UNIT, OUTER):
            return True
        return atom.kind in ("M", "E") and atom.count <= (0 if self.recurrence.plus else 1)

    def _placed(self, family: str, key: Key) -> tuple[Materialised, ...]:
        """The family of each factor: B·D'·B, D·B'·D, R·D'·B or B·D'·R."""
        if not any(atom.is_value for atom in key):
            family = DIRECT if family == VALUE else family
        if len(key) == 1:
            return ((family, key[0]),)
        if family != VALUE:
            other = DIRECT if family == self.transposed else self.transposed
            return tuple(zip((family, other, family), key, strict=True))
        values = [atom for atom in key if atom.is_value]
        first, second = (atom for atom in key if not atom.is_value)
        if self.setting.from_right:
            return (VALUE, values[0]), (self.transposed, first), (DIRECT, second)
        return (DIRECT, first), (self.transposed, second), (VALUE, values[0])

    # -- names -------------------------------------------------------------------------------

    def _name(self, layers: list[set[Materialised]]) -> None:
        """Give the functions of one kind and place a variable for each that lives at once."""
        for layer in layers:
            slots: dict[tuple[str, str, int, int], int] = {}
            for family, atom in sorted(layer, key=lambda held: (held[0], held[1])):
                place = (family, atom.kind, atom.row, atom.column)
                slots[place] = slots.get(place, 0) + 1
                name = self._variable(place, slots[place])
                if self._is_inline(atom):
                    self.at_start[family, atom] = name
                else:
                    self.names[family, atom] = name

    def _variable(self, place: tuple[str, str, int, int], slot: int) -> str:
        family, kind, row, column = place
        base = {VALUE: "R", DIRECT: kind, TRANSPOSED: f"{kind}t"}[family]
        if self.recurrence.order > 1 and kind not in ("V", "Y"):
            base += f"{row + 1}" + ("" if family == VALUE else f"{column + 1}")
        name = base + ("" if slot == 1 else f"_{slot}")
        return free_name(name, self.taken)

    def _families(self) -> dict[str, str]:
        named = {name: held[0] for held, name in self.names.items()}
        return {self.other: TRANSPOSED, self.unit: VALUE} | named

    # -- text --------------------------------------------------------------------------------

    def _setup(self) -> list[str]:
        """A value for every variable before the first block; v' of two letters needs a layer."""
        lines = []
        if len(self.setting.other) > 1:
            text = word_text(self.setting.other)
            lines += [f"{self.other} = 0", *block({self.other: text}, self.clause)]
        starts = dict.fromkeys(self.names.values(), "0")
        starts |= {name: self._start_text(*held) for held, name in self.at_start.items()}
        lines += [f"{name} = {start}" for name, start in sorted(starts.items())]
        return lines

    def _start_text(self, family: str, atom: Atom) -> str:
        return self._one(family) if atom == ONE else self._first_power(family, atom)

    def _one(self, family: str) -> str:
        if family == DIRECT:
            return word_text(self.setting.one)
        if len(self.setting.other) > 1:
            return self.other
        return word_text(self.setting.other)

    def _block(
        self, layer: dict[Materialised, Sum], before: set[Materialised], keeps_unit: bool
    ) -> list[str]:
        """One layer.  What is not held after it is cleared, so that nothing is taken out of it."""
        values = {self.names[one]: self._text(one[0], layer[one]) for one in layer}
        held = {self.names[one] for one in before} | set(self.at_start.values())
        for name in values.keys() - held:  # a zero, to which heads may add
            values[name] = f"{name} + {values[name]}"
        counts = {self.names[one]: one[1].count for one in layer}
        values |= {self.names[one]: "0" for one in before if self.names[one] not in values}
        values |= {self.unit: self.unit_text} if keeps_unit else {}
        comment = ", ".join(f"{name}: {count}" for name, count in sorted(counts.items()))
        return block(dict(sorted(values.items())), self.clause, comment=comment)

    def _text(self, family: str, total: Sum) -> str:
        terms = [(scale, self._key_text(family, key)) for key, scale in total.items()]
        return sum_text(terms)

    def _key_text(self, family: str, key: Key) -> str:
        placed = self._placed(family, key)
        if len(placed) == 1:
            return self._atom_text(*placed[0])
        texts = []
        for position, (kind, atom) in enumerate(placed):
            if not self.recurrence.plus and atom == ONE:
                continue
            text = self._atom_text(kind, atom)
            texts.append(f"{text}'" if position == 1 else text)
        return "*".join(texts)

    def _atom_text(self, family: str, atom: Atom) -> str:
        if (family, atom) in self.at_start:
            return self.at_start[family, atom]
        if atom == UNIT:
            return self.unit_text
        if atom == OUTER:
            return word_text(self.setting.outer or ())
        if atom == ONE:
            return self._unit_of(family)
        if self._is_inline(atom):
            return f"({self._first_power(family, atom)})"
        return self.names[family, atom]

    def _unit_of(self, family: str) -> str:
        return self.unit_text if family == VALUE else self._one(family)

    def _first_power(self, family: str, atom: Atom) -> str:
        """C₀ + λC₁ for an operator that is materialised as it is."""
        transposed = "'" if family == TRANSPOSED else ""
        operator = word_text(self.setting.operator)
        constant = self.recurrence.fixed[atom.row][atom.column]
        if atom.kind == "E" and atom.row == atom.column:
            constant = algebra.plus((constant, q.MINUS_ONE))
        slope = self.recurrence.slope[atom.row][atom.column]
        terms = [(constant, "I")] if constant != q.ZERO else []
        terms += [(slope, operator + transposed)] if slope != q.ZERO else []
        return sum_text(terms)

    # -- the result --------------------------------------------------------------------------

    def _inlined(
        self, step: Step, count: int, weights: tuple[Series, ...]
    ) -> list[tuple[Scalar, str]]:
        total: dict[str, Scalar] = {}
        goal = [(VALUE, atom) for atom in self._goal(count, weights)]
        for (family, atom), sums in self._sums(step, goal).items():
            weight = to_scalar(weights[atom.row][0])
            for key, scale in sums.items():
                text = self._key_text(family, key)
                more = algebra.times((weight, scale))
                total[text] = algebra.plus((total[text], more)) if text in total else more
        return [(scale, text) for text, scale in total.items()]

    def _wrapped(self, count: int, weights: tuple[Series, ...]) -> list[tuple[Scalar, str]]:
        terms = []
        for atom in self._goal(count, weights):
            for power, weight in sorted(weights[atom.row].items()):
                value = self._moved(self._atom_text(VALUE, atom), power)
                terms.append((to_scalar(weight), value))
        return terms

    def _moved(self, value: str, power: int) -> str:
        """The result of value·T^power."""
        setting = self.setting
        text = value
        for _ in range(power):
            text = self._times_operator(text)
        if setting.transposed:
            text = f"{text}'" if power == 0 else f"({text})'"
        return f"{word_text(setting.prefix)}*{text}" if setting.prefix else text

    def _times_operator(self, text: str) -> str:
        setting = self.setting
        if not setting.plus:
            operator = word_text(setting.operator)
            return f"{text}*{operator}" if setting.from_right else f"{operator}*{text}"
        one, other = self._one(DIRECT), self._one(self.transposed)
        return f"{text}*{other}'*{one}" if setting.from_right else f"{one}*{other}'*{text}"

    def _joined(self, terms: list[tuple[Scalar, str]], rest: Series) -> str:
        for power, weight in sorted(rest.items()):
            terms.append((to_scalar(weight), self._moved(self.unit_text, power)))
        return sum_text(terms)
