"""Puts one printed claim to the test: draws inputs, runs the network, compares with the bound."""

from __future__ import annotations

import json
import random
import re
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import printed_numbers as n
from flint import arb
from printed_draws import Draw, draw
from printed_networks import PrintedNetwork
from printed_programs import Machine, what_it_says
from printed_sentences import Claim, read_sentence
from printed_values import Grid, Meaning, operator_function
from printed_words import Expression, UnreadableError, read

from weightsmith import api
from weightsmith.dsl.front_end import check
from weightsmith.dsl.program import core
from weightsmith.dsl.text.source import Source

SLACK = arb(10) ** -80  # of 150 digits


@dataclass(frozen=True)
class Tested:
    """One draw: the error of the network, and the bound that the sentence gives."""

    sentence: str
    seed: int
    error: arb
    bound: arb
    draw: Draw

    @property
    def violated(self) -> bool:
        with n.precisely():
            return not self.error.mid() <= self.bound.mid() * (1 + SLACK) + SLACK

    @property
    def ratio(self) -> float:
        if self.bound.mid() <= SLACK:
            return 0.0
        return float((self.error / self.bound).mid())


@dataclass
class Subject:
    """A compiled script: its network, its script and what is printed of it."""

    script: str
    network: PrintedNetwork
    claims: list[Claim]
    functions: dict[str, Expression] = field(default_factory=dict)

    @classmethod
    def of(cls, compiled: api.Network) -> Subject:
        """Save, verify, and read the sentences of everything that is proven."""
        with tempfile.TemporaryDirectory() as place:
            compiled.save(Path(place) / "network")
            verdicts = api.verify(Path(place) / "network").verdicts
        files = compiled.files()
        found = [
            read_sentence(one.statement, files["template.json"])
            for one in verdicts
            if one.accepted and one.proven
        ]
        text = files["script.alg"].decode()
        claims = [one for one in found if one is not None]
        return cls(text, PrintedNetwork.of(files["template.json"]), claims, _functions(text))

    def reading(self, sentence: str) -> Claim:
        """Another sentence about the same network."""
        found = read_sentence(sentence, json.dumps(self.network.template).encode())
        if found is None:
            raise UnreadableError(sentence)
        return found

    def test(self, claim: Claim, seed: int) -> Tested | None:
        """One draw from a seed; None if no inputs were found."""
        with n.precisely():
            found = draw(claim, random.Random(seed))
            return None if found is None else self._compare(claim, found, seed)

    def _compare(self, claim: Claim, drawn: Draw, seed: int) -> Tested:
        output = self.network.run(drawn.data, drawn.sizes)[claim.output]
        bound = n.exactly(claim.size)
        if claim.kind == "truncation":
            meaning = self._meaning(claim, drawn)
            for scale in claim.scales:
                bound *= _norm(meaning.grid(scale))
            error = _norm(_difference(output, meaning.value(read(claim.target))))
        elif claim.kind == "root":
            error = _norm(_difference(output, self._root(claim, drawn, output)))
        else:
            said = what_it_says(self.program, drawn.data, claim.bindings, drawn.sizes)
            error = _largest(_difference(output, said[claim.output]))
        return Tested(claim.sentence, seed, error, bound, drawn)

    def _root(self, claim: Claim, drawn: Draw, near: Grid) -> Grid:
        """The root of the script's equation, sought from where the network ends."""
        (root,) = [one.target for one in self.program.returns if one.name == claim.output]
        if not isinstance(root, core.Root):
            raise UnreadableError("the script names no root")
        values = {**drawn.data, root.name: near}
        return Machine(claim.bindings, drawn.sizes, values).root(root)

    @cached_property
    def program(self) -> core.Program:
        return check(Source("script.alg", self.script))

    def _meaning(self, claim: Claim, drawn: Draw) -> Meaning:
        plain = Meaning(drawn.data, claim.bindings, functions=self.functions)
        operator, function = claim.operator, claim.function
        if operator is None or function is None:
            return plain
        kernel = any(one.kind == "nonzero_spectrum" for one in claim.hypotheses) or (
            "pinv" in claim.target
        )

        def of_operator() -> Grid:
            return operator_function(operator, function, claim.weight, plain, kernel=kernel)

        return Meaning(drawn.data, claim.bindings, of_operator, self.functions)


def _norm(of: Grid) -> arb:
    return n.norm(of.whole())


def _largest(of: Grid) -> arb:
    """The largest of all entries' absolute values."""
    entries = [abs(x).mid() for part in of.parts.values() for x in part.entries()]
    return max(entries, default=n.ZERO)


def _difference(output: Grid, target: Grid | arb) -> Grid:
    """On the tokens at which the network's value is read."""
    if isinstance(target, arb):
        return Grid({k: v - n.identity(v.nrows()) * target for k, v in output.parts.items()})
    return Grid({key: part - target.parts[key] for key, part in output.parts.items()})


def _functions(script: str) -> dict[str, Expression]:
    """``function f(t) = …`` of a script, the variable called t."""
    found = {}
    for name, variable, formula in re.findall(
        r"^function (\w+)\((\w+)\) = ([^\n]*)$", script, re.MULTILINE
    ):
        found[name] = read(re.sub(rf"\b{variable}\b", "t", formula))
    return found


def text_of(one: Tested, script: str) -> str:
    """What to look at when a bound is exceeded."""
    figures = f"error {one.error.str(12)}, bound {one.bound.str(12)}, sizes {dict(one.draw.sizes)}"
    return f"{script}\nseed {one.seed}: {one.sentence}\n{figures}"
