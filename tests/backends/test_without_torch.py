"""Without PyTorch a network runs in NumPy, and whatever needs PyTorch says what to install."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np

from weightsmith import api
from weightsmith.backends.template.layout import Answer, Inputs

EXAMPLES = Path(__file__).parents[2] / "examples"
BLOCKED = "import sys; sys.modules['torch'] = None\n"  # its import raises ModuleNotFoundError
RUN = BLOCKED + (
    "import pickle\n"
    "cases = pickle.load(open(sys.argv[1], 'rb'))\n"
    "answers = [network.run(inputs, dtype) for network, inputs, dtype in cases]\n"
    "pickle.dump(answers, open(sys.argv[2], 'wb'))\n"
)
ASKED = BLOCKED + (
    "import weightsmith.api as ws\n"
    "network = ws.load(sys.argv[1])\n"
    "for call in (network.module, lambda: network.module(dims={'d': 3}),\n"
    "             lambda: network.trace({'A': [[1.0]]})):\n"
    "    try:\n        call()\n"
    "    except ImportError as problem:\n        print(type(problem).__name__, problem)\n"
)
X = np.random.default_rng(3).normal(size=(3, 9)) / 3
MATRIX: Inputs = {"A": np.diag([0.5, 0.9, 1.0]) + 0.1}
COLUMNS: Inputs = {"x": {"query": X / np.linalg.norm(X, axis=0)}}
TOKENS: Inputs = {"x": {"context": X, "query": X[:, :2]}, "y": {"context": X[:1]}}
NEWTON: dict[str, api.Setting] = {"mu": "1/4", "L": 2, "steps": 5}
DESCENT: dict[str, api.Setting] = {"mu": "1/100", "L": 3, "steps": 3}


def python(code: str, *arguments: object) -> str:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def compiled(
    name: str, settings: dict[str, api.Setting], dims: dict[str, int] | None = None
) -> api.Network:
    return api.compile(EXAMPLES / f"{name}.alg", settings=settings, dims=dims)


def arrays(answer: Answer) -> list[np.ndarray]:
    """Every array of an answer, by group where it has groups."""
    values = [v.values() if isinstance(v, dict) else [v] for v in answer.values()]
    return [array for value in values for array in value]


def test_networks_run_in_numpy(tmp_path: Path) -> None:
    networks = [
        (compiled("newton_inverse", NEWTON), MATRIX),
        (compiled("newton_inverse", NEWTON, {"d": 3}), MATRIX),
        (compiled("gradient_descent", DESCENT), TOKENS),
        (compiled("normalise", {}), COLUMNS),
    ]
    cases = [(*each, dtype) for each in networks for dtype in (None, "float32")]
    (tmp_path / "cases").write_bytes(pickle.dumps(cases))
    python(RUN, tmp_path / "cases", tmp_path / "answers")
    answers = pickle.loads((tmp_path / "answers").read_bytes())
    for answer, (network, inputs, dtype) in zip(answers, cases, strict=True):
        expected = network.run(inputs, dtype)
        assert answer.keys() == expected.keys()
        for found, array in zip(arrays(answer), arrays(expected), strict=True):
            assert found.dtype == array.dtype == np.dtype(dtype or "float64")
            within = 1e-12 if dtype is None else 1e-5
            np.testing.assert_allclose(found, array, rtol=0, atol=within * np.abs(array).max())


def test_a_module_needs_pytorch(tmp_path: Path) -> None:
    compiled("newton_inverse", NEWTON).save(tmp_path / "net")
    said = python(ASKED, tmp_path / "net")
    assert said.count("MissingPackageError this needs PyTorch, which is not installed;") == 3
    assert said.count("pip install 'weightsmith[torch]'") == 3


def test_a_part_that_pytorch_misses_is_not_taken_for_pytorch(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("import no_such_package_of_torch\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import weightsmith.backends.torch"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "No module named 'no_such_package_of_torch'" in done.stderr
    assert "weightsmith[torch]" not in done.stderr
