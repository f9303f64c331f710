"""The figures of a page: what is compiled, proven, checked and seen on its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from gallery_source.entry import Entry, Printed
from gallery_source.problems import PROBLEMS
from gallery_source.references import REFERENCES
from weightsmith import api
from weightsmith.against import opened
from weightsmith.cli.demonstration.demo_data import Problem
from weightsmith.cli.demonstration.demo_errors import Promise, observed_errors, promises
from weightsmith.compiler.ir.template import Template
from weightsmith.dsl import DiagnosticError

Settings = Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class Size:
    """A network's layers, heads a layer, width, hidden units, and what it is proven to be."""

    layers: int
    heads: int
    width: str
    hidden: str
    lower: int | None
    promise: Promise
    bound: str

    @property
    def is_exact(self) -> bool:
        """Is all that is proven that the network is the script?"""
        return self.promise.against == "script" and self.promise.value == 0


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the plot: its layers, what is certified, and what is seen; ``known`` is what the
    literature proves."""

    layers: int
    certified: float | None
    observed: float
    known: float | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """A printed network, its text and template, and the verdict on it."""

    printed: Printed
    text: str
    template: Template
    verdict: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Measured:
    """All figures of one page; those of ``written`` and ``fewest`` are at the last value of the
    sweep; ``fewer`` are layers and certified errors with the fewest layers."""

    settings: Settings
    steps: int | None
    written: Size
    fewest: Size | None
    points: tuple[Point, ...]
    fewer: tuple[tuple[int, float | None], ...]
    verdict: str
    kinds: tuple[str, ...]
    template: Template
    shown: str
    compared: tuple[Compared, ...]


def measured(entry: Entry) -> Measured:
    """Compile, verify and run one entry."""
    problem = PROBLEMS[entry.problem]()
    points, fewer = [], []
    if entry.sweep.replace not in ("", entry.sweep.values[-1]):
        raise ValueError(f"{entry.name}: the last value is not what the script says")
    asked = entry.sweep.values[max(0, len(entry.sweep.values) - entry.fewest) :]
    network = best = None
    settings: Settings = {}
    for value in entry.sweep.values:
        settings, script = settings_of(entry, problem, value), script_of(entry, value)
        matrices = matrices_of(problem, script)
        network = api.compile(script, settings=settings, matrices=matrices)
        points.append(point(entry, network, problem, settings))
        if entry.fewest and value in asked:
            best = api.compile(script, settings=settings, fewest="layers", matrices=matrices)
            size = size_of(entry, best)
            fewer.append((size.layers, size.promise.value))
    if network is None:
        raise ValueError(f"{entry.name}: the sweep has no values")
    report = network.verify()
    open_network = symbolic(entry, network)
    return Measured(
        settings=settings,
        steps=int(settings[entry.steps]) if entry.steps in settings else None,
        written=size_of(entry, network),
        fewest=None if best is None else size_of(entry, best),
        points=tuple(points),
        fewer=tuple(fewer),
        verdict=report.outcome,
        kinds=tuple(dict.fromkeys(one.kind for one in report.verdicts if one.proven)),
        template=open_network.template,
        shown=open_network.show(),
        compared=tuple(compared(one) for one in entry.printed),
    )


def settings_of(entry: Entry, problem: Problem, value: str) -> Settings:
    """Values of the script's parameters: the data's, the entry's, and the one that changes."""
    given = {name: Fraction(text) for name, text in entry.settings.items()}
    swept = {entry.sweep.parameter: Fraction(value)} if entry.sweep.parameter else {}
    known = {name: Fraction(one) for name, one in problem.settings.items()}
    return {**known, **given, **swept}


def matrices_of(problem: Problem, script: str | Path) -> dict[str, object]:
    """The numbers of the fixed matrices, for as many passes as the script has."""
    names = {one.name for one in api.check(script).inputs}
    return {
        f"{name}{k + 1}": matrix
        for name, matrices in problem.matrices.items()
        for k, matrix in enumerate(matrices)
        if f"{name}{k + 1}" in names
    }


def script_of(entry: Entry, value: str) -> str | Path:
    """The script, or its text with a part replaced."""
    if not entry.sweep.replace or value == entry.sweep.replace:
        return entry.script
    text = entry.script.read_text(encoding="utf-8")
    if text.count(entry.sweep.replace) != 1:
        raise ValueError(f"{entry.name}: expected one '{entry.sweep.replace}' in the script")
    return text.replace(entry.sweep.replace, value)


def point(entry: Entry, network: api.Network, problem: Problem, settings: Settings) -> Point:
    size = size_of(entry, network)
    if not entry.reference:
        errors = observed_errors(network, problem, "float64")
        return Point(size.layers, size.promise.value, errors[size.promise.output])
    answer = network.run(problem.inputs)
    bound = {name: Fraction(value) for name, value in network.bindings.items()}
    found = REFERENCES[entry.reference].measure(problem, {**bound, **settings}, answer)
    return Point(size.layers, None, found.observed, found.known)


def size_of(entry: Entry, network: api.Network) -> Size:
    report = network.report
    if report.layers is None:
        raise ValueError(f"{entry.name}: the number of layers has no value")
    found = promises(network)
    promise = next((one for one in found if one.output == entry.output), found[0])
    values = {one.output: one.value for one in network.bounds}
    value = values.get(promise.output)
    return Size(
        layers=report.layers,
        heads=report.heads,
        width=report.width_text,
        hidden=report.hidden_text,
        lower=report.depth_lower_bound,
        promise=promise,
        bound="" if value is None else api.upward(value),
    )


def symbolic(entry: Entry, network: api.Network) -> api.Network:
    """The network without values of its parameters, where there is one."""
    try:
        return api.compile(script_of(entry, entry.sweep.values[-1]))
    except DiagnosticError:
        return network  # its tables or its synthesis need numbers


def compared(printed: Printed) -> Compared:
    found = api.compare(printed.network, printed.script)
    text = printed.network.read_text(encoding="utf-8")
    return Compared(printed, text, opened(printed.network), found.text, found.outcome)
