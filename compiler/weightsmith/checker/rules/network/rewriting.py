"""The rule ``rewriting``: network.alg returns what script.alg says, as functions of an operator.

Hypotheses: neither script has functions of entries or loops within loops; both have the same
inputs, and return values of the same names and groups.  The symbols are at their bindings.

Witness: ``steps``.  The first says how the proof goes: by ``powers``, ``passes``, ``segment`` or
``inside``, which have pages of their own, or as here, by functions of an operator.  ``operator``
says which T, a square word of inputs, and λ = offset + slope·t in which polynomials are short;
``forms``, one for each loop of script.alg and then of network.alg, says between which words
functions of T stand in each letter (of T' where ``turned``); then ``equal``.

    {"rule": "operator", "word": ["x@context", "x@context'"], "offset": "1/eta", "slope": "-1/eta"}
    {"rule": "forms", "script": "network.alg", "loop": 0, "forms": {"R#0@query":
        [{"left": ["y@context", "x@context'"], "right": ["x@query"], "turned": false}]}}
    {"rule": "equal"}

Follows: both return the same values, for every input and size.

Proof: both scripts are followed as polynomials in T, pass by pass and exactly.  Letters are
replaced by their forms, T's word by λ, functions of T that meet are multiplied; what results must
be the forms of the letter, nothing left over.  Nothing is assumed of T, and f(T)' = f(T'), so equal
polynomials between equal words are equal values.  left·T·right must have the letter's shape; if
only left·right has it, the function must be a number.

Numbers: the passes are limited for speed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from weightsmith.checker.algebra.exact_scalars import VARIABLE, Exact
from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import Letter, Polynomial, read_word, word_shape, word_text
from weightsmith.checker.facts.certificate import NETWORK, SCRIPT
from weightsmith.checker.facts.fact import Fact
from weightsmith.checker.facts.read_files import ReadFiles
from weightsmith.checker.facts.rule import Facts, FileRule, Witness
from weightsmith.checker.reading.refusal import Budget, RefusedError, quoted, require
from weightsmith.checker.reading.scalar_text import count_at, read_scalar
from weightsmith.checker.reading.strict_json import (
    as_boolean,
    as_integer,
    as_items,
    as_list,
    as_object,
    as_text,
    as_texts,
)
from weightsmith.checker.rewrites.function_values import (
    Follower,
    Forms,
    FunctionForm,
    FunctionValue,
    difference,
)
from weightsmith.checker.rewrites.passes_proof import check_passes
from weightsmith.checker.rewrites.powers_proof import check_powers
from weightsmith.checker.rewrites.segments import check_segments
from weightsmith.checker.semantics.meaning import Loop, Meaning, read_meaning
from weightsmith.checker.semantics.schedules import scheduled_names
from weightsmith.dsl.program import core

SCRIPTS = (SCRIPT, NETWORK)
RESTRUCTURED = (
    "network.alg returns what script.alg says, for every size, every input and every value of the "
    "symbols that are not bound at which no denominator vanishes."
)
MAX_PASSES = 20_000
RULES = {"powers": check_powers, "passes": check_passes}
Json = Mapping[str, object]


def derive_restructuring(read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
    require(read.restructured, f"There is no {NETWORK}.")
    require(of == NETWORK, f"A restructuring is of {NETWORK}, not of {quoted(of)}.")
    script, network = read.program(), read.program(NETWORK)
    steps = read_steps(witness["steps"])
    check_restructuring(script, network, read.template().bindings, steps, Budget())
    reason = "Both scripts were followed, pass by pass, to the same polynomials."
    return Fact("restructuring", NETWORK, {}, sentence=lambda: RESTRUCTURED, reason=reason)


def read_steps(value: object) -> list[object]:
    """Objects, numbered from 1."""
    steps = as_list(value, "The steps")
    for place, step in enumerate(steps, 1):
        if not isinstance(step, dict):
            raise RefusedError(f"Step {place} is not an object.")
        number = as_integer(step.get("step"), f"The number of step {place}")
        require(number == place, f"Step {place} has the number {number}.")
    return steps


def check_restructuring(
    script: core.Program,
    network: core.Program,
    bindings: Mapping[str, Fraction],
    steps: list[object],
    budget: Budget,
) -> None:
    """Refuse unless both programs return the same values."""
    _check_interface(script, network)
    parameters = {one.name for one in (*script.parameters, *network.parameters)}
    require(bindings.keys() <= parameters, "A binding is of no parameter.")

    def proof(first: core.Program, second: core.Program, within: list[object]) -> None:
        _check_interface(first, second)
        rule = RULES.get(_rule(within), _check_functions)
        rule(first, second, bindings, within, budget)

    if _rule(steps) in ("segment", "inside"):
        check_segments(script, network, steps, proof)
    else:
        proof(script, network, steps)


def _rule(steps: list[object]) -> str:
    """Of the first step."""
    first = steps[0] if steps else None
    return as_text(first.get("rule"), "The first rule") if isinstance(first, dict) else ""


def _check_functions(
    script: core.Program,
    network: core.Program,
    bindings: Mapping[str, Fraction],
    steps: list[object],
    budget: Budget,
) -> None:
    """Refuse unless both programs return the same functions of an operator."""
    require(len(steps) >= 2, "The claim has no steps 'operator' and 'equal'.")
    _equal_step(steps[-1])
    field = _field(script, network, bindings, budget)
    programs = dict(zip(SCRIPTS, (script, network), strict=True))
    meanings = {name: read_meaning(one, field, {}) for name, one in programs.items()}
    require(not any(m.sites for m in meanings.values()), "A script has functions of entries.")
    letters = {letter.name: letter for letter in _inputs(meanings[SCRIPTS[0]])}
    follower = _operator(steps[0], letters, field)
    given = _form_steps(steps[1:-1])
    values = {
        name: _Run(
            follower, meanings[name], given[name], letters, bindings, program.returns
        ).returned()
        for name, program in programs.items()
    }
    _compare(values[SCRIPTS[0]], values[SCRIPTS[1]], follower)


def _field(
    script: core.Program,
    network: core.Program,
    bindings: Mapping[str, Fraction],
    budget: Budget,
) -> Field:
    """Its variables are t and the numbers of ``for`` loops, which are no parameter's name."""
    names = dict.fromkeys(one.name for one in (*script.parameters, *network.parameters))
    scheduled = scheduled_names(script) | scheduled_names(network)
    values = {name: bindings[name] for name in names if name in bindings}
    return Field(names, (VARIABLE, *sorted(scheduled)), budget, values)


