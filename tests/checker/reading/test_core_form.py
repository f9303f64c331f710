"""The core form of a script: read back as it was, and tied to the script by the front end alone."""

from __future__ import annotations

import copy
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from checker_cases import CASES, newton_inverse
from checker_writing import write

from weightsmith import api
from weightsmith.checker import verify_directory
from weightsmith.checker.reading.core_form import MAX_DEPTH, read_core
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.dsl import Source, check, load_source
from weightsmith.dsl.printing.core_form import core_form
from weightsmith.dsl.program import core

ROOT = Path(__file__).parents[3]
SCRIPTS = sorted([*(ROOT / "examples").glob("*.alg"), *(ROOT / "tests/scripts").glob("*.alg")])
PLACE = re.compile(r"span=Span\(source=Source\(name=(?:'[^']*'|\"[^\"]*\")\), start=\d+, end=\d+\)")


def form_of(path: Path) -> dict[str, Any]:
    return json.loads(json.dumps(core_form(check(load_source(path)))))


def without_places(program: core.Program) -> str:
    return PLACE.sub("", repr(program))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_it_reads_back_as_it_was(path: Path) -> None:
    """The very same tree, but for the places in the script."""
    program = check(load_source(path))
    read = read_core(form_of(path), "the program")
    assert without_places(read) == without_places(program)
    assert core_form(read) == core_form(program)


def test_equal_programs_have_equal_forms_wherever_they_stand() -> None:
    text = "algorithm a(A: [d, d])\n{}X = A\nrepeat 3:\n    X = X*A\nreturn X\n"
    first, second = (check(Source("a", text.format(space))) for space in ("", "# a word\n\n"))
    assert first != second
    assert core_form(first) == core_form(second)


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(part, (*path, key))


def changed(form: Any, path: tuple[Any, ...], new: object) -> Any:
    form = copy.deepcopy(form)
    at = form
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = new
    return form


@pytest.mark.parametrize("path", SCRIPTS[::3], ids=lambda path: path.stem)
def test_a_change_is_refused_or_is_another_program(path: Path) -> None:
    """Whatever stands in a form is read: nothing can be changed without a trace."""
    form, program = form_of(path), without_places(check(load_source(path)))
    random_places = [place for place in places(form) if place]
    random.Random(path.stem).shuffle(random_places)
    for place in random_places[:60]:
        for new in ("zz", 7, None, [], {}, True, "1/3"):
            mutant = changed(form, place, new)
            if json.dumps(mutant) == json.dumps(form):
                continue
            try:
                assert without_places(read_core(mutant, "the program")) != program, (place, new)
            except RefusedError:
                continue


def test_a_form_that_is_too_deep_is_refused() -> None:
    form = form_of(ROOT / "examples/newton_inverse.alg")
    node: Any = form["returns"][0]["value"]
    for _ in range(MAX_DEPTH + 2):
        node = ["transpose", ["d", "d"], node]
    form["returns"][0]["value"] = node
    with pytest.raises(RefusedError, match="nested too deeply"):
        read_core(form, "the program")


