"""Networks with one thing changed: a coefficient, a transpose, a group, a block, a head dropped."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

NETWORKS = Path(__file__).parents[1] / "nets" / "networks"
NAMES = sorted(path.stem for path in NETWORKS.glob("*.net") if path.stem != "fu_as_printed")
SIGN = re.compile(r"\+= (-?)")
NUMBER = re.compile(r"\((-?)(\w+)/(\w+)\)")
MOST_DRAWS = 5000  # in a row that find nothing
TRANSPOSE = re.compile(r"\b(\w+)ᵀ·(\w+)")


def mutants(count: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """Name, what was changed, and the text of the network; all different from the original.

    There are fewer than ``count`` where draw after draw finds no other.
    """
    chance = random.Random(seed)
    seen: set[str] = set()
    made = tried = 0
    while made < count and tried < MOST_DRAWS:
        tried += 1
        name = chance.choice(NAMES)
        text = (NETWORKS / f"{name}.net").read_text(encoding="utf-8")
        lines = text.splitlines()
        places = [n for n, line in enumerate(lines) if "+=" in line or "starts as" in line]
        place = chance.choice(places)
        kind, changed = _changed(lines[place], chance, lines)
        if not changed and changed is not None:
            continue
        new = lines[:place] + ([] if changed is None else [changed]) + lines[place + 1 :]
        mutant = "\n".join(new) + "\n"
        if mutant in seen or mutant == text:
            continue
        seen.add(mutant)
        made, tried = made + 1, 0
        yield name, f"{kind}: {lines[place].strip()}", mutant


def _changed(line: str, chance: random.Random, lines: list[str]) -> tuple[str, str | None]:
    """The kind of change and the changed line; None if it is dropped, "" if it cannot be."""
    kind = chance.choice(["sign", "half", "transpose", "block", "drop", "groups", "start"])
    if kind == "sign" and "+=" in line:
        return kind, SIGN.sub(lambda m: "+= " if m.group(1) else "+= -", line, count=1)
    if kind == "half" and NUMBER.search(line):
        return kind, NUMBER.sub(r"(\1\2/(2*\3))", line, count=1)
    if kind == "transpose" and TRANSPOSE.search(line):
        return kind, TRANSPOSE.sub(r"\2ᵀ·\1", line, count=1)
    if kind == "drop" and line.strip().startswith("head") and "layer" not in line:
        return kind, None
    if kind == "groups" and "; at context, query" in line:
        return kind, line.replace("; at context, query", "; at query")
    if kind == "start" and "starts as 0" in line:
        return kind, line.replace("starts as 0", "starts as ones")
    if kind == "block" and "+=" in line:
        return kind, _other_block(line, chance, lines)
    return kind, ""


def _other_block(line: str, chance: random.Random, lines: list[str]) -> str:
    """Another block of the same rows in place of one of the right side."""
    rows = {
        found.group(1): found.group(2)
        for one in lines
        if (found := re.search(r"(\w+) +(\w+) rows, starts", one.removeprefix("stream")))
    }
    head, _, tail = line.partition("+=")
    used = [name for name in rows if re.search(rf"\b{name}(?![\w(])", tail)]
    if not used:
        return ""
    old = chance.choice(used)
    same = [name for name in rows if rows[name] == rows[old] and name != old]
    if not same:
        return ""
    new = chance.choice(same)
    return head + "+=" + re.sub(rf"\b{old}(?=\b|ᵀ)", new, tail, count=1)
