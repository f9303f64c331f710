"""Recurrences over tokens, one token after the other, in fractions: the specification.

Matrices are lists of columns, columns lists of Fractions.  Nothing of the compiler is used.
"""

from __future__ import annotations

import random
from fractions import Fraction

Column = list[Fraction]
Columns = list[Column]


def numbers(rows: int, columns: int, seed: int) -> Columns:
    """Small fractions."""
    dice = random.Random(seed)
    return [
        [Fraction(dice.randint(-4, 4), dice.randint(1, 4)) for _ in range(rows)]
        for _ in range(columns)
    ]


def dot(one: Column, two: Column) -> Fraction:
    return sum((a * b for a, b in zip(one, two, strict=True)), Fraction(0))


class State:
    """A matrix W that is read and written by columns: W·k, and W += v·kᵀ."""

    def __init__(self, rows: int, columns: int) -> None:
        self.rows = [[Fraction(0)] * columns for _ in range(rows)]

    def of(self, key: Column) -> Column:
        return [dot(row, key) for row in self.rows]

    def add(self, value: Column, key: Column) -> None:
        for row, entry in zip(self.rows, value, strict=True):
            for place, number in enumerate(key):
                row[place] += entry * number


def linear_attention(v: Columns, k: Columns, q: Columns, *, inclusive: bool) -> Columns:
    """o_t = W·q_t, W the sum of v_s·k_sᵀ over s ≤ t, or s < t."""
    state, found = State(len(v[0]), len(k[0])), []
    for value, key, query in zip(v, k, q, strict=True):
        if inclusive:
            state.add(value, key)
            found.append(state.of(query))
        else:
            found.append(state.of(query))
            state.add(value, key)
    return found


def delta_rule(v: Columns, k: Columns, rates: Columns) -> Columns:
    """W_t = W_{t-1} + b_t ∘ (v_t - W_{t-1}·k_t)·k_tᵀ from 0: the written u_t, undamped.

    Returns u_t = v_t - b_t ∘ (W_{t-1}·k_t), with W_t = W_{t-1} + u_t·k_tᵀ.
    """
    state, found = State(len(v[0]), len(k[0])), []
    for value, key, rate in zip(v, k, rates, strict=True):
        seen = state.of(key)
        written = [a - b * c for a, b, c in zip(value, rate, seen, strict=True)]
        state.add(written, key)
        found.append(written)
    return found


def gradient_of_prefixes(x: Columns, y: Columns, rate: Fraction, steps: int) -> Columns:
    """For each t: w_t·x_t after gradient descent on the tokens up to t, each prefix by itself."""
    found = []
    for end in range(len(x)):
        state = State(len(y[0]), len(x[0]))
        for _ in range(steps):
            errors = [
                [rate * (b - a) for a, b in zip(state.of(x[t]), y[t], strict=True)]
                for t in range(end + 1)
            ]
            for t, error in enumerate(errors):
                state.add(error, x[t])
        found.append(state.of(x[end]))
    return found
