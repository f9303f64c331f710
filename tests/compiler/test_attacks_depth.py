"""Attacks on what issue 4 brought (schedules, deeper rules): each must be refused, or say less."""

from __future__ import annotations

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
