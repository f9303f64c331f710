"""Which carried letters equal their transpose: the greatest fixed point over the loops.

They are written without transposition marks from here on.
"""

from __future__ import annotations

from dataclasses import replace

from weightsmith.compiler.ir.normal import Carried, Columns, Loop, NormalProgram, Returned
from weightsmith.compiler.ir.polynomial import Alphabet, Polynomial


def with_symmetries(program: NormalProgram) -> NormalProgram:
    """Find the carried letters that equal their transpose, and write them without marks."""
    candidates = {
        carried.letter
        for loop in program.all_loops()
        for carried in loop.carried
        if carried.spaces == (carried.rows,) and not carried.flipped
    }
    while True:
        alphabet = program.alphabet.with_letters({}, frozenset(candidates))
        failing = {
            carried.letter
            for loop in program.all_loops()
            for carried in loop.carried
            if carried.letter in candidates
            and not (_symmetric(alphabet, carried.initial) and _symmetric(alphabet, carried.next))
        }
        if not failing:
            break
        candidates -= failing
    return NormalProgram(
        program.name,
        program.field,
        alphabet,
        program.inputs,
        tuple(_canonical_loop(alphabet, loop) for loop in program.loops),
        tuple(
            Returned(r.name, r.rows, _canonical(alphabet, r.value), r.transposed)
            for r in program.returns
        ),
        tuple(None if t is None else _canonical(alphabet, t) for t in program.targets),
        {n: (f, alphabet.canonical(p)) for n, (f, p) in program.functions.items()},
        tuple(alphabet.canonical(p) for p in program.assumed),
        tuple(
            replace(a, arguments=tuple(_canonical(alphabet, c) for c in a.arguments))
            for a in program.applications
        ),
    )


def _symmetric(alphabet: Alphabet, value: Columns) -> bool:
    return all(
        alphabet.canonical(p).terms == alphabet.transpose(alphabet.canonical(p)).terms
        for p in value.values()
    )


def _canonical(alphabet: Alphabet, value: Columns) -> dict[str, Polynomial]:
    return {space: alphabet.canonical(p) for space, p in value.items()}


def _canonical_loop(alphabet: Alphabet, loop: Loop) -> Loop:
    carried = tuple(
        Carried(
            c.letter,
            c.variable,
            c.rows,
            c.spaces,
            _canonical(alphabet, c.initial),
            _canonical(alphabet, c.next),
            c.flipped,
        )
        for c in loop.carried
    )
    inner = tuple(_canonical_loop(alphabet, child) for child in loop.inner)
    return replace(loop, carried=carried, inner=inner)
