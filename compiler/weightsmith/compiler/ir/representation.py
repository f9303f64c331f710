"""A program after the choice of representation: what each loop holds instead of its variables.

``held[letter]`` says, for a new letter, what it stands for in the letters of the script, by
column space: the invariant (``w*x-y``: the polynomial w·x − y) that the certificate must show is
kept by every pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from weightsmith.compiler.ir.normal import Columns, NormalProgram


@dataclass(frozen=True)
class Representation:
    program: NormalProgram
    held: Mapping[str, Columns]
    choices: tuple[str, ...] = ()  # in words, for the reader
