"""Sums up to each token, chunk by chunk: linear attention with a mask in time linear in tokens.

    out_t = Σ_{s ≤ t} v_s · (k_s · q_t) = (Σ_{chunks before} V_c · K_cᵀ) · q_t + own chunk, masked

A token changes no earlier entry, not by round-off either.
"""

from __future__ import annotations

import torch
from torch import Tensor

NARROW = 1024  # rows of values times those of keys up to which chunks are worth taking together
TOGETHER = 32  # chunks; speed only


def running(values: Tensor, keys: Tensor, queries: Tensor, diagonal: int, chunk: int) -> Tensor:
    """Return values · triu(keysᵀ · queries): (batch ×) rows × tokens of each.

    ``diagonal``: 0 with the token itself, 1 without it.
    """
    tokens = keys.shape[-1]
    together = TOGETHER if values.shape[-2] * keys.shape[-2] <= NARROW else 1
    if torch.compiler.is_compiling() or keys.device.type != "cpu":
        step = tokens + -tokens % chunk  # few calls, and no number of them
    else:
        step = chunk * together
    memory = values.new_zeros(*values.shape[:-1], keys.shape[-2])
    parts: list[Tensor] = []
    for start in range(0, tokens, step) if step else ():
        sides = tuple(one[..., start : start + step] for one in (values, keys, queries))
        several = step > chunk
        part, memory = (
            _chunks(memory, sides, diagonal, chunk) if several else _one(memory, sides, diagonal)
        )
        parts.append(part)
    if not parts:
        return torch.zeros_like(values)
    return parts[0] if len(parts) == 1 else torch.cat(parts, -1)


def _one(memory: Tensor, sides: tuple[Tensor, ...], diagonal: int) -> tuple[Tensor, Tensor]:
    """A chunk, and the memory after it."""
    values, keys, queries = sides
    scores = torch.matmul(keys.mT, queries).triu(diagonal)
    own = _plus(torch.matmul(values, scores), memory, queries)
    return own, _plus(memory, values, keys.mT)


def _chunks(
    memory: Tensor, sides: tuple[Tensor, ...], diagonal: int, chunk: int
) -> tuple[Tensor, Tensor]:
    """Several chunks at once; the last one is filled up with zeros."""
    values, keys, queries = (_cut(side, chunk) for side in sides)
    scores = torch.matmul(keys.mT, queries).triu(diagonal)
    own = torch.matmul(values, scores)
    before = torch.cat([memory.unsqueeze(-3), torch.matmul(values, keys.mT)], -3).cumsum(-3)
    found = _plus(own, before[..., :-1, :, :], queries)
    joined = found.transpose(-3, -2).flatten(-2)[..., : sides[0].shape[-1]]
    return joined, before[..., -1, :, :]


def _cut(side: Tensor, chunk: int) -> Tensor:
    """(batch ×) chunks × rows × tokens of a chunk."""
    full = torch.nn.functional.pad(side, (0, -side.shape[-1] % chunk))
    cut = full.view(*full.shape[:-1], full.shape[-1] // chunk, chunk)
    return cut.transpose(-3, -2)


def _plus(base: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """base + left · right, in one call where PyTorch has one."""
    if base.ndim == 2:
        return torch.addmm(base, left, right)
    return torch.baddbmm(base, left, right) if base.ndim == 3 else base + left @ right
