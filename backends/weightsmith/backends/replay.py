"""A small input at which a network and a script differ, in exact rationals.

Both run as they are written: the network by the interpreter of its template, the script by the
interpreter of the language.  They share no code with the proof that failed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, product

import numpy as np

from weightsmith.backends.data.arrays import Array
from weightsmith.backends.reference import run_files
from weightsmith.backends.template.template_json import template_to_json
from weightsmith.compiler.ir.template import Template
from weightsmith.dsl.program import core
from weightsmith.dsl.running.interpreter import run

Values = dict[str, Array | dict[str, Array]]
DRAWS = 40  # inputs of one size
LARGEST = 3  # size of an axis, and number of tokens of a group
SEED = 20261202
ENTRIES = (0, 1, -1, 2)
NUMBERS = (Fraction(1), Fraction(2), Fraction(1, 2), Fraction(3))  # values of symbols


@dataclass(frozen=True, slots=True)
class Replay:
    """Sizes, inputs and values of symbols, and what the two return there."""

    sizes: Mapping[str, int]
    symbols: Mapping[str, Fraction]
    inputs: Values
    network: Array
    script: Array


@dataclass(frozen=True, slots=True)
class _Case:
    sizes: Mapping[str, int]
    symbols: Mapping[str, Fraction]
    inputs: Values


def smallest_difference(
    program: core.Program,
    template: Template,
    bindings: Mapping[str, Fraction],
    name: str,
    group: str,
) -> Replay | None:
    """Look for an input at which a returned value differs; None if none is found.

    ``bindings`` are the values that are given; other symbols are chosen.  A fixed matrix without
    numbers is the script's input of its name.
    """
    search = _Search(program, template, bindings, name, group)
    for sizes in search.sizes():
        for case in search.cases(sizes):
            found = search.difference(case)
            if found is not None:
                return search.shrunk(case, found)
    return None


class _Search:
    def __init__(
        self,
        program: core.Program,
        template: Template,
        bindings: Mapping[str, Fraction],
        name: str,
        group: str,
    ) -> None:
        self.program, self.template, self.bindings = program, template, bindings
        self.name, self.group = name, group
        known = {*bindings, *(symbol for symbol, _ in template.sizes)}
        self.open = [one.name for one in program.parameters if one.name not in known]
        self.axes = self._axes()

    def _axes(self) -> list[str]:
        """The axes and the groups of tokens that need a size."""
        found: dict[str, None] = {}
        for one in self.program.inputs:
            columns = one.shape.column_groups if one.shape.columns == core.TOKEN else ()
            found |= dict.fromkeys((one.shape.rows, *(columns or (one.shape.columns,))))
        return [axis for axis in found if not axis.isdigit()]

    def sizes(self) -> Iterator[dict[str, int]]:
        """All of 1, then larger ones, as many axes at once as it takes."""
        every = product(range(1, LARGEST + 1), repeat=len(self.axes))
        ordered = sorted(islice(every, 3000), key=lambda sizes: (max(sizes, default=0), sum(sizes)))
        for sizes in ordered[:60]:
            yield dict(zip(self.axes, sizes, strict=True))

    def cases(self, sizes: Mapping[str, int]) -> Iterator[_Case]:
        chance = random.Random(SEED)
        for draw in range(DRAWS):
            few = NUMBERS[: 1 + draw // 10]
            symbols = {name: chance.choice(few) for name in self.open}
            yield _Case(
                sizes,
                symbols,
                {one.name: self._input(one, sizes, chance) for one in self.program.inputs},
            )

    def _input(
        self, one: core.Input, sizes: Mapping[str, int], chance: random.Random
    ) -> Array | dict[str, Array]:
        def matrix(columns: str) -> Array:
            shape = tuple(
                int(axis) if axis.isdigit() else sizes[axis] for axis in (one.shape.rows, columns)
            )
            values = [Fraction(chance.choice(ENTRIES)) for _ in range(shape[0] * shape[1])]
            found = np.array(values, dtype=object).reshape(shape)
            return np.triu(found) + np.triu(found, 1).T if one.symmetric else found

        if one.shape.columns == core.TOKEN:
            return {group: matrix(group) for group in one.shape.column_groups}
        return matrix(one.shape.columns)

    def difference(self, case: _Case) -> tuple[Array, Array] | None:
        """What the two return there, if that differs."""
        try:
            network, script = self._network(case), self._script(case)
        except (ValueError, TypeError, ZeroDivisionError, ArithmeticError):
            return None  # a division by zero, or no exact value
        return None if np.array_equal(network, script) else (network, script)

    def _network(self, case: _Case) -> Array:
        symbols = {**self.bindings, **case.symbols}
        for symbol, group in self.template.sizes:
            symbols[symbol] = Fraction(case.sizes.get(group, 1))
        matrices = tuple(
            one
            if one.entries is not None
            else replace(one, entries=_entries(case.inputs[one.name]))
            for one in self.template.matrices
        )
        bindings = tuple(sorted((name, str(value)) for name, value in symbols.items()))
        template = replace(self.template, bindings=bindings, matrices=matrices)
        read = {source.of for source in template.sources if source.kind in ("input", "transposed")}
        inputs = {name: value for name, value in case.inputs.items() if name in read}
        found = run_files(template_to_json(template), None, inputs, exact=True)[self.name]
        return self._part(found)

    def _script(self, case: _Case) -> Array:
        symbols = {**self.bindings, **case.symbols}
        for symbol, group in self.template.sizes:
            symbols[symbol] = Fraction(case.sizes.get(group, 1))
        inputs = dict(case.inputs)
        for one in self.template.matrices:
            if one.entries is not None and one.name in inputs:
                rows = [[Fraction(text) for text in row] for row in one.entries]
                inputs[one.name] = np.array(rows, dtype=object)
        return self._part(run(self.program, inputs, symbols, exact=True)[self.name])

    def _part(self, value: Array | Mapping[str, Array]) -> Array:
        return value[self.group] if isinstance(value, Mapping) else value

    # -- smaller ------------------------------------------------------------------------------

    def shrunk(self, case: _Case, found: tuple[Array, Array]) -> Replay:
        """With as many entries 0 and symbols 1 as the difference allows."""
        for name, value in case.inputs.items():
            parts = _parts(value)
            for group, array in parts.items():
                for place in np.ndindex(array.shape):
                    for smaller in (Fraction(0), Fraction(1)):
                        if array[place] in (0, smaller):
                            continue
                        tried = _changed(
                            case, name, group, place, smaller, self._is_symmetric(name)
                        )
                        again = self.difference(tried)
                        if again is not None:
                            case, found = tried, again
                            array = _parts(case.inputs[name])[group]
                            break
        for symbol in case.symbols:
            tried = replace(case, symbols={**case.symbols, symbol: Fraction(1)})
            again = self.difference(tried)
            if again is not None:
                case, found = tried, again
        return Replay(case.sizes, case.symbols, case.inputs, *found)

    def _is_symmetric(self, name: str) -> bool:
        return next(one.symmetric for one in self.program.inputs if one.name == name)


def _parts(value: Array | dict[str, Array]) -> dict[str, Array]:
    """By group of tokens; of a matrix under ""."""
    return value if isinstance(value, dict) else {"": value}


def _changed(
    case: _Case, name: str, group: str, place: tuple[int, ...], entry: Fraction, symmetric: bool
) -> _Case:
    value = case.inputs[name]
    array = (value[group] if isinstance(value, dict) else value).copy()
    array[place] = entry
    if symmetric:
        array[place[::-1]] = entry
    inputs: Values = dict(case.inputs)
    inputs[name] = {**value, group: array} if isinstance(value, dict) else array
    return replace(case, inputs=inputs)


def _entries(value: Array | Mapping[str, Array]) -> tuple[tuple[str, ...], ...]:
    if isinstance(value, Mapping):
        raise TypeError("A fixed matrix is one matrix.")
    return tuple(tuple(str(entry) for entry in row) for row in value)
