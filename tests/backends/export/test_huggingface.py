"""Hugging Face folders: loaded by transformers alone, saved by it and loaded again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import weightsmith.api as ws
from weightsmith.backends.errors import ExportError
from weightsmith.backends.template.instantiate import structured_weights

from .exported import (
    GATED,
    GIVEN,
    TOLERANCE,
    assert_close,
    data_of,
    flat,
    network_of,
    reference,
    reference_of,
)

NAMES = (
    "newton_inverse",
    "gradient_descent",
    "electric_potentials",
    "divide",
    "lista",
)
CASES = [(name, "float64") for name in NAMES] + [(name, "float32") for name in NAMES[:1]]

RUN = """
import pathlib, sys
sys.modules["weightsmith"] = None
import numpy as np
import torch
from transformers import AutoConfig, AutoModel
place = pathlib.Path({place!r})
known = set()
for folder in sorted(one for one in place.iterdir() if one.is_dir()):
    model = AutoModel.from_pretrained(folder, trust_remote_code=True)
    again = place / "saved"
    model.save_pretrained(again)
    loaded = AutoModel.from_pretrained(again, trust_remote_code=True)
    one, two = model.state_dict(), loaded.state_dict()
    assert one.keys() == two.keys()
    assert all(one[name].dtype == two[name].dtype for name in one)
    assert all(torch.equal(one[name], two[name]) for name in one)
    given = np.load(place / f"{{folder.name}}.npz")
    arrays = {{name: torch.from_numpy(given[name]).to(model.dtype) for name in given}}
    sum(value.square().sum() for value in model(**arrays).values()).backward()
    assert any(one.grad is not None and one.grad.any() for one in model.parameters())
    with torch.no_grad():
        found = loaded(**arrays)
        batch = loaded(**{{name: torch.stack([a, a]) for name, a in arrays.items()}})
    assert all(torch.allclose(batch[name][1], found[name]) for name in found)
    np.savez(place / f"{{folder.name}}.out.npz", **{{n: found[n].numpy() for n in found}})
    __import__("shutil").rmtree(again)
    (path,) = folder.glob("modeling_*.py")
    sys.path.insert(0, str(folder))
    module = __import__(path.stem)
    config, kind = (
        next(v for n, v in vars(module).items() if n.endswith(end) and v.__module__ == path.stem)
        for end in ("Config", "Model")
    )
    if config.model_type not in known:
        known.add(config.model_type)
        AutoConfig.register(config.model_type, config)
        AutoModel.register(config, kind)
        registered = AutoModel.from_pretrained(folder)
        assert type(registered) is kind
        assert all(torch.equal(v, one[n]) for n, v in registered.state_dict().items())
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every folder loaded, run, saved, loaded and run again in a process of its own."""
    place = tmp_path_factory.mktemp("huggingface")
    ws.compile(GATED, gated=True).export(f"{place}/gated/")
    np.savez(place / "gated.npz", **GIVEN)
    for name, dtype in CASES:
        network_of(name).export(f"{place}/{name}.{dtype}/", dtype=dtype)
        np.savez(place / f"{name}.{dtype}.npz", **flat(data_of(name)))
    cache = {"HF_HOME": str(place.parent / "cache"), "HF_HUB_OFFLINE": "1", "PATH": ""}
    text = RUN.format(place=str(place))
    subprocess.run([sys.executable, "-I", "-c", text], check=True, cwd=place, env=cache)
    return place


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_transformers_computes_what_the_reference_does(
    name: str, dtype: str, results: Path
) -> None:
    found = dict(np.load(results / f"{name}.{dtype}.out.npz"))
    assert {str(array.dtype) for array in found.values()} == {dtype}
    assert_close(found, reference_of(name), TOLERANCE[dtype])


def test_gates_and_names_that_a_dictionary_has(results: Path) -> None:
    """Outputs called ``items`` and ``values``; products of entries by gated hidden units."""
    wanted = flat(reference(ws.compile(GATED, gated=True), GIVEN))
    found = dict(np.load(results / "gated.out.npz"))
    assert found.keys() == {"items_", "values_"}
    assert_close({name: found[f"{name}_"] for name in wanted}, wanted, 1e-12)


def test_the_tensors_are_those_of_the_network(tmp_path: Path) -> None:
    network = network_of("gradient_descent")
    network.export(tmp_path / "net", format="huggingface")
    found = load_file(tmp_path / "net/model.safetensors")
    wanted = structured_weights(network.template).tensors
    assert found.keys() == wanted.keys()
    assert all(np.array_equal(found[name], wanted[name]) for name in wanted)
    config = json.loads((tmp_path / "net/config.json").read_text())
    assert config["dtype"] == "float64"
    assert config["network"]["groups"] == ["context", "query"]
    assert (tmp_path / "net/certificate.json").read_bytes() == network.files()["certificate.json"]


def test_a_folder_that_holds_something_stays(tmp_path: Path) -> None:
    network = network_of("newton_inverse")
    (tmp_path / "net").mkdir()
    network.export(f"{tmp_path}/net/")
    before = sorted(path.name for path in (tmp_path / "net").iterdir())
    with pytest.raises(ExportError, match="not an empty folder"):
        network.export(f"{tmp_path}/net/")
    assert sorted(path.name for path in (tmp_path / "net").iterdir()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["net"]


def test_the_same_network_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        ws.Network(network_of("lasso_ista").files()).export(f"{tmp_path / name}/")
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    assert one == two
