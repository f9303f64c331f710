"""The words of scripts, by what they are: for colours, for completion, and each with its meaning.

The lists are those of the language; here is only what a reader is told about each word.
"""

from __future__ import annotations

from importlib import import_module

from weightsmith.dsl import elementary
from weightsmith.dsl.checking.declarations import KINDS, PER
from weightsmith.dsl.heads import MASKS, NORMALISATIONS
from weightsmith.dsl.heads import WORDS as OF_SCORES
from weightsmith.dsl.heads import read as read_scores
from weightsmith.dsl.meaning.entry_functions import BUILT_IN
from weightsmith.dsl.program.groups import MEANING
from weightsmith.dsl.program.piecewise import EXACT
from weightsmith.dsl.program.scope import MATRIX_FUNCTIONS, REGIONS
from weightsmith.dsl.reading.lexer import KEYWORDS

CONSTANTS = ("I", "ones")
BOUNDED = ("norm", "entries", "size")  # what an assumption bounds, besides REGIONS
ASSUMED = (*REGIONS, *BOUNDED)
ERROR = "error"  # after 'until' and 'ensure'
ROOT = "root"
GROUPS = tuple(MEANING)
OWNERS = tuple(PER)  # after 'per'
ORDER_WORDS = tuple(MASKS)
KINDS_OF_MATRICES = KINDS
OF_ENTRIES = tuple(sorted(BUILT_IN))
FUNCTIONS = tuple(sorted({*BUILT_IN, *MATRIX_FUNCTIONS}))
HEAD = ("assume", "param", "table", "function", "within", "ensure")  # begin declarations
STATEMENTS = ("repeat", "for", "return")
OUTERMOST = ("algorithm", "use")
CLAUSES = ("over", "on", "within")

_KEYWORDS = {
    "use": 'use NAME from "file.alg": an algorithm of another file, relative to this one',
    "from": 'use NAME from "file.alg"',
    "algorithm": "algorithm NAME(A: symmetric[d, d], x: [d] per token): begins an algorithm",
    "assume": "assume spectrum(A) in [mu, L]: what the certificate may rely on",
    "in": "assume spectrum(E) in [low, high], assume E in range(F), for g in 1, 2, 3:",
    "or": "assume spectrum(E) in [a, b] or [c, d]: two intervals, b below c",
    "param": "param NAME = DEFAULT, …: numbers that the user sets",
    "table": "table NAME = (-1, 0), (0, 1/2), (1, 1): a function by its points",
    "function": "function NAME(t) = FORMULA: a function of one number, applied to entries",
    "repeat": "repeat COUNT: the block below, so many times; repeat until error <= 1e-6: chosen",
    "for": "for g in 1, 2, 3: the block below once for every number",
    "until": "repeat until error <= 1e-6: the compiler chooses the count",
    "return": "return E on GROUP over GROUP approximates TARGET: ends the algorithm",
    "approximates": "return X approximates inv(A): what the result is meant to be",
    "over": "E over context: the tokens that products sum over; before and upto mask",
    "on": "E on query: the tokens that are kept",
    "within": "within 1e-4: how closely functions of entries are computed",
    "per": "x: [d] per token: a column for every token",
    "synthesize": "return synthesize inv(A) within 1e-6: the compiler finds the steps",
    "ensure": "ensure error <= 1e-6: the compiler chooses counts and tolerances without a value",
}
_OTHERS = {
    "I": "the identity, of the size that is needed",
    "ones": "all ones, of the size that is needed",
    "symmetric": "A: symmetric[d, d]: a matrix that equals its transpose",
    "fixed": "W: fixed[k, d]: a matrix that is part of the weights",
    "spectrum": "spectrum(E): the eigenvalues of a symmetric matrix",
    "nonzero_spectrum": "nonzero_spectrum(E): the eigenvalues other than zero",
    "singular_values": "singular_values(E): the singular values of any matrix",
    "range": "assume E in range(F): the columns of E are combinations of those of F",
    "norm": "assume norm(x) <= B: the 2-norm, of every column if x comes per token",
    "entries": "assume entries(y) in [low, high]: every entry",
    "size": "size(context): how many tokens a group has",
    "error": "how far the result is from its target",
    "root": "approximates root(w: E): the w at which E is zero",
    "context": "the tokens for which the answer is known",
    "query": "the tokens for which it is asked",
    "tokens": "the tokens of context and query",
    "token": "per token: for the tokens of context and query",
    "relu": "relu(E): max(t, 0) of every entry t; exact",
    "abs": "abs(E): the absolute value of every entry; exact",
    "max": "max(E, c), max(E, F): the greater, entry by entry; exact",
    "min": "min(E, c), min(E, F): the lesser, entry by entry; exact",
    "clip": "clip(E, a, b): every entry, but not below a nor above b; exact",
    "soft": "soft(E, c): every entry moved by c towards 0, as far as 0; exact",
    "sum": "sum(E): the sum of every column, one row",
    "dot": "dot(E, F): the sum of the products of the entries, one number",
    "trace": "trace(E): the sum of the diagonal, one number",
    "diag": "diag(E): the diagonal as a column; of a column or row, the matrix that has it",
    "position": "position(context): the row 0, 1, 2, … of the tokens in their order",
    "shift": "X*shift(k) over context: every column k tokens on",
    "inv": "inv(E): the inverse; in targets",
    "pinv": "pinv(E): the Moore–Penrose inverse; in targets",
    "invsqrt": "invsqrt(E): E^(-1/2) of a symmetric matrix; in targets",
    "polar": "polar(E): the orthogonal factor U*V' of E = U*S*V'; in targets",
    "sign": "sign(E): +1, -1 or 0 for every eigenvalue of a symmetric matrix; in targets",
    "spectral": "spectral(f, E): f of every eigenvalue of a symmetric matrix; in targets",
}
_OF_MATRICES = {  # functions of entries with a dot; without it, in targets, of a matrix
    "exp": "exp(E) without a dot: of a symmetric matrix; in targets",
    "sqrt": "sqrt(E) without a dot: of a symmetric matrix; in targets",
}


def explanation(word: str) -> str | None:
    """What a word of the language means, in a line or two; None of any other word."""
    if word in KEYWORDS:
        return _KEYWORDS[word]
    if word in elementary.DEFINED:
        return f"{word}(t) = {elementary.DEFINED[word]}, of every entry; within a tolerance"
    if word in elementary.NAMES and word not in EXACT:
        dot = "." if word in MATRIX_FUNCTIONS else ""
        said = f"{word}{dot}(E) of every entry, within a tolerance: {_of_its_file(word)}"
        return f"{said}\n{_OF_MATRICES[word]}" if word in _OF_MATRICES else said
    if word in MASKS:
        return f"over context {word}: each token sees {MASKS[word].says}"
    return _of_scores(word) if word in OF_SCORES else _OTHERS.get(word)


def _of_scores(word: str) -> str:
    function, kind = read_scores(word)
    divided = f"columns divided by {NORMALISATIONS[kind].says}"
    return f"v*{word}(k'*q): " + (f"{function} of the entries, {divided}" if function else divided)


def _of_its_file(name: str) -> str:
    """The first paragraph of the file of an elementary function."""
    text = import_module(f"weightsmith.dsl.elementary.functions.{name}").__doc__ or ""
    return " ".join(text.partition("\n\n")[0].split())
