"""``--refresh-golden`` writes the golden texts anew."""

from __future__ import annotations

from pathlib import Path

import pytest

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


@pytest.fixture
def golden(request: pytest.FixtureRequest):
    """Compare a text with the file of that name in tests/golden, or write it."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--refresh-golden"):
            path.write_text(text)
        assert path.exists(), f"{name} is missing: run pytest with --refresh-golden"
        assert text == path.read_text()

    return compare
