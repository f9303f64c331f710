"""Scripts with tables for tests: tables by hand, the network as a script, inputs that fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from weightsmith.checker.balls.table_error import table_error
from weightsmith.checker.semantics.tables import approximated_sites
from weightsmith.dsl import Source, check
from weightsmith.dsl.numbers.formula_values import evaluate_formula
from weightsmith.dsl.numbers.formulas import formula_text
from weightsmith.dsl.numbers.scalars import Number, evaluate
from weightsmith.dsl.program import core

Array = NDArray[np.float64]
Json = dict[str, object]
Bindings = dict[str, Fraction]


def read_program(text: str, **numbers: object) -> tuple[core.Program, Bindings]:
    """A script and bindings: the given numbers, and the defaults of the others."""
    program = check(Source("test.alg", text))
    bindings = {name: Fraction(str(value)) for name, value in numbers.items()}
    waiting = [one for one in program.parameters if one.name not in bindings]
    while waiting:
        one = waiting.pop(0)
        assert one.default is not None
        try:
            bindings[one.name] = evaluate(one.default, bindings)
        except Exception:
            waiting.append(one)
    return program, bindings


def function_table(
    site: core.Entrywise, bindings: Bindings, ends: tuple[object, object], pieces: int, shift: int
) -> Json:
    """Chords of the function, all moved up or down by ``shift`` quarters of their error."""
    assert isinstance(site.function, core.Approximated)
    formula = site.function.formula
    low, high = (Fraction(str(end)) for end in ends)
    places = [low + (high - low) * i / pieces for i in range(pieces + 1)]
    values = [evaluate_formula(formula, float(place), bindings) for place in places]
    knots = [
        (p, Fraction(round(float(v) * 2**40), 2**40)) for p, v in zip(places, values, strict=True)
    ]
    error = table_error(formula, bindings, knots)
    knots = [(place, value + error * shift / 4) for place, value in knots]
    error = table_error(formula, bindings, knots)
    return {
        "site": site.site,
        "function": formula_text(formula),
        "low": str(low),
        "high": str(high),
        "error": str(error),
        "knots": [[str(place), str(value)] for place, value in knots],
    }


def product_table(site: core.Hadamard, sizes: tuple[object, object], pieces: int) -> Json:
    left, right = (Fraction(str(size)) for size in sizes)
    places = [Fraction(2 * i, pieces) - 1 for i in range(pieces + 1)]
    return {
        "site": site.site,
        "function": "product",
        "left": str(left),
        "right": str(right),
        "error": str(left * right / pieces**2),
        "knots": [[str(place), str(place**2)] for place in places],
    }


def tables_of(
    program: core.Program,
    bindings: Bindings,
    ends: Mapping[str, tuple[object, object]],
    *,
    pieces: int = 12,
    shift: int = 0,
    gated: bool = False,
) -> list[Json]:
    """The tables of a certificate; ``ends`` are the intervals (of a product, P and Q) by site."""
    found: list[Json] = []
    for site in approximated_sites(program):
        if isinstance(site, core.Hadamard):
            gate: Json = {"site": site.site, "function": "gated"}
            found.append(gate if gated else product_table(site, ends[site.site], pieces))
        else:
            found.append(function_table(site, bindings, ends[site.site], pieces, shift))
    return found


def network_of(program: core.Program, tables: list[Json]) -> core.Program:
    """The script that the network computes: tables in the place of functions and products."""
    by_site = {str(table["site"]): table for table in tables}

    def node(one: core.Node) -> core.Node:
        match one:
            case core.Transpose(of=of):
                return replace(one, of=node(of))
            case core.Combination(terms=terms):
                return replace(one, terms=tuple((scale, node(term)) for scale, term in terms))
            case core.Product(factors=factors):
                return replace(one, factors=tuple(map(node, factors)))
            case core.Entrywise(of=of, site=site):
                function = _table_function(by_site[site]) if site in by_site else one.function
                return replace(one, of=node(of), function=function)
            case core.Hadamard(site=site):
                return _hadamard(one, by_site[site], node(one.left), node(one.right))
        return one

    def statement(one: core.Statement) -> core.Statement:
        if isinstance(one, core.Repeat):
            return replace(one, body=tuple(map(statement, one.body)))
        return replace(one, values=tuple(map(node, one.values)))

    returns = tuple(replace(one, value=node(one.value)) for one in program.returns)
    return replace(program, body=tuple(map(statement, program.body)), returns=returns)


def _hadamard(site: core.Hadamard, table: Json, left: core.Node, right: core.Node) -> core.Node:
    if table["function"] == "gated":
        return replace(site, left=left, right=right)
    sizes = Fraction(str(table["left"])), Fraction(str(table["right"]))
    square = _table_function(table)
    terms = []
    for sign in (1, -1):
        halves = ((Number(1 / (2 * sizes[0])), left), (Number(sign / (2 * sizes[1])), right))
        inside = core.Combination(site.span, site.shape, halves)
        squared = core.Entrywise(site.span, site.shape, "square", square, inside, site.site)
        terms.append((Number(sign * sizes[0] * sizes[1]), squared))
    return core.Combination(site.span, site.shape, tuple(terms))


def _table_function(table: Json) -> core.PiecewiseLinear:
    items = table["knots"]
    assert isinstance(items, list)
    knots = [(Fraction(place), Fraction(value)) for place, value in items]
    slopes = [(w - v) / (b - a) for (a, v), (b, w) in pairwise(knots)]
    changes = [b - a for a, b in pairwise([Fraction(0), *slopes, Fraction(0)])]
    breakpoints = zip(knots, changes, strict=True)
    return core.PiecewiseLinear(
        Number(knots[0][1]),
        Number(Fraction(0)),
        tuple((Number(place), Number(change)) for (place, _), change in breakpoints if change),
    )


class Inputs:
    """Random inputs that meet the assumptions of norms, entries, sizes and symmetric spectra."""

    def __init__(self, program: core.Program, bindings: Bindings, seed: int) -> None:
        self.program, self.bindings = program, bindings
        self.random = np.random.default_rng(seed)
        self.sizes = {
            one.axis: int(evaluate(one.bound, bindings))
            for one in program.assumptions
            if isinstance(one, core.SizeAssumption)
        }

    def size(self, axis: str) -> int:
        return int(axis) if axis.isdigit() else self.sizes.get(axis, 3)

    def draw(self) -> dict[str, dict[str, Array]]:
        """Free matrices, one for each group of tokens (``""``: no tokens)."""
        found: dict[str, dict[str, Array]] = {}
        for one in self.program.inputs:
            groups = one.shape.column_groups or ("",)
            rows = self.size(one.shape.rows)
            width = {g: self.size(g or one.shape.columns) for g in groups}
            scale = 10 ** self.random.uniform(-1, 1)
            found[one.name] = {g: self.random.normal(size=(rows, width[g])) * scale for g in groups}
        return found

    def moved(self, free: dict[str, dict[str, Array]]) -> dict[str, dict[str, Array]]:
        """A neighbour of free matrices."""
        step = 10 ** self.random.uniform(-3, 0.5)
        return {
            name: {
                g: m + step * self.random.normal(size=m.shape) * (self.random.random(m.shape) < 0.5)
                for g, m in blocks.items()
            }
            for name, blocks in free.items()
        }

    def fit(self, free: dict[str, dict[str, Array]]) -> dict[str, dict[str, Array] | Array]:
        """The nearest matrices, more or less, that meet the assumptions."""
        fitted: dict[str, dict[str, Array] | Array] = {}
        for one in self.program.inputs:
            blocks = {g: self._fit(one, m) for g, m in free[one.name].items()}
            fitted[one.name] = blocks if one.shape.column_groups else blocks[""]
        return fitted

    def _fit(self, one: core.Input, matrix: Array) -> Array:
        matrix = (matrix + matrix.T) / 2 if one.symmetric else matrix
        for assumed in self.program.assumptions:
            if isinstance(assumed, core.SpectrumAssumption):
                matrix = self._fit_spectrum(one, assumed, matrix)
            if isinstance(assumed, core.EntryAssumption) and assumed.of == one.name:
                matrix = np.clip(matrix, self._value(assumed.low), self._value(assumed.high))
            if isinstance(assumed, core.NormAssumption) and assumed.of == one.name:
                bound = self._value(assumed.bound)
                per_token = bool(one.shape.column_groups)
                size = np.linalg.norm(matrix, axis=0) if per_token else np.linalg.norm(matrix, 2)
                matrix = matrix * np.minimum(1, bound / np.maximum(size, 1e-300))
        return matrix

    def _fit_spectrum(
        self, one: core.Input, assumed: core.SpectrumAssumption, matrix: Array
    ) -> Array:
        low, high = self._value(assumed.low), self._value(assumed.high)
        of = assumed.of
        if isinstance(of, core.Name) and of.name == one.name:
            if assumed.kind is core.SpectrumKind.SINGULAR_VALUES:
                u, s, v = np.linalg.svd(matrix, full_matrices=False)
                return np.asarray(u @ np.diag(np.clip(s, low, high)) @ v)
            values, vectors = np.linalg.eigh(matrix)
            values = np.clip(values, low, high)
            if assumed.kind is core.SpectrumKind.NONZERO_SPECTRUM:
                values[0] = 0.0
            return np.asarray(vectors @ np.diag(values) @ vectors.T)
        if isinstance(of, core.Product) and one.name in _names(of):  # x*x'
            u, s, v = np.linalg.svd(matrix, full_matrices=False)
            return np.asarray(u @ np.diag(np.clip(s, np.sqrt(low), np.sqrt(high))) @ v)
        return matrix

    def _value(self, scalar: object) -> float:
        return float(evaluate(scalar, self.bindings))  # type: ignore[arg-type]


def _names(node: core.Product) -> set[str]:
    inner = [f.of if isinstance(f, core.Transpose) else f for f in node.factors]
    return {one.name for one in inner if isinstance(one, core.Name)}
