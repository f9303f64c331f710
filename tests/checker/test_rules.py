"""A rule is one object in one file; a name in a certificate loads such a file and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from checker_cases import newton_inverse
from tests.checker.claims.test_truncation import prove_case

from weightsmith.checker import rules
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.spectra.spectral_rule import IterateRule
from weightsmith.compiler.certify import rules as searched
from weightsmith.compiler.certify.rules import iterate_searches, value_searches

FOLDER = Path(rules.__file__).parent
FILES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


def test_every_file_of_the_folder_is_a_rule_of_its_name() -> None:
    assert list(rules.names()) == FILES
    assert len(FILES) >= 6
    for name in FILES:
        found = rules.find(name)
        assert found.name == name
        assert found.derive.__module__ == f"weightsmith.checker.rules.{name}"


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
from weightsmith.checker.reading.refusal import RefusedError
rules.names()
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
    assert sorted(search.rule.name for search in tried) == FILES
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
