"""Do the columns of a value lie in the range of an operator T?

Any rounding gives T full rank, so its singular values that are 0 within their margins are read as
0: T has rank r.  From T ≈ U·diag(s)·V' (see ``spectra``), U_r the first r columns of U:

    T = U_r·diag(s_1 … s_r)·V_r' + E,   ‖E‖ ≤ ‖T − U·diag(s)·V'‖ + (1 + δ)·s_(r+1)

A column y in the range of T is T·z with ‖z‖ ≤ ‖y‖/σ_r(T), so its distance from the range of U_r
is at most ‖E‖·‖y‖/σ_r(T).  The projection on that range is within δ of U_r·U_r'.  A column is
*within round-off* if ‖y − U_r·U_r'·y‖ is at most this, with the rounding of computing it and of y;
beyond it the column is outside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weightsmith.backends.measure.enclosure import (
    FLOOR,
    UNIT,
    WIDER,
    Array,
    Enclosure,
    gamma,
)
from weightsmith.backends.measure.evaluate import Evaluator, Subject
from weightsmith.backends.measure.quantities import ROUND_OFF, Finding, Verdict
from weightsmith.backends.measure.spectra import Factors


@dataclass(frozen=True, slots=True)
class _Distance:
    """The largest distance from the range of a problem's columns, relative to their norms.

    ``excess`` is that of the column that is farthest beyond its limit.
    """

    relative: float
    excess: float
    full: bool


def in_range(evaluator: Evaluator, value: Subject, operator: Subject) -> Finding:
    """Measure ``value in range(operator)``.  Raises as ``singular_values``."""
    columns, factors = evaluator.whole(value), evaluator.factors(operator)
    slack = ROUND_OFF * max(evaluator.unit(value), evaluator.unit(operator))
    found = [_distance(factors, columns, problem, slack) for problem in range(len(columns.middle))]
    if all(one.full for one in found):
        return Finding(Verdict.HOLDS, "it is everything")
    worst = max(range(len(found)), key=lambda problem: found[problem].excess)
    where, far = evaluator.data.place(worst), f"{found[worst].relative:.1e}"
    measured = f"off by {far} of a column's norm{where}"
    if found[worst].excess <= 0:
        return Finding(Verdict.ROUND_OFF, measured)
    sentence = (
        f"{value.text} is not in range({operator.text}){where}: {far} of the norm of a column is "
        "outside; project it on the range"
    )
    return Finding(Verdict.BROKEN, measured, sentence)


def orthogonal_to_constants(evaluator: Evaluator, value: Subject) -> bool:
    """Do all columns sum to 0, but for the rounding of the data?  Raises as ``whole``."""
    columns = evaluator.whole(value)
    each, slack = columns.middle.swapaxes(-1, -2), ROUND_OFF * evaluator.unit(value)
    sums = np.abs(each.sum(axis=-1)) / np.sqrt(each.shape[-1])
    limits = slack * np.sqrt(np.vecdot(each, each)) + columns.radius[:, np.newaxis]
    return bool((sums <= limits).all())


def _distance(factors: Factors, columns: Enclosure, problem: int, slack: float) -> _Distance:
    values = factors.values
    low, high = values.low[problem], values.high[problem]
    noise = slack * float(high[0])
    rank = int((low > noise).sum())
    left = factors.left[problem][:, :rank]
    if rank == left.shape[0]:
        return _Distance(0.0, -1.0, True)
    given = columns.middle[problem]
    outside = given - left @ (left.T @ given)
    norms = np.sqrt((given * given).sum(axis=0)) * (1 + gamma(len(given))) + FLOOR
    distances = np.sqrt((outside * outside).sum(axis=0))
    defect = float(factors.defect[problem])
    lost = float(factors.residual[problem]) + float(high[rank:].max(initial=0)) + noise
    reach = lost / low[rank - 1] if rank else 0.0
    rounding = (gamma(len(given)) + gamma(rank)) * (rank + 1) * (1 + defect) + 4 * UNIT
    share = (reach + defect + rounding + slack) * WIDER
    limits = norms * share + float(columns.radius[problem]) * (1 + share) + FLOOR
    return _Distance(_largest(distances / norms), _largest(distances - limits), False)


def _largest(numbers: Array) -> float:
    return float(numbers.max(initial=-np.inf)) if numbers.size else -1.0
