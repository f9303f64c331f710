"""``.pt2`` files, read by ``torch.export.load``: other sizes and a batch of one are exact."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from weightsmith.backends.errors import ExportError
from weightsmith.backends.export import pt2_file

from .exported import TOLERANCE, assert_close, data_of, flat, grouped, network_of, reference

NAMES = ("lasso_fista", "lista", "learned_preconditioners")
MORE = (
    "gradient_descent",
    "newton_inverse",
    "electric_potentials",
    "power_iteration",
    "polar",
    "divide",
)
PARAMETERS = [*NAMES, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE)]


@pytest.fixture(scope="module", params=PARAMETERS)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple:
    """The name, the program, and the extra files."""
    path = tmp_path_factory.mktemp("pt2") / "net.pt2"
    network_of(request.param).export(path)
    extra = {"certificate.json": "", "statement.txt": ""}
    return request.param, torch.export.load(path, extra_files=extra), extra


def run(program: torch.export.ExportedProgram, name: str, data: dict[str, np.ndarray]) -> dict:
    network = network_of(name)
    wanted = flat(reference(network, grouped(data)))
    order = [one.arg.name for one in program.graph_signature.input_specs if one.persistent is None]
    arrays = [torch.from_numpy(data[_called(one, data)]) for one in order if _called(one, data)]
    found = program.module()(*arrays)
    found = found if isinstance(found, tuple) else (found,)
    assert_close(
        dict(zip(wanted, (one.numpy() for one in found), strict=True)),
        wanted,
        10 * TOLERANCE["float64"],
    )
    return wanted


def _called(argument: str, data: dict[str, np.ndarray]) -> str:
    return {name.lower(): name for name in data}.get(argument.lower(), "")


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_other_sizes_and_a_batch_of_one(loaded: tuple, batch: int) -> None:
    name, program, _ = loaded
    data = flat(data_of(name))
    fixed = {matrix.rows for matrix in network_of(name).template.matrices}  # their sizes are given
    for most in (100, 5, 1):
        rows = None if fixed else most
        some = {n: a[:rows, :most] for n, a in data.items()}
        factors = 1 - np.arange(batch)[:, None, None] / 10
        run(program, name, {n: np.ascontiguousarray(a * factors) for n, a in some.items()})


def test_the_certificate_comes_along(loaded: tuple) -> None:
    name, _, extra = loaded
    text = extra["certificate.json"]
    text = text if isinstance(text, str) else text.decode()
    assert json.loads(text) == network_of(name).certificate
    assert extra["statement.txt"]


def test_a_long_network_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pt2_file, "MOST", 20)
    with pytest.raises(ExportError, match=r"written out, .* export \.onnx, where loops stay loops"):
        network_of("newton_inverse").export(tmp_path / "net.pt2")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_float32_is_asked_for(tmp_path: Path) -> None:
    network_of("newton_inverse").export(tmp_path / "net.pt2", dtype="float32")
    program = torch.export.load(tmp_path / "net.pt2")
    found = program.module()(torch.eye(3)[None])
    assert found.dtype == torch.float32
