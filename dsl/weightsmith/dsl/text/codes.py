"""The codes of messages, by family: one for each kind of mistake, and the exit status that it has.

``weightsmith explain CODE`` says why it is refused, with an example; docs/messages.md has all.  A
new code is one word here and one explanation in compiler/weightsmith/messages: tests want both.
A code is never renamed: programs that read ``--json`` know it.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

Syntax = Literal[
    "bracket",
    "character",
    "indentation",
    "misplaced",
    "misspelt",
    "no-algorithm",
    "no-return",
    "operator",
    "reserved-word",
    "syntax",
    "too-large",
    "too-many-errors",
]
Names = Literal[
    "call-order",
    "name-taken",
    "no-value-yet",
    "unknown-function",
    "unknown-name",
    "unused",
]
Shapes = Literal[
    "declared-shape",
    "not-square",
    "not-symmetric",
    "number-or-matrix",
    "presumed",
    "shape-changes",
    "shapes-differ",
    "shapes-multiply",
    "suspicious-sum",
    "unknown-shape",
]
Tokens = Literal[
    "head-scores",
    "sum-over",
    "token-groups",
    "token-order",
    "token-rows",
]
Numbers = Literal[
    "coefficient",
    "count",
    "division",
    "for-numbers",
    "power",
    "size",
]
Calls = Literal[
    "call-arguments",
    "call-place",
    "call-shape",
    "call-values",
    "use",
]
Functions = Literal[
    "function-arguments",
    "function-body",
    "function-place",
    "not-polynomial",
    "table",
    "table-range",
    "tolerance",
]
Assumptions = Literal[
    "assumption",
    "contradiction",
    "interval",
]
Targets = Literal[
    "ensure",
    "synthesis",
    "target",
]
Networks = Literal[
    "no-use",
    "not-proven",
    "too-many-layers",
]
NetTexts = Literal[
    "net-form",
    "net-layer",
    "net-nothing",
    "net-number",
    "net-order",
    "net-rows",
    "net-tokens",
]
Damaged = Literal[
    "lift",
    "network-damaged",
]
Files = Literal[
    "file-exists",
    "file-kind",
    "file-unreadable",
    "no-network-there",
]
Commands = Literal[
    "comparison",
    "export",
    "option",
    "setting",
    "value-missing",
]
Data = Literal[
    "data-assumption",
    "data-file",
    "data-fit",
    "data-given",
    "not-finite",
]
Machine = Literal[
    "machine",
    "package-missing",
]

Code: TypeAlias = (
    Syntax
    | Names
    | Shapes
    | Tokens
    | Numbers
    | Calls
    | Functions
    | Assumptions
    | Targets
    | Networks
    | NetTexts
    | Damaged
    | Files
    | Commands
    | Data
    | Machine
)

WRONG, USAGE, OPEN, DATA, MACHINE = 1, 2, 3, 4, 5  # exit statuses: docs/command_line.md
FAMILIES: dict[str, tuple[int, tuple[str, ...]]] = {
    "Syntax": (WRONG, get_args(Syntax)),
    "Names": (WRONG, get_args(Names)),
    "Shapes": (WRONG, get_args(Shapes)),
    "Tokens": (WRONG, get_args(Tokens)),
    "Numbers, parameters and loops": (WRONG, get_args(Numbers)),
    "Calls and other scripts": (WRONG, get_args(Calls)),
    "Functions and tables": (WRONG, get_args(Functions)),
    "Assumptions": (WRONG, get_args(Assumptions)),
    "Targets": (WRONG, get_args(Targets)),
    "Networks": (WRONG, get_args(Networks)),
    "Networks as text": (WRONG, get_args(NetTexts)),
    "Weights and directories": (WRONG, get_args(Damaged)),
    "Files": (USAGE, get_args(Files)),
    "The command": (USAGE, get_args(Commands)),
    "Data": (DATA, get_args(Data)),
    "The machine": (MACHINE, get_args(Machine)),
}
STATUS = {code: status for status, codes in FAMILIES.values() for code in codes}
