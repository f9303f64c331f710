"""What heads make of their scores, as an expression on PyTorch tensors."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from weightsmith.backends.plan.operations.functions import SPELLINGS
from weightsmith.backends.plan.operations.nodes import (
    Applied,
    Beside,
    Node,
    Ref,
    Running,
    Seen,
    Shares,
)
from weightsmith.dsl.heads import ALL, MASKS


def scores_text(node: Node, ref: Callable[[Ref], str]) -> str:
    """The expression; ``ref`` says how a value is named.  Raises TypeError on any other node."""
    match node:
        case Beside(parts):
            return f"torch.cat(({', '.join(map(ref, parts))}), -1)"
        case Applied(of, function):
            return SPELLINGS[function].call("torch", ref(of))
        case Shares(of, by):
            return f"torch.softmax({ref(of)}, -2)" if by is None else f"{ref(of)} / {ref(by)}"
        case Running(values, keys, queries, mask, chunk):
            sides = ", ".join(map(ref, (values, keys, queries)))
            return f"running({sides}, {MASKS[mask].diagonal}, {chunk})"
        case Seen():
            return _seen(node, ref)
        case _:
            raise TypeError(f"no operation: {node}")


def _seen(node: Seen, ref: Callable[[Ref], str]) -> str:
    given = ref(node.of)
    mask = None if node.mask == ALL else MASKS[node.mask]
    diagonal = None if mask is None else mask.diagonal
    seen = []
    if diagonal is not None:
        if node.other == 0 and node.keys is None and node.queries is None:
            return f"{given}.triu({diagonal})"
        seen.append(f"torch.ones_like({given}, dtype=torch.bool).triu({diagonal})")
    elif mask is not None:
        keys, queries = (
            f"torch.arange({given}.shape[{axis}], device={given}.device).unsqueeze(0)"
            if row is None
            else f"(({ref(row)} != 0).cumsum(-1) - 1)"
            for axis, row in ((-2, node.keys), (-1, node.queries))
        )
        seen.append(mask.written(f"{keys}.mT", queries))
    if node.keys is not None:
        seen.append(f"({ref(node.keys)} != 0).mT")
    if node.queries is not None:
        seen.append(f"({ref(node.queries)} != 0)")
    other = 'float("-inf")' if node.other == -inf else repr(node.other)
    return f"torch.where({' & '.join(seen)}, {given}, {other})"
