"""What is found of an expression or a program, remembered by the object: hashing one takes longer
than a small product.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")
KEPT = 256  # objects; only speed


def remembered(find: Callable[[Key], Value]) -> Callable[[Key], Value]:
    """The same function of objects that do not change; those remembered stay alive."""
    known: dict[int, tuple[Key, Value]] = {}

    def look_up(key: Key) -> Value:
        found = known.get(id(key))
        if found is not None:
            return found[1]
        value = find(key)
        if len(known) >= KEPT:
            known.clear()
        known[id(key)] = key, value
        return value

    return look_up
