"""What a certificate owes: only a truncation that is proven makes up for a propagation."""

from __future__ import annotations

from pathlib import Path

import pytest
from checker_completing import complete
from checker_writing import write
from tests.checker.claims.test_approximation import directory_case, refused

from weightsmith.checker import verify_directory


@pytest.mark.parametrize("why", ["no-rule", "not-derived"])
def test_an_open_propagation_is_owed_and_one_too_many_is_not(why: str, tmp_path: Path) -> None:
    case = complete(directory_case("logistic"))
    case.claims[-1] = {"kind": "propagation", "output": "output", "unproven": why}
    report = verify_directory(write(case, tmp_path))
    assert report.outcome == "open"
    case.claims.append({"kind": "truncation", "output": "output", "unproven": why})
    assert refused(verify_directory(write(case, tmp_path))) == {("truncation", 6)}
    case.claims[-1] = {"kind": "propagation", "output": "other", "unproven": why}
    assert refused(verify_directory(write(case, tmp_path))) == {("propagation", 6)}
    case.claims[-1] = {"kind": "exactness", "output": "output", "unproven": why}
    assert ("exactness", 6) in refused(verify_directory(write(case, tmp_path)))


def test_a_distance_is_not_said_to_be_open_and_proven(tmp_path: Path) -> None:
    case = complete(directory_case("logistic"))
    case.claims.append({"kind": "propagation", "output": "output", "unproven": "not-derived"})
    assert refused(verify_directory(write(case, tmp_path))) == {("propagation", 6)}
