"""Words into triple products: as shallow as degree allows, and only from stored values."""

from __future__ import annotations

import math

import pytest

import weightsmith.api as ws
from weightsmith.dsl import DiagnosticError

SQUARE = "algorithm product(A: [d, d], S: symmetric[d, d])\n"


def depth(expression: str) -> int:
    network = ws.compile(f"{SQUARE}return {expression}\n")
    assert network.verify().accepted
    layers = network.report.layers
    assert layers is not None
    return layers


@pytest.mark.parametrize("letters", range(1, 19))
def test_a_word_of_n_letters_takes_log3_n_layers(letters: int) -> None:
    assert depth("*".join(["A", "S"][i % 2] for i in range(letters))) == math.ceil(
        math.log(letters, 3) - 1e-9
    )


def test_transposes_of_inputs_are_laid_out_and_cost_no_layer() -> None:
    assert depth("A'") == 0
    assert depth("A*A'*A") == 1
    assert depth("A'*A*A'") == 1


def test_common_products_are_computed_once() -> None:
    network = ws.compile(f"{SQUARE}return A*S*A + A*S*A*S*A, A*S*A\n")
    assert network.report.total_heads == 2


def test_sums_share_one_head() -> None:
    network = ws.compile(f"{SQUARE}return (A + S)*S*(A - 2*S)\n")
    assert network.report.total_heads <= 2
    assert network.verify().accepted


def test_a_product_indexed_by_tokens_is_refused_with_the_reason() -> None:
    script = "algorithm gram(x: [d] per token)\nK = x'*x over context\nreturn K*x' over context\n"
    with pytest.raises(DiagnosticError, match="token"):
        ws.check(script)
