"""Random scripts whose loop is affine in what it carries, on tokens and on scratch tokens."""

from __future__ import annotations

from hypothesis import strategies as st

NUMBERS = ("1/2", "-1/3", "2", "-1", "1/5", "3/4")


@st.composite
def affine_scripts(draw: st.DrawFn) -> str:
    """A script with one loop of 1 to 40 passes."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    numbers = [draw(st.sampled_from(NUMBERS)) for _ in range(6)]
    count = draw(st.integers(1, 40 if kind not in SHORT else 6))
    lines = KINDS[kind]
    text = "\n".join(lines) + "\n"
    for letter, number in zip("abcefg", numbers, strict=True):
        text = text.replace(f"({letter})", f"({number})")
    return text.replace("COUNT", str(count))


TOKENS = "algorithm random(x: [d] per token, y: [k] per context)"
SCRATCH = "algorithm random(A: [d, d], S: symmetric[d, d], B: [d, e], C: [d, e])"
BODY = "repeat COUNT:"
SHORT = {"newton", "squares", "cubes", "hyperpower"}  # counts are exponents there
KINDS: dict[str, list[str]] = {
    "descent": [
        TOKENS,
        "w = 0",
        BODY,
        "    w = w - (a)*(w*x - y)*x' over context",
        "return (b)*w*x on query",
    ],
    "ridge": [
        TOKENS,
        "w = 0",
        BODY,
        "    w = (a)*w - (b)*(w*x - y)*x' over context",
        "return w*x - (c)*y on context",
    ],
    "weights": [
        TOKENS,
        "w = (c)*y*x' over context",
        BODY,
        "    w = w - (b)*w*x*x' over context",
        "return w",
    ],
    "started": [
        TOKENS,
        "w = (c)*y*x' over context",
        BODY,
        "    w = w - (b)*(w*x - y)*x' over context",
        "return w*x on query",
    ],
    "data": [
        TOKENS,
        "U = (c)*x",
        BODY,
        "    U = (a)*U - (b)*U*x'*x over context",
        "return U on tokens",
    ],
    "residual": [
        TOKENS.replace("y: [k] per context", "y: [k] per token"),
        "r = -y",
        BODY,
        "    r = r - (a)*r*x'*x over context",
        "return r + y on query",
    ],
    "momentum": [
        TOKENS,
        "w, v = 0, 0",
        BODY,
        "    w, v = w - (a)*(w*x - y)*x' + (b)*(w - v), w over context",
        "return w*x on query",
    ],
    "powers": [SCRATCH, "X = I", BODY, "    X = (a)*X + (b)*A*X", "return (c)*X"],
    "symmetric": [SCRATCH, "X = (a)*I", BODY, "    X = X - (b)*S*X + (c)*I", "return X"],
    "columns": [SCRATCH, "X = 0", BODY, "    X = X - (a)*A*X + (b)*B", "return X"],
    "rows": [SCRATCH, "X = 0", BODY, "    X = (a)*X - (b)*X*A + (c)*B'", "return X*B"],
    "laplacian": [SCRATCH, "X = 0", BODY, "    X = X + (a)*(B - B*C'*X)", "return X"],
    "flows": [SCRATCH, "X = 0", BODY, "    X = X + (a)*(B - C*B'*X)", "return X'*C"],
    "gram": [SCRATCH, "X = B", BODY, "    X = (a)*X + (b)*B*B'*X", "return X - (c)*B"],
    "shifted": [SCRATCH, "X = 0", BODY, "    X = X - (a)*(S*X + (b)*X - I)", "return B'*X*B"],
    "two": [
        SCRATCH,
        "X, Y = B, 0",
        BODY,
        "    X, Y = (a)*X + (b)*Y, (c)*Y + (e)*S*X",
        "return X + (f)*Y",
    ],
    "several": [
        TOKENS,
        "w, v = 0, (c)*y*x' over context",
        BODY,
        "    w, v = (a)*w - (e)*v + (b)*(w*x - y)*x', w over context",
        "return w*x on query, v*x - w*x on query",
    ],
    "newton": [SCRATCH, "X = (a)*I", BODY, "    X = 2*X - X*S*X", "return X"],
    "hyperpower": [
        SCRATCH,
        "X = (a)*A'",
        "repeat 3:",
        "    X = X*(3*I - 3*A*X + A*X*A*X)",
        "return X",
    ],
    "squares": [SCRATCH, "E = I - (a)*S", BODY, "    E = E*E", "return (b)*E"],
    "cubes": [
        SCRATCH,
        "X, E = (b)*I, I - (a)*S",
        "repeat 3:",
        "    X, E = X + X*E + X*E*E, E*E*E",
        "return X",
    ],
    "metric": [
        TOKENS[:-1] + ", P: symmetric[d, d])",
        "w = 0",
        BODY,
        "    w = w - (a)*(w*x - y)*x'*P over context",
        "return w*x on query",
    ],
}
