"""What a truncation claim says beside its rule: operator, forms, target, hypotheses, scale."""

from __future__ import annotations

from collections.abc import Mapping

from weightsmith.checker.claim_numbers import LARGEST, SAYS_NOTHING
from weightsmith.compiler.certify.affine_targets import AffineTarget
from weightsmith.compiler.certify.grounds import Ground
from weightsmith.compiler.certify.recurrence import Bounded, Json
from weightsmith.compiler.certify.spectral import Form, Frame, NoProofError, RootScalar
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Columns, NormalProgram
from weightsmith.compiler.ir.polynomial import Word
from weightsmith.dsl import core, scalars
from weightsmith.dsl.core import SpectrumKind
from weightsmith.dsl.formulas import formula_text
from weightsmith.dsl.hypotheses import Symmetric, stated

STATEMENT = (
    "‖returned value − target‖₂ ≤ bound · scale in exact arithmetic, for every input that meets "
    "the hypotheses."
)


def letters(word: Word) -> list[str]:
    return [letter.text() for letter in word]


def operator_step(ground: Ground) -> Json:
    return {
        "rule": "operator",
        "assumption": ground.assumption,
        "word": letters(ground.operator.word),
        "symmetric": ground.operator.symmetric,
        "low": scalars.to_text(ground.low),
        "high": scalars.to_text(ground.high),
    }


def forms_step(loop: int, found: Mapping[tuple[str, str], tuple[Form, ...]]) -> Json:
    forms = {}
    for (name, group), parts in sorted(found.items()):
        letter = f"{name}@{group}" if group else name
        forms[letter] = [
            {
                "left": letters(form.left),
                "scalar": form.name or str(form.constant),
                "right": letters(form.right),
            }
            for form in parts
        ]
    return {"rule": "forms", "loop": loop, "forms": forms}


def recurrence_step(
    loop: int, initial: Mapping[str, Coefficient], after: Mapping[str, Coefficient]
) -> Json:
    return {
        "rule": "recurrence",
        "loop": loop,
        "initial": {name: str(value) for name, value in initial.items()},
        "next": {name: str(value) for name, value in after.items()},
    }


def output_step(key: str, value: str, wanted: AffineTarget) -> Json:
    """``key`` is "scalar", the name of one, or "value", a polynomial in them."""
    left, right = wanted.frame
    return {
        "rule": "output",
        "left": letters(left),
        key: value,
        "right": letters(right),
        "target": target_json(wanted.scalar),
        **wanted.keys(),
    }


def target_json(target: RootScalar) -> Json:
    power = str(target.power)
    if target.sign is not None:
        return {"root": target.root, "power": power, "sign": str(target.sign)}
    if target.formula is not None:
        return {"spectral": formula_text(target.formula), "of": power}
    return {"root": target.root, "power": power} if target.root else {"exp": power}


def hypotheses(
    program: core.Program,
    normal: NormalProgram,
    ground: Ground,
    frame: Frame,
    bounded: Bounded,
    *,
    vanish: bool,
) -> list[str]:
    """What is assumed; ``vanish``: the value and its target are both 0 on the kernel of T."""
    operator = ground.operator
    if _is_rectangular(normal, ground) and not vanish:
        _check_absorbed(operator.word, frame)
    spectra = [a for a in program.assumptions if isinstance(a, core.SpectrumAssumption)]
    assumption = spectra[ground.assumption]
    found = [stated(program, assumption).text]
    if operator.symmetric == "assumed":
        found.append(Symmetric(assumption.of, False, assumption.span).text)
    if operator.symmetric == "weighted":
        found.append(f"{operator.word[-1].name} is positive definite")
    if ground.kind is SpectrumKind.NONZERO_SPECTRUM and not vanish:
        found.append(_range_hypothesis(program, frame, "*".join(letters(operator.word))))
    if bounded.value is None:
        found.append(f"the side conditions of the rule {bounded.step['rule']} hold")
    return found


def may_have_kernel(normal: NormalProgram, ground: Ground) -> bool:
    """May T have the eigenvalue 0 besides the assumed spectrum?"""
    nonzero = ground.kind is SpectrumKind.NONZERO_SPECTRUM
    return nonzero or _is_rectangular(normal, ground)


def _is_rectangular(normal: NormalProgram, ground: Ground) -> bool:
    """Is T = A'A of a matrix A that is not square?"""
    half = ground.operator.word[: len(ground.operator.word) // 2]
    singular = ground.kind is SpectrumKind.SINGULAR_VALUES
    return singular and normal.alphabet.rows(half[0]) != normal.alphabet.columns(half[-1])


def _check_absorbed(word: Word, frame: Frame) -> None:
    """A factor A next to f(A'A) sees nothing of the kernel."""
    half = len(word) // 2
    if frame[0][-half:] != word[half:] and frame[1][:half] != word[:half]:
        text = "*".join(letters(word))
        raise NoProofError(f"{text} may have eigenvalues 0, outside the singular values assumed")


def _range_hypothesis(program: core.Program, frame: Frame, word: str) -> str:
    sides = [side[0] for side in (frame[1], frame[0][::-1]) if side]
    for assumption in program.assumptions:
        if isinstance(assumption, core.RangeAssumption):
            value = assumption.value
            if isinstance(value, core.Name) and any(s.name == value.name for s in sides):
                return stated(program, assumption).text
    raise NoProofError(f"nothing says that the data lies in the range of {word}")


def scale(normal: NormalProgram, ground: Ground, columns: Columns, wanted: AffineTarget) -> str:
    left, right = wanted.frame
    if wanted.scalar.root == 0:
        if ground.operator.symmetric == "weighted":
            raise NoProofError("an exponential or a formula needs a symmetric operator")
        return "norm(left)*norm(right)" if left or right else "1"
    if _is_polar(normal, columns):
        return "1"
    if ground.operator.symmetric == "weighted":
        weight = ground.operator.word[-1].name
        return f"norm(solution*{weight}^(-1/2))*norm({weight}^(1/2)*right)"
    if left and right:
        return "norm(solution)*norm(right)"
    return "norm(target - shift)" if wanted.shift.terms else "norm(target)"


def _is_polar(normal: NormalProgram, columns: Columns) -> bool:
    """Is the function of the target a polar factor and nothing else, of norm 1?"""
    functions = normal.functions.keys()
    words = [
        word
        for value in columns.values()
        for word in value.terms
        if not functions.isdisjoint(letter.name for letter in word)
    ]
    return all(
        len(word) == 1
        and word[0].name in normal.functions
        and normal.functions[word[0].name][0].function in ("polar", "sign")
        for word in words
    )


def claim(
    output: str, steps: list[Json], bounded: Bounded, assumed: list[str], factor: str
) -> Json:
    """The claim without its number."""
    if bounded.value is not None and bounded.value > LARGEST:
        raise NoProofError(SAYS_NOTHING)
    value = None if bounded.value is None else str(bounded.value)
    return {
        "kind": "truncation",
        "statement": STATEMENT,
        "output": output,
        "steps": [{"step": number, **step} for number, step in enumerate(steps, 1)],
        "hypotheses": assumed,
        "scale": factor,
        "bound": {"formula": bounded.formula, "value": value},
    }
