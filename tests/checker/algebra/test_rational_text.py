"""Rational functions as texts: read back as they were, with one text a value; hostile texts."""

from __future__ import annotations

import random
import re
from fractions import Fraction

import pytest

from weightsmith.checker.algebra import rational_text as module
from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.rational_text import polynomial_text, rational_text
from weightsmith.checker.algebra.words import Letter, Polynomial
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.reading.scalar_text import MAX_TEXT, read_scalar

SYMBOLS, VARIABLES = ("mu", "L", "k", "j"), ("lambda", "X", "e", "z2")
NUMBERS = {
    **{"mu": Fraction(1, 7), "L": Fraction(-5, 3), "k": Fraction(3), "j": Fraction(-2)},
    **{"lambda": Fraction(11, 13), "X": Fraction(17), "e": Fraction(-19, 23), "z2": Fraction(2)},
}
POWERS = ("3^k", "(1/2)^k", "(-3)^j", "2^(k*j)", "(mu + 1)^k", "(2*mu/L)^j", "(L + 3^k)^j", "mu^k")
Value = tuple[Rational, Fraction]  # a function, and what it is at the numbers


def read(field: Field, text: str) -> Rational:
    return field.read(read_scalar(text, "the text"))


def by_python(text: str, names: dict[str, object] | None = None) -> Fraction:
    """What a text means, read by nothing of this project."""
    whole = re.sub(r"\b\d+\b", lambda found: f"Fraction({found[0]})", text.replace("^", "**"))
    known = names or {name.replace("lambda", "l"): value for name, value in NUMBERS.items()}
    return eval(whole.replace("lambda", "l"), {"Fraction": Fraction, **known})


def leaf(rng: random.Random, field: Field) -> Value:
    kind = rng.random()
    if kind < 0.3:
        number = Fraction(rng.randint(-12, 12), rng.choice((1, 1, 2, 3, 10)))
        return field.number(number), number
    if kind < 0.45:
        text = rng.choice(POWERS)
        return read(field, text), by_python(text)
    name = rng.choice((*SYMBOLS, *VARIABLES))
    return field.variable(name), NUMBERS[name]


def drawn(rng: random.Random, field: Field, depth: int) -> Value:
    """A random function, built of others and not read from a text."""
    if depth == 0:
        return leaf(rng, field)
    (one, first), (two, second) = (drawn(rng, field, rng.randrange(depth)) for _ in range(2))
    operation = rng.choice("++-**/^")
    if operation == "+":
        return one + two, first + second
    if operation == "-":
        return one - two, first - second
    if operation == "^" and not one.is_zero and first:
        exponent = rng.randint(-2, 3)
        return one**exponent, first**exponent
    if operation == "/" and not two.is_zero and second:
        return one / two, first / second
    return one * two, first * second