WRONG: dict[str, tuple[tuple[Any, ...], object, str]] = {
    "an operation": (("returns", 0, "value", 0), "inverse", "not known"),
    "too few parts": (("returns", 0, "value"), ["transpose", ["d", "d"]], "too few parts"),
    "a shape": (("returns", 0, "value", 1), ["d"], "rows and columns"),
    "a group": (("inputs", 0, "shape", 1), ["token", "nobody"], "Groups of tokens"),
    "a token axis without groups": (("inputs", 0, "shape", 1), "token", "with its groups"),
    "a name": (("inputs", 0, "name"), "A\u202e", "not a name"),
    "a truth": (("inputs", 0, "symmetric"), "yes", "neither true nor false"),
    "a kind": (("assumptions", 0, "assume"), "trace", "not known"),
    "ends": (("assumptions", 0, "ends"), ["mu"], "Ends are missing"),
    "a number": (("assumptions", 0, "ends", 0), "1//2", "not a scalar"),
    "names": (("body", 0, "let"), ["X", "Y"], "as many names as values"),
    "numbers of passes": (("body", 1, "for"), [], "not an object"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_no_script_has_is_refused_with_a_sentence(what: str) -> None:
    path, new, said = WRONG[what]
    form = form_of(ROOT / "examples/newton_inverse.alg")
    with pytest.raises(RefusedError, match=said):
        read_core(changed(form, path, new), "the program")


# -- tied to the script -------------------------------------------------------------------------


def refused(directory: Path, *, kernel: bool = False) -> set[str]:
    report = verify_directory(directory, kernel=kernel)
    return {one.kind for one in report.verdicts if not one.accepted}


def test_a_script_that_says_something_else_is_refused_by_name(tmp_path: Path) -> None:
    """Its hash agrees, and all that is claimed holds of the program of the certificate."""
    case = newton_inverse()
    write(case, tmp_path)
    certificate = json.loads((tmp_path / "certificate.json").read_text())
    case.script = case.script.replace("X = 2*X - X*A*X", "X = 2*X - X*A*X + 0*A + A")
    write(case, tmp_path)
    other = json.loads((tmp_path / "certificate.json").read_text())
    other["program"] = certificate["program"]
    (tmp_path / "certificate.json").write_text(json.dumps(other))
    assert refused(tmp_path) == {"script"}
    assert refused(tmp_path, kernel=True) == set()


def test_the_program_of_the_certificate_is_what_is_checked(tmp_path: Path) -> None:
    """The kernel refuses a network of another program, whatever the script says."""
    write(newton_inverse(), tmp_path)
    path = tmp_path / "certificate.json"
    honest = json.loads(path.read_text())
    value = honest["program"]["body"][1]["body"][0]["be"][0]
    assert value[2][0] == "2"
    value[2][0] = "3"
    path.write_text(json.dumps(honest))
    assert {"exactness", "truncation"} <= refused(tmp_path, kernel=True)
    assert {"script", "exactness", "truncation"} <= refused(tmp_path)


@pytest.mark.parametrize("name", CASES)
def test_the_kernel_accepts_what_verify_accepts(name: str, tmp_path: Path) -> None:
    write(CASES[name](), tmp_path)
    whole, kernel = verify_directory(tmp_path), verify_directory(tmp_path, kernel=True)
    assert [v.kind for v in whole.verdicts if v.kind != "script"] == [
        v.kind for v in kernel.verdicts
    ]
    assert whole.accepted
    assert kernel.accepted


LOADED = """
import sys
from weightsmith.checker.__main__ import main
status = main(["--kernel", sys.argv[1]])
names = sorted(name for name in sys.modules if name.split(".")[0] in ("weightsmith", "lark"))
print("LOADED", status, *names)
"""
NOT_LOADED = (
    *("lark", "weightsmith.dsl.front_end", "weightsmith.dsl.reading", "weightsmith.dsl.meaning"),
    *("weightsmith.dsl.checking", "weightsmith.dsl.printing", "weightsmith.dsl.running"),
    *("weightsmith.checker.errors", "weightsmith.checker.rewrites", "weightsmith.compiler"),
)
FOR_OTHERS = (  # functions of entries, numbers of passes, sentences
    *("entries", "sites", "piecewise", "tables", "mlp", "composition", "schedules", "limits"),
    *("sentences", "sentence", "wording", "promises", "rewriting", "table", "table_proof"),
)


def test_the_kernel_loads_what_a_certificate_needs_and_nothing_else(tmp_path: Path) -> None:
    settings = {"mu": "1/2", "L": "2", "steps": "4"}
    api.compile(ROOT / "examples/newton_inverse.alg", settings=settings).save(tmp_path / "n")
    run = [sys.executable, "-c", LOADED, str(tmp_path / "n")]
    found = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    (line,) = (one for one in found.splitlines() if one.startswith("LOADED"))
    status, *names = line.split()[1:]
    assert status == "0"
    assert not [name for name in names if name.startswith(NOT_LOADED)]
    assert not {name.split(".")[-1] for name in names} & {*FOR_OTHERS}
    rules = {name.split(".")[-1] for name in names if ".checker.rules." in name}
    folders = {"network", "truncation"}
    assert rules - folders == {"simulation", "rounding", "assumption", "loops", "autonomous"}
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    (proof,) = re.findall(r"^## 5\..*?(?=^## )", page, re.MULTILINE | re.DOTALL)
    files = {f"{name.split('.')[-1]}.py" for name in names if is_file(name)}
    assert files - set(re.findall(r"`(\w+\.py)`", proof)) == {"__main__.py"}


def is_file(name: str) -> bool:
    spec = find_spec(name)
    return spec is not None and spec.submodule_search_locations is None
