"""Thousands of heads that can be merged, as in Sylvester steps: no recursion over merges."""

from __future__ import annotations

from weightsmith import api


def test_heads_of_forty_sylvester_steps() -> None:
    """Recursion over merges took 21 s of CPU time here, and ended the compiler with more steps."""
    script = "algorithm sylvester(A: [d, d], B: [d, d], C: symmetric[d, d])\nX = C\n"
    script += "repeat 40:\n    X = X - 1/8*(A*X + X*B - C)\nreturn X\n"
    network = api.compile(script, fewest="layers")
    assert "restructured: 40 layers as written, 5 now" in network.notes
