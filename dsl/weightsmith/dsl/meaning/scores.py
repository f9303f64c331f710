"""``softmax(S)`` and ``normalised(f(S))``: scores whose columns are divided, by their sums.

Both stand in a product only, where ``checking/heads.py`` makes one head of them.  Until then they
are functions of entries whose site is the normalisation (``dsl/heads``).
"""

from __future__ import annotations

from dataclasses import replace

from weightsmith.dsl.elementary import NAMES
from weightsmith.dsl.heads import read
from weightsmith.dsl.meaning.elaborator import Elaborator
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.formulas import Apply, Formula, Variable
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import Node
from weightsmith.dsl.program.nodes import bare
from weightsmith.dsl.reading import syntax as s

FUNCTIONS = tuple(sorted({"relu", "abs", *NAMES}))  # that a head applies to its scores


def elementary_name(formula: Formula) -> str | None:
    """The function of the language that a formula is, if it is one of them."""
    known = isinstance(formula, Apply) and isinstance(formula.of, Variable)
    return formula.function if known and isinstance(formula, Apply) else None


def scores(elaborator: Elaborator, call: s.CallExpression, values: list[Node]) -> Node:
    """The draft of a call of one of the words of ``dsl/heads``: its site is the normalisation."""
    (of,) = values
    name, shape = call.name.text, bare(of.shape)
    function, site = read(name)
    if function:
        formula = core.Approximated(Apply(function, Variable()), elaborator.tolerance)
        return core.Entrywise(call.span, shape, name, formula, of, site)
    if isinstance(of, core.Entrywise) and not of.site:
        return replace(of, span=call.span, site=site)
    line = core.PiecewiseLinear(q.ZERO, q.ONE, ())
    return core.Entrywise(call.span, shape, name, line, of, site)
