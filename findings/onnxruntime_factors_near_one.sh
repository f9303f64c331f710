#!/bin/sh
# onnxruntime 1.32.0: in float64 a product with a constant within 1e-8 of 1, and a quotient by one,
# are left out (NoopElimination, at the default level of optimisation and at the basic one), which
# is 1e8 units of round-off.  Without optimisations, or without that one, the result is right.
# Exits with 0 while that is so.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet onnxruntime==1.32.0 onnx==1.23.2 numpy
"$place/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper


def run(op, constant, x, level="ORT_ENABLE_ALL", without=None):
    """x op constant, of float64: neither the first operation of the graph nor the last."""
    ends = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, [1]) for name in "xy"]
    nodes = [
        helper.make_node("Neg", ["x"], ["s"]),
        helper.make_node(op, ["s", "c"], ["t"]),
        helper.make_node("Neg", ["t"], ["y"]),
    ]
    c = numpy_helper.from_array(np.array(constant), "c")
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [c])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = ort.SessionOptions()
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
    session = ort.InferenceSession(
        model.SerializeToString(), options, disabled_optimizers=without
    )
    return -float(session.run(None, {"x": np.array([-x])})[0][0])


print("onnxruntime", ort.__version__)
lost = []
for op in ("Mul", "Div"):
    for part in (1e-6, 1e-7, 9e-9, 1e-9, 1e-12):
        constant = 1 + part
        wanted = 3 * constant if op == "Mul" else 3 / constant
        assert run(op, constant, 3.0, "ORT_DISABLE_ALL") == wanted
        assert run(op, constant, 3.0, without=["NoopElimination"]) == wanted
        found = run(op, constant, 3.0)
        print(f"3 {op} 1 + {part}: {found!r}, right is {wanted!r}")
        lost += [(op, part)] if found == 3.0 else []
assert lost == [(op, p) for op in ("Mul", "Div") for p in (9e-9, 1e-9, 1e-12)], "this has changed"
PYTHON
