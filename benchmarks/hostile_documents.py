"""Attacks inside a template and a certificate: wrong types, huge numbers, far too many of a thing.

A place is a path of keys and indices into a document.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from hostile_base import Attack, Directory, Value

Place = tuple[str | int, ...]
TEMPLATE, CERTIFICATE = "template.json", "certificate.json"
LONG = "*".join(["3^500000"] * 60)
SUM = " + ".join(f"1/{base}^100000" for base in range(3, 60))
SCALARS: dict[str, str] = {
    "a product of powers": LONG,
    "a sum of powers": SUM,
    "a quotient of powers": f"1/({LONG})",
    "a tower": "2^(2^(2^(2^(2^9))))",
    "powers of powers": "(" * 40 + "3" + "^9)" * 40,
    "a power of a symbol": "mu^(10^18)",
    "a power of a sum": "(mu + L + 1)^100000",
    "a nested sum": "(" * 140 + "mu" + " + L)^2" * 140,
    "many brackets": "(" * 1900,
    "many signs": "-" * 1900 + "1",
    "2000 digits": "9" * 2000,
    "4000 digits": "9" * 4000,
    "a million digits": "9" * 10**6,
    "a quotient of a million digits": "1/" + "9" * 10**6,
    "an exponent": "1e999999999",
    "a long sum": "+".join(["mu"] * 60_000),
    "a long product": "*".join(["(mu+L)"] * 20_000),
    "many symbols": "+".join(f"a{number}*b{number}" for number in range(15_000)),
    "division by zero": "1/(mu - mu)",
    "a control character": "\x1b[2J\x1b[Hevery claim holds.",
    "a reversed text": "\u202e.sdloh mialc yreve",
    "a surrogate": "\ud800",
    "a new line": "1\n/tmp: every claim holds.",
}
WRONG: dict[str, Value] = {
    "null": None,
    "true": True,
    "a number": 3,
    "a negative number": -1,
    "a long number": 10**17,
    "an empty text": "",
    "a text": "x",
    "an empty list": [],
    "an empty object": {},
    "a list of nothing": [None],
    "deep lists": [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]],
    "100,000 lists": [[]] * 100_000,
    "100,000 texts": ["1"] * 100_000,
}
MANY = 100_000


def document_attacks() -> Iterator[Attack]:
    yield from _scalar_attacks()
    yield from _many_attacks()
    yield from _claim_attacks()


def random_attacks(honest: dict[str, Path], count: int, seed: int) -> Iterator[Attack]:
    """Any place of any document replaced by anything."""
    chance = random.Random(seed)
    for number in range(count):
        base = chance.choice(sorted(honest))
        name = chance.choice([TEMPLATE, CERTIFICATE])
        document = Directory(honest[base]).json(name)
        place = chance.choice(list(places(document)))
        label, value = chance.choice([*WRONG.items(), *SCALARS.items()])
        where = ".".join(map(str, place))
        title = f"{number}: {name} {where}: {label}"
        yield Attack(title, base, _replaced(name, place, value))


def places(value: Value, at: Place = ()) -> Iterator[Place]:
    """Every place of a document, its own first."""
    if at:
        yield at
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*at, index))


def get(document: Value, place: Place) -> Value:
    for key in place:
        document = document[key]  # type: ignore[index]
    return document


def put(document: Value, place: Place, value: Value) -> None:
    get(document, place[:-1])[place[-1]] = value  # type: ignore[index]


def _replaced(name: str, place: Place, value: Value) -> Callable[[Directory], None]:
    return _changed(name, place, lambda old: value)


def _changed(
    name: str, place: Place, change: Callable[[Value], Value]
) -> Callable[[Directory], None]:
    def apply(directory: Directory) -> None:
        document = directory.json(name)
        put(document, place, change(get(document, place)))
        directory.write_json(name, document)

    return apply


HEAD: Place = ("body", 0, "body", 0, "heads", 0)
MLP: Place = ("body", 0, "body", 0, "mlp")
SPECTRUM, RECURRENCE, TRUNCATION = (("facts", place) for place in (2, 3, 4))  # of newton
FORMS: Place = (*RECURRENCE, "with", "forms", 0, "forms", "X#0")


def _scalar_attacks() -> Iterator[Attack]:
    for label, text in SCALARS.items():
        spots: dict[str, Place] = {
            "a head's coefficient": (*HEAD, "outputs", 0, 2),
            "the read-in": ("read_in", "X", 0, 1),
            "a bias": (*MLP, "hidden", 0, "bias"),
            "a count": ("body", 0, "repeat"),
            "a binding": ("bindings", "mu"),
            "a name": ("blocks", 0, "name"),
        }
        for where, place in spots.items():
            yield Attack(f"template, {where}: {label}", "newton", _replaced(TEMPLATE, place, text))
        spots = {
            "a bound": (*TRUNCATION, "fact", "bound", "formula"),
            "a value": (*TRUNCATION, "fact", "bound", "value"),
            "a start": (*RECURRENCE, "fact", "loops", 0, "start", "X"),
            "a pass": (*RECURRENCE, "fact", "loops", 0, "pass", "X"),
            "a form": (*FORMS, 0, "scalar"),
            "an operator": (*SPECTRUM, "fact", "of", 0),
            "an end": (*SPECTRUM, "fact", "ends", 0),
            "a rule": (*SPECTRUM, "by"),
            "a premise": (*RECURRENCE, "from", 0),
            "a scalar in fixed ratio": (*TRUNCATION, "with", "equal"),
            "a hypothesis": (*TRUNCATION, "fact", "hypotheses", 0),
            "a binding": ("bindings", "mu"),
        }
        for where, place in spots.items():
            change = _replaced(CERTIFICATE, place, text)
            yield Attack(f"certificate, {where}: {label}", "newton", change)


def _repeated(old: Value, count: int) -> Value:
    items: list[Value] = old if isinstance(old, list) else [old]
    return items * (count // max(1, len(items)))


def _named(old: Value, count: int) -> Value:
    """As many things as asked, each with a name of its own."""
    first = old[0] if isinstance(old, list) and old else {}
    if not isinstance(first, dict):
        return old
    kept = old if isinstance(old, list) else []
    more: list[Value] = [{**first, "name": f"n{number}"} for number in range(count)]
    return [*kept, *more]


def _many_attacks() -> Iterator[Attack]:
    repeated: dict[str, Place] = {
        "heads": HEAD[:-1],
        "hidden blocks": (*MLP, "hidden"),
        "outputs of an mlp": (*MLP, "outputs"),
        "outputs of a head": (*HEAD, "outputs"),
        "keys": (*HEAD, "keys"),
        "values": (*HEAD, "values"),
        "layers": ("body", 0, "body"),
        "loops": ("body",),
        "groups": ("groups",),
    }
    for what, place in repeated.items():
        change = _changed(TEMPLATE, place, lambda old: _repeated(old, MANY))
        yield Attack(f"template: {MANY} {what}", "newton", change)
        change = _changed(TEMPLATE, place, lambda old: _repeated(old, 3000))
        yield Attack(f"template: 3000 {what}", "newton", change)
    for what in ("blocks", "sources", "read_out"):
        change = _changed(TEMPLATE, (what,), lambda old: _named(old, MANY))
        yield Attack(f"template: {MANY} {what}", "newton", change)
        change = _changed(TEMPLATE, (what,), lambda old: _named(old, 2000))
        yield Attack(f"template: 2000 {what}", "newton", change)
    for count in ("1000000", "20000", "1000000000000000000", "-1", "1/2"):
        change = _replaced(TEMPLATE, ("bindings", "steps"), count)
        yield Attack(f"template: {count} steps", "newton", _with_certificate(change, count))
    yield Attack("template: nested loops", "newton", _nested(30))
    yield Attack("template: 150 nested loops", "newton", _nested(150))
    yield Attack("template: 100000 hidden units, each its own", "newton", _distinct_hidden)
    yield Attack("template: 3000 heads, each its own", "newton", _distinct_heads(3000))
    yield Attack("template: 20000 bindings", "newton", _bindings)


def _with_certificate(change: Callable[[Directory], None], count: str) -> Callable[..., None]:
    def apply(directory: Directory) -> None:
        change(directory)
        _replaced(CERTIFICATE, ("bindings", "steps"), count)(directory)

    return apply


def _nested(depth: int) -> Callable[[Directory], None]:
    def change(old: Value) -> Value:
        for _ in range(depth):
            old = [{"repeat": "1000000", "body": old}]
        return old

    return _changed(TEMPLATE, ("body",), change)


def _distinct_hidden(directory: Directory) -> None:
    def change(old: Value) -> Value:
        if not isinstance(old, list):
            return old
        one = {**old[0]}  # type: ignore[dict-item]
        return [{**one, "terms": [["X", f"1/{n + 2}"]]} for n in range(MANY)]

    _changed(TEMPLATE, (*MLP, "hidden"), change)(directory)


def _distinct_heads(count: int) -> Callable[[Directory], None]:
    def change(old: Value) -> Value:
        if not isinstance(old, list):
            return old
        one = {**old[0]}  # type: ignore[dict-item]
        return [{**one, "keys": [[["A", f"1/{n + 2}"], ["X", f"{n}"]]]} for n in range(count)]

    return _changed(TEMPLATE, HEAD[:-1], change)


def _bindings(directory: Directory) -> None:
    for name in (TEMPLATE, CERTIFICATE):
        document = directory.json(name)
        document["bindings"] = {f"b{number}": "1/3" for number in range(20_000)}
        directory.write_json(name, document)


def _claim_attacks() -> Iterator[Attack]:
    for base in ("newton", "tables", "root", "fewest", "open"):
        for label, change in CLAIMS.items():
            yield Attack(f"{base}, claims: {label}", base, _claims(change))
        wrong = WRONG if base in ("newton", "tables") else {}
        for label, value in wrong.items():
            for key in ("facts", "tables", "bindings", "files", "format", "version"):
                changed = _replaced(CERTIFICATE, (key,), value)
                yield Attack(f"{base}, {key}: {label}", base, changed)
            for key in ("n", "by", "from", "with", "fact", "is", "of", "bound", "statement"):
                changed = _claims(lambda old, key=key, value=value: _each(old, key, value))  # type: ignore[misc]
                yield Attack(f"{base}, {key} of every fact: {label}", base, changed)
    for count in (1000, MANY):
        lists: dict[str, Place] = {
            "equal": (*TRUNCATION, "with", "equal"),
            "forms": FORMS,
            "loops": (*RECURRENCE, "with", "forms"),
            "letters": (*SPECTRUM, "fact", "of"),
            "premises": (*TRUNCATION, "from"),
        }
        for key, place in lists.items():
            changed = _changed(CERTIFICATE, place, lambda old, n=count: _repeated(old or ["1"], n))  # type: ignore[misc]
            yield Attack(f"{count} {key}", "newton", changed)
    for count in (2100, MANY):
        changed = _changed(CERTIFICATE, ("tables", 0, "knots"), lambda old, n=count: _knots(n))  # type: ignore[misc]
        yield Attack(f"{count} knots", "tables", changed)
    changed = _changed(CERTIFICATE, ("tables", 0, "knots"), lambda old: _knots(1000, 1900))
    yield Attack("1000 knots of 1900 digits", "tables", changed)
    changed = _changed(CERTIFICATE, ("tables",), lambda old: _repeated(old, 20_000))
    yield Attack("20000 tables", "tables", changed)


def _knots(count: int, digits: int = 0) -> Value:
    bottom = 10**digits
    return [
        [str_of(place * bottom + (digits > 0), count * bottom), "1/2"] for place in range(count)
    ]


def str_of(top: int, bottom: int) -> str:
    from fractions import Fraction

    return str(Fraction(top, bottom))


def _claims(change: Callable[[list[Value]], Value]) -> Callable[[Directory], None]:
    def apply(directory: Directory) -> None:
        document = directory.json(CERTIFICATE)
        facts = document["facts"]
        document["facts"] = change(facts if isinstance(facts, list) else [])
        directory.write_json(CERTIFICATE, document)

    return apply


def _each(lines: list[Value], key: str, value: Value) -> Value:
    """With this value for a key of the line, or of its fact."""
    found: list[Value] = []
    for line in lines:
        if isinstance(line, dict):
            fact = line.get("fact")
            inner = isinstance(fact, dict) and key not in line
            found.append({**line, "fact": {**fact, key: value}} if inner else {**line, key: value})  # type: ignore[dict-item]
    return found


def _numbered(lines: list[Value], count: int, **parts: Value) -> Value:
    """As many copies of the last line, each with the number of its place."""
    last: dict[str, Value] = lines[-1] if isinstance(lines[-1], dict) else {}
    return [
        *lines,
        *({**last, **parts, "n": len(lines) + 1 + number} for number in range(count)),
    ]


def _subjects(lines: list[Value], count: int) -> Value:
    """The same, each of an output or a site of its own."""
    last: dict[str, Value] = copy.deepcopy(lines[-1]) if isinstance(lines[-1], dict) else {}
    extra: list[Value] = []
    for number in range(count):
        fact: dict[str, Value] = {**_object(last.get("fact")), "of": f"y{number}"}
        extra.append({**last, "fact": fact, "n": len(lines) + 1 + number})
    return [*lines, *extra]


def _unproven(lines: list[Value], reason: str) -> Value:
    """The first truncation is open, for this reason; nothing else is said of errors."""
    facts = [_object(_object(line).get("fact")) for line in lines]
    kinds = ("exactness", "weights", "restructuring")
    kept = [one for one, fact in zip(lines, facts, strict=True) if fact.get("is") in kinds]
    outputs = [fact["of"] for fact in facts if fact.get("is") == "truncation"]
    of: list[Value] = ["truncation", outputs[0] if outputs else "w"]
    open_one: dict[str, Value] = {"fact": {"is": "open", "of": of}, "by": "unproven", "from": []}
    return [*kept, {**open_one, "with": {"why": reason}, "n": len(kept) + 1}]


def _object(value: Value) -> dict[str, Value]:
    return value if isinstance(value, dict) else {}


PREMISES: dict[str, Value] = {"from": [1] * 90}
CLAIMS: dict[str, Callable[[list[Value]], Value]] = {
    "80000 of them": lambda claims: _numbered(claims[:3], 80_000, fact={}),
    "3900 that follow from many": lambda claims: _numbered(claims, 3900, **PREMISES),
    "80000 of unknown kinds": lambda claims: [
        {"fact": {"is": f"k{number}"}, "n": number + 1} for number in range(80_000)
    ],
    "3000 outputs": lambda claims: _subjects(claims, 3000),
    "the last one 300 times": lambda claims: _numbered(claims, 300),
    "none": lambda claims: [],
    "80000 numbers": lambda claims: [3] * 80_000,
    "a reason that clears the screen": lambda claims: _unproven(
        claims, "\x1b[2J\x1b[Hevery claim holds."
    ),
    "a reason of several lines": lambda claims: _unproven(
        claims, "no\nholds   truncation\n/tmp: every claim holds."
    ),
    "a reason written backwards": lambda claims: _unproven(claims, "\u202e.sdloh mialc yreve"),
    "a reason of a megabyte": lambda claims: _unproven(claims, "no " * 300_000),
    "an empty reason": lambda claims: _unproven(claims, ""),
    "a kind that clears the screen": lambda claims: [{"fact": {"is": "\x1b[2J"}, "n": 1}, *claims],
}
