"""Random scripts of several loops, some with numbers of their own for every pass."""

from __future__ import annotations

from hypothesis import strategies as st

NUMBERS = ("1/2", "-1/3", "2", "-1", "1/5", "3/4")
TOKENS = "algorithm random(x: [d] per token, y: [k] per context)"
SCRATCH = "algorithm random(S: symmetric[d, d], B: [d, e])"
KINDS = {  # head, start, bodies, result
    "descent": (
        TOKENS,
        "w, v = 0*y*x', 0*y*x' over context",
        (
            "w = w - g*(w*x - y)*x' over context",
            "v, w = w, w - g*(w*x - y)*x' + 1/3*(w - v) over context",
            "w = (1 - g)*w",
        ),
        "w*x on query",
    ),
    "residual": (
        TOKENS,
        "w = y*x' over context",
        ("w = w - g*(w*x - y)*x' over context", "w = g*w - w*x*x' over context"),
        "w*x - y on context",
    ),
    "scratch": (
        SCRATCH,
        "X = I",
        ("X = X - g*(S*X - I)", "X = g*X + S*S*X", "X = X*S - g*X"),
        "2*B'*X*B",
    ),
    "columns": (
        SCRATCH,
        "X = B",
        ("X = X - g*S*X", "X = g*X + S*S*X - B", "X = X + g*B"),
        "X",
    ),
}


@st.composite
def polynomial_scripts(draw: st.DrawFn) -> str:
    """A script with one to three loops of one to nine passes."""
    head, start, bodies, result = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    lines = [head, start]
    for _ in range(draw(st.integers(1, 3))):
        body = draw(st.sampled_from(bodies))
        count = draw(st.integers(1, 9))
        numbers = draw(st.lists(st.sampled_from(NUMBERS), min_size=count, max_size=count))
        if draw(st.booleans()):
            lines += [f"for g in {', '.join(numbers)}:", f"    {body}"]
        else:
            lines += [f"repeat {count}:", f"    {body.replace('g', f'({numbers[0]})')}"]
    return "\n".join([*lines, f"return {result}"]) + "\n"
