"""The value of a printed expression for given data, in 150 digits; matrices in parts by groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

import printed_numbers as n
from flint import arb, arb_mat
from printed_words import Apply, Clause, Expression, Name, Number, UnreadableError, read

Side = tuple[str, str]  # token groups of rows and of columns, "" of an axis that is none


@dataclass(frozen=True)
class Grid:
    """A matrix, cut by token groups."""

    parts: Mapping[Side, arb_mat]

    def whole(self) -> arb_mat:
        """All parts side by side (or one below the other)."""
        keys = sorted(self.parts)
        if {row for row, _ in keys} == {""}:
            return n.beside(self.parts[key] for key in keys)
        if {column for _, column in keys} == {""}:
            return n.beside(self.parts[key].transpose() for key in keys).transpose()
        rows = sorted({row for row, _ in keys})
        lines = [n.beside(self.parts[key] for key in keys if key[0] == row) for row in rows]
        return n.beside(line.transpose() for line in lines).transpose()


Value = arb | Grid  # a number stands for that multiple of the identity, of any size
Data = Mapping[str, Grid]


@dataclass(frozen=True)
class Meaning:
    """What names mean: inputs, numbers, T and f(lambda), functions of the script."""

    data: Data
    numbers: Mapping[str, Fraction]
    operator: Callable[[], Grid] | None = None  # f(T)
    functions: Mapping[str, Expression] = field(default_factory=dict)
    over: tuple[str, ...] = ()

    def value(self, of: Expression) -> Value:
        match of:
            case Number(value):
                return n.exactly(value)
            case Name(name, group):
                return self._name(name, group)
            case Clause("over", inner, groups):
                return replace(self, over=groups).value(inner)
            case Clause(_, inner, groups):
                found = self.grid(inner)
                return Grid({k: v for k, v in found.parts.items() if k[1] in groups})
            case Apply("f", (Name("T"),)) if self.operator is not None:
                return self.operator()
            case Apply("spectral", (Name(name), inner)):
                return self._matrix(inner, lambda m: n.function_of(m, self._declared(name)))
            case Apply("^", (base, exponent)):
                return self._power(self.value(base), self.value(exponent))
            case Apply(operation, (one,)):
                return self._single(operation, self.value(one))
            case Apply(operation, (left, right)):
                return self._pair(operation, self.value(left), self.value(right))
        raise UnreadableError(f"no meaning: {of}")

    def grid(self, of: Expression) -> Grid:
        found = self.value(of)
        if isinstance(found, Grid):
            return found
        raise UnreadableError("a matrix of no size")

    def _name(self, name: str, group: str) -> Value:
        if name in self.data:
            found = self.data[name]
            return Grid({k: v for k, v in found.parts.items() if k[1] == group or not group})
        if name == "I":
            return n.ONE
        if name in self.numbers:
            return n.exactly(self.numbers[name])
        raise UnreadableError(f"'{name}' is nothing that the sentence names")

    def _declared(self, name: str) -> Callable[[arb], arb]:
        formula = self.functions.get(name)
        if formula is None:
            return lambda value: scalar_function(name, value)
        return lambda value: scalar(formula, {"t": value}, self.numbers)

    def _matrix(self, of: Expression, f: Callable[[arb_mat], arb_mat]) -> Value:
        return Grid({key: f(part) for key, part in self.grid(of).parts.items()})

    def _single(self, operation: str, one: Value) -> Value:
        if operation == "neg":
            return self._pair("*", n.exactly(-1), one)
        if isinstance(one, arb):
            return one if operation == "'" else scalar_function(operation, one)
        if operation == "'":
            return Grid({(c, r): part.transpose() for (r, c), part in one.parts.items()})
        f = MATRIX_FUNCTIONS.get(operation)
        if f is None:
            raise UnreadableError(f"no function of matrices: {operation}")
        return Grid({key: f(part) for key, part in one.parts.items()})

    def _power(self, base: Value, exponent: Value) -> Value:
        if isinstance(exponent, Grid):
            raise UnreadableError("an exponent that is no number")
        if isinstance(base, arb):
            return base**exponent
        return Grid({k: n.function_of(v, lambda x: x**exponent) for k, v in base.parts.items()})

    def _pair(self, operation: str, left: Value, right: Value) -> Value:
        if operation == "/" and isinstance(right, arb):
            return self._pair("*", 1 / right, left)
        if operation == "-":
            return self._pair("+", left, self._pair("*", n.exactly(-1), right))
        if isinstance(left, arb) and isinstance(right, arb):
            return left + right if operation == "+" else left * right
        if operation == "*":
            return self._times(left, right)
        if operation == "+":
            return _plus(left, right)
        raise UnreadableError(f"no operation: {operation}")

    def _times(self, left: Value, right: Value) -> Grid:
        if isinstance(left, arb):
            return _scaled(right, left)
        if isinstance(right, arb):
            return _scaled(left, right)
        self._sums_over_one_group_or_says(left, right)
        parts: dict[Side, arb_mat] = {}
        for (row, inner), one in left.parts.items():
            for (other, column), two in right.parts.items():
                if inner == other and (not inner or not self.over or inner in self.over):
                    product = one * two
                    key = (row, column)
                    parts[key] = parts[key] + product if key in parts else product
        return Grid(parts)

    def _sums_over_one_group_or_says(self, left: Grid, right: Grid) -> None:
        summed = {column for _, column in left.parts} & {row for row, _ in right.parts}
        if len(summed) > 1 and not self.over:
            raise UnreadableError("a sum over tokens that does not say over which")


def _scaled(of: Value, factor: arb) -> Grid:
    if isinstance(of, arb):
        raise UnreadableError("a matrix of no size")
    return Grid({key: part * factor for key, part in of.parts.items()})


def _plus(left: Value, right: Value) -> Grid:
    if isinstance(left, arb):
        left, right = right, left
    if isinstance(left, arb):
        raise UnreadableError("a matrix of no size")
    if isinstance(right, arb):
        return Grid({k: v + n.identity(v.nrows()) * right for k, v in left.parts.items()})
    common = left.parts.keys() & right.parts.keys()
    return Grid({key: left.parts[key] + right.parts[key] for key in common})


def _inverse(of: arb_mat) -> arb_mat:
    return of.inv().mid() if of.nrows() else of


def _sign(value: arb) -> arb:
    return n.ZERO if value == 0 else value.sgn()


MATRIX_FUNCTIONS: dict[str, Callable[[arb_mat], arb_mat]] = {
    "inv": _inverse,
    "pinv": n.pseudo_inverse,
    "polar": n.polar,
    "sqrt": lambda m: n.function_of(m, lambda x: max(x, n.ZERO).sqrt()),
    "invsqrt": lambda m: n.function_of(m, lambda x: x.rsqrt()),
    "exp": lambda m: n.function_of(m, lambda x: x.exp()),
    "sign": lambda m: n.function_of(m, _sign),
}


def scalar_function(name: str, value: arb) -> arb:
    match name:
        case "inv" | "pinv" | "reciprocal":
            return 1 / value
        case "sqrt" | "exp" | "log" | "sin" | "cos" | "tanh" | "atan" | "rsqrt":
            found: arb = getattr(value, name)()
            return found
        case "invsqrt":
            return value.rsqrt()
        case "square":
            return value * value
        case "abs":
            return abs(value)
        case "relu":
            return max(value, n.ZERO)
        case "sigmoid":
            return 1 / (1 + (-value).exp())
        case "softplus":
            return value.exp().log1p()
        case "sign" | "polar":
            return _sign(value)
        case "'":
            return value
    raise UnreadableError(f"no function of numbers: {name}")


def scalar(of: Expression, values: Mapping[str, arb], numbers: Mapping[str, Fraction]) -> arb:
    """The value of an expression of numbers, as of f(lambda)."""
    match of:
        case Name(name) if name in values:
            return values[name]
        case Apply(operation, parts):
            inner = [scalar(part, values, numbers) for part in parts]
            if operation == "^":
                return inner[0] ** inner[1]
            if len(inner) == 1:
                return -inner[0] if operation == "neg" else scalar_function(operation, inner[0])
            if operation == "/":
                return inner[0] / inner[1]
            if operation in ("+", "-"):
                return inner[0] + inner[1] if operation == "+" else inner[0] - inner[1]
            if operation == "*":
                return inner[0] * inner[1]
            raise UnreadableError(f"no operation of numbers: {operation}")
    value = Meaning({}, numbers).value(of)
    if isinstance(value, Grid):
        raise UnreadableError("no number")
    return value


def operator_function(
    operator: Expression, function: Expression, weight: str, meaning: Meaning, *, kernel: bool
) -> Grid:
    """f(T); with a weight P of the T that is symmetric as P^(1/2)*T*P^(-1/2)."""

    def f(value: arb) -> arb:
        if value == 0 and kernel:
            return n.ZERO
        return scalar(function, {"lambda": value}, meaning.numbers)

    t = meaning.grid(operator).parts[("", "")]
    if not weight:
        return Grid({("", ""): n.function_of(t, f)})
    half, back = (
        meaning.grid(read(f"{weight}^({power})")).parts[("", "")] for power in ("1/2", "-1/2")
    )
    return Grid({("", ""): back * n.function_of(half * t * back, f) * half})
