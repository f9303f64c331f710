"""Attacks on what issue 4 brought (schedules, deeper rules): each must be refused, or say less."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import weightsmith.api as ws
from weightsmith.compiler.certify.spectral import RootScalar

BESIDE = """algorithm beside(A: symmetric[d, d])
assume spectrum(A) in {spectrum}
X = A*A
{loop}return X approximates A*sqrt(A*A)
"""


@pytest.mark.parametrize("loop", ["", "repeat 3:\n    X = 3/2*X - 1/2*X\n"])
def test_a_negative_factor_beside_a_root_is_no_part_of_it(
    loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A·sqrt(A·A) is −A·A for eigenvalues below 0, though its square is A⁴ there too."""
    positive = ws.compile(BESIDE.format(spectrum="[1, 2]", loop=loop))
    assert positive.verify().accepted
    assert positive.bounds[0].value is not None
    script = BESIDE.format(spectrum="[-2, -1]", loop=loop)
    assert ws.compile(script).bounds[0].value is None
    monkeypatch.setattr(RootScalar, "must_be_positive", lambda self: (self.power,))
    forged = ws.compile(script)
    assert forged.bounds[0].value is not None
    assert not forged.verify().accepted


LATE = """algorithm late(A: [d, d])
X = 0*A
for g in 1, 2, 3:
    X = X + relu(g*X) + A
return X
"""
LATER = """algorithm late(A: [d, d])
X, B = 0*A, 0*A
for g in 1, 2, 3:
    X = X + B + A
    B = relu(g*X)
return X
"""


def test_an_invariant_may_not_hide_a_number_of_the_passes_in_a_function(tmp_path: Path) -> None:
    """relu(g·X) of this pass is not that of the last pass, though at first both are 0."""
    script, network = ws.compile(LATE).files(), ws.compile(LATER).files()
    document = json.loads(network["certificate.json"])
    document["files"]["script.alg"] = json.loads(script["certificate.json"])["files"]["script.alg"]
    document["claims"][0]["steps"][0]["invariant"]["B"]["d"] = [["1", ["relu[1]"]]]
    for name, data in {**network, "script.alg": script["script.alg"]}.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "certificate.json").write_text(json.dumps(document))
    refused = [v for v in ws.verify(tmp_path).verdicts if not v.accepted]
    assert [v.kind for v in refused] == ["exactness"]
    assert "number of the passes" in refused[0].reason
