"""``.py`` files, run in a process that cannot import weightsmith, or what they do not need."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

import weightsmith.api as ws
from weightsmith.backends.errors import ExportError
from weightsmith.dsl import DiagnosticError

from ...compiler.entry_programs import entry_scripts
from ...compiler.programs import scripts
from ...compiler.test_random_programs import exact_inputs
from .exported import (
    COUNTS,
    GATED,
    GIVEN,
    LATE,
    LOOPS,
    NAMES,
    TOLERANCE,
    assert_close,
    assert_near,
    data_of,
    flat,
    grouped,
    network_of,
    reference,
    reference_of,
)

RUN = """
import importlib.util, pathlib, sys
for name in {blocked!r}:
    sys.modules[name] = None
import numpy as np
place = pathlib.Path({place!r})
for path in sorted(place.glob("*.py")):
    spec = importlib.util.spec_from_file_location("exported", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function = getattr(module, path.stem.split("-")[0])
    given = np.load(path.with_suffix(".npz"))
    arrays = [given[str(number)] for number in range(len(given))]
    for dtype in ("float64", "float32"):
        for batched in (False, True):
            some = [np.stack([a, a * 0.75]) if batched else a for a in arrays]
            some = [a.astype(dtype) for a in some]
            if {use_torch}:
                import torch
                some = [torch.from_numpy(a) for a in some]
            found = function(*some)
            found = [np.asarray(a) for a in (found if isinstance(found, tuple) else (found,))]
            assert all(str(a.dtype) == dtype for a in found)
            np.savez(path.with_suffix(f".{{dtype}}-{{batched}}.out.npz"), *found)
"""


@pytest.fixture(scope="module", params=[False, True], ids=["torch", "numpy"])
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every network as a file, each run alone and in a batch, in both dtypes, in one process."""
    place = tmp_path_factory.mktemp("python")
    for name in NAMES:
        network = network_of(name)
        path = place / f"{network.template.algorithm}-{NAMES.index(name)}.py"
        network.export(path, numpy=request.param)
        arrays = {str(n): a for n, a in enumerate(in_order(path, name))}
        np.savez(path.with_suffix(".npz"), **arrays)
    blocked = ("weightsmith", "torch") if request.param else ("weightsmith",)
    text = RUN.format(blocked=blocked, place=str(place), use_torch=not request.param)
    subprocess.run([sys.executable, "-I", "-c", text], check=True, cwd=place)
    return place


def in_order(path: Path, name: str) -> list[np.ndarray]:
    """The data in the order of the function's arguments."""
    functions = [n for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef)]
    return [flat(data_of(name))[one.arg] for one in functions[-1].args.args]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_computes_what_the_reference_does(name: str, results: Path) -> None:
    stem = f"{network_of(name).template.algorithm}-{NAMES.index(name)}"
    wanted = reference_of(name)
    for dtype, tolerance in TOLERANCE.items():
        alone = np.load(results / f"{stem}.{dtype}-False.out.npz")
        found = dict(zip(wanted, alone.values(), strict=True))
        assert_close(found, wanted, tolerance)
        batch = np.load(results / f"{stem}.{dtype}-True.out.npz")
        both = dict(zip(wanted, batch.values(), strict=True))
        assert_close({n: a[0] for n, a in both.items()}, wanted, tolerance)
    assert all(a.shape == (2, *wanted[n].shape) for n, a in both.items())


