"""Reads what the rules ``assumption`` and ``loops`` are given: an operator, and forms of values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import (
    Letter,
    Polynomial,
    Word,
    read_word,
    transpose_word,
    word_shape,
    word_text,
)
from weightsmith.checker.reading.refusal import RefusedError, quoted, require
from weightsmith.checker.reading.scalar_text import value_at
from weightsmith.checker.reading.strict_json import (
    as_items,
    as_list,
    as_number,
    as_object,
    as_text,
    as_texts,
)
from weightsmith.checker.semantics.expressions import Environment, evaluate
from weightsmith.checker.semantics.meaning import Loop
from weightsmith.checker.spectra.spectral import Form, Operator
from weightsmith.dsl.numbers.scalars import free_symbols
from weightsmith.dsl.program import core
from weightsmith.dsl.program.letters import read_letter

_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*", re.ASCII)
SINGULAR = core.SpectrumKind.SINGULAR_VALUES
NONZERO = core.SpectrumKind.NONZERO_SPECTRUM


def single_word(polynomial: Polynomial) -> Word | None:
    """The word, if the polynomial is one word with coefficient 1."""
    if len(polynomial.terms) != 1:
        return None
    ((word, coefficient),) = polynomial.terms.items()
    return word if coefficient.is_one else None


def input_word(node: core.Node, inputs: Environment, field: Field, what: str) -> Word:
    """The word of a value of an assumption: inputs only, no token axis left, coefficient 1."""
    value = evaluate(node, inputs, field)
    require(set(value.parts) <= {("", "")}, f"{what} has a token axis.")
    word = single_word(value.parts["", ""])
    if not word:
        raise RefusedError(f"{what} is not a single product of inputs.")
    return word


def read_operator(
    index: int,
    of: object,
    program: core.Program,
    inputs: Environment,
    field: Field,
    letters: Mapping[str, Letter],
    bindings: Mapping[str, Fraction],
) -> Operator:
    """T, if it is of the spectral assumption of this number: ``of``, its word.

    ``bindings`` are complete, or empty.
    """
    spectra = [a for a in program.assumptions if isinstance(a, core.SpectrumAssumption)]
    known = 0 <= index < len(spectra)
    require(known, f"The script has no spectrum assumption number {index}.")
    assumption = spectra[index]
    word = read_word(as_texts(of, "the operator's word"), letters, "the operator's word")
    shape = word_shape(word)
    square = shape is not None and shape[0] == shape[1]
    require(square, f"The operator {word_text(word)} is not a square product.")
    low, high = field.read(assumption.low), field.read(assumption.high)
    gap = None if assumption.gap is None else tuple(map(field.read, assumption.gap))
    given = input_word(assumption.of, inputs, field, "The value whose spectrum is assumed")
    if assumption.kind is SINGULAR:
        products = (transpose_word(given) + given, given + transpose_word(given))
        require(word in products, f"{word_text(word)} is not the square of {word_text(given)}.")
        low, high = low**2, high**2
        gap = None if gap is None else tuple(end**2 for end in gap)
    elif word != given and assumption.gap is not None:
        require(word == given + given, f"The assumption is of {word_text(given)}.")
        require(transpose_word(given) == given, f"{word_text(given)} may not be symmetric.")
        low, high = squared_ends(assumption, field, bindings)
        gap = None
    else:
        require(word == given, f"The assumption is of {word_text(given)}.")
    symmetric = _symmetry(word)
    weighted_kernel = symmetric == "weighted" and assumption.kind is NONZERO
    require(not weighted_kernel, "A weighted operator with a kernel has no rule here.")
    inner = None if gap is None else (gap[0], gap[1])
    return Operator(word, symmetric, assumption.kind, low, high, inner)


def _symmetry(word: Word) -> str:
    """Why f(T) is diagonalisable with real eigenvalues: T = T', T = u·P with u = u', or assumed."""
    if transpose_word(word) == word:
        return "yes"
    rest, last = word[:-1], word[-1]
    if last.symmetric and rest and transpose_word(rest) == rest:
        return "weighted"
    return "assumed"


def squared_ends(
    assumption: core.SpectrumAssumption, field: Field, bindings: Mapping[str, Fraction]
) -> tuple[Rational, Rational]:
    """The least and greatest λ², by the numbers; without numbers of mirror images alone.

    λ² ≥ b² for λ ≤ b < 0 and λ² ≥ c² for λ ≥ c > 0; λ² ≤ a² for a ≤ λ < 0 and λ² ≤ d² for 0 < λ ≤
    d.  So the spectrum of A·A, of a symmetric A, lies in [min(b², c²), max(a², d²)].
    """
    require(
        assumption.kind is core.SpectrumKind.SPECTRUM and len(assumption.ends) == 4,
        "Only two intervals of a spectrum tell that of its square.",
    )
    a, b, c, d = (field.read(end) for end in assumption.ends)
    if frozenset().union(*map(free_symbols, assumption.ends)) <= bindings.keys():
        first, below, above, last = (value_at(end, bindings) for end in assumption.ends)
        require(below < 0 < above, "The value 0 does not lie between the two intervals.")
        return (c if above <= -below else b) ** 2, (d if last >= -first else a) ** 2
    mirrored = (b + c).is_zero and (a + d).is_zero
    require(mirrored, "Without numbers the two intervals must be mirror images.")
    return c**2, d**2


def read_names(step: Mapping[str, object]) -> tuple[str, ...]:
    """The scalar names that a forms step introduces, in order, each once."""
    names: dict[str, None] = {}
    forms = step["forms"]
    if not isinstance(forms, dict):
        raise RefusedError("'forms' is not an object.")
    for items in forms.values():
        for item in as_list(items, "forms"):
            parts = as_object(item, "A form", ("left", "scalar", "right"))
            text = as_text(parts["scalar"], "the scalar of a form")
            if _NAME.fullmatch(text):
                names[text] = None
    return tuple(names)


def read_forms(
    step: Mapping[str, object],
    loop: Loop,
    operator: Operator,
    field: Field,
    inputs: Mapping[str, Letter],
) -> dict[str, tuple[Form, ...]]:
    """The forms of the carried letters, each of the letter's shape."""
    forms = step["forms"]
    if not isinstance(forms, dict):
        raise RefusedError("'forms' is not an object.")
    result = {}
    for name, items in forms.items():
        require(name in loop.letters, f"{quoted(name)} is not a letter that the loop carries.")
        letter = loop.letters[name]
        read = as_items(items, f"the forms of '{name}'", lambda v, w: _form(v, w, field, inputs))
        for form in read:
            _check_shape(form, letter, operator)
        wholes = [form.whole for form in read]
        require(len(set(wholes)) == len(wholes), f"Two forms of '{name}' cannot be told apart.")
        scalars = [form.name for form in read if form.name]
        distinct = len(set(scalars)) == len(scalars)
        require(distinct, f"Two forms of '{name}' have the same scalar: each needs its own.")
        result[name] = read
    _check_families(result)
    return result


