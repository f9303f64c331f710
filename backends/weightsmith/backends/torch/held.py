"""What blocks hold between the passes of loops, in the script's own variables.

The certificate's claim ``exactness`` has an invariant for every loop: at the start of a pass, and
after the last, block ``w*x-y`` is w·x − y on context tokens.  With the inputs known that says what
w·x is: block + y.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from weightsmith.backends.data.arrays import Array
from weightsmith.backends.errors import DamagedError
from weightsmith.backends.template.architecture import axis_size
from weightsmith.backends.template.coefficients import Values
from weightsmith.backends.template.layout import Stream
from weightsmith.backends.template.unroll import LayerPlace
from weightsmith.backends.template.wellformed import DATA
from weightsmith.compiler.ir.template import Template

Word = tuple[str, ...]  # letters as docs/format.md has them: w#0, x@context, A'
ONES = re.compile(r"1\[(.+)\]")
OF_LOOP = re.compile(r"#\d+")
NUMBER = re.compile(r"(-?)(\d+(?:/\d+)?)")
DAMAGED = "the invariants in the certificate, of its claim 'exactness', are damaged."


@dataclass(frozen=True, slots=True)
class Held:
    """What a block holds at a group between the passes of a loop: Σ coefficient · word.

    ``loop`` counts from 1, as in ``LoopPass``.
    """

    loop: int
    block: str
    group: str
    terms: tuple[tuple[str, Word], ...]

    @property
    def text(self) -> str:
        """In the script's words: ``w*x - y``."""
        return _sum_text(self.terms, self.group)


def held_blocks(certificate: Mapping[str, object]) -> tuple[Held, ...]:
    """Read the invariants of a certificate.  Raises DirectoryError where they are damaged.

    Whether they are true is not asked: that is ``verify``.
    """
    try:
        return tuple(_invariants(certificate))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise DamagedError(DAMAGED) from None


def _invariants(certificate: Mapping[str, object]) -> Iterator[Held]:
    lines = cast("list[dict[str, dict[str, object]]]", certificate["facts"])
    shown = next((one["with"]["loops"] for one in lines if one["fact"]["is"] == "exactness"), [])
    for loop, step in enumerate(cast("list[dict[str, object]]", shown), start=1):
        invariant = cast("dict[str, dict[str, list[tuple[str, Word]]]]", step.get("invariant", {}))
        for block, groups in invariant.items():
            for group, terms in groups.items():
                words = tuple((str(factor), tuple(map(str, word))) for factor, word in terms)
                yield Held(loop, block, group, words)


class Variables:
    """Solves what blocks hold for the script's variables, on the data of a stream."""

    def __init__(self, template: Template, stream: Stream) -> None:
        self._template, self._stream = template, stream
        self._values = Values(template)
        self._known: dict[tuple[Word, int], Array | None] = {}

    def of(self, held: Held, block: Array) -> tuple[str, Array] | None:
        """What is not known of the inputs alone, and its value: ``w*x``, from w·x − y.

        None where the block holds nothing of that kind.  Raises DirectoryError where it cannot
        hold what the certificate says.
        """
        try:
            return self._solved(held, block)
        except (ArithmeticError, ValueError):  # sizes that do not meet, a number that is no float
            raise DamagedError(DAMAGED) from None

    def _solved(self, held: Held, block: Array) -> tuple[str, Array] | None:
        rest: list[tuple[str, Word]] = []
        for coefficient, word in held.terms:
            known = self._word(word, block.shape[-2])
            if known is None:
                rest.append((coefficient, word))
            else:
                block = block - float(self._values[coefficient]) * known
        if len(rest) == 1:
            ((coefficient, word),) = rest
            factor = float(self._values[coefficient])
            return _word_text(word, held.group), block if factor == 1 else block / factor
        return (_sum_text(rest, held.group), block) if rest else None

    def _word(self, word: Word, rows: int) -> Array | None:
        """A product of inputs, made once; None where a letter is no input."""
        if (word, rows) not in self._known:
            self._known[word, rows] = self._product(word, rows)
        return self._known[word, rows]

    def _product(self, word: Word, rows: int) -> Array | None:
        product: Array | None = None
        for text in word:
            letter = self._letter(text)
            if letter is None:
                return None
            product = letter if product is None else product @ letter
        return np.eye(rows, dtype=self._stream.dtype) if product is None else product

    def _letter(self, text: str) -> Array | None:
        name, _, group = text.removesuffix("'").partition("@")
        ones = ONES.fullmatch(name)
        if ones:
            sizes = {**self._stream.dims, **dict(self._stream.groups)}
            found = np.ones((axis_size(ones[1], sizes), 1), self._stream.dtype)
        else:
            plane = self._input(name, group)
            if plane is None:
                return None
            found = plane
        return np.swapaxes(found, -1, -2) if text.endswith("'") else found

    def _input(self, name: str, group: str) -> Array | None:
        for source in self._template.sources:
            plane = self._stream.planes.get((source.name, group or source.groups[0]))
            if source.kind in DATA and source.of == name and plane is not None:
                return np.swapaxes(plane, -1, -2) if source.kind == "transposed" else plane
        return None


def between_passes(places: Sequence[LayerPlace], loop: int) -> list[int]:
    """The layers after which a pass of the loop begins, or the last has ended; -1: the start."""
    around = [_turn(place, loop) for place in places]
    each = zip([(), *around], [*around, ()], strict=True)
    return [number for number, (before, after) in enumerate(each, start=-1) if before != after]


def _turn(place: LayerPlace, loop: int) -> tuple[tuple[int, int], ...]:
    """The passes of the loop, and of those around it, in which a layer stands; none outside."""
    numbers = [one.loop for one in place.passes]
    if loop not in numbers:
        return ()
    return tuple((one.loop, one.number) for one in place.passes[: numbers.index(loop) + 1])


def _sum_text(terms: Sequence[tuple[str, Word]], group: str) -> str:
    text = ""
    for coefficient, word in terms:
        number = NUMBER.fullmatch(coefficient)
        minus, size = number.groups() if number else ("", f"({coefficient})")
        part = _word_text(word, group) if size == "1" else f"{size}*{_word_text(word, group)}"
        text += f" {minus or '+'} {part}" if text else f"{minus}{part}"
    return text or "0"


def _word_text(word: Word, group: str) -> str:
    """``w*x`` of w#0 x@context on context tokens."""
    letters = (OF_LOOP.sub("", letter).partition("@") for letter in word)
    found = []
    for name, _, place in letters:
        known = place.removesuffix("'") == group
        found.append(
            name + "'" * place.endswith("'") if known else name + "@" * bool(place) + place
        )
    return "*".join(found) or "I"
