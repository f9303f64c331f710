"""Mistakes with scores: where they are shown, what is said and advised."""

from __future__ import annotations

import pytest

from weightsmith import api as ws
from weightsmith.dsl import DiagnosticError, heads
from weightsmith.dsl.text.diagnostics import one_of

HEAD = """\
algorithm f(x: [d] per token, y: [k] per context, A: [d, d], B: [k, d])
assume spectrum(x*x' over context) in [mu, L]
param eta, mu = 1, L = 2, steps = 3
"""

# The lines after HEAD; line (from 1, after HEAD), column; message; advice.
Case = tuple[str, int, int, str, str]
C = "  over context"

SHAPES: list[Case] = [
    ("S = relu(x'*x)\nreturn y*S" + C, 1, 5, "rows and columns of this one are indexed by tokens",
     "multiply: v*relu(x'*x)"),
    ("S = x'*x\nreturn y*relu(S)" + C, 1, 5, "'S' cannot be held in the residual stream",
     "write it where it is used"),
    ("S = softmax(x'*x)\nreturn y*S" + C, 1, 5, "are not held", "write v*relu(k'*q) over context"),
    ("return softmax(x'*x)" + C, 1, 8, "are not held", "what is summed stands to the left"),
    ("return relu(x'*x)*y'" + C, 1, 8, "they multiply a value to their left", "to the left"),
    ("return softmax(y)", 1, 8, "'softmax' is of scores of tokens by tokens, but this is [k, token",
     "e = exp.(E), then e ./ sum(e)"),
    ("return normalised(A)", 1, 8, "'normalised' is of scores of tokens by tokens", "./ sum(e)"),
    ("return y*softmax(x*x')" + C, 1, 8, "these do not multiply", "the columns of y"),
    ("return y*softmax(x*y)" + C, 1, 18, "these do not multiply", "the columns of x"),
    ("return x'*x*relu(x'*x)" + C, 1, 8, "a value whose rows and columns are both tokens", "left"),
    ("return y*relu(x'*x + A)" + C, 1, 22, "", ""),
    ("return y*(exp.(x'*x) ./ sum(exp.(x'*x)))" + C, 1, 10, "indexed by tokens", "with softmax"),
]  # fmt: skip

FUNCTIONS: list[Case] = [
    ("return y*square(x'*x)" + C, 1, 10, "a head does not apply 'square' to its scores",
     "it knows abs, atan, cos, erf, exp, log, relu"),
    ("return y*gelu(x'*x)" + C, 1, 10, "", ""),
    ("return y*normalised(clip(x'*x, 0, 1))" + C, 1, 10,
     "does not divide 'clip' of its scores by their sums", "normalised takes scores, or one of"),
    ("return y*normalised(softmax(x'*x))" + C, 1, 10, "got 'normalised' of 'softmax'",
     "softmax(S) is normalised(exp.(S))"),
    ("return y*softmax(relu(x'*x))" + C, 1, 10, "got 'softmax' of 'relu'", "one function of S"),
    ("return y*relu(softmax(x'*x))" + C, 1, 10, "a head applies one function to its scores", "S"),
    ("return y*softmax(x'*x, 1)" + C, 1, 10, "softmax takes one value, got 2", "softmax(k'*q)"),
    ("return y*softmax(x'*x, t = 1)" + C, 1, 10, "takes no named numbers", "softmax"),
    ("return y*softmax()" + C, 1, 10, "softmax takes one value, got 0", "softmax(k'*q)"),
    ("return y*exp(x'*x)" + C, 1, 10, "exp is not a polynomial", "write exp.(x'*x)"),
    ("return y*softmax" + C, 1, 10, "'softmax' is a function", "softmax(k'*q)"),
    ("return y*normalise(x'*x)" + C, 1, 10, "with 'normalised'", "write normalised(E)"),
    ("return y*softmx(x'*x)" + C, 1, 10, "'softmx'", "softmax"),
    ("return y*relu(x'*x + I)" + C, 1, 8, "the identity I is none", "write v + v*(k'*q)"),
]  # fmt: skip

MASKS: list[Case] = [
    ("return y*x'" + C + " before", 1, 8, "'before' needs a value with a column for each token",
     "y*x'*x"),
    ("return x'*x*y'" + C + " upto", 1, 8, "'upto' needs a value with a column for each token",
     "its transpose"),
    ("return y*x'*x*x'*x" + C + " before", 1, 8, "sums over tokens twice, and 'before' holds",
     "a clause of its own"),
    ("return y*relu(x'*x)*x'*x" + C + " upto", 1, 8, "sums over tokens twice", "brackets"),
    ("return y*x'*x" + C + " later", 1, 29, f"expected {one_of(heads.MASKS)}, got 'later'", ""),
    ("return y*x'*x" + C + " Upto", 1, 29, "expected ", "did you mean 'upto'?"),
    ("return y*x'*x  over before", 1, 21, "expected context, query or tokens, got 'before'", ""),
    ("return y*x'*x  on context before", 1, 27, "got 'before'", ""),
    ("return x*(x'*x)  over tokens before", 1, 23, "tokens are in order within one group",
     "write over context before"),
    ("return y*(x'*x)" + C + " upto on query", 1, 8, "this value is defined on context only",
     "return it on context"),
]  # fmt: skip

PLACES: list[Case] = [
    ("return y*softmax(x'*x)", 1, 8, "nothing says over which", "write 'over context'"),
    ("return y*softmax(x'*x)  over query", 1, 8, "both defined on context only", "over context"),
    ("return y*x'*x over context approximates y*softmax(x'*x)" + C, 1, 43,
     "cannot stand in a target", "root"),
    ("return y*x'*x on context over context approximates y*x'*x" + C + " before", 1, 52,
     "not in a target", ""),
    ("a = y*relu(x'*x)" + C + "\nreturn a approximates a", 2, 23, "names a value that applies a",
     "root(w: …)"),
    ("w = B\nreturn w approximates root(w: (w*x*relu(x'*x) - y)*x'" + C + ")", 2, 32,
     "stand in statements, not in a target", ""),
    ("return 0*y*relu(x'*x)" + C, 1, 8, "'output' is zero for every input", "leave it out"),
    ("return y*relu(0*x'*x)" + C, 1, 8, "'output' is zero for every input", "leave it out"),
]  # fmt: skip


@pytest.mark.parametrize("case", SHAPES + FUNCTIONS + MASKS + PLACES, ids=lambda case: case[0])
def test_place_message_and_hint(case: Case) -> None:
    text, line, column, message, hint = case
    with pytest.raises(DiagnosticError) as caught:
        ws.compile(HEAD + text + "\n")
    first = next(one for one in caught.value.diagnostics if one.severity == "error")
    assert (first.line - HEAD.count("\n"), first.column) == (line, column), first.render()
    assert message in first.message
    assert hint in (first.hint or "")
    assert first.render()
