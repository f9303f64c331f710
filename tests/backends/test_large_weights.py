"""Weights of any size: they stay on disk until their numbers are needed."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest

from weightsmith import api
from weightsmith.backends.errors import DirectoryError, LayoutError, WeightsError
from weightsmith.backends.storage import files, lazy_files
from weightsmith.backends.storage.lazy_files import LazyFiles, pieces_of, start_of

SCRIPT = "algorithm square(A: [d, d])\nB = A*A\nreturn B\n"
DATA = {"A": np.arange(9.0).reshape(3, 3)}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory whose weights count as large."""
    api.compile(SCRIPT, dims={"d": 3}).save(tmp_path / "net")
    monkeypatch.setattr(files, "LARGE", 100)
    monkeypatch.setattr(lazy_files, "PIECE", 70)
    return tmp_path / "net"


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(files: LazyFiles, name: str) -> bytes:
        assert name != "model.safetensors"
        return files._known[name]

    monkeypatch.setattr(LazyFiles, "__getitem__", refuse)


def test_the_files_are_the_same_as_in_memory(place: Path) -> None:
    found = files.read_directory(place)
    assert isinstance(found, LazyFiles)
    content = (place / "model.safetensors").read_bytes()
    assert found["model.safetensors"] == content
    assert found == {one.name: one.read_bytes() for one in place.iterdir()}
    assert len(found) == len(list(found)) == len(list(place.iterdir()))
    pieces = list(pieces_of(found, "model.safetensors"))
    assert len(pieces) > 1
    assert b"".join(pieces) == content
    assert start_of(found, "model.safetensors", 90) == content[:90]
    for name in ("script.alg", "none"):
        assert (name in found) == (name == "script.alg")
    assert start_of(found, "script.alg", 9) == b"algorithm"


def test_a_network_is_loaded_shown_and_hashed_without_its_weights(
    place: Path, unread: None
) -> None:
    network = api.load(place)
    assert "square" in network.show()
    assert network.intact
    assert network.check(DATA).intact


def test_data_of_other_sizes_are_refused_before_the_weights_are_read(
    place: Path, unread: None
) -> None:
    for check in ("refuse", "off"):
        with pytest.raises(LayoutError, match="dense, for 'd' = 3, and the data has 4"):
            api.load(place).run({"A": np.eye(4)}, check=check)  # type: ignore[arg-type]


def test_weights_of_another_network_are_refused_before_they_are_read(
    place: Path, unread: None, tmp_path: Path
) -> None:
    other = api.compile(SCRIPT.replace("A*A", "A*A*A*A*A*A*A*A*A"), dims={"d": 3})
    content = other.files()["model.safetensors"]
    (place / "model.safetensors").write_bytes(content)
    with pytest.raises(WeightsError, match=r"not of this network|expected the shape"):
        api.load(place).run(DATA)


def test_a_loaded_network_runs_and_stays_whatever_becomes_of_its_directory(place: Path) -> None:
    network = api.load(place)
    api.compile(SCRIPT.replace("A*A", "A*A*A"), dims={"d": 3}).save(place)
    np.testing.assert_allclose(network.run(DATA)["B"], DATA["A"] @ DATA["A"])
    assert network.intact


def test_copies_hold_the_weights_themselves(place: Path) -> None:
    network = api.load(place)
    content = (place / "model.safetensors").read_bytes()
    copies = [copy.copy(network), copy.deepcopy(network), pickle.loads(pickle.dumps(network))]
    (place / "model.safetensors").unlink()
    for one in copies:
        assert one.files()["model.safetensors"] == content
        np.testing.assert_array_equal(one.run(DATA)["B"], network.run(DATA)["B"])


def test_a_file_that_was_cut_is_damaged(place: Path) -> None:
    network = api.load(place)
    with (place / "model.safetensors").open("r+b") as file:
        file.truncate(300)
    assert not network.intact
    with pytest.raises(WeightsError, match="truncated or damaged"):
        network.module()


def test_weights_that_memory_does_not_hold_are_said_to_be_that(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(files: LazyFiles, count: int) -> bytes:
        raise MemoryError

    network = api.load(place)
    monkeypatch.setattr(LazyFiles, "start", full)
    with pytest.raises(DirectoryError, match="more memory than there is"):
        network.module()
