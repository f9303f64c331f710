"""The rule ``centred``: how far the network of softmax pairs is from the network of centred heads.

Hypotheses: the script's assumptions on sizes, norms, entries and spectra of inputs.  Every symbol
is the number it is bound to; one that is a number of tokens is any that is assumed, and
``["nonempty", "context"]``, size(context) >= 1, is among the hypotheses where that was needed.

Witness: none.  It follows from a fact ``pairs``.

    {"fact": {"is": "centred", "of": "w", "hypotheses": [["assumption", 0]],
              "bound": {"formula": "3.1*omega^2", "value": "31/100000"}},
     "by": "centred", "with": {}}

Follows: at every token, and in exact arithmetic, what the network returns differs from what the
centred network returns by at most the bound, in the 2-norm.  The centred network has a head
P·(I − 1·1'/N)·S'·Q for every pair.

Proof: ``theorem.py`` bounds what a pair adds by itself, and ``follow_layers.py`` carries it through
the layers after it.  The number is written as a multiple of omega²; at another omega the multiple
is another, as errors of errors grow with omega⁴.

Numbers: balls of 128 bits, rounded outward; the multiple is rounded up to six digits.
"""

from __future__ import annotations

from fractions import Fraction

from weightsmith.checker.balls.bounds import BITS, exact
from weightsmith.checker.balls.claim_numbers import check_says_something, shown
from weightsmith.checker.balls.ranges import Real, precision
from weightsmith.checker.facts.fact import Bound, Fact
from weightsmith.checker.facts.read_files import ReadFiles
from weightsmith.checker.facts.rule import Facts, FileRule, Witness
from weightsmith.checker.pairs.follow_layers import Follower
from weightsmith.checker.pairs.linear_heads import Pairs
from weightsmith.checker.reading.refusal import Budget, RefusedError, quoted, require
from weightsmith.checker.reading.template import Template
from weightsmith.checker.semantics.premises import Premises
from weightsmith.dsl.program import core


def derive_centred(
    program: core.Program, template: Template, pairs: Pairs, output: str, budget: Budget
) -> Fact:
    """The fact of an output.  Raises RefusedError, with what is missing."""
    named = any(one.name == output for one in program.returns)
    require(named, f"The script returns no {quoted(output)}.")
    with precision(BITS), budget.active():
        follower = Follower(program, template, pairs, budget)
        distance = follower.apart(output, follower.run())
        require(bool(distance.is_finite()), follower.missing(output))
        multiple = shown(exact(distance) / pairs.omega**2)
        value = Fraction(multiple) * pairs.omega**2
        check_says_something(value)
        hypotheses = follower.assumed.hypotheses()
    formula = f"{multiple}*omega^2"

    def sentence() -> str:
        return _sentence(output, value, formula, pairs, program, template, hypotheses)

    bound = Bound(formula, Real.of(value))
    return Fact("centred", output, {}, bound, hypotheses, sentence=sentence)


def _sentence(
    output: str,
    value: Fraction,
    formula: str,
    pairs: Pairs,
    program: core.Program,
    template: Template,
    hypotheses: Premises,
) -> str:
    from weightsmith.checker.facts.sentences import for_every
    from weightsmith.checker.facts.wording import size_text

    every = for_every(program, hypotheses, template.bindings)
    for name, group in template.sizes.items():
        if name in template.bindings:
            every += f", {name} the number of {group} tokens"
    return (
        f"At every token {output} is within {size_text(value)} (2-norm) of the network with the "
        f"centred head P*(I - ones/N)*S'*Q for every pair, {every}; that is {formula} at "
        f"omega = {pairs.omega}."
    )


def derive_fact(read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
    pairs = premises[0].known
    if not isinstance(pairs, Pairs):
        raise RefusedError("The pairs are not known.")
    return derive_centred(read.compiled_program(), read.template(), pairs, str(of), Budget())


RULE = FileRule("centred", "centred", derive_fact, premises=("pairs",))
