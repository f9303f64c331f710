"""One or two things of a template, a program or a witness changed as an adversary would."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

Path = tuple[Any, ...]
TEXTS = (
    *("0", "1", "-1", "2", "1/2", "n", "c", "context", "query", "d"),
    *("upto", "before", "after", "exp", "relu", "abs", "sigmoid"),
    *("input", "transposed", "identity", "ones"),
)
FIXED = ("format", "version", "algorithm")


def places(document: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every place, with what stands there."""
    yield path, document
    if isinstance(document, dict):
        for key, value in document.items():
            yield from places(value, (*path, key))
    elif isinstance(document, list):
        for place, value in enumerate(document):
            yield from places(value, (*path, place))


def change(document: Any, chance: random.Random) -> None:
    """Change one place: mostly to what stands at another of the same key."""
    found = [(path, value) for path, value in places(document) if path and path[0] not in FIXED]
    path, value = chance.choice(found)
    alike = [one for at, one in found if type(one) is type(value) and at[-1] == path[-1]]
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = _changed(value, alike, chance)


def _changed(value: Any, alike: list[Any], chance: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + chance.choice((-1, 1))
    if isinstance(value, str):
        turned = value[1:] if value.startswith("-") else f"-{value}"
        return chance.choice((chance.choice(alike), chance.choice(alike), turned, _text(chance)))
    if isinstance(value, list) and value:
        return _list(value, alike, chance)
    if isinstance(value, dict) and value and chance.random() < 0.5:
        gone = chance.choice(list(value))
        return {key: one for key, one in value.items() if key != gone}
    return copy.deepcopy(chance.choice(alike))


def _text(chance: random.Random) -> str:
    return chance.choice(TEXTS)


def _list(value: list[Any], alike: list[Any], chance: random.Random) -> list[Any]:
    """Without an item, with one twice, two of them swapped, or another list."""
    made = copy.deepcopy(value)
    match chance.randrange(4):
        case 0:
            made.pop(chance.randrange(len(made)))
        case 1:
            made.insert(chance.randrange(len(made) + 1), copy.deepcopy(chance.choice(made)))
        case 2:
            one, two = chance.randrange(len(made)), chance.randrange(len(made))
            made[one], made[two] = made[two], made[one]
        case _:
            return list(copy.deepcopy(chance.choice(alike)))
    return made
