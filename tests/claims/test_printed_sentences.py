"""The reader of sentences takes a text in one way or not at all; the arithmetic is what it says."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction

import printed_numbers as n
import printed_random as wild
import pytest
from flint import arb, arb_mat
from printed_sentences import read_sentence
from printed_values import Grid, Meaning
from printed_words import UnreadableError, read


@pytest.fixture(autouse=True)
def _precise() -> Iterator[None]:
    with n.precisely():
        yield


SENTENCE = (
    "‖w − y*x'*inv(x*x')*x over context‖₂ ≤ 0.25 · ‖y@context*x@context'·f(T)‖₂·‖x@query‖₂ "
    "in exact arithmetic, for every x: [d] per token, y: [1] per context, P: symmetric[d, d], "
    "if spectrum(x*x' over context) in [-L, mu/2] or [mu, L]; P is positive definite; "
    "norm(x) <= 2*L for every token, at L = 2, mu = 1/2; 0.25 is rate^steps, rounded up; "
    "T is x@context*x@context', f(lambda) is 1/lambda."
)


def test_a_sentence_is_read_whole() -> None:
    claim = read_sentence(SENTENCE, b"{}")
    assert claim is not None
    assert (claim.output, claim.size, len(claim.scales)) == ("w", Fraction(1, 4), 2)
    assert [(one.name, one.groups, one.symmetric) for one in claim.inputs] == [
        ("x", ("context", "query"), False),
        ("y", ("context",), False),
        ("P", ("",), True),
    ]
    spectrum, definite, norm = claim.hypotheses
    assert spectrum.ends == (-2, Fraction(1, 4), Fraction(1, 2), 2)
    assert (definite.kind, norm.kind, norm.ends) == ("definite", "token norm", (4,))


def whole(sentence: str) -> None:
    """Read a sentence and the target that it names."""
    claim = read_sentence(sentence, b"{}")
    assert claim is not None
    read(claim.target)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("‖w − y*x'*inv(x*x')*x over context‖₂", "‖w − y*x' over context − (I)‖₂ "),
        ("; P is positive definite", "; P is nice"),
        ("[-L, mu/2] or [mu, L]", "[-L, mu] or [mu/2, L]"),
        ("for every x: [d] per token", "for every x: [d] per sentence"),
        ("in exact arithmetic", "in arithmetic"),
        ("mu = 1/2", "nu = 1/2"),
        ("0.25 is rate", "0.26 is rate"),
    ],
)
def test_a_sentence_that_says_something_else_is_not_read(old: str, new: str) -> None:
    assert old in SENTENCE
    with pytest.raises(UnreadableError):
        whole(SENTENCE.replace(old, new))


def test_a_sum_over_tokens_that_names_no_group_has_no_value() -> None:
    part = arb_mat(1, 1, [1])
    data = {"x": Grid({("", "context"): part, ("", "query"): part})}
    with pytest.raises(UnreadableError, match="over which"):
        Meaning(data, {}).value(read("x*x'"))
    for groups, value in (("context", 1), ("tokens", 2)):
        assert Meaning(data, {}).grid(read(f"x*x' over {groups}")).whole() == arb_mat(1, 1, [value])


@pytest.mark.parametrize("text", ["A - A' over", "A*(B", "A B", "3*", "‖A", "A@"])
def test_a_damaged_expression_is_refused(text: str) -> None:
    with pytest.raises((UnreadableError, KeyError)):
        read(text)


@pytest.mark.parametrize("seed", range(8))
def test_functions_of_matrices_meet_their_equations(seed: int) -> None:
    rng = random.Random(seed)
    size = rng.randint(1, 4)
    a = wild.definite(rng, size)
    meaning = Meaning({"A": Grid({("", ""): a})}, {})

    def off(text: str, other: arb_mat) -> arb:
        return n.frobenius(meaning.grid(read(text)).whole() - other)

    tiny = arb(10) ** -100
    one = n.identity(size)
    assert off("inv(A)*A", one) < tiny
    assert off("sqrt(A)*sqrt(A)", a) < tiny
    assert off("invsqrt(A)*A*invsqrt(A)", one) < tiny
    assert off("A^(1/3)*A^(2/3)", a) < tiny
    assert off("exp(A/1000)*exp(-A/1000)", one) < tiny
    assert off("polar(A)", one) < tiny
    assert off("pinv(A)*A", one) < tiny
    assert off("sign(-A)", -one) < tiny


@pytest.mark.parametrize("seed", range(8))
def test_pinv_and_polar_of_a_matrix_with_a_kernel(seed: int) -> None:
    rng = random.Random(seed)
    values = [n.exactly(Fraction(3, 2)), n.exactly(Fraction(1, 7)), n.ZERO]
    a = wild.from_singular_values(rng, 3, 4, values)
    inverse, unit = n.pseudo_inverse(a), n.polar(a)
    tiny = arb(10) ** -70
    assert n.frobenius(a * inverse * a - a) < tiny
    assert n.frobenius(inverse * a * inverse - inverse) < tiny
    assert n.frobenius(unit * unit.transpose() * unit - unit) < tiny
    assert n.frobenius(unit * a.transpose() - a * unit.transpose()) < tiny
    assert abs(n.norm(a) - values[0]) < tiny
