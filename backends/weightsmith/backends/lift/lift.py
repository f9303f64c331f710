"""Weights and a layout to a network: the blocks, their coefficients, and the check that they agree.

At several sizes the networks must be one text; a coefficient is what it can be at all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from weightsmith.backends.errors import LiftError
from weightsmith.backends.lift.blocks import MARK, Defect, Estimate
from weightsmith.backends.lift.coefficients import Claim, claim, forms_of, nearest
from weightsmith.backends.lift.frames import Basis, given_basis, reached_basis
from weightsmith.backends.lift.given.dense import Dense, dense_network
from weightsmith.backends.lift.given.layout import Layout
from weightsmith.backends.lift.given.tensors import Tensors
from weightsmith.backends.lift.marks import filled, filled_layer, order_of
from weightsmith.backends.lift.network import Draft, body_of, draft
from weightsmith.backends.lift.rounding import SPARSE, Rounding
from weightsmith.backends.lift.verify import Agreement, agreement
from weightsmith.compiler.ir.template import Layer, Template


@dataclass(frozen=True, slots=True)
class Lifted:
    """``claims``: the coefficients, by text.  ``agreements``: how near the weights are to the
    network, one a size.  ``unreached``: how many rows of the stream, or directions, are left out.
    ``way``: how the blocks were found.  ``noise``: not zero for trained weights."""

    template: Template
    claims: tuple[Claim, ...]
    agreements: tuple[Agreement, ...]
    unreached: int
    way: str
    noise: float = 0.0
    defects: tuple[Defect, ...] = ()


def lift(layouts: Sequence[Layout], files: Sequence[Tensors], *, noise: float = 0.0) -> Lifted:
    """Lift the same network at one or several sizes.

    ``noise``: trained weights, entries of products up to it count as zero; the network found is
    the nearest of its kind, and no claim is made.  Raises LiftError.
    """
    from weightsmith.backends.lift.damage import explained

    drafts = []
    for layout, tensors in zip(layouts, files, strict=True):
        dense = dense_network(layout, tensors)
        found = best_draft(dense, Rounding(tensors.rounding, noise))
        if found.blocks.defects and not noise:
            raise LiftError(explained(dense, tensors, found))
        drafts.append((dense, found))
    dense, first = drafts[0]
    for layout, (_, other) in zip(layouts[1:], drafts[1:], strict=True):
        _same_shape(first, other, layout)
    claims = _claims([one for _, one in drafts], layouts, noise)
    whole, passes = _written(first, claims)
    template = replace(whole, body=body_of(dense, passes))
    agreements = []
    for layout, tensors, (own, one) in zip(layouts, files, drafts, strict=True):
        rounding = Rounding(tensors.rounding, noise)
        numbers = {**_counts(own, template), **layout.numbers, **layout.bindings}
        agreements.append(agreement(own, one.basis, whole, passes, numbers, rounding))
    for near in agreements:
        if near.worst > 1 and not noise:
            raise LiftError(
                f"the weights are not this network: {near.where} is off by {near.off:.3g}."
            )
    return Lifted(
        template,
        tuple(dict.fromkeys(claims.values())),
        tuple(agreements),
        dense.height - first.basis.matrix.shape[1],
        _way(dense, first.basis),
        noise,
        tuple(first.blocks.defects),
    )


def best_draft(dense: Dense, rounding: Rounding) -> Draft:
    """The draft in the blocks that are given; or in rows of the stream, or else in directions."""
    if dense.layout.blocks:
        return draft(dense, given_basis(dense), rounding)
    zeros = (np.abs(dense.embed) <= rounding.noise).mean()
    if zeros < SPARSE and dense.embed.shape[1] > 1:  # rotated: see rounding.py
        return draft(dense, reached_basis(dense, rounding, choose=False), rounding)
    chosen = draft(dense, reached_basis(dense, rounding, choose=True), rounding)
    if not chosen.blocks.defects:
        return chosen
    turned = draft(dense, reached_basis(dense, rounding, choose=False), rounding)
    if len(turned.blocks.defects) < len(chosen.blocks.defects):
        return turned
    return chosen


def _way(dense: Dense, basis: Basis) -> str:
    if dense.layout.blocks:
        return "the blocks of the layout"
    if basis.is_coordinates:
        return "blocks of rows of the stream, found from the sources"
    return "blocks in directions of the stream, found from the sources"


def _counts(dense: Dense, template: Template) -> dict[str, Fraction]:
    """What the loops' counts are, by name."""
    loops = dense.layout.loops.values()
    return {one.count: Fraction(one.times) for one in loops if one.count.isidentifier()}


def _layers(found: Draft) -> list[Layer]:
    return [layer for one in found.passes for layer in one if layer is not None]


def _bare(found: Draft) -> tuple[Template, list[Layer]]:
    """Without numbers."""

    def text(coefficient: str) -> str:
        return MARK if coefficient.startswith(MARK) else coefficient

    template = replace(found.template, bindings=())
    return filled(template, text), [filled_layer(layer, text) for layer in _layers(found)]


def _same_shape(first: Draft, other: Draft, layout: Layout) -> None:
    """Raise LiftError unless the two are one network but for their numbers."""
    one, two = _bare(first), _bare(other)
    if one == two:
        return
    for name in ("blocks", "sources", "read_in", "read_out"):
        if getattr(one[0], name) != getattr(two[0], name):
            raise LiftError(f"the two sizes are different networks: their {name} differ.")
    for layer, (mine, its) in enumerate(zip(one[1], two[1], strict=False)):
        if mine != its:
            raise LiftError(
                f"the two sizes are different networks: layer {layer + 1} of what is read differs."
            )
    raise LiftError(
        f"the two sizes of '{layout.name}' are different networks: {len(one[1])} and "
        f"{len(two[1])} layers."
    )


def _claims(drafts: list[Draft], layouts: Sequence[Layout], noise: float) -> dict[str, Claim]:
    """What each mark of the first draft stands for; equal floats are read once."""
    forms = [forms_of(layout) for layout in layouts]
    orders = [order_of(one.template, _layers(one)) for one in drafts]
    known: dict[tuple[Estimate, ...], Claim] = {}
    found = {}
    for marks in zip(*orders, strict=True):
        estimates = tuple(
            one.blocks.estimates[int(mark.removeprefix(MARK))]
            for one, mark in zip(drafts, marks, strict=True)
        )
        if estimates not in known:
            if noise:
                known[estimates] = nearest(estimates[0], forms[0])
            else:
                known[estimates] = claim(estimates, forms, "a coefficient")
        found[marks[0]] = known[estimates]
    return found


def _written(
    found: Draft, claims: dict[str, Claim]
) -> tuple[Template, tuple[tuple[Layer | None, ...], ...]]:
    def text(coefficient: str) -> str:
        return claims[coefficient].text if coefficient.startswith(MARK) else coefficient

    passes = tuple(
        tuple(None if layer is None else filled_layer(layer, text) for layer in one)
        for one in found.passes
    )
    return filled(found.template, text), passes
