"""The collector of cycles looks rarely while a network is compiled, and as before after it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

import weightsmith.api as ws
from weightsmith.compiler.collector import RARELY, collected_rarely
from weightsmith.dsl import DiagnosticError


@pytest.fixture(autouse=True)
def _thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize(("first", "inside"), [(700, RARELY), (0, 0), (2 * RARELY, 2 * RARELY)])
def test_it_looks_rarely_within_the_block_only(first: int, inside: int) -> None:
    gc.set_threshold(first, 7, 5)
    with collected_rarely():
        assert gc.get_threshold() == (inside, 7, 5)
    assert gc.get_threshold() == (first, 7, 5)


def test_it_is_as_before_after_an_error_too() -> None:
    gc.set_threshold(701, 7, 5)
    with pytest.raises(DiagnosticError):
        ws.compile("algorithm f(x: [1] per query)\nreturn y\n")
    assert gc.get_threshold() == (701, 7, 5)
    assert gc.isenabled()
