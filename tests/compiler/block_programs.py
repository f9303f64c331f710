"""Random scripts of affine loops whose matrices do not commute, alone or among other statements."""

from __future__ import annotations

from hypothesis import strategies as st

NUMBERS = ("1/2", "-1/3", "2", "-1", "1/5", "1")
HEAD = (
    "algorithm random(A: [d, d], B: [e, d], C: [d, e], S: symmetric[d, d], T: symmetric[e, e], "
    "x: [d] per token, y: [k] per context)"
)
# by kind: the start, then by variable the terms of a pass, linear ones first, and the constants
State = dict[str, tuple[list[str], list[str]]]
KINDS: dict[str, tuple[list[str], State]] = {
    "left": (
        ["0", "C", "A*C"],
        {
            "X": (["X", "A*X", "S*X", "A'*X", "C*Y", "x*x'*X"], ["C", "S*C"]),
            "Y": (["Y", "B*X", "T*Y", "C'*X"], ["T", "B*C"]),
        },
    ),
    "right": (
        ["0", "y*x'"],
        {"W": (["W", "W*A", "W*S", "W*x*x'", "V*B"], ["y*x'"]), "V": (["V", "W*C", "V*T"], [])},
    ),
    "turned": (
        ["0", "C", "A*C"],
        {"X": (["X", "A*X", "Z'", "S*X"], ["C"]), "Z": (["Z", "Z*A", "X'", "Z*S"], ["C'", "B"])},
    ),
    "tokens": (
        ["0", "x", "A*x"],
        {
            "p": (["p", "x*x'*p", "A*p", "q"], ["x", "C*B*x"]),
            "q": (["q", "S*p", "A'*q"], ["S*x"]),
        },
    ),
}
TWO_SIDED = (
    "X = (a)*(A*X*A') + (b)*S",
    "X = (a)*(A*X*S) + (b)*A",
    "X = (I + (a)*A)*X*(I + (b)*S) + (c)*S",
    "X = (I + (a)*S)*X*(I + (a)*S) + (c)*A",
    "X = (a)*X*(S + A) + (b)*A",
    "X = (a)*X + (b)*A",
    "X = (a)*X + (b)*A*X + (c)*X*S + S",
    "X = X - (b)*A*X - (b)*X*A' + S",
    "X = X - (b)*S*X - (b)*X*S + (c)*A",
    "X = (a)*X + (b)*C*B*X*S + A",
    "X = (a)*X + (b)*A*X + (c)*X*S + (a)*A*X*S + (b)*C*B",
    "X = (a)*X + (b)*X*A + A*X*S + A*X*A",
)
NEWTON = (
    "X = 2*X - X*A*X",
    "X = 2*X - (1/2)*X*S*X",
    "X = X*(3*I - A*X*(3*I - A*X))",
    "X = 3*X - 3*X*(S + A)*X + X*(S + A)*X*(S + A)*X",
    "X = X*X",
    "X = 2*X - X*X",
)
AROUND = ("plain", "plain", "before", "after", "twice", "nested", "function")


def sums(draw: st.DrawFn, linear: list[str], constants: list[str]) -> str:
    parts = draw(st.lists(st.sampled_from(linear), min_size=1, max_size=3, unique=True))
    parts += draw(st.lists(st.sampled_from(constants), max_size=1)) if constants else []
    return " + ".join(f"({draw(st.sampled_from(NUMBERS))})*{part}" for part in parts)


@st.composite
def block_scripts(draw: st.DrawFn) -> str:
    """A script of one loop of 4 to 11 passes, or of two."""
    start, step, names = draw(steps())
    most = 5 if step in NEWTON else 11
    loop = [f"repeat {draw(st.integers(4, most))}:", f"    {step} over context"]
    around = draw(st.sampled_from(AROUND))
    lines = list(start)
    first = names[0]
    if around == "function":
        lines.append(f"{first} = relu({first})")
    if around == "before":
        lines += [f"{first} = (2)*{first}", "G = S*S"]
    if around == "nested":
        inner = [f"    {line}" for line in loop]
        lines += ["repeat 2:", *inner, f"    {first} = {first} - (1/2)*{first}"]
    else:
        lines += loop
    if around == "twice":
        lines += [f"{first} = (1/2)*{first}", *loop]
    if around == "after":
        lines.append(f"{first} = relu({first}) + {first}")
    returned = [f"{name} on tokens" if name in "pq" else name for name in names]
    lines.append("return " + ", ".join(draw(st.permutations(returned))))
    return "\n".join([HEAD, *lines]) + "\n"


