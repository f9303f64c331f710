"""A rational function as text in the language's own syntax: ``(L - mu)/(L + mu)``.

Equal values have equal texts: terms in lexicographic order of their powers, names in order of the
alphabet, the denominator's first term positive.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from weightsmith.checker.reading.scalar_text import is_atom

if TYPE_CHECKING:
    from weightsmith.checker.algebra.rational import Field, Rational
    from weightsmith.checker.algebra.words import Polynomial

Terms = Mapping[tuple[int, ...], Fraction]


def rational_text(value: Rational, *, whole: bool = False) -> str:
    """Numbers as fractions; a polynomial without a denominator, unless ``whole``; one quotient.

    ``whole``: one fraction, all numbers in it whole, as ``(L + mu)/2``.
    """
    return _text(value, [] if value.number is not None else names_of(value.field), whole)


def _text(value: Rational, names: list[str], whole: bool = False) -> str:
    """The text of a value that uses the first generators of its field only, which have names."""
    if value.number is not None:
        return str(value.number)
    order = sorted(range(len(names)), key=lambda place: names[place])
    top, bottom = (
        {tuple(int(degrees[place]) for place in order): Fraction(int(n)) for degrees, n in part}
        for part in (value.numerator.to_dict().items(), value.denominator.to_dict().items())
    )
    first = bottom[max(bottom)]
    is_number = value.denominator.is_constant()
    divisor = first if is_number and not whole else 1 if first > 0 else -1
    ordered = [names[place] for place in order]
    above = _sum({degrees: n / divisor for degrees, n in top.items()}, ordered)
    below = _sum({degrees: n / divisor for degrees, n in bottom.items()}, ordered)
    if below == "1":
        return above
    if len(top) > 1:
        above = f"({above})"
    plain = below in (*names, str(first)) or (not whole and len(bottom) == 1 and "*" not in below)
    return f"{above}/{below}" if plain else f"{above}/({below})"


def names_of(field: Field) -> list[str]:
    """Of the generators; a power such as 3^k, whose parts use those before it, in brackets."""
    names = list(field.names)
    for base, exponent in field.powers:
        below, above = (
            text if is_atom(text) else f"({text})"
            for text in (_text(base, names), _text(exponent, names))
        )
        names.append(f"({below}^{above})")
    return names


def _sum(terms: Terms, names: list[str]) -> str:
    text = ""
    for powers in sorted(terms, reverse=True):
        number = terms[powers]
        term = _term(abs(number), powers, names)
        sign = " - " if number < 0 else " + "
        text += sign + term if text else ("-" if number < 0 else "") + term
    return text


def _term(size: Fraction, powers: tuple[int, ...], names: list[str]) -> str:
    factors = [
        name if power == 1 else f"{name}^{power}"
        for name, power in zip(names, powers, strict=False)
        if power
    ]
    if size != 1 or not factors:
        factors.insert(0, str(size))
    return "*".join(factors)


def polynomial_text(polynomial: Polynomial) -> str:
    """Σ coefficient·word, as ``2*X - X*A*X``; the empty word is I."""
    text = ""
    for word in sorted(polynomial.terms, key=lambda word: [letter.text for letter in word]):
        number = rational_text(polynomial.terms[word])
        product = "*".join(letter.text for letter in word) or "I"
        plain = number.lstrip("-")
        if not plain.replace("/", "").isalnum():
            plain, number = f"({number})", ""
        term = product if plain == "1" else f"{plain}*{product}"
        sign = (" - " if text else "-") if number.startswith("-") else (" + " if text else "")
        text += sign + term
    return text or "0"
