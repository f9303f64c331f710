"""The truncation claim of one returned value: how far the iteration is from its target.

Tries the operators that the script's spectrum assumptions offer; the first whose scalars close
under a rule gives the claim.  What does not close is reported as unproven, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.compiler.certify.autonomous import autonomous
from weightsmith.compiler.certify.contraction import contraction
from weightsmith.compiler.certify.power_exp import power_exp
from weightsmith.compiler.certify.recurrence import Bounded, Recurrence
from weightsmith.compiler.certify.spectral import (
    MAX_FORMS,
    Collapse,
    Form,
    Frame,
    NoProofError,
    Operator,
    RootScalar,
    ScalarField,
    infer_forms,
    scalar_name,
)
from weightsmith.compiler.certify.target_scalars import target_scalar
from weightsmith.compiler.certify.three_term import three_term
from weightsmith.compiler.certify.two_intervals import region_text, square, square_ends
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Columns, Loop, NormalProgram, Returned
from weightsmith.compiler.ir.polynomial import Word
from weightsmith.dsl import core, scalars
from weightsmith.dsl.core import SpectrumKind
from weightsmith.dsl.scalars import Scalar, ScalarError, free_symbols

Json = dict[str, object]
RULES = (power_exp, autonomous, contraction, three_term)
SCHEDULED = (autonomous,)  # rules that know the numbers of a 'for' loop
STATEMENT = (
    "‖returned value − target‖₂ ≤ bound · scale in exact arithmetic, for every input that meets "
    "the hypotheses."
)


@dataclass(frozen=True)
class _Ground:
    """An operator with its spectrum, as an assumption gives it."""

    operator: Operator
    assumption: int
    kind: SpectrumKind
    low: Scalar
    high: Scalar
    region: str = ""  # in words, if two intervals are assumed


def truncation_claim(
    program: core.Program,
    normal: NormalProgram,
    position: int,
    bindings: dict[str, Fraction],
) -> Json:
    """Return the claim (without its number) for the returned value at ``position``."""
    returned, target = normal.returns[position], normal.targets[position]
    reasons = []
    for ground in _grounds(program, normal, bindings):
        try:
            return _Proof(program, normal, returned, target, ground, bindings).claim()
        except (NoProofError, ScalarError) as reason:
            reasons.append(str(reason))
    first = reasons[0] if reasons else _no_ground(program)
    return {"kind": "truncation", "output": returned.name, "unproven": first}


def _grounds(
    program: core.Program, normal: NormalProgram, bindings: dict[str, Fraction]
) -> Iterator[_Ground]:
    spectra = [a for a in program.assumptions if isinstance(a, core.SpectrumAssumption)]
    for index, (assumption, value) in enumerate(zip(spectra, normal.assumed, strict=True)):
        if len(value.terms) != 1:
            continue
        ((word, coefficient),) = value.terms.items()
        if coefficient != 1 or not word:
            continue
        transposed = normal.alphabet.transpose_word(word)
        if assumption.kind is SpectrumKind.SINGULAR_VALUES:
            low, high = square(assumption.low), square(assumption.high)
            for both in (transposed + word, word + transposed):
                space = normal.alphabet.rows(both[0])
                region = region_text(assumption, both)
                operator = Operator(both, "yes", space)
                yield _Ground(operator, index, assumption.kind, low, high, region)
            continue
        space, region = normal.alphabet.rows(word[0]), region_text(assumption, word)
        complete = all(one.name in bindings for one in program.parameters)
        squares = square_ends(assumption, normal.field, bindings if complete else {})
        if squares is not None and word == transposed:
            operator = Operator(word + word, "yes", space)
            yield _Ground(operator, index, assumption.kind, *squares, region)
        has_kernel = assumption.kind is SpectrumKind.NONZERO_SPECTRUM
        operator = Operator(word, _symmetry(normal, word), space, has_kernel)
        yield _Ground(operator, index, assumption.kind, assumption.low, assumption.high, region)


def _no_ground(program: core.Program) -> str:
    if any(isinstance(a, core.SpectrumAssumption) for a in program.assumptions):
        return (
            "an assumption about a sum or a multiple is not understood: make it one about a "
            "single product, as spectrum(A) or spectrum(x*x')"
        )
    return "the script assumes nothing about a spectrum"


def _symmetry(normal: NormalProgram, word: Word) -> str:
    transpose = normal.alphabet.transpose_word
    if word == transpose(word):
        return "yes"
    last = word[-1]
    inputs = {given.name for given in normal.inputs}
    if word[:-1] == transpose(word[:-1]) and last.name in normal.alphabet.symmetric & inputs:
        return "weighted"
    return "assumed"


class _Proof:
    def __init__(
        self,
        program: core.Program,
        normal: NormalProgram,
        returned: Returned,
        target: Columns | None,
        ground: _Ground,
        bindings: dict[str, Fraction],
    ) -> None:
        if target is None:
            raise NoProofError("the script names no target")
        self.program, self.normal, self.returned = program, normal, returned
        self.target, self.ground = target, ground
        self.loop = _only_loop(normal, returned)
        self.wanted = _dependencies(normal, self.loop, returned)
        names = _scalar_names(self.loop, self.wanted)
        self.scalars = ScalarField(normal, names)
        self.collapse = Collapse(normal, ground.operator, self.scalars)
        needed = set().union(
            *(free_symbols(p) for p in (self.loop.count, ground.low, ground.high)),
            *(free_symbols(scalars.Symbol(q.name)) for q in program.parameters),
        )
        self.bindings = bindings if needed <= bindings.keys() else None

    def claim(self) -> Json:
        infer_forms(self.collapse, self.loop, self.wanted)
        initial, after = self._recurrences()
        frame, scalar, target = self._output()
        recurrence = Recurrence(
            self.scalars,
            initial,
            after,
            scalar,
            target,
            self.loop.count,
            self.ground.low,
            self.ground.high,
            self.bindings,
            self.loop.schedule,
        )
        bounded = _first_rule(recurrence)
        steps = [
            self._operator_step(),
            self._forms_step(),
            self._recurrence_step(initial, after),
            self._output_step(frame, scalar, target),
            bounded.step,
        ]
        value = None if bounded.value is None else str(bounded.value)
        return {
            "kind": "truncation",
            "statement": STATEMENT,
            "output": self.returned.name,
            "steps": [{"step": number, **step} for number, step in enumerate(steps, 1)],
            "hypotheses": self._hypotheses(frame, bounded),
            "scale": self._scale(frame, target),
            "bound": {"formula": bounded.formula, "value": value},
        }

    def _recurrences(self) -> tuple[dict[str, Coefficient], dict[str, Coefficient]]:
        """Collapse the values before the loop and after a pass; every group must agree."""
        initial: dict[str, Coefficient] = {}
        after: dict[str, Coefficient] = {}
        for carried in self.loop.carried:
            if carried.letter not in self.wanted:
                continue
            tokens = self.normal.alphabet.axes[carried.letter][1] == ""
            for space in carried.spaces:
                forms = self.collapse.forms[carried.letter, space if tokens else ""]
                first = self._by_form(carried.initial, space, forms)
                second = self._by_form(carried.next, space, forms)
                for form, a, b in zip(forms, first, second, strict=True):
                    if not form.name:
                        if a != form.constant or b != form.constant:
                            raise NoProofError("a part that should not change does")
                        continue
                    same = initial.setdefault(form.name, a) == a
                    if not same or after.setdefault(form.name, b) != b:
                        raise NoProofError("context and query tokens follow different recurrences")
        return initial, after

    def _by_form(self, columns: Columns, space: str, forms: tuple[Form, ...]) -> list[Coefficient]:
        frames = self.collapse(columns[space])
        known = [(form.left, form.right) for form in forms]
        if any(frame not in known for frame in frames):
            raise NoProofError("a pass leaves the forms of the loop's values")
        return [frames.get(frame, self.scalars.field.zero) for frame in known]

    def _output(self) -> tuple[Frame, str, RootScalar]:
        results = []
        for space, value in self.returned.value.items():
            frames = self.collapse(value)
            frame, target = target_scalar(self.collapse, self.target[space])
            if len(frames) != 1 or frame not in frames:
                raise NoProofError("the returned value and its target have different forms")
            scalar = frames[frame]
            names = [n for n in self.scalars.names if scalar == self.scalars.symbol(n)]
            if not names:
                raise NoProofError("the returned value is not one iterate")
            results.append((frame, names[0], target))
        if any(result[1:] != results[0][1:] for result in results):
            raise NoProofError("the groups of the returned value differ")
        return results[0]

    # -- what the claim says -----------------------------------------------------------------

    def _operator_step(self) -> Json:
        return {
            "rule": "operator",
            "assumption": self.ground.assumption,
            "word": _letters(self.ground.operator.word),
            "symmetric": self.ground.operator.symmetric,
            "low": scalars.to_text(self.ground.low),
            "high": scalars.to_text(self.ground.high),
        }

    def _forms_step(self) -> Json:
        forms = {}
        for (name, group), parts in sorted(self.collapse.forms.items()):
            letter = f"{name}@{group}" if group else name
            forms[letter] = [
                {
                    "left": _letters(form.left),
                    "scalar": form.name or str(form.constant),
                    "right": _letters(form.right),
                }
                for form in parts
            ]
        return {"rule": "forms", "loop": self.loop.index, "forms": forms}

    def _recurrence_step(
        self, initial: dict[str, Coefficient], after: dict[str, Coefficient]
    ) -> Json:
        return {
            "rule": "recurrence",
            "loop": self.loop.index,
            "initial": {name: str(value) for name, value in initial.items()},
            "next": {name: str(value) for name, value in after.items()},
        }

    def _output_step(self, frame: Frame, scalar: str, target: RootScalar) -> Json:
        power = str(target.power)
        shown: Json = {"root": target.root, "power": power}
        return {
            "rule": "output",
            "left": _letters(frame[0]),
            "scalar": scalar,
            "right": _letters(frame[1]),
            "target": shown if target.root else {"exp": power},
        }

    def _hypotheses(self, frame: Frame, bounded: Bounded) -> list[str]:
        operator, ground = self.ground.operator, self.ground
        word = "*".join(_letters(operator.word))
        low, high = scalars.to_text(ground.low), scalars.to_text(ground.high)
        nonzero = ground.kind is SpectrumKind.NONZERO_SPECTRUM
        of = f"{'nonzero ' if nonzero else ''}spectrum({word})"
        if ground.kind is SpectrumKind.SINGULAR_VALUES:
            of = f"singular_values({operator.word[-1]._replace(transposed=False).text()})^2"
        found = [ground.region or f"{low} <= {of} <= {high}"]
        if operator.symmetric == "assumed":
            found.append(f"{word} is symmetric")
        if operator.symmetric == "weighted":
            found.append(f"{operator.word[-1].name} is positive definite")
        if nonzero:
            found.append(self._range_hypothesis(frame, word))
        if bounded.value is None:
            found.append(f"the side conditions of the rule {bounded.step['rule']} hold")
        return found

    def _range_hypothesis(self, frame: Frame, word: str) -> str:
        sides = [side[0] for side in (frame[1], frame[0][::-1]) if side]
        for assumption in self.program.assumptions:
            if isinstance(assumption, core.RangeAssumption):
                value = assumption.value
                if isinstance(value, core.Name) and any(s.name == value.name for s in sides):
                    return f"the columns of {value.name} lie in the range of {word}"
        raise NoProofError(f"nothing says that the data lies in the range of {word}")

    def _scale(self, frame: Frame, target: RootScalar) -> str:
        left, right = frame
        if target.root == 0:
            return "norm(left)*norm(right)" if left or right else "1"
        if self._is_polar():
            return "1"
        if self.ground.operator.symmetric == "weighted":
            weight = self.ground.operator.word[-1].name
            return f"norm(solution*{weight}^(-1/2))*norm({weight}^(1/2)*right)"
        if left and right:
            return "norm(solution)*norm(right)"
        return "norm(target)"

    def _is_polar(self) -> bool:
        """Is the target a polar factor and nothing else, of norm 1?"""
        words = [word for value in self.target.values() for word in value.terms]
        functions = self.normal.functions
        return all(
            len(word) == 1
            and word[0].name in functions
            and functions[word[0].name][0].function in ("polar", "sign")
            for word in words
        )


def _letters(word: Word) -> list[str]:
    return [letter.text() for letter in word]


def _first_rule(recurrence: Recurrence) -> Bounded:
    for rule in RULES:
        if recurrence.schedule and rule not in SCHEDULED:
            continue
        bounded = rule(recurrence)
        if bounded is not None:
            return bounded
    raise NoProofError("no rule bounds this recurrence")


def _only_loop(normal: NormalProgram, returned: Returned) -> Loop:
    used = {letter.name for p in returned.value.values() for word in p.terms for letter in word}
    loops = [loop for loop in normal.all_loops() if any(c.letter in used for c in loop.carried)]
    if len(loops) != 1 or loops[0].inner or loops[0] not in normal.loops:
        raise NoProofError("the result does not come from exactly one plain loop")
    return loops[0]


def _dependencies(normal: NormalProgram, loop: Loop, returned: Returned) -> set[str]:
    own = {c.letter: c for c in loop.carried}
    others = {c.letter for one in normal.all_loops() for c in one.carried} - own.keys()
    queue = {w.name for p in returned.value.values() for word in p.terms for w in word}
    found: set[str] = set()
    while queue:
        name = queue.pop()
        if name in others:
            raise NoProofError("the loop depends on another loop")
        if name in own and name not in found:
            found.add(name)
            carried = own[name]
            for columns in (carried.initial, carried.next):
                queue |= {w.name for p in columns.values() for word in p.terms for w in word}
    return found


def _scalar_names(loop: Loop, wanted: set[str]) -> tuple[str, ...]:
    base = [scalar_name(c.letter) for c in loop.carried if c.letter in wanted]
    suffixes = ("", *(f"_{number}" for number in range(1, MAX_FORMS + 2)))
    return tuple(name + suffix for name in base for suffix in suffixes)
