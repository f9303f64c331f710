"""Targets as scalars: a matrix function of T, and which letters stand at its sides.

inv, pinv:  θ(T)⁻¹;   u⁻¹ = v·T⁻¹ where T = u·v (A⁻¹ = A'·(A·A')⁻¹)
pinv(A):  (A'A)⁻¹·A' or A'·(A·A')⁻¹ on the nonzero singular values
sqrt, invsqrt:  θ(T)^(1/2), θ(T)^(-1/2);   polar(A) = A·(A'A)^(-1/2);   exp:  e^(rate·T)
sign(A) = A·(A·A)^(-1/2) of a symmetric A;   E^(p/q):  θ(T)^(p/q), root q, power θ^p
"""

from __future__ import annotations

from weightsmith.compiler.certify.spectral import (
    LAMBDA,
    RATIO,
    Collapse,
    Form,
    Frame,
    NoProofError,
    Operator,
    RootScalar,
)
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.polynomial import Polynomial
from weightsmith.dsl.formulas import Apply, Variable

SIGN = (
    "sign(A) is understood of a single symmetric product A whose singular_values(A) are assumed, "
    "or spectrum(A) in [a, b] or [c, d] about 0"
)
STAND_IN = RATIO  # stands for the function while its word is collapsed


def target_scalar(collapse: Collapse, target: Polynomial) -> tuple[Frame, RootScalar]:
    """Return the target's frame and scalar.  Raises NoProofError if it is no function of T."""
    names = {
        letter.name
        for word in target.terms
        for letter in word
        if letter.name in collapse.normal.functions
    }
    if len(names) != 1:
        raise NoProofError("the target is not one matrix function between fixed factors")
    (name,) = names
    form, scalar = _function(collapse, name)
    collapse.forms[name, ""] = (form,)
    frames = collapse(target)
    del collapse.forms[name, ""]
    if len(frames) != 1:
        raise NoProofError("the target is a sum of several functions")
    ((frame, factor),) = frames.items()
    ratio = factor / collapse.scalars.symbol(STAND_IN)
    if STAND_IN in ratio.names:
        raise NoProofError("the target is not linear in its matrix function")
    if ratio == collapse.scalars.field.one:
        return frame, scalar
    if scalar.root == 0:
        raise NoProofError("an exponential or a formula, times another function")
    alone = scalar.power if scalar.function is None else scalar.function
    return frame, RootScalar(scalar.power * ratio**scalar.root, scalar.root, alone)


def _function(collapse: Collapse, name: str) -> tuple[Form, RootScalar]:
    operation, argument = collapse.normal.functions[name]
    function = operation.function
    scalars, operator = collapse.scalars, collapse.operator
    lam, one = scalars.symbol(LAMBDA), scalars.field.one
    words = list(argument.terms.items())
    word = words[0][0] if len(words) == 1 and words[0][1] == 1 else ()
    transposed = collapse.normal.alphabet.transpose_word(word)
    rest = operator.word[len(word) :]
    if function == "inv" and word and rest and operator.word[: len(word)] == word:
        _refuse_kernel(operator)
        return Form(rest, (), STAND_IN, one), RootScalar(one / lam, 1)
    if function == "pinv" and word and operator.word == (*transposed, *word):
        return Form((), transposed, STAND_IN, one), RootScalar(one / lam, 1)
    if function == "pinv" and word and operator.word == (*word, *transposed):
        return Form(transposed, (), STAND_IN, one), RootScalar(one / lam, 1)
    if function == "polar" and word and operator.word == (*transposed, *word):
        return Form(word, (), STAND_IN, one), RootScalar(one / lam, 2)
    if function == "sign":
        if not word or transposed != word or operator.word != (*word, *word):
            raise NoProofError(SIGN)
        return Form(word, (), STAND_IN, one), RootScalar(one / lam, 2)
    theta = _function_of_operator(collapse, argument)
    if operation.formula is not None:
        return Form((), (), STAND_IN, one), RootScalar(theta, 0, None, operation.formula)
    is_negative = operation.exponent is not None and operation.exponent < 0
    at_zero = scalars.field.put(theta, lambda name: scalars.field.zero if name == LAMBDA else None)
    if (function in ("inv", "invsqrt") or is_negative) and at_zero == 0:
        _refuse_kernel(operator)
    if function in ("inv", "pinv"):
        return Form((), (), STAND_IN, one), RootScalar(one / theta, 1)
    if function in ("sqrt", "invsqrt"):
        power = theta if function == "sqrt" else one / theta
        return Form((), (), STAND_IN, one), RootScalar(power, 2)
    if operation.exponent is not None:
        above, root = operation.exponent.as_integer_ratio()
        power = (theta if above > 0 else one / theta) ** abs(above)
        return Form((), (), STAND_IN, one), RootScalar(power, root, theta)
    if function == "exp":
        rate = theta / lam
        if LAMBDA in rate.names:
            exponential = Apply("exp", Variable())
            return Form((), (), STAND_IN, one), RootScalar(theta, 0, None, exponential)
        return Form((), (), STAND_IN, one), RootScalar(rate, 0)
    raise NoProofError(f"no rule for {function} of this argument")


def _refuse_kernel(operator: Operator) -> None:
    if operator.has_kernel:
        raise NoProofError("the matrix has the eigenvalue 0, where it has no inverse: use pinv")


def _function_of_operator(collapse: Collapse, argument: Polynomial) -> Coefficient:
    frames = collapse(argument)
    if list(frames) != [((), ())]:
        raise NoProofError("the argument of the target's function is no function of the operator")
    return frames[(), ()]
