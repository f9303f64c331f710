"""Changes of representation: each rewrites a program so that its loops carry something else.

``by_images``     w (rows k, columns d) is only ever used as w·u: carry the images w·u, which are
                  indexed by tokens, instead (von Oswald et al. 2022: keep the residual, not w).
``transposed``    carry X' instead of X.
``offset``        carry p − q instead of p, where q is a combination of inputs: with p = w·x and
                  q = y the residual w·x − y, whose recurrence no longer mentions y.

Each returns None where it does not apply.  Each keeps ``held``: the meaning of every carried
letter in the letters of the script.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from weightsmith.checker.algebra.words import accumulate
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import (
    Carried,
    Columns,
    Loop,
    NormalProgram,
    nested,
    rewrite_program,
)
from weightsmith.compiler.ir.polynomial import Letter, Polynomial, Space, Word, in_spaces
from weightsmith.compiler.ir.representation import Representation

MAX_IMAGES = 12  # or for many loops, one on each side of a split of the tokens for each


class _DoesNotApplyError(Exception):
    pass


def by_images(given: Representation, letters: frozenset[str]) -> Representation | None:
    """Carry w·u for every u that follows w, in place of each w in ``letters`` (of any loops)."""
    try:
        return _Images(given, letters).result()
    except _DoesNotApplyError:
        return None


class _Images:
    def __init__(self, given: Representation, letters: frozenset[str]) -> None:
        self.given, self.letters = given, letters
        self.program = given.program
        self.field = self.program.field
        self.loops = {c.letter: loop for loop in self.program.all_loops() for c in loop.carried}
        self.variables = {c.letter: c for loop in self.program.all_loops() for c in loop.carried}
        own = tuple({id(self.loops[name]): self.loops[name] for name in letters}.values())
        inside = {loop.index for loop in nested(own)}
        changing = {c.letter for inner in nested(own) for c in inner.carried}
        changing |= {a.letter for a in self.program.applications if a.loop in inside}
        first = min((loop.index for loop in own), default=0)
        changing |= self._later(first)
        self.fixed = {name for name in self.program.alphabet.axes if name not in changing}
        self.needed: dict[tuple[str, str, bool], list[Space]] = {}
        self.queue: list[tuple[str, Letter]] = []

    def _later(self, first: int) -> set[str]:
        """What has no value yet when the loop of this index begins: letters of later loops."""
        later = {loop.index for loop in self.program.all_loops() if loop.index > first}
        letters = {
            c.letter for one in self.program.all_loops() for c in one.carried if one.index in later
        }
        return letters | {a.letter for a in self.program.applications if a.loop in later}

    def result(self) -> Representation:
        program = rewrite_program(self.program, self.rewritten, skip=self.letters)
        images = self._close()
        axes = {name: self._axes(key) for key, name in images.items()}
        alphabet = program.alphabet.with_letters(axes)
        new = tuple(self._carried(key, name) for key, name in images.items())
        held = dict(self.given.held)
        for (w, u, flipped), name in images.items():
            held[name] = {
                space: _meaning(held, w) @ self._letter_polynomial(u, flipped, space)
                for space in self.needed[w, u, flipped]
            }
        program = replace(program, alphabet=alphabet)
        for loop in {self.loops[name].index for name in self.letters}:
            mine = tuple(c for c in new if c.letter.endswith(f"#{loop}"))
            program = with_carried(program, loop, self.letters, mine)
        choice = _choice(images.values(), self.letters)
        return Representation(program, held, (*self.given.choices, choice))

    def rewritten(self, polynomial: Polynomial) -> Polynomial:
        """Replace w·u by the letter of the image, u'·w' by its transpose."""
        terms: dict[Word, Coefficient] = {}
        for word, coefficient in polynomial.terms.items():
            accumulate(terms, self._word(word), coefficient)
        return replace(polynomial, terms=terms)

    def _word(self, word: Word) -> Word:
        result: list[Letter] = []
        position = 0
        while position < len(word):
            letter = word[position]
            if letter.name not in self.letters:
                result.append(letter)
                position += 1
            elif not letter.transposed:
                if position + 1 == len(word):
                    raise _DoesNotApplyError
                result.append(self._image(letter.name, word[position + 1]))
                position += 2
            else:
                if not result:
                    raise _DoesNotApplyError
                before = self.program.alphabet.transposed(result.pop())
                image = self._image(letter.name, before)
                result.append(image._replace(transposed=True))
                position += 1
        return tuple(result)

    def _image(self, w: str, u: Letter) -> Letter:
        if u.name not in self.fixed or (u.transposed and u.group):
            raise _DoesNotApplyError
        key = (w, u.name, u.transposed)
        space = self.program.alphabet.columns(u)
        spaces = self.needed.setdefault(key, [])
        if space not in spaces:
            spaces.append(space)
            self.queue.append((w, u))
            if sum(map(len, self.needed.values())) > max(MAX_IMAGES, 2 * len(self.letters)):
                raise _DoesNotApplyError
        return Letter(_image_name(key), u.group)

    def _close(self) -> dict[tuple[str, str, bool], str]:
        """Follow the recurrence until no new image is needed; return the names."""
        self.next: dict[tuple[str, Letter], Polynomial] = {}
        self.initial: dict[tuple[str, Letter], Polynomial] = {}
        while self.queue:
            w, u = self.queue.pop()
            axis = self.program.alphabet.rows(u)
            times = Polynomial.letter(self.field, axis, self.program.alphabet.columns(u), u)
            self.next[w, u] = self.rewritten(self.variables[w].next[axis] @ times)
            self.initial[w, u] = self.rewritten(self.variables[w].initial[axis] @ times)
        return {key: _image_name(key) for key in self.needed}

    def _carried(self, key: tuple[str, str, bool], name: str) -> Carried:
        w, u, flipped = key
        old = self.variables[w]
        spaces = tuple(self.needed[key])
        after, before = {}, {}
        for space in spaces:
            letter = self._letter(u, flipped, space)
            before[space] = self.initial[w, letter]
            after[space] = self.next[w, letter]
        return Carried(name, name.split("#")[0], old.rows, spaces, before, after)

    def _letter(self, u: str, flipped: bool, space: Space) -> Letter:
        tokens = self.program.alphabet.axes[u][1] == ""
        return Letter(u, space if tokens else "", flipped)

    def _letter_polynomial(self, u: str, flipped: bool, space: Space) -> Polynomial:
        letter = self._letter(u, flipped, space)
        return Polynomial.letter(self.field, self.program.alphabet.rows(letter), space, letter)

    def _axes(self, key: tuple[str, str, bool]) -> tuple[Space, Space]:
        w, u, flipped = key
        letter = self._letter(u, flipped, "*")
        columns = "" if letter.group else self.program.alphabet.columns(letter)
        return self.program.alphabet.axes[w][0], columns


def _choice(new: Iterable[str], old: Iterable[str]) -> str:
    return f"{', '.join(sorted(new))} instead of {', '.join(sorted(old))}"


def _image_name(key: tuple[str, str, bool]) -> str:
    w, u, flipped = key
    variable, number = w.rsplit("#", 1)
    return f"{variable}*{u}{chr(39) * flipped}#{number}"


def _meaning(held: dict[str, Columns], letter: str) -> Polynomial:
    (only,) = held[letter].values()
    return only


def transposed(given: Representation, loop: Loop, letter: str) -> Representation | None:
    """Carry the transpose of a matrix variable."""
    program = given.program
    if program.alphabet.axes[letter][1] == "" or letter in program.alphabet.symmetric:
        return None
    variable, number = letter.rsplit("#", 1)
    name = f"{variable}'#{number}" if not variable.endswith("'") else f"{variable[:-1]}#{number}"
    rows, columns = program.alphabet.axes[letter]

    def swapped(other: Letter) -> Polynomial | None:
        if other.name != letter:
            return None
        flipped = Letter(name, "", not other.transposed)
        axes = (columns, rows) if other.transposed else (rows, columns)
        return Polynomial.letter(program.field, *axes, flipped)

    alphabet = program.alphabet.with_letters({name: (columns, rows)})
    result = rewrite_program(program, lambda p: p.replaced(swapped))
    result = replace(result, alphabet=alphabet)
    new_old = next(c for lp in result.all_loops() for c in lp.carried if c.letter == letter)
    carried = Carried(
        name,
        variable + "'",
        columns,
        (rows,),
        {rows: alphabet.transpose(new_old.initial[columns])},
        {rows: alphabet.transpose(new_old.next[columns])},
    )
    held = dict(given.held)
    held[name] = {rows: alphabet.transpose(held[letter][columns])}
    result = with_carried(result, loop.index, frozenset({letter}), (carried,))
    return Representation(result, held, (*given.choices, f"{name} instead of {letter}"))


def offsets(program: NormalProgram, loop: Loop) -> Iterable[tuple[Letter, Coefficient]]:
    """Find z and c such that p + c·z appears as a factor where a variable p does."""
    found: dict[tuple[Letter, Coefficient], None] = {}
    inputs = {given.name for given in program.inputs}
    variables = {c.letter for c in loop.carried}
    for carried in loop.carried:
        for polynomial in carried.next.values():
            contexts: dict[tuple[Word, Word], dict[Letter, Coefficient]] = {}
            for word, coefficient in polynomial.terms.items():
                for i, letter in enumerate(word):
                    if len(word) > 1 and not letter.transposed:
                        context = (word[:i], word[i + 1 :])
                        contexts.setdefault(context, {})[letter] = coefficient
            for letters in contexts.values():
                for p, a in letters.items():
                    for z, b in letters.items():
                        alike = p.name in variables and z.name in inputs and p.group == z.group
                        if alike and loop.is_constant(b / a):
                            found[z._replace(group=""), b / a] = None
    return found


def offset(
    given: Representation,
    loops: Sequence[Loop],
    letters: frozenset[str],
    z: str,
    factor: Coefficient,
) -> Representation | None:
    """Carry p + factor·z in place of each p in ``letters``, which these loops carry."""
    program = given.program
    source = next(i for i in program.inputs if i.name == z)
    spaces = source.groups or (source.columns,)
    old = [c for loop in loops for c in loop.carried if c.letter in letters]
    if any(c.rows != source.rows or not set(c.spaces) & set(spaces) for c in old):
        return None
    names = {c.letter: _offset_name(program, c.letter, z, factor) for c in old}

    def shift(space: Space, rows: Space) -> Polynomial:
        letter = Letter(z, space if source.groups else "")
        terms: dict[Word, Coefficient] = {(letter,): factor} if space in spaces else {}
        return Polynomial(program.field, rows, space, terms)

    def replaced(letter: Letter) -> Polynomial | None:
        if letter.name not in names:
            return None
        rows, columns = program.alphabet.axes[letter.name]
        space = letter.group or columns
        new = letter._replace(name=names[letter.name], transposed=False)
        total = Polynomial.letter(program.field, rows, space, new) - shift(space, rows)
        return program.alphabet.transpose(total) if letter.transposed else total

    axes = {names[c.letter]: program.alphabet.axes[c.letter] for c in old}
    result = rewrite_program(program, lambda p: p.replaced(replaced))
    result = replace(result, alphabet=program.alphabet.with_letters(axes))
    shifted = []
    held = dict(given.held)
    for loop_now in result.all_loops():
        for c in loop_now.carried:
            if c.letter in names:
                name = names[c.letter]
                before = {s: p + shift(s, c.rows) for s, p in c.initial.items()}
                then = {s: p + shift(s, c.rows) for s, p in c.next.items()}
                shifted.append(Carried(name, name.split("#")[0], c.rows, c.spaces, before, then))
                held[name] = {s: p + shift(s, c.rows) for s, p in held[c.letter].items()}
    for loop in loops:
        mine = tuple(c for c in shifted if c.letter.endswith(f"#{loop.index}"))
        result = with_carried(result, loop.index, letters, mine)
    after = [word for c in shifted for p in c.next.values() for word in p.terms]
    if any(letter.name == z for word in after for letter in word):
        return None
    choice = _choice(names.values(), letters)
    return Representation(result, held, (*given.choices, choice))


def _offset_name(program: NormalProgram, letter: str, z: str, factor: Coefficient) -> str:
    variable, number = letter.rsplit("#", 1)
    text = str(factor)
    scale = {"1": f"+{z}", "-1": f"-{z}"}.get(text, f"+({text})*{z}")
    return f"{variable}{scale}#{number}"


def with_carried(
    program: NormalProgram, index: int, old: frozenset[str], new: tuple[Carried, ...]
) -> NormalProgram:
    def loop(one: Loop) -> Loop:
        inner = tuple(map(loop, one.inner))
        if one.index != index:
            return replace(one, inner=inner)
        kept = tuple(c for c in one.carried if c.letter not in old)
        return replace(one, carried=kept + new, inner=inner)

    return replace(program, loops=tuple(map(loop, program.loops)))


def script_representation(program: NormalProgram) -> Representation:
    """Every variable held as the script writes it."""
    field, axes = program.field, program.alphabet.axes
    held = {
        c.letter: in_spaces(field, c.letter, axes[c.letter], c.spaces)
        for loop in program.all_loops()
        for c in loop.carried
    }
    return Representation(program, held)
