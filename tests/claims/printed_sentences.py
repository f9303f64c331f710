"""Reads the sentence of a verdict: what is near what, how near, for which inputs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from printed_words import Expression, UnreadableError, number, read

EVERY = (
    r"in exact arithmetic(?:, for every (?P<inputs>.*?))?(?:, if (?P<hypotheses>.*?))?"
    r"(?:, at (?P<bindings>.*?))?"
)
SIZE = r"(?P<size>\d[-+.e\d]*)"
TRUNCATION = re.compile(
    rf"‖(?P<output>\S+) − (?P<target>(?!root\().*?)‖₂ ≤ {SIZE}(?: · (?P<scale>‖.*?‖₂))? {EVERY}"
    r"; (?P=size) is .*, rounded up(?:; T is (?P<T>.*?), f\(lambda\) is (?P<f>.*))?\."
)
ROOT = re.compile(
    rf"‖(?P<output>\S+) − (?P<target>root\(.*\).*?)‖₂ ≤ {SIZE}, tables included, {EVERY}"
    r"; (?P=size) is .*, rounded up\."
)
PROPAGATION = re.compile(
    rf"Every entry of (?P<output>\S+) is within {SIZE} of what the script says, "
    rf"its functions exact, {EVERY}(?:; (?P=size) is .*, rounded up)?\."
)
FORMS = {"truncation": TRUNCATION, "root": ROOT, "propagation": PROPAGATION}
INPUT = re.compile(r"(\w+): (symmetric)?\[([^\]]*)\](?: per (token|context|query))?(?:, |$)")
INTERVAL = re.compile(r"\[([^\[\]]*), ([^\[\]]*)\]")
GROUPS = {"token": ("context", "query"), "context": ("context",), "query": ("query",)}


@dataclass(frozen=True)
class Given:
    """An input: rows by columns, or rows by the tokens of its groups."""

    name: str
    rows: str
    columns: str = ""
    groups: tuple[str, ...] = ("",)
    symmetric: bool = False


@dataclass(frozen=True)
class Hypothesis:
    """``kind`` is spectrum, …, norm, entries, size, range, symmetric, definite or nonempty."""

    kind: str
    of: Expression
    text: str
    ends: tuple[Fraction, ...] = ()
    within: Expression | None = None  # of a range


@dataclass(frozen=True)
class Claim:
    """Everything that one sentence says."""

    kind: str
    sentence: str
    output: str
    size: Fraction
    inputs: tuple[Given, ...]
    hypotheses: tuple[Hypothesis, ...]
    bindings: dict[str, Fraction]
    target: str = ""
    scales: tuple[Expression, ...] = ()
    operator: Expression | None = None  # T
    function: Expression | None = None  # f(lambda)

    @property
    def weight(self) -> str:
        """P, if the scale is in its norm: then T is not symmetric but P^(1/2)*T*P^(-1/2)."""
        found = re.search(r"(\w+)\^\(-1/2\)‖₂", self.sentence)
        return found[1] if found and self.operator is not None else ""


def read_sentence(sentence: str, template: bytes) -> Claim | None:
    """What a sentence claims of one output; None if it is of another kind."""
    for kind, form in FORMS.items():
        found = form.fullmatch(sentence)
        if found is not None:
            return _claim(kind, sentence, found, template)
    if "‖" in sentence or "within" in sentence.split(", ")[0]:
        raise UnreadableError(f"no form of sentence fits: {sentence}")
    return None


def _claim(kind: str, sentence: str, found: re.Match[str], template: bytes) -> Claim:
    parts = found.groupdict()
    bindings = _bindings(parts["bindings"], template)
    hypotheses = tuple(
        _hypothesis(text, bindings) for text in (parts["hypotheses"] or "").split("; ") if text
    )
    scale = re.findall(r"‖(.+?)‖₂", parts.get("scale") or "")
    operator, function = parts.get("T"), parts.get("f")
    return Claim(
        kind,
        sentence,
        parts["output"],
        Fraction(parts["size"]),
        _inputs(parts["inputs"] or ""),
        hypotheses,
        bindings,
        parts.get("target") or "",
        tuple(read(text) for text in scale),
        read(operator) if operator else None,
        read(function) if function else None,
    )


def _bindings(text: str | None, template: bytes) -> dict[str, Fraction]:
    found = {}
    for one in filter(None, (text or "").split(", ")):
        name, value = one.split(" = ")
        if value == "the number in template.json":
            value = json.loads(template)["bindings"][name]
        found[name] = Fraction(value)
    return found


def _inputs(text: str) -> tuple[Given, ...]:
    found, place = [], 0
    while place < len(text):
        match = INPUT.match(text, place)
        if match is None:
            raise UnreadableError(f"no inputs: {text}")
        name, symmetric, shape, per = match.groups()
        rows, _, columns = shape.partition(", ")
        groups = GROUPS[per] if per else ("",)
        found.append(Given(name, rows, columns, groups, symmetric is not None))
        place = match.end()
    return tuple(found)


def _hypothesis(text: str, bindings: dict[str, Fraction]) -> Hypothesis:
    if found := re.fullmatch(r"(.*) is (symmetric|positive definite)", text):
        return Hypothesis(found[2].removeprefix("positive "), read(found[1]), text)
    if found := re.fullmatch(r"(spectrum|nonzero_spectrum|singular_values)\((.*)\) in (.*)", text):
        return Hypothesis(found[1], read(found[2]), text, _ends(found[3], bindings))
    if found := re.fullmatch(r"entries\((\w+)\) in (.*)", text):
        return Hypothesis("entries", read(found[1]), text, _ends(found[2], bindings))
    if found := re.fullmatch(r"norm\((\w+)\) <= (.*?)( for every token)?", text):
        kind = "token norm" if found[3] else "norm"
        return Hypothesis(kind, read(found[1]), text, (number(read(found[2]), bindings),))
    if found := re.fullmatch(r"size\((\w+)\) (<=|>=) (.*)", text):
        kind = "size" if found[2] == "<=" else "nonempty"
        return Hypothesis(kind, read(found[1]), text, (number(read(found[3]), bindings),))
    if found := re.fullmatch(r"(.*) in range\((.*)\)", text):
        return Hypothesis("range", read(found[1]), text, within=read(found[2]))
    raise UnreadableError(f"no hypothesis: {text}")


def _ends(text: str, bindings: dict[str, Fraction]) -> tuple[Fraction, ...]:
    ends: list[Fraction] = []
    for one in text.split(" or "):
        found = INTERVAL.fullmatch(one)
        if found is None:
            raise UnreadableError(f"no interval: {one}")
        ends += [number(read(end), bindings) for end in found.groups()]
    if any(low > high for low, high in pairwise(ends)):
        raise UnreadableError(f"ends out of order: {text}")
    return tuple(ends)
