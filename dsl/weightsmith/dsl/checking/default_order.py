"""The order in which the defaults of parameters can be computed, in time linear in their number."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Set


def in_order(needs: Mapping[str, Set[str]]) -> list[str]:
    """Return the names, each after those among them that it needs; without those in a cycle.

    A name that needs one in a cycle is left out too.
    """
    waiting = {name: len(needed & needs.keys()) for name, needed in needs.items()}
    users: dict[str, list[str]] = {}
    for name, needed in needs.items():
        for one in needed & needs.keys():
            users.setdefault(one, []).append(name)
    ready = deque(name for name, count in waiting.items() if not count)
    found: list[str] = []
    while ready:
        name = ready.popleft()
        found.append(name)
        for user in users.get(name, ()):
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    return found


def in_cycles(needs: Mapping[str, Set[str]]) -> list[str]:
    """Return the names that need, in the end, themselves, and those between such."""
    left = needs.keys() - set(in_order(needs))
    users: dict[str, set[str]] = {name: set() for name in left}
    for name in left:
        for one in needs[name] & left:
            users[one].add(name)
    left = left - set(in_order(users))
    return [name for name in needs if name in left]
