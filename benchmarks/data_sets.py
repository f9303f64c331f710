"""Data that break one hypothesis of an example, and data that meet them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weightsmith import api
from weightsmith.cli.demonstration.demo_cases import CASES, Case
from weightsmith.cli.demonstration.demo_function_cases import FUNCTION_CASES
from weightsmith.cli.inputs.examples import example
from weightsmith.dsl.numbers.scalars import Scalar, evaluate
from weightsmith.dsl.printing.hypotheses import (
    Definite,
    Hypothesis,
    Nonempty,
    Stated,
    Symmetric,
    hypotheses,
)
from weightsmith.dsl.program import core

Array = NDArray[np.float64]
Data = dict[tuple[str, str], Array]  # by input and token group; "" of a whole matrix


@dataclass(frozen=True)
class Subject:
    """An example that is compiled for its demo's data."""

    name: str
    network: api.Network
    data: Data

    @property
    def program(self) -> core.Program:
        return self.network.program

    def value(self, scalar: Scalar) -> float:
        return float(evaluate(scalar, self.network.bindings))


def cases() -> list[Case]:
    return list({case.script: case for case in (*FUNCTION_CASES, *CASES[::-1])}.values())


def subject(case: Case) -> Subject:
    problem = case.problem()
    settings = case.parameters(problem, small=True)
    network = api.compile(example(case.script), settings=settings, matrices=problem.matrices)
    return Subject(case.script, network, flat(problem.inputs))


def flat(inputs: Mapping[str, object]) -> Data:
    data: Data = {}
    for name, value in inputs.items():
        groups = value if isinstance(value, Mapping) else {"": value}
        data |= {(name, group): np.array(part, dtype=float) for group, part in groups.items()}
    return data


def nested(data: Data) -> dict[str, object]:
    found: dict[str, object] = {}
    for (name, group), value in data.items():
        if not group:
            found[name] = value
            continue
        own = found.setdefault(name, {})
        if isinstance(own, dict):
            own[group] = value
    return found


# -- outside --------------------------------------------------------------------------------------

Change = Callable[[Data, float], Data]
Break = tuple[Hypothesis, str, Change]


def breaks(one: Subject) -> Iterator[Break]:
    """Every way in which data can break a hypothesis of the example."""
    for hypothesis in hypotheses(one.program):
        match hypothesis:
            case Symmetric(of=of):
                yield hypothesis, "asymmetry", skewed(letters(of)[0])
            case Definite(of=of):
                yield hypothesis, "an eigenvalue below 0", shifted(letters(of)[0], 0.0)
            case Nonempty(axis=axis):
                yield hypothesis, "an empty dimension", emptied(one, axis)
            case Stated(assumption=assumption):
                for kind, change in stated(one, assumption):
                    yield hypothesis, kind, change


def stated(one: Subject, assumption: core.Assumption) -> Iterator[tuple[str, Change]]:
    match assumption:
        case core.SpectrumAssumption(kind=kind):
            for end, change in spectral(one, assumption):
                yield f"{kind.value}: {end}", change
        case core.RangeAssumption(value=value):
            yield "a value off its range", offset(letters(value)[0])
        case core.NormAssumption(of=name, bound=bound):
            yield "a norm", rescaled(norms(name), name, 1, one.value(bound), True)
        case core.EntryAssumption(of=name, low=low, high=high):
            ends = one.value(low), one.value(high)
            yield "an entry above", entry_at(name, ends[1], ends[1] - ends[0])
            yield "an entry below", entry_at(name, ends[0], ends[0] - ends[1])
        case core.SizeAssumption(axis=axis, bound=bound):
            yield "a size", enlarged(one, axis, int(one.value(bound)) + 1)


def spectral(one: Subject, assumption: core.SpectrumAssumption) -> Iterator[tuple[str, Change]]:
    *_, name = letters(assumption.of)
    times = letters(assumption.of).count(name)
    values = spectrum(one, assumption)
    low, high = one.value(assumption.low), one.value(assumption.high)
    yield "above its end", rescaled(values, name, times, high, True)
    if low > 0:
        yield "below its end", rescaled(values, name, times, low, False)
    elif isinstance(assumption.of, core.Name):
        yield "below its end", shifted(name, low)
    if assumption.gap is not None:
        below, above = (one.value(end) for end in assumption.gap)
        yield "between two intervals", moved(name, below, above)


