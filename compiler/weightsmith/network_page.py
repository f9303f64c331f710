"""A network as HTML: as a picture, its blocks, the graph of its script, curves, and its text.

One file of its own, without a date or a script; the same bytes each time.  With data also what a
run shows: what heads see, variables after layers, the distance from the target.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from weightsmith.backends.pictures import Curve, Section, block_map_svg, curves_svg, network_svg
from weightsmith.backends.pictures.document import note
from weightsmith.backends.pictures.document import page as document
from weightsmith.backends.pictures.heat_maps import heat_maps_svg
from weightsmith.backends.pictures.runs import attention_panels, some, variable_panels
from weightsmith.backends.template.unroll import open_counts
from weightsmith.compiler.certify.stated import exact_at
from weightsmith.compiler.costs.report import report
from weightsmith.compiler.nets.write_net import net_of
from weightsmith.compiler.passes.normalizing.build_graph import build_graph
from weightsmith.compiler.reports.bound import Bound, upward
from weightsmith.compiler.reports.graph_picture import graph_svg
from weightsmith.dsl.text.diagnostics import DiagnosticError

if TYPE_CHECKING:
    from weightsmith.backends.data.arrays import Array
    from weightsmith.backends.template.layout import Inputs
    from weightsmith.backends.torch.trace import Trace
    from weightsmith.compiler.nets.net import Net
    from weightsmith.network import Network

NETWORK = (
    "A vertical line is a block of the residual stream, filled at its top if it starts with "
    "something. A box is a head or an MLP: wires tap the blocks that it reads (a square: through a "
    "fixed matrix), and ⊕ is what it adds to. Formulas are exact on hover (long ones from their "
    "beginning), and whole in the text below."
)
BLOCKS = (
    "A bar is a span of layers over which a block holds something that is read later. Where bars "
    "meet, the old content was taken away and the block serves anew. A loop is drawn once."
)
GRAPH = (
    "Each box is an operation, with its operands and its shape, below what it is made of. "
    "A shaded box is a loop; a dashed arrow goes to the next pass. A double border is a returned "
    "value; on what is dotted no returned value depends, as on targets and assumptions."
)
CERTIFIED = "Each point was compiled and its certificate checked; it is what is proven there."
ATTENTION = (
    "Keys downwards, queries to the right. Orange is positive, blue negative; of more than 32 "
    "tokens a cell is the score that is largest in size. Layers count from 0."
)
VARIABLES = (
    "The script's variables between passes, after layers; max is the largest entry in size. Layers "
    "count from 0."
)
DISTANCE = (
    "The 2-norm of the difference between what the network would return after each layer and the "
    "target, computed in floating point. Dashed: what is proven for the whole network, times its "
    "scale on these data; it is of exact arithmetic, so that rounding can lie above it."
)
TOO_LARGE = "It is too large for this page; 'weightsmith compile --emit svg' draws it."
MOST_GRAPH = 90_000  # characters
MOST_COUNTS, LONGEST_COUNT = 8, 200  # at which a bound is certified anew; passes


def notebook_html(network: Network) -> str:
    """What a notebook shows of a network."""
    return note([network_svg(network.template)], network.show())


def page(network: Network, inputs: Inputs | None = None) -> str:
    """The whole document; with data also what a run on them shows.

    Raises as ``trace`` with data, which needs PyTorch.
    """
    name, template = network.program.name, network.template
    headline = network.report.headline(template.algorithm)
    return document(
        name,
        headline,
        [
            Section("The network", NETWORK, network_svg(template)),
            *([] if inputs is None else _of_run(network, inputs)),
            *_certified(network),
            Section("The residual stream", BLOCKS, block_map_svg(template)),
            _graph(network),
            Section("The network as text", printed=network.show()),
            Section("Its depth", printed=network.depth()),
        ],
    )


def net_page(net: Net) -> str:
    """The document of a network as text, which has no script, no data and no certificate."""
    template = net.template
    bindings = {name: Fraction(value) for name, value in template.bindings}
    return document(
        template.algorithm,
        report(None, template, bindings).headline(template.algorithm),
        [
            Section("The network", NETWORK, network_svg(template)),
            Section("The residual stream", BLOCKS, block_map_svg(template)),
            Section("The network as text", printed=net_of(net)),
        ],
    )


def graph_picture(network: Network) -> str:
    """The graph of the script, as one ``svg`` element."""
    program = network.program
    return graph_svg(build_graph(program), program.name, [one.name for one in program.returns])


def _graph(network: Network) -> Section:
    picture = graph_picture(network)
    if len(picture) <= MOST_GRAPH:
        return Section("The graph of the script", GRAPH, picture)
    return Section("The graph of the script", TOO_LARGE)


def bound_curves(network: Network) -> list[Curve]:
    """The certified factor of each bound against the count in its formula, for some counts.

    Each is compiled and checked anew.  Empty where no bound depends on a count that a run may
    choose, or where compiling takes long.
    """
    shown = exact_at(network.facts)
    only, _ = shown or ({}, None)  # of other numbers of these nothing is shown
    counts = sorted(open_counts(network.template) & network.bindings.keys() - only.keys())
    bounds = [one for one in network.bounds if one.value is not None and one.against == "target"]
    counts = [one for one in counts if any(_depends(bound, one) for bound in bounds)]
    if not counts or _is_slow(network):
        return []
    count = counts[0]
    found: dict[str, list[tuple[float, float]]] = {}
    last = min(int(network.bindings[count]), LONGEST_COUNT)
    for passes in some(range(1, max(last, 1) + 1), MOST_COUNTS):
        for bound in _certified_at(network, count, passes):
            if bound.value and bound.against == "target":
                found.setdefault(bound.output, []).append((passes, float(upward(bound.value))))
    return [
        Curve(f"{output}: proven factor against {count}", points, True, place)
        for place, (output, points) in enumerate(found.items())
    ]


def distance_curves(network: Network, inputs: Inputs, traced: Trace) -> list[Curve]:
    """How far each returned value is from its target after every layer, and what is proven."""
    from weightsmith.cli.outputs.scale import matrix_of, norm

    targets = network.target(inputs)
    curves = []
    for place, (name, wanted) in enumerate(targets.items()):
        target = matrix_of(wanted)
        points = []
        for layer in range(-1, len(traced.places)):
            found = matrix_of(_value(traced, layer, name))
            if found.ndim == 2 and found.shape == target.shape:
                points.append((layer + 1.0, norm(found.astype(np.float64) - target)))
        if not points:
            continue
        curves.append(Curve(f"{name}: distance from the target", points, False, place))
        proven = _proven(network, inputs, name, target)
        if proven is not None:
            ends = [(points[0][0], proven), (points[-1][0], proven)]
            curves.append(Curve(f"{name}: proven ({proven:.3g})", ends, True, place))
    return curves


def _of_run(network: Network, inputs: Inputs) -> Iterator[Section]:
    traced = network.trace(inputs)
    panels = attention_panels(network.template, traced.blocks, traced.places)
    if panels:
        yield Section("What the heads see", ATTENTION, heat_maps_svg(panels, "Scores of heads"))
    if traced.variables:
        shown = heat_maps_svg(variable_panels(traced.variables), "Variables after layers")
        yield Section("The variables", VARIABLES, shown)
    curves = distance_curves(network, inputs, traced)
    if curves:
        picture = curves_svg(curves, "Distance from the target", "layers →")
        yield Section("Distance from the target", DISTANCE, picture)


def _certified(network: Network) -> Iterator[Section]:
    if curves := bound_curves(network):
        picture = curves_svg(curves, "The certified bound", "passes →")
        yield Section("The certified bound", CERTIFIED, picture)


def _depends(bound: Bound, count: str) -> bool:
    return re.search(rf"\b{re.escape(count)}\b", bound.formula) is not None


def _is_slow(network: Network) -> bool:
    return bool(network.certificate.get("tables")) or bool(network.program.synthesized)


def _certified_at(network: Network, count: str, passes: int) -> tuple[Bound, ...]:
    from weightsmith import api

    settings: dict[str, int | Fraction] = {**network.bindings, count: passes}
    try:
        return api.compile(network.source.text, settings=settings).bounds
    except DiagnosticError:
        return ()


def _value(traced: Trace, layer: int, name: str) -> Mapping[str, Array]:
    """A returned value after a layer, by group."""
    return {key[2]: array for key, array in traced.values.items() if key[:2] == (layer, name)}


def _proven(network: Network, inputs: Inputs, name: str, target: Array) -> float | None:
    """The certified factor times its scale on these data; None where there is none."""
    from weightsmith.cli.outputs.scale import norm, scale_of, truncations

    bound = next((one for one in network.bounds if one.output == name), None)
    if bound is None or bound.value is None or bound.against != "target":
        return None
    scaled = {one.output: one for one in truncations(network.certificate)}
    scale = norm(target)
    if name in scaled:
        scale = scale_of(
            scaled[name], network.program, network.script_inputs(inputs), target, network.bindings
        )
    return float(upward(bound.value)) * scale
