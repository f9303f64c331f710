"""Every stage by itself: a text in, a text out, kept in tests/golden."""

from __future__ import annotations

import networkx as nx
import pytest

import weightsmith.api as ws
from weightsmith.compiler.ir.graph import CarriedOperation, ExitOperation
from weightsmith.compiler.pipeline import compile_program
from weightsmith.compiler.reports.emit import STAGES
from weightsmith.dsl import Source, check

from .instances import EXAMPLES

SHOWN = ("gradient_descent", "heavy_ball", "muon", "newton_inverse_general", "ridge")


@pytest.mark.parametrize("stage", sorted(STAGES))
@pytest.mark.parametrize("name", SHOWN)
def test_stage(name: str, stage: str, golden) -> None:
    golden(f"{name}.{stage}.txt", ws.emit(EXAMPLES / f"{name}.alg", stage))


def compiled(text: str):
    return compile_program(check(Source("test.alg", text)), {})


def test_graph_is_acyclic_and_shares_equal_operations() -> None:
    script = """algorithm shared(A: [d, d])
X = A*A' + A
Y = A*A' - A
repeat 3:
    X = X*A*Y
return X
"""
    graph = compiled(script).graph
    assert nx.is_directed_acyclic_graph(nx.DiGraph(graph.edges()))
    kinds = [type(graph.operation(node)).__name__ for node in graph.nodes]
    assert kinds.count("TransposeOperation") == 1
    assert kinds.count("MultiplyOperation") == 2  # A*A' once, the body's product once
    assert sum(isinstance(graph.operation(n), CarriedOperation) for n in graph.nodes) == 1
    assert sum(isinstance(graph.operation(n), ExitOperation) for n in graph.nodes) == 1


def test_normal_form_collects_like_words_exactly() -> None:
    script = """algorithm collected(A: [d, d])
param c = 1/3
return (A + 1/3*A)*(3*A) - c*A*A + A*A - A*A
"""
    normal = compiled(script).normal
    (value,) = normal.returns[0].value.values()
    assert {len(word): str(c) for word, c in value.terms.items()} == {2: "-c + 4"}


def test_a_product_that_cancels_leaves_nothing() -> None:
    script = """algorithm cancelled(A: [d, d], S: symmetric[d, d])
return S*S' - S*S + A
"""
    assert ws.compile(script).report.layers == 0


def test_symmetry_is_found_as_a_greatest_fixed_point() -> None:
    script = """algorithm coupled(A: symmetric[d, d], B: [d, d])
X, Y, Z = A, I, B
repeat 4:
    X, Y, Z = X*Y*X, 2*Y - Y*X*Y, Z*X*Z
return X, Z
"""
    symmetric = compiled(script).normal.alphabet.symmetric
    assert {"X#0", "Y#0"} <= symmetric
    assert "Z#0" not in symmetric


def test_residual_representation_and_its_invariant() -> None:
    representation = compiled(
        (EXAMPLES / "gradient_descent.alg").read_text()
    ).candidate.representation
    (loop,) = representation.program.loops
    (carried,) = loop.carried
    assert carried.letter == "w*x-y#0"
    held = representation.held[carried.letter]
    words = {
        group: {"*".join(letter.text() for letter in word): str(c) for word, c in p.terms.items()}
        for group, p in held.items()
    }
    assert words == {
        "context": {"w#0*x@context": "1", "y@context": "-1"},
        "query": {"w#0*x@query": "1"},
    }


def test_dead_blocks_are_reused() -> None:
    script = """algorithm chain(A: [d, d])
B = A*A*A
C = B*B*B
D = C*C*C
return D*D*D
"""
    network = ws.compile(script)
    assert network.verify().accepted
    assert network.report.layers == 4
    lines = """algorithm straight(A: [d, d], S: symmetric[d, d])
X = A
repeat 2:
    T = X*S*X
    U = T*S*T
    X = U*S*U
return X
"""
    looped = ws.compile(lines)
    assert looped.verify().accepted
    assert looped.report.blocks <= 5