Measured = Callable[[Data], Array]


def spectrum(one: Subject, assumption: core.SpectrumAssumption) -> Measured:
    """The numbers that an assumption confines, by NumPy."""

    def values(data: Data) -> Array:
        matrix = evaluated(one, assumption.of, data)
        if assumption.kind is core.SpectrumKind.SINGULAR_VALUES:
            return np.asarray(np.linalg.svd(matrix, compute_uv=False), dtype=np.float64)
        found = np.asarray(np.linalg.eigvals(matrix).real, dtype=np.float64)
        if assumption.kind is core.SpectrumKind.NONZERO_SPECTRUM:
            found = found[np.abs(found) > 1e-9 * np.abs(found).max()]
        return found

    return values


def norms(name: str) -> Measured:
    """The norm of a matrix, or of every token."""

    def values(data: Data) -> Array:
        if (name, "") in data:
            largest = np.linalg.svd(data[name, ""], compute_uv=False)[:1]
            return np.asarray(largest, dtype=np.float64)
        parts = [np.linalg.norm(data[key], axis=0) for key in data if key[0] == name]
        return np.concatenate(parts)

    return values


def evaluated(one: Subject, node: core.Node, data: Data) -> Array:
    """The value of a product of inputs and their transposes, over the context."""
    if isinstance(node, core.Name):
        key = (node.name, "") if (node.name, "") in data else (node.name, core.CONTEXT)
        return data[key]
    if isinstance(node, core.Transpose):
        return evaluated(one, node.of, data).T
    if not isinstance(node, core.Product):
        raise TypeError(f"expected a product of inputs, got {node}")
    first, *rest = (evaluated(one, factor, data) for factor in node.factors)
    for factor in rest:
        first = first @ factor
    return first


def letters(node: core.Node) -> list[str]:
    """The inputs of a product, from the left."""
    if isinstance(node, core.Name):
        return [node.name]
    if isinstance(node, core.Transpose):
        return letters(node.of)
    if isinstance(node, core.Product):
        return [name for factor in node.factors for name in letters(factor)]
    raise TypeError(f"expected a product of inputs, got {node}")


def rescaled(values: Measured, name: str, times: int, end: float, above: bool) -> Change:
    """Multiply an input, so that the largest number (or the smallest) is beyond the end."""

    def change(data: Data, share: float) -> Data:
        found = values(data)
        wanted = end * (1 + share) / found.max() if above else end * (1 - share) / found.min()
        return scaled(data, name, wanted ** (1 / times))

    return change


def scaled(data: Data, name: str, factor: float) -> Data:
    return {key: value * factor if key[0] == name else value for key, value in data.items()}


def skewed(name: str) -> Change:
    def change(data: Data, share: float) -> Data:
        matrix = data[name, ""].copy()
        matrix[0, -1] += share * np.abs(matrix).max()
        return {**data, (name, ""): matrix}

    return change


def shifted(name: str, low: float) -> Change:
    """Move the smallest eigenvalue below the end."""

    def change(data: Data, share: float) -> Data:
        matrix = data[name, ""]
        values = np.linalg.eigvalsh(matrix)
        by = values[0] - low + share * np.abs(values).max()
        return {**data, (name, ""): matrix - by * np.eye(len(matrix))}

    return change


def moved(name: str, below: float, above: float) -> Change:
    """Move the largest eigenvalue into the gap, by a share of it from its end."""

    def change(data: Data, share: float) -> Data:
        values, vectors = np.linalg.eigh(data[name, ""])
        values[-1] = above - min(share, 0.5) * (above - below)
        matrix = (vectors * values) @ vectors.T
        return {**data, (name, ""): (matrix + matrix.T) / 2}

    return change


def offset(name: str) -> Change:
    """Add a share of the ones, which are orthogonal to the range of a graph's Laplacian."""

    def change(data: Data, share: float) -> Data:
        value = data[name, ""]
        return {**data, (name, ""): value + share * np.linalg.norm(value, axis=0).max()}

    return change


