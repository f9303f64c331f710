"""Attacks by the script: everything a checker or a compiler does is asked of it by some script."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hostile_base import Attack, Directory

LONG = "*".join(["3^500000"] * 60)
HEAD = "algorithm newton_inverse(A: symmetric[d, d])\nassume spectrum(A) in [mu, L]\n"
DATA = "algorithm newton_inverse(s: [1] per query, t: [1] per query)\nassume entries(s) in [0, 1]\n"
START = "X = 2/(mu + L) * I\n"
NEWTON = "    X = 2*X - X*A*X\n"
END = "return X approximates inv(A)\n"
HARMLESS = ("many statements", "many functions", "many parameters", "many assumptions")
PARAMETERS = "param steps = 6\n"


def newton(parameters: str = PARAMETERS, start: str = START, body: str = NEWTON) -> str:
    return f"{HEAD}{parameters}\n{start}repeat steps:\n{body}{END}"


def of_entries(lines: list[str], returned: str) -> str:
    body = "\n".join(lines)
    return f"{DATA}assume entries(t) in [0, 1]\nwithin 1/100\n\n{body}\nreturn {returned}\n"


def doubled(first: str, step: str, count: int) -> list[str]:
    """v0 = first, then every v made of the one before, named {v} in ``step``."""
    lines = [f"v0 = {first}"]
    return lines + [f"v{n + 1} = {step.format(v=f'v{n}')}" for n in range(count)]


def _scripts() -> dict[str, str]:
    letters = " + ".join(f"{n + 2}*A*A" for n in range(200))
    return {
        "a product of powers": newton(start=f"X = {LONG} * I\n"),
        "a product of powers in a step": newton(body=f"    X = {LONG}*X - X*A*X\n"),
        "a product of powers as a parameter": newton(f"param steps = 6, c = {LONG}\n"),
        "a product of powers as steps": newton(f"param steps = {LONG}\n"),
        "a quotient of powers": newton(start=f"X = 1/({LONG}) * I\n"),
        "a sum of powers": newton(
            start="X = (" + " + ".join(f"1/{n}^90000" for n in range(3, 60)) + ")*I\n"
        ),
        "ends of a thousand digits": newton().replace("[mu, L]", "[1/1e990, 1e990]"),
        "10^18 steps": newton().replace("repeat steps", "repeat 1000000000000000000"),
        "nested loops": HEAD + PARAMETERS + "\n" + START + _loops(8) + END,
        "200 nested loops": HEAD + PARAMETERS + "\n" + START + _loops(200) + END,
        "a step of degree 400": newton(body="    X = 2*X - " + "*".join(["X*A"] * 400) + "*X\n"),
        "20 steps squared": newton(start=_squarings(20)),
        "60 sums doubled": newton(start=_sums(60)),
        "a long step": newton(body=f"    X = 2*X - X*({letters})*X\n"),
        "100 factors": newton(body="    X = " + "*".join(["(X + A + I)"] * 100) + "\n"),
        "10 different factors": newton(body="    X = " + "*".join(["(X + A + I)"] * 10) + "\n"),
        "a matrix power": newton(body="    X = A^100000*X\n"),
        "many brackets": newton(body="    X = " + "(" * 5000 + "X" + ")" * 5000 + "\n"),
        "many signs": newton(body="    X = " + "-" * 50_000 + "X\n"),
        "many transposes": newton(body="    X = X" + "'" * 50_000 + "\n"),
        "many terms": newton(body="    X = " + " + ".join(["X"] * 50_000) + "\n"),
        "many statements": newton(start=START + "".join(f"Y{n} = A\n" for n in range(30_000))),
        "many passes": newton().replace(
            "repeat steps:", f"for g in {', '.join(f'1/{n}' for n in range(1, 20_000))}:"
        ),
        "many outputs": HEAD
        + PARAMETERS
        + "\n"
        + START
        + "return "
        + ", ".join(f"X{n} = X approximates inv(A)" for n in range(3000)),
        "many assumptions": newton().replace("assume", "assume norm(A) <= 9\n" * 3000 + "assume"),
        "many inputs": "algorithm a("
        + ", ".join(f"A{n}: symmetric[d, d]" for n in range(5000))
        + ")\nreturn A0\n",
        "many parameters": newton(
            "param steps = 6, " + ", ".join(f"c{n} = 1" for n in range(20_000)) + "\n"
        ),
        "many algorithms": "".join(
            f"algorithm a{n}(A: [d, d])\nreturn A\n\n" for n in range(10_000)
        ),
        "many functions": newton(
            PARAMETERS + "".join(f"function f{n}(t) = exp(t)\n" for n in range(10_000))
        ),
        "functions of functions": of_entries([], "f40(s)").replace(
            "within", _functions(40) + "within"
        ),
        "calls of calls": _calls(40),
        "another file": "use secret from '/etc/passwd'\n" + newton(),
        "a name of a million letters": newton().replace("X", "X" * 10**6),
        "a comment of 30 MB": newton() + "# " + "a" * 30_000_000 + "\n",
        "a number of a million digits": newton(start="X = " + "9" * 10**6 + "*I\n"),
        "a long fraction": newton(start="X = 0." + "9" * 10**6 + "*I\n"),
        "a huge exponent": newton(start="X = 1e999999999*I\n"),
        "a comment that clears the screen": newton() + "# \x1b[2J\x1b[H\n",
        "a comment written backwards": newton() + "# \u202e.sdloh\n",
        "a heat kernel far away": newton().replace("inv(A)", "exp(-1e900*A)"),
        "the root of a thousand": newton().replace("inv(A)", "A^(1/1000)"),
        "the power of a thousand": newton().replace("inv(A)", "A^(-1000)"),
        "a polynomial of degree 5000": newton().replace("inv(A)", "inv(A + A^5000)"),
        "a product of targets": newton().replace("inv(A)", "*".join(["inv(A + I)"] * 300)),
        "tents": of_entries(doubled("s", "1 - 2*abs({v} - 1/2)", 60), "v60"),
        "12 tents": of_entries(doubled("s", "1 - 2*abs({v} - 1/2)", 12), "v12"),
        "sums of tents": of_entries(doubled("s", "abs({v} - 1/3) + abs({v} - 1/7)", 40), "v40"),
        "clips": of_entries(doubled("s", "clip({v}, -1/3, 1/7) + {v}", 60), "v60"),
        "products of entries": of_entries(doubled("s", "{v} .* {v}", 30), "v30"),
        "reciprocals": of_entries(doubled("1 + s", "1/(1 + {v})", 12), "v12"),
        "exponentials": of_entries(doubled("s", "exp.({v})", 8), "v8"),
        "a deep formula": of_entries([], "f(s)").replace(
            "within", "function f(t) = " + "exp(sin(" * 60 + "t" + "))" * 60 + "\nwithin"
        ),
        "a formula of degree 10^5": of_entries([], "f(s)").replace(
            "within", "function f(t) = (1 + t)^100000\nwithin"
        ),
        "a formula of many terms": of_entries([], "f(s)").replace(
            "within",
            "function f(t) = " + " + ".join(f"sin({n}*t)" for n in range(3000)) + "\nwithin",
        ),
        "a fast oscillation": of_entries([], "f(s)").replace(
            "within", "function f(t) = sin(1e12*t)\nwithin"
        ),
        "a narrow tolerance": of_entries([], "exp.(s)").replace("1/100", "1e-300"),
        "a wide interval": of_entries([], "tanh(s)").replace("[0, 1]", "[-1e300, 1e300]"),
        "synthesis of a narrow error": HEAD + "\nreturn synthesize inv(A) within 1e-900\n",
        "synthesis on a wide spectrum": HEAD.replace("[mu, L]", "[1e-300, 1]")
        + "\nreturn synthesize inv(A) within 1e-8\n",
    }


def _loops(depth: int) -> str:
    lines = [f"{'    ' * level}repeat 1000000:\n" for level in range(depth)]
    return "".join(lines) + "    " * depth + "X = 2*X - X*A*X\n"


def _squarings(count: int) -> str:
    lines = ["X = A + I\n", *(["X = X*X\n"] * count)]
    return "".join(lines)


def _sums(count: int) -> str:
    lines = ["Y0 = A\n", *(f"Y{n + 1} = Y{n} + Y{n}*A\n" for n in range(count))]
    return "".join(lines) + f"X = Y{count}\n"


def _functions(count: int) -> str:
    lines = ["function f0(t) = exp(t)\n"]
    lines += [f"function f{n + 1}(t) = f{n}(t) + f{n}(t/2)\n" for n in range(count)]
    return "".join(lines)


def _calls(count: int) -> str:
    parts = ["algorithm a0(A: symmetric[d, d])\nreturn A*A\n\n"]
    parts += [
        f"algorithm a{n + 1}(A: symmetric[d, d])\nB = a{n}(A)\nC = a{n}(B)\nreturn C\n\n"
        for n in range(count)
    ]
    return "".join(parts)


def script_attacks() -> Iterator[Attack]:
    for label, text in _scripts().items():
        base = "newton" if "s: [1]" not in text else "tables"
        change = _script(text, "script.alg")
        yield Attack(f"script: {label}", base, change, harmless=label in HARMLESS)
    for label in ("a product of powers in a step", "20 steps squared", "10 different factors"):
        text = _scripts()[label]
        yield Attack(f"network.alg: {label}", "fewest", _script(text, "network.alg"))


def _script(text: str, name: str) -> Callable[[Directory], None]:
    def change(directory: Directory) -> None:
        directory.write(name, text)

    return change
