"""Random programs print and read back; random texts always get an answer."""

from __future__ import annotations

import dataclasses
import random
import time
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from weightsmith.dsl import Source, check, diagnose, program_text
from weightsmith.dsl.formatting.format_script import format_script

HEAD = """\
algorithm f(A: symmetric[d, d], B: [d, m], x: [d] per token, y: [k] per context, c: [1] per token)
assume spectrum(A) in [mu, L]
assume norm(x) <= R
param eta = 1/3, s, steps = 3
table ramp = (-1, 0), (0, 1/3), (2, -1)
table slope = (-2, eta), (2, 1)
function bend(t) = 2*relu(t - eta) - abs(t + 3)/2 + t/4
function bell(u) = eta*exp(-u^2/2) - 1/(2 + sigmoid(u)*sqrt(s))
"""
COEFFICIENTS = ["2", "-1", "1/3", "0.25", "eta", "(eta - s)", "2/(mu + L)", "eta^2/s", "-s^-2"]

Texts = st.SearchStrategy[str]


FUNCTIONS = ["relu({})", "abs({})", "max({}, eta)", "min({}, 0)", "clip({}, -1, s)",
             "soft({}, 2*eta)", "ramp({})", "slope({})", "bend({})", "bell({})", "sigmoid.({})",
             "exp.({})", "reciprocal({})", "({} within 1/7)", "(bell({}) within eta)"]  # fmt: skip


def _closed(one: Texts, square: Texts) -> Texts:
    """Expressions of the shape of ``one``, a level deeper."""
    return st.one_of(
        one,
        st.builds(lambda form, part: str(form).format(part), st.sampled_from(FUNCTIONS), one),
        st.builds("{} .* ({})".format, one, one),
        st.builds("({}) ./ ({})".format, one, one),
        st.builds("max({}, {})".format, one, one),
        st.builds("({} + {}*ones)".format, one, st.sampled_from(COEFFICIENTS)),
        st.builds("({} + {})".format, one, one),
        st.builds("({} - {})".format, one, one),
        st.builds("{}*{}".format, st.sampled_from(COEFFICIENTS), one),
        st.builds("-{}".format, one),
        st.builds("{}*{}".format, square, one),
        st.builds("({})".format, one),
    )


def _shapes(levels: int) -> tuple[Texts, Texts, Texts]:
    """Expressions of shape [d, d], [d, m] and [d, token]."""
    square: Texts = st.sampled_from(
        ["A", "X", "(A + I)", "x*x'", "B*B'", "(x*x' over tokens)", "(ones*A + A)", "(c .* x)*x'"]
    )
    wide: Texts = st.just("B")
    columns: Texts = st.sampled_from(["x", "u", "(u on context)", "(c .* x)", "A*u ./ sum(u)"])
    for _ in range(levels):
        wide, columns, square = (
            _closed(wide, square),
            _closed(columns, square),
            st.one_of(
                _closed(square, square),
                st.builds("(sum({}) .* ({}))".format, square, square),
                st.builds("({})'".format, square),
                st.builds("({})^2".format, square),
                st.builds("{}*({})'".format, wide, wide),
                st.builds("({})*({})'".format, columns, columns),
            ),
        )
    return square, wide, columns


SQUARE, WIDE, COLUMNS = _shapes(2)


