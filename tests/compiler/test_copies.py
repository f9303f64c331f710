"""A network that is pickled or copied is the same network."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from weightsmith import api
from weightsmith.api import Network

EXAMPLES = Path(__file__).parents[2] / "examples"
MATRIX = np.diag([0.5, 1.0, 1.5])
WAYS: dict[str, Callable[[Network], Network]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {version}": lambda network, version=version: pickle.loads(
            pickle.dumps(network, protocol=version)
        )
        for version in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


@pytest.fixture(scope="module", params=[None, "layers"])
def network(request: pytest.FixtureRequest) -> Network:
    """A network as it was compiled, with and without network.alg, and with all its caches."""
    settings = {"mu": "1/2", "L": 2, "steps": 4}
    found = api.compile(EXAMPLES / "newton_inverse.alg", settings=settings, fewest=request.param)
    assert found.report.layers
    assert found.missing == ()
    return found


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_has_the_files_and_all_that_follows(network: Network, way: str) -> None:
    again = WAYS[way](network)
    assert again is not network
    assert again.files() == network.files()
    assert again.notes == network.notes
    assert again.show() == network.show()
    assert again.bounds == network.bounds


def test_a_copy_runs_saves_and_is_copied_again(network: Network, tmp_path: Path) -> None:
    again = copy.deepcopy(pickle.loads(pickle.dumps(network)))
    expected, found = network.run({"A": MATRIX})["X"], again.run({"A": MATRIX})["X"]
    assert np.array_equal(np.asarray(found), np.asarray(expected))
    again.save(tmp_path / "net")
    loaded = pickle.loads(pickle.dumps(api.load(tmp_path / "net")))
    assert loaded.files() == network.files()
    assert loaded.verify().accepted


def test_a_copy_does_not_share_its_files(network: Network) -> None:
    again = copy.copy(network)
    again._files.clear()
    assert network.files()


def test_a_network_without_weights() -> None:
    network = api.compile(EXAMPLES / "newton_inverse.alg")
    again = pickle.loads(pickle.dumps(network))
    assert again.missing == network.missing != ()
    assert again.files() == network.files()


def test_to_another_process_and_back() -> None:
    network = api.compile(EXAMPLES / "newton_inverse.alg", settings={"steps": 2})
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(Network.show, (network,)) == network.show()
        assert pool.apply(copy.copy, (network,)).files() == network.files()
