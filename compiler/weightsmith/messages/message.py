"""One kind of mistake, explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from weightsmith.dsl.text.codes import Code

Kind = Literal["script", "network", "commands", "none"]


@dataclass(frozen=True, slots=True)
class Message:
    """What a code means: ``title`` in a line, ``why`` it is refused, and an example.

    ``wrong`` gives the code and ``mended`` does not; tests run both.  By ``kind`` they are scripts,
    which with ``settings`` are compiled as by ``--set`` and else checked; networks as text; or
    command lines, each from ``$`` on, run where newton_inverse.alg, its network ``newton``, and
    the data a.csv, wide.csv and large.csv are.  "none": what only a machine can show; then
    ``mended`` says what to do.
    """

    code: Code
    title: str
    why: str
    wrong: str
    mended: str
    kind: Kind = "script"
    settings: str | None = None
