"""One compile parses every text once: the user's, those the compiler writes, and the saved one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

import weightsmith.api as ws
from weightsmith.dsl import front_end
from weightsmith.dsl.reading import library
from weightsmith.dsl.reading.syntax import Script
from weightsmith.dsl.text.source import Source

from .instances import EXAMPLES

SAVED, WRITTEN = "script.alg", "network.alg"  # the checker reads the first, as it was saved


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Counter[Source]:
    """How often each text is parsed from here on, nothing being remembered."""
    found: Counter[Source] = Counter()
    parse = library.parse

    def counted(source: Source) -> Script:
        found[source] += 1
        return parse(source)

    monkeypatch.setattr(library, "parse", counted)
    front_end._alone.cache_clear()
    return found


@pytest.mark.parametrize(
    ("name", "settings", "fewest", "others"),
    [
        ("newton_inverse", {"mu": "1/2", "L": 2, "steps": 2}, None, set()),
        ("gradient_descent", {"steps": 8}, "layers", {WRITTEN}),
        ("synthesized_inverse", {"mu": "1/2", "L": 2}, None, {"synthesized_inverse (synthesised)"}),
        ("ridge", {"steps": 2}, None, {"newton_inverse.alg"}),
    ],
)
def test_every_text_is_parsed_once(
    name: str,
    settings: Mapping[str, int | str],
    fewest: str | None,
    others: set[str],
    parsed: Counter[Source],
) -> None:
    path = EXAMPLES / f"{name}.alg"
    ws.compile(path, settings=settings, fewest=fewest)
    assert set(parsed.values()) == {1}
    assert {Path(one.name).name for one in parsed} == {path.name, SAVED, *others}
