"""Matrices that are learned from data, one for each layer, in closed form.

A task is a context of patients, and queries.  A pass of w ← w + (y − w x) x' A moves predictions by
what is linear in A: so with the passes before it as they are, the A that brings all predictions
nearest to those of least squares solves a least-squares problem itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from weightsmith.backends.data.regression import regression_data
from weightsmith.cli.demonstration.demo_data import (
    WELL_CONDITIONED,
    Array,
    Matrices,
    Problem,
    eigenvalues,
    features,
    progression,
    with_ends,
)

TASKS, CONTEXT = 40, 110
GRID = 256  # the numbers are rounded to multiples of 1/GRID
PASSES = 4


@dataclass
class Task:
    """Features and labels of a context, features of queries, and weights now and at the end."""

    x: Array
    y: Array
    query: Array
    wanted: Array
    w: Array


def learned_preconditioners() -> Problem:
    """Diabetes, six features: matrices learned on half of the patients, for tasks of the others."""
    x, y = features(WELL_CONDITIONED), progression()[np.newaxis]
    half = x.shape[1] // 2
    rest, labels = x[:, half:], y[:, half:]
    scale = 1 / np.sqrt(CONTEXT)
    context = scale * rest[:, :CONTEXT]
    inputs = regression_data(context.T, scale * labels[0, :CONTEXT], scale * rest[:, CONTEXT:].T)
    found = with_ends(inputs, ("", ""), eigenvalues(context @ context.T))
    learned = preconditioners(list(_tasks(x[:, :half], y[:, :half])), PASSES)
    return Problem(inputs, ("", ""), found.ends, found.condition, matrices={"A": learned})


def preconditioners(tasks: list[Task], passes: int) -> Matrices:
    """The matrix of each pass, exact: found for the first pass, then for the next one."""
    return tuple(_next(tasks) for _ in range(passes))


def _tasks(x: Array, y: Array) -> Iterator[Task]:
    draw, scale = np.random.default_rng(0), 1 / np.sqrt(CONTEXT)
    for _ in range(TASKS):
        order = draw.permutation(x.shape[1])
        seen, query = order[:CONTEXT], x[:, order[CONTEXT:]]
        context, labels = scale * x[:, seen], scale * y[:, seen]
        wanted = np.linalg.solve(context @ context.T, context @ labels.T).T
        yield Task(context, labels, query, wanted, np.zeros_like(wanted))


def _next(tasks: list[Task]) -> tuple[tuple[Fraction, ...], ...]:
    """The best matrix for the next pass, which all tasks then take."""
    rows, right = [], []
    for one in tasks:
        moved = _gradient(one)[0]
        rows.append(np.einsum("i,jq->qij", moved, one.query).reshape(one.query.shape[1], -1))
        right.append(((one.wanted - one.w) @ one.query)[0])
    size = len(tasks[0].query)
    best = np.linalg.lstsq(np.concatenate(rows), np.concatenate(right), rcond=None)[0]
    entries = np.round(GRID * best.reshape(size, size)).astype(int)
    for one in tasks:
        one.w = one.w + _gradient(one) @ entries / GRID
    return tuple(tuple(Fraction(int(entry), GRID) for entry in row) for row in entries)


def _gradient(task: Task) -> Array:
    found: Array = (task.y - task.w @ task.x) @ task.x.T
    return found