POOL = {
    "X": (["X", "Z", "A*X", "A'*Z", "S*X", "C*Y"], ["C", "S*C"]),
    "Y": (["Y", "T*Y", "B*X", "C'*Z"], ["T", "B*C"]),
    "Z": (["Z", "X", "S*Z", "A*X", "C*Y"], ["C"]),
}


@st.composite
def nested_scripts(draw: st.DrawFn) -> str:
    """A script of affine loops, of ``repeat`` and ``for``, three deep at the most."""
    starts = {"X": ["C", "0", "A*C"], "Y": ["B*C", "T"], "Z": ["C", "S*C"]}
    lines = [f"{name} = {draw(st.sampled_from(values))}" for name, values in starts.items()]
    lines += draw(loops(1, ()))
    returned = draw(st.lists(st.sampled_from("XYZ"), min_size=1, unique=True))
    return "\n".join([HEAD, *lines, "return " + ", ".join(returned)]) + "\n"


@st.composite
def loops(draw: st.DrawFn, depth: int, numbers: tuple[str, ...]) -> list[str]:
    head = f"repeat {draw(st.integers(1, 13 if depth == 1 else 5))}:"
    if draw(st.integers(0, 2)) == 0:
        name = "ghk"[depth - 1]
        length = draw(st.integers(1, 7))
        values = draw(st.lists(st.sampled_from(NUMBERS), min_size=length, max_size=length))
        head, numbers = f"for {name} in {', '.join(values)}:", (*numbers, name)
    body: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        if depth < 3 and draw(st.booleans()):
            body += draw(loops(depth + 1, numbers))
        else:
            body.append(draw(assignments(numbers)))
    return [head, *("    " + line for line in body)]


@st.composite
def assignments(draw: st.DrawFn, numbers: tuple[str, ...]) -> str:
    names = draw(st.lists(st.sampled_from("XYZ"), min_size=1, max_size=2, unique=True))
    values = []
    for name in names:
        linear, constants = POOL[name]
        text = sums(draw, linear, constants)
        if numbers and draw(st.booleans()):
            text += f" + {draw(st.sampled_from(numbers))}*{draw(st.sampled_from(linear))}"
        values.append(text)
    return f"{', '.join(names)} = {', '.join(values)}"


@st.composite
def steps(draw: st.DrawFn) -> tuple[list[str], str, list[str]]:
    """What stands before the loop, its one statement, and the names that it carries."""
    kind = draw(st.sampled_from([*KINDS, "two-sided", "newton"]))
    if kind in ("two-sided", "newton"):
        text = draw(st.sampled_from(TWO_SIDED if kind == "two-sided" else NEWTON))
        for letter in "abc":
            text = text.replace(f"({letter})", f"({draw(st.sampled_from(NUMBERS))})")
        return [f"X = {draw(st.sampled_from(['I', '0', 'A', 'S']))}"], text, ["X"]
    starts, state = KINDS[kind]
    names = list(state) if draw(st.booleans()) else list(state)[:1]
    before = []
    for at, name in enumerate(names):
        value = draw(st.sampled_from(starts)) if at == 0 else "0"
        before.append(f"{name} = {value} over context")
    used = [name for name in state if name not in names]
    values = []
    for name in names:
        linear, constants = state[name]
        kept = [term for term in linear if not any(other in term for other in used)]
        values.append(sums(draw, kept, constants))
    return before, f"{', '.join(names)} = {', '.join(values)}", names
