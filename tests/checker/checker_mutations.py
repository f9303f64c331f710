"""Single corruptions of a JSON document: every leaf changed, every item and key left out."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

Path = tuple[Any, ...]
_NUMBER = re.compile(r"-?\d+(/\d+)?")


def paths(document: Any, path: Path = ()) -> Iterator[Path]:
    """Every place below the root."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield (*path, key)
            yield from paths(value, (*path, key))
    elif isinstance(document, list):
        for place, value in enumerate(document):
            yield (*path, place)
            yield from paths(value, (*path, place))


def changed(value: Any) -> list[Any]:
    """Other values of the same kind, none of them equal in meaning."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, str(value)]
    if value is None:
        return [{}, "0"]
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        number = Fraction(value)
        return [str(number + Fraction(1, 8)), str(number - Fraction(1, 8)), "", "nan"]
    if isinstance(value, str):
        return [f"({value}) + 1", f"{value}x", ""]
    return []


def mutations(document: Any) -> Iterator[tuple[Path, Any]]:
    """Each single corruption: where, and the whole corrupted document."""
    for path in paths(document):
        parent = document
        for key in path[:-1]:
            parent = parent[key]
        for new in changed(parent[path[-1]]):
            if new == parent[path[-1]]:
                continue
            yield path, _with(document, path, new)
        yield path, _with(document, path, None, drop=True)


def _with(document: Any, path: Path, new: Any, *, drop: bool = False) -> Any:
    whole = copy.deepcopy(document)
    parent = whole
    for key in path[:-1]:
        parent = parent[key]
    if drop:
        del parent[path[-1]]
    else:
        parent[path[-1]] = new
    return whole
