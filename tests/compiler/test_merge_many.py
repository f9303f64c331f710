"""Thousands of heads that can be merged, as in Sylvester steps: no recursion over merges."""

from __future__ import annotations

from weightsmith import api


def test_heads_of_fifty_sylvester_steps() -> None:
    """Recursion over merges ended with 50 steps, and took 21 s of CPU time with 40."""
    script = "algorithm sylvester(A: [d, d], B: [d, d], C: symmetric[d, d])\nX = C\n"
    script += "repeat 50:\n    X = X - 1/8*(A*X + X*B - C)\nreturn X\n"
    network = api.compile(script, fewest="layers")
    assert "restructured: 50 layers as written, 5 now" in network.notes
