"""Every mask with every normalisation and function of scores, against loops over tokens.

What each kind is stands here once more, by hand, and nothing of the compiler is used for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from typing import Literal, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.compiler.attention.networks import SIZES, exactly, flat, proven

from weightsmith.backends.errors import TemplateError
from weightsmith.backends.template.template_reader import template_from_json
from weightsmith.checker import heads as checked
from weightsmith.dsl import Source, check, heads
from weightsmith.dsl.heads.record import evaluated
from weightsmith.dsl.printing.core_form import core_form
from weightsmith.dsl.printing.printer import program_text
from weightsmith.dsl.running import interpreter

Exact = NDArray[np.object_]
PAIRS: dict[str, Callable[[int, int], bool]] = {  # key, query
    "all": lambda k, q: True,
    "upto": lambda k, q: k <= q,
    "before": lambda k, q: k < q,
    "after": lambda k, q: k > q,
}
DIVISORS: dict[str, Callable[[list[Fraction]], Fraction]] = {  # of the scores that are seen
    "": lambda seen: Fraction(1),
    "normalised": lambda seen: sum(seen, Fraction(0)),
    "averaged": lambda seen: Fraction(len(seen)),
}
FUNCTIONS: dict[str, Callable[[Fraction], Fraction]] = {
    "": lambda t: t,
    "relu": lambda t: max(t, Fraction(0)),
    "abs": abs,
}
WAYS: tuple[Literal["plan", "faithful"], ...] = ("plan", "faithful")
HEADER = (
    "algorithm f(k: [d] per context, q: [d] per context, v: [m] per context, w: [m] per context)\n"
)


def scores_text(function: str, divided: str) -> str:
    inner = f"{function}(2*k'*q + 7*ones)"
    return f"{divided}({inner})" if divided else inner


def script(mask: str, function: str, divided: str) -> str:
    clause = "over context" + (f" {mask}" if mask != "all" else "")
    head = f"{scores_text(function, divided)}  {clause}"
    return f"{HEADER}U = v\nrepeat 2:\n    U = w - 1/3*U*{head}\nreturn U\n"


def naive(given: dict[str, Exact], mask: str, function: str, divided: str) -> Exact:
    """The script by loops over tokens, in fractions."""
    k, q, u = given["k"], given["q"], given["v"]
    tokens = range(k.shape[1])
    for _ in range(2):
        found = given["w"].copy()
        for query in tokens:
            keys = [key for key in tokens if PAIRS[mask](key, query)]
            scores = [FUNCTIONS[function](2 * (k[:, key] @ q[:, query]) + 7) for key in keys]
            divisor = DIVISORS[divided](scores) if keys else Fraction(1)
            for key, score in zip(keys, scores, strict=True):
                found[:, query] = found[:, query] - u[:, key] * (score / divisor / 3)
        u = found
    return u


def data(seed: int) -> dict[str, Exact]:
    """Small fractions, with a sum of scores that is hardly ever 0."""
    random = np.random.default_rng(seed)
    sizes = {"k": SIZES["d"], "q": SIZES["d"], "v": SIZES["m"], "w": SIZES["m"]}
    return {
        name: np.vectorize(Fraction, otypes=[object])(
            random.integers(-4, 5, (rows, 4)), random.integers(1, 5, (rows, 4))
        )
        for name, rows in sizes.items()
    }


def defined(mask: str, function: str, divided: str) -> list[tuple[dict[str, Exact], Exact]]:
    """Data of three seeds, and the values, where no column is divided by 0."""
    found: list[tuple[dict[str, Exact], Exact]] = []
    for seed in range(9):
        try:
            found.append((data(seed), naive(data(seed), mask, function, divided)))
        except ZeroDivisionError:
            continue
    assert len(found) >= 3
    return found[:3]


@pytest.mark.parametrize("mask", PAIRS)
@pytest.mark.parametrize("divided", DIVISORS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_head_is_what_loops_over_tokens_say(mask: str, divided: str, function: str) -> None:
    text = script(mask, function, divided)
    network = proven(text)
    for given, wanted in defined(mask, function, divided):
        known = cast("dict[str, object]", given)
        (found,) = exactly(network, known).values()
        run = interpreter.run(network.program, known, network.bindings, exact=True)
        (said,) = flat(run).values()
        assert np.array_equal(found, wanted)
        assert np.array_equal(said, wanted)
        rounded = {name: value.astype(np.float64) for name, value in given.items()}
        for execution in WAYS:
            (value,) = flat(network.run(rounded, execution=execution)).values()
            size = float(np.abs(wanted.astype(np.float64)).max())
            np.testing.assert_allclose(
                np.asarray(value), wanted.astype(np.float64), rtol=1e-9, atol=1e-9 * size
            )
    assert template_from_json(network.files()["template.json"]) == network.template
    program = check(Source("script", text))
    again = check(Source("printed", program_text(program)))
    assert core_form(again) == core_form(program)


def test_both_sides_have_all_kinds() -> None:
    assert set(PAIRS) == {heads.ALL, *heads.MASKS} == {checked.ALL, *checked.MASKS}
    divided = set(DIVISORS) - {""}
    assert divided == set(heads.NORMALISATIONS) == set(checked.NORMALISATIONS)


@pytest.mark.parametrize("mask", heads.MASKS)
def test_the_pairs_of_a_mask_are_those_of_its_diagonal(mask: str) -> None:
    k, q = np.indices((7, 7))
    seen = np.asarray(heads.MASKS[mask].seen(k, q))
    assert [[PAIRS[mask](key, query) for query in range(7)] for key in range(7)] == seen.tolist()
    diagonal = heads.MASKS[mask].diagonal
    if diagonal is not None:
        assert np.array_equal(seen, np.triu(np.ones((7, 7), dtype=bool), diagonal))


@pytest.mark.parametrize("mask", heads.MASKS)
@pytest.mark.parametrize("divided", DIVISORS)
def test_a_later_token_changes_no_earlier_value_of_a_causal_head(mask: str, divided: str) -> None:
    network, one = proven(script(mask, "abs", divided)), data(1)
    other = {name: value.copy() for name, value in one.items()}
    for value in other.values():
        value[:, 3] += 1
    (first,), (second,) = (
        exactly(network, cast("dict[str, object]", given)).values() for given in (one, other)
    )
    causal = not any(PAIRS[mask](key, query) for query in range(4) for key in range(query + 1, 4))
    assert np.array_equal(first[:, :3], second[:, :3]) == causal


@pytest.mark.parametrize("divided", heads.NORMALISATIONS)
@pytest.mark.parametrize("number", [Fraction(-3, 2), Fraction(2)])
def test_what_the_checker_says_of_multiples_is_so(divided: str, number: Fraction) -> None:
    meaning = checked.normalisation_meaning(divided)
    scores = [Fraction(3), Fraction(-1, 2), Fraction(5, 7)]
    one, other = (
        [score * times / DIVISORS[divided]([s * times for s in scores]) for score in scores]
        for times in (Fraction(1), number)
    )
    assert other == [meaning.homogeneous(number) * score for score in one]
    names = {"x": np.array(scores), "seen": np.ones(3), "sum": np.sum}
    assert evaluated(heads.NORMALISATIONS[divided].divisor, names) == DIVISORS[divided](scores)


@pytest.mark.parametrize("value", ["sideways", "", 1, 0, None, ["upto"]])
@pytest.mark.parametrize("field", ["mask", "normalised"])
def test_a_word_that_no_kind_has_is_refused(field: str, value: object) -> None:
    files = proven(script("upto", "relu", "normalised")).files()
    document = json.loads(files["template.json"])
    text = json.dumps(document)
    old = '"mask": "upto"' if field == "mask" else '"normalised": true'
    assert old in text
    with pytest.raises(TemplateError, match=field):
        template_from_json(text.replace(old, f'"{field}": {json.dumps(value)}'))
