"""A rule is one object in one file; a name in a certificate loads such a file and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from checker_cases import newton_inverse
from tests.checker.claims.test_truncation import prove_case

from weightsmith.checker import rules
from weightsmith.checker.facts.fact import Fact
from weightsmith.checker.facts.rule import FileRule, check_kinds
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.spectra.spectral_rule import IterateRule, ValueRule
from weightsmith.compiler.certify import rules as searched
from weightsmith.compiler.certify.rules import iterate_searches, value_searches

FOLDER = Path(rules.__file__).parent
FILES = {
    path.stem: ".".join(path.relative_to(FOLDER).with_suffix("").parts)
    for path in sorted(FOLDER.rglob("*.py"))
    if path.stem != "__init__"
}


def test_every_file_of_the_folder_is_a_rule_of_its_name() -> None:
    assert rules.places() == {n: f"weightsmith.checker.rules.{at}" for n, at in FILES.items()}
    assert len(FILES) >= 16
    for name, place in FILES.items():
        found = rules.find(name)
        assert isinstance(found, FileRule | IterateRule | ValueRule)
        assert found.name == name
        assert found.derive.__module__ == f"weightsmith.checker.rules.{place}"


def test_premises_are_checked_before_a_rule_is_asked() -> None:
    """``kind?`` may be absent, ``kind*`` may be there any number of times, in this order."""
    kinds = {"telescope": ["domain", "approximation", "approximation"], "loops": ["spectrum"]}
    for name, wanted in kinds.items():
        facts = [Fact(kind, "1", {}) for kind in wanted]
        check_kinds(rules.find(name), facts)
        for wrong in (facts[::-1] if len(facts) > 1 else [], [*facts, Fact("spectrum", "1", {})]):
            with pytest.raises(RefusedError, match="follow"):
                check_kinds(rules.find(name), wrong)
    check_kinds(rules.find("telescope"), [])


NO_RULES: list[object] = [
    *("chebyshev_points", "enclosures", "problem", "rules", "__init__", "", ".", "..", "os"),
    *("weightsmith.checker.rules.truncation.contraction", "truncation.contraction", "names"),
    *("rules.contraction", "contraction.os", "truncation", "network"),
    *("../contraction", "contraction.py", "Contraction", "contraction ", "__pycache__", "find"),
    *(None, 3, True, ["contraction"], {"contraction": "contraction"}),
]


@pytest.mark.parametrize("name", NO_RULES, ids=repr)
def test_a_name_that_is_no_rule_is_refused_with_a_sentence(name: object) -> None:
    with pytest.raises(RefusedError, match=r"The rule .* is not known\."):
        rules.find(name)
    case = newton_inverse()
    case.claims[2]["steps"][-1]["rule"] = name
    with pytest.raises(RefusedError, match=r"The rule .* is not known\."):
        prove_case(case)


REFUSES = """
import sys
from weightsmith.checker import rules
from weightsmith.checker.facts.fact import Fact
from weightsmith.checker.facts.rule import FileRule, check_kinds
from weightsmith.checker.reading.refusal import RefusedError
rules.places()
before = set(sys.modules)
for name in sys.argv[1:]:
    try:
        rules.find(name)
    except RefusedError:
        continue
    raise SystemExit(name)
print(sorted(set(sys.modules) - before))
"""


def test_what_is_refused_loads_nothing() -> None:
    run = [sys.executable, "-c", REFUSES, *(name for name in NO_RULES if isinstance(name, str))]
    found = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert found == "[]\n"


def test_a_rule_with_a_witness_has_a_file_that_seeks_it() -> None:
    tried = [*iterate_searches(), *value_searches()]
    spectral = [one for one in map(rules.find, FILES) if isinstance(one, IterateRule | ValueRule)]
    assert {search.rule.name for search in tried} == {one.name for one in spectral}
    for search in tried:
        rule = search.rule
        assert rule is rules.find(rule.name)
        if rule.keys:
            assert (Path(searched.__file__).parent / f"{rule.name}.py").is_file(), rule.name
            assert search.witnesses is not searched.no_witness


def test_the_order_of_rules() -> None:
    """The first rule whose form fits gives the bound: the tighter one is tried first."""
    iterates = [search.rule.name for search in iterate_searches()]
    values = [search.rule.name for search in value_searches()]
    assert iterates[0] == "autonomous"
    assert iterates.index("contraction") < iterates.index("three_term")
    assert values == ["stages", "chebyshev"]
    assert all(isinstance(rules.find(name), IterateRule) for name in iterates)