@pytest.mark.parametrize("seed", range(12))
def test_a_random_function_reads_back_as_it_was(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(40):
        field = Field(SYMBOLS, VARIABLES)
        value, number = drawn(rng, field, 4)
        text = rational_text(value)
        assert read(field, text) == value, text
        assert rational_text(read(field, text)) == text
        assert by_python(text) == number == field.evaluate(value, NUMBERS)


@pytest.mark.parametrize("seed", range(4))
def test_equal_values_have_equal_texts_in_every_field(seed: int) -> None:
    """The symbols in another order, and the powers met in another order."""
    rng = random.Random(seed)
    for _ in range(30):
        text = rational_text(drawn(rng, Field(SYMBOLS, VARIABLES), 4)[0])
        other = Field(rng.sample(SYMBOLS, 4), rng.sample(VARIABLES, 4))
        for power in rng.sample(POWERS[:4], 4):
            read(other, power)
        assert rational_text(read(other, text)) == text


@pytest.mark.parametrize("seed", range(4))
def test_other_values_have_other_texts(seed: int) -> None:
    rng, field = random.Random(seed), Field(SYMBOLS, VARIABLES)
    texts: dict[str, Rational] = {}
    for _ in range(150):
        value, _ = drawn(rng, field, 3)
        assert texts.setdefault(rational_text(value), value) == value


def test_names_of_powers_are_made_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every power may use all those before it: as many texts as there are, not 3^8."""
    field = Field(("k",))
    for base in range(2, 10):
        read(field, f"{base}^k")
    made = []
    plain = module._text

    def counted(value: Rational, *more: object) -> str:
        made.append(value)
        return plain(value, *more)

    monkeypatch.setattr(module, "_text", counted)
    assert rational_text(read(field, "9^k + 2^k")) == "(2^k) + (9^k)"
    assert len(made) == 17


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x + x", "2*x"),
        ("x - x", "0"),
        ("0*x/y", "0"),
        ("--2", "2"),
        ("6/4", "3/2"),
        ("(x*y - y)/(y - x*y)", "-1"),
        ("(1 - x)/(y - 2)", "(-x + 1)/(y - 2)"),
        ("(x - 1)/(2 - y)", "(-x + 1)/(y - 2)"),
        ("x/(3*y)", "x/(3*y)"),
        ("2/3*x", "2/3*x"),
        ("-1/2*x^2 + x", "-1/2*x^2 + x"),
        ("1/y^2", "1/y^2"),
        ("3^(y + 1)", "3*(3^y)"),
        ("3^y*3^-y", "1"),
        ("1e3*x", "1000*x"),
    ],
)
def test_one_text_for_all_that_say_the_same(text: str, shown: str) -> None:
    assert rational_text(read(Field(("x", "y")), text)) == shown


HOSTILE = {
    "huge digits": "9" * (MAX_TEXT + 1),
    "many huge digits": " + ".join(["9" * 4000] * 200),
    "an exponent of a number": "1e400000000",
    "a small number of a large exponent": "1e-400000000",
    "a power of a power": "9^9^9^9",
    "a large power": "10^1000000000",
    "a large power of a name": "x^1000000000",
    "a large negative power": "x^(-1000000000)",
    "a power of a sum": "(x + y + 1)^100",
    "powers of powers of sums": "((((x + y)^9)^9)^9)^9",
    "many terms": "*".join(f"(x^{n} + y + {n})" for n in range(1, 60)),
    "deep brackets": "(" * 900 + "x" + ")" * 900,
    "deeper brackets": "(" * 100_000,
    "many signs": "-" * 1900 + "x",
    "deep powers": "^".join(["x"] * 900),
    "a zero denominator": "1/0",
    "a zero denominator of names": "1/(x - x)",
    "a zero denominator below": "x/(y/(x*y - y*x))",
    "a zero to a negative power": "0^(-1)",
    "a sum to a fraction": "(x + 1)^(1/2)",
    "a varying exponent": "2^z",
    "a name that is not there": "q + 1",
    "a hidden name": "#previous",
    "a text in the middle": "x y",
    "nothing": "",
    "a blank": " ",
    "no number": "nan",
    "no end": "inf",
    "a control character": "x\x00",
    "a line": "x\n+ 1",
    "another minus": "x \u2212 1",
    "another digit": "\u0663*x",
    "a call": "exp(x)",
    "a list": "[x]",
    "an operation that is not there": "x % y",
    "no operand": "x +",
    "brackets that do not close": "(x + 1",
    "brackets that do not open": "x + 1)",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_text_is_refused_before_it_costs_much(what: str) -> None:
    budget = Budget(2_000_000)
    with budget.active(), pytest.raises(RefusedError) as found:
        read(Field(("x", "y"), ("z",), budget), HOSTILE[what])
    assert len(str(found.value)) < 300


@pytest.mark.parametrize("value", [None, 3, 1.5, True, [], {}, ["x"]])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(RefusedError):
        read_scalar(value, "the text")


class Words:
    """Polynomials of letters that do not commute, by words."""

    def __init__(self, terms: dict[str, Fraction]) -> None:
        self.terms = {word: number for word, number in terms.items() if number}

    def __mul__(self, other: Words) -> Words:
        found: dict[str, Fraction] = {}
        for left, one in self.terms.items():
            for right, two in other.terms.items():
                found[left + right] = found.get(left + right, Fraction(0)) + one * two
        return Words(found)

    def __rmul__(self, number: Fraction) -> Words:
        return Words({word: number * one for word, one in self.terms.items()})

    def __add__(self, other: Words) -> Words:
        words = self.terms.keys() | other.terms.keys()
        return Words({word: self._at(word) + other._at(word) for word in words})

    def __neg__(self) -> Words:
        return Words({word: -one for word, one in self.terms.items()})

    def __sub__(self, other: Words) -> Words:
        return self + -other

    def _at(self, word: str) -> Fraction:
        return self.terms.get(word, Fraction(0))


@pytest.mark.parametrize("seed", range(4))
def test_a_polynomial_of_words_says_what_it_is(seed: int) -> None:
    rng = random.Random(seed)
    letters = {name: Words({name: Fraction(1)}) for name in "ABC"}
    names = {"I": Words({"": Fraction(1)}), "a": Fraction(3, 7), "b": Fraction(-5), **letters}
    numbers = {"a": Fraction(3, 7), "b": Fraction(-5)}
    for _ in range(40):
        field = Field(("a", "b"))
        total, wanted = Polynomial.letter(field, Letter("A", "d", "d")), letters["A"]
        for _ in range(rng.randint(0, 6)):
            word = rng.choices("ABC", k=rng.randint(1, 3))
            product, same = Polynomial.letter(field, Letter(word[0], "d", "d")), letters[word[0]]
            for name in word[1:]:
                product = product @ Polynomial.letter(field, Letter(name, "d", "d"))
                same = same * letters[name]
            text = rng.choice(("2", "-1", "1/3", "a", "-a/b", "a + b", "(a - 1)/(b + 2)", "0"))
            factor = read(field, text)
            total = total + product.scaled(factor)
            wanted = wanted + field.evaluate(factor, numbers) * same
        shown = polynomial_text(total)
        found = by_python(shown, names) if shown != "0" else Words({})
        assert isinstance(found, Words)
        assert found.terms == wanted.terms, shown
