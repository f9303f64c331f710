"""Targets as C + b · left · f*(T) · right, with f*^root = power(λ), or f* = exp(rate·λ).

    inv, pinv of θ(T):  1/θ            inv(u), T = u·v:   v · T⁻¹
    sqrt of θ(T):       root 2, θ      polar(A), T = A'A: A · T^(-1/2)
    invsqrt of θ(T):    root 2, 1/θ    exp of c·T:        e^(cλ)
    spectral(f, E) of θ(T), and exp of a θ that is no multiple of T:  the formula f of θ
    E^(p/q) of θ(T):    root q, θ^p    sign(A), T = A·A:  A · T^(-1/2) of a symmetric A
    sign of θ(T):  root 2, power 1, and f* has the sign of θ
    pinv(A) = (A'A)⁻¹·A' where T = A'A, A'·(AA')⁻¹ where T = AA', on the nonzero singular values

C is what of the target has no function, b a scalar of the script.  The checks that the power is
positive on the spectrum, and that θ has a sign, are made where numbers are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import Letter, Polynomial, Word, transpose_word
from weightsmith.checker.reading.refusal import RefusedError, require
from weightsmith.checker.semantics.expressions import Environment, Value, evaluate
from weightsmith.checker.spectra.operator_step import NONZERO, single_word
from weightsmith.checker.spectra.spectral import LAMBDA, Form, FormScalariser, Operator
from weightsmith.dsl.program import core

if TYPE_CHECKING:
    from weightsmith.dsl.numbers.formulas import Formula

NO_SIGN = (
    "sign(A - c*I) is understood of a single symmetric product A whose spectrum(A) is assumed in "
    "[a, b] or [c, d] about c, and sign(A) also where singular_values(A) are assumed."
)
SINGULAR_INVERSE = "inv of a matrix that has the eigenvalue 0: use pinv."
FUNCTION = "#function"  # the variable and the letter that stand for f*


@dataclass(frozen=True, slots=True)
class Target:
    """left · f* · right; ``power`` is f*^root, or None.

    Then f* is exp(``rate``·λ) or, where ``formula`` is given, that of ``theta``.  Of the root
    f* is the positive one, so that λ^m, which stood beside it, must be positive where root > 1:
    A·(A·A)^(1/2) has the power λ⁴, but it is −λ² for λ < 0.
    """

    left: Word
    right: Word
    root: int
    power: Rational | None
    rate: Rational | None
    orthogonal: bool = False  # exactly polar(A): its 2-norm is 1
    function: Rational | None = None  # positive too: the power, nothing absorbed; θ of θ^(p/q)
    formula: Formula | None = None
    theta: Rational | None = None
    sign: Rational | None = (
        None  # f* has the sign of this polynomial in λ, where it is not positive
    )
    factor: Rational | None = None  # b
    shift: Polynomial | None = None  # C, None if it is zero
    beside: Rational | None = None  # λ^m, in the power too
    zero_on_kernel: bool = False  # f* is 0 at the eigenvalue 0 of T, beside the assumed spectrum

    def must_be_positive(self) -> Iterator[Rational]:
        """Of what f* is made, beside the power itself."""
        if self.function is not None:
            yield self.function
        if self.beside is not None and self.root > 1:
            yield self.beside


def read_target(
    node: core.Node,
    part: tuple[str, str],
    environment: Environment,
    scalariser: FormScalariser,
    operator: Operator,
    field: Field,
) -> Target:
    """Scalarise the target of a returned value, at one part, to one function of the operator."""
    found: list[core.Function] = []
    lifted = _lift(node, found)
    require(len(found) == 1, "The target is not one function of a matrix between fixed factors.")
    function = found[0]
    inner = _function(function, environment, scalariser, operator, field)
    letter = Letter(FUNCTION, function.shape.rows, function.shape.columns)
    value = Value(
        function.shape.rows,
        function.shape.columns,
        {("", ""): Polynomial.letter(field, letter)},
    )
    whole = evaluate(lifted, {**environment, FUNCTION: value}, field)
    require(part in whole.parts, "The target is not defined where the value is returned.")
    form = Form(inner.left, inner.right, FUNCTION, field.variable(FUNCTION))
    polynomial = whole.parts[part]
    fixed = {w: c for w, c in polynomial.terms.items() if all(one.name != FUNCTION for one in w)}
    shift = replace(polynomial, terms=fixed)
    scalarised = scalariser.scalarise(polynomial - shift, {FUNCTION: form})
    require(not scalarised.plain and len(scalarised.framed) == 1, "The target is a sum.")
    (((left, right), scalar),) = scalarised.framed.items()
    absorbed = _absorb(inner, left, right, scalar, field)
    return replace(
        absorbed,
        function=inner.power if inner.function is None else inner.function,
        shift=shift if fixed else None,
    )


def _absorb(inner: Target, left: Word, right: Word, scalar: Rational, field: Field) -> Target:
    """Account for scalars and operators next to the function.

    b·λ^m·f* is b times a function with the power λ^(root·m) · f*^root.
    """
    powers = field.coefficients(scalar, FUNCTION)
    require(list(powers) == [1], "The target is not linear in its function.")
    degrees = field.coefficients(powers[1], LAMBDA)
    require(len(degrees) == 1, "The target is a function times a polynomial of the operator.")
    ((degree, factor),) = degrees.items()
    free = field.names_in(factor).isdisjoint(field.variables)
    require(free and not factor.is_zero, "The factor of the target's function is no scalar.")
    if degree == 0:
        same = (left, right) == (inner.left, inner.right)
        alone = inner.orthogonal and same
        return replace(inner, left=left, right=right, orthogonal=alone, factor=factor)
    if inner.power is None or inner.sign is not None:
        raise RefusedError("There is no rule for such a function times the operator.")
    beside = field.variable(LAMBDA) ** degree
    power = inner.power * beside**inner.root
    return replace(
        inner, left=left, right=right, power=power, orthogonal=False, factor=factor, beside=beside
    )


def _lift(node: core.Node, found: list[core.Function]) -> core.Node:
    """Replace the functions of a target by a name, and collect them."""
    match node:
        case core.Function(span=span, shape=shape):
            found.append(node)
            return core.Name(span, shape, FUNCTION)
        case core.Transpose(of=of):
            return replace(node, of=_lift(of, found))
        case core.Combination(terms=terms):
            return replace(node, terms=tuple((scalar, _lift(of, found)) for scalar, of in terms))
        case core.Product(factors=factors):
            return replace(node, factors=tuple(_lift(factor, found) for factor in factors))
        case _:
            return node


def _function(
    node: core.Function,
    environment: Mapping[str, Value],
    scalariser: FormScalariser,
    operator: Operator,
    field: Field,
) -> Target:
    argument = evaluate(node.of, environment, field)
    require(set(argument.parts) == {("", "")}, "The argument of the target has a token axis.")
    polynomial = argument.parts["", ""]
    word = single_word(polynomial)
    name = node.function
    if name == "polar" and word:
        require(
            operator.word == transpose_word(word) + word,
            "For polar(A) the operator must be A'*A.",
        )
        one_over = field.variable(LAMBDA).inverse()
        return Target(word, (), 2, one_over, None, orthogonal=True)
    if name == "sign" and word and operator.word == word + word and word == transpose_word(word):
        return Target(word, (), 2, field.variable(LAMBDA).inverse(), None, orthogonal=True)
    if name == "pinv" and word and operator.kind is not NONZERO:
        transposed = transpose_word(word)
        one_over = field.variable(LAMBDA).inverse()
        if operator.word == transposed + word:
            return Target((), transposed, 1, one_over, None)
        if operator.word == word + transposed:
            return Target(transposed, (), 1, one_over, None)
    split = len(word) if word else 0
    begins = word is not None and 0 < split < len(operator.word) and operator.word[:split] == word
    if name == "inv" and begins:
        require(polynomial.rows == polynomial.columns, "inv of a matrix that is not square.")
        require(operator.kind is not NONZERO, "inv of a matrix whose spectrum may contain 0.")
        return Target(operator.word[split:], (), 1, field.variable(LAMBDA).inverse(), None)
    theta = _argument(node, polynomial, scalariser, operator, field)
    if node.exponent is not None:
        require(node.exponent > 0 or _is_regular(theta, operator, field), SINGULAR_INVERSE)
        above, root = node.exponent.as_integer_ratio()
        zero = node.exponent > 0 and _is_zero_at_zero(theta, field)
        return Target((), (), root, theta**above, None, function=theta, zero_on_kernel=zero)
    if node.formula is not None:
        return Target((), (), 1, None, None, formula=node.formula, theta=theta)
    if name == "sign":
        require(operator.symmetric == "yes", NO_SIGN)
        return Target((), (), 2, field.one, None, orthogonal=True, sign=theta)
    return _scalar_function(name, theta, operator, field)


def _argument(
    node: core.Function,
    polynomial: Polynomial,
    scalariser: FormScalariser,
    operator: Operator,
    field: Field,
) -> Rational:
    try:
        return _scalar_of(polynomial, scalariser, operator, field)
    except RefusedError as reason:
        raise RefusedError(NO_SIGN if node.function == "sign" else str(reason)) from None


def _scalar_of(
    polynomial: Polynomial, scalariser: FormScalariser, operator: Operator, field: Field
) -> Rational:
    """θ with argument = θ(T)."""
    axis = operator.axis
    require(polynomial.shape == (axis, axis), "The argument of the target is not a function of T.")
    scalarised = scalariser.scalarise(polynomial)
    theta = scalarised.take((), (), field.zero)
    require(scalarised.is_empty, "The argument of the target is not a function of the operator.")
    require(not theta.is_zero, "The argument of the target is zero.")
    return theta


def _scalar_function(name: str, theta: Rational, operator: Operator, field: Field) -> Target:
    zero = _is_zero_at_zero(theta, field)
    if name in ("inv", "pinv"):
        require(name == "pinv" or _is_regular(theta, operator, field), SINGULAR_INVERSE)
        return Target((), (), 1, theta.inverse(), None, zero_on_kernel=zero and name == "pinv")
    if name == "sqrt":
        return Target((), (), 2, theta, None, zero_on_kernel=zero)
    if name == "invsqrt":
        require(_is_regular(theta, operator, field), SINGULAR_INVERSE)
        return Target((), (), 2, theta.inverse(), None)
    require(name == "exp", f"There is no rule for the function '{name}' of this argument.")
    rate = field.coefficients(theta, LAMBDA)
    if list(rate) == [1]:
        return Target((), (), 1, None, rate[1])
    from weightsmith.dsl.numbers.formulas import Apply, Variable  # loaded where there is a formula

    return Target((), (), 1, None, None, formula=Apply("exp", Variable()), theta=theta)


def _is_regular(theta: Rational, operator: Operator, field: Field) -> bool:
    """False if θ(T) has the eigenvalue 0 because T has it besides its assumed spectrum."""
    return operator.kind is not NONZERO or not _is_zero_at_zero(theta, field)


def _is_zero_at_zero(theta: Rational, field: Field) -> bool:
    return field.substitute(theta, {LAMBDA: field.zero}).is_zero
