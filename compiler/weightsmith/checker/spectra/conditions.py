"""What a truncation claim assumes, and its norm: kernels, numbers at the bindings, scale.

Follows: ‖returned value − target‖₂ ≤ bound · scale, from what the rule shows at each λ: |e| ≤
bound, e = 1 − f/f*.  Of a target without a power (an exponential, a formula) the rule shows
|f − f*| ≤ bound.  Where the scale has nothing of b, |b| is in the bound.

Proof: the distance is b·left·(f − f*)(T)·right = −b·left·f*(T)·e(T)·right, since C is in both and
functions of T commute.  Let T be symmetric.  Then ‖e(T)‖₂ is the largest |e|, and the scale bounds
the rest of the product:

    right empty             ‖b·left·f*(T)‖₂ = ‖target − C‖₂, beside ‖e(T)‖₂
    left empty              ‖b·f*(T)·right‖₂ = ‖target − C‖₂, beside ‖e(T)‖₂
    neither                 ‖b·left·f*(T)‖₂ · ‖right‖₂, e(T) between them
    polar(A), T = A'A       1: the singular values of A·T^(-1/2) are 1, or 0 on the kernel of T
    sign(A), T = A·A        1: the eigenvalues of A·T^(-1/2) are 1 and −1
    sign of θ(T)            1: f*(λ) is 1 or −1
    f* without a power      ‖left‖₂ · ‖right‖₂, and (f − f*)(T) in place of f*(T)·e(T)

Example: in newton_inverse left and right are empty, b = 1 and C = 0; X − inv(A) = −inv(A)·e(A), of
2-norm at most ‖inv(A)‖₂ · ‖e(A)‖₂ ≤ ‖inv(A)‖₂ · bound.

A weighted T is u·P, and S = P^(1/2)·T·P^(-1/2) is symmetric with the same eigenvalues.  Then e(T) =
P^(-1/2)·e(S)·P^(1/2), and the scale is ‖b·left·f*(T)·P^(-1/2)‖₂ · ‖P^(1/2)·right‖₂.

T may have an eigenvalue 0 beside the assumed spectrum, at which the rule shows nothing.  It does
not count if f(0) = 0 = f*(0), or if left or right sees no kernel of T: it lies in the range of T,
which the script then assumes; or it is A left of g(A'A), or A' right of it, for with A = UΣV' the
product A·g(A'A) is U·Σ·g(Σ²)·V'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Word, word_shape, word_text
from weightsmith.checker.reading.refusal import RefusedError, require
from weightsmith.checker.reading.scalar_text import value_at
from weightsmith.checker.semantics.expressions import evaluate
from weightsmith.checker.semantics.meaning import Meaning
from weightsmith.checker.semantics.premises import Premises, assumed
from weightsmith.checker.spectra.operator_step import NONZERO, SINGULAR, input_word, single_word
from weightsmith.checker.spectra.problem import Numbers
from weightsmith.checker.spectra.spectral import Operator
from weightsmith.checker.spectra.targets import Target
from weightsmith.dsl.numbers.scalars import free_symbols
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import scalars_of_program


def frame_hypotheses(
    operator: Operator,
    target: Target,
    program: core.Program,
    meaning: Meaning,
    *,
    both_vanish: bool,
) -> core.RangeAssumption | None:
    """Check that the frames see only the part of the spectrum that lies in [low, high].

    T has further eigenvalues 0 in two cases, unless ``both_vanish``: of f(0) = 0 = f*(0) the
    difference left·(f − f*)(T)·right sees nothing of the kernel, since T is symmetric and
    (f − f*)(T) is 0 there.  That needs no hypothesis (so is pinv(L) reached by L times a
    polynomial).  With a nonzero spectrum the frame next to f(T) must
    lie in the range of T, by an assumption of the script; which is returned.  With singular
    values of a matrix that is not square, T = a'a may have a kernel: a·f(a'a) = U Σ f(Σ²) V' sees
    none of it, so left must end with a, or right begin with a'.
    """
    if both_vanish:
        return None
    if operator.kind is NONZERO:
        return _in_range(operator, target, program, meaning)
    if operator.kind is SINGULAR:
        _check_absorbed(operator, target)
    return None


def _check_absorbed(operator: Operator, target: Target) -> None:
    half = len(operator.word) // 2
    first, second = operator.word[:half], operator.word[half:]
    shape = word_shape(first)
    square = shape is not None and shape[0] == shape[1]
    ends = target.left[len(target.left) - half :] == second and len(target.left) >= half
    begins = target.right[:half] == first
    require(
        square or ends or begins,
        f"{word_text(operator.word)} may have eigenvalues 0, a kernel, outside the singular values "
        "assumed.",
    )


def _in_range(
    operator: Operator, target: Target, program: core.Program, meaning: Meaning
) -> core.RangeAssumption:
    for word, assumption in _words_in_range(operator, program, meaning):
        right = target.right and target.right[:1] == word
        left = target.left and (target.left[-1].transpose(),) == word
        if right or left:
            return assumption
    raise RefusedError("No frame of the value is assumed to lie in the range of the operator.")


def _words_in_range(
    operator: Operator, program: core.Program, meaning: Meaning
) -> Iterator[tuple[Word, core.RangeAssumption]]:
    """The values that the script assumes to lie in the range of the operator."""
    for assumption in program.assumptions:
        if not isinstance(assumption, core.RangeAssumption):
            continue
        try:
            same = (
                input_word(assumption.operator, meaning.inputs, meaning.field, "An assumption")
                == operator.word
            )
        except RefusedError:
            continue  # an assumption about something else
        if same:
            value = evaluate(assumption.value, meaning.inputs, meaning.field)
            found = (single_word(polynomial) for polynomial in value.parts.values())
            yield from ((word, assumption) for word in found if word)


def numbers_at(
    program: core.Program,
    operator: Operator,
    assumption: int,
    field: Field,
    bindings: Mapping[str, Fraction],
) -> Numbers:
    """The interval of the spectrum at the bindings; no denominator of the script may vanish."""
    for scalar in scalars_of_program(program):
        if free_symbols(scalar) <= bindings.keys():
            value_at(scalar, bindings)
    spectra = [a for a in program.assumptions if isinstance(a, core.SpectrumAssumption)]
    ends = tuple(value_at(end, bindings) for end in spectra[assumption].ends)
    if operator.kind is SINGULAR:
        require(ends[0] >= 0, "The assumed singular values have a negative end.")
    low, high = (field.evaluate(end, bindings) for end in (operator.low, operator.high))
    require(low <= high and ends[0] <= ends[1], "The assumed spectrum is empty at the bindings.")
    if len(ends) == 4:
        ordered = ends[1] < ends[2] <= ends[3]
        require(ordered, "The two assumed intervals are not in order at the bindings.")
    if operator.gap is None:
        return Numbers(bindings, (low, high))
    below, above = (field.evaluate(end, bindings) for end in operator.gap)
    require(low <= below < above <= high, "The two intervals are not in order at the bindings.")
    return Numbers(bindings, (low, high), (below, above))


def hypotheses(
    operator: Operator,
    spectrum: core.SpectrumAssumption,
    in_range: core.RangeAssumption | None,
    program: core.Program,
    open_rule: str,
) -> Premises:
    """What the statement rests on: assumptions of the script, and what is presumed besides.

    The operator may be a square of what is assumed; the premise never is of it.
    Where its symmetry is presumed it is the assumption's own value (``read_operator``).
    ``open_rule`` is the rule whose side conditions no numbers decide, or "".
    """
    first = assumed(program, spectrum)
    listed = [first]
    if operator.symmetric == "assumed":
        listed.append(("symmetric", first[1]))
    if operator.symmetric == "weighted":
        listed.append(("definite", operator.weight))
    if in_range is not None:
        listed.append(assumed(program, in_range))
    if open_rule:
        listed.append(("conditions", open_rule))
    return tuple(listed)


def scale(operator: Operator, target: Target) -> str:
    """The factor that turns the scalar error into a 2-norm; solution is b·left·f*(T)."""
    empty = not target.left, not target.right
    if target.power is None:
        require(operator.symmetric != "weighted", "An exponential needs a symmetric operator.")
        return "1" if all(empty) else "norm(left)*norm(right)"
    if operator.symmetric == "weighted":
        weight = operator.weight
        return f"norm(solution*{weight}^(-1/2))*norm({weight}^(1/2)*right)"
    if target.orthogonal:
        return "1"
    if any(empty):
        return "norm(target)" if target.shift is None else "norm(target - shift)"
    return "norm(solution)*norm(right)"
