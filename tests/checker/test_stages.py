"""The rule ``stages``: a claim by hand, and claims that would prove what is false."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
import pytest
from checker_intervals import chain, last_size
from checker_steps import assumption, cubic, forms, loop, square
from claims_by_hand import check_truncation

from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.rules.truncation import stages
from weightsmith.checker.rules.truncation.stages import MAX_DEGREE, _Walk
from weightsmith.checker.spectra.following import Truncation
from weightsmith.checker.spectra.scalar_program import ScalarProgram, Stage, Term
from weightsmith.dsl import Source, check

F = Fraction
Json = dict[str, Any]
HEAD = "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [1/2, 1]\nX = 4/3*I\n"
NEWTON = HEAD + "repeat 1:\n    X = 2*X - X*A*X\nreturn X approximates inv(A)\n"


def claim(scalars: dict[str, tuple[str, str]], degrees: str, value: str) -> Json:
    """Of one loop; ``scalars`` have their start and what a pass makes of them."""
    starts = {name: start for name, (start, _) in scalars.items()}
    passes = {name: after for name, (_, after) in scalars.items()}
    of_letters = forms(**{name: [([], name, [])] for name in scalars})
    return {
        "output": "X",
        "hypotheses": [["assumption", 0]],
        "scale": "norm(target)",
        "bound": {
            "formula": f"stages(1 - (X)/target, degrees {degrees}, 1 - (4/3*lambda)^(1/1))",
            "value": value,
        },
        "steps": [
            assumption("A"),
            loop(of_letters, starts, passes),
            {"rule": "stages", "scalar": "X"},
        ],
    }


def prove(text: str, given: Json) -> Truncation:
    program = check(Source("script.alg", text))
    steps = [{"step": number, **step} for number, step in enumerate(given["steps"], 1)]
    return check_truncation(program, {}, {**given, "steps": steps}, Budget())


def newton() -> Json:
    value = last_size(chain([F(1, 3), F(-1, 3)], square, [F(0)], 1))
    return claim({"X": ("4/3", "-X^2*lambda + 2*X")}, "2", value)


def test_one_step_of_newton_is_proven() -> None:
    value = prove(NEWTON, newton()).value
    assert value is not None
    assert F(1, 9) <= value <= F(1, 9) * (1 + F(1, 2**60))


@pytest.mark.parametrize("passes", [2, 3, 6])
def test_every_pass_of_newton_is_a_cut(passes: int) -> None:
    """The degrees between are 2, and the value is that of the chain of intervals."""
    given = newton()
    given["bound"] = {
        "formula": given["bound"]["formula"].replace("2,", ", ".join(["2"] * passes) + ","),
        "value": last_size(chain([F(1, 3), F(-1, 3)], square, [F(0)], passes)),
    }
    found = prove(NEWTON.replace("repeat 1", f"repeat {passes}"), given).value
    assert found is not None
    assert F(1, 3) ** 2**passes <= found <= F(1, 3) ** 2**passes * (1 + F(1, 2**50))
    given["bound"]["value"] = str(found * (1 - F(1, 2**50)))
    with pytest.raises(RefusedError, match="below the true value"):
        prove(NEWTON.replace("repeat 1", f"repeat {passes}"), given)


LOOPS = HEAD + (
    "repeat 2:\n    X = 2*X - X*A*X\nY = X\nrepeat 2:\n    Y = 3/2*Y - 1/2*Y*Y*Y*A*A\n"
    "return Y approximates inv(A)\n"
)


def test_a_cut_lies_between_two_loops_too() -> None:
    """e goes to e^2 twice, then, as t goes to (3*t - t^3)/2, to (3*e^2 - e^3)/2 twice."""
    form = {"X#0": [{"left": [], "scalar": "X", "right": []}]}
    later = {"Y#1": [{"left": [], "scalar": "Y", "right": []}]}
    given = newton()
    given["output"] = "Y"
    given["steps"][1:2] = [
        loop(form, {"X": "4/3"}, {"X": "-X^2*lambda + 2*X"}),
        loop(later, {"Y": "X"}, {"Y": "-1/2*Y^3*lambda^2 + 3/2*Y"}, 1),
    ]
    first = chain([F(1, 3), F(-1, 3)], square, [F(0)], 2)
    ends = [F(end) for end in first[-1]]
    value = last_size(chain(ends, cubic, [F(0), F(2)], 2))
    formula = "stages(1 - (Y)/target, degrees 2, 2, 3, 3, 1 - (4/3*lambda)^(1/1))"
    given["bound"] = {"formula": formula, "value": value}
    assert prove(LOOPS, given).value is not None


def test_a_script_without_a_loop_has_nothing_to_follow() -> None:
    given = newton()
    del given["steps"][1]
    with pytest.raises(RefusedError, match="The rule is for loops"):
        prove(HEAD + "return X approximates inv(A)\n", given)


FORGETS = HEAD + (
    "Y = 0*I\nZ = A\nrepeat 2:\n    X, Y, Z = X + Y, Z*X, 0*Z\nreturn X approximates inv(A)\n"
)


def test_scalars_in_no_fixed_ratio_to_the_target_prove_nothing() -> None:
    """X is 4/3 + 4/3*lambda in the end, at a distance of 5/3: Z is 0 when Y is added to X."""
    scalars = {"X": ("4/3", "X + Y"), "Y": ("0", "X*Z"), "Z": ("lambda", "0")}
    with pytest.raises(RefusedError, match="'Z' does not begin as a multiple of 'X'"):
        prove(FORGETS, claim(scalars, "1", "1"))


CHANGING = HEAD + ("Y = 0*I\nfor a in 1, 0:\n    X, Y = X + Y, a*X\nreturn X approximates inv(A)\n")


def test_numbers_that_change_from_pass_to_pass_are_those_of_each_pass() -> None:
    """X is 8/3 in the end: 1 - 8/3*lambda is -5/3 at 1, whatever Y would be with the last a."""
    value = last_size(chain([F(-1, 3), F(-5, 3)], lambda e: e, [], 0))
    given = claim({"X": ("4/3", "X + Y"), "Y": ("0", "X*a")}, "1", value)
    assert prove(CHANGING, given).value == F(value)
    given["bound"]["value"] = last_size(chain([F(1, 3), F(-1, 3)], square, [F(0)], 0))
    with pytest.raises(RefusedError, match="below the true value"):
        prove(CHANGING, given)


SQUARED = """algorithm f(A: symmetric[d, d])
assume spectrum(A) in [1/2, 1]
X = I + 0*A
repeat 1:
    X = 2*X
