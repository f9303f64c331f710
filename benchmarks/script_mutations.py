"""Near-valid scripts: small changes of tokens and lines of scripts that are valid."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from weightsmith.dsl import Source, diagnose
from weightsmith.dsl.reading.lexer import KEYWORDS, Token, tokens_of

ROOT = Path(__file__).parents[1]
FOLDERS = ("examples", "tests/scripts")
TRIES = 12
NUMBERS = (
    "0",
    "1",
    "-1",
    "2",
    "3",
    "1/3",
    "0.5",
    "7/2",
    "1e-9",
    "1e9",
    "10^30",
    "3^40",
    "(1/2)^60",
)
OPERATORS = ("+", "-", "*", "/", ".*", "./", "^")
WRAPPERS = (
    "{0}'",
    "-{0}",
    "({0})",
    "{0}^2",
    "1/{0}",
    "relu({0})",
    "abs({0})",
    "clip({0}, -1, 1)",
    "soft({0}, 1/10)",
    "max({0}, {0}')",
    "sigmoid({0})",
    "tanh({0})",
    "square({0})",
    "reciprocal({0})",
    "sqrt.({0})",
    "exp.({0})",
    "sum({0})",
    "inv({0})",
    "sqrt({0})",
    "polar({0})",
    "0*{0}",
    "({0} + I)",
    "({0} .* {0})",
    "({0} - {0})",
)
LINES = (
    "within 1e-2",
    "ensure error <= 1e-2",
    "param extra = 2",
    "assume norm({0}) <= 2",
    "assume entries({0}) in [-1, 1]",
    "assume spectrum({0}) in [1/2, 3]",
    "assume singular_values({0}) in [1/5, 2]",
    "assume spectrum({0}) in [-2, -1] or [1, 2]",
    "assume size(context) <= 8",
    "extra = {0}",
    "{0} = {0}*{0}",
    "return {0}",
)
EMBEDDINGS = ("for g in 1/2, 2, 3:", "repeat 2:", "repeat until error <= 1e-2:", "repeat 0:")
Text = list[str]  # tokens, with the spaces between them as they are


def seeds() -> dict[str, str]:
    """The valid scripts to start from, by their path in the repository."""
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.alg"))]
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}


@dataclass(frozen=True)
class Near:
    """A changed script, and the one that it was made of."""

    origin: str
    text: str


def near_script(scripts: dict[str, str], rng: random.Random) -> Near:
    """Return a script with one to three changes; three in four of them have a meaning."""
    wanted = rng.random() < 0.75
    found = _changed(scripts, rng)
    for _ in range(TRIES):
        if not wanted or _has_meaning(found.text):
            return found
        found = _changed(scripts, rng)
    return found


def _has_meaning(text: str) -> bool:
    try:
        return diagnose(Source("script.alg", text)).program is not None
    except Exception:
        return True  # a fault to be found


def _changed(scripts: dict[str, str], rng: random.Random) -> Near:
    origin = rng.choice(list(scripts))
    text = "\n".join(
        line for line in scripts[origin].splitlines() if not line.lstrip().startswith("#")
    )
    for _ in range(rng.choice((1, 1, 2, 3))):
        change = rng.choice((_token_change, _token_change, _line_change))
        text = change(text, scripts, rng)
    return Near(origin, text)


# -- tokens -------------------------------------------------------------------------------------


def _token_change(text: str, scripts: dict[str, str], rng: random.Random) -> str:
    tokens = [token for token in tokens_of(text) if token.type != "_NEWLINE"]
    if not tokens:
        return text
    token = rng.choice(tokens)
    return text[: token.start] + _instead(token, tokens, rng) + text[token.end :]


def _instead(token: Token, tokens: Sequence[Token], rng: random.Random) -> str:
    """What stands in the place of a token: most often something of its kind."""
    if rng.random() < 0.12:
        return rng.choice(("", f"{token.text} {token.text}", rng.choice(tokens).text))
    if token.type == "NUMBER":
        return rng.choice(NUMBERS)
    if token.type == "NAME":
        names = sorted({one.text for one in tokens if one.type == "NAME"})
        if rng.random() < 0.5:
            return rng.choice(WRAPPERS).format(token.text)
        return rng.choice([*names, rng.choice(NUMBERS)])
    if token.text in OPERATORS:
        return rng.choice(OPERATORS)
    if token.text in KEYWORDS:
        return rng.choice([token.text, token.text, *KEYWORDS])
    return rng.choice([one.text for one in tokens if one.type == token.type] or [token.text])


# -- lines --------------------------------------------------------------------------------------


def _line_change(text: str, scripts: dict[str, str], rng: random.Random) -> str:
    lines = text.split("\n")
    changes: tuple[Callable[[Text, dict[str, str], random.Random], None], ...] = (
        _delete,
        _duplicate,
        _swap,
        _indent,
        _insert,
        _insert,
        _embed,
        _borrow,
    )
    rng.choice(changes)(lines, scripts, rng)
    return "\n".join(lines)


def _delete(lines: Text, scripts: dict[str, str], rng: random.Random) -> None:
    if len(lines) > 1:
        lines.pop(rng.randrange(len(lines)))


def _duplicate(lines: Text, scripts: dict[str, str], rng: random.Random) -> None:
    place = rng.randrange(len(lines))
    lines.insert(place, lines[place])


def _swap(lines: Text, scripts: dict[str, str], rng: random.Random) -> None:
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]


def _indent(lines: Text, scripts: dict[str, str], rng: random.Random) -> None:
    place = rng.randrange(len(lines))
    lines[place] = rng.choice(("    " + lines[place], lines[place].lstrip()))


def _insert(lines: Text, scripts: dict[str, str], rng: random.Random) -> None:
    names = sorted({one.text for one in tokens_of("\n".join(lines)) if one.type == "NAME"})
    place = rng.randrange(len(lines) + 1)
    indent = lines[place - 1][: len(lines[place - 1]) - len(lines[place - 1].lstrip())]
    line = rng.choice(LINES).format(rng.choice(names or ["A"]))
    lines.insert(place, (indent if place else "") + line)


def _embed(lines: Text, scripts: dict[str, str], rng: random.Random) -> None:
    """Put a line into a loop of its own."""
    place = rng.randrange(len(lines))
    line = lines[place]
    indent = line[: len(line) - len(line.lstrip())]
    lines[place : place + 1] = [indent + rng.choice(EMBEDDINGS), "    " + line]


def _borrow(lines: Text, scripts: dict[str, str], rng: random.Random) -> None:
    other = scripts[rng.choice(list(scripts))].split("\n")
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(other))
