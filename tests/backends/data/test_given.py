"""Whatever a user may pass as a matrix: the right numbers, or a sentence that names the input."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

import weightsmith.api as ws
from weightsmith.backends.data.given import float_array, float_inputs, plain_array
from weightsmith.backends.errors import LayoutError

MATRIX = [[1.0, 2.0], [0.0, -3.0]]


class Frame:
    """A table as pandas has it: its values on request, and no array interface."""

    def __init__(self, rows: object) -> None:
        self.rows = rows

    def to_numpy(self) -> np.ndarray:
        return np.array(self.rows, dtype=object)


class Sparse:
    """A sparse matrix as SciPy has it; NumPy alone would make one object of it."""

    def __init__(self, rows: object, shape: tuple[int, int] = (2, 2)) -> None:
        self.rows, self.shape = rows, shape

    def toarray(self) -> np.ndarray:
        return np.array(self.rows)


GIVEN = {
    "list": MATRIX,
    "tuple of tuples": tuple(map(tuple, MATRIX)),
    "float16": np.array(MATRIX, dtype=np.float16),
    "big-endian": np.array(MATRIX, dtype=">f8"),
    "int8": np.array(MATRIX).astype(np.int8),
    "masked, nothing masked": np.ma.masked_array(MATRIX, mask=False),
    "objects": np.array([[1, 2.0], [Fraction(0), Decimal(-3)]], dtype=object),
    "NumPy's numbers as objects": np.array([[np.int64(1), np.float32(2)], [0, -3]], dtype=object),
    "tensor": torch.tensor(MATRIX),
    "tensor with a gradient": torch.tensor(MATRIX, requires_grad=True),
    "result with a gradient": 2 * torch.tensor(MATRIX, requires_grad=True) / 2,
    "bfloat16": torch.tensor(MATRIX, dtype=torch.bfloat16),
    "sparse tensor": torch.tensor(MATRIX).to_sparse(),
    "lazily negated tensor": torch.complex(torch.zeros(2, 2), -torch.tensor(MATRIX)).conj().imag,
    "sparse": Sparse(MATRIX),
    "table": Frame([[1, 2.0], [0, -3]]),
    "table of numbers in objects": Frame([[True, 2], [False, Fraction(-3)]]),
}


@pytest.mark.parametrize("kind", GIVEN)
def test_the_same_matrix_in_any_form(kind: str) -> None:
    found = float_array(GIVEN[kind], "'A'")
    assert found.dtype.kind == "f"
    np.testing.assert_array_equal(np.asarray(found, dtype=float), MATRIX)


def test_booleans_are_zeros_and_ones() -> None:
    adjacency = np.array([[False, True], [True, False]])
    np.testing.assert_array_equal(float_array(adjacency, "'A'"), [[0.0, 1.0], [1.0, 0.0]])
    np.testing.assert_array_equal(
        float_array(torch.tensor(adjacency), "'A'"), [[0.0, 1.0], [1.0, 0.0]]
    )


def test_whole_numbers_beyond_the_floats_are_rounded_to_the_nearest() -> None:
    odd = 2**53 + 1
    assert float_array([[odd]], "'A'")[0, 0] == 2.0**53
    assert float_array([[odd, 10**30]], "'A'")[0, 1] == 1e30
    assert plain_array([[odd, 10**30]], "'A'")[0, 0] == odd  # exact, for exact arithmetic


REFUSED = {
    r"'A' holds a NaN at \[1, 0\]; every entry": [[1.0, 2.0], [np.nan, np.inf]],
    r"'A' holds -an infinity at \[0, 1\]": [[1.0, -np.inf]],
    r"'A' holds a number that is too large for float64 at \[0, 1\]": [[1, 10**400]],
    r"'A' is masked at \[0, 1\]": np.ma.masked_array(MATRIX, mask=[[0, 1], [0, 0]]),
    "'A' is no matrix: row 0 has 2 entries, row 1 has 1 entry": [[1.0, 2.0], [3.0]],
    "'A' is no matrix: row 0 has 2 entries, row 2 has one number": [[1.0, 2.0], [3.0, 1.0], 3.0],
    "expected real numbers for 'A', got complex": [[1j]],
    "expected numbers for 'A', got texts": [["1", "2"]],
    "expected numbers for 'A', got texts (.*)": [["\ud800"]],
    "expected numbers for 'A', got bytes": [[b"1"]],
    "expected numbers for 'A', got dates": np.array([["2026-01-01"]], dtype="datetime64[D]"),
    "expected numbers for 'A', got spans of time": np.array([[5]], dtype="timedelta64[s]"),
    "expected numbers for 'A', got records": np.zeros((1, 1), dtype=[("x", float)]),
    r"expected numbers for 'A', got None at \[0, 1\]": [[1.0, None]],
    r"expected numbers for 'A', got an object of type datetime at \[0, 0\]": [
        [datetime(2026, 1, 1)]
    ],
    r"expected numbers for 'A', got a NaN at \[0, 0\]": [[float("nan"), Fraction(1)]],
    "expected numbers for 'A', got an object of type set": {1.0, 2.0},
    "expected numbers for 'A', got None": None,
    r"expected numbers for 'A', got an object of type str at \[0, 1\]": Frame([[1, "many"]]),
    "'A' is not an array of numbers: it is sparse, and has more than": Sparse([], (10**6, 10**6)),
    r"'A' holds a NaN at \[0, 0\]": torch.tensor([[torch.nan]], requires_grad=True),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_is_no_matrix_of_numbers_is_refused_in_a_sentence(message: str) -> None:
    with pytest.raises(LayoutError, match=message):
        float_array(REFUSED[message], "'A'")


def test_scipy_has_what_is_used_of_it() -> None:
    scipy = pytest.importorskip("scipy.sparse")
    for sparse in (scipy.csr_matrix(MATRIX), scipy.coo_array(np.array(MATRIX))):
        np.testing.assert_array_equal(float_array(sparse, "'A'"), MATRIX)


SCRIPT = """algorithm f(A: symmetric[v, v], x: [v] per token)
return A*x, x*x'*A over context
"""


def test_a_network_and_its_script_take_the_same_things() -> None:
    network = ws.compile(SCRIPT)
    A, x = [[2, 1], [1, 0]], [[1.0, 3.0, 0.0], [0.0, 1.0, 1.0]]
    for kind in (np.array, torch.tensor, Sparse, Frame, lambda rows: rows):
        query = torch.ones((2, 1), requires_grad=True)
        inputs = {"A": kind(A), "x": {"context": torch.tensor(x), "query": query}}
        for answer in (network.run(inputs), network.interpret(inputs)):
            np.testing.assert_array_equal(answer["output1"]["query"], [[3.0], [1.0]])
            np.testing.assert_array_equal(answer["output2"], [[23.0, 10.0], [8.0, 3.0]])


@pytest.mark.parametrize(
    ("message", "inputs"),
    [
        (
            "A is not symmetric",
            {"A": torch.tensor([[0.0, 1.0], [2.0, 0.0]]).requires_grad_()},
        ),
        (r"'A' holds a NaN at \[1, 1\]", {"A": [[0.0, 1.0], [1.0, np.nan]]}),
        (
            "'x' on query tokens is no matrix",
            {"x": {"context": [[1], [1]], "query": [[1], [1, 2]]}},
        ),
        ("no input .*ud800", {"\ud800": [[1.0]]}),
        ("no input '3'", {3: [[1.0]]}),
        ("expected a matrix", {"A": np.zeros(2)}),
    ],
)
def test_a_network_refuses_in_the_users_names(message: str, inputs: dict[str, object]) -> None:
    network = ws.compile(SCRIPT)
    whole = {"A": np.eye(2), "x": {"context": np.zeros((2, 3)), "query": np.zeros((2, 1))}}
    with pytest.raises(LayoutError, match=message) as refused:
        network.run({**whole, **inputs})
    str(refused.value).encode()  # a terminal can print it


def test_the_inputs_are_a_mapping() -> None:
    with pytest.raises(LayoutError, match=r"as \{name: matrix\}, got list"):
        float_inputs([[1.0]])  # type: ignore[arg-type]
