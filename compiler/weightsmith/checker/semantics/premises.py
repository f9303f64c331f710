"""What a claim rests on, as data: assumptions of the script by number, and what they presume.

    ("assumption", 0)    assumption 0 of the script
    ("symmetric", 0)     the matrix of which assumption 0 speaks is symmetric
    ("definite", "P")    the symmetric input P is positive definite
    ("nonempty", "d")    the dimension d has an index; or the group of tokens, a token
    ("conditions", "autonomous")  the side conditions of the rule hold: a symbol has no value

A reader is shown them in the words of the script (``dsl.hypotheses``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightsmith.checker.reading.refusal import require

if TYPE_CHECKING:
    from weightsmith.dsl.program import core

Premise = tuple[str, int | str]
Premises = tuple[Premise, ...]


def assumed(program: core.Program, one: core.Assumption) -> Premise:
    """The premise that an assumption of the program is; another that says the same is another."""
    return "assumption", next(at for at, own in enumerate(program.assumptions) if own is one)


def as_json(premises: Premises) -> list[list[int | str]]:
    return [list(one) for one in premises]


def check_premises(given: object, derived: Premises) -> None:
    """Refuse unless a claim names just what was derived, in that order."""
    wanted = as_json(derived)
    same = given == wanted and repr(given) == repr(wanted)  # true and 1 are equal
    require(same, f"The hypotheses must be {wanted}.")
