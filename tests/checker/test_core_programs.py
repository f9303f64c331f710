"""Core forms of random programs: read back as they were, and no change of one goes unseen."""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from checker_cases import CASES
from checker_mutations import paths
from checker_writing import write
from hypothesis import HealthCheck, given, settings
from tests.claims.printed_entry_scripts import random_entry_script
from tests.claims.printed_scripts import random_script
from tests.compiler.programs import scripts

from weightsmith.checker import verify_directory
from weightsmith.checker.reading.core_form import read_core
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.reading.round_trip import check_script
from weightsmith.checker.reading.well_formed import check_program
from weightsmith.dsl import DiagnosticError, Source, check, program_text
from weightsmith.dsl.printing.core_form import core_form
from weightsmith.dsl.program import core

Form = Any
NAMES = ("Q", "X", "A", "d", "7", "0", "-1", "1/2", "context", "query", "token", "identity", "zero")


def as_form(program: core.Program) -> Form:
    return json.loads(json.dumps(core_form(program)))


def read_back(text: str) -> bool:
    """The form reads back as it was, is well formed, is the script's, and prints as a script."""
    try:
        program = check(Source("script.alg", text))
    except DiagnosticError:
        return False
    form = as_form(program)
    read = read_core(form, "the program")
    assert as_form(read) == form
    check_program(read)
    check_script("script.alg", text.encode(), form)
    assert as_form(check(Source("printed.alg", program_text(read)))) == form
    return True


@pytest.mark.parametrize("seed", range(4))
def test_random_targets_read_back(seed: int) -> None:
    rng = random.Random(seed)
    read = [read_back(random_script(rng).text) for _ in range(60)]
    read += [read_back(random_entry_script(rng)) for _ in range(20)]
    assert sum(read) >= 70


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(scripts())
def test_random_loops_within_loops_read_back(text: str) -> None:
    read_back(text)


# -- changes ------------------------------------------------------------------------------------


def at(form: Form, path: tuple[Any, ...]) -> Form:
    for key in path:
        form = form[key]
    return form


def mutant(rng: random.Random, form: Form) -> Form:
    """One place changed: another value of its kind from elsewhere, one left out, one twice."""
    changed = copy.deepcopy(form)
    places = list(paths(changed))
    path = rng.choice(places)
    parent, old = at(changed, path[:-1]), at(changed, path)
    pool = [at(form, place) for place in paths(form)]
    kind = rng.random()
    if isinstance(parent, list) and kind < 0.2:
        del parent[path[-1]]
    elif isinstance(parent, list) and kind < 0.35:
        parent.insert(path[-1], copy.deepcopy(rng.choice(pool)))
    elif isinstance(old, bool):
        parent[path[-1]] = not old
    elif isinstance(old, str):
        parent[path[-1]] = rng.choice((*NAMES, *(one for one in pool if isinstance(one, str))))
    else:
        same = [one for one in pool if type(one) is type(old)]
        parent[path[-1]] = copy.deepcopy(rng.choice(same if rng.random() < 0.8 else pool))
    return changed


def bare(program: core.Program) -> str:
    return json.dumps(core_form(program), sort_keys=True)


@pytest.mark.parametrize("seed", range(2))
def test_no_change_of_a_random_program_is_unseen(seed: int) -> None:
    rng = random.Random(seed)
    seen: Counter[str] = Counter()
    while seen["scripts"] < 10:
        text = random_script(rng).text if rng.random() < 0.6 else random_entry_script(rng)
        try:
            program = check(Source("script.alg", text))
        except DiagnosticError:
            continue
        seen["scripts"] += 1
        form, own = as_form(program), bare(program)
        for place in range(40):
            other = mutant(rng, form)
            if json.dumps(other, sort_keys=True) == json.dumps(form, sort_keys=True):
                continue
            try:
                assert bare(read_core(other, "the program")) != own
                seen["read"] += 1
            except RefusedError:
                seen["refused"] += 1
            if place < 4:
                with pytest.raises(RefusedError, match="says something else"):
                    check_script("script.alg", text.encode(), other)
    assert min(seen.values()) >= 10


def kernel(directory: Path, certificate: Form, program: Form) -> dict[str, str]:
    """What is said of each kind of claim, "" if it is accepted."""
    path = directory / "certificate.json"
    path.write_text(json.dumps({**certificate, "program": program}))
    verdicts = verify_directory(directory, kernel=True).verdicts
    return {one.kind: "" if one.accepted else one.reason for one in verdicts}


def is_said(form: Form) -> bool:
    """Is there a script of this form, but for its name, which may be a word of the language?"""
    named = {**form, "algorithm": "f"}
    text = program_text(read_core(named, "the program"))
    try:
        return bool(as_form(check(Source("printed.alg", text))) == named)
    except DiagnosticError:
        return False


def sweep(name: str, directory: Path, count: int, seed: int) -> Counter[str]:
    """Changed programs in the certificate of a case: what no script says is not accepted."""
    write(CASES[name](), directory)
    certificate = json.loads((directory / "certificate.json").read_text())
    honest, rng, seen = certificate["program"], random.Random(seed), Counter[str]()
    for _ in range(count):
        form = mutant(rng, honest)
        try:
            read_core(form, "the program")
        except RefusedError:
            continue
        found = kernel(directory, certificate, form)
        assert not any("could not follow" in reason for reason in found.values()), (form, found)
        if form == honest:
            continue
        seen["read"] += 1
        if found["truncation"] == "" == found["exactness"]:
            seen["accepted"] += 1
            assert is_said(form), form
    return seen


def test_no_claim_is_accepted_of_what_no_script_says(tmp_path: Path) -> None:
    seen = sweep("newton_inverse", tmp_path, 120, 1)
    assert seen["read"] > 20
    assert seen["accepted"] < seen["read"] / 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "name", ["newton_inverse", "newton_inverse_general", "square_root", "polar", "heat_kernel"]
)
def test_no_claim_is_accepted_of_what_no_script_says_at_length(
    name: str, seed: int, tmp_path: Path
) -> None:
    assert sweep(name, tmp_path, 800, seed)["read"] > 50