@pytest.mark.parametrize("numpy", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_for_reading(name: str, numpy: bool, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    network_of(name).export(path, numpy=numpy)
    text = path.read_text()
    tree = ast.parse(text)
    about = ast.get_docstring(tree) or ""
    assert "SHA-256 of the certificate: " in about
    assert network_of(name).template.algorithm in about
    imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    assert imported == ({"numpy"} if numpy else {"torch"})
    assert max(map(len, text.rpartition('"""')[2].splitlines())) <= 100
    assert re.search("^ *# (head|mlp) ", text, re.MULTILINE)


def test_values_have_the_names_of_their_blocks(tmp_path: Path) -> None:
    network_of("newton_inverse").export(tmp_path / "net.py")
    body = (tmp_path / "net.py").read_text()
    assert (
        "    for _ in range(12):\n"
        "        # head X += -1/2 X·Aᵀ·X\n"
        "        # mlp X += X\n"
        "        X = 2.0 * X - X @ A.mT @ X\n"
        "    return X\n"
    ) in body


def test_gradients_go_through_it(tmp_path: Path) -> None:
    network_of("newton_inverse").export(tmp_path / "net.py")
    names: dict[str, object] = {}
    exec((tmp_path / "net.py").read_text(encoding="utf-8"), names)
    given = torch.eye(3, dtype=torch.float64).requires_grad_()
    names["newton_inverse"](given).diagonal().sum().backward()  # type: ignore[operator]
    assert given.grad is not None
    assert torch.allclose(given.grad, -torch.eye(3, dtype=torch.float64))  # of the inverse


def test_the_same_network_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.py", "two.py"):
        ws.Network(network_of("lasso_fista").files()).export(tmp_path / name)
    assert (tmp_path / "one.py").read_bytes() == (tmp_path / "two.py").read_bytes()


@pytest.mark.parametrize("name", ["A", "newton_inverse", "I[d]"])
@pytest.mark.parametrize("format", ["python", "huggingface"])
def test_a_name_in_the_files_is_never_code(name: str, format: str, tmp_path: Path) -> None:
    """Whoever exports a directory from elsewhere gets no code of its names."""
    bad = r"X\"\"\" + os.abort() + @GIVEN@ \\\"\"\"; os.abort() #"
    files = dict(network_of("newton_inverse").files())
    assert f'"{name}"'.encode() in files["template.json"]
    files["template.json"] = files["template.json"].replace(
        f'"{name}"'.encode(), f'"{bad}"'.encode()
    )
    ws.Network(files).export(tmp_path / "net", format=format)
    (path,) = [tmp_path / "net"] if format == "python" else (tmp_path / "net").glob("*.py")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    assert "torch" in names
    assert "os" not in names


@pytest.mark.parametrize("numpy", [False, True])
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(st.one_of(scripts(), entry_scripts()), st.integers(0, 2**16))
@example(script=LATE, seed=0)
def test_random_programs(numpy: bool, script: str, seed: int) -> None:
    check_random(script, seed, numpy=numpy)


@pytest.mark.slow
@pytest.mark.parametrize("numpy", [False, True])
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(st.one_of(scripts(), entry_scripts()), st.integers(0, 2**16))
def test_many_random_programs(numpy: bool, script: str, seed: int) -> None:
    check_random(script, seed, numpy=numpy)


def check_random(script: str, seed: int, *, numpy: bool) -> None:
    try:
        network = ws.compile(script)
        inputs = network.used(exact_inputs(network.program, seed))
        text = text_of(network, numpy=numpy)
    except (DiagnosticError, ExportError) as refusal:
        event(str(refusal)[:40])
        return
    floats = {n: np.asarray(array, dtype=np.float64) for n, array in flat(inputs).items()}
    found = called(text, floats, numpy=numpy)
    assert_near(found, reference(network, grouped(floats)), floats)


@pytest.mark.parametrize("numpy", [False, True])
def test_products_of_entries(numpy: bool) -> None:
    network = ws.compile(GATED, gated=True)
    found = called(text_of(network, numpy=numpy), GIVEN, numpy=numpy)
    assert_near(found, reference(network, GIVEN), GIVEN)


LOST = """algorithm lost(x: [d] per token, y: [k] per context)
V = 1/3*(y*x'*x) over context
repeat 2:
    V = V + y*x'*x over context
    for g in 1, 0:
        V = g*(V*V'*V) over context
return V, 2*y - V over context
"""  # what the loop ends with has nothing of the data in it


@pytest.mark.parametrize("numpy", [False, True])
def test_each_of_a_batch_has_its_value_where_no_data_reach_it(numpy: bool) -> None:
    network = ws.compile(LOST)
    random = np.random.default_rng(0)
    x = {group: random.normal(size=(2, 3, 4)) for group in ("context", "query")}
    y = random.normal(size=(2, 1, 4))
    floats = flat(network.used({"x": x, "y": {"context": y}}))
    found = called(text_of(network, numpy=numpy), floats, numpy=numpy)
    assert_near(found, reference(network, grouped(floats)), floats)


@pytest.mark.parametrize("numpy", [False, True])
@pytest.mark.parametrize("counts", COUNTS)
def test_the_counts_of_loops_may_be_arguments(
    counts: dict[str, int], numpy: bool, tmp_path: Path
) -> None:
    ws.compile(LOOPS).export(tmp_path / "net.py", counts=True, numpy=numpy)
    random = np.random.default_rng(3)
    batch = {"A": random.normal(size=(2, 3, 3)), "y_context": random.normal(size=(2, 1, 4))}
    text = (tmp_path / "net.py").read_text(encoding="utf-8")
    found = called(text, batch, numpy=numpy, **counts)
    wanted = flat(reference(ws.compile(LOOPS, settings=counts), grouped(batch)))
    assert_close(dict(zip(wanted, found, strict=True)), wanted, 1e-12)


def text_of(network: ws.Network, *, numpy: bool) -> str:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "net.py"
        network.export(path, numpy=numpy)
        return path.read_text(encoding="utf-8")


def called(
    text: str, floats: Mapping[str, np.ndarray], *, numpy: bool, **counts: int
) -> list[np.ndarray]:
    """What the function of the file returns."""
    names: dict[str, object] = {}
    exec(compile(text, "<exported>", "exec"), names)
    function = [n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)][-1]
    arguments = [floats[one.arg.rstrip("_")] for one in function.args.args]
    given = arguments if numpy else [torch.from_numpy(one) for one in arguments]
    found = names[function.name](*given, **counts)  # type: ignore[operator]
    found = found if isinstance(found, tuple) else (found,)
    return [np.asarray(one) for one in found]