def _check_interface(script: core.Program, network: core.Program) -> None:
    """Both take the same inputs and return values of the same names and shapes."""

    def inputs(program: core.Program) -> list[tuple[str, core.Shape, bool]]:
        return [(one.name, one.shape, one.symmetric) for one in program.inputs]

    def returns(program: core.Program) -> list[tuple[str, core.Shape, tuple[str, ...]]]:
        return [(one.name, _bare(one.value.shape), one.groups) for one in program.returns]

    require(inputs(script) == inputs(network), "The two scripts have different inputs.")
    require(returns(script) == returns(network), "The two scripts return different values.")
    names = [one.name for one in script.returns]
    require(len(set(names)) == len(names), "Two returned values have one name.")


def _bare(shape: core.Shape) -> core.Shape:
    return core.Shape(shape.rows, shape.columns)


def _inputs(meaning: Meaning) -> Iterator[Letter]:
    for value in meaning.inputs.values():
        for polynomial in value.parts.values():
            yield from polynomial.letters()


# -- the steps ------------------------------------------------------------------------------------


def _operator(step: object, letters: Mapping[str, Letter], field: Field) -> Follower:
    keys = ("step", "rule", "word", "offset", "slope")
    parts = as_object(step, "Step 1 (operator)", keys)
    require(parts["rule"] == "operator", "Step 1: the rule is not operator.")
    word = read_word(as_texts(parts["word"], "the operator's word"), letters, "The operator")
    shape = word_shape(word)
    square = shape is not None and shape[0] == shape[1]
    require(square, f"The operator {word_text(word)} is not a square product.")
    offset, slope = (field.read(read_scalar(parts[key], key)) for key in ("offset", "slope"))
    require(not slope.is_zero, "The slope is zero: polynomials in t would say nothing.")
    scalar = offset + slope * field.variable(VARIABLE)
    return Follower(field, word, scalar)


def _equal_step(step: object) -> None:
    parts = as_object(step, "The last step", ("step", "rule"))
    require(parts["rule"] == "equal", f"The last step's rule is {quoted(parts['rule'])}.")


def _form_steps(steps: list[object]) -> dict[str, list[Json]]:
    """The forms of every loop, by script, in the order of the loops."""
    found: dict[str, list[Json]] = {name: [] for name in SCRIPTS}
    for place, step in enumerate(steps, 2):
        parts = as_object(step, f"Step {place}", ("step", "rule", "script", "loop", "forms"))
        require(parts["rule"] == "forms", f"Step {place}: the rule is not forms.")
        script = as_text(parts["script"], "script")
        require(script in found, f"Step {place}: there is no script {quoted(script)}.")
        index = as_integer(parts["loop"], "loop")
        expected = len(found[script])
        require(index == expected, f"Step {place} is for loop {index}, not {expected}.")
        forms = parts["forms"]
        if not isinstance(forms, dict):
            raise RefusedError(f"Step {place}: 'forms' is not an object.")
        found[script].append(forms)
    return found


# -- following a script ---------------------------------------------------------------------------


