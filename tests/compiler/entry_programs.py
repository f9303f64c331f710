"""Random scripts with functions of entries: what ReLU computes exactly, within and after loops."""

from __future__ import annotations

from hypothesis import strategies as st

from .programs import INPUTS, _Writer

WRAPPERS = (
    "relu({})",
    "abs({})",
    "soft({}, eta/3)",
    "clip({}, -1, 1/2)",
    "max({}, 1/4)",
    "min({}, 0)",
    "ramp({})",
    "relu(-({}))",
    "relu({} + 1/2*ones)",
    "abs(clip({}, -eta, 2))",
)

OF_A_PASS = (  # with a number that changes from pass to pass
    "max({0}, {1})",
    "min({0}, {1} - eta)",
    "soft({0}, ({1})^2)",
    "clip({0}, -({1})^2, 1/2 + eta*({1})^2)",
    "relu({0} - ({1})*ones)",
    "ramp(({1})*({0}))",
)


class _EntryWriter(_Writer):
    def product(self, rows: str, columns: str, depth: int) -> str:
        text = super().product(rows, columns, depth)
        if rows == "context" or columns == "token" or self.draw(st.integers(0, 2)):
            return text
        return self.wrapped(text)

    def wrapped(self, text: str) -> str:
        if self.draw(st.booleans()) and self.numbers:
            number = self.pick(self.numbers).rstrip("*")
            return self.pick(list(OF_A_PASS)).format(text, number)
        return self.pick(list(WRAPPERS)).format(text)

    def statement(self, name: str, shape: tuple[str, str]) -> str:
        expression = self.expression(*shape, 1)
        choice = self.draw(st.integers(0, 5))
        if choice <= 2:
            expression = self.wrapped(expression)
        elif choice == 3:
            other = self.expression(*shape, 0)
            expression = f"{self.pick(['max', 'min'])}({expression}, {other})"
        elif choice == 4 and shape == ("k", "context"):
            expression = f"{expression} + ones*sum(y)"
        return f"{name} = {expression} over context"

    def script(self) -> str:
        lines: list[str] = []
        shapes = [("d", "d"), ("k", "d"), ("k", "context"), ("d", "token"), ("d", "e")]
        variables = self.draw(st.lists(st.sampled_from(shapes), min_size=1, max_size=2))
        names = []
        for number, shape in enumerate(variables):
            name = f"V{number}"
            lines.append(self.statement(name, shape))
            self.known[name] = shape
            names.append(name)
        lines += self.loop(names, "", self.draw(st.integers(0, 2)))
        result = self.pick(names)
        lines.append(f"return {result}, {self.expression(*self.known[result], 1)} over context")
        header = ", ".join(text for *_, text in INPUTS.values())
        head = [f"algorithm random({header})", "param eta = 1/2"]
        head.append("table ramp = (-1, 1), (0, -1/2), (2, 1)")
        return "\n".join([*head, "", *lines]) + "\n"


@st.composite
def entry_scripts(draw: st.DrawFn) -> str:
    return _EntryWriter(draw).script()
