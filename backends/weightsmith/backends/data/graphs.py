"""A weighted graph as the matrices an algorithm reads: incidence, conductances, demands."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from weightsmith.backends.data.arrays import Array
from weightsmith.backends.errors import LayoutError

if TYPE_CHECKING:
    import networkx

Demand = tuple[Hashable, Hashable] | Mapping[Hashable, float]
BALANCE = 1e-9  # relative; how far from zero a demand may sum


@dataclass(frozen=True, slots=True)
class GraphMatrices:
    """The matrices of a graph; row i belongs to ``nodes[i]``, column j to ``edges[j]``.

    ``incidence`` B (v×e): −1 where an edge leaves, +1 where it enters; ``weighted_incidence`` C:
    each column times the weight of its edge, so that C·Bᵀ is the ``laplacian`` (v×v);
    ``demands`` ψ (v×k): one demand a column.
    """

    nodes: tuple[Hashable, ...]
    edges: tuple[tuple[Hashable, Hashable], ...]
    incidence: Array
    weighted_incidence: Array
    laplacian: Array
    demands: Array

    def inputs(self, B: str = "B", C: str = "C", psi: str = "psi") -> dict[str, Array]:
        """The inputs of the electric algorithms, under the names their script gives them."""
        return {B: self.incidence, C: self.weighted_incidence, psi: self.demands}


def graph_matrices(
    graph: networkx.Graph,
    weight: str | None = "weight",
    demands: Sequence[Demand] = (),
) -> GraphMatrices:
    """Return the matrices of an undirected graph, nodes and edges in the order it lists them.

    ``weight`` names the edge attribute to read as conductance (1 where an edge has none, or with
    None).  A demand is a pair (in, out), unit current put in at one node and taken out at another,
    or a mapping node -> current, which sums to zero on every connected component.  Raises
    LayoutError on a directed graph, a self-loop, a weight that is not positive, an unknown node.
    """
    if graph.is_directed():
        raise LayoutError("expected an undirected graph; pass graph.to_undirected().")
    nodes = tuple(graph.nodes)
    if not nodes or not graph.number_of_edges():
        raise LayoutError("expected a graph with at least one edge, got none.")
    index = {node: row for row, node in enumerate(nodes)}
    edges = tuple((tail, head) for tail, head in graph.edges())
    conductances = _conductances(graph, weight)
    incidence = np.zeros((len(nodes), len(edges)))
    for column, (tail, head) in enumerate(edges):
        if tail == head:
            raise LayoutError(
                f"node {tail!r} has a self-loop, which carries no current; remove self-loops with "
                "graph.remove_edges_from(networkx.selfloop_edges(graph))."
            )
        incidence[index[tail], column] = -1.0
        incidence[index[head], column] = 1.0
    return GraphMatrices(
        nodes=nodes,
        edges=edges,
        incidence=incidence,
        weighted_incidence=incidence * conductances,
        laplacian=_laplacian(len(nodes), [(index[a], index[b]) for a, b in edges], conductances),
        demands=_demands(graph, index, demands),
    )


def _conductances(graph: networkx.Graph, weight: str | None) -> Array:
    if weight is None:
        return np.ones(graph.number_of_edges())
    found = []
    for tail, head, value in graph.edges(data=weight, default=1.0):
        number = _number(value)
        if not (number > 0 and math.isfinite(number)):
            raise LayoutError(
                f"expected a positive '{weight}' on the edge {tail!r} – {head!r}, got {value!r}."
            )
        found.append(number)
    return np.array(found)


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan


def _laplacian(size: int, edges: Sequence[tuple[int, int]], conductances: Array) -> Array:
    laplacian = np.zeros((size, size))
    tails, heads = np.array(edges).T
    np.add.at(laplacian, (tails, tails), conductances)
    np.add.at(laplacian, (heads, heads), conductances)
    np.subtract.at(laplacian, (tails, heads), conductances)
    np.subtract.at(laplacian, (heads, tails), conductances)
    return laplacian


def _demands(
    graph: networkx.Graph, index: Mapping[Hashable, int], demands: Sequence[Demand]
) -> Array:
    columns = np.zeros((len(index), len(demands)))
    for number, demand in enumerate(demands):
        for node, current in _currents(demand).items():
            if node not in index:
                raise LayoutError(f"demand {number} names {node!r}, which is no node of the graph.")
            columns[index[node], number] += current
    _check_balance(graph, index, columns)
    return columns


def _currents(demand: Demand) -> Mapping[Hashable, float]:
    if isinstance(demand, Mapping):
        return demand
    if not isinstance(demand, tuple) or len(demand) != 2:
        raise LayoutError(
            f"expected a pair (in, out) of nodes, or a mapping node -> current, got {demand!r}."
        )
    source, sink = demand
    return {source: 0.0} if source == sink else {source: 1.0, sink: -1.0}


def _check_balance(graph: networkx.Graph, index: Mapping[Hashable, int], columns: Array) -> None:
    import networkx

    for component in networkx.connected_components(graph):
        rows = columns[[index[node] for node in component]]
        excess = np.abs(rows.sum(axis=0)) > BALANCE * (np.abs(rows).sum(axis=0) + 1e-300)
        if excess.any():
            raise LayoutError(
                f"demand {int(excess.argmax())} does not sum to zero on the connected component of "
                f"{next(iter(component))!r}; no potential can meet it."
            )
