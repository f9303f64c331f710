"""Which entry is wrong, where the weights are no network but for one number.

An entry of k that is off by δ, in row i and column j, moves KᵀQ by δ·e_j·(row i of Q): a product of
a row of the frames and a row of Q.  So with q, v and o.  Of all entries those are found whose δ
makes the product one of blocks.  Matrices that were written down are also searched by trial: each
entry that no other entry equals is given the values that others have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from weightsmith.backends.errors import LiftError
from weightsmith.backends.lift.fixed import Fixed, both_ways, fitting, without
from weightsmith.backends.lift.frames import Basis, reached_basis
from weightsmith.backends.lift.given.dense import Dense, DenseHead, dense_network, references
from weightsmith.backends.lift.given.layout import Reference
from weightsmith.backends.lift.given.tensors import Tensor, Tensors
from weightsmith.backends.lift.network import Draft, draft
from weightsmith.backends.lift.rounding import SPARSE, Rounding

TRIES = 600  # of networks with one entry changed
DIGITS = 5  # by which values of a matrix are told apart
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Damage:
    """An entry of a tensor, what it is, and with what the weights are a network."""

    tensor: str
    place: tuple[int, ...]
    value: float
    wanted: float

    def __str__(self) -> str:
        return f"'{self.tensor}' {list(self.place)} is {self.value:.9g}, not {self.wanted:.6g}"


def explained(dense: Dense, tensors: Tensors, found: Draft) -> str:
    """The message on weights that are no network: the entry that is wrong, or what is no block."""
    damages = list(_by_product(dense, tensors, found.basis)) or list(_by_trial(dense, tensors))
    if damages:
        natural = [one for one in damages if _is_natural(one, tensors)] or damages
        named = " or ".join(str(one) for one in natural[:SHOWN])
        return f"damaged: {named}. With that the weights are a network."
    shown = "; ".join(str(one) for one in found.blocks.defects[:SHOWN])
    more = len(found.blocks.defects) - SHOWN
    return (
        f"these weights are not made of blocks: {shown}"
        + (f"; and {more} more" if more > 0 else "")
        + ". If they are trained, allow for it: --noise 0.01."
    )


def _repaired(tensors: Tensors, damage: Damage) -> Tensors:
    changed = tensors.tensors[damage.tensor].copy()
    changed[damage.place] = damage.wanted
    found = Tensors({})
    found.tensors = {**tensors.tensors, damage.tensor: changed}
    found.dtype, found.rounding = tensors.dtype, tensors.rounding
    return found


def _is_whole(dense: Dense, tensors: Tensors, damage: Damage, *, choose: bool) -> bool:
    """Is everything made of blocks once the entry is changed?"""
    rounding = Rounding(tensors.rounding)
    try:
        changed = dense_network(dense.layout, _repaired(tensors, damage))
        found = draft(changed, reached_basis(changed, rounding, choose=choose), rounding)
    except LiftError:
        return False
    return not found.blocks.defects


def _is_natural(damage: Damage, tensors: Tensors) -> bool:
    """Has another entry the value that is wanted?"""
    others = tensors.tensors[damage.tensor].copy()
    others[damage.place] = 0.0
    return bool((np.abs(others - damage.wanted) <= 1e-5 * abs(damage.wanted) + 1e-12).any())


# -- by the products of a head -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Parts:
    """Splits products block by block."""

    basis: Basis
    fixed: tuple[Fixed, ...]

    def odd(self, product: Tensor, *, out: bool = False) -> Tensor:
        """What of a product is no identity or fixed matrix times a number, block by block.

        With ``out`` its rows are those of a value that is returned, and as many as of a block.
        """
        found = product.copy()
        for rows, upper in [("", slice(None))] if out else self.sides():
            for other, beside in self.sides():
                block = found[upper, beside]
                square = rows == other or (out and block.shape[0] == block.shape[1])
                known = fitting(self.fixed, (rows, other), block.shape)
                found[upper, beside] = without(block, known, square=square)
        return found

    def sides(self) -> list[tuple[str, slice]]:
        basis = self.basis
        return [(one.rows, part) for one, part in zip(basis.frames, basis.parts, strict=True)]


def _by_product(dense: Dense, tensors: Tensors, basis: Basis) -> Iterator[Damage]:
    rounding = Rounding(dense.rounding)
    parts = _Parts(basis, both_ways(dense.matrices))
    found = [
        (layer.number, entry)
        for layer in dense.layers
        for head in layer.heads
        for entry in _entries(head, parts, rounding)
    ]
    for given, weight in zip(dense.layout.outputs, dense.outputs, strict=True):
        odd, side = parts.odd(weight @ basis.matrix, out=True), basis.matrix
        if np.abs(odd).max(initial=0) > rounding.slack(weight, side).max(initial=0):
            alone = np.eye(len(weight))
            found += [
                (0, entry)
                for entry in _fits(
                    given.weight, odd, alone, side, parts, left_is_row=True, out=True
                )
            ]
    for number, (reference, place, off) in found:
        tensor, position = tensors.position(reference, place, number)
        value = float(tensors.tensors[tensor][position])
        damage = Damage(tensor, position, value, _tidy(value - off))
        if _is_whole(dense, tensors, damage, choose=basis.is_coordinates):
            yield damage


def _tidy(value: float) -> float:
    return 0.0 if abs(value) < 1e-9 else value


def _entries(
    head: DenseHead, parts: _Parts, rounding: Rounding
) -> Iterator[tuple[Reference, tuple[int, int], float]]:
    """Entries of the head, and what each must be off for its product to be one of blocks."""
    basis = parts.basis
    read = basis.matrix
    keys, queries, values = head.k @ read, head.q @ read, head.v @ read
    writes = basis.inverse @ head.o
    given = head.given
    scores = parts.odd(keys.T @ queries)
    moves = parts.odd(writes @ values)
    slack = float(rounding.slack(keys.T, queries).max(initial=0))
    if np.abs(scores).max(initial=0) > slack:
        yield from _fits(given.k, scores, queries, read, parts, left_is_row=False)
        yield from _fits(given.q, scores, keys, read, parts, left_is_row=True)
    slack = float(rounding.slack(writes, values).max(initial=0))
    if np.abs(moves).max(initial=0) > slack:
        yield from _fits(given.v, moves, writes.T, read, parts, left_is_row=True)
        yield from _fits(
            given.o, moves, values, basis.inverse.T, parts, left_is_row=False, turn=True
        )


def _fits(
    reference: Reference,
    odd: Tensor,
    partner: Tensor,
    side: Tensor,
    parts: _Parts,
    *,
    left_is_row: bool,
    turn: bool = False,
    out: bool = False,
) -> Iterator[tuple[Reference, tuple[int, int], float]]:
    """Which (i, j): odd = δ · odd part of (row i of ``partner``) ⊗ (row j of ``side``)?"""
    best = []
    for i, row in enumerate(partner):
        for j, line in enumerate(side):
            outer = np.outer(row, line) if left_is_row else np.outer(line, row)
            moved = parts.odd(outer, out=out)
            size = float((moved**2).sum())
            if size <= 1e-18:
                continue
            off = float((moved * odd).sum()) / size
            rest = float(np.abs(odd - off * moved).max())
            best.append((rest, i, j, off))
    best.sort()
    scale = float(np.abs(odd).max())
    for rest, i, j, off in best[:SHOWN]:
        if rest <= 1e-3 * scale:
            yield reference, ((j, i) if turn else (i, j)), off


# -- by trial ------------------------------------------------------------------------------------


def _by_trial(dense: Dense, tensors: Tensors) -> Iterator[Damage]:
    """Entries that stand alone, in matrices that were written down."""
    tries = 0
    for name in _names(dense):
        tensor = tensors.tensors.get(name)
        if tensor is None or ((tensor == 0).mean() < SPARSE and tensor.ndim > 1):
            continue
        rounded = np.array([float(f"{one:.{DIGITS}g}") for one in tensor.ravel()])
        values, counts = np.unique(rounded, return_counts=True)
        single = set(values[counts == 1].tolist())
        others = [0.0, *(one for one in values.tolist() if one and one not in single)]
        for flat, value in enumerate(rounded.tolist()):
            if value not in single or value == 0:
                continue
            place = tuple(map(int, np.unravel_index(flat, tensor.shape)))
            for wanted in others:
                exact = tensor.ravel()[np.flatnonzero(rounded == wanted)]
                tries += 1
                if tries > TRIES:
                    return
                own = float(exact[0]) if len(exact) else 0.0
                damage = Damage(name, place, float(tensor[place]), own)
                if _is_whole(dense, tensors, damage, choose=True):
                    yield damage


def _names(dense: Dense) -> list[str]:
    """The tensors that the layout names, each once."""
    found = [dense.layout.embed.tensor]
    for layer in dense.layers:
        found += [one.tensor.replace("{i}", str(layer.number)) for one in references(layer.given)]
    found += [one.weight.tensor for one in dense.layout.outputs]
    return list(dict.fromkeys(name for name in found if name))
