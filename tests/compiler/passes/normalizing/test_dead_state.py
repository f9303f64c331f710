"""What no returned value depends on is not computed."""

from __future__ import annotations

import weightsmith.api as ws

SCRIPT = """algorithm f(A: symmetric[d, d], B: symmetric[d, d])
X, Y, Z = A, B, A*B
repeat 5:
    X, Y, Z = 2*X - X*A*X, Y*B*Y, X*Z*Y
return X
"""


def test_a_dead_variable_costs_nothing() -> None:
    network = ws.compile(SCRIPT)
    assert (network.report.heads, network.report.width_text) == (1, "2*d")
    assert "B" not in [source.of for source in network.template.sources]
    assert network.verify().accepted


def test_a_variable_that_others_need_is_alive() -> None:
    network = ws.compile(SCRIPT.replace("return X", "return Z"))
    assert {"X", "Y", "Z"} <= {block.name for block in network.template.blocks}
    assert network.verify().accepted


def test_a_loop_of_dead_variables_has_no_layers() -> None:
    script = SCRIPT.replace("return X", "repeat 3:\n    Y = Y*Y\nreturn X")
    network = ws.compile(script)
    assert network.report.layers == 5
    assert network.verify().accepted
