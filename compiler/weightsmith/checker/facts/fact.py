"""A fact: what a certificate states of its files, as a rule derives it.

A fact is an object with ``is``, its kind, ``of``, what it is about, and what is said of that:

    exactness      of a script: the network of template.json computes what it says; where there is
                   ``at``, with these numbers of symbols, and ``passes`` of the loops, alone
    pairs          of a script: with linear heads for pairs of softmax heads it computes that
    centred        of an output: it is within the bound of what centred heads would return
    restructuring  of network.alg: it returns what script.alg says
    weights        of model.safetensors: each entry is the template's, rounded to ``dtype``
    approximation  of a site: its table is within its error of its function
    domain         of tables: their arguments stay in their intervals, by ``hypotheses``
    spectrum       of T: its eigenvalues are real and lie between the ``ends``
    recurrence     of T: what loops carry are functions of it; ``loops`` has what passes do to them
    truncation     of an output: ‖output − target‖₂ ≤ bound · scale, by ``hypotheses``
    propagation    of an output: each entry is within the bound of the script's, by ``hypotheses``
    open           of a kind and an output: such a fact is owed, and not proven
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from weightsmith.checker.reading.refusal import quoted, require
from weightsmith.checker.reading.strict_json import as_number, as_object

if TYPE_CHECKING:
    from weightsmith.checker.balls.ranges import Real
    from weightsmith.checker.semantics.premises import Premises

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Bound:
    """A formula and its number, None if a symbol has no value; what is claimed may be larger, a
    little.

    ``way`` is what was derived before it, in words.
    """

    formula: str
    value: Real | None
    way: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """What a rule derived, and whatever the rules after it need to know of it.

    ``parts`` are those of the fact but its bound and its hypotheses.  ``way`` is what was derived
    before it, in words, ``sentence`` the fact in words; ``proven`` is False where symbols have no
    value on which it depends.
    """

    kind: str
    of: object
    parts: Json
    bound: Bound | None = None
    hypotheses: Premises | None = None
    known: object = None
    way: tuple[str, ...] = ()
    sentence: Callable[[], str] = str
    reason: str = "Derived."
    proven: bool = True

    def written(self, value: Fraction | None = None) -> Json:
        """As a certificate has it, with this number for its bound."""
        found: Json = {"is": self.kind, "of": self.of, **self.parts}
        if self.bound is not None:
            text = None if value is None else str(value)
            found["bound"] = {"formula": self.bound.formula, "value": text}
        if self.hypotheses is not None:
            found["hypotheses"] = [list(one) for one in self.hypotheses]
        return found

    def check(self, claimed: Json) -> None:
        """Refuse unless a certificate states just this; its number may be a little larger."""
        wanted = self.written()
        as_object(claimed, f"The fact ({self.kind})", wanted)
        if self.bound is not None:
            _check_bound(claimed["bound"], self.bound)
        for key, derived in wanted.items():
            given, wrong = claimed[key], f"'{key}' is {quoted(claimed[key])}, it must be"
            require(key == "bound" or _same(given, derived), f"{wrong} {quoted(derived)}.")


def _check_bound(claimed: object, derived: Bound) -> None:
    parts = as_object(claimed, "The bound", ("formula", "value"))
    wrong = f"The formula is {quoted(parts['formula'])}, it must be {quoted(derived.formula)}."
    require(_same(parts["formula"], derived.formula), wrong)
    given = (parts["value"] is None) == (derived.value is None)
    require(given, "The bound has a value exactly where every symbol has one.")
    if derived.value is not None:
        from weightsmith.checker.balls.claim_numbers import check_says_something
        from weightsmith.checker.balls.enclosures import check_value

        value = as_number(parts["value"], "The bound's value")
        check_says_something(value)
        check_value(value, derived.value)


def _same(one: object, other: object) -> bool:
    """Are two values of JSON equal?  True is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and one == other


def fact_text(fact: Json) -> str:
    """A fact as data, for a reader: ``truncation of X: scale norm(target), bound …``."""
    said = ", ".join(
        f"{key} {_text(value)}" for key, value in fact.items() if key not in ("is", "of", "loops")
    )
    return f"{fact.get('is')} of {_text(fact.get('of'))}{': ' if said else ''}{said}."


def _text(value: object) -> str:
    if isinstance(value, dict):
        formula, number = value.get("formula"), value.get("value")
        above = "" if number is None else f" <= {_rounded(number)}"
        return f"{formula}{above}"
    if isinstance(value, list):
        return " ".join(map(_text, value)) if value else "none"
    return str(value)


def _rounded(value: object) -> str:
    from weightsmith.checker.balls.claim_numbers import shown

    return shown(as_number(value, "The bound's value"))