def entry_at(name: str, end: float, width: float) -> Change:
    def change(data: Data, share: float) -> Data:
        key = next(key for key in data if key[0] == name)
        value = data[key].copy()
        value.flat[int(share * 1e9) % value.size] = end + share * width
        return {**data, key: value}

    return change


def axes(one: Subject, key: tuple[str, str]) -> tuple[str, str]:
    shape = next(each.shape for each in one.program.inputs if each.name == key[0])
    return shape.rows, key[1] or shape.columns


def enlarged(one: Subject, axis: str, size: int) -> Change:
    """Repeat what there is along an axis until it has the size."""

    def change(data: Data, share: float) -> Data:
        found = dict(data)
        for key, value in data.items():
            for place, name in enumerate(axes(one, key)):
                if name == axis:
                    indices = np.arange(size + int(4 * share)) % value.shape[place]
                    found[key] = found[key].take(indices, axis=place)
        return found

    return change


def emptied(one: Subject, axis: str) -> Change:
    def change(data: Data, share: float) -> Data:
        found = dict(data)
        for key in data:
            for place, name in enumerate(axes(one, key)):
                if name == axis:
                    found[key] = found[key].take([], axis=place)
        return found

    return change


# -- inside ---------------------------------------------------------------------------------------


def met(one: Subject, random: np.random.Generator) -> tuple[Data, str]:
    """The demo's data, rotated, scaled to an end that is assumed or between, entries at an end."""
    data = rotated(one, random)
    choice = random.integers(3)
    for each in one.program.assumptions:
        if isinstance(each, core.EntryAssumption) and choice < 2:
            key = next(key for key in data if key[0] == each.of)
            value = data[key].copy()
            value.flat[random.integers(value.size)] = one.value((each.low, each.high)[choice])
            data[key] = value
    names = {name for name, *_ in confined(one)}
    for name in sorted(names):
        lowest, highest = room(one, data, name)
        between = lowest + random.uniform() * (highest - lowest)
        data = scaled(data, name, (lowest or between, highest, between)[choice])
    return data, ("at the lower ends", "at the upper ends", "between")[choice]


def confined(one: Subject) -> Iterator[tuple[str, int, Measured, float, float]]:
    """What a factor of one input multiplies: how often, which numbers, and their ends."""
    for each in one.program.assumptions:
        if isinstance(each, core.SpectrumAssumption) and each.gap is None:
            *_, name = letters(each.of)
            ends = one.value(each.low), one.value(each.high)
            yield name, letters(each.of).count(name), spectrum(one, each), *ends
        elif isinstance(each, core.NormAssumption):
            yield each.of, 1, norms(each.of), 0.0, one.value(each.bound)


def room(one: Subject, data: Data, name: str) -> tuple[float, float]:
    """The factors of an input under which every assumption about it holds."""
    lowest, highest = 0.0, float("inf")
    for other, times, values, low, high in confined(one):
        if other == name:
            found = values(data)
            highest = min(highest, (high / found.max()) ** (1 / times))
            if low > 0:
                lowest = max(lowest, (low / found.min()) ** (1 / times))
    return lowest, highest


def rotated(one: Subject, random: np.random.Generator) -> Data:
    """The same data in other coordinates; only permuted where entries or a graph are assumed."""
    bounded = {e.of for e in one.program.assumptions if isinstance(e, core.EntryAssumption)}
    ranges = any(isinstance(e, core.RangeAssumption) for e in one.program.assumptions)
    rigid = {axis for key in one.data if key[0] in bounded for axis in axes(one, key)}
    turns: dict[str, Array] = {}
    data = {}
    for key, value in one.data.items():
        for axis, size in zip(axes(one, key), value.shape, strict=True):
            exact = ranges or axis in rigid or axis in core.GROUPS
            if axis not in turns:
                turns[axis] = turn(random, size, exact)
        rows, columns = (turns[axis] for axis in axes(one, key))
        data[key] = rows @ value @ columns.T
    for each in one.program.inputs:
        if each.symmetric:
            data[each.name, ""] = (data[each.name, ""] + data[each.name, ""].T) / 2
    return data


def turn(random: np.random.Generator, size: int, exact: bool) -> Array:
    if exact:
        return np.eye(size)[random.permutation(size)]
    return np.linalg.qr(random.normal(size=(size, size)))[0]
