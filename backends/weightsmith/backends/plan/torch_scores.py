"""What heads make of their scores, as an expression on PyTorch tensors."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from weightsmith.backends.plan.operations.functions import SPELLINGS
from weightsmith.backends.plan.operations.nodes import (
    DIAGONAL,
    Applied,
    Beside,
    Node,
    Ref,
    Running,
    Seen,
    Shares,
)
from weightsmith.compiler.ir.template import ALL


def scores_text(node: Node, ref: Callable[[Ref], str]) -> str:
    """The expression; ``ref`` says how a value is named.  Raises TypeError on any other node."""
    match node:
        case Beside(parts):
            return f"torch.cat(({', '.join(map(ref, parts))}), -1)"
        case Applied(of, function):
            return SPELLINGS[function].call("torch", ref(of))
        case Shares(of, softmax):
            given = ref(of)
            share = f"{given} / {given}.sum(-2, keepdim=True)"
            return f"torch.softmax({given}, -2)" if softmax else share
        case Running(values, keys, queries, mask, chunk):
            sides = ", ".join(map(ref, (values, keys, queries)))
            return f"running({sides}, {DIAGONAL[mask]}, {chunk})"
        case Seen():
            return _seen(node, ref)
        case _:
            raise TypeError(f"no operation: {node}")


def _seen(node: Seen, ref: Callable[[Ref], str]) -> str:
    given = ref(node.of)
    if node.other == 0 and node.keys is None and node.queries is None:
        return f"{given}.triu({DIAGONAL[node.mask]})"
    seen = []
    if node.mask != ALL:
        every = f"torch.ones_like({given}, dtype=torch.bool)"
        seen.append(f"{every}.triu({DIAGONAL[node.mask]})")
    if node.keys is not None:
        seen.append(f"({ref(node.keys)} != 0).mT")
    if node.queries is not None:
        seen.append(f"({ref(node.queries)} != 0)")
    other = 'float("-inf")' if node.other == -inf else repr(node.other)
    return f"torch.where({' & '.join(seen)}, {given}, {other})"
