"""A second checker of Weightsmith certificates, written from docs/format.md and docs/template.md.

Its author had not seen the checker.  It shares no line with it, and imports nothing of Weightsmith.

    python tools/second_checker.py DIR

Exit status: 0 if all is accepted, 2 if some is open or not checked, 1 if a claim is refused.

What an accepted claim means.
* exactness: the network of template.json and the program of the certificate are equal in the free
  algebra, by induction over loops, for every size, input and value of the symbols.
* weights: model.safetensors is template.json at its bindings, rounded, bit for bit.
* truncation: the stated bound holds, by the rules autonomous, contraction, three_term, power_exp.

What is trusted: this file, Python's integers, fractions, json and hashlib, and the theorems that
the pages docs/rules/ prove.  Every number is a Fraction; no float takes part in anything.  A root,
an exponential or a critical point is enclosed between Fractions, rounded outward.

What is not compared: the scripts with the programs of the certificate (this needs the front end of
the language, section 1 of the page), and the limits of section 15 on the cost of a check.  Neither
touches what is proven of the programs.  Texts are compared letter by letter, hence the gcd below.

What is not checked, and said so claim by claim: tables and functions of entries, restructuring, the
other rules, roots of equations, gated products, and numbers too large for this simple arithmetic.
"""

from __future__ import annotations

import ast
import hashlib
import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

# ---- Verdicts -----------------------------------------------------------------------------------


class RefusedError(Exception):
    """The directory does not show what it claims."""


class NotCheckedError(Exception):
    """This checker does not know how; nothing is said of the claim."""


MALFORMED = (
    KeyError,
    TypeError,
    SyntaxError,
    ValueError,
    IndexError,
    AttributeError,
    ArithmeticError,
)


@dataclass(frozen=True)
class Verdict:
    end: str  # accepted, refused, not checked, open
    subject: str
    why: str = ""


def require(condition: bool, why: str) -> None:
    if not condition:
        raise RefusedError(why)


def judge(subject: str, check: Callable[[], str]) -> Verdict:
    """The verdict of one check; `check` returns "" or, of an open claim, what is open."""
    try:
        still_open = check()
        return Verdict("open" if still_open else "accepted", subject, still_open)
    except RefusedError as problem:
        return Verdict("refused", subject, str(problem))
    except NotCheckedError as problem:
        return Verdict("not checked", subject, str(problem))
    except (RecursionError, MemoryError):
        return Verdict("not checked", subject, "too deep or too large for this checker")
    except MALFORMED as problem:
        return Verdict("refused", subject, f"malformed: {type(problem).__name__}: {problem}")


# ---- Strict JSON (section 2) --------------------------------------------------------------------


def strict_json(raw: bytes, *, newlines: bool = False) -> object:
    """The value of strict JSON; a text may have newlines in the header of safetensors alone."""
    require(len(raw) <= 32 * 2**20, "a JSON file above 32 MiB")
    value: object = json.loads(
        raw.decode("utf-8"),
        object_pairs_hook=_distinct_keys,
        parse_int=_short_integer,
        parse_float=_no_float,
        parse_constant=_no_float,
    )
    require(_parts(value, 0, newlines) <= 2_000_000, "more than 2,000,000 parts")
    return value


def _distinct_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    require(len(dict(pairs)) == len(pairs), "a key that stands twice")
    return dict(pairs)


def _short_integer(digits: str) -> int:
    require(len(digits) <= 18 and digits != "-0", f"an integer {digits[:30]}")
    return int(digits)


def _no_float(text: str) -> object:
    raise RefusedError(f"a number {text[:30]} that is no integer")


def _parts(value: object, depth: int, newlines: bool) -> int:
    require(depth <= 200, "JSON nested more than 200 deep")
    if isinstance(value, str):
        shown = value.replace("\n", "") if newlines else value
        require(len(value) <= 2**18 and shown.isprintable(), "a text too long or not printable")
    if isinstance(value, dict):
        inner = [part for pair in value.items() for part in pair]
        return 3 + max(len(value) - 1, 0) + sum(_parts(part, depth + 1, newlines) for part in inner)
    if isinstance(value, list):
        return 1 + max(len(value) - 1, 0) + sum(_parts(part, depth + 1, newlines) for part in value)
    return 0


def record(value: object, keys: str, optional: str = "") -> dict[str, object]:
    """An object with exactly these keys, and perhaps those of `optional`."""
    require(isinstance(value, dict), f"expected an object with {keys}")
    assert isinstance(value, dict)
    missing, extra = (
        set(keys.split()) - set(value),
        set(value) - set((keys + " " + optional).split()),
    )
    require(
        not missing and not extra, f"keys missing {sorted(missing)}, or too many {sorted(extra)}"
    )
    return value


def listing(value: object) -> list[object]:
    require(isinstance(value, list), "expected a list")
    assert isinstance(value, list)
    return value


def text(value: object) -> str:
    require(isinstance(value, str), f"expected a text, got {str(value)[:40]}")
    assert isinstance(value, str)
    return value


def texts(value: object) -> tuple[str, ...]:
    return tuple(text(item) for item in listing(value))


def distinct(value: object) -> tuple[str, ...]:
    names = texts(value)
    require(len(set(names)) == len(names), f"a name twice in {names}")
    return names


def whole(value: object) -> int:
    require(type(value) is int, f"expected an integer, got {str(value)[:40]}")
    assert isinstance(value, int)
    return value


def flag(value: object) -> bool:
    require(isinstance(value, bool), "expected true or false")
    return value is True


def exact(value: object) -> Fraction:
    """An exact number "p" or "p/q" in its one form."""
    written = text(value)
    require(re.fullmatch(r"-?[0-9]+(/[0-9]+)?", written) is not None, f"no number: {written[:40]}")
    require(len(written) <= 2000, "a number of more than 2000 characters")
    number = Fraction(written)
    require(str(number) == written, f"a number not in lowest terms: {written[:40]}")
    return number


# ---- Polynomials and rational functions over the rationals (section 3) --------------------------

Monomial = tuple[tuple[str, int], ...]  # (name, exponent), by name
Polynomial = dict[Monomial, Fraction]
ONE_POLYNOMIAL: Polynomial = {(): Fraction(1)}


def names_of(polynomial: Polynomial) -> set[str]:
    return {name for monomial in polynomial for name, _ in monomial}


def join(left: Monomial, right: Monomial, sign: int = 1) -> Monomial:
    exponents = dict(left)
    for name, exponent in right:
        exponents[name] = exponents.get(name, 0) + sign * exponent
    return tuple(sorted((name, e) for name, e in exponents.items() if e))


def add(p: Polynomial, q: Polynomial, factor: Fraction = Fraction(1)) -> Polynomial:
    total = dict(p)
    for monomial, coefficient in q.items():
        total[monomial] = total.get(monomial, Fraction(0)) + factor * coefficient
    return {monomial: c for monomial, c in total.items() if c}


def multiply(p: Polynomial, q: Polynomial) -> Polynomial:
    if len(p) * len(q) > 2_000_000:
        raise NotCheckedError("a polynomial with too many terms")
    total: Polynomial = {}
    for a, c in p.items():
        for b, d in q.items():
            word = join(a, b)
            total[word] = total.get(word, Fraction(0)) + c * d
    return {monomial: c for monomial, c in total.items() if c}


def scale_by(p: Polynomial, factor: Fraction) -> Polynomial:
    return {monomial: factor * c for monomial, c in p.items()}


def in_order(p: Polynomial) -> list[tuple[Monomial, Fraction]]:
    """The terms, lexicographically largest exponents first."""
    names = sorted(names_of(p))

    def exponents(term: tuple[Monomial, Fraction]) -> list[int]:
        present = dict(term[0])
        return [present.get(name, 0) for name in names]

    return sorted(p.items(), key=exponents, reverse=True)


def by_power(p: Polynomial, name: str) -> dict[int, Polynomial]:
    """p = Σ result[k] · name^k."""
    powers: dict[int, Polynomial] = {}
    for monomial, c in p.items():
        rest = tuple(pair for pair in monomial if pair[0] != name)
        powers.setdefault(dict(monomial).get(name, 0), {})[rest] = c
    return powers


def degree(p: Polynomial, name: str) -> int:
    return max(by_power(p, name), default=0)


def divide(p: Polynomial, q: Polynomial) -> Polynomial:
    """p / q where q is known to divide p."""
    first, coefficient = in_order(q)[0]
    names = sorted(names_of(p) | names_of(q))
    quotient: Polynomial = {}
    while p:
        top = max(p, key=lambda m: [dict(m).get(name, 0) for name in names])
        term = {join(top, first, -1): p[top] / coefficient}
        require(all(e > 0 for m in term for _, e in m), "internal: a division with a remainder")
        quotient = add(quotient, term)
        p = add(p, multiply(term, q), Fraction(-1))
    return quotient


def content(p: Polynomial, name: str) -> Polynomial:
    common: Polynomial = {}
    for part in by_power(p, name).values():
        common = gcd(common, part)
    return common


def primitive(p: Polynomial, name: str) -> Polynomial:
    p = divide(p, content(p, name)) if p else p
    return scale_by(p, 1 / in_order(p)[0][1]) if p else p


def pseudo_remainder(p: Polynomial, q: Polynomial, name: str) -> Polynomial:
    low = degree(q, name)
    if low == 0:
        return {}
    while p and degree(p, name) >= low:
        high = degree(p, name)
        shift: Polynomial = {((name, high - low),) if high > low else (): Fraction(1)}
        left = multiply(by_power(q, name)[low], p)
        p = add(left, multiply(multiply(by_power(p, name)[high], shift), q), Fraction(-1))
    return p


def gcd(p: Polynomial, q: Polynomial) -> Polynomial:
    """The greatest common divisor, up to a number, by primitive remainders in one name."""
    if not p or not q:
        return p or q
    shared = sorted(names_of(p) | names_of(q))
    if not names_of(p) or not names_of(q):
        return ONE_POLYNOMIAL
    name = shared[0]
    common = gcd(content(p, name), content(q, name))
    p, q = primitive(p, name), primitive(q, name)
    while q:
        p, q = q, primitive(pseudo_remainder(p, q, name), name)
    return multiply(common, p)


@dataclass(frozen=True)
class Ratio:
    """top / bottom in lowest terms, the first coefficient of the bottom 1: == is equality."""

    top: Polynomial
    bottom: Polynomial

    def __add__(self, other: Ratio) -> Ratio:
        if self.bottom == other.bottom:
            return ratio(add(self.top, other.top), self.bottom)
        top = add(multiply(self.top, other.bottom), multiply(other.top, self.bottom))
        return ratio(top, multiply(self.bottom, other.bottom))

    def __neg__(self) -> Ratio:
        return Ratio(scale_by(self.top, Fraction(-1)), self.bottom)

    def __sub__(self, other: Ratio) -> Ratio:
        return self + -other

    def __mul__(self, other: Ratio) -> Ratio:
        return ratio(multiply(self.top, other.top), multiply(self.bottom, other.bottom))

    def __truediv__(self, other: Ratio) -> Ratio:
        return ratio(multiply(self.top, other.bottom), multiply(self.bottom, other.top))

    def __pow__(self, exponent: int) -> Ratio:
        base = self if exponent >= 0 else ONE / self
        result = ONE
        for _ in range(abs(exponent)):
            result = result * base
        return result

    def __bool__(self) -> bool:
        return bool(self.top)

    @property
    def names(self) -> set[str]:
        return names_of(self.top) | names_of(self.bottom)

    def put(self, values: dict[str, Ratio]) -> Ratio:
        """The same with values in place of names."""
        if not self.names & set(values):
            return self
        return _put(self.top, values) / _put(self.bottom, values)

    def number(self) -> Fraction:
        require(not self.names, f"expected a number, got {show(self)}")
        return self.top.get((), Fraction(0))


def _put(p: Polynomial, values: dict[str, Ratio]) -> Ratio:
    total = ZERO
    for monomial, c in p.items():
        term = constant(c)
        for name, exponent in monomial:
            term = term * values.get(name, named(name)) ** exponent
        total = total + term
    return total


def ratio(top: Polynomial, bottom: Polynomial) -> Ratio:
    require(bool(bottom), "a denominator that is zero")
    if not top:
        return ZERO
    if names_of(bottom):
        common = gcd(top, bottom)
        if names_of(common):
            top, bottom = divide(top, common), divide(bottom, common)
    lead = 1 / in_order(bottom)[0][1]
    return Ratio(top, bottom) if lead == 1 else Ratio(scale_by(top, lead), scale_by(bottom, lead))


def constant(number: Fraction | int) -> Ratio:
    return Ratio({(): Fraction(number)} if number else {}, ONE_POLYNOMIAL)


def named(name: str) -> Ratio:
    return Ratio({((name, 1),): Fraction(1)}, ONE_POLYNOMIAL)


ZERO, ONE = constant(0), constant(1)


def show(value: Ratio) -> str:
    """The one text of a rational function."""
    if value.bottom == ONE_POLYNOMIAL:
        return _sum_text(value.top)
    coefficients = [*value.top.values(), *value.bottom.values()]
    whole_by = math.lcm(*(c.denominator for c in coefficients))
    factor = Fraction(whole_by, math.gcd(*(int(c * whole_by) for c in coefficients)))
    top, bottom = _sum_text(scale_by(value.top, factor)), _sum_text(scale_by(value.bottom, factor))
    top = f"({top})" if len(value.top) > 1 else top
    plain = len(value.bottom) == 1 and "*" not in bottom
    return f"{top}/{bottom}" if plain else f"{top}/({bottom})"


def _sum_text(p: Polynomial) -> str:
    written = ""
    for monomial, c in in_order(p):
        term = _term_text(monomial, abs(c))
        sign = ("-" if c < 0 else "") if not written else (" - " if c < 0 else " + ")
        written += sign + term
    return written or "0"


def _term_text(monomial: Monomial, size: Fraction) -> str:
    factors = [name if e == 1 else f"{name}^{e}" for name, e in monomial]
    return "*".join(factors if factors and size == 1 else [str(size), *factors])


# ---- Scalars: texts that stand for rational functions (section 3) -------------------------------

NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?")
NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*(\.[A-Za-z_][A-Za-z_0-9]*)*")
SIGN = re.compile(r"\*\*|[-+*/^()]")
V = TypeVar("V", Ratio, Fraction)


@lru_cache(maxsize=100_000)
def tokens(written: str) -> tuple[tuple[str, str], ...]:
    """The tokens of a scalar, each an `atom` (a number or a name) or a `sign`."""
    require(len(written) <= 2000, "a scalar of more than 2000 characters")
    found: list[tuple[str, str]] = []
    place = 0
    while place < len(written):
        atom = NUMBER.match(written, place) or NAME.match(written, place)
        match = atom or SIGN.match(written, place)
        require(match is not None or written[place] == " ", f"no scalar: {written[:60]}")
        if match:
            found.append(("atom" if atom else "sign", match[0]))
        place = match.end() if match else place + 1
    return tuple(found)


def evaluate(written: str, atom: Callable[[str], V], power: Callable[[V, V], V]) -> V:
    """The value of a scalar, by Python's grammar, which agrees with the page's on these tokens."""
    parts = tokens(written)
    names = [f"t{place}" if kind == "atom" else token for place, (kind, token) in enumerate(parts)]
    tree = ast.parse(" ".join(names).replace("^", "**"), mode="eval")

    def value(node: ast.expr) -> V:
        if isinstance(node, ast.Name):
            return atom(parts[int(node.id[1:])][1])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        require(isinstance(node, ast.BinOp), f"no scalar: {written[:60]}")
        assert isinstance(node, ast.BinOp)
        left, right = value(node.left), value(node.right)
        if isinstance(node.op, ast.Pow):
            return power(left, right)
        if isinstance(node.op, ast.Add | ast.Sub):
            return left + right if isinstance(node.op, ast.Add) else left - right
        return left * right if isinstance(node.op, ast.Mult) else left / right

    return value(tree.body)


@lru_cache(maxsize=100_000)
def scalar(written: str) -> Ratio:
    """The value of a text in the field of rational functions."""
    return evaluate(
        written,
        lambda token: constant(Fraction(token)) if token[0].isdigit() else named(token),
        _field_power,
    )


