"""A returned value whose target is root(w: E): the loop that carries it, and E in its letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.algebra.rational import Rational
from weightsmith.checker.algebra.words import Letter, Polynomial
from weightsmith.checker.balls.curves import exact_curve
from weightsmith.checker.reading.refusal import RefusedError, quoted, require
from weightsmith.checker.semantics.expressions import Environment, Value
from weightsmith.checker.semantics.meaning import Loop
from weightsmith.checker.semantics.site_letters import Script, SiteValue
from weightsmith.dsl.numbers import scalars
from weightsmith.dsl.program import core


@dataclass(frozen=True, slots=True, eq=False)
class RootProblem:
    """w = 0; repeat: w ← next(w); the target is the root of ``equation``.

    ``equation`` is a polynomial in the loop's letter of w, in inputs and in letters of sites; the
    sites that the script has too stand for those of the script.  ``own`` are the other ones.
    """

    script: Script
    loop: Loop
    letter: Letter
    next: Polynomial
    equation: Polynomial
    own: Mapping[str, SiteValue]

    @property
    def count_text(self) -> str:
        return scalars.to_text(self.loop.count)

    def number(self, coefficient: Rational) -> Fraction:
        number = coefficient.as_number
        if number is None:
            raise RefusedError("A coefficient of the script has no value.")
        return number

    def input_names(self) -> frozenset[str]:
        """The letters of the inputs."""
        values = self.script.meaning.inputs.values()
        return frozenset().union(*(p.names() for value in values for p in value.parts.values()))


def read_root(script: Script, output: str) -> RootProblem:
    """Find the loop of a returned value whose target is a root."""
    require(not script.heads, "There is no rule for the root of a script with scores of tokens.")
    returned, target = _returned(script.program, output)
    letter = _letter(script, returned)
    loop = next((one for one in script.meaning.loops if letter.name in one.letters), None)
    if loop is None:
        raise RefusedError(f"'{output}' is not what a loop of the script leaves.")
    zero = loop.entering[letter.name].is_zero
    require(zero, f"'{output}' does not start from 0 before its loop.")
    environment: Environment = dict(script.meaning.inputs)
    own_letter = Polynomial.letter(script.field, letter)
    environment[target.name] = Value(letter.rows, letter.columns, {("", ""): own_letter})
    equation, sites = script.evaluate(target.equation, environment)
    merged, own = _merged(script, loop, equation, sites.found)
    return RootProblem(script, loop, letter, loop.leaving[letter.name], merged, own)


def _returned(program: core.Program, output: str) -> tuple[core.Return, core.Root]:
    for returned in program.returns:
        if returned.name == output and isinstance(returned.target, core.Root):
            return returned, returned.target
    raise RefusedError(f"The script returns no {quoted(output)} whose target is a root.")


def _letter(script: Script, returned: core.Return) -> Letter:
    value = script.meaning.returned[returned.name]
    polynomial = value.parts.get(("", ""))
    if polynomial is not None and len(polynomial.terms) == 1:
        ((word, coefficient),) = polynomial.terms.items()
        if len(word) == 1 and coefficient.is_one and not word[0].transposed:
            return word[0]
    raise RefusedError(f"'{returned.name}' is not a variable that a loop carries.")


def _merged(
    script: Script, loop: Loop, equation: Polynomial, sites: Mapping[str, SiteValue]
) -> tuple[Polynomial, dict[str, SiteValue]]:
    """Write the equation with the script's sites, where these are the same functions of the same.

    Sites come in order of evaluation, so that the arguments of one are written already.
    """
    known: dict[str, Polynomial] = {}
    own: dict[str, SiteValue] = {}
    for name, site in sites.items():
        arguments = tuple(one.replace_letters(known) for one in site.arguments)
        same = next(_equal_sites(script, loop, site.node, arguments), None)
        if same is None:
            letter = Letter("target " + name, site.letter.rows, site.letter.columns)
            own[letter.name] = SiteValue(site.node, letter, arguments)
        else:
            letter = same.letter
        known[name] = Polynomial.letter(script.field, letter)
    return equation.replace_letters(known), own


def _equal_sites(
    script: Script,
    loop: Loop,
    node: core.Entrywise | core.Hadamard,
    arguments: tuple[Polynomial, ...],
) -> Iterator[SiteValue]:
    for other in script.sites_in(loop.index):
        if same_function(node, other.node, script) and all(
            a.equals(b) for a, b in zip(arguments, other.arguments, strict=True)
        ):
            yield other


def same_function(
    one: core.Entrywise | core.Hadamard, two: core.Entrywise | core.Hadamard, script: Script
) -> bool:
    """True only if both are the same function of entries."""
    if isinstance(one, core.Hadamard) or isinstance(two, core.Hadamard):
        return isinstance(one, core.Hadamard) and isinstance(two, core.Hadamard)
    first, second = one.function, two.function
    if isinstance(first, core.Approximated) and isinstance(second, core.Approximated):
        return first.formula == second.formula
    if isinstance(first, core.PiecewiseLinear) and isinstance(second, core.PiecewiseLinear):
        return exact_curve(first, script.bindings) == exact_curve(second, script.bindings)
    return False
