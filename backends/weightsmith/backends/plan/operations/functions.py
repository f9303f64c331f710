"""The functions that heads apply to the entries of their scores: how each library calls them.

One record for each function of the language (``weightsmith.dsl.elementary``), and relu.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spelling:
    """``torch``, ``numpy``, ``onnx``: calls with ``x`` for the argument; "" where there are none.

    Those of ``onnx`` are operators; ``double``: does onnxruntime have them in float64?
    """

    torch: str
    numpy: str
    onnx: str
    double: bool = True

    def call(self, library: str, argument: str) -> str:
        """The call in ``torch`` or ``numpy``."""
        return re.sub(r"\bx\b", lambda _: argument, getattr(self, library))


SPELLINGS: Mapping[str, Spelling] = {
    "relu": Spelling("torch.relu(x)", "np.maximum(x, 0)", "Relu(x)"),
    "abs": Spelling("torch.abs(x)", "np.abs(x)", "Abs(x)"),
    "atan": Spelling("torch.atan(x)", "np.arctan(x)", "Atan(x)", double=False),
    "cos": Spelling("torch.cos(x)", "np.cos(x)", "Cos(x)"),
    "erf": Spelling("torch.erf(x)", "", "Erf(x)", double=False),
    "exp": Spelling("torch.exp(x)", "np.exp(x)", "Exp(x)"),
    "log": Spelling("torch.log(x)", "np.log(x)", "Log(x)"),
    "sigmoid": Spelling("torch.sigmoid(x)", "np.exp(-np.logaddexp(0, -x))", "Sigmoid(x)"),
    "sin": Spelling("torch.sin(x)", "np.sin(x)", "Sin(x)"),
    # from the threshold on PyTorch returns x itself: exp(-40) is less than float64 sees beside it
    "softplus": Spelling(
        "torch.nn.functional.softplus(x, threshold=40)",
        "np.logaddexp(x, 0)",
        "Softplus(x)",
        double=False,
    ),
    "sqrt": Spelling("torch.sqrt(x)", "np.sqrt(x)", "Sqrt(x)"),
    "squared_relu": Spelling(
        "torch.relu(x).square()", "np.square(np.maximum(x, 0))", "Mul(Relu(x), Relu(x))"
    ),
    "tanh": Spelling("torch.tanh(x)", "np.tanh(x)", "Tanh(x)"),
}
