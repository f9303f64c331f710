"""Sparse matrices: the same values, and no product writes them out."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch import Tensor

from weightsmith import api
from weightsmith.backends.torch.plans.sparse import Sparse, addmm, mm
from weightsmith.network import Network

A = torch.tensor([[0.0, 2, 0, 0], [1, 0, 0, -3], [0, 0, 0, 0], [5, 0, 4, 0], [0, 0, 0, 1]])
LAYOUTS = ["to_sparse", "to_sparse_csr", "to_sparse_csc"]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("inference", [False, True])
def test_products_with_a_sparse_side(layout: str, inference: bool) -> None:
    S = Sparse(getattr(A, layout)())
    X, Y = torch.arange(12.0).reshape(4, 3), torch.arange(15.0).reshape(3, 5)
    base = torch.ones(3, 4)
    with torch.inference_mode(inference):
        cases = [
            (mm(S, X), A @ X),
            (mm(Y, S), Y @ A),
            (mm(S.mT, Y.mT), A.mT @ Y.mT),
            (mm(X.mT, S.mT), X.mT @ A.mT),
            (mm(S.mT, S), A.mT @ A),
            (addmm(base, Y, S, 2, 3), 2 + 3 * Y @ A),
            (addmm(torch.ones(5, 3), S, X, 2, 3), 2 + 3 * A @ X),
            (addmm(S, S, torch.eye(4), 2, 3), 5 * A),
            (torch.add(torch.ones(5, 4), S, alpha=2), 1 + 2 * A),  # type: ignore[call-overload]
            (S - A, torch.zeros(5, 4)),
            (A - S, torch.zeros(5, 4)),
            (S * A, A * A),
            (mm(-S * 2, X), -2 * A @ X),
            (S.expand(5, 4), A),
        ]
        for found, wanted in cases:
            assert isinstance(found, Tensor)
            torch.testing.assert_close(found, wanted)


@pytest.fixture(scope="module")
def potentials() -> Network:
    script = (
        "algorithm f(B: [v, e], psi: [v, k])\nparam steps = 6\nphi = 0\nrepeat steps:\n"
        "    phi = phi + 1/20*(psi - B*B'*phi)\nreturn phi\n"
    )
    return api.compile(script)


def test_a_graph_of_every_layout(potentials: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    incidence = nx.incidence_matrix(nx.karate_club_graph(), oriented=True).astype(np.float64)
    dense = torch.from_numpy(incidence.toarray())
    psi = torch.linspace(-1, 1, 34, dtype=torch.float64).reshape(34, 1)
    wanted = potentials(dense, psi)
    assert isinstance(wanted, Tensor)
    given = [getattr(dense, layout)() for layout in LAYOUTS]
    given += [sp.csr_array(incidence), sp.coo_matrix(incidence)]
    monkeypatch.delattr(Sparse, "__torch_function__")  # what would write a matrix out
    for B in given:
        torch.testing.assert_close(potentials(B, psi), wanted)


def test_sparse_where_the_values_are_no_products() -> None:
    network = api.compile("algorithm f(x: [d] per query)\nreturn relu(x - 1/2*ones) + x\n")
    x = torch.tensor([[0.0, 1, 0], [2, 0, 0]], dtype=torch.float64)
    torch.testing.assert_close(network(x.to_sparse_csr()), network(x))
