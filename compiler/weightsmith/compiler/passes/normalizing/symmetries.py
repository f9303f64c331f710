"""Which carried letters equal their transpose: the greatest fixed point over the loops.

They are written without transposition marks from here on.
"""

from __future__ import annotations

from dataclasses import replace

from weightsmith.compiler.ir.normal import Columns, NormalProgram, rewrite_program
from weightsmith.compiler.ir.polynomial import Alphabet


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
    canonical = alphabet.canonical
    return replace(
        rewrite_program(program, canonical),
        alphabet=alphabet,
        targets=tuple(
            None if one is None else {space: canonical(p) for space, p in one.items()}
            for one in program.targets
        ),
        functions={name: (f, canonical(p)) for name, (f, p) in program.functions.items()},
        assumed=tuple(map(canonical, program.assumed)),
    )


def _symmetric(alphabet: Alphabet, value: Columns) -> bool:
    return all(
        alphabet.canonical(p).terms == alphabet.transpose(alphabet.canonical(p)).terms
        for p in value.values()
    )
