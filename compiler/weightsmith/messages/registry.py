"""All explanations by code, and the page docs/messages.md that is made of them.

python -m weightsmith.messages.registry > docs/messages.md
"""

from __future__ import annotations

from importlib import import_module
from textwrap import fill

from weightsmith.dsl.text.codes import FAMILIES, STATUS
from weightsmith.messages.message import Message

FILES = (
    "assumptions",
    "calls",
    "command_line",
    "files",
    "functions",
    "names",
    "net_texts",
    "networks",
    "numbers",
    "shapes",
    "syntax",
    "targets",
    "tokens",
)
HEADING = """\
# Messages

Every error and warning has a code, `error[unknown-name]`: one for each kind of mistake.
`weightsmith explain unknown-name` prints what stands here, `weightsmith explain` the list.
Codes stay: programs that read `--json` ([command_line.md](command_line.md)) may rely on them.

The examples are run by the tests. Commands are run where `newton_inverse.alg` is, its network
`newton` (for `mu = 1/2`, `L = 3`), and data: `a.csv` is the 2 × 2 identity, `large.csv` nine times
that, `wide.csv` has 2 rows and 3 columns. This page is printed by
`python -m weightsmith.messages.registry`.
"""
WIDTH = 99
THERE = {
    "newton": "the example newton_inverse, compiled for mu = 1/2 and L = 3",
    "a.csv": "the 2 × 2 identity",
    "large.csv": "nine times the 2 × 2 identity",
    "wide.csv": "a matrix of 2 rows and 3 columns",
}
STATUSES = {
    1: "what was looked at is wrong",
    2: "the command cannot be done as it was given",
    4: "the data are refused",
    5: "the machine cannot",
}


def messages() -> dict[str, Message]:
    """Every message by its code, in the order of the families."""
    found: dict[str, Message] = {}
    for name in FILES:
        for one in import_module(f"weightsmith.messages.{name}").MESSAGES:
            found[one.code] = one
    return {code: found[code] for code in STATUS}


def explanation(one: Message) -> str:
    """What ``weightsmith explain`` prints."""
    parts = [f"{one.code}: {one.title}", fill(one.why, WIDTH)]
    if one.kind == "none":
        return "\n\n".join([*parts, one.mended])
    setting = f"  (with {one.settings})" if one.settings else ""
    parts += [f"wrong:{setting}", indented(one.wrong), "mended:", indented(one.mended)]
    words = set(f"{one.wrong} {one.mended}".replace("=", " ").split())
    known = [f"{name} is {what}" for name, what in THERE.items() if name in words]
    if one.kind == "commands" and known:
        parts.append(fill(f"Here {'; '.join(known)}.", WIDTH))
    status = STATUS[one.code]
    return "\n\n".join([*parts, f"Exit status {status}: {STATUSES[status]}."])


def indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.rstrip("\n").split("\n"))


def page() -> str:
    """The whole of docs/messages.md."""
    known = messages()
    parts = [HEADING]
    for family, (status, codes) in FAMILIES.items():
        parts.append(f"## {family}\n\nExit status {status}: {STATUSES[status]}.\n")
        parts += [_section(known[code]) for code in codes]
    return "\n".join(parts)


def _section(one: Message) -> str:
    text = fill(f"{_sentence(one.title)} {one.why}", WIDTH, break_on_hyphens=False)
    head = f"### `{one.code}`\n\n{text}\n"
    if one.kind == "none":
        return f"{head}\n{one.mended}\n"
    setting = f" With `{one.settings}`:" if one.settings else ""
    word = "console" if one.kind == "commands" else "text"
    wrong = f"```{word}\n{one.wrong.rstrip()}\n```\n"
    return f"{head}\nWrong.{setting}\n\n{wrong}\nMended:\n\n```{word}\n{one.mended.rstrip()}\n```\n"


def _sentence(title: str) -> str:
    return f"{title[0].upper()}{title[1:]}."


if __name__ == "__main__":
    print(page(), end="")
