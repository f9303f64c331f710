"""The rule ``powers``: an affine loop of one script, by powers of its step in the other.

Witness: ``powers``, first: which variables are ``turned`` (transposed, so that all stand on one
side), and the ``kind``: ``one_side``, ``newton`` with an ``exponent``, or ``both_sides``.  With
``split`` each assignment in a loop is first read as a loop of one pass; with ``recomputed`` the
variables named are computed anew in every pass.  Then a ``block`` for every loop of network.alg:
what each of its ``values`` holds afterwards, an entry of Lⁿ (``left``), Rⁿ (``right``), S_n
(``sum``) or s_n (``value``), n the sum of one to three ``counts`` (in ``for`` loops from pass
``first`` on; of a loop within the script's loop with ``loop``).  Then ``equal`` with the counts by
which the values are compared at the end.

    {"rule": "powers", "turned": [], "kind": "one_side"}
    {"rule": "block", "loop": 0, "values":
        {"P": {"kind": "left", "of": ["X", "X"], "turned": false, "counts": [1, 1, 1]}}}
    {"rule": "equal", "counts": [81, 19]}

Follows: both scripts return the same values.  A pass of the script is s ← L·s·R + c, found from its
polynomials, so that s_n = Lⁿ·s₀·Rⁿ + S_n with S_n = Σ_{k<n} Lᵏ·c·Rᵏ.  The value of each variable
after a block, a polynomial in inputs and in letters for Lⁿ, Rⁿ, S_n and s_n, must be that of the
identity for its counts, multiplied out; it is then replaced by its letter.  A loop runs one pass,
or several that take all of its values on by the same counts.

Proof: the letters have the values that their names say, and only the identities of
``affine_powers.py`` are used of them; so equal polynomials in letters are equal values.

Numbers: counts go up to 10¹⁷, exactly; other limits are for speed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from weightsmith.checker.algebra.words import Letter, Polynomial
from weightsmith.checker.reading.refusal import Budget, RefusedError, quoted, require
from weightsmith.checker.reading.scalar_text import count_at
from weightsmith.checker.reading.strict_json import (
    as_boolean,
    as_integer,
    as_items,
    as_list,
    as_object,
    as_text,
    as_texts,
)
from weightsmith.checker.rewrites.affine_loop import read_affine_loop
from weightsmith.checker.rewrites.affine_powers import MAX_COUNT, AffinePowers, Materialised
from weightsmith.checker.rewrites.inner_loops import InnerLoops
from weightsmith.checker.rewrites.newton_loop import read_newton_loop
from weightsmith.checker.rewrites.recomputing import recomputed
from weightsmith.checker.rewrites.splitting import split
from weightsmith.checker.rewrites.two_sided import TwoSidedPowers, read_two_sided
from weightsmith.checker.semantics.blocks import (
    Values,
    after_pass,
    before_block,
    compare_returned,
    field_of,
    read_pair,
)
from weightsmith.checker.semantics.live import live_loops
from weightsmith.checker.semantics.meaning import Loop, Meaning
from weightsmith.dsl.program import core
from weightsmith.dsl.program.letters import variable_of

KINDS = ("left", "right", "sum", "value")
MAX_ROUNDS = 1000
MAX_RECOMPUTED = 8


def check_powers(
    script: core.Program,
    network: core.Program,
    bindings: Mapping[str, Fraction],
    steps: list[object],
    budget: Budget,
) -> None:
    """Refuse unless both return the same, ``script`` of one loop."""
    require(len(steps) >= 2, "The steps 'powers' and 'equal' are missing.")
    first, counts = _first(steps[0]), _counts(steps[-1])
    for name in first.recomputed:
        script = recomputed(script, name, field_of((script, network), bindings, budget))
    script = split(script) if first.split else script
    written, other = read_pair(script, network, bindings, budget)
    (loop,) = live_loops(written)
    count = count_at(loop.count, bindings)
    require(count <= MAX_COUNT, f"The loop has more than {MAX_COUNT} passes.")
    inner: dict[int, AffinePowers] = {}
    if loop.children:
        loops = InnerLoops(first.transposed, bindings, named=first.split)
        loop, inner = loops.without(loop), loops.powers
    powers, values, count = _read(loop, first, count, counts)
    require(sum(counts) == count, "The counts of the last step are not those of the loop's passes.")
    after = _sides(powers, values)
    held = _Following(loop.index, powers, inner, other, bindings).values(steps[1:-1])
    compare_returned((script, network), (written, other), (after, held))


@dataclass(frozen=True, slots=True)
class _First:
    """Which variables are transposed, and how a pass is read."""

    transposed: tuple[str, ...]
    kind: str
    exponent: int
    split: bool
    recomputed: tuple[str, ...]


def _first(step: object) -> _First:
    keys = ("step", "rule", "turned", "kind")
    parts = as_object(step, "The step 'powers'", keys, ("exponent", "split", "recomputed"))
    require(parts["rule"] == "powers", "The first step's rule is not powers.")
    kind = as_text(parts["kind"], "kind")
    known = ("one_side", "both_sides", "newton")
    require(kind in known, f"The kind of a pass may be {', '.join(known)}.")
    exponent = as_integer(parts.get("exponent", 0), "exponent")
    is_split = as_boolean(parts.get("split", False), "split")
    transposed, names = (as_texts(parts.get(key, []), key) for key in ("turned", "recomputed"))
    require(len(names) <= MAX_RECOMPUTED, "Too many variables are computed anew.")
    return _First(transposed, kind, exponent, is_split, names)


def _read(
    loop: Loop, first: _First, count: int, counts: tuple[int, ...]
) -> tuple[AffinePowers, Values, int]:
    """The powers of the step, the values at the end, and of how many passes they are."""
    if first.kind == "both_sides":
        both = TwoSidedPowers(read_two_sided(loop, first.transposed))
        return both, both.expanded_values(counts), count
    if first.kind == "newton":
        powers = AffinePowers(read_newton_loop(loop, first.exponent))
        require(count * first.exponent.bit_length() <= 64, "The loop's powers are too large.")
        count = first.exponent**count
    else:
        powers = AffinePowers(read_affine_loop(loop, first.transposed))
    return powers, powers.expanded_values(counts), count


def _counts(step: object) -> tuple[int, ...]:
    """By which the script's values are compared."""
    parts = as_object(step, "The last step", ("step", "rule", "counts"))
    require(parts["rule"] == "equal", f"The last step's rule is {quoted(parts['rule'])}.")
    return as_items(parts["counts"], "counts", as_integer)


