"""What data must meet: the script's own assumptions, word for word, and what is presumed besides.

A spectrum is one of real numbers with a norm bounded by them, so ``spectrum(T)`` of a T that is
not symmetric by its form presumes more than it says:

    T = u·P with u = u' and P a symmetric input:  P is positive definite, since then
        P^(1/2)·T·P^(-1/2) is symmetric
    every other T:                                T is symmetric

The texts are made of the assumption itself, and of nothing that a proof does with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weightsmith.dsl.printing.printer import assumption_text, node_text
from weightsmith.dsl.program import core
from weightsmith.dsl.text.source import Span

if TYPE_CHECKING:
    from weightsmith.dsl.text.diagnostics import Report

LONGEST_RULE = 40  # characters of its name
MEASURED = "certificates name it as a hypothesis, and 'run' measures it on the data"
DECLARE = "declare it, as in {0}: symmetric[d, d]; or assume singular_values({0})"


@dataclass(frozen=True, slots=True)
class Stated:
    """An assumption of the script; ``per_token`` if it is of a norm, of every token by itself."""

    assumption: core.Assumption
    per_token: bool = False

    @property
    def text(self) -> str:
        return assumption_text(self.assumption) + " for every token" * self.per_token


@dataclass(frozen=True, slots=True)
class Symmetric:
    """``of`` equals its transpose: declared of an input, or presumed of a spectrum's value."""

    of: core.Node
    declared: bool
    span: Span

    @property
    def text(self) -> str:
        return f"{node_text(self.of)} is symmetric"


@dataclass(frozen=True, slots=True)
class Definite:
    """A symmetric input is presumed to be positive definite: all eigenvalues are above 0."""

    of: core.Node
    span: Span

    @property
    def text(self) -> str:
        return f"{node_text(self.of)} is positive definite"


@dataclass(frozen=True, slots=True)
class Nonempty:
    """A dimension is presumed to have an index: its size is at least 1."""

    axis: str

    @property
    def text(self) -> str:
        return f"size({self.axis}) >= 1"


Presumed = Symmetric | Definite
Hypothesis = Stated | Symmetric | Definite | Nonempty


def stated(program: core.Program, assumption: core.Assumption) -> Stated:
    """The hypothesis that an assumption of the program is."""
    if not isinstance(assumption, core.NormAssumption):
        return Stated(assumption)
    columns = {one.name: one.shape.columns for one in program.inputs}
    return Stated(assumption, columns.get(assumption.of) == core.TOKEN)


def presumed(program: core.Program, assumption: core.SpectrumAssumption) -> Presumed | None:
    """What an assumption about a spectrum takes for granted; None if the form shows it."""
    if assumption.kind is core.SpectrumKind.SINGULAR_VALUES:
        return None
    from weightsmith.dsl.program.canonical import is_symmetric
    from weightsmith.dsl.program.scope import Definition

    names = {
        one.name: Definition(None, is_input=True, is_symmetric=one.symmetric)
        for one in program.inputs
    }

    def symmetric(node: core.Node) -> bool:
        return is_symmetric(node, names, str)

    if symmetric(assumption.of):
        return None
    weight = _weight(assumption.of, symmetric)
    if weight is not None:
        return Definite(weight, assumption.span)
    return Symmetric(assumption.of, False, assumption.span)


def _weight(node: core.Node, symmetric: Callable[[core.Node], bool]) -> core.Name | None:
    """P, if the value is a product u·P of a symmetric u and a symmetric input P."""
    if not isinstance(node, core.Product):
        return None
    last = node.factors[-1]
    before = node.factors[:-1]
    shape = core.Shape(node.shape.rows, before[-1].shape.columns)
    rest = before[0] if len(before) == 1 else core.Product(node.span, shape, before, node.over)
    if isinstance(last, core.Name) and symmetric(last) and symmetric(rest):
        return last
    return None


def presumptions(program: core.Program) -> Iterator[Presumed]:
    """What the assumptions of a program take for granted, in their order, each once."""
    seen: set[str] = set()
    for assumption in program.assumptions:
        if isinstance(assumption, core.SpectrumAssumption):
            found = presumed(program, assumption)
            if found is not None and found.text not in seen:
                seen.add(found.text)
                yield found


def warn_of_presumptions(program: core.Program, report: Report) -> None:
    """Warn of each: a reader of the script does not see it, and data may break it."""
    for one in presumptions(program):
        alone = isinstance(one.of, core.Name) and isinstance(one, Symmetric)
        hint = DECLARE.format(node_text(one.of)) if alone else MEASURED
        report.warning(
            "presumed", one.span, f"this presumes that {one.text}, which nothing states", hint
        )


def hypotheses(program: core.Program) -> tuple[Hypothesis, ...]:
    """Everything that data of a program must meet, as far as the program alone tells.

    Declared symmetric inputs, then the assumptions in the order of the script, then what these
    presume, then ``size(d) >= 1`` of every dimension with a name.
    """
    declared = (
        Symmetric(core.Name(one.span, one.shape, one.name), True, one.span)
        for one in program.inputs
        if one.symmetric
    )
    assumed = (stated(program, one) for one in program.assumptions)
    sizes = (Nonempty(axis) for axis in program.dimensions)
    return (*declared, *assumed, *presumptions(program), *sizes)


def premise_text(program: core.Program, premise: tuple[str, int | str]) -> str:
    """A premise of a certificate (see docs/format.md) in the script's own words.

    One that no certificate of this script can have is told as that.
    """
    kind, of = premise
    known = isinstance(of, int) and 0 <= of < len(program.assumptions)
    assumed = program.assumptions[int(of)] if known else None
    if kind == "assumption" and assumed is not None:
        return stated(program, assumed).text
    if kind == "symmetric" and isinstance(assumed, core.SpectrumAssumption):
        return Symmetric(assumed.of, False, assumed.span).text
    if kind == "definite" and any(one.name == of for one in program.inputs):
        return f"{of} is positive definite"
    if kind == "nonempty" and of in (*program.dimensions, *core.GROUPS):
        return Nonempty(str(of)).text
    if kind == "conditions" and str(of).isidentifier() and len(str(of)) <= LONGEST_RULE:
        return f"the side conditions of the rule {of} hold"
    return "something that the script does not say"
