"""Build sdist and wheel, install the wheel elsewhere, and use it from an empty folder.

    python tools/check_distribution.py [PYTHON ...]

Each interpreter (default: this one) gets a virtual environment of its own with the wheel and what
it depends on, without PyTorch: there the networks run in NumPy.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLUGIN = "pytest_weightsmith.py"  # a module at the top, for which pytest looks
IN_WHEEL = (
    "weightsmith/dsl/grammar.lark",
    "weightsmith/dsl/grammar_tables.json",
    "weightsmith/dsl/py.typed",
    "weightsmith/checker/py.typed",
    "weightsmith/backends/py.typed",
    "weightsmith/examples/newton_inverse.alg",
    PLUGIN,
)
IN_SDIST = ("pyproject.toml", "README.md", "CITATION.cff", "dsl/weightsmith/dsl/grammar.lark")
SCRIPT = "newton_inverse"
USE = """
import json
import numpy as np
from weightsmith import api
import weightsmith
network = api.load("newton")
X = network.run({"A": np.diag([0.5, 2.0])})["X"]
files = weightsmith.__path__
print(json.dumps([api.__version__, weightsmith.__version__, X.diagonal().round(6).tolist()]))
"""


def run(command: list[str | Path], folder: Path) -> str:
    found = subprocess.run(
        [str(one) for one in command], cwd=folder, text=True, capture_output=True, check=False
    )
    if found.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{found.stdout}{found.stderr}")
    return found.stdout


def build(folder: Path) -> tuple[Path, Path]:
    """The sdist, and the wheel that is built from it and not from this folder."""
    run([sys.executable, "-m", "build", "--outdir", folder, ROOT], folder)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


def look_inside(sdist: Path, wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    missing = [one for one in IN_WHEEL if one not in names]
    with tarfile.open(sdist) as files:
        inside = {one.partition("/")[2] for one in files.getnames()}
    missing += [one for one in IN_SDIST if one not in inside]
    if missing:
        sys.exit(f"not in the distribution: {', '.join(missing)}")
    if "weightsmith/__init__.py" in names:
        sys.exit("weightsmith/__init__.py hides the other source roots")
    strange = {one.split("/")[0] for one in names - {PLUGIN} if not one.startswith("weightsmith")}
    if strange:
        sys.exit(f"the wheel installs more than weightsmith: {strange}")


def use(python: str, wheel: Path, folder: Path) -> str:
    """Install and use; return a line for people."""
    venv = folder / "venv"
    run([python, "-m", "venv", venv], folder)
    bin_folder = venv / "bin"
    constraints = ROOT / "constraints.txt"
    run([bin_folder / "pip", "install", "-q", "-c", constraints, wheel], folder)
    run([bin_folder / "pip", "check"], folder)
    empty = folder / "elsewhere"
    empty.mkdir()
    tool = bin_folder / "weightsmith"
    version = run([tool, "--version"], empty).strip()
    found = run(
        [bin_folder / "python", "-c", "import weightsmith; print(*weightsmith.__path__)"], empty
    )
    example = Path(found.strip()) / "examples" / f"{SCRIPT}.alg"
    run([tool, "check", example], empty)
    settings = ["--set", "mu=1/2", "--set", "L=2"]
    run([tool, "compile", example, "-o", "newton", *settings], empty)
    run([tool, "verify", "newton"], empty)
    said = json.loads(run([bin_folder / "python", "-c", USE], empty))
    run([tool, "new", "--network", "paper"], empty)
    run([bin_folder / "pip", "install", "-q", "-c", constraints, "pytest"], empty)
    run([bin_folder / "python", "-m", "pytest", "-W", "error", "test_paper.py"], empty)
    if said[0] not in version or said[0] != said[1] or said[2] != [2.0, 0.5]:
        sys.exit(f"not what was expected: {version}, {said}")
    which = run([bin_folder / "python", "--version"], empty).strip()
    return f"{which}: {version}; checked, compiled, verified and ran {SCRIPT}, a test with pytest"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sdist, wheel = build(folder)
        look_inside(sdist, wheel)
        print(f"{sdist.name}, {wheel.name}: complete")
        for number, python in enumerate(sys.argv[1:] or [sys.executable]):
            place = folder / str(number)
            place.mkdir()
            print(use(python, wheel, place))


if __name__ == "__main__":
    main()
