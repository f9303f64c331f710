"""A saved equality with one thing changed is refused, by the checker and by its kernel alone.

The hashes are made to fit again after each change, so that it is the claims that catch it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.checker.checker_mutations import mutations

from weightsmith import api
from weightsmith.checker.reading.verdicts import Verdict
from weightsmith.checker.verify import verify_directory, verify_files

from ..forging import of_script, rewritten
from .saved_texts import (
    ENDS,
    FOR,
    HALF,
    NEWTON,
    ONCE,
    PASSES,
    SCRIPT_OF_SEEN,
    SEEN,
    WRITTEN_OUT,
)

Files = Mapping[str, bytes]
CASES = {
    "simulation": (SEEN, SCRIPT_OF_SEEN, {}),
    "at_numbers": (HALF, NEWTON, {**ENDS, "steps": 2}),
    "pass_by_pass": (ONCE, PASSES, {"k": 1, "c": 3}),
    "for": (WRITTEN_OUT, FOR, {}),
}
UNNEEDED = {
    "simulation": [("with", "loops", 0, "invariant", "z", "query")],
    "at_numbers": [("with", "loops", 0, "symmetric", 0)],
}


@pytest.fixture(scope="module")
def saved() -> dict[str, Files]:
    found = {}
    for name, (net, script, settings) in CASES.items():
        network = api.compare(net, script, settings=settings).network()
        assert network.facts[0].by == {"for": "pass_by_pass"}.get(name, name)
        found[name] = dict(network.files())
    return found


def kernel(files: Files, name: str, document: object) -> tuple[Verdict, ...]:
    return verify_directory(rewritten(files, name, document), kernel=True).verdicts


def refused(files: Files, name: str, document: object) -> bool:
    """By the kernel, and so by the checker, which looks at the scripts besides."""
    directory = rewritten(files, name, document)
    both = (verify_directory(directory, kernel=one) for one in (True, False))
    return all(report.outcome == "refused" for report in both)


def read(files: Files, name: str) -> Any:
    return json.loads(files[name])


def fact(document: Any) -> Any:
    return document["facts"][0]


@pytest.mark.parametrize("name", CASES)
def test_every_part_of_the_network_matters(name: str, saved: dict[str, Files]) -> None:
    """Coefficients, blocks, groups, masks, counts, bindings: every leaf changed, every one left
    out."""
    files = saved[name]
    count = 0
    for place, document in mutations(read(files, "template.json")):
        count += 1
        assert any(not one.accepted for one in _verdicts(files, document)), place
    assert count > 100


def _verdicts(files: Files, template: object) -> tuple[Verdict, ...]:
    changed = {**files, "template.json": json.dumps(template).encode()}
    certificate = read(files, "certificate.json")
    certificate["files"]["template.json"] = hashlib.sha256(changed["template.json"]).hexdigest()
    return verify_files({**changed, "certificate.json": json.dumps(certificate).encode()})


@pytest.mark.parametrize("name", CASES)
def test_every_part_of_the_fact_matters(name: str, saved: dict[str, Files]) -> None:
    """But for what is not needed, and true: that X is symmetric, what z is at query tokens."""
    certificate = read(saved[name], "certificate.json")
    survive = []
    for place, line in mutations(fact(certificate)):
        document = {**certificate, "facts": [line, *certificate["facts"][1:]]}
        verdicts = kernel(saved[name], "certificate.json", document)
        if all(one.accepted for one in verdicts):
            survive.append(place)
    assert survive == UNNEEDED.get(name, [])


def _counted(count: str, passes: int) -> Iterator[tuple[str, Any]]:
    """What a forger would write in each place where the number of passes stands."""
    yield "bindings", {"c": "3", "k": count}
    yield "at", [["k", count]]
    yield "passes", [passes]


@pytest.mark.parametrize(("count", "passes"), [("2", 2), ("0", 0), ("2", 1), ("1", 2)])
def test_another_count_everywhere(count: str, passes: int, saved: dict[str, Files]) -> None:
    """One layer is one pass: for two or none, said consistently, the equality is false."""
    files = dict(saved["pass_by_pass"])
    said = dict(_counted(count, passes))
    template, certificate = read(files, "template.json"), read(files, "certificate.json")
    assert template["bindings"] == certificate["bindings"] == dict(_counted("1", 1))["bindings"]
    template["bindings"] = certificate["bindings"] = said["bindings"]
    fact(certificate)["fact"] |= {"at": said["at"], "passes": said["passes"]}
    files["template.json"] = json.dumps(template).encode()
    assert refused(files, "certificate.json", certificate)


def test_equality_for_one_count_is_none_for_all(saved: dict[str, Files]) -> None:
    """Neither the rule nor the fact can be exchanged for those that are for all."""
    files = saved["pass_by_pass"]
    plain = {"is": "exactness", "of": "script.alg"}
    loops: list[object] = [{"symmetric": [], "invariant": {}}]
    ways: list[tuple[dict[str, object], str, dict[str, object]]] = [
        (plain, "pass_by_pass", {"at": ["k"]}),
        ({**plain, "at": [], "passes": [1]}, "pass_by_pass", {"at": []}),
        ({**plain, "at": [["c", "3"]], "passes": [1]}, "pass_by_pass", {"at": ["c"]}),
        (plain, "simulation", {"loops": []}),
        (plain, "simulation", {"loops": loops}),
        ({**plain, "at": [["k", "1"]]}, "at_numbers", {"at": ["k"], "loops": loops}),
    ]
    for stated, rule, witness in ways:
        certificate = read(files, "certificate.json")
        certificate["facts"][0] |= {"fact": stated, "by": rule, "with": witness}
        assert refused(files, "certificate.json", certificate), rule


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (["mu"], [["mu", "2"]]),
        ([], []),
        (["mu", "L"], [["mu", "2"], ["L", "4"]]),  # the order is fixed
        (["L", "L", "mu"], [["L", "4"], ["L", "4"], ["mu", "2"]]),
        (["L", "X", "mu"], [["L", "4"], ["X", "1"], ["mu", "2"]]),
        (["L", "mu"], [["L", "4"], ["mu", "3"]]),
    ],
)
def test_equality_at_numbers_needs_them(
    at: list[str], said: list[list[str]], saved: dict[str, Files]
) -> None:
    files = saved["at_numbers"]
    certificate = read(files, "certificate.json")
    fact(certificate)["fact"]["at"] = said
    fact(certificate)["with"]["at"] = at
    assert refused(files, "certificate.json", certificate)


def test_other_numbers(saved: dict[str, Files]) -> None:
    """2/(mu + L) is 1/3 at mu = 2, L = 4 and at mu = 1, L = 5, and not at mu = 2, L = 5."""
    for low, high, is_equal in (("1", "5", True), ("2", "5", False)):
        files = dict(saved["at_numbers"])
        template, certificate = read(files, "template.json"), read(files, "certificate.json")
        numbers = {"L": high, "mu": low, "steps": "2"}
        template["bindings"] = certificate["bindings"] = numbers
        fact(certificate)["fact"]["at"] = [["L", high], ["mu", low]]
        files["template.json"] = json.dumps(template).encode()
        verdicts = kernel(files, "certificate.json", certificate)
        (found,) = [one for one in verdicts if one.kind == "exactness"]
        assert found.accepted == is_equal, found.reason


def test_another_script(saved: dict[str, Files]) -> None:
    """Its text, its core form and its hash agree: what it says is another thing."""
    changes = {
        "simulation": ("over context before", "over context upto"),
        "at_numbers": ("2*X - X*A*X", "3*X - X*A*X"),
        "pass_by_pass": ("X = X + X*A*X", "X = X + 2*X*A*X"),
        "for": ("for g in 1, 2", "for g in 1, 3"),
    }
    for name, (old, new) in changes.items():
        files = dict(saved[name])
        text = files["script.alg"].decode()
        assert old in text
        changed = text.replace(old, new)
        certificate = of_script(read(files, "certificate.json"), changed)
        files["script.alg"] = changed.encode()
        assert refused(files, "certificate.json", certificate), name


def test_long_loops_end_in_the_budget(saved: dict[str, Files]) -> None:
    """10^12 passes are refused, and not run."""
    files = dict(saved["pass_by_pass"])
    count = str(10**12)
    template, certificate = read(files, "template.json"), read(files, "certificate.json")
    template["bindings"] = certificate["bindings"] = {"c": "3", "k": count}
    fact(certificate)["fact"] |= {"at": [["k", count]], "passes": [10**12]}
    files["template.json"] = json.dumps(template).encode()
    verdicts = kernel(files, "certificate.json", certificate)
    (found,) = [one for one in verdicts if one.kind == "exactness"]
    assert found.over_budget, found.reason
