"""What the tests of the language share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from weightsmith.dsl import Checked, Source, diagnose

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def examples() -> dict[str, Path]:
    """The example scripts by name."""
    return {path.stem: path for path in sorted(EXAMPLES.glob("*.alg"))}


@pytest.fixture
def look() -> Callable[..., Checked]:
    """Check a text; further texts are files that it may use."""

    def check_text(text: str, **files: str) -> Checked:
        def read(path: str) -> Source:
            return Source(path, files[path.removesuffix(".alg")])

        return diagnose(Source("script.alg", text), read=read)

    return check_text
