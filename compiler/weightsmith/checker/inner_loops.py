"""A loop with affine loops within it, as one without: what these leave is Lⁿ·s₀·Rⁿ + S_n.

Lⁿ, Rⁿ and S_n are made of inputs alone, so they are the same in every pass of the outer loop: the
letters of ``affine_powers.py``.  s₀ is what the outer loop's pass gives the inner one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from fractions import Fraction

from weightsmith.checker.affine_loop import AffineLoop, read_affine_loop
from weightsmith.checker.affine_powers import AffinePowers
from weightsmith.checker.meaning import Loop
from weightsmith.checker.refusal import require
from weightsmith.checker.scalar_text import count_at
from weightsmith.checker.words import Polynomial


def without_inner_loops(
    loop: Loop, turned: Collection[str], bindings: Mapping[str, Fraction]
) -> tuple[Loop, dict[int, AffinePowers]]:
    """The loop, and the powers of its inner loops, by their index.  Raises RefusedError."""
    known: dict[str, Polynomial] = {}
    found = {}
    for inner in loop.children:
        entering = {name: value.replace_letters(known) for name, value in inner.entering.items()}
        affine = read_affine_loop(replace(inner, entering=entering), turned)
        _check_constant(affine, inner, loop)
        powers = AffinePowers(affine, f"loop {inner.index} ")
        after = powers.after(count_at(inner.count, bindings), dict(affine.start))
        for name, letter in affine.letters.items():
            known[name] = after[name].transpose() if letter.transposed else after[name]
        found[inner.index] = powers
    leaving = {name: value.replace_letters(known) for name, value in loop.leaving.items()}
    return replace(loop, leaving=leaving, children=()), found


def _check_constant(affine: AffineLoop, inner: Loop, loop: Loop) -> None:
    """L, R and c are made of inputs alone: of no letter of a loop."""
    letters = set(loop.letters) | {name for one in loop.children for name in one.letters}
    polynomials = [*affine.left.values(), *affine.constant.values()]
    used = {name for one in polynomials for name in one.names()}
    used |= {letter.name for word in affine.right for letter in word}
    clash = used & letters
    require(not clash, f"Loop {inner.index} is not the same in every pass around it.")
