"""Claims as a person writes them down, one object each, and the same as lines of a certificate.

A claim has a ``kind``, the ``output`` or ``site`` it is of, what it states, and ``steps``: for a
truncation the assumption, the loops, the rule; else one rule.  In a certificate each of these is a
fact of its own.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from weightsmith.checker.facts.fact import Fact
from weightsmith.checker.facts.read_files import ReadFiles
from weightsmith.checker.facts.rule import check_kinds
from weightsmith.checker.prove import prove_domain, prove_propagation, prove_root
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.reading.strict_json import as_object
from weightsmith.checker.rules import find, in_folder
from weightsmith.checker.semantics.tables import Table, read_tables
from weightsmith.checker.spectra.following import Following, Targeted, Truncation
from weightsmith.checker.spectra.operator_reading import Loops, OperatorReading
from weightsmith.dsl.program import core

Document = dict[str, Any]
STATED = ("bound", "scale", "hypotheses")
DERIVED = ("loop", "start", "pass")
ROOTS = ("descent", "logistic_newton")
SPECTRAL = tuple(n for n in in_folder("truncation") if n not in ("assumption", "loops"))
TABLES = ("descent", "logistic_newton", "telescope")


# -- to lines -------------------------------------------------------------------------------------


def lines_of(
    claims: Iterable[Document],
    program: core.Program | None = None,
    bindings: Mapping[str, Fraction] | None = None,
) -> list[Document]:
    """``program`` and ``bindings``: for the ends of spectra, which claims do not repeat."""
    lines: list[Document] = []
    for claim in claims:
        for made in _made(claim, program, bindings or {}, lines):
            lines.append({"n": len(lines) + 1, "from": [], "with": {}, **made})
    return lines


def _made(
    claim: Document,
    program: core.Program | None,
    bindings: Mapping[str, Fraction],
    lines: list[Document],
) -> Iterator[Document]:
    claim = copy.deepcopy(claim)
    kind, steps = claim.get("kind"), claim.get("steps", [])
    stated = {key: claim[key] for key in STATED if key in claim}
    rules = [_rule(step) for step in steps] or [""]
    if "unproven" in claim:
        fact = {"is": "open", "of": [kind, claim.get("output")]}
        yield {"fact": fact, "by": "unproven", "with": {"why": claim["unproven"]}}
    elif kind == "exactness":
        loops = [{key: s[key] for key in s if key not in ("rule", "loop")} for s in steps[:-1]]
        fact = {"is": kind, "of": "script.alg"}
        yield {"fact": fact, "by": "simulation", "with": {"loops": loops}}
    elif kind == "weights":
        step = {key: value for key, value in steps[0].items() if key not in ("rule", "step")}
        yield {"fact": {"is": kind, "of": "model.safetensors", **step}, "by": "rounding"}
    elif kind == "truncation" and rules[0] == "assumption":
        of = steps[0]["of"]
        fact = {"is": "spectrum", "of": of, "ends": _ends(steps[0], program, bindings)}
        yield {
            "fact": fact,
            "by": "assumption",
            "with": _without(steps[0], "rule", "step", "of", "ends"),
        }
        derived = [{key: one[key] for key in DERIVED if key in one} for one in steps[1:-1]]
        forms = [_without(_plain(one), "start", "pass") for one in steps[1:-1]]
        fact = {"is": "recurrence", "of": of, "loops": derived}
        yield {"fact": fact, "by": "loops", "with": {"forms": forms}, "from": [len(lines)]}
        fact = {"is": kind, "of": claim["output"], **stated}
        by = {"by": rules[-1], "with": _witness(steps[-1])}
        yield {"fact": fact, **by, "from": [len(lines)]}
    else:
        of = claim.get("output", claim.get("site", "tables"))
        known = [one["n"] for one in lines if one["fact"]["is"] == "approximation"]
        inside = [one["n"] for one in lines if one["fact"]["is"] == "domain"]
        before = known if kind == "domain" else [*inside, *known] if rules[0] in TABLES else []
        fact = {"is": kind, "of": of, **stated}
        yield {
            "fact": fact,
            "by": rules[0],
            "with": _witness(steps[0]) if steps else {},
            "from": before,
        }


def _rule(step: object) -> object:
    return step.get("rule") if isinstance(step, dict) else None


def _plain(step: Document) -> Document:
    """Of a loop, without what is the same of all; with it where it is something else."""
    return _without(step, "step", *(["rule"] if _rule(step) == "loop" else []))


def _witness(step: Document) -> Document:
    return _without(step, "rule", "step")


def _without(step: Document, *keys: str) -> Document:
    return {key: value for key, value in step.items() if key not in keys}


def _ends(
    step: Document, program: core.Program | None, bindings: Mapping[str, Fraction]
) -> list[str]:
    if "ends" in step:
        return list(step["ends"])
    if program is None:
        return []
    try:
        return OperatorReading(program, bindings, step["number"], step["of"], Budget()).ends
    except (RefusedError, IndexError, TypeError):
        return []


# -- from lines -----------------------------------------------------------------------------------


def claims_in(certificate: Mapping[str, Any]) -> list[Document]:
    """The claims of a certificate, without spectra and recurrences, which are steps of theirs."""
    lines = {line["n"]: line for line in certificate["facts"]}
    found = (_claim(line, lines) for line in certificate["facts"])
    return [copy.deepcopy(claim) for claim in found if claim is not None]


def _claim(line: Document, lines: Mapping[int, Document]) -> Document | None:
    fact, by, witness = line["fact"], line["by"], line["with"]
    kind = fact["is"]
    if kind in ("spectrum", "recurrence"):
        return None
    if kind == "open":
        return {"kind": fact["of"][0], "output": fact["of"][1], "unproven": witness["why"]}
    claim: Document = {"kind": kind, **{key: fact[key] for key in STATED if key in fact}}
    if kind == "exactness":
        loops = [{"rule": "loop", "loop": at, **one} for at, one in enumerate(witness["loops"])]
        return {**claim, "steps": [*loops, {"rule": "read_out"}]}
    if kind == "weights":
        parts = {key: fact[key] for key in ("dtype", "layers")}
        return {**claim, "steps": [{"rule": "rounding", **parts}]}
    if kind == "restructuring":
        return {**claim, "steps": witness["steps"]}
    if kind == "approximation":
        claim["site"] = fact["of"]
    elif kind != "domain":
        claim["output"] = fact["of"]
    before = _before(line, lines) if kind == "truncation" and by not in ROOTS else []
    return {**claim, "steps": [*before, {"rule": by, **witness}]}


def _before(line: Document, lines: Mapping[int, Document]) -> list[Document]:
    (loops,) = (lines[n] for n in line["from"])
    (spectrum,) = (lines[n] for n in loops["from"])
    said = {key: spectrum["fact"][key] for key in ("of", "ends")}
    first = {"rule": "assumption", **said, **spectrum["with"]}
    pairs = zip(loops["with"]["forms"], loops["fact"]["loops"], strict=True)
    return [first, *({"rule": "loop", **forms, **derived} for forms, derived in pairs)]


def put(
    certificate: Document, claims: Sequence[Document], program: core.Program | None = None
) -> None:
    """Let a certificate make these claims and no others; ``program`` if they do not say all."""
    numbers = {name: Fraction(value) for name, value in certificate["bindings"].items()}
    certificate["facts"] = lines_of(claims, program, numbers)


@contextmanager
def changing(certificate: Document, kind: str = "truncation") -> Iterator[Document]:
    """The one claim of this kind, put back when it was changed."""
    claims = claims_in(certificate)
    (claim,) = (one for one in claims if one["kind"] == kind)
    yield claim
    put(certificate, claims)


# -- checked alone --------------------------------------------------------------------------------


def check_truncation(
    program: core.Program, bindings: Mapping[str, Fraction], claim: Document, budget: Budget
) -> Truncation:
    """What the steps prove, compared with what the claim states.  Raises RefusedError."""
    read: ReadFiles = _Given(program, bindings, {})  # type: ignore[assignment]
    facts: dict[int, Fact] = {}
    with budget.active():
        for line in lines_of([{**claim, "kind": "truncation"}], program, bindings):
            rule = find(line["by"])
            as_object(line["with"], "The witness", rule.keys, rule.optional)
            premises = [facts[number] for number in line["from"]]
            check_kinds(rule, premises)
            fact = rule.fact(read, line["fact"]["of"], premises, line["with"])
            fact.check(line["fact"])
            facts[line["n"]] = fact
    found = fact.known
    assert isinstance(found, Truncation)
    return found


def followed(
    program: core.Program,
    bindings: Mapping[str, Fraction],
    output: str,
    first: Document,
    steps: Sequence[Document],
) -> Following:
    """A returned value by the assumption and the loops of a claim.  Raises RefusedError."""
    hints = [{key: one[key] for key in ("loop", "forms")} for one in steps]
    loops = Loops(program, bindings, first["number"], first["of"], hints, Budget())
    return Following(loops, output)


def targeted(
    program: core.Program, bindings: Mapping[str, Fraction], output: str, first: Document
) -> Targeted:
    """The same before its loops are looked at."""
    return Targeted(
        OperatorReading(program, bindings, first["number"], first["of"], Budget()), output
    )


def domain_claim(
    program: core.Program, bindings: Mapping[str, Fraction], tables: list[Document]
) -> Document:
    """What the checker derives, as a claim."""
    fact = prove_domain(program, bindings, read_tables(tables, program, bindings))
    return _as_claim(fact, "intervals", {})


def propagation_claim(
    program: core.Program, bindings: Mapping[str, Fraction], tables: list[Document], output: str
) -> Document:
    known = read_tables(tables, program, bindings)
    return _as_claim(prove_propagation(program, bindings, known, output), "telescope", {})


def root_claim(
    program: core.Program, bindings: Mapping[str, Fraction], tables: list[Document], output: str
) -> Document:
    known = read_tables(tables, program, bindings)
    return _as_claim(*prove_root(program, bindings, known, output))


def _as_claim(fact: Document, rule: str, witness: Document) -> Document:
    stated = {key: fact[key] for key in STATED if key in fact}
    of = {} if fact["of"] == "tables" else {"output": fact["of"]}
    return {"kind": fact["is"], **of, **stated, "steps": [{"rule": rule, **witness}]}


@dataclass(frozen=True)
class _Template:
    bindings: Mapping[str, Fraction]


@dataclass(frozen=True)
class _Given:
    """What a rule may read, as a test gives it."""

    of: core.Program
    numbers: Mapping[str, Fraction]
    known: Mapping[str, Table]
    known_tables: Sequence[object] = field(default=())

    def program(self) -> core.Program:
        return self.of

    def template(self) -> _Template:
        return _Template(self.numbers)

    def tables(self) -> Mapping[str, Table]:
        return self.known


def check_claim(
    claim: Document,
    program: core.Program,
    bindings: Mapping[str, Fraction],
    tables: Mapping[str, Table],
) -> str:
    """The sentence of a claim about tables, if the rule derives it.  Raises RefusedError."""
    (line,) = lines_of([claim])
    rule = find(line["by"])
    read: ReadFiles = _Given(program, bindings, tables)  # type: ignore[assignment]
    near = [Fact("approximation", site, {}) for site, one in tables.items() if not one.exact]
    inside = [Fact("domain", "tables", {})] if near and line["by"] in TABLES else []
    as_object(line["with"], "The witness", rule.keys, rule.optional)
    fact = rule.fact(read, line["fact"]["of"], [*inside, *near], line["with"])
    fact.check(json.loads(json.dumps(line["fact"])))
    return fact.sentence()
