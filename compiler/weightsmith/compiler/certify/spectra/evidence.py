"""The forms of the loops' values: between which letters functions of an operator stand in them.

The loops are taken in order; the values of one may depend on those of the loops before it, and of
the loops within it.
"""

from __future__ import annotations

from collections.abc import Iterator

from weightsmith.compiler.certify.spectra.assumed_operators import AssumedOperator
from weightsmith.compiler.certify.spectra.spectral import (
    MAX_FORMS,
    Form,
    Frame,
    NoProofError,
    NormalScalariser,
    ScalarField,
    UnknownNameError,
    infer_forms,
    scalar_name,
)
from weightsmith.compiler.ir.normal import Carried, Columns, Loop, NormalProgram, Returned, nested
from weightsmith.compiler.ir.polynomial import Letter, Word
from weightsmith.dsl.program import core
from weightsmith.dsl.program.letters import GROUP, read_transposed

Json = dict[str, object]
MAX_SYMBOLS = 120  # parameters, numbers of loops and scalars that the checker can hold


def loop_forms(
    program: core.Program,
    normal: NormalProgram,
    returned: Returned,
    assumed: AssumedOperator,
    frame: tuple[list[str], list[str]],
) -> list[Json]:
    """An item for each loop that the result depends on.  Raises NoProofError.

    ``frame``: the letters beside the function of the target.
    """
    wanted = dependencies(normal, returned)
    names = scalar_names([carried.letter for _, carried in wanted])
    frames = (_word(frame[0]), _word(frame[1]))
    try:  # most variables have one form, and fewer symbols are faster
        return _forms(program, normal, assumed, frames, wanted, names, 1)
    except UnknownNameError:
        return _forms(program, normal, assumed, frames, wanted, names, MAX_FORMS)


def _forms(
    program: core.Program,
    normal: NormalProgram,
    assumed: AssumedOperator,
    frame: Frame,
    wanted: list[tuple[Loop, Carried]],
    names: dict[str, str],
    forms: int,
) -> list[Json]:
    """The same, if no variable has more than so many forms with a scalar."""
    scalarise = NormalScalariser(
        normal, assumed.operator, ScalarField(normal, with_suffixes(names, forms))
    )
    scalarise.names, scalarise.frames = names, (frame,)
    wanted_letters = {carried.letter for _, carried in wanted}
    items, count = [], len(tuple(program.symbols))
    for outer in normal.loops:
        for index, own in _infer(scalarise, outer, wanted_letters):
            count += sum(1 for found in own.values() for form in found if form.name)
            items.append({"loop": index, "forms": _forms_json(own)})
    if count > MAX_SYMBOLS:
        raise NoProofError(f"the loops have more than {MAX_SYMBOLS} numbers and variables")
    return items


def _infer(
    scalarise: NormalScalariser, outer: Loop, wanted: set[str]
) -> Iterator[tuple[int, dict[tuple[str, str], tuple[Form, ...]]]]:
    """The forms of the values of one loop, and of those within it, by the loops' numbers."""
    infer_forms(scalarise, outer, wanted)
    for loop in nested((outer,)):
        own = {carried.letter for carried in loop.carried} & wanted
        found = {key: forms for key, forms in scalarise.forms.items() if key[0] in own}
        if not all(form.constant.number is not None for forms in found.values() for form in forms):
            raise NoProofError("a part that does not change depends on a parameter")
        if own:
            yield loop.index, found


def _forms_json(found: dict[tuple[str, str], tuple[Form, ...]]) -> Json:
    return {
        f"{name}{GROUP}{group}" if group else name: [
            {
                "left": letters(form.left),
                "scalar": form.name or str(form.constant),
                "right": letters(form.right),
            }
            for form in parts
        ]
        for (name, group), parts in sorted(found.items())
    }


def letters(word: Word) -> list[str]:
    return [letter.text() for letter in word]


def _word(texts: list[str]) -> Word:
    """Letters by their texts, as ``x@context'``."""
    return tuple(_letter(text) for text in texts)


def _letter(text: str) -> Letter:
    name, transposed = read_transposed(text)
    return Letter(name._replace(group="").text, name.group, transposed)


def dependencies(normal: NormalProgram, returned: Returned) -> list[tuple[Loop, Carried]]:
    """The carried variables on which the result depends, loop by loop, outer before inner."""
    carried = {one.letter: (loop, one) for loop in normal.all_loops() for one in loop.carried}
    functions = {one.letter for one in normal.applications}
    queue = set(_names_in(returned.value))
    found: set[str] = set()
    while queue:
        name = queue.pop()
        if name in functions:
            raise NoProofError("the result depends on a function of entries")
        if name in carried and name not in found:
            found.add(name)
            _, one = carried[name]
            queue |= {*_names_in(one.initial), *_names_in(one.next)}
    return [pair for name, pair in carried.items() if name in found]


def _names_in(columns: Columns) -> Iterator[str]:
    for polynomial in columns.values():
        yield from (letter.name for word in polynomial.terms for letter in word)


def scalar_names(letters: list[str]) -> dict[str, str]:
    """A scalar's name for each letter: X of X#0, then X_loop1 of X#1."""
    names: dict[str, str] = {}
    for letter in letters:
        name = scalar_name(letter)
        if name in names.values():
            name = f"{name}_loop{letter.rsplit('#', 1)[1]}"
        while name in names.values():
            name += "_"
        names[letter] = name
    return names


def with_suffixes(names: dict[str, str], forms: int) -> tuple[str, ...]:
    return tuple(
        text
        for name in names.values()
        for text in (name, *(f"{name}_{number}" for number in range(1, forms)))
    )