class _Run:
    """Follows the loops of one script, one after the other."""

    def __init__(
        self,
        follower: Follower,
        meaning: Meaning,
        given: list[Json],
        letters: Mapping[str, Letter],
        bindings: Mapping[str, Fraction],
        returns: tuple[core.Return, ...],
    ) -> None:
        self._follower, self._meaning, self._letters = follower, meaning, letters
        self._bindings, self._returns = bindings, returns
        self._known: dict[str, tuple[tuple[FunctionForm, Exact, bool], ...]] = {}
        require(len(given) == len(meaning.loops), "The steps do not cover every loop.")
        for loop, forms in zip(meaning.loops, given, strict=True):
            require(not loop.children, f"Loop {loop.index} has a loop within it.")
            self._follow(loop, self._read_forms(loop, forms))

    def returned(self) -> dict[str, dict[tuple[str, str], FunctionValue]]:
        found = {}
        for one in self._returns:
            value = self._meaning.returned[one.name]
            everywhere = tuple(column for _, column in value.parts)
            groups = one.groups if value.columns == core.TOKEN and one.groups else everywhere
            found[one.name] = {
                part: self._follower.value(polynomial, self._known, self._letters)
                for part, polynomial in value.parts.items()
                if part[1] in groups
            }
        return found

    def _read_forms(self, loop: Loop, given: Json) -> dict[str, tuple[FunctionForm, ...]]:
        result = {}
        for name, items in given.items():
            require(name in loop.letters, f"{quoted(name)} is not a letter of loop {loop.index}.")
            forms = as_items(items, f"the forms of '{name}'", self._form)
            words = {form.left + form.right for form in forms}
            require(len(words) == len(forms), f"Two forms of '{name}' cannot be told apart.")
            for form in forms:
                self._check_shape(form, loop.letters[name])
            result[name] = forms
        return result

    def _form(self, value: object, what: str) -> FunctionForm:
        parts = as_object(value, what, ("left", "right", "turned"))
        left = read_word(as_texts(parts["left"], what), self._letters, what)
        right = read_word(as_texts(parts["right"], what), self._letters, what)
        transposed = as_boolean(parts["turned"], what)
        require(not (transposed and self._follower.symmetric), f"{what}: T' is T.")
        return FunctionForm(left, right, transposed)

    def _check_shape(self, form: FunctionForm, letter: Letter) -> None:
        shape = (letter.rows, letter.columns)
        good = self._is_functional(form, letter) or word_shape(form.left + form.right) == shape
        require(good, f"A form of '{letter.name}' does not have its shape.")

    def _is_functional(self, form: FunctionForm, letter: Letter) -> bool:
        """Can a function of T stand there?"""
        middle = self._follower.transposed_word if form.transposed else self._follower.word
        return word_shape(form.left + middle + form.right) == (letter.rows, letter.columns)

    def _follow(self, loop: Loop, forms: Mapping[str, tuple[FunctionForm, ...]]) -> None:
        count = count_at(loop.count, self._bindings)
        require(count <= MAX_PASSES, f"Loop {loop.index} has more than {MAX_PASSES} passes.")
        before = dict(self._known)
        values = {
            name: self._read(loop.letters[name], loop.entering[name], items, before)
            for name, items in forms.items()
        }
        for number in range(count):
            known, numbers = {**before, **values}, self._numbers(loop, number)
            values = {
                name: self._read(loop.letters[name], loop.leaving[name].at(numbers), items, known)
                for name, items in forms.items()
            }
        self._known = {**before, **values}

    def _numbers(self, loop: Loop, number: int) -> dict[str, Rational]:
        """What the names of a ``for`` loop are in one pass."""
        field = self._follower.ring
        return {name: field.read(values[number]) for name, values in loop.schedule.items()}

    def _read(
        self, letter: Letter, polynomial: Polynomial, items: tuple[FunctionForm, ...], known: Forms
    ) -> tuple[tuple[FunctionForm, Exact, bool], ...]:
        """A value as the sum of its forms, nothing left over."""
        found = self._follower.value(polynomial, known, self._letters)
        result = []
        for form in items:
            value = found.take(form, self._follower.zero)
            functional = self._is_functional(form, letter)
            if not functional:
                require(value.is_constant(), f"A form of '{letter.name}' allows no function of T.")
            result.append((form, value, functional))
        rest = difference(found, FunctionValue(), self._follower.zero)
        word = rest.some_word()
        require(not word, f"'{letter.name}' has the part {quoted(word)}, which no form covers.")
        return tuple(result)


def _compare(
    first: Mapping[str, Mapping[tuple[str, str], FunctionValue]],
    second: Mapping[str, Mapping[tuple[str, str], FunctionValue]],
    follower: Follower,
) -> None:
    for name, parts in first.items():
        others = second[name]
        require(parts.keys() == others.keys(), f"'{name}' is defined on different tokens.")
        for part, value in parts.items():
            rest = difference(value, others[part], follower.zero)
            word = rest.some_word()
            require(not word, f"The two scripts return different values of '{name}', at {word}.")


RULE = FileRule("rewriting", "restructuring", derive_restructuring, keys=("steps",))
