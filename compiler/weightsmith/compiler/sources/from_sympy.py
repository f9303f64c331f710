"""A sympy expression on a box, as a script: functions of one variable, sums, products of entries.

    exp(-s)*sin(3*t) + (s - t)**2

has the parts exp(−s) and sin(3t), which become functions of one variable (one table each), their
product ``.*``, and the square of s − t.  What depends on one variable is never taken apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import sympy

from weightsmith.dsl.elementary import NAMES as FUNCTIONS

Ends = tuple[Fraction, Fraction]
NAMES = {"Abs": "abs", **{name: name for name in FUNCTIONS if name != "abs"}}
JUMPS = ("sign", "Heaviside", "floor", "ceiling", "Piecewise")


class ExpressionError(ValueError):
    """The expression has no script; the message says which part, and what to write instead."""


def script_of(
    expression: sympy.Expr,
    box: Mapping[str, Ends],
    tolerance: Fraction,
    name: str = "approximation",
) -> str:
    """Return a script that returns the expression at every token of the query.

    ``box`` gives each variable its interval.  Raises ExpressionError.
    """
    unknown = sorted(str(s) for s in expression.free_symbols if str(s) not in box)
    if unknown:
        raise ExpressionError(
            f"nothing bounds '{unknown[0]}': "
            f"give every variable its interval, as {unknown[0]}=(0, 1)"
        )
    if not expression.free_symbols:
        raise ExpressionError(f"'{expression}' is a number: there is nothing to compute")
    for variable in box:
        if not variable.isidentifier() or variable in ("I", "ones"):
            raise ExpressionError(f"'{variable}' cannot be the name of a variable: choose another")
    writer = _Writer()
    real = {symbol: sympy.Symbol(str(symbol), real=True) for symbol in expression.free_symbols}
    value = writer.value(expression.xreplace(real))
    used = [variable for variable in box if variable in {str(s) for s in expression.free_symbols}]
    inputs = ", ".join(f"{variable}: [1] per query" for variable in used)
    lines = [f"algorithm {name}({inputs})"]
    lines += [f"assume entries({v}) in [{box[v][0]}, {box[v][1]}]" for v in used]
    lines += writer.functions
    lines += [f"within {tolerance}", "", f"return {value}"]
    return "\n".join(lines) + "\n"


@dataclass
class _Writer:
    functions: list[str] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)

    def value(self, expression: sympy.Expr) -> str:
        """Write an expression as a value of the language."""
        symbols = expression.free_symbols
        if not symbols:
            return f"{self._number(expression)}*ones"
        if len(symbols) == 1:
            return self._alone(expression, next(iter(symbols)))
        if isinstance(expression, sympy.Add):
            return self._sum(expression)
        if isinstance(expression, sympy.Mul):
            return self._product(expression)
        if isinstance(expression, sympy.Max | sympy.Min):
            return self._extreme(expression)
        variable = sympy.Symbol("t", real=True)
        if isinstance(expression, sympy.Pow):
            base, exponent = expression.as_base_exp()
            if exponent.free_symbols:
                return self.value(sympy.exp(exponent * sympy.log(base)))
            inside = self.value(base)
            if base.is_nonnegative and not exponent.is_Integer:  # a table may dip below 0
                inside = f"relu({inside})"
            return self._applied(variable**exponent, variable, inside)
        if isinstance(expression, sympy.Abs):
            return f"abs({self.value(expression.args[0])})"
        if isinstance(expression, sympy.Function) and len(expression.args) == 1:
            inner = expression.func(variable)
            return self._applied(inner, variable, self.value(expression.args[0]))
        raise ExpressionError(_unsupported(expression))

    def _alone(self, expression: sympy.Expr, symbol: sympy.Symbol) -> str:
        """Something of one variable: linear, or one function of it."""
        polynomial = expression.as_poly(symbol)
        if polynomial is not None and polynomial.degree() <= 1:
            slope, constant = polynomial.nth(1), polynomial.nth(0)
            if slope.is_Rational and constant.is_Rational:
                added = f" + ({constant})*ones" if constant else ""
                return f"(({slope})*{symbol}{added})"
        return self._applied(expression, symbol, str(symbol))

    def _applied(self, expression: sympy.Expr, symbol: sympy.Symbol, argument: str) -> str:
        text = _formula(expression, symbol)
        if text not in self.known:
            self.known[text] = f"f{len(self.known) + 1}"
            self.functions.append(f"function {self.known[text]}(t) = {text}")
        return f"{self.known[text]}.({argument})"

    def _sum(self, expression: sympy.Add) -> str:
        """Terms of the same single variable belong together."""
        groups: dict[frozenset[object], list[sympy.Expr]] = {}
        for term in expression.args:
            key = frozenset(term.free_symbols)
            groups.setdefault(key if len(key) <= 1 else frozenset({term}), []).append(term)
        return "(" + " + ".join(self.value(sympy.Add(*terms)) for terms in groups.values()) + ")"

    def _product(self, expression: sympy.Mul) -> str:
        groups: dict[frozenset[object], list[sympy.Expr]] = {}
        for factor in expression.args:
            key = frozenset(factor.free_symbols)
            groups.setdefault(key if len(key) <= 1 else frozenset({factor}), []).append(factor)
        numbers = sympy.Mul(*groups.pop(frozenset(), [sympy.Integer(1)]))
        parts = [sympy.Mul(*factors) for factors in groups.values()]
        if not numbers.is_Rational:  # an irrational factor joins a function
            parts[0], numbers = parts[0] * numbers, sympy.Integer(1)
        scale = "" if numbers == 1 else f"({numbers})*"
        return f"{scale}(" + " .* ".join(self.value(part) for part in parts) + ")"

    def _extreme(self, expression: sympy.Expr) -> str:
        name = "max" if isinstance(expression, sympy.Max) else "min"
        parts = [self.value(part) for part in expression.args]
        text = parts[0]
        for part in parts[1:]:
            text = f"{name}({text}, {part})"
        return text

    def _number(self, expression: sympy.Expr) -> str:
        if not expression.is_Rational:
            raise ExpressionError(
                f"'{expression}' stands alone and is not rational: write it as a fraction"
            )
        return f"({expression})"


def _formula(expression: sympy.Expr, symbol: sympy.Symbol) -> str:
    """Write an expression of one variable as a formula of the language, the variable t."""
    if expression == symbol:
        return "t"
    if expression.is_Rational:
        return f"({expression})"
    if expression == sympy.pi:
        return "(4*atan(1))"
    if expression == sympy.E:
        return "exp(1)"
    if isinstance(expression, sympy.Add):
        return "(" + " + ".join(_formula(term, symbol) for term in expression.args) + ")"
    if isinstance(expression, sympy.Mul):
        return "(" + "*".join(_formula(factor, symbol) for factor in expression.args) + ")"
    if isinstance(expression, sympy.exp):
        return f"exp({_formula(expression.args[0], symbol)})"
    if isinstance(expression, sympy.Pow):
        return _power(expression, symbol)
    if isinstance(expression, sympy.tan):
        inner = _formula(expression.args[0], symbol)
        return f"(sin({inner})/cos({inner}))"
    name = type(expression).__name__
    if name in NAMES and len(expression.args) == 1:
        return f"{NAMES[name]}({_formula(expression.args[0], symbol)})"
    if isinstance(expression, sympy.Max | sympy.Min):
        return _formula_extreme(expression, symbol)
    raise ExpressionError(_unsupported(expression))


def _power(expression: sympy.Pow, symbol: sympy.Symbol) -> str:
    base, exponent = expression.as_base_exp()
    inner = _formula(base, symbol)
    if exponent.is_Integer:
        return f"{_bracketed(inner)}^({exponent})"
    if exponent == sympy.Rational(1, 2):
        return f"sqrt({inner})"
    if exponent == sympy.Rational(-1, 2):
        return f"(1/sqrt({inner}))"
    return f"exp({_formula(exponent, symbol)}*log({inner}))"


def _formula_extreme(expression: sympy.Expr, symbol: sympy.Symbol) -> str:
    """max(a, b) = (a + b + |a − b|)/2."""
    sign = "+" if isinstance(expression, sympy.Max) else "-"
    parts = [_formula(part, symbol) for part in expression.args]
    text = parts[0]
    for part in parts[1:]:
        text = f"(1/2*({text} + {part} {sign} abs({text} - {part})))"
    return text


def _bracketed(text: str) -> str:
    return text if text == "t" or text.startswith("(") else f"({text})"


def _unsupported(expression: sympy.Basic) -> str:
    name = type(expression).__name__
    if name in JUMPS:
        return (
            f"'{expression}' is discontinuous, and a ReLU network is continuous: "
            "write a steep clip instead, as Min(Max(100*s, -1), 1)"
        )
    known = ", ".join(sorted(NAMES))
    return f"'{name}' in '{expression}' is not known: use {known}, powers, Max, Min"