@given(
    st.lists(st.tuples(SQUARE, COLUMNS), min_size=1, max_size=3), SQUARE, WIDE, st.integers(0, 2)
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_random_programs_print_and_read_back(
    steps: list[tuple[str, str]], start: str, wide: str, loops: int
) -> None:
    lines = ["X, u = A, x", f"V = {wide} over context"]
    for level in range(loops):
        lines.append("    " * level + "repeat steps:")
    indent = "    " * loops
    lines += [f"{indent}X, u = {square}, {columns} over context" for square, columns in steps]
    lines.append(f"return X approximates root(w: w*A + {start} over context), V, u")
    source = Source("random.alg", HEAD + "\n".join(lines))
    checked = diagnose(source)
    if checked.program is None:  # no tokens are left, or the target names what a loop computes
        messages = [one.message for one in checked.diagnostics if one.severity == "error"]
        assert all("tokens" in one or "defined on" in one or "target" in one for one in messages)
        return
    text = program_text(checked.program)
    again = check(Source("printed.alg", text))
    assert _bare(again) == _bare(checked.program)
    assert program_text(again) == text
    written = format_script(source)
    assert _bare(check(Source("formatted.alg", written))) == _bare(checked.program)
    assert format_script(Source("formatted.alg", written)) == written
    assert format_script(Source("printed.alg", text)) == text


def _bare(part: object) -> object:
    """The program without its places in the text."""
    if isinstance(part, tuple):
        return tuple(_bare(one) for one in part)
    if not dataclasses.is_dataclass(part):
        return part
    fields = [one.name for one in dataclasses.fields(part) if one.name != "span"]
    return (type(part).__name__, *(_bare(getattr(part, name)) for name in fields))


PLAIN = """
algorithm use from assume in param repeat return approximates over on per context query tokens
token spectrum range symmetric inv sqrt I A B x y X w eta mu L steps f newton
function table within until ones norm entries size root error relu sigmoid clip exp
0 1 2 0.1 1e-3 3. 12 ( ) [ ] + - * / ^ ** ' , : = == += # @ é .* ./ .( <= . .^
"""
WORDS = [*PLAIN.split(), '"', "\\", "\x00", "\t"]
SEED = 20_240_501


def test_random_words_always_get_an_answer() -> None:
    """250 scripts of random words in a plausible layout."""
    chance = random.Random(SEED)
    for _ in range(250):
        lines = ["algorithm f(A: symmetric[d, d], x: [d] per token)"] * (chance.random() < 0.8)
        for _ in range(chance.randint(1, 8)):
            words = chance.choices(WORDS, k=chance.randint(1, 10))
            begin = chance.choice(["", "", "  ", "    ", "\t", "X = ", "return ", "repeat 2:\n  "])
            lines.append(begin + chance.choice(["", " "]).join(words))
        _answered(chance.choice(["\n", "\r\n"]).join(lines))


def test_random_expressions_always_get_an_answer() -> None:
    """100 scripts whose statements are well formed and otherwise arbitrary."""
    chance = random.Random(SEED + 1)
    for _ in range(100):
        lines = [f"{chance.choice('XYZ')} = {_expression(chance, 4)}" for _ in range(5)]
        lines.insert(chance.randint(0, 4), f"repeat {_expression(chance, 1)}:\n    w = 2*A")
        over = chance.choice(["", " over context", " on query", " over tokens"])
        lines.append(f"return {_expression(chance, 3)}{over} approximates {_expression(chance, 3)}")
        _answered(HEAD + "\n".join(lines))


def test_edited_examples_always_get_an_answer(examples: dict[str, Path]) -> None:
    """250 examples with a few bytes removed, doubled, exchanged or made random."""
    chance = random.Random(SEED + 2)
    texts = [path.read_bytes() for path in examples.values()]
    for _ in range(250):
        data = bytearray(chance.choice(texts))
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(data))
            match chance.randrange(4):
                case 0:
                    del data[place : place + chance.randint(1, 9)]
                case 1:
                    data[place:place] = data[place : place + chance.randint(1, 30)]
                case 2:
                    data[place] = chance.randrange(256)
                case _:
                    other = chance.randrange(len(data))
                    data[place], data[other] = data[other], data[place]
        _answered(data.decode("utf-8", errors="replace"), str(examples["ridge"].parent / "x.alg"))


def _answered(text: str, name: str = "random.alg") -> None:
    """A program, or diagnostics that can be shown; nothing else, and soon."""
    start = time.perf_counter()
    checked = diagnose(Source(name, text))
    if checked.program is None:
        assert any(one.severity == "error" for one in checked.diagnostics), text
        assert all(one.render() for one in checked.diagnostics)
    else:
        assert program_text(checked.program)
    assert time.perf_counter() - start < 60, text


def _expression(chance: random.Random, depth: int) -> str:
    names = ["A", "B", "x", "y", "X", "Y", "I", "0", "1/2", "eta", "steps", "d", "Q"]
    if depth == 0:
        return chance.choice(names)
    one, other = _expression(chance, depth - 1), _expression(chance, chance.randrange(depth))
    form = chance.choice(
        ["{0} + {1}", "{0} - {1}", "{0}*{1}", "({0})'", "({0})*({1})'", "({0})/({1})", "-{0}",
         "({0})^{1}", "inv({0})", "f({0}, steps = {1})", "({0} over context)", "({0} on query)",
         "{0} .* {1}", "{0} ./ {1}", "relu({0})", "max({0}, {1})", "clip({0}, 0, {1})", "sum({0})",
         "exp.({0})", "bell({0})", "ramp({0}, {1})", "({0} within {1})", "ones*{0}", "root(w: {0})"]
    )  # fmt: skip
    return str(form).format(one, other)