Y = 3*I + 0*A
repeat 40:
    Y = Y*Y
return Y approximates inv(2*I)
"""


def test_numbers_that_double_their_digits_are_refused_in_time() -> None:
    """3^(2^40) is not computed."""
    given = newton()
    given["output"] = "Y"
    given["steps"][1:2] = [
        loop({f"{name}#{k}": [{"left": [], "scalar": name, "right": []}]}, {name: start},
             {name: after}, k)
        for k, (name, start, after) in enumerate((("X", "1", "2*X"), ("Y", "3", "Y^2")))
    ]  # fmt: skip
    with pytest.raises(RefusedError, match=r"too large|multiple of"):
        prove(SQUARED, given)


def walked(start: flint.fmpq) -> list[int]:
    """A loop of no pass, its scalar start·(1 − e), of which e = 0; the result is the scalar."""
    stage = Stage(0, ((Term(start, 1, ()),),), (), 0)
    value = (Term(flint.fmpq(1), 0, ((0, 1),)),)
    walk = _Walk(ScalarProgram((stage,), value), (F(0), F(0)))
    degrees = walk.run()
    end = 1 - F(int(start.p), int(start.q))
    low, high = walk.interval
    assert low <= end <= high
    assert high - low <= abs(end) / 2**60
    return degrees


@pytest.mark.parametrize("start", [flint.fmpq(1 << 60), flint.fmpq(1, 1 << 60)])
def test_long_numerators_and_denominators_are_counted(
    start: flint.fmpq, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert walked(start) == [1]
    monkeypatch.setattr(stages, "MAX_BITS", 50 * (MAX_DEGREE + 1))
    assert walked(flint.fmpq(3, 4)) == [1]
    with pytest.raises(RefusedError, match="too large to be checked exactly"):
        walked(start)


def doubling(count: int, value: tuple[Term, ...], *kept: tuple[Term, ...]) -> _Walk:
    """f <- f^2 of the first scalar; others do as ``kept`` says; all begin at t = 1 - e."""
    one = flint.fmpq(1)
    first = (Term(one, 1, ()),)
    maps = ((Term(one, 0, ((0, 2),)),), *kept)
    stage = Stage(0, tuple(first for _ in maps), (maps,), count)
    return _Walk(ScalarProgram((stage,), value), (F(0), F(1, 2)))


ONE = flint.fmpq(1)
FIRST, SECOND = ((Term(ONE, 0, ((place, 1),)),) for place in (0, 1))
BOTH = (Term(ONE, 0, ((0, 1), (1, 1))),)


def test_without_another_scalar_every_pass_ends_at_a_cut() -> None:
    walk = doubling(4, FIRST)
    assert walk.run() == [2, 2, 2, 2]
    low, high = walk.interval
    assert low == 0
    assert 0 <= high - (1 - F(1, 2) ** 16) <= F(1, 2**50)


def test_no_cut_lies_where_a_scalar_of_another_ratio_is_used_again() -> None:
    """The second keeps t: at the end there is t^4·t, and no interval is lost on the way."""
    assert doubling(2, BOTH, SECOND).run() == [5]
    assert doubling(2, FIRST, SECOND).run() == [2, 2]


def test_degrees_that_no_cut_ends_are_limited() -> None:
    with pytest.raises(RefusedError, match=f"a degree above {MAX_DEGREE}"):
        doubling(8, BOTH, SECOND).run()
