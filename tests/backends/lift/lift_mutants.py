"""Networks with one thing changed, held as weights, lifted, and compared with their scripts."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from tests.backends.lift.dense_networks import (
    EXAMPLES,
    Example,
    Held,
    heads_changed,
    held,
    once,
    permutation,
    rotation,
    stream_changed,
    units_permuted,
)

from weightsmith.against import PASSES, Comparison, compare
from weightsmith.backends.errors import LiftError
from weightsmith.backends.lift.given.layout_file import read_layout
from weightsmith.backends.lift.lift import lift
from weightsmith.backends.reference import run_files
from weightsmith.backends.template.template_json import template_to_json
from weightsmith.compiler.ir.template import Head, Item, Layer, Mlp, Repeat, Template, Terms
from weightsmith.dsl.program import core
from weightsmith.dsl.running.interpreter import run

TURNS = ("as it is", "rows permuted", "heads changed", "all rotated")
KINDS = ("coefficient", "half", "transpose", "mask", "block", "head dropped", "unit dropped")
NEAR = 1e-9


@dataclass(frozen=True, slots=True)
class Mutant:
    example: Example
    kind: str
    turn: str
    template: Template
    seed: int

    def __str__(self) -> str:
        return f"{self.example.name}, {self.kind}, {self.turn}, seed {self.seed}"


def turned(given: Held, turn: str, draws: np.random.Generator) -> Held:
    """The same network, with its rows permuted, or its stream and the insides of heads rotated."""
    if turn == TURNS[0]:
        return given
    size = len(given.tensors["embed.weight"])
    change = rotation if turn == TURNS[3] else permutation
    found = units_permuted(stream_changed(given, change(size, draws)), draws)
    return found if turn == TURNS[1] else heads_changed(found, draws)


def mutants(count: int, seed: int) -> Iterator[Mutant]:
    """So many, all different from each other and from their originals."""
    chance = random.Random(seed)
    seen = {example.template for example in EXAMPLES}
    made = tries = 0
    while made < count:
        example = EXAMPLES[tries % len(EXAMPLES)]
        tries += 1
        kind = chance.choice(KINDS)
        template = _changed(example.template, kind, chance)
        if template is None or template in seen:
            continue
        seen.add(template)
        yield Mutant(example, kind, chance.choice(TURNS), template, seed + made)
        made += 1


def _changed(template: Template, kind: str, chance: random.Random) -> Template | None:
    layers = once(template.body)
    at = chance.randrange(len(layers))
    layer = _changed_layer(template, layers[at], kind, chance)
    if layer is None or layer == layers[at] or not (layer.heads or layer.mlp):
        return None
    changed = iter([*layers[:at], layer, *layers[at + 1 :]])

    def rebuilt(items: tuple[Item, ...]) -> tuple[Item, ...]:
        return tuple(
            replace(one, body=rebuilt(one.body)) if isinstance(one, Repeat) else next(changed)
            for one in items
        )

    return replace(template, body=rebuilt(template.body))


def _changed_layer(
    template: Template, layer: Layer, kind: str, chance: random.Random
) -> Layer | None:
    heads, mlp = list(layer.heads), layer.mlp
    if kind == "unit dropped" or (
        mlp and kind in ("coefficient", "block") and chance.random() < 0.5
    ):
        return Layer(layer.heads, _changed_mlp(template, mlp, kind, chance)) if mlp else None
    if not heads:
        return None
    at = chance.randrange(len(heads))
    head = heads[at]
    if kind == "head dropped":
        return Layer((*heads[:at], *heads[at + 1 :]), mlp)
    outputs = list(head.outputs)
    out = chance.randrange(len(outputs))
    block, value, coefficient = outputs[out]
    if kind in ("coefficient", "half"):
        factor = "1/2" if kind == "half" else chance.choice(["-1", "2", "3/2"])
        outputs[out] = (block, value, f"({factor})*({coefficient})")
        heads[at] = replace(head, outputs=tuple(outputs))
    elif kind == "transpose":
        heads[at] = replace(head, keys=head.queries, queries=head.keys)
    elif kind == "mask":
        heads[at] = _other_groups(template, head, chance)
    else:
        which = chance.choice(["keys", "queries", "values"])
        parts = {"keys": head.keys, "queries": head.queries, "values": head.values}
        first, *others = parts[which]
        parts[which] = (_other_block(template, first, chance), *others)
        heads[at] = replace(
            head, keys=parts["keys"], queries=parts["queries"], values=parts["values"]
        )
    return Layer(tuple(heads), mlp)


def _changed_mlp(template: Template, mlp: Mlp, kind: str, chance: random.Random) -> Mlp | None:
    at = chance.randrange(len(mlp.outputs))
    outputs = list(mlp.outputs)
    block, unit, coefficient = outputs[at]
    if kind == "unit dropped":
        del outputs[at]
        return Mlp(mlp.hidden, tuple(outputs), mlp.bias) if outputs else None
    if kind == "coefficient":
        factor = chance.choice(["-1", "2", "1/2"])
        outputs[at] = (block, unit, f"({factor})*({coefficient})")
    else:
        ((other, _),) = _other_block(template, ((block, "1"),), chance)
        if any(one[:2] == (other, unit) for one in outputs):
            return None
        outputs[at] = (other, unit, coefficient)
    return Mlp(mlp.hidden, tuple(outputs), mlp.bias)


def _other_groups(template: Template, head: Head, chance: random.Random) -> Head:
    """Other tokens are summed over, or written at."""
    every = [*((group,) for group in template.groups), template.groups]
    if chance.random() < 0.5:
        return replace(head, key_groups=chance.choice(every))
    return replace(head, query_groups=chance.choice(every))


def _other_block(template: Template, terms: Terms, chance: random.Random) -> Terms:
    rows = template.readable
    at = chance.randrange(len(terms))
    name, coefficient = terms[at]
    same = [one for one in rows if rows[one] == rows[name] and one not in dict(terms)]
    if not same:
        return terms
    return (*terms[:at], (chance.choice(same), coefficient), *terms[at + 1 :])


# -- verdicts ------------------------------------------------------------------------------------


def verdict(mutant: Mutant) -> Comparison | str:
    """Lift the mutant's weights and compare; or what the lifter says.

    First for every number of passes; if that stays open, for as many as the weights are passed.
    """
    example, draws = mutant.example, np.random.default_rng(mutant.seed)
    given = held(mutant.template, example.values, numbers=example.numbers, forms=example.forms)
    given = turned(given, mutant.turn, draws)
    try:
        found = lift([read_layout(given.layout)], [given.rounded("float64")])
    except LiftError as error:
        return str(error)
    values = {name: one for name, one in example.values.items() if name != "steps"}
    compared = compare(found.template, example.program, settings=values)
    if compared.outcome == "open":
        return compare(found.template, example.program, settings=example.values)
    return compared


def judged(mutant: Mutant) -> str:
    """The outcome, checked on the mutant itself, which was not lifted.

    A replay must be what the mutant returns there; of an equal one three inputs are tried.
    """
    found = verdict(mutant)
    if isinstance(found, str):
        raise AssertionError(f"{mutant}: {found}")
    if found.outcome == "different":
        replay = found.replay
        assert replay is not None, f"{mutant}: {found.text}"
        values = {**mutant.example.values, **replay.symbols}
        same = any(
            _is_near(answer, replay.network)
            for steps in range(PASSES + 1)
            for answer in _answers(mutant, replay.inputs, {**values, "steps": Fraction(steps)})
        )
        assert same, f"{mutant}: the network does not return that\n{found.text}"
        assert not np.array_equal(replay.network, replay.script), str(mutant)
    elif found.is_equal:
        for seed in range(3):
            assert _agrees(mutant, random.Random(seed)), f"{mutant}: {found.text}"
    else:
        raise AssertionError(f"{mutant}: {found.text}")
    return found.outcome


def _answers(mutant: Mutant, inputs: object, values: dict[str, Fraction]) -> Iterator[np.ndarray]:
    bindings = tuple(sorted((name, str(one)) for name, one in values.items()))
    template = replace(mutant.template, bindings=bindings)
    read = {one.of for one in template.sources if one.kind in ("input", "transposed")}
    given = {name: one for name, one in inputs.items() if name in read}  # type: ignore[attr-defined]
    for one in run_files(template_to_json(template), None, given, exact=True).values():
        yield from (one.values() if isinstance(one, dict) else (one,))


def _agrees(mutant: Mutant, chance: random.Random) -> bool:
    """Do the mutant and the script return the same at a random input?"""
    program = mutant.example.program
    sizes = {axis: chance.randint(1, 3) for axis in (*program.dimensions, *core.GROUPS)}
    inputs: dict[str, object] = {}
    for one in program.inputs:
        token = one.shape.columns == core.TOKEN
        pieces = {}
        for group in one.shape.column_groups if token else (one.shape.columns,):
            shape = [int(a) if a.isdigit() else sizes[a] for a in (one.shape.rows, group)]
            draws = [Fraction(chance.randint(-5, 5), 4) for _ in range(shape[0] * shape[1])]
            piece = np.array(draws, dtype=object).reshape(shape)
            pieces[group] = np.triu(piece) + np.triu(piece, 1).T if one.symmetric else piece
        inputs[one.name] = pieces if token else next(iter(pieces.values()))
    values = {**mutant.example.values, "steps": Fraction(chance.randint(1, 3))}
    script = run(program, inputs, values, exact=True)  # type: ignore[arg-type]
    wanted = [
        piece
        for one in script.values()
        for piece in (one.values() if isinstance(one, dict) else (one,))
    ]
    return all(map(_is_near, _answers(mutant, inputs, values), wanted))


def _is_near(one: np.ndarray, other: np.ndarray) -> bool:
    a, b = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    return a.shape == b.shape and bool((np.abs(a - b) <= NEAR * (1 + np.abs(b))).all())


def counted(count: int, seed: int) -> Counter[str]:
    """How often each outcome came, by kind of change."""
    found: Counter[str] = Counter()
    for mutant in mutants(count, seed):
        found[f"{mutant.kind}: {judged(mutant)}"] += 1
    return found