def _field_power(base: Ratio, exponent: Ratio) -> Ratio:
    integral = all(c.denominator == 1 for c in exponent.top.values())
    require(exponent.bottom == ONE_POLYNOMIAL and integral, f"an exponent {show(exponent)}")
    result = ONE
    for monomial, c in exponent.top.items():
        size_limit(abs(c), 1000)
        factor = (
            generator(base, Ratio({monomial: Fraction(1)}, ONE_POLYNOMIAL)) if monomial else base
        )
        result = result * factor ** int(c)
    return result


def generator(base: Ratio, exponent: Ratio) -> Ratio:
    """b^m as a name of its own, (B^M)."""
    if base == ONE:
        return ONE
    parts = [show(base), show(exponent)]
    return named("({}^{})".format(*(p if p.isalnum() else f"({p})" for p in parts)))


Bindings = dict[str, Fraction]


def at(written: str, numbers: Bindings) -> Fraction:
    """The value of a text as it stands, with a number for every symbol."""
    return evaluate(
        written,
        lambda token: Fraction(token) if token[0].isdigit() else numbers[token],
        _number_power,
    )


def _number_power(base: Fraction, exponent: Fraction) -> Fraction:
    require(exponent.denominator == 1, f"an exponent {exponent} that is not whole")
    bits = base.numerator.bit_length() + base.denominator.bit_length()
    size_limit(abs(exponent) * max(bits - 2, 0), 1_000_000)
    require(bool(base) or exponent >= 0, "a division by zero")
    return base ** int(exponent) if abs(base) != 1 else base ** int(exponent % 2)


def size_limit(size: Fraction | int, limit: int) -> None:
    if size > limit:
        raise NotCheckedError("a number too large for this checker")


def symbols_in(written: str) -> set[str]:
    return {token for kind, token in tokens(written) if kind == "atom" and not token[0].isdigit()}


def bound_value(value: Ratio, numbers: Bindings) -> Ratio:
    """A rational function with numbers in place of its symbols and of the generators b^m."""
    found = {n: constant(numbers[n]) for n in value.names if n in numbers}
    powers = {n: constant(at(n, numbers)) for n in value.names if n.startswith("(")}
    return value.put(found | powers)


# ---- The free algebra (section 6) ---------------------------------------------------------------

Word = tuple[str, ...]


@dataclass(frozen=True)
class Matrix:
    """A polynomial of words with its shape; no coefficient is zero."""

    rows: str
    columns: str
    terms: dict[Word, Ratio]

    def plus(self, other: Matrix, factor: Ratio = ONE) -> Matrix:
        shapes = f"{self.rows} × {self.columns} and {other.rows} × {other.columns}"
        require((self.rows, self.columns) == (other.rows, other.columns), f"a sum of {shapes}")
        total = dict(self.terms)
        for word, c in other.terms.items():
            total[word] = total.get(word, ZERO) + factor * c
        return Matrix(self.rows, self.columns, {word: c for word, c in total.items() if c})

    def times(self, other: Matrix) -> Matrix:
        require(self.columns == other.rows, f"a product over {self.columns} and {other.rows}")
        size_limit(len(self.terms) * len(other.terms), 200_000)
        total: dict[Word, Ratio] = {}
        for left, c in self.terms.items():
            for right, d in other.terms.items():
                total[left + right] = total.get(left + right, ZERO) + c * d
        return Matrix(self.rows, other.columns, {word: c for word, c in total.items() if c})

    def scaled(self, factor: Ratio) -> Matrix:
        return zero(self.rows, self.columns).plus(self, factor)


def zero(rows: str, columns: str) -> Matrix:
    return Matrix(rows, columns, {})


def identity(axis: str) -> Matrix:
    return Matrix(axis, axis, {(): ONE})


def ones(rows: str, columns: str) -> Matrix:
    """1[rows]·1[columns]'; of an axis of one index the letter is left out."""
    left = () if rows == "1" else (f"1[{rows}]",)
    right = () if columns == "1" else (f"1[{columns}]'",)
    return Matrix(rows, columns, {left + right: ONE})


@dataclass
class Letters:
    """The shapes of letters, and which of them are symmetric."""

    symmetric: set[str]
    shapes: dict[str, tuple[str, str]] = field(default_factory=dict)

    def declare(self, name: str, rows: str, columns: str) -> Matrix:
        require(name not in self.shapes, f"two letters {name}")
        require(name not in self.symmetric or rows == columns, f"{name} cannot be symmetric")
        self.shapes[name] = rows, columns
        return Matrix(rows, columns, {(name,): ONE})

    def shape(self, letter: str) -> tuple[str, str]:
        name = letter.removesuffix("'")
        if name.startswith("1["):
            rows, columns = name[2:-1], "1"
        else:
            require(name in self.shapes, f"an unknown letter {letter}")
            rows, columns = self.shapes[name]
        require(name == letter or name not in self.symmetric, f"{letter} is symmetric")
        return (rows, columns) if name == letter else (columns, rows)

    def turned(self, word: Word) -> Word:
        """The word of the transpose."""
        return tuple(self._turn(letter) for letter in reversed(word))

    def _turn(self, letter: str) -> str:
        if letter in self.symmetric:
            return letter
        return letter.removesuffix("'") if letter.endswith("'") else letter + "'"

    def transpose(self, matrix: Matrix) -> Matrix:
        terms = {self.turned(word): c for word, c in matrix.terms.items()}
        return Matrix(matrix.columns, matrix.rows, terms)

    def word_shape(self, word: Word) -> tuple[str, str]:
        """The shape of a word that is not empty; its axes must meet."""
        shapes = [self.shape(letter) for letter in word]
        for (_, columns), (rows, _) in pairwise(shapes):
            require(columns == rows, f"axes that do not meet in {word}")
        return shapes[0][0], shapes[-1][1]

    def fits(self, word: Word, rows: str, columns: str) -> None:
        shape = self.word_shape(word) if word else (rows, rows)
        require(shape == (rows, columns), f"{word} is not {rows} × {columns}")

    def put(self, matrix: Matrix, values: dict[str, Matrix]) -> Matrix:
        """Polynomials in place of letters."""
        total = zero(matrix.rows, matrix.columns)
        for word, c in matrix.terms.items():
            product = identity(matrix.rows)
            for letter in word:
                product = product.times(self._value(letter, values))
            total = total.plus(product, c)
        return total

    def _value(self, letter: str, values: dict[str, Matrix]) -> Matrix:
        name = letter.removesuffix("'")
        if name not in values:
            return Matrix(*self.shape(letter), {(letter,): ONE})
        return values[name] if name == letter else self.transpose(values[name])


# ---- Programs (sections 5 and 7) ----------------------------------------------------------------

Axis = str | tuple[str, ...]  # an axis by name, or the token axis: its groups
Shape = tuple[Axis, Axis]
Family = dict[tuple[str, str], Matrix]  # by row group and column group, "" where not on tokens
Numbers = dict[str, tuple[str, ...]]  # of a `for` loop: by name, those of its passes
GROUPS = ("context", "query")
PROGRAM_KEYS = "algorithm dimensions inputs parameters assumptions body returns untils ensure"


@dataclass
class Loop:
    number: int
    around: tuple[int, ...]
    count: str
    numbers: Numbers
    entering: dict[str, Matrix] = field(default_factory=dict)
    leaving: dict[str, Matrix] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """The function of a matrix that stands in a target."""

    name: str
    argument: Matrix
    exponent: object


class Meaning:
    """What a program says: a family of polynomials for every value, a map for every loop."""

    def __init__(self, program: object, symmetric: Iterable[str] = ()) -> None:
        self.source = record(program, PROGRAM_KEYS)
        self.name = text(self.source["algorithm"])
        self.dimensions = distinct(self.source["dimensions"])
        self.letters = Letters(set(symmetric))
        self.loops: list[Loop] = []
        self.scalars: list[str] = []
        self.around: list[Numbers] = []  # the `for` loops around what is read now
        self.in_passes: list[tuple[str, list[Numbers]]] = []  # what stands in them
        self.calls: list[Call] = []
        self._read_parameters()
        self.inputs: dict[str, Family] = {}
        self.axes = {"1", *self.dimensions}
        for item in listing(self.source["inputs"]):
            self._declare_input(record(item, "name shape symmetric"))
        self.input_letters = set(self.letters.shapes)
        self.end = dict(self.inputs)
        self._run(listing(self.source["body"]), self.end, ())
        self.returns = [record(r, "name value on target") for r in listing(self.source["returns"])]
        distinct([r["name"] for r in self.returns])
        self.assumptions = [self._assumption(a) for a in listing(self.source["assumptions"])]
        counted = {name for loop in self.loops for name in symbols_in(loop.count)}
        for name, is_count in self.parameters.items():
            require(is_count == (name in counted), f"{name} is a count, or is called one")

    def _read_parameters(self) -> None:
        self.parameters: dict[str, bool] = {}
        for item in listing(self.source["parameters"]):
            parameter = record(item, "name default count")
            name = self._new_symbol(text(parameter["name"]))
            require(plain_name(name), f"a parameter {name}")
            self.parameters[name] = flag(parameter["count"])
        self.scope = set(self.parameters)
        for item in listing(self.source["parameters"]):
            default = record(item, "name default count")["default"]
            require(default is None or bool(self.scalar(default) or True), "a default")
        for name in self.dimensions:
            require(plain_name(name) and name not in GROUPS, f"a dimension {name}")

    def _new_symbol(self, name: str) -> str:
        require(proper_name(name) and name not in self.parameters, f"a symbol {name}")
        return name

    def _declare_input(self, item: dict[str, object]) -> None:
        name, symmetric = text(item["name"]), flag(item["symmetric"])
        free = name not in self.inputs and name not in self.parameters
        require(plain_name(name) and free, f"an input {name}")
        rows, columns = self.shape(item["shape"], new_numbers=True)
        require(isinstance(rows, str), f"the rows of the input {name} are tokens")
        assert isinstance(rows, str)
        if symmetric:
            require(rows == columns, f"{name} is not square")
            self.letters.symmetric.add(name)
        self.inputs[name] = {
            ("", g): self.letters.declare(f"{name}@{g}" if g else name, rows, g or str(columns))
            for g in groups_of(columns)
        }

    def shape(self, value: object, new_numbers: bool = False) -> Shape:
        rows, columns = listing(value)
        return self._axis(rows, new_numbers), self._axis(columns, new_numbers)

    def _axis(self, value: object, new_numbers: bool) -> Axis:
        if isinstance(value, list):
            first, *groups = distinct(value)
            require(first == "token" and bool(groups) and set(groups) <= set(GROUPS), "an axis")
            return tuple(groups)
        name = text(value)
        is_number = re.fullmatch("[1-9][0-9]*", name) is not None
        if new_numbers and is_number:
            self.axes.add(name)
        require(name in self.axes or is_number, f"an unknown axis {name}")
        return name

    def scalar(self, value: object) -> Ratio:
        written = text(value)
        require(symbols_in(written) <= self.scope, f"an unknown symbol in {written[:60]}")
        self.scalars.append(written)
        if self.around:
            self.in_passes.append((written, [*self.around]))
        return scalar(written)

    # Statements.

    def _run(self, body: list[object], values: dict[str, Family], around: tuple[int, ...]) -> None:
        for statement in body:
            if isinstance(statement, dict) and "let" in statement:
                self._let(statement, values)
            else:
                self._repeat(record(statement, "repeat for body"), values, around)

    def _let(self, statement: dict[str, object], values: dict[str, Family]) -> None:
        if "synthesize" in statement:
            raise NotCheckedError("a program that the compiler has not completed")
        names, parts = assigned_names(statement), listing(record(statement, "let be")["be"])
        require(not {*self.inputs, *self.scope} & set(names), "an input or a number is assigned")
        require(len(names) == len(parts), "an assignment of other names than values")
        values.update(dict(zip(names, [self.value(part, values) for part in parts], strict=True)))

    def _repeat(
        self, statement: dict[str, object], values: dict[str, Family], around: tuple[int, ...]
    ) -> None:
        body, loop = listing(statement["body"]), self._new_loop(statement, around)
        self.loops.append(loop)
        before = {name: shape_of(family) for name, family in values.items()}
        carried = self._carried(body, before)
        inner = dict(values)
        for name, shape in carried.items():
            inner[name] = self._carry(name, shape, loop)
            loop.entering |= self._by_letter(name, shape, values[name], loop.number)
        after = {n: f for n, f in values.items() if n not in assigned(body)}
        after |= {name: inner[name] for name in carried}
        self.scope |= set(loop.numbers)
        self.around += [loop.numbers] if loop.numbers else []
        self._run(body, inner, (*around, loop.number))
        self.around = self.around[: -1 if loop.numbers else None]
        self.scope -= set(loop.numbers)
        for name, shape in carried.items():
            loop.leaving |= self._by_letter(name, shape, inner[name], loop.number)
        values.clear()
        values.update(after)

    def _new_loop(self, statement: dict[str, object], around: tuple[int, ...]) -> Loop:
        count, numbers = text(statement["repeat"]), {}
        self.scalar(count)
        for name, listed in sorted(as_object(statement["for"]).items()):
            numbers[self._new_symbol(name)] = texts(listed)
            require(name not in self.scope, f"a symbol {name} twice")
            for written in texts(listed):
                self.scalar(written)
            require(scalar(count) == constant(len(texts(listed))), "not one number a pass")
        return Loop(len(self.loops), around, count, numbers)

    def _carried(self, body: list[object], before: dict[str, Shape]) -> dict[str, Shape]:
        """The shapes that carried variables have before and after any number of passes."""
        current = {name: before[name] for name in assigned(body) if name in before}
        while True:
            end = self._shapes_after(body, before | current)
            met = {name: meet(shape, end[name]) for name, shape in current.items()}
            if met == current:
                return current
            current = met

    def _shapes_after(self, body: list[object], before: dict[str, Shape]) -> dict[str, Shape]:
        shapes = dict(before)
        for statement in body:
            assert isinstance(statement, dict)
            if "let" in statement:
                parts = listing(statement["be"])
                written = [self.shape(listing(part)[1]) for part in parts]
                shapes.update(zip(assigned_names(statement), written, strict=True))
            else:
                inner = listing(statement["body"])
                kept = {n: s for n, s in shapes.items() if n not in assigned(inner)}
                shapes = kept | self._carried(inner, shapes)
        return shapes

    def _carry(self, name: str, shape: Shape, loop: Loop) -> Family:
        family: Family = {}
        for row in groups_of(shape[0]):
            for column in groups_of(shape[1]):
                letter, turned = carried_letter(name, row, column, loop.number)
                rows, columns = row or str(shape[0]), column or str(shape[1])
                if turned:
                    matrix = self.letters.transpose(self.letters.declare(letter, columns, rows))
                else:
                    matrix = self.letters.declare(letter, rows, columns)
                family[row, column] = matrix
        return family

    def _by_letter(self, name: str, shape: Shape, family: Family, loop: int) -> dict[str, Matrix]:
        result = {}
        for (row, column), matrix in fit(family, shape).items():
            letter, turned = carried_letter(name, row, column, loop)
            result[letter] = self.letters.transpose(matrix) if turned else matrix
        return result

    # Expressions.

    def value(self, expression: object, values: dict[str, Family], target: bool = False) -> Family:
        operation, written, *parts = listing(expression)
        shape = self.shape(written)

        def part(inner: object) -> Family:
            return self.value(inner, values, target)

        if operation == "function" and target:
            family = self._call(shape, parts, part)
        elif operation in ("function", "root", "entrywise", "entrywise product"):
            require(target or operation not in ("function", "root"), "a function not in a target")
            raise NotCheckedError(f"{operation}: functions of entries and roots are not known here")
        else:
            family = self._operation(text(operation), shape, parts, part, values)
        return fit(family, shape)

    def _operation(
        self,
        operation: str,
        shape: Shape,
        parts: list[object],
        part: Callable[[object], Family],
        values: dict[str, Family],
    ) -> Family:
        if operation == "name":
            (name,) = texts(parts)
            require(name in values, f"an unknown name {name}")
            return values[name]
        if operation in ("identity", "zero", "ones"):
            require(not parts, f"{operation} with parts")
            make = {"identity": identity_part, "zero": zero, "ones": ones}[operation]
            return for_parts(shape, make)
        if operation == "transpose":
            (inner,) = parts
            return {(c, r): self.letters.transpose(m) for (r, c), m in part(inner).items()}
        if operation == "sum":
            require(bool(parts), "an empty sum")
            return self._sum(shape, parts, part)
        require(operation == "product" and len(parts) > 1, f"an operation {operation}")
        return self._product(distinct(parts[0]), [part(inner) for inner in parts[1:]])

    def _sum(self, shape: Shape, parts: list[object], part: Callable[[object], Family]) -> Family:
        total = for_parts(shape, zero)
        for term in parts:
            factor, inner = listing(term)
            family, c = fit(part(inner), shape), self.scalar(factor)
            total = {key: matrix.plus(family[key], c) for key, matrix in total.items()}
        return total

    def _product(self, over: tuple[str, ...], factors: list[Family]) -> Family:
        result, joined = factors[0], False
        for factor in factors[1:]:
            tokens_meet = all(column for _, column in result)
            joined = joined or tokens_meet
            middles = over if tokens_meet else ("",)
            require(bool(middles), "a product over tokens that names no group")
            result = multiply_families(result, factor, middles)
        require(joined or not over, "a product that names groups and joins no tokens")
        return result

    def _call(self, shape: Shape, parts: list[object], part: Callable[[object], Family]) -> Family:
        name, inner, exponent, formula, label = parts
        if name == "spectral":
            raise NotCheckedError("formulas of a matrix are not known here")
        require(formula is None and label == "", "a formula of another function than spectral")
        require((exponent is not None) == (name == "power"), "an exponent of no power")
        require(not self.calls, "a target with two functions")
        (argument,) = part(inner).values()
        self.calls.append(Call(text(name), argument, exponent))
        rows, columns = shape
        require(isinstance(rows, str) and isinstance(columns, str), "a function on tokens")
        self.letters.shapes.pop("f*", None)
        return {("", ""): self.letters.declare("f*", str(rows), str(columns))}

    def target(self, expression: object, on: tuple[str, ...]) -> tuple[Matrix, Call | None]:
        self.calls = []
        family = self.value(expression, self.inputs, target=True)
        return one_part(family, on), self.calls[0] if self.calls else None

    def _assumption(self, value: object) -> dict[str, object]:
        require(isinstance(value, dict) and value.get("assume") in ASSUMPTIONS, "an assumption")
        assert isinstance(value, dict)
        number_of_ends = ASSUMPTIONS[value["assume"]]
        found = record(value, "assume of " + ("ends" if number_of_ends else "operator"))
        if number_of_ends:
            ends = listing(found["ends"])
            require(len(ends) in number_of_ends, "ends of an assumption")
            for end in ends:
                self.scalar(end)
        return found


