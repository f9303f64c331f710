"""Random scripts for the property tests: typed expressions, loops within loops, tokens."""

from __future__ import annotations

from hypothesis import strategies as st

INPUTS = {
    "A": ("d", "d", "A: [d, d]"),
    "S": ("d", "d", "S: symmetric[d, d]"),
    "B": ("d", "e", "B: [d, e]"),
    "x": ("d", "token", "x: [d] per token"),
    "y": ("k", "context", "y: [k] per context"),
}
AXES = ("d", "e", "k")
NUMBERS = ("1", "0", "-2", "2*eta", "1/3")
COEFFICIENTS = ("", "2*", "-", "1/2*", "eta*", "-1/3*")


class _Writer:
    """Writes one script; every choice is drawn, so that failing scripts shrink."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.numbers: list[str] = []  # of the 'for' loops around
        self.known: dict[str, tuple[str, str]] = {
            name: (rows, columns) for name, (rows, columns, _) in INPUTS.items()
        }

    def pick(self, options: list[str]) -> str:
        return self.draw(st.sampled_from(options))

    def expression(self, rows: str, columns: str, depth: int) -> str:
        terms = [
            self.pick([*COEFFICIENTS, *self.numbers]) + self.product(rows, columns, depth)
            for _ in range(self.draw(st.integers(1, 2)))
        ]
        return " + ".join(f"({term})" for term in terms)

    def product(self, rows: str, columns: str, depth: int) -> str:
        atoms = self.atoms(rows, columns)
        if atoms and (depth == 0 or self.draw(st.booleans())):
            return self.pick(atoms)
        if depth == 0:
            return self.path(rows, columns)
        middle = self.pick([*AXES, "context"])
        left = self.product(rows, middle, depth - 1)
        right = self.product(middle, columns, depth - 1)
        return f"({left})*({right})"

    def path(self, rows: str, columns: str) -> str:
        """The shortest product of known values from one axis to another."""
        if rows == columns:
            return "I" if rows in AXES else "x'*x"
        reached = {rows: ""}
        while columns not in reached:
            for start, product in list(reached.items()):
                for end in (*AXES, "context", "token"):
                    atoms = self.atoms(start, end)
                    if atoms and end not in reached and start != "token":
                        reached[end] = f"{product}*{atoms[0]}" if product else atoms[0]
        return reached[columns]

    def atoms(self, rows: str, columns: str) -> list[str]:
        found = [n for n, shape in self.known.items() if _fits(shape, (rows, columns))]
        found += [f"{n}'" for n, (r, c) in self.known.items() if _fits((c, r), (rows, columns))]
        return [*found, "I"] if rows == columns and rows in AXES else found

    def statement(self, name: str, shape: tuple[str, str]) -> str:
        return f"{name} = {self.expression(*shape, 2)} over context"

    def script(self) -> str:
        lines: list[str] = []
        shapes = [("d", "d"), ("k", "d"), ("k", "context"), ("d", "token"), ("d", "e"), ("e", "k")]
        variables = self.draw(st.lists(st.sampled_from(shapes), min_size=1, max_size=2))
        names = []
        for number, shape in enumerate(variables):
            name = f"V{number}"
            lines.append(self.statement(name, shape))
            self.known[name] = shape
            names.append(name)
        lines += self.loop(names, "", self.draw(st.integers(0, 2)))
        result = self.pick(names)
        rows, columns = self.known[result]
        lines.append(f"return {result}, {self.expression(rows, columns, 1)} over context")
        header = ", ".join(text for *_, text in INPUTS.values())
        return "\n".join([f"algorithm random({header})", "param eta = 1/2", "", *lines]) + "\n"

    def loop(self, names: list[str], indent: str, depth: int) -> list[str]:
        if depth == 0:
            return []
        before = list(self.numbers)
        lines = [f"{indent}repeat {self.draw(st.integers(0, 2))}:"]
        if self.draw(st.booleans()):
            number = f"g{depth}"
            values = self.draw(st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3))
            lines = [f"{indent}for {number} in {', '.join(values)}:"]
            self.numbers += [f"{number}*", f"-1/2*{number}*"]
        body = [
            indent + "    " + self.statement(name, self.known[name])
            for name in self.draw(st.lists(st.sampled_from(names), min_size=1, max_size=2))
        ]
        lines += body + self.loop(names, indent + "    ", depth - 1)
        self.numbers = before
        return lines


def _fits(shape: tuple[str, str], wanted: tuple[str, str]) -> bool:
    """A per-token value also serves where only its context tokens are wanted."""
    return all(
        w == s or (s == "token" and w == "context") for s, w in zip(shape, wanted, strict=True)
    )


@st.composite
def scripts(draw: st.DrawFn) -> str:
    return _Writer(draw).script()