def _form(value: object, what: str, field: Field, inputs: Mapping[str, Letter]) -> Form:
    parts = as_object(value, what, ("left", "scalar", "right"))
    left = read_word(as_texts(parts["left"], what), inputs, what)
    right = read_word(as_texts(parts["right"], what), inputs, what)
    text = as_text(parts["scalar"], what)
    if _NAME.fullmatch(text):
        return Form(left, right, text, field.variable(text))
    constant = field.number(as_number(text, what))
    require(not constant.is_zero, f"{what}: a constant part is zero.")
    return Form(left, right, "", constant)


def _check_shape(form: Form, letter: Letter, operator: Operator) -> None:
    """left · T · right, or left · right for a constant, must have the letter's shape."""
    if form.name:
        shape = word_shape(form.left + operator.word + form.right)
    else:
        shape = word_shape(form.whole)
        identity = not form.whole and letter.rows == letter.columns
        shape = (letter.rows, letter.columns) if identity else shape
    good = shape == (letter.rows, letter.columns)
    require(good, f"The form {word_text(form.whole)} does not have the shape of '{letter.name}'.")


def _check_families(forms: Mapping[str, tuple[Form, ...]]) -> None:
    """All groups of a per-token letter have forms of the same scalars."""
    families: dict[str, list[str]] = {}
    for name, items in forms.items():
        scalars = [form.name or repr(form.scalar) for form in items]
        first = families.setdefault(read_letter(name)._replace(group="").text, scalars)
        require(sorted(first) == sorted(scalars), f"'{name}' has other scalars than its groups.")