ASSUMPTIONS = {
    "spectrum": (2, 4),
    "nonzero spectrum": (2, 4),
    "singular values": (2, 4),
    "range": (),
    "norm": (1,),
    "entries": (2,),
    "size": (1,),
}


def proper_name(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z_0-9]*([.#][A-Za-z_0-9]+)*", name) is not None


def plain_name(name: str) -> bool:
    """Of an input, a parameter or a dimension: no letter of a loop, nor of a group."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z_0-9]*", name) is not None


def groups_of(axis: Axis) -> tuple[str, ...]:
    return ("",) if isinstance(axis, str) else axis


def for_parts(shape: Shape, make: Callable[[str, str], Matrix]) -> Family:
    rows, columns = shape
    return {
        (r, c): make(r or str(rows), c or str(columns))
        for r in groups_of(rows)
        for c in groups_of(columns)
    }


def identity_part(rows: str, columns: str) -> Matrix:
    if rows == columns:
        return identity(rows)
    require(rows in GROUPS and columns in GROUPS, f"an identity of shape {rows} × {columns}")
    return zero(rows, columns)


def fit(family: Family, shape: Shape) -> Family:
    """The family restricted to the groups of a shape, where it must be defined."""
    result = for_parts(shape, zero)
    for key, expected in result.items():
        require(key in family, f"a value that is not defined on {key}")
        found = family[key]
        same = (found.rows, found.columns) == (expected.rows, expected.columns)
        require(same, f"a value {found.rows} × {found.columns} where {shape} is said")
        result[key] = found
    return result


def shape_of(family: Family) -> Shape:
    first = next(iter(family.values()))
    rows = tuple(dict.fromkeys(r for r, _ in family))
    columns = tuple(dict.fromkeys(c for _, c in family))
    return first.rows if rows == ("",) else rows, first.columns if columns == ("",) else columns


def meet(one: Shape, other: Shape) -> Shape:
    def axis(a: Axis, b: Axis) -> Axis:
        return a if isinstance(a, str) else tuple(g for g in a if g in groups_of(b))

    met = axis(one[0], other[0]), axis(one[1], other[1])
    require(all(met), "a variable that keeps no group of tokens")
    return met


def multiply_families(left: Family, right: Family, middles: tuple[str, ...]) -> Family:
    result: Family = {}
    for row in {r for r, _ in left}:
        for column in {c for _, c in right}:
            for middle in middles:
                require((row, middle) in left and (middle, column) in right, "a group in a product")
                term = left[row, middle].times(right[middle, column])
                before = result.get((row, column))
                result[row, column] = before.plus(term) if before else term
    return result


def one_part(family: Family, on: tuple[str, ...]) -> Matrix:
    key = ("", on[0] if on else "")
    require(len(on) <= 1 and key in family, "a returned value on several groups")
    return family[key]


def assigned_names(statement: dict[str, object]) -> tuple[str, ...]:
    names = distinct(statement["let"])
    require(all(proper_name(name) for name in names), f"a name of {names}")
    return names


def assigned(body: list[object]) -> list[str]:
    names: list[str] = []
    for statement in body:
        require(isinstance(statement, dict), "a statement that is no object")
        assert isinstance(statement, dict)
        inner = (
            assigned_names(statement)
            if "let" in statement
            else assigned(listing(statement["body"]))
        )
        names += [name for name in inner if name not in names]
    return names


def carried_letter(name: str, row: str, column: str, loop: int) -> tuple[str, bool]:
    """The letter of a carried variable, and whether the value is its transpose."""
    if row and column:
        return f"{name}#{loop}@{row}@{column}", False
    group = row or column
    return f"{name}#{loop}" + (f"@{group}" if group else ""), bool(row)


# ---- The template (template.md) -----------------------------------------------------------------

Combination = list[tuple[str, str]]  # (block or source, scalar)
TEMPLATE_KEYS = "format version algorithm groups sources blocks read_in body read_out bindings"


@dataclass(frozen=True)
class Source:
    kind: str
    of: str
    rows: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Head:
    keys: Combination
    queries: Combination
    values: list[Combination]
    outputs: list[tuple[str, int, str]]
    key_groups: tuple[str, ...]
    query_groups: tuple[str, ...]


@dataclass(frozen=True)
class Hidden:
    rows: str
    terms: Combination
    bias: str
    gate: Combination
    gate_bias: str

    @property
    def gated(self) -> bool:
        return bool(self.gate) or self.gate_bias != "0"


@dataclass(frozen=True)
class Layer:
    heads: list[Head]
    hidden: list[Hidden]
    outputs: list[tuple[str, int, str]]
    bias: Combination
    has_mlp: bool

    def writes(self) -> set[str]:
        written = {out[0] for head in self.heads for out in head.outputs}
        return written | {out[0] for out in self.outputs} | {block for block, _ in self.bias}

    def scalars(self) -> Iterator[str]:
        for head in self.heads:
            for terms in (head.keys, head.queries, *head.values):
                yield from (factor for _, factor in terms)
            yield from (factor for _, _, factor in head.outputs)
        for unit in self.hidden:
            yield from (unit.bias, unit.gate_bias)
            yield from (factor for _, factor in (*unit.terms, *unit.gate))
        yield from (factor for _, _, factor in self.outputs)
        yield from (factor for _, factor in self.bias)


@dataclass(frozen=True)
class Repeat:
    count: str
    numbers: Numbers
    body: list[Layer | Repeat]


@dataclass(frozen=True)
class ReadOut:
    name: str
    terms: Combination
    rows: str
    groups: tuple[str, ...]
    transposed: bool


class Template:
    """template.json, read strictly; every name that is used is there, and rows agree."""

    def __init__(self, value: object) -> None:
        source = record(value, TEMPLATE_KEYS)
        require(source["format"] == "weightsmith-template", "the format of the template")
        require(whole(source["version"]) == 2, "the version of the template")
        self.algorithm = text(source["algorithm"])
        bindings = record(
            source["bindings"], " ".join(distinct(list(as_object(source["bindings"]))))
        )
        self.binding_texts = {name: text(number) for name, number in bindings.items()}
        self.bindings = {name: exact(number) for name, number in bindings.items()}
        self.scalars: list[tuple[str, tuple[str, ...]]] = []
        self.scope: tuple[str, ...] = ()
        self.groups = distinct(source["groups"])
        require(len(self.groups) <= 100, "more than 100 groups")
        self.sources = {
            text(item["name"]): self._source(item)
            for item in named_items(source["sources"], "name kind of rows groups")
        }
        self.rows = {
            text(item["name"]): text(item["rows"])
            for item in named_items(source["blocks"], "name rows")
        }
        source_rows = {name: item.rows for name, item in self.sources.items()}
        self.read_in = {
            block: self.combination(terms, self.rows[block], source_rows)
            for block, terms in as_object(source["read_in"]).items()
        }
        self.body = self._items(source["body"], 0)
        keys = "name terms rows groups transposed"
        self.read_out = [self._read_out(item) for item in named_items(source["read_out"], keys)]

    def _source(self, item: dict[str, object]) -> Source:
        groups = self.some_groups(item["groups"])
        in_order = sorted(groups, key=self.groups.index)
        require(list(groups) == in_order, "groups of a source out of order")
        return Source(text(item["kind"]), text(item["of"]), text(item["rows"]), groups)

    def some_groups(self, value: object) -> tuple[str, ...]:
        groups = distinct(value)
        require(set(groups) <= set(self.groups), f"an unknown group of {groups}")
        return groups

    def coefficient(self, value: object) -> str:
        scalar(text(value))
        self.scalars.append((text(value), self.scope))
        return text(value)

    def combination(
        self, value: object, rows: str, rows_of: dict[str, str] | None = None, mixed: bool = False
    ) -> Combination:
        """Terms of equal rows; if `mixed`, one of the two sides may have one row instead."""
        rows_of = self.rows if rows_of is None else rows_of
        terms: Combination = []
        for item in listing(value):
            name, factor = listing(item)
            found = rows_of[text(name)]
            require(found == rows or (mixed and "1" in (found, rows)), f"rows of {text(name)}")
            terms.append((text(name), self.coefficient(factor)))
        require(len({name for name, _ in terms}) == len(terms), "a name twice in a combination")
        return terms

    def _items(self, value: object, depth: int) -> list[Layer | Repeat]:
        require(depth <= 40, "repeats nested more than 40 deep")
        items: list[Layer | Repeat] = []
        for item in listing(value):
            if "repeat" in as_object(item):
                items.append(self._repeat(record(item, "repeat body", "with"), depth))
            else:
                items.append(self._layer(record(item, "heads mlp")))
        return items

    def _repeat(self, item: dict[str, object], depth: int) -> Repeat:
        count = self.coefficient(item["repeat"])
        numbers = {n: texts(listed) for n, listed in as_object(item.get("with", {})).items()}
        for listed in numbers.values():
            require(scalar(count) == constant(len(listed)), "not one number a pass")
            for written in listed:
                self.coefficient(written)
        outer, self.scope = self.scope, (*self.scope, *numbers)
        body = self._items(item["body"], depth + 1)
        self.scope = outer
        return Repeat(count, numbers, body)

    def _layer(self, item: dict[str, object]) -> Layer:
        keys = "keys queries values outputs key_groups query_groups"
        heads = [self._head(record(head, keys)) for head in listing(item["heads"])]
        if item["mlp"] is None:
            return Layer(heads, [], [], [], False)
        mlp = record(item["mlp"], "hidden outputs bias")
        keys = "rows terms bias gate gate_bias"
        hidden = [self._hidden(record(unit, keys)) for unit in listing(mlp["hidden"])]
        outputs = self._outputs(mlp["outputs"], [unit.rows for unit in hidden], mixed=True)
        bias = [
            self.combination([pair], self.rows[text(listing(pair)[0])])[0]
            for pair in listing(mlp["bias"])
        ]
        require(len({name for name, _ in bias}) == len(bias), "a block twice in a bias")
        return Layer(heads, hidden, outputs, bias, True)

    def _head(self, item: dict[str, object]) -> Head:
        (keys,), (queries,) = listing(item["keys"]), listing(item["queries"])
        rows = self._rows_of(keys)
        values = [(self._rows_of(v), v) for v in listing(item["values"])]
        require(bool(values), "a head without values")
        return Head(
            self.combination(keys, rows),
            self.combination(queries, rows) or refuse("a head without queries"),
            [self.combination(value, value_rows) for value_rows, value in values],
            self._outputs(item["outputs"], [value_rows for value_rows, _ in values], mixed=False),
            self.some_groups(item["key_groups"]),
            self.some_groups(item["query_groups"]),
        )

    def _rows_of(self, combination: object) -> str:
        require(bool(listing(combination)), "an empty combination in a head")
        return self.rows[text(listing(listing(combination)[0])[0])]

    def _hidden(self, item: dict[str, object]) -> Hidden:
        rows = text(item["rows"])
        terms = self.combination(item["terms"], rows, mixed=True)
        gate = self.combination(item["gate"], rows, mixed=True)
        bias, gate_bias = self.coefficient(item["bias"]), self.coefficient(item["gate_bias"])
        require(bool(terms) or bias != "0", "a hidden block of nothing")
        return Hidden(rows, terms, bias, gate, gate_bias)

    def _outputs(self, value: object, rows: list[str], mixed: bool) -> list[tuple[str, int, str]]:
        outputs = []
        for item in listing(value):
            block, index, factor = listing(item)
            require(0 <= whole(index) < len(rows), "an index that is not there")
            self.combination([[block, factor]], rows[whole(index)], mixed=mixed)
            outputs.append((text(block), whole(index), text(factor)))
        pairs = {(block, index) for block, index, _ in outputs}
        require(len(pairs) == len(outputs), "an output that names a pair twice")
        return outputs

    def _read_out(self, item: dict[str, object]) -> ReadOut:
        rows, groups = text(item["rows"]), self.some_groups(item["groups"])
        terms = self.combination(item["terms"], rows)
        return ReadOut(text(item["name"]), terms, rows, groups, flag(item["transposed"]))


def as_object(value: object) -> dict[str, object]:
    require(isinstance(value, dict), "expected an object")
    assert isinstance(value, dict)
    return value


def named_items(value: object, keys: str) -> list[dict[str, object]]:
    items = [record(item, keys) for item in listing(value)]
    distinct([item["name"] for item in items])
    return items


def refuse(why: str) -> Combination:
    raise RefusedError(why)


# ---- The meaning of the network (section 8) -----------------------------------------------------

Stream = dict[tuple[str, str], Matrix]  # by block and group


class Network:
    """The polynomials that the blocks of a network hold."""

    def __init__(self, template: Template, meaning: Meaning) -> None:
        self.template, self.meaning, self.letters = template, meaning, meaning.letters
        axes = meaning.axes | set(GROUPS)
        require(set(template.groups) <= axes, "a group that is no axis of the program")
        rows = set(template.rows.values()) | {s.rows for s in template.sources.values()}
        require(rows <= meaning.axes, "rows that are no axis of the program")
        self.stream: Stream = {}
        for block in template.rows:
            for group in template.groups:
                terms = template.read_in.get(block, [])
                start = zero(template.rows[block], group)
                for name, factor in terms:
                    start = start.plus(self._source(template.sources[name], group), scalar(factor))
                self.stream[block, group] = start

    def _source(self, source: Source, group: str) -> Matrix:
        value = self._source_family(source)
        require(set(source.groups) == set(value) or source.kind == "ones", "groups of a source")
        require(all(m.rows == source.rows for m in value.values()), "rows of a source")
        return value[group] if group in source.groups else zero(source.rows, group)

    def _source_family(self, source: Source) -> dict[str, Matrix]:
        if source.kind == "identity":
            return {source.of: identity(source.of)}
        if source.kind == "ones":
            require(source.of == "", "a source of ones of something")
            return {group: ones(source.rows, group) for group in source.groups}
        require(source.kind in ("input", "transposed"), f"a source of kind {source.kind}")
        family = self.meaning.inputs[source.of]
        if source.kind == "input":
            return {matrix.columns: matrix for matrix in family.values()}
        require(("", "") in family, "the transpose of an input per token")
        turned = self.letters.transpose(family["", ""])
        return {turned.columns: turned}

    def combine(self, terms: Combination, rows: str, group: str, stream: Stream) -> Matrix:
        total = zero(rows, group)
        for block, factor in terms:
            total = total.plus(spread(stream[block, group], rows), scalar(factor))
        return total

    def layer(self, layer: Layer) -> None:
        before = dict(self.stream)
        for head in layer.heads:
            self._head(head, before)
        if layer.has_mlp:
            before = dict(self.stream)
            for group in self.template.groups:
                self._mlp(layer, group, before)

    def _head(self, head: Head, before: Stream) -> None:
        rows = self.template.rows
        key_rows = rows[head.keys[0][0]]
        keys = {g: self.combine(head.keys, key_rows, g, before) for g in head.key_groups}
        for index, value in enumerate(head.values):
            value_rows = rows[value[0][0]]
            memory = zero(value_rows, key_rows)
            for group, key in keys.items():
                found = self.combine(value, value_rows, group, before)
                memory = memory.plus(found.times(self.letters.transpose(key)))
            for group in head.query_groups:
                added = memory.times(self.combine(head.queries, key_rows, group, before))
                for block, which, factor in head.outputs:
                    if which == index:
                        self._add(block, group, added, factor)

    def _add(self, block: str, group: str, added: Matrix, factor: str) -> None:
        self.stream[block, group] = self.stream[block, group].plus(added, scalar(factor))

    def _mlp(self, layer: Layer, group: str, before: Stream) -> None:
        hidden = [self._hidden(unit, group, before) for unit in layer.hidden]
        for block, rows in self.template.rows.items():
            total, rests = zero(rows, group), dict[str, tuple[Ratio, Matrix]]()
            for where, index, factor in layer.outputs:
                if where == block:
                    linear, change, key, argument = hidden[index]
                    total = total.plus(spread(linear, rows), scalar(factor))
                    rest = rests.get(key, (ZERO, argument))[0] + change * scalar(factor)
                    rests[key] = rest, argument
            unpaired = any(rest and argument.terms for rest, argument in rests.values())
            require(not unpaired, f"a ReLU without its pair in block {block}, group {group}")
            for where, factor in layer.bias:
                if where == block:
                    total = total.plus(ones(rows, group), scalar(factor))
            self.stream[block, group] = self.stream[block, group].plus(total)

    def _hidden(
        self, unit: Hidden, group: str, before: Stream
    ) -> tuple[Matrix, Ratio, str, Matrix]:
        """relu(s) as (linear, c, key, q): linear + c·relu(q); s and −s have the same q."""
        value = self.combine(unit.terms, unit.rows, group, before)
        value = value.plus(ones(unit.rows, group), scalar(unit.bias))
        if unit.gate:
            raise NotCheckedError("gated products of entries are not known here")
        if unit.gated:
            return value.scaled(scalar(unit.gate_bias)), ZERO, "", value
        if not value.terms:
            return value, ZERO, "", value
        first = value.terms[min(value.terms)].top
        number = in_order(first)[0][1]
        argument = value.scaled(constant(1 / number))
        linear = zero(value.rows, value.columns) if number > 0 else value
        return linear, constant(abs(number)), written_out(argument), argument


def spread(matrix: Matrix, rows: str) -> Matrix:
    """Between one row and several: a row enters every row, rows enter one row as their sum."""
    return matrix if matrix.rows == rows else ones(rows, matrix.rows).times(matrix)


def written_out(matrix: Matrix) -> str:
    return str(sorted((word, show(c)) for word, c in matrix.terms.items())) + matrix.rows


# ---- Claim: exactness (section 9) ---------------------------------------------------------------


class Exactness:
    """The induction over the loops of the program."""

    def __init__(self, template: Template, program: object, steps: list[dict[str, object]]) -> None:
        require(bool(steps) and steps[-1]["rule"] == "read_out", "no step read_out at the end")
        self.steps = [record(step, "step rule loop symmetric invariant") for step in steps[:-1]]
        record(steps[-1], "step rule")
        listed = [name for step in self.steps for name in distinct(step["symmetric"])]
        self.meaning = Meaning(program, distinct(listed))
        self.letters, self.template = self.meaning.letters, template
        self.open: list[int] = []
        self.next_loop = 0
        self.unknowns = 0
        self._check_frame()
        self.network = Network(template, self.meaning)

    def _check_frame(self) -> None:
        loops, meaning, template = self.meaning.loops, self.meaning, self.template
        require(len(self.steps) == len(loops), "not one step for each loop")
        for number, (step, loop) in enumerate(zip(self.steps, loops, strict=True)):
            require(step["rule"] == "loop" and whole(step["loop"]) == number, "a step of a loop")
            for name in texts(step["symmetric"]):
                require(name in loop.entering, f"{name} is not carried by loop {number}")
                require("@" not in name, f"{name} is on tokens")
        require(template.algorithm == meaning.name, "the name of the algorithm")
        check_bindings(template.bindings, meaning)
        for written, numbers in template.scalars:
            known = set(meaning.parameters) | set(numbers)
            require(symbols_in(written) <= known, f"an unknown symbol in {written[:60]}")
        ends = [*template.read_in.values(), *(out.terms for out in template.read_out)]
        for terms in ends:
            have_values((factor for _, factor in terms), template.bindings)
        coefficients_have_values(template.body, template.bindings)
        for written, changing in meaning.in_passes:
            for now in numbers_of_passes(changing, template.bindings):
                have_values([written], now)

    def run(self) -> None:
        self._items(self.template.body, ())
        require(self.next_loop == len(self.meaning.loops), "a loop that the network does not run")
        self._read_out()

    def _items(self, items: list[Layer | Repeat], around: tuple[int, ...]) -> None:
        for item in items:
            if isinstance(item, Layer):
                self.network.layer(item)
            else:
                self._repeat(item, around)

    def _repeat(self, item: Repeat, around: tuple[int, ...]) -> None:
        require(self.next_loop < len(self.meaning.loops), "a repeat that is no loop")
        loop, step = self.meaning.loops[self.next_loop], self.steps[self.next_loop]
        self.next_loop += 1
        require(loop.around == around, "a repeat inside another loop than the program's")
        self._same_count(item, loop)
        symmetric, invariant = texts(step["symmetric"]), self._invariant(step, loop)
        self._holds(invariant, loop.entering, symmetric, "entry", loop)
        self._assume(invariant, item)
        assumed = dict(self.network.stream)
        self._items(item.body, (*around, loop.number))
        self._holds(invariant, loop.leaving, symmetric, "step", loop)
        self.network.stream = assumed

    def _same_count(self, item: Repeat, loop: Loop) -> None:
        require(scalar(item.count) == scalar(loop.count), f"the count of loop {loop.number}")
        require(set(item.numbers) == set(loop.numbers), f"the numbers of loop {loop.number}")
        for name, listed in item.numbers.items():
            same = [scalar(a) == scalar(b) for a, b in zip(listed, loop.numbers[name], strict=True)]
            require(all(same), f"the numbers {name} of loop {loop.number}")
            for written in loop.numbers[name]:
                at(written, self.template.bindings)

    def _invariant(self, step: dict[str, object], loop: Loop) -> Stream:
        usable = self.meaning.input_letters | set(loop.entering)
        for other in self.meaning.loops[: loop.number]:
            if set(other.around) <= set(loop.around):
                usable = usable | set(other.entering)
        invariant: Stream = {}
        for block, by_group in as_object(step["invariant"]).items():
            for group, value in as_object(by_group).items():
                require((block, group) in self.network.stream, f"no block {block} at {group}")
                rows = self.template.rows[block]
                known = usable | {f"1[{rows}]", *(f"1[{g}]" for g in self.template.groups)}
                invariant[block, group] = self._polynomial(value, rows, group, known, loop)
        return invariant

    def _polynomial(
        self, value: object, rows: str, columns: str, known: set[str], loop: Loop
    ) -> Matrix:
        terms: dict[Word, Ratio] = {}
        for item in listing(value):
            factor, letters = listing(item)
            word, c = texts(letters), scalar(text(factor))
            symbols = symbols_in(text(factor))
            outer = {n for k in loop.around for n in self.meaning.loops[k].numbers}
            require(symbols <= set(self.meaning.parameters) | outer, "a symbol of an invariant")
            require(bool(c) and (not terms or max(terms) < word), "a polynomial out of order")
            require({letter.removesuffix("'") for letter in word} <= known, f"a letter of {word}")
            self.letters.fits(word, rows, columns)
            terms[word] = c
        return Matrix(rows, columns, terms)

    def _holds(
        self,
        invariant: Stream,
        values: dict[str, Matrix],
        symmetric: tuple[str, ...],
        when: str,
        loop: Loop,
    ) -> None:
        for name in symmetric:
            same = values[name] == self.letters.transpose(values[name])
            require(same, f"{name} is not symmetric ({when} of loop {loop.number})")
        for key, polynomial in invariant.items():
            same = self.letters.put(polynomial, values) == self.network.stream[key]
            require(same, f"block {key[0]} at {key[1]} ({when} of loop {loop.number})")

    def _assume(self, invariant: Stream, item: Repeat) -> None:
        written = {block for layer in layers_of(item.body) for block in layer.writes()}
        for block, group in list(self.network.stream):
            if (block, group) in invariant:
                self.network.stream[block, group] = invariant[block, group]
            elif block in written:
                self.unknowns += 1
                rows = self.template.rows[block]
                unknown = self.letters.declare(f"unknown {self.unknowns}", rows, group)
                self.network.stream[block, group] = unknown

    def _read_out(self) -> None:
        outs, returns = self.template.read_out, self.meaning.returns
        require([o.name for o in outs] == [text(r["name"]) for r in returns], "names returned")
        for out, returned in zip(outs, returns, strict=True):
            family = self.meaning.value(returned["value"], self.meaning.end)
            turned = any(row for row, _ in family)
            require(out.transposed == turned, f"{out.name}: transposed or not")
            parts = {m.rows if turned else m.columns: (key, m) for key, m in family.items()}
            on = distinct(returned["on"])
            on_tokens = any(row or column for row, column in family)
            wanted = on if on_tokens else tuple(parts)
            require(on_tokens or not on, f"{out.name}: groups of what is not on tokens")
            require(set(out.groups) == set(wanted) and bool(wanted), f"{out.name}: its groups")
            for group in wanted:
                self._returned(out, group, parts[group][1], turned)

    def _returned(self, out: ReadOut, group: str, value: Matrix, turned: bool) -> None:
        expected = self.letters.transpose(value) if turned else value
        found = self.network.combine(out.terms, out.rows, group, self.network.stream)
        require(found == expected, f"{out.name} at {group} is not what the program returns")


def layers_of(items: list[Layer | Repeat]) -> Iterator[Layer]:
    for item in items:
        if isinstance(item, Layer):
            yield item
        else:
            yield from layers_of(item.body)


def check_bindings(bindings: Bindings, meaning: Meaning) -> None:
    for name, number in bindings.items():
        require(name in meaning.parameters, f"a binding of {name}, which is no parameter")
        if meaning.parameters[name]:
            require(number.denominator == 1 and number >= 0, f"the count {name} = {number}")


def have_values(scalars: Iterable[str], numbers: Bindings) -> None:
    """None of those whose symbols are all bound divides by zero, as it stands."""
    for written in set(scalars):
        if bound(written, numbers):
            at(written, numbers)


def coefficients_have_values(items: list[Layer | Repeat], numbers: Bindings) -> None:
    """Those of all layers that are run, in a `for` loop with the numbers of each pass."""
    for item in items:
        if isinstance(item, Layer):
            have_values(item.scalars(), numbers)
            continue
        have_values([item.count], numbers)
        passes = list(numbers_of_passes([item.numbers] if item.numbers else [], numbers))
        if not item.numbers and bound(item.count, numbers) and at(item.count, numbers) == 0:
            passes = []
        for now in passes:
            coefficients_have_values(item.body, now)


def numbers_of_passes(loops: list[Numbers], numbers: Bindings) -> Iterator[Bindings]:
    """The bindings in every pass of `for` loops, the outermost first, as far as they are bound."""
    if not loops:
        yield numbers
        return
    first, *inner = loops
    for row in zip(*first.values(), strict=True):
        named = zip(first, row, strict=True)
        own = {name: at(written, numbers) for name, written in named if bound(written, numbers)}
        yield from numbers_of_passes(inner, numbers | own)


def bound(written: str, numbers: Bindings) -> bool:
    return symbols_in(written) <= numbers.keys()


# ---- Claim: weights (section 10) ----------------------------------------------------------------

FORMATS = {"float64": ("F64", 52, 11), "float32": ("F32", 23, 8)}  # fraction and exponent bits


def rounded_bits(x: Fraction, fraction_bits: int, exponent_bits: int) -> int:
    """x rounded to nearest, ties to even, as the bits of an IEEE 754 number; zero is +0."""
    lowest = 2 - 2 ** (exponent_bits - 1)  # the exponent of the smallest normal numbers
    exponent = max(floor_log2(abs(x)), lowest) if x else lowest
    mantissa = round(abs(x) / Fraction(2) ** (exponent - fraction_bits))
    bits: int = ((exponent - lowest) << fraction_bits) + mantissa
    require(bits < (2**exponent_bits - 1) << fraction_bits, "an overflow")
    return bits + (int(x < 0 and bits > 0) << (fraction_bits + exponent_bits))


def floor_log2(x: Fraction) -> int:
    guess = x.numerator.bit_length() - x.denominator.bit_length()
    return guess if x >= Fraction(2) ** guess else guess - 1


@dataclass(frozen=True)
class Tensor:
    """A tensor by blocks: the axes of its rows and columns, and the numbers that are not 0."""

    rows: list[str]
    columns: list[str] | None
    entries: dict[tuple[int, int], Fraction]


def expected_tensors(template: Template, meaning: Meaning) -> tuple[dict[str, Tensor], int]:
    """The tensors of the template with repeats unrolled, and the number of layers."""
    blocks, sources = list(template.rows), list(template.sources)
    block_rows = list(template.rows.values())
    tensors: dict[str, Tensor] = {}

    def combinations(parts: list[Combination], names: list[str], numbers: Bindings) -> Entries:
        return {
            (row, names.index(name)): at(factor, numbers)
            for row, terms in enumerate(parts)
            for name, factor in terms
        }

    embed = combinations([template.read_in.get(b, []) for b in blocks], sources, template.bindings)
    source_rows = [item.rows for item in template.sources.values()]
    tensors["embed.weight"] = Tensor(block_rows, source_rows, embed)
    count = 0
    for layer, numbers in unrolled(template.body, template.bindings):
        for name, tensor in layer_tensors(layer, numbers, template.rows, combinations):
            tensors[f"layers.{count}.{name}"] = tensor
        count += 1
        size_limit(count, 20_000)
    for out in template.read_out:
        entries = combinations([out.terms], blocks, template.bindings)
        tensors[f"unembed.{out.name}.weight"] = Tensor([out.rows], block_rows, entries)
    return tensors, count


Entries = dict[tuple[int, int], Fraction]
Combine = Callable[[list[Combination], list[str], Bindings], Entries]


def unrolled(items: list[Layer | Repeat], numbers: Bindings) -> Iterator[tuple[Layer, Bindings]]:
    for item in items:
        if isinstance(item, Layer):
            yield item, numbers
            continue
        count = at(item.count, numbers)
        require(count.denominator == 1 and 0 <= count <= 10**12, f"a count {count}")
        for k in range(int(count) if item.body else 0):
            now = {name: at(listed[k], numbers) for name, listed in item.numbers.items()}
            yield from unrolled(item.body, numbers | now)


def layer_tensors(
    layer: Layer, numbers: Bindings, rows: dict[str, str], combine: Combine
) -> Iterator[tuple[str, Tensor]]:
    blocks, block_rows = list(rows), list(rows.values())

    def outputs(listed: list[tuple[str, int, str]]) -> Entries:
        return {(blocks.index(block), i): at(factor, numbers) for block, i, factor in listed}

    for place, head in enumerate(layer.heads):
        name = f"attention.{place}"
        key_rows = [rows[head.keys[0][0]]]
        value_rows = [rows[value[0][0]] for value in head.values]
        yield (
            f"{name}.q.weight",
            Tensor(key_rows, block_rows, combine([head.queries], blocks, numbers)),
        )
        yield (
            f"{name}.k.weight",
            Tensor(key_rows, block_rows, combine([head.keys], blocks, numbers)),
        )
        yield (
            f"{name}.v.weight",
            Tensor(value_rows, block_rows, combine(head.values, blocks, numbers)),
        )
        yield f"{name}.o.weight", Tensor(block_rows, value_rows, outputs(head.outputs))
    if layer.has_mlp:
        unit_rows = [unit.rows for unit in layer.hidden]
        terms = combine([unit.terms for unit in layer.hidden], blocks, numbers)
        yield "mlp.up.weight", Tensor(unit_rows, block_rows, terms)
        yield "mlp.up.bias", column(unit_rows, [unit.bias for unit in layer.hidden], numbers)
        yield "mlp.down.weight", Tensor(block_rows, unit_rows, outputs(layer.outputs))
        if any(unit.gated for unit in layer.hidden):
            gates = combine([unit.gate for unit in layer.hidden], blocks, numbers)
            yield "mlp.gate.weight", Tensor(unit_rows, block_rows, gates)
            yield "mlp.gate.bias", column(unit_rows, [u.gate_bias for u in layer.hidden], numbers)
        if layer.bias:
            given = dict(layer.bias)
            yield "mlp.down.bias", column(block_rows, [given.get(b, "0") for b in blocks], numbers)


def column(rows: list[str], scalars: list[str], numbers: Bindings) -> Tensor:
    return Tensor(rows, None, {(i, 0): at(written, numbers) for i, written in enumerate(scalars)})


def check_weights(
    raw: bytes, template: Template, meaning: Meaning, steps: list[dict[str, object]]
) -> None:
    require(len(steps) == 1, "not one step")
    step = record(steps[0], "step rule dtype layers")
    require(step["rule"] == "rounding" and step["dtype"] in FORMATS, "the rule or the dtype")
    kind, fraction_bits, exponent_bits = FORMATS[text(step["dtype"])]
    check_bindings(template.bindings, meaning)
    tensors, layers = expected_tensors(template, meaning)
    require(whole(step["layers"]) == layers, f"{layers} layers are run")
    size = int(raw[:8][::-1].hex(), 16)
    require(8 + size <= len(raw), "a header longer than the file")
    header = as_object(strict_json(raw[8 : 8 + size], newlines=True))
    sizes = axis_sizes(record(header.pop("__metadata__"), "weightsmith")["weightsmith"])
    require(set(header) == set(tensors), "the names of the tensors")
    data, place = raw[8 + size :], 0
    in_order = sorted(header.items(), key=lambda item: whole(offsets(item[1])[1]))
    for name, entry in in_order:
        shape, start, end = read_entry(entry, kind)
        require(start == place <= end <= len(data), f"{name}: a gap or an overlap")
        width = (1 + fraction_bits + exponent_bits) // 8
        expected = tensor_bytes(tensors[name], sizes, shape, width, (end - start), fraction_bits)
        require(data[start:end] == expected, f"{name} is not the template's, rounded")
        place = end
    require(place == len(data), "bytes that no tensor has")


def offsets(entry: object) -> list[object]:
    return listing(record(entry, "dtype shape data_offsets")["data_offsets"])


def read_entry(entry: object, kind: str) -> tuple[list[int], int, int]:
    found = record(entry, "dtype shape data_offsets")
    start, end = offsets(entry)
    require(found["dtype"] == kind, f"a tensor that is not {kind}")
    return [whole(n) for n in listing(found["shape"])], whole(start), whole(end)


def axis_sizes(metadata: object) -> Callable[[str], int]:
    """The size of an axis in the tensors: 1, but for dense ones."""
    found = record(strict_json(text(metadata).encode(), newlines=True), "version dense", "dims")
    require(whole(found["version"]) == 1, "the version of the weights")
    if not flag(found["dense"]):
        require("dims" not in found, "dims of what is not dense")
        return lambda axis: 1
    sizes = {name: whole(size) for name, size in as_object(found["dims"]).items()}
    require(all(1 <= size <= 2**20 for size in sizes.values()), "the size of an axis")
    return lambda axis: int(axis) if axis.isdecimal() else sizes[axis]


def tensor_bytes(
    tensor: Tensor,
    sizes: Callable[[str], int],
    shape: list[int],
    width: int,
    length: int,
    fraction_bits: int,
) -> bytes:
    """The bytes of a tensor; each number times an identity, or ones between one row and several."""
    row_starts = starts([sizes(axis) for axis in tensor.rows])
    column_starts = starts([sizes(axis) for axis in tensor.columns or ["1"]])
    expected = [row_starts[-1]] + ([column_starts[-1]] if tensor.columns is not None else [])
    require(shape == expected, f"a shape {shape} where {expected} is expected")
    require(length == width * math.prod(shape), "a length that is not the shape's")
    result, exponent_bits = bytearray(length), 8 * width - 1 - fraction_bits
    for (i, j), number in tensor.entries.items():
        bits = rounded_bits(number, fraction_bits, exponent_bits).to_bytes(width, "little")
        height, breadth = row_starts[i + 1] - row_starts[i], column_starts[j + 1] - column_starts[j]
        diagonal = tensor.columns is not None and tensor.rows[i] == tensor.columns[j]
        for a in range(height):
            for b in [a] if diagonal else range(breadth):
                place = (row_starts[i] + a) * column_starts[-1] + column_starts[j] + b
                result[width * place : width * (place + 1)] = bits
    return bytes(result)


def starts(sizes: list[int]) -> list[int]:
    return [sum(sizes[:k]) for k in range(len(sizes) + 1)]


# ---- Numbers: extremes, roots and intervals (section 11.6) --------------------------------------

Coefficients = list[Fraction]  # of a polynomial in one variable, by power
Interval = tuple[Fraction, Fraction]
FINE = Fraction(1, 2**300)
TINY, HUGE = Fraction(1, 2**1000), Fraction(2**1000)


def value_over(p: Coefficients, interval: Interval) -> Interval:
    """An interval that holds p(x) for every x of an interval, by Horner's rule."""
    low = high = Fraction(0)
    for c in reversed(p):
        ends = [a * b for a in (low, high) for b in interval]
        low, high = min(ends) + c, max(ends) + c
    return low, high


def value_at(p: Coefficients, x: Fraction) -> Fraction:
    return value_over(p, (x, x))[0]


def places(p: Coefficients, low: Fraction, high: Fraction) -> list[Interval]:
    """Small intervals in [low, high], the ends among them; each zero of p there lies in one.

    Between the places of p' the polynomial is monotone: a zero there shows by its signs.
    """
    if len(p) <= 1:
        return [(low, low), (high, high)]
    derivative = [k * c for k, c in enumerate(p)][1:]
    found = places(derivative, low, high)
    between = [(left[1], right[0]) for left, right in pairwise(found)]
    zeros = [bisect(p, a, b) for a, b in between if value_at(p, a) * value_at(p, b) < 0]
    return sorted(found + zeros)


def bisect(p: Coefficients, low: Fraction, high: Fraction) -> Interval:
    """A small interval around the only zero of p in [low, high]."""
    width, sign = (high - low) * FINE, value_at(p, low)
    while high - low > width:
        middle = (low + high) / 2
        if value_at(p, middle) * sign > 0:
            low = middle
        else:
            high = middle
    guess = high.limit_denominator(10**9)
    return (guess, guess) if low <= guess <= high and not value_at(p, guess) else (low, high)


def extremes(p: Coefficients, interval: Interval) -> Interval:
    """An enclosure of the least and the greatest value of p on an interval."""
    size_limit(len(p), 65)
    derivative = [k * c for k, c in enumerate(p)][1:]
    values = [value_over(p, place) for place in places(derivative, *interval)]
    return min(low for low, _ in values), max(high for _, high in values)


def largest(p: Coefficients, interval: Interval) -> Fraction:
    low, high = extremes(p, interval)
    return max(-low, high)


def root(x: Fraction, degree: int) -> Interval:
    """An enclosure of x^(1/degree), x ≥ 0; exact if the root is rational."""
    tops = integer_root(x.numerator, degree), integer_root(x.denominator, degree)
    if tops[0] ** degree == x.numerator and tops[1] ** degree == x.denominator:
        return Fraction(*tops), Fraction(*tops)
    bits = 300 + max(0, -floor_log2(x))
    below = integer_root(int(x * 2 ** (degree * bits)), degree)
    return Fraction(below, 2**bits), Fraction(below + 1, 2**bits)


def integer_root(n: int, degree: int) -> int:
    """The largest whole r with r^degree ≤ n."""
    size_limit(degree, 64)
    low, high = 0, 1 << (n.bit_length() // degree + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**degree <= n else (low, middle)
    return low


def outward(x: Fraction, up: bool, bits: int = 64) -> Fraction:
    """The next number of that many bits, above or below."""
    require(abs(x) <= HUGE, "an end above 2^1000")
    if x and abs(x) < TINY:
        outer = (x > 0) == up
        return (TINY if x > 0 else -TINY) if outer else Fraction(0)
    step = Fraction(2) ** (floor_log2(abs(x)) + 1 - bits) if x else Fraction(1)
    return (math.ceil(x / step) if up else math.floor(x / step)) * step


def rounded(interval: Interval) -> Interval:
    return outward(interval[0], False), outward(interval[1], True)


def follow(
    start: Interval, maps: Callable[[int], Coefficients], count: int, changing: bool
) -> list[Interval]:
    """I_0, I_1, … up to I_count, or up to one that holds for all later passes."""
    intervals = [rounded(start)]
    for k in range(count):
        size_limit(k, 5000)
        now = intervals[-1]
        image = rounded(extremes(maps(k), now))
        small = max(-now[0], now[1]) <= TINY
        inside = now[0] <= image[0] and image[1] <= now[1]
        if inside and (image == now or small) and not changing:
            return intervals
        intervals.append(image)
    return intervals


def power_above(x: Fraction, exponent: int) -> Fraction:
    """A number a little above x^exponent, x ≥ 0, or equal to it."""
    result = Fraction(1)
    for bit in f"{exponent:b}":
        result = above(result * result * (x if bit == "1" else 1))
    return result


def above(x: Fraction) -> Fraction:
    return outward(x, True, bits=1024) if x < HUGE and x > TINY else x


def exponential_above(z: Fraction) -> Fraction:
    """A number a little above e^(−z), 0 ≤ z ≤ 2: 1 / Σ z^k/k!, cut off."""
    z = outward(z, False, bits=512)
    total, term = Fraction(0), Fraction(1)
    for k in range(1, 200):
        total, term = total + term, outward(term * z / k, False, bits=512)
    return 1 / total


# ---- Claim: truncation (section 11) -------------------------------------------------------------

LAMBDA, ERROR, TARGET = named("lambda"), named("e"), named("f*")
Scalars = dict[str, Ratio]
Frame = tuple[Word, Word]


@dataclass(frozen=True)
class Form:
    left: Word
    scalar: Ratio
    right: Word
    name: str  # "" for a constant


@dataclass(frozen=True)
class Operator:
    """The operator T of an assumption, with its spectrum as scalars."""

    word: Word
    low: Ratio
    high: Ratio
    gap: tuple[Ratio, ...]
    symmetric: str  # yes, weighted, assumed
    kernel: str  # why T may have the eigenvalue 0 beside: "", nonzero spectrum, singular values
    place: int  # among all assumptions
    conditions: list[tuple[str, Ratio]]  # what must be ">=0" or ">0" at the bindings


def read_operator(step: dict[str, object], meaning: Meaning, numbers: Bindings | None) -> Operator:
    spectral = [
        (place, assumption)
        for place, assumption in enumerate(meaning.assumptions)
        if assumption["assume"] in ("spectrum", "nonzero spectrum", "singular values")
    ]
    number = whole(step["number"])
    require(0 <= number < len(spectral), "no such spectral assumption")
    place, assumption = spectral[number]
    kind, word = text(assumption["assume"]), texts(step["of"])
    ends = [scalar(text(end)) for end in listing(assumption["ends"])]
    given = assumed_word(meaning, assumption["of"])
    rows, columns = meaning.letters.word_shape(word)
    require(rows == columns, "an operator that is not square")
    turned, kernel, gap = (
        meaning.letters.turned(given),
        "",
        tuple(ends[1:3] if len(ends) == 4 else ()),
    )
    conditions = [(">=0", high - low) for low, high in pairwise(ends)]
    conditions = conditions if len(ends) == 2 else [*conditions, (">0", ends[2] - ends[1])]
    low, high = ends[0], ends[-1]
    if kind == "singular values":
        require(
            word in (turned + given, given + turned) and not gap, "the operator is not w'w, ww'"
        )
        conditions += [(">=0", end) for end in ends]
        low, high = low * low, high * high
        given_shape = meaning.letters.word_shape(given)
        kernel = kind if given_shape[0] != given_shape[1] else ""
    elif gap and kind == "spectrum" and given == turned and word == given + given:
        conditions += [(">0", -ends[1]), (">0", ends[2])]
        low, high = squared_ends(ends, numbers)
        gap = ()
    else:
        require(word == given, "the operator is not the word of the assumption")
        kernel = kind if kind == "nonzero spectrum" else ""
    symmetric = symmetry(word, meaning, kind)
    return Operator(word, low, high, gap, symmetric, kernel, place, conditions)


def assumed_word(meaning: Meaning, expression: object) -> Word:
    """The word of inputs that an assumption is about."""
    family = meaning.value(expression, meaning.inputs)
    require(set(family) == {("", "")}, "an assumption on tokens")
    ((word, c),) = family["", ""].terms.items()
    require(c == ONE and bool(word), "an assumption that is not about one word")
    return word


def squared_ends(ends: list[Ratio], numbers: Bindings | None) -> tuple[Ratio, Ratio]:
    a, b, c, d = ends
    if numbers is None:
        require(not a + d and not b + c, "two intervals that are not symmetric, without numbers")
        return c * c, d * d
    w, x, y, z = (bound_value(end, numbers).number() for end in ends)
    return (c * c if y <= -x else b * b), (d * d if z >= -w else a * a)


def symmetry(word: Word, meaning: Meaning, kind: str) -> str:
    turned, rest, last = meaning.letters.turned, word[:-1], word[-1]
    if turned(word) == word:
        return "yes"
    weighted = bool(rest) and turned(rest) == rest and last in meaning.letters.symmetric
    return "weighted" if weighted and kind != "nonzero spectrum" else "assumed"


class Calculus:
    """Values as sums of left · scalar · right, by one operator (section 11.2)."""

    def __init__(self, meaning: Meaning, operator: Operator) -> None:
        self.meaning, self.letters, self.operator = meaning, meaning.letters, operator
        self.forms: dict[str, list[Form]] = {}
        half = operator.word[: len(operator.word) // 2]
        self.half = half if half + half == operator.word else None

    def split(self, matrix: Matrix) -> tuple[dict[Frame, Ratio], dict[Word, Ratio]]:
        """The scalars of the frames, and the coefficients of the plain words."""
        frames: dict[Frame, Ratio] = {}
        plain: dict[Word, Ratio] = {}
        for word, c in matrix.terms.items():
            for factors, number in self._expanded(word):
                left, value, right = self._gather(factors)
                if value is None:
                    plain[left] = plain.get(left, ZERO) + c * number
                else:
                    frames[left, right] = frames.get((left, right), ZERO) + c * number * value
        return {k: v for k, v in frames.items() if v}, {k: v for k, v in plain.items() if v}

    def _expanded(self, word: Word) -> list[tuple[list[str | Ratio], Ratio]]:
        products: list[tuple[list[str | Ratio], Ratio]] = [([], ONE)]
        for letter in word:
            parts = self._parts(letter)
            size_limit(len(products) * len(parts), 100_000)
            products = [(a + b, c * d) for a, c in products for b, d in parts]
        return products

    def _parts(self, letter: str) -> list[tuple[list[str | Ratio], Ratio]]:
        name = letter.removesuffix("'")
        if name not in self.forms:
            require(name in self.meaning.input_letters, f"{letter} has no form")
            return [([letter], ONE)]
        parts: list[tuple[list[str | Ratio], Ratio]] = []
        for form in self.forms[name]:
            left, right = form.left, form.right
            if name != letter:
                allowed = self.operator.symmetric in ("yes", "assumed") or not form.name
                require(allowed, f"{letter} with an operator that is not symmetric")
                left, right = self.letters.turned(right), self.letters.turned(left)
            middle: list[str | Ratio] = [form.scalar] if form.name else []
            parts.append(([*left, *middle, *right], ONE if form.name else form.scalar))
        return parts

    def _gather(self, factors: list[str | Ratio]) -> tuple[Word, Ratio | None, Word]:
        done: list[str | Ratio] = []
        for factor in factors:
            self._append(done, factor)
        scalars = [place for place, factor in enumerate(done) if isinstance(factor, Ratio)]
        require(len(scalars) <= 1, "two functions of the operator that do not meet")
        words = [[f for f in part if isinstance(f, str)] for part in (done, *halves(done, scalars))]
        if not scalars:
            return tuple(words[0]), None, ()
        value = done[scalars[0]]
        assert isinstance(value, Ratio)
        return tuple(words[1]), value, tuple(words[2])

    def _append(self, done: list[str | Ratio], factor: str | Ratio) -> None:
        """One more factor: λ for the word of T, scalars that meet are multiplied."""
        if isinstance(factor, Ratio):
            if done and isinstance(done[-1], Ratio):
                factor = done.pop() * factor  # type: ignore[operator]
            done.append(factor)
            return
        done.append(factor)
        word, half = list(self.operator.word), self.half
        if done[-len(word) :] == word:
            del done[-len(word) :]
            self._append(done, LAMBDA)
        elif half and done[-len(half) :] == list(half) and len(done) > len(half):
            before = done[-len(half) - 1]
            if isinstance(before, Ratio):
                del done[-len(half) - 1 :]
                for letter in half:
                    self._append(done, letter)
                self._append(done, before)

    # Loops (section 11.3).

    def read_loop(self, step: dict[str, object], taken: set[str]) -> tuple[Loop, Scalars, Scalars]:
        record(step, "step rule loop forms start pass")
        number = whole(step["loop"])
        require(0 <= number < len(self.meaning.loops), "no such loop")
        loop = self.meaning.loops[number]
        if loop.around:
            raise NotCheckedError("loops within loops are not known here")
        mine = {
            letter: self._read_forms(letter, f, loop)
            for letter, f in as_object(step["forms"]).items()
        }
        names = {form.name for forms in mine.values() for form in forms if form.name}
        require(not names & taken, "two loops that share a name")
        for letter, forms in mine.items():
            same = [
                set(shown(f)) for other, f in mine.items() if variable(other) == variable(letter)
            ]
            require(all(s == set(shown(forms)) for s in same), f"forms of the groups of {letter}")
        start = self._scalar_map(mine, loop.entering)
        require(not any(value.names & names for value in start.values()), "a start of a start")
        self.forms |= mine
        after = self._scalar_map(mine, loop.leaving)
        self._same(step["start"], start, "start")
        self._same(step["pass"], after, "pass")
        return loop, start, after

    def _same(self, stated: object, derived: Scalars, what: str) -> None:
        expected = {name: show(value) for name, value in derived.items()}
        require(stated == expected, f"{what}: expected {expected}"[:300])

    def _read_forms(self, letter: str, value: object, loop: Loop) -> list[Form]:
        require(letter in loop.entering and bool(listing(value)), f"forms of {letter}")
        forms = [self._read_form(letter, item) for item in listing(value)]
        words = {form.left + form.right for form in forms}
        named_forms = [form.name for form in forms if form.name]
        require(len(words) == len(forms), f"two forms of {letter} with one word")
        require(len(set(named_forms)) == len(named_forms), f"two forms of {letter} with one name")
        return forms

    def _read_form(self, letter: str, item: object) -> Form:
        found = record(item, "left scalar right")
        left, right, written = texts(found["left"]), texts(found["right"]), text(found["scalar"])
        is_name = re.fullmatch("[A-Za-z_][A-Za-z_0-9]*", written) is not None
        known = {"lambda", "e", *self.meaning.parameters, *self._loop_numbers()}
        require(written not in known, f"a scalar called {written}")
        value = named(written) if is_name else constant(exact(written))
        require(bool(value), "a constant form 0")
        letters = {name.removesuffix("'") for name in left + right}
        require(letters <= self.meaning.input_letters, "a form with other letters than inputs")
        word = left + self.operator.word + right if is_name else left + right
        self.letters.fits(word, *self.letters.shape(letter))
        if left:
            self.letters.word_shape(left)
        return Form(left, value, right, written if is_name else "")

    def _loop_numbers(self) -> set[str]:
        return {name for loop in self.meaning.loops for name in loop.numbers}

    def _scalar_map(self, forms: dict[str, list[Form]], values: dict[str, Matrix]) -> Scalars:
        """What each name takes; nothing may be left over."""
        taken: Scalars = {}
        for letter, listed in forms.items():
            frames, plain = self.split(values[letter])
            for form in listed:
                if form.name:
                    value = take(frames, plain, form.left, form.right)
                    require(
                        taken.setdefault(form.name, value) == value, f"two values of {form.name}"
                    )
                else:
                    found = plain.pop(form.left + form.right, ZERO)
                    require(found == form.scalar, f"the constant form of {letter}")
            require(not frames and not plain, f"{letter} is more than its forms")
        return taken


def take(frames: dict[Frame, Ratio], plain: dict[Word, Ratio], left: Word, right: Word) -> Ratio:
    return frames.pop((left, right), ZERO) + plain.pop(left + right, ZERO)


def halves(
    factors: list[str | Ratio], scalars: list[int]
) -> tuple[list[str | Ratio], list[str | Ratio]]:
    return (factors[: scalars[0]], factors[scalars[0] + 1 :]) if scalars else ([], [])


def variable(letter: str) -> str:
    return letter.split("@")[0]


def shown(forms: list[Form]) -> list[str]:
    return [show(form.scalar) for form in forms]


# ---- Targets (section 11.4) and what is said of them (section 11.5) -----------------------------


@dataclass(frozen=True)
class Target:
    """C + left · b·λ^m·f*(T) · right, with f*^root = power, or f* = exp(rate·λ)."""

    call: str
    left: Word
    right: Word
    function_left: Word
    function_right: Word
    b: Ratio
    m: int
    degree: int  # the root
    power: Ratio | None  # with λ^(root·m)
    base: Ratio  # the power before λ^m, or θ for `power`
    theta: Ratio
    shift: Matrix

    @property
    def signed(self) -> bool:
        return self.call == "sign" and self.power == ONE


Function = tuple[Word, Word, int, Ratio | None, Ratio, Ratio]  # left₀, right₀, root, power, base, θ


def function_of(calculus: Calculus, call: Call) -> Function:
    """The rows of the table, in order."""
    operator, turned = calculus.operator, calculus.letters.turned
    terms, whole_word = call.argument.terms, operator.word
    inverse = ONE / LAMBDA
    if len(terms) == 1 and ONE in terms.values() and next(iter(terms)):
        word = next(iter(terms))
        gram, nonzero = turned(word) + word, operator.kernel == "nonzero spectrum"
        if call.name == "polar" and gram == whole_word:
            return word, (), 2, inverse, inverse, LAMBDA
        if call.name == "sign" and gram == whole_word and word == turned(word):
            return word, (), 2, inverse, inverse, LAMBDA
        if call.name == "pinv" and not nonzero and gram == whole_word:
            return (), turned(word), 1, inverse, inverse, LAMBDA
        if call.name == "pinv" and not nonzero and word + turned(word) == whole_word:
            return turned(word), (), 1, inverse, inverse, LAMBDA
        longer = len(whole_word) > len(word) and whole_word[: len(word)] == word
        square = call.argument.rows == call.argument.columns
        if call.name == "inv" and square and not nonzero and longer:
            return whole_word[len(word) :], (), 1, inverse, inverse, LAMBDA
    frames, plain = calculus.split(call.argument)
    theta = take(frames, plain, (), ())
    require(bool(theta) and not frames and not plain, "the argument is no function of the operator")
    return (), (), *function_of_theta(calculus, call, theta), theta


def function_of_theta(
    calculus: Calculus, call: Call, theta: Ratio
) -> tuple[int, Ratio | None, Ratio]:
    at_zero = theta.put({"lambda": ZERO})
    exponent = exact(call.exponent) if call.name == "power" else Fraction(0)
    if call.name == "inv" or call.name == "invsqrt" or exponent < 0:
        kernel = calculus.operator.kernel == "nonzero spectrum"
        require(bool(at_zero) or not kernel, "an inverse of what is 0 on the kernel")
    simple = {"inv": (1, -1), "pinv": (1, -1), "sqrt": (2, 1), "invsqrt": (2, -1)}
    if call.name in simple:
        degree, sign = simple[call.name]
        return degree, theta**sign, theta**sign
    if call.name == "power":
        return exponent.denominator, theta**exponent.numerator, theta
    if call.name == "sign":
        require(calculus.operator.symmetric == "yes", "a sign of what is not symmetric")
        return 2, ONE, ONE
    if call.name in ("exp", "spectral"):
        return 1, None, ONE
    raise RefusedError(f"a target by {call.name}")


def read_target(calculus: Calculus, returned: dict[str, object]) -> Target:
    on = distinct(returned["on"])
    matrix, call = calculus.meaning.target(returned["target"], on)
    require(call is not None, "a target without a function of a matrix")
    assert call is not None
    left0, right0, degree, power, base, theta = function_of(calculus, call)
    has_f = {w: c for w, c in matrix.terms.items() if any(x.startswith("f*") for x in w)}
    others = {w: c for w, c in matrix.terms.items() if w not in has_f}
    letters = {x.removesuffix("'") for w in others for x in w}
    require(letters <= calculus.meaning.input_letters, "a target with a letter of a loop")
    calculus.forms["f*"] = [Form(left0, TARGET, right0, "f*")]
    frames, plain = calculus.split(replace(matrix, terms=has_f))
    del calculus.forms["f*"]
    require(len(frames) == 1 and not plain, "a target with several frames")
    ((left, right), s) = next(iter(frames.items()))
    b = s / TARGET
    m = degree_in_lambda(b)
    b = b / LAMBDA**m
    require(not b.names & {"lambda", "f*"}, "a target that is not linear in its function")
    require(
        m == 0 or (power is not None and call.name != "sign"), "a power of T times this function"
    )
    power = power * LAMBDA ** (degree * m) if power is not None else None
    shift = replace(matrix, terms=others)
    return Target(call.name, left, right, left0, right0, b, m, degree, power, base, theta, shift)


def degree_in_lambda(value: Ratio) -> int:
    return degree(value.top, "lambda")


class Case:
    """All that a rule is told: scalars, target and numbers."""

    def __init__(self, program: object, claim: dict[str, object], bindings: Bindings) -> None:
        self.meaning = Meaning(program)
        require(not {"lambda", "e"} & set(self.meaning.parameters), "a parameter lambda or e")
        complete = set(self.meaning.parameters) <= set(bindings)
        self.numbers = bindings if complete else None
        first, *loops, self.rule = [as_object(step) for step in listing(claim["steps"])]
        record(first, "step rule number of")
        require(first["rule"] == "assumption", "no step assumption at first")
        self.operator = read_operator(first, self.meaning, self.numbers)
        self.calculus = Calculus(self.meaning, self.operator)
        self.start: Scalars = {}
        self.after: Scalars = {}
        self.loops: list[Loop] = []
        for step in loops:
            self._loop(step)
        (self.returned,) = [r for r in self.meaning.returns if r["name"] == claim["output"]]
        self.target = read_target(self.calculus, self.returned)
        self.f = self._value()

    def _loop(self, step: dict[str, object]) -> None:
        require(step["rule"] == "loop", "a step that is no loop")
        loop, start, after = self.calculus.read_loop(step, set(self.start))
        require(not self.loops or self.loops[-1].number < loop.number, "loops out of order")
        self.start |= start
        self.after |= after
        self.loops.append(loop)

    def _value(self) -> Ratio:
        family = self.meaning.value(self.returned["value"], self.meaning.end)
        matrix = one_part(family, distinct(self.returned["on"]))
        frames, plain = self.calculus.split(matrix.plus(self.target.shift, constant(-1)))
        value = take(frames, plain, self.target.left, self.target.right)
        require(not frames and not plain, "a value with other frames than the target")
        return value / self.target.b

    # Kernels, scale and hypotheses.

    def kernel_hypothesis(self) -> list[list[object]]:
        operator, target = self.operator, self.target
        if not operator.kernel or self._both_vanish():
            return []
        half = len(operator.word) // 2
        first, second = operator.word[:half], operator.word[half:]
        if operator.kernel == "singular values":
            covered = ends_with(target.left, second) or target.right[: len(first)] == first
            require(covered, "the value may differ from the target on the kernel")
            return []
        outer = [*target.right[:1], *self.calculus.letters.turned(target.left[-1:])]
        for place, assumption in enumerate(self.meaning.assumptions):
            if assumption["assume"] == "range":
                given = assumed_word(self.meaning, assumption["operator"])
                family = self.meaning.value(assumption["of"], self.meaning.inputs)
                words = [w for part in family.values() for w in part.terms]
                plain = all(c == ONE for part in family.values() for c in part.terms.values())
                if given == operator.word and plain and any((x,) in words for x in outer):
                    return [["assumption", place]]
        raise RefusedError("no range assumption, and the kernel matters")

    def _both_vanish(self) -> bool:
        at_zero = (
            self.target.theta.put({"lambda": ZERO})
            if self.target.theta.bottom == ONE_POLYNOMIAL
            else ONE
        )
        root_like = self.target.call in ("pinv", "sqrt", "power") and self.target.power is not None
        if not root_like or at_zero or self.target.function_left or self.target.function_right:
            return False
        if self.target.call == "power" and degree(self.target.power.bottom, "lambda") > 0:  # type: ignore
            return False
        zeros = set(self.start)
        while True:
            values = dict.fromkeys(zeros, ZERO) | {"lambda": ZERO}
            kept = {
                n for n in zeros if not self.start[n].put(values) and not self.after[n].put(values)
            }
            if kept == zeros:
                return not self.f.put(values)
            zeros = kept

    def scale(self) -> str:
        t, weighted = self.target, self.operator.symmetric == "weighted"
        weight = self.operator.word[-1]
        empty = not t.left and not t.right
        if t.power is None and not weighted:
            return "1" if empty else "norm(left)*norm(right)"
        if weighted:
            return f"norm(solution*{weight}^(-1/2))*norm({weight}^(1/2)*right)"
        jumps = t.call in ("polar", "sign") and t.function_left and not t.m
        if jumps and t.left == t.function_left and not t.right:
            return "1"
        if t.signed and empty:
            return "1"
        if not t.left or not t.right:
            return "norm(target - shift)" if t.shift.terms else "norm(target)"
        return "norm(solution)*norm(right)"

    def hypotheses(self, name: str) -> list[list[object]]:
        place = self.operator.place
        found: list[list[object]] = [["assumption", place]]
        if self.operator.symmetric == "assumed":
            found.append(["symmetric", place])
        if self.operator.symmetric == "weighted":
            found.append(["definite", self.operator.word[-1]])
        found += self.kernel_hypothesis()
        return found if self.numbers is not None else [*found, ["conditions", name]]

    # Numbers.

    def numeric(self, value: Ratio, numbers: Bindings | None = None) -> Ratio:
        assert self.numbers is not None
        return bound_value(value, self.numbers | (numbers or {}))

    def spectrum(self) -> Interval:
        return self.numeric(self.operator.low).number(), self.numeric(self.operator.high).number()

    def intervals(self) -> list[Interval]:
        low, high = self.spectrum()
        if not self.operator.gap:
            return [(low, high)]
        inner = [self.numeric(end).number() for end in self.operator.gap]
        return [(low, inner[0]), (inner[1], high)]

    def check_numbers(self) -> None:
        """The ends are in order, and every scalar whose symbols are bound has a value."""
        assert self.numbers is not None
        for kind, value in self.operator.conditions:
            number = self.numeric(value).number()
            require(number > 0 or (kind == ">=0" and number == 0), "the ends of the spectrum")
        for written in self.meaning.scalars:
            if symbols_in(written) <= set(self.numbers):
                at(written, self.numbers)

    def count(self) -> int:
        assert self.numbers is not None
        count = at(self.loops[0].count, self.numbers)
        require(count.denominator == 1 and 0 <= count <= 10**12, f"a count {count}")
        return int(count)

    def must_be_positive(self) -> list[Ratio]:
        t = self.target
        values = [t.power, t.base, LAMBDA**t.m if t.degree > 1 else ONE]
        return [self.numeric(value) for value in values if value is not None]


def ends_with(word: Word, end: Word) -> bool:
    return len(word) >= len(end) and word[len(word) - len(end) :] == end


def coefficients(value: Ratio, name: str) -> Coefficients:
    """Those of a polynomial in one name, with numbers."""
    require(
        value.bottom == ONE_POLYNOMIAL and value.names <= {name},
        f"no polynomial: {show(value)[:80]}",
    )
    powers = by_power(value.top, name)
    return [powers.get(k, {}).get((), Fraction(0)) for k in range(max(powers, default=0) + 1)]


def in_lambda(polynomial: Polynomial) -> Coefficients:
    return coefficients(Ratio(polynomial, ONE_POLYNOMIAL), "lambda")


def sign_on(polynomial: Polynomial, interval: Interval) -> int:
    """The sign of a polynomial in λ on an interval; 0 if it may have a zero there."""
    low, high = extremes(in_lambda(polynomial), interval)
    return 1 if low > 0 else -1 if high < 0 else 0


def positive_on(value: Ratio, interval: Interval) -> bool:
    return sign_on(value.top, interval) * sign_on(value.bottom, interval) > 0


def not_negative_on(value: Ratio, interval: Interval) -> bool:
    sign = sign_on(value.bottom, interval)
    return bool(sign) and extremes(in_lambda(scale_by(value.top, Fraction(sign))), interval)[0] >= 0


# ---- The rules (section 12) ---------------------------------------------------------------------


@dataclass(frozen=True)
class Bound:
    formula: str
    true: Callable[[], Fraction]  # a little above the number that the rule derives, or equal


def one_iterate(case: Case, plus_one: bool = False) -> tuple[str, Loop, Ratio]:
    """The name X whose iterate f is, its loop, and what is added to X."""
    require(len(case.loops) == 1, "a rule for one loop")
    for name in case.start:
        for extra in (ZERO, ONE) if plus_one else (ZERO,):
            if case.f == named(name) + extra:
                return name, case.loops[0], extra
    raise RefusedError(f"{show(case.f)[:80]} is no iterate of the loop")


def residues(value: Ratio, base: Ratio, degree_of_root: int) -> dict[int, Ratio]:
    """value = Σ result[k]·f*^k, k < root, by f*^root = base."""
    require("f*" not in names_of(value.bottom), "a division by the target")
    parts: dict[int, Ratio] = {}
    for k, part in by_power(value.top, "f*").items():
        term = ratio(part, value.bottom) * base ** (k // degree_of_root)
        parts[k % degree_of_root] = parts.get(k % degree_of_root, ZERO) + term
    return {k: part for k, part in parts.items() if part}


class Autonomous:
    """e ← map(e), free of λ."""

    def __init__(self, case: Case) -> None:
        step = record(case.rule, "step rule equal", "polynomials")
        require(case.target.power is not None, "autonomous: a target without a power")
        assert case.target.power is not None
        self.case, self.power, self.degree = case, case.target.power, case.target.degree
        self.x, self.loop, _ = one_iterate(case)
        self.x0 = case.start[self.x]
        self.start = self.x0**self.degree / self.power
        polynomial = "lambda" not in names_of(self.start.bottom)
        require(bool(self.start) and polynomial, "autonomous: the start is no polynomial")
        self.equal = distinct(step["equal"])
        self.polynomials = self._read_polynomials(step)
        self._values()
        self.map = self._map_of(self.x)
        for g in self.equal:
            require(self._map_of(g) == self.map, f"{g} is in no fixed ratio to {self.x}")
        for name, q in self.polynomials.items():
            self._check_polynomial(name, q)

    def _read_polynomials(self, step: dict[str, object]) -> Scalars:
        if "polynomials" not in step:
            return {}
        given = {name: scalar(text(q)) for name, q in as_object(step["polynomials"]).items()}
        symbols = set(self.case.meaning.parameters) | {"e"}
        for q in given.values():
            require(
                q.names <= symbols or any(n.startswith("(") for n in q.names), "a polynomial in e"
            )
            require(not q.names & set(self.loop.numbers), "a polynomial with numbers of the loop")
            require("e" not in names_of(q.bottom), "a polynomial in e with a denominator")
        require(bool(given), "polynomials that are empty")
        return given

    def _values(self) -> None:
        """f = (1 − e)·s and so on, for every name that the loop may use."""
        root_value = self.power if self.degree == 1 else TARGET
        self.values = {self.x: (ONE - ERROR) * root_value}
        for g in self.equal:
            g0 = self.case.start[g]
            require(bool(g0), f"{g} starts at 0")
            self.values[g] = self.values[self.x] * g0 / self.x0
        names = [self.x, *self.equal, *self.polynomials]
        require(
            len(set(names)) == len(names) and set(names) <= set(self.case.start), "names of a rule"
        )
        self.values |= self.polynomials

    def _after(self, name: str) -> dict[int, Ratio]:
        others = self.case.after[name].names & set(self.case.start) - set(self.values)
        require(not others, f"{name} uses {sorted(others)}")
        return residues(self.case.after[name].put(self.values), self.power, self.degree)

    def _map_of(self, name: str) -> Ratio:
        parts = self._after(name)
        if self.degree == 1:
            factor = parts.get(0, ZERO) / self.power
        else:
            require(set(parts) <= {1}, f"{name} after a pass is no multiple of the target")
            factor = parts.get(1, ZERO)
        found = ONE - factor * self.x0 / self.case.start[name]
        free = "lambda" not in found.names and "e" not in names_of(found.bottom)
        require(free, f"the map of {name} is no polynomial in e alone")
        return found

    def _check_polynomial(self, name: str, q: Ratio) -> None:
        root_value = self.start if self.degree == 1 else TARGET
        at_start = residues(q.put({"e": ONE - root_value}), self.start, self.degree)
        require(set(at_start) <= {0}, f"the start of {name} is no polynomial")
        require(at_start.get(0, ZERO) == self.case.start[name], f"the start of {name}")
        after = self._after(name)
        same = set(after) <= {0} and after.get(0, ZERO) == q.put({"e": self.map})
        require(same, f"{name} after a pass is not its polynomial")

    def bound(self) -> Bound:
        operator, count = self.case.operator, self.loop.count
        exponent = degree(self.map.top, "e")
        simple = self.map == ERROR**exponent and self.degree == 1 and not self.loop.numbers
        if simple and degree(self.start.top, "lambda") == 1:
            e0, e1 = [
                show(ONE - self.start.put({"lambda": end})) for end in (operator.low, operator.high)
            ]
            return Bound(f"max(abs({e0}), abs({e1}))^({exponent}^({count}))", self.true)
        passes = "for " + ", ".join(sorted(self.loop.numbers)) if self.loop.numbers else count
        start = f"1 - ({show(self.start)})^(1/{self.degree})"
        return Bound(f"iterate(e -> {show(self.map)}, {passes}, {start})", self.true)

    def _conditions(self) -> None:
        case, hull = self.case, self.case.spectrum()
        parts = case.intervals() if self.degree == 1 else [hull]
        for value in case.must_be_positive():
            for part in parts:
                definite = sign_on(value.top, part) * sign_on(value.bottom, part)
                require(
                    definite > 0 or (self.degree == 1 and definite != 0), "the power has a zero"
                )
        x0, theta = case.numeric(self.x0), case.numeric(case.target.theta)
        if case.target.signed:
            for part in case.intervals():
                require(sign_on(theta.top, part) != 0, "θ has a zero")
                require(not_negative_on(x0 * theta, part), "the start has another sign than θ")
        elif self.degree > 1:
            require(not_negative_on(x0, hull), "the start is negative somewhere")
        for g in self.equal:
            quotient = case.numeric(self.case.start[g] / self.x0)
            for part in parts:
                require(sign_on(quotient.bottom, part) != 0, f"a pole of {g}")

    def true(self) -> Fraction:
        self._conditions()
        case = self.case
        apart = self.degree == 1 or case.target.signed
        parts = case.intervals() if apart else [case.spectrum()]
        start = coefficients(case.numeric(self.start), "lambda")
        values = [extremes(start, part) for part in parts]
        low, high = min(v[0] for v in values), max(v[1] for v in values)
        if self.degree > 1:
            low, high = root(max(low, Fraction(0)), self.degree)[0], root(high, self.degree)[1]
        size_limit(degree(self.map.top, "e"), 64)
        changing = bool(self.loop.numbers)
        intervals = follow((1 - high, 1 - low), self._map_of_pass, case.count(), changing)
        return max(-intervals[-1][0], intervals[-1][1])

    def _map_of_pass(self, k: int) -> Coefficients:
        assert self.case.numbers is not None
        numbers = {n: at(listed[k], self.case.numbers) for n, listed in self.loop.numbers.items()}
        return coefficients(self.case.numeric(self.map, numbers), "e")


def sup_text(value: Ratio, operator: Operator) -> str:
    """max(abs(V0), abs(V1)) of a polynomial of degree ≤ 1 in λ."""
    ends = [show(value.put({"lambda": end})) for end in (operator.low, operator.high)]
    return f"max(abs({ends[0]}), abs({ends[1]}))"


def without_numbers(case: Case, loop: Loop) -> Ratio:
    """The power of a target of root 1, for the rules that know no more."""
    target = case.target
    fits = target.power is not None and target.degree == 1 and not loop.numbers
    require(fits and not target.signed, "a rule for root 1 and a loop without numbers")
    assert target.power is not None
    return target.power


def check_positive(case: Case) -> None:
    for value in case.must_be_positive():
        require(positive_on(value, case.spectrum()), "the power is not positive on the spectrum")


def contraction(case: Case) -> Bound:
    record(case.rule, "step rule")
    name, loop, _ = one_iterate(case)
    power = without_numbers(case, loop)
    start = ONE - case.start[name] / power
    require("lambda" not in names_of(start.bottom), "contraction: the start is no polynomial")
    others = (case.after[name].names & set(case.start)) - {name}
    require(len(others) <= 1, "contraction: a pass with too many names")
    if others:
        return product_contraction(case, name, others.pop(), power, start)
    after = case.after[name].put({name: power * (ONE - ERROR)})
    multiplier = (ONE - after / power) / ERROR
    free = "e" not in multiplier.names and "lambda" not in names_of(multiplier.bottom)
    require(free, "contraction: the multiplier is no polynomial in lambda")
    linear = max(degree(multiplier.top, "lambda"), degree(start.top, "lambda")) <= 1

    def sup(value: Ratio) -> str:
        return sup_text(value, case.operator) if linear else f"sup(abs({show(value)}))"

    def true() -> Fraction:
        check_positive(case)
        factor = largest(coefficients(case.numeric(multiplier), "lambda"), case.spectrum())
        first = largest(coefficients(case.numeric(start), "lambda"), case.spectrum())
        return power_above(factor, case.count()) * first

    last = "" if start == ONE else f"*{sup(start)}"
    return Bound(f"{sup(multiplier)}^({loop.count}){last}", true)


def product_contraction(case: Case, name: str, other: str, power: Ratio, start: Ratio) -> Bound:
    """With another scalar u = u·s, s² = 1/λ: the multiplier depends on u."""
    square = case.start[other] ** 2 * LAMBDA
    require("lambda" not in names_of(square.bottom), "contraction: the start of u")
    u, inverse = named(other), ONE / LAMBDA
    values = {name: power * (ONE - ERROR), other: u * TARGET}
    used = (case.after[name].names | case.after[other].names) & set(case.start)
    require(used <= {name, other} and name not in case.after[other].names, "contraction: names")
    parts = residues(case.after[other].put(values), inverse, 2)
    require(set(parts) <= {1}, "contraction: the pass of u")
    u_map, after = parts.get(1, ZERO), residues(case.after[name].put(values), inverse, 2)
    require(set(after) <= {0}, "contraction: a pass that is not free of the root")
    multiplier = (ONE - after.get(0, ZERO) / power) / ERROR
    for value in (u_map, multiplier):
        clean = not value.names & {"lambda", "e"} and other not in names_of(value.bottom)
        require(clean, "contraction: no polynomial in u alone")
    loop = case.loops[0]

    def true() -> Fraction:
        check_positive(case)
        require(positive_on(inverse, case.spectrum()), "1/lambda is not positive")
        low, high = extremes(coefficients(case.numeric(square), "lambda"), case.spectrum())
        first = root(max(low, Fraction(0)), 2)[0], root(high, 2)[1]
        mapping, factor = case.numeric(u_map), coefficients(case.numeric(multiplier), other)
        count = case.count()
        intervals = follow(first, lambda k: coefficients(mapping, other), count, False)
        total = largest(coefficients(case.numeric(start), "lambda"), case.spectrum())
        for interval in intervals[:count]:
            total = above(total * largest(factor, interval))
        later = max(count - len(intervals), 0)
        return above(total * power_above(largest(factor, intervals[-1]), later))

    last = "" if start == ONE else f"*sup(abs({show(start)}))"
    formula = f"product(sup(abs({show(multiplier)})), {other} -> {show(u_map)}, {loop.count})"
    return Bound(formula + last, true)


def three_term(case: Case) -> Bound:
    record(case.rule, "step rule")
    name, loop, _ = one_iterate(case)
    power = without_numbers(case, loop)
    require(set(case.start) > {name} and len(case.start) == 2, "three_term: not two names")
    (old,) = set(case.start) - {name}
    require(case.after[old] == named(name), "three_term: the other name is not the value before")
    require(not case.start[name] and not case.start[old], "three_term: a start that is not 0")
    after, neither = case.after[name], {name: ZERO, old: ZERO}
    rest = after.put(neither)
    m, beta = after.put({name: ONE, old: ZERO}) - rest, rest - after.put({name: ZERO, old: ONE})
    linear = m * named(name) - beta * named(old) + rest == after
    free = not (m.names | beta.names) & {name, old} and "lambda" not in beta.names
    polynomial = "lambda" not in names_of(m.bottom) and degree(m.top, "lambda") <= 1
    require(linear and free and polynomial, "three_term: a pass of another form")
    require((m - beta) * power + rest == power, "three_term: the target is no fixed point")

    def true() -> Fraction:
        check_positive(case)
        size = largest(coefficients(case.numeric(m), "lambda"), case.spectrum())
        return chebyshev_growth(size, case.numeric(beta).number(), case.count())

    b, c = show(beta), loop.count
    growth = f"({b})^(({c})/2)*(U({c}, t) + ({b})^(1/2)*U(({c}) - 1, t))"
    return Bound(f"{growth} with t = max(1, {sup_text(m, case.operator)}/(2*({b})^(1/2)))", true)


def chebyshev_growth(size: Fraction, beta: Fraction, count: int) -> Fraction:
    """β^(n/2)·(U_n(t) + √β·U_(n−1)(t)), with t = max(1, size/(2√β)).

    V_k = β^(k/2)·U_k(t) has V_(k+1) = 2t√β·V_k − β·V_(k−1), and U_k(1) = k + 1.
    """
    require(beta > 0, "three_term: beta is not positive")
    size_limit(count, 2000)
    if size * size > 4 * beta:
        before, now = Fraction(0), Fraction(1)
        for _ in range(count):
            before, now = now, size * now - beta * before
        return now + beta * before
    above_root = root(beta, 2)[1]
    power = above_root**count
    return power * (count + 1) + power * above_root * count


def power_exp(case: Case) -> Bound:
    record(case.rule, "step rule")
    name, loop, extra = one_iterate(case, plus_one=True)
    rate = -case.target.theta / LAMBDA
    exponential = case.target.call == "exp" and "lambda" not in rate.names
    require(exponential and not loop.numbers, "power_exp: the target is no exp of a multiple of T")
    after = case.after[name] + extra
    f = named(name) + extra
    exponents = [p for p in range(2, 10) if after == f**p]
    require(len(exponents) == 1, "power_exp: a pass is no power")
    p, high = exponents[0], case.operator.high
    start = ONE - rate * LAMBDA / scalar(f"{p}^({loop.count})")
    require(case.start[name] + extra == start, "power_exp: the start")

    def true() -> Fraction:
        size_limit(case.count(), 20_000)
        low, top = case.spectrum()
        r, n = case.numeric(rate).number(), Fraction(p) ** case.count()
        require(low >= 0 and r >= 0 and r * top <= n, "power_exp: the rate")
        m = min(r * top, Fraction(2))
        return m * m * exponential_above(m) / n

    z = f"min(({show(rate)})*({show(high)}), 2)"
    return Bound(f"{z}^2*exp(-{z})/{p}^({loop.count})", true)


RULES: dict[str, Callable[[Case], Bound]] = {
    "autonomous": lambda case: Autonomous(case).bound(),
    "contraction": contraction,
    "three_term": three_term,
    "power_exp": power_exp,
}
OTHER_RULES = ("halley", "stages", "chebyshev", "descent", "logistic_newton")


ROOTS = ("descent", "logistic_newton")


def check_scalars(claim: dict[str, object], program: object, bindings: Bindings) -> None:
    """A spectrum, or a recurrence: the operator, its ends, and what loops do to functions of it."""
    meaning = Meaning(program)
    require(not {"lambda", "e"} & set(meaning.parameters), "a parameter lambda or e")
    numbers = bindings if set(meaning.parameters) <= set(bindings) else None
    first, *loops = [as_object(step) for step in listing(claim["steps"])]
    operator = read_operator(record(first, "step rule number of"), meaning, numbers)
    ends = [show(one) for one in (operator.low, *(operator.gap or ()), operator.high)]
    require(claim["ends"] == ends, f"expected the ends {ends}")
    for step in loops:  # asked first: a loop around them cannot be read without them
        number = whole(step["loop"])
        if 0 <= number < len(meaning.loops) and meaning.loops[number].around:
            raise NotCheckedError("loops within loops are not known here")
    calculus, names, last = Calculus(meaning, operator), set[str](), -1
    for step in loops:
        loop, start, _ = calculus.read_loop(step, names)
        require(last < loop.number, "loops out of order")
        last, names = loop.number, names | set(start)


def check_truncation(claim: dict[str, object], program: object, bindings: Bindings) -> str:
    bound = record(claim["bound"], "formula value")
    steps = [as_object(step) for step in listing(claim["steps"])]
    require(bool(steps), "no steps")
    rule = text(steps[-1].get("rule"))
    if rule in OTHER_RULES:
        raise NotCheckedError(f"the rule {rule} is not known here")
    require(rule in RULES, f"a rule {rule}")
    case = Case(program, claim, bindings)
    derived = RULES[rule](case)
    scale, b, formula, factor = case.scale(), case.target.b, derived.formula, Fraction(1)
    scaled = b != ONE and (scale == "1" or scale == "norm(left)*norm(right)")
    formula = f"abs({show(b)})*({formula})" if scaled else formula
    require(claim["scale"] == scale, f"expected the scale {scale}")
    expected = case.hypotheses(text(claim["output"]))
    require(claim["hypotheses"] == expected, f"expected the hypotheses {expected}")
    require(bound["formula"] == formula, f"expected the formula {formula}"[:300])
    if case.numbers is None:
        require(bound["value"] is None, "a value although a symbol has none")
        return "a parameter has no value; the formula is derived"
    case.check_numbers()
    factor = abs(case.numeric(b).number()) if scaled else factor
    within_bound(exact(bound["value"]), derived.true() * factor)
    return ""


def within_bound(stated: Fraction, true: Fraction) -> None:
    require(true <= stated <= 10**300, "the bound is smaller than what is derived")
    slack = stated <= TINY or stated <= (1 + Fraction(1, 2**40)) * true
    require(slack, "the bound is larger than what is derived")


# ---- A whole directory (sections 1, 4 and 15) ---------------------------------------------------

CERTIFICATE_KEYS = "format version bindings files program network tables facts"
FACTS = {  # kind: its parts, and of most kinds the rule with the keys of its witness
    "exactness": ("", "simulation", "loops"),
    "weights": ("dtype layers", "rounding", ""),
    "restructuring": ("", "rewriting", "steps"),
    "approximation": ("", "table", ""),
    "domain": ("hypotheses", "intervals", ""),
    "propagation": ("bound hypotheses", "telescope", ""),
    "spectrum": ("ends", "assumption", "number"),
    "recurrence": ("loops", "loops", "forms"),
    "truncation": ("scale bound hypotheses", "", ""),
    "open": ("", "unproven", "why"),
}
PREMISES = {"recurrence": ["spectrum"], "truncation": ["recurrence"]}  # without those of tables
OPEN_REASONS = [
    "no-spectrum",
    "no-rule",
    "not-derived",
    "not-accepted",
    "over-budget",
    "says-nothing",
]


class Directory:
    """The files of a directory, read once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        certificate = strict_json(self._bytes("certificate.json"))
        self.certificate = record(certificate, CERTIFICATE_KEYS)
        require(self.certificate["format"] == "weightsmith-certificate", "the format")
        require(whole(self.certificate["version"]) == 3, "the version")
        self.program, self.network = self.certificate["program"], self.certificate["network"]
        self._check_hashes(as_object(self.certificate["files"]))
        self.template = Template(strict_json(self._bytes("template.json")))
        same = self.certificate["bindings"] == self.template.binding_texts
        require(same, "the bindings are not the template's")
        self.tables = listing(self.certificate["tables"])
        self.claims = self._read_claims()

    def _bytes(self, name: str) -> bytes:
        require((self.path / name).is_file(), f"there is no file {name}")
        return (self.path / name).read_bytes()

    def _check_hashes(self, files: dict[str, object]) -> None:
        record(files, "script.alg template.json model.safetensors", "network.alg")
        require(
            (self.network is not None) == ("network.alg" in files), "network.alg and its program"
        )
        for name in ("script.alg", "template.json", "network.alg", "model.safetensors"):
            if files.get(name) is None:
                require(name not in ("script.alg", "template.json"), f"{name} has no hash")
                require(not (self.path / name).exists(), f"{name} is there and has no hash")
            else:
                found = hashlib.sha256(self._bytes(name)).hexdigest()
                require(text(files[name]).removeprefix("sha256:") == found, f"the hash of {name}")

    def _read_claims(self) -> list[dict[str, object]]:
        """Each fact as a claim with steps: a truncation has those of what it follows from."""
        lines, seen = [as_object(line) for line in listing(self.certificate["facts"])], set()
        require(len(lines) <= 4000, "more than 4000 facts")
        claims: list[dict[str, object]] = []
        for number, line in enumerate(lines, 1):
            record(line, "n fact by from with")
            require(whole(line["n"]) == number, "facts out of order")
            before = [whole(one) for one in listing(line["from"])]
            require(all(1 <= one < number for one in before), "a premise that is not before")
            claim = _claim(line, [claims[one - 1] for one in before])
            about = text(claim["kind"]), claim.get("site", claim.get("output"))
            several = claim["kind"] in ("spectrum", "recurrence")
            require(several or about not in seen, f"a fact {about} twice")
            seen.add(about)
            claims.append({"id": number, **claim})
        return claims


def _claim(line: dict[str, object], before: list[dict[str, object]]) -> dict[str, object]:
    fact, witness = as_object(line["fact"]), as_object(line["with"])
    kind, rule = text(fact["is"]), text(line["by"])
    require(kind in FACTS, f"a fact of kind {kind}")
    parts, own, keys = FACTS[kind]
    record(fact, f"is of {parts}")
    require(rule == own or kind == "truncation", f"a fact of kind {kind} by {rule}")
    if kind != "truncation":
        record(witness, keys)
    premises = PREMISES.get(kind, []) if rule not in ROOTS else None
    kinds = [text(one["kind"]) for one in before]
    tables = kind in ("domain", "propagation") or rule in ROOTS
    require(tables or kinds == premises or (premises is None), f"the premises of {kind}")
    of, steps = fact["of"], [{"rule": rule, **witness}]
    claim: dict[str, object] = {"kind": kind, **{key: fact[key] for key in parts.split()}}
    if kind == "open":
        owed, output = texts(of)
        require(owed in ("truncation", "propagation"), f"an open fact of kind {owed}")
        require(witness["why"] in OPEN_REASONS, "the reason of an open fact")
        return {"kind": owed, "output": output, "unproven": witness["why"]}
    if kind == "exactness":
        loops = [record(one, "symmetric invariant") for one in listing(witness["loops"])]
        steps = [{"rule": "loop", "loop": at, **one} for at, one in enumerate(loops)]
        steps += [{"rule": "read_out"}]
    elif kind == "weights":
        steps = [{"rule": rule, "dtype": fact["dtype"], "layers": fact["layers"]}]
    elif kind == "spectrum":
        steps = [{"rule": rule, "number": witness["number"], "of": list(texts(of))}]
    elif kind == "recurrence":
        require(of == before[0]["of"], "a recurrence of another operator")
        pairs = zip(listing(witness["forms"]), listing(fact["loops"]), strict=True)
        merged = [{"rule": "loop", **_loop(hint, derived)} for hint, derived in pairs]
        steps = [*listing(before[0]["steps"]), *merged]  # type: ignore[list-item]
        claim["ends"] = before[0]["ends"]
    elif kind == "truncation" and rule not in ROOTS:
        steps = [*listing(before[0]["steps"]), *steps]  # type: ignore[list-item]
        claim["ends"] = before[0]["ends"]
    if kind in ("truncation", "propagation"):
        claim["output"] = text(of)
    elif kind == "approximation":
        claim["site"] = text(of)
    else:
        claim["of"] = of
    numbered = [{"step": at, **as_object(one)} for at, one in enumerate(map(_plain, steps), 1)]
    return {**claim, "steps": numbered}


def _plain(step: object) -> dict[str, object]:
    return {key: value for key, value in as_object(step).items() if key != "step"}


def _loop(hint: object, derived: object) -> dict[str, object]:
    forms, found = record(hint, "loop forms"), record(derived, "loop start pass")
    require(forms["loop"] == found["loop"], "a recurrence of another loop")
    return {**forms, **found}


def check_claim(directory: Directory, claim: dict[str, object]) -> str:
    kind = claim["kind"]
    if "unproven" in claim:
        return f"unproven: {claim['unproven']}"
    steps = [as_object(step) for step in listing(claim["steps"])]
    network = directory.program if directory.network is None else directory.network
    if kind == "exactness" and not directory.tables:
        named = "script.alg" if directory.network is None else "network.alg"
        require(claim["of"] == named, "the network of another script")
        Exactness(directory.template, network, steps).run()
    elif kind == "weights":
        require(claim["of"] == "model.safetensors", "weights of another file")
        raw = directory._bytes("model.safetensors")
        check_weights(raw, directory.template, Meaning(network), steps)
    elif kind in ("spectrum", "recurrence"):
        check_scalars(claim, directory.program, directory.template.bindings)
    elif kind == "truncation":
        return check_truncation(claim, directory.program, directory.template.bindings)
    else:
        raise NotCheckedError("tables and restructuring are not known here")
    return ""


def check_owed(directory: Directory) -> str:
    """Everything that section 15 asks for is claimed, and nothing beside."""
    scalars = ("spectrum", "recurrence")
    stated = [one for one in directory.claims if one["kind"] not in scalars]
    made = {(claim["kind"], claim.get("output")) for claim in stated}
    owed: set[tuple[object, object]] = {("exactness", None)}
    if directory.network is not None:
        owed.add(("restructuring", None))
    if (directory.path / "model.safetensors").exists():
        owed.add(("weights", None))
    returns = [as_object(r) for r in listing(as_object(directory.program)["returns"])]
    owed |= {("truncation", text(r["name"])) for r in returns if r["target"] is not None}
    require(owed <= made, f"missing: {sorted(map(str, owed - made))}")
    truncations = {claim for claim in made if claim[0] in ("truncation", "weights")}
    require(
        truncations <= owed, f"claims that are not owed: {sorted(map(str, truncations - owed))}"
    )
    if directory.tables:
        raise NotCheckedError("tables are not known here")
    require(
        all(kind in ("exactness", "restructuring", "truncation", "weights") for kind, _ in made),
        "claims of tables",
    )
    return ""


def check_promise(directory: Directory, ends: dict[object, str]) -> str:
    """`ensure` and `repeat until`: every returned value has a proven bound within the tolerance."""
    source, numbers = as_object(directory.program), directory.template.bindings
    tolerances = [text(listing(pair)[1]) for pair in listing(source["untils"])]
    tolerances += [text(source["ensure"])] if source["ensure"] is not None else []
    bounds = {
        c["output"]: c for c in directory.claims if c["kind"] == "truncation" and "bound" in c
    }
    for returned in listing(source["returns"]) if tolerances else []:
        name = as_object(returned)["name"]
        require(name in bounds, f"no bound of {name}")
        value = as_object(bounds[name]["bound"])["value"]
        require(value is not None, f"no value of the bound of {name}")
        for tolerance in tolerances:
            require(exact(value) <= at(tolerance, numbers), f"{name} is not within {tolerance}")
        if ends[bounds[name]["id"]] == "not checked":
            raise NotCheckedError(f"the bound of {name} is not checked")
        require(ends[bounds[name]["id"]] == "accepted", f"the bound of {name} is not accepted")
    return ""


def check_core_form(directory: Directory) -> str:
    """The program is well formed, its targets and assumptions too."""
    meaning = Meaning(directory.program)
    for assumption in meaning.assumptions:
        if isinstance(assumption["of"], list):
            meaning.value(assumption["of"], meaning.inputs)
    for returned in meaning.returns:
        meaning.value(returned["value"], meaning.end)
        if returned["target"] is not None:
            meaning.target(returned["target"], distinct(returned["on"]))
    return ""


def verify(directory: Path) -> list[Verdict]:
    """The verdicts of a compiled directory, in the order of the claims."""
    opened: list[Directory] = []

    def integrity() -> str:
        opened.append(Directory(directory))
        return ""

    verdicts = [judge("integrity", integrity)]
    if not opened:
        return verdicts
    whole_directory = opened[0]
    verdicts.append(judge("program", lambda: check_core_form(whole_directory)))
    ends: dict[object, str] = {}
    for claim in whole_directory.claims:
        about = " ".join(str(claim[key]) for key in ("kind", "output", "site") if key in claim)
        check = partial(check_claim, whole_directory, claim)
        verdict = judge(f"claim {claim['id']} {about}", check)
        ends[claim["id"]] = verdict.end
        verdicts.append(verdict)
    verdicts.append(judge("owed", lambda: check_owed(whole_directory)))
    verdicts.append(judge("promise", lambda: check_promise(whole_directory, ends)))
    return verdicts


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python second_checker.py DIR")
        return 1
    verdicts = verify(Path(arguments[0]))
    for verdict in verdicts:
        why = f": {verdict.why}" if verdict.why else ""
        print(f"{verdict.end}  {verdict.subject}{why}")
    found = {verdict.end for verdict in verdicts}
    return 1 if "refused" in found else 2 if found != {"accepted"} else 0


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    raise SystemExit(main(sys.argv[1:]))
