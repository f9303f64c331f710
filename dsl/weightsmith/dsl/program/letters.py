"""How certificates write a letter: what it is of, in one place.

A               an input, or a matrix that a statement names
x@context       on the tokens of a group; with two token axes ``g@context@query``
X#0             what loop 0 carries
X#0@context     on the tokens of a group
"""

from __future__ import annotations

from typing import NamedTuple

LOOP, GROUP, TRANSPOSED = "#", "@", "'"


class LetterName(NamedTuple):
    """A letter's variable, the number of the loop that carries it or "", its groups or ""."""

    variable: str
    loop: str = ""
    group: str = ""

    @property
    def text(self) -> str:
        loop = f"{LOOP}{self.loop}" if self.loop else ""
        return f"{self.variable}{loop}{GROUP if self.group else ''}{self.group}"


def read_letter(text: str) -> LetterName:
    """The parts of a letter that is not transposed.

    >>> read_letter("X#0@context")
    LetterName(variable='X', loop='0', group='context')
    """
    whole, _, group = text.partition(GROUP)
    variable, _, loop = whole.partition(LOOP)
    return LetterName(variable, loop, group)


def read_transposed(text: str) -> tuple[LetterName, bool]:
    """The parts of a letter, and whether it is transposed: ``x@context'``."""
    return read_letter(text.removesuffix(TRANSPOSED)), text.endswith(TRANSPOSED)


def variable_of(text: str) -> str:
    """``X`` of ``X#0`` or ``X#0@context``."""
    return read_letter(text).variable


def of_loop(variable: str, loop: int) -> str:
    """The letter of what a loop carries."""
    return LetterName(variable, str(loop)).text