def _sides(powers: AffinePowers, values: Values) -> dict[str, Polynomial]:
    """Values of the loop's letters, as they stand in the script."""
    return {
        name: values[name].transpose() if letter.transposed else values[name]
        for name, letter in powers.loop.letters.items()
    }


class _Following:
    """Runs the blocks of network.alg, one pass each."""

    def __init__(
        self,
        outer: int,
        powers: AffinePowers,
        inner: Mapping[int, AffinePowers],  # by loops of the script
        meaning: Meaning,
        bindings: Mapping[str, Fraction],
    ) -> None:
        self._outer, self._powers = outer, {outer: powers, **inner}
        self._meaning, self._bindings = meaning, bindings

    def values(self, steps: list[object]) -> Values:
        """What the letters of the loops are at the end."""
        loops = self._meaning.loops
        require(len(steps) == len(loops), "The steps do not cover every loop of network.alg.")
        known: dict[str, Polynomial] = {}
        for loop, step in zip(loops, steps, strict=True):
            held = _read_block(step, loop.index)
            known |= self._passes(loop, held, known)
        return known

    def _passes(
        self, loop: Loop, held: Mapping[str, Materialised], known: Values
    ) -> dict[str, Polynomial]:
        """After all passes of a block; each of several takes the values on by the same counts."""
        count = count_at(loop.count, self._bindings)
        require(1 <= count <= MAX_ROUNDS, f"Loop {loop.index} runs 0 or too many passes.")
        every = all(one.kind == "value" for one in held.values())
        full = {variable_of(name) for name in loop.letters} == held.keys()
        require(count == 1 or (every and full), f"Loop {loop.index} does not run one pass.")
        values: Mapping[str, Polynomial] = before_block(loop, known)
        for number in range(count):
            now = {name: _after(one, number) for name, one in held.items()}
            values = self._block(loop, now, after_pass(loop, known, values))
        return dict(values)

    def _block(
        self, loop: Loop, held: Mapping[str, Materialised], values: Values
    ) -> dict[str, Polynomial]:
        unknown = held.keys() - {variable_of(name) for name in loop.letters}
        require(not unknown, f"Loop {loop.index} does not carry all that it is said to hold.")
        after = {}
        for name, letter in loop.letters.items():
            what = held.get(variable_of(name))
            value = values[name]
            after[name] = value if what is None else self._named(what, letter, value)
        return after

    def _named(self, what: Materialised, letter: Letter, value: Polynomial) -> Polynomial:
        """The letter that a value is, if it is equal to its expansion."""
        sided = value.transpose() if what.transposed else value
        place = letter.transpose() if what.transposed else letter
        require(what.loop in self._powers, f"'{letter.name}' is of no loop of the script.")
        constant = what.kind != "value" or what.loop == self._outer
        require(constant, "A value of a loop within a loop is not the same in every pass.")
        powers = self._powers[what.loop]
        same = powers.expanded(what, place).equals(sided)
        require(same, f"'{letter.name}' does not hold what it is said to hold.")
        found = powers.held(what, place)
        return found.transpose() if what.transposed else found


def _after(held: Materialised, passes: int) -> Materialised:
    """What a block holds after some passes more: its last count has grown by the others."""
    if not held.counts:
        return held
    grown = held.counts[-1] + passes * sum(held.counts[:-1])
    return replace(held, counts=(*held.counts[:-1], grown))


def _read_block(step: object, index: int) -> dict[str, Materialised]:
    parts = as_object(step, f"Block {index}", ("step", "rule", "loop", "values"))
    require(parts["rule"] == "block", f"Block {index}: the rule is not block.")
    require(as_integer(parts["loop"], "loop") == index, f"Block {index} is for another loop.")
    values = parts["values"]
    if not isinstance(values, dict):
        raise RefusedError(f"Block {index}: 'values' is not an object.")
    return {name: _read_materialised(one, f"'{name}'") for name, one in values.items()}


def _read_materialised(value: object, what: str) -> Materialised:
    parts = as_object(value, what, ("kind", "of", "turned", "counts"), ("loop", "first"))
    kind = as_text(parts["kind"], what)
    require(kind in KINDS, f"{what}: the kind may be {', '.join(KINDS)}.")
    of = as_texts(parts["of"], what)
    expected = {"left": 2, "right": 0, "sum": 1, "value": 1}[kind]
    require(len(of) == expected, f"{what}: {kind} is of {expected} variables.")
    counts = as_items(as_list(parts["counts"], what), what, as_integer)
    row, column = (*of, "", "")[:2]
    loop, first = (as_integer(parts.get(name, 0), what) for name in ("loop", "first"))
    return Materialised(kind, row, column, as_boolean(parts["turned"], what), counts, loop, first)
