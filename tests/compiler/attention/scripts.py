"""Random scripts with scores, from a seed: values, keys and queries are products and loops."""

from __future__ import annotations

import random

HEADER = (
    "algorithm f(x: [d] per token, u: [d] per token, v: [m] per token, y: [m] per context, "
    "A: [d, d], S: symmetric[d, d])\nparam eta = 1/3\n"
)
EXACT = ("relu", "abs", "linear", "linear", "clip", "soft", "max")
FLOATS = ("softmax", "exp.", "tanh", "sigmoid", "erf")


class Writer:
    """Writes one script.  ``exact``: without exp and its like, and without division."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.exact = self.dice.random() < 0.7
        self.numbers: list[str] = []  # of the loops around
        self.names = {"m": ["v", "y"], "d": ["x", "u"]}

    def pick(self, of: list[str]) -> str:
        return self.dice.choice(of)

    def column(self, rows: str) -> str:
        """A value with a column for each token."""
        name = self.pick(self.names[rows])
        if rows == "d" and self.dice.random() < 0.3:
            return self.pick(["A", "S", "A*S", "A'"]) + f"*{name}"
        return name

    def scores(self) -> str:
        rows = self.pick(["d", "d", "m"])
        parts = []
        for _ in range(self.dice.choice([1, 1, 2])):
            left, right = self.column(rows), self.column(rows)
            left = f"({left})'" if "*" in left else f"{left}'"
            parts.append(f"{self.pick(['', '2*', '-1/3*', 'eta*', *self.numbers])}{left}*{right}")
        if self.dice.random() < 0.2:
            parts.append(f"{self.pick(['2', '-1/2'])}*ones")
        return " + ".join(f"({part})" if part.startswith("-") else part for part in parts)

    def head(self, rows: str = "m") -> str:
        value, scores = self.column(rows), self.scores()
        value = f"({value})" if "*" in value else value
        function = self.pick([*EXACT] if self.exact else [*EXACT, *FLOATS, *FLOATS])
        match function:
            case "linear":
                return f"{value}*({scores})"
            case "clip":
                return f"{value}*clip({scores}, -1, 2)"
            case "soft":
                return f"{value}*soft({scores}, 1/2)"
            case "max":
                return f"{value}*max({scores}, 1)"
            case "softmax":
                return f"{value}*softmax(1/9*({scores}))"
            case "exp.":
                return f"{value}*exp.(1/99*({scores}))"
            case _:
                return f"{value}*{function}({scores})"

    def clause(self) -> str:
        return self.pick([" over context"] * 2 + [" over context before", " over context upto"])

    def statement(self, indent: str, name: str, rows: str) -> str:
        own = self.pick([name, f"eta*{name}"])
        return f"{indent}{name} = {own} + {self.head(rows)} {self.clause()}\n"

    def script(self) -> str:
        lines = "Z = v\nK = x\n"
        self.names["m"].append("Z")
        self.names["d"].append("K")
        for depth in range(self.dice.choice([0, 1, 1, 2])):
            indent = "    " * depth
            if self.dice.random() < 0.5:
                lines += f"{indent}repeat {self.dice.randint(0, 2)}:\n"
            else:
                lines += f"{indent}for g{depth} in 1/2, -1:\n"
                self.numbers.append(f"g{depth}*")
            for _ in range(self.dice.randint(1, 2)):
                name, rows = self.dice.choice([("Z", "m"), ("Z", "m"), ("K", "d")])
                lines += self.statement(indent + "    ", name, rows)
            if f"g{depth}*" in self.numbers:
                lines += f"{indent}    Z = g{depth}*Z\n"
        self.numbers = []
        if self.dice.random() < 0.4:
            lines += f"W = {self.head()}{self.clause()}\n"
            self.names["m"].append("W")
        return HEADER + lines + f"return Z, {self.head()}{self.clause()}\n"
