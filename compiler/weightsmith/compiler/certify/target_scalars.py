"""Targets as scalars: a matrix function of T, and which letters stand at its sides.

inv, pinv:  θ(T)⁻¹;   u⁻¹ = v·T⁻¹ where T = u·v (A⁻¹ = A'·(A·A')⁻¹)
pinv(A):  (A'A)⁻¹·A' or A'·(A·A')⁻¹ on the nonzero singular values
sqrt, invsqrt:  θ(T)^(1/2), θ(T)^(-1/2);   polar(A) = A·(A'A)^(-1/2);   exp:  e^(rate·T)
sign(A) = A·(A·A)^(-1/2) of a symmetric A;   E^(p/q):  θ(T)^(p/q), root q, power θ^p
sign(θ(T)):  root 2, power 1, its sign that of θ
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
    "sign(A - c*I) is understood of a single symmetric product A whose spectrum(A) is assumed in "
    "[a, b] or [c, d] about c, and sign(A) also where singular_values(A) are assumed"
)
STAND_IN = RATIO  # stands for the function while its word is collapsed


def target_scalar(collapse: Collapse, target: Polynomial) -> tuple[Frame, RootScalar, Coefficient]:
    """Return frame, scalar and a factor free of λ: the target is factor·left·f*(T)·right.

    Raises NoProofError if it is no function of T.
    """
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
    times = max(ratio.degree(LAMBDA), 0)
    absorbed = collapse.scalars.symbol(LAMBDA) ** times
    number = ratio / absorbed
    if LAMBDA in number.names:
        raise NoProofError("the target is a function times a polynomial of the operator")
    if times == 0:
        return frame, scalar, number
    if scalar.root == 0 or scalar.sign is not None:
        raise NoProofError("a sign, an exponential or a formula, times another function")
    alone = scalar.power if scalar.function is None else scalar.function
    power = scalar.power * absorbed**scalar.root
    absorbing = RootScalar(
        power, scalar.root, alone, beside=absorbed, zero_on_kernel=scalar.zero_on_kernel
    )
    return frame, absorbing, number


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
    has_inverse = function == "pinv" and word and not operator.has_kernel
    if has_inverse and operator.word == (*transposed, *word):
        return Form((), transposed, STAND_IN, one), RootScalar(one / lam, 1)
    if has_inverse and operator.word == (*word, *transposed):
        return Form(transposed, (), STAND_IN, one), RootScalar(one / lam, 1)
    if function == "polar" and word and operator.word == (*transposed, *word):
        return Form(word, (), STAND_IN, one), RootScalar(one / lam, 2)
    if function == "sign" and word and transposed == word and operator.word == (*word, *word):
        return Form(word, (), STAND_IN, one), RootScalar(one / lam, 2)
    try:
        theta = _function_of_operator(collapse, argument)
    except NoProofError as reason:
        raise NoProofError(SIGN if function == "sign" else str(reason)) from None
    if function == "sign":
        if operator.symmetric != "yes":
            raise NoProofError(SIGN)
        return Form((), (), STAND_IN, one), RootScalar(one, 2, sign=theta)
    if operation.formula is not None:
        return Form((), (), STAND_IN, one), RootScalar(theta, 0, None, operation.formula)
    is_negative = operation.exponent is not None and operation.exponent < 0
    at_zero = scalars.field.put(theta, lambda name: scalars.field.zero if name == LAMBDA else None)
    if (function in ("inv", "invsqrt") or is_negative) and at_zero == 0:
        _refuse_kernel(operator)
    zero = at_zero == 0 and not is_negative and function not in ("inv", "invsqrt")
    if function in ("inv", "pinv"):
        return Form((), (), STAND_IN, one), RootScalar(one / theta, 1, zero_on_kernel=zero)
    if function in ("sqrt", "invsqrt"):
        power = theta if function == "sqrt" else one / theta
        return Form((), (), STAND_IN, one), RootScalar(power, 2, zero_on_kernel=zero)
    if operation.exponent is not None:
        above, root = operation.exponent.as_integer_ratio()
        power = (theta if above > 0 else one / theta) ** abs(above)
        return Form((), (), STAND_IN, one), RootScalar(power, root, theta, zero_on_kernel=zero)
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
