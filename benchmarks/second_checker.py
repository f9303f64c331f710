"""Asks two checkers about damaged certificates: the kernel, and one that knows only the format.

    python benchmarks/second_checker.py [--small] [--mutants N] [--seed S]

tools/second_checker.py was written from docs/format.md alone and shares no line with the kernel.
Both look at compiled examples as they are, and then at copies in which one number, name or list of
the certificate, of the network or of the weights is changed, with the hashes made right again.
Where the second checker says that it does not check a claim, its word does not count.

Exits with status 1 if an example is not accepted by both, or a mutant is refused by one alone.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from weightsmith import api
from weightsmith.checker import verify_directory
from weightsmith.cli.demonstration.demo_cases import CASES

ROOT = Path(__file__).resolve().parents[1]
MUTANTS, SMALL = 500, 24
Json = dict[str, object]
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Answer:
    """Whether each checker refuses a directory; None if the second one does not check it all."""

    kernel: bool
    second: bool | None

    @property
    def agree(self) -> bool:
        return self.second is None or self.second == self.kernel


def second() -> ModuleType:
    """The second checker, which is no module of a package."""
    path = ROOT / "tools" / "second_checker.py"
    spec = importlib.util.spec_from_file_location("second_checker", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"there is no file {path.name}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def compiled() -> Iterator[tuple[str, dict[str, bytes]]]:
    """The demo's examples without tables, small."""
    seen: set[str] = set()
    for case in CASES:
        if case.fewest is not None or case.script in seen:
            continue
        seen.add(case.script)
        settings = case.parameters(case.problem(), small=True)
        network = api.compile(ROOT / "examples" / f"{case.script}.alg", settings=settings)
        if network.certificate["tables"] == []:
            yield case.script, dict(network.files())


def ask(checker: ModuleType, files: dict[str, bytes]) -> Answer:
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        for name, data in files.items():
            (directory / name).write_bytes(data)
        kernel = verify_directory(directory, kernel=True)
        ends = {one.end for one in checker.verify(directory)}
    if "refused" in ends:
        return Answer(not kernel.accepted, second=True)
    return Answer(not kernel.accepted, None if ends & {"open", "not checked"} else False)


# -- mutants ------------------------------------------------------------------------------------


def leaves(value: object, place: Place = ()) -> list[Place]:
    """Every place of a number or a text."""
    if isinstance(value, dict):
        return [one for key in sorted(value) for one in leaves(value[key], (*place, key))]
    if isinstance(value, list):
        return [one for at, item in enumerate(value) for one in leaves(item, (*place, at))]
    return [place]


def changed(value: object, dice: random.Random) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + dice.choice((-1, 1, 7))
    if value is None:
        return "1"
    text = str(value)
    options = (f"{text}1", text[:-1], text.swapcase(), "7", "", f"-{text}", f"2*({text})")
    return dice.choice([one for one in options if one != text])


def mutated_json(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    document: Any = json.loads(data)
    place: Any = dice.choice([one for one in leaves(document) if one[0] != "files"])
    holder = document
    for key in place[:-1]:
        holder = holder[key]
    if isinstance(holder, list) and dice.random() < 0.2:
        del holder[place[-1]]
        return json.dumps(document).encode(), f"{place} removed"
    old = holder[place[-1]]
    holder[place[-1]] = changed(old, dice)
    return json.dumps(document).encode(), f"{place}: {old!r} -> {holder[place[-1]]!r}"


def mutated_weights(data: bytes, dice: random.Random) -> tuple[bytes, str]:
    """One bit of a number is flipped."""
    begin = 8 + int.from_bytes(data[:8], "little")
    place, bit = dice.randrange(begin, len(data)), dice.randrange(8)
    flipped = bytes([data[place] ^ (1 << bit)])
    return data[:place] + flipped + data[place + 1 :], f"bit {bit} of byte {place}"


def mutant(files: dict[str, bytes], dice: random.Random) -> tuple[dict[str, bytes], str]:
    """The files with one thing changed, and the hashes made right."""
    name = dice.choice(("certificate.json", "certificate.json", "template.json", "weights"))
    file = "model.safetensors" if name == "weights" else name
    change = mutated_weights if name == "weights" else mutated_json
    data, what = change(files[file], dice)
    made = {**files, file: data}
    certificate = json.loads(made["certificate.json"])
    for one in certificate["files"]:
        if one in made:
            certificate["files"][one] = hashlib.sha256(made[one]).hexdigest()
    made["certificate.json"] = json.dumps(certificate).encode()
    return made, f"{file} {what}"


# -- the whole ----------------------------------------------------------------------------------


def main() -> int:
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--mutants", type=int, default=None)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    wanted = chosen.mutants or (SMALL if chosen.small else MUTANTS)
    checker, dice = second(), random.Random(chosen.seed)
    whole: dict[str, dict[str, bytes]] = {}
    wrong: list[str] = []
    for name, files in compiled():
        answer = ask(checker, files)
        if answer.second is False:
            whole[name] = files
        word = {False: "accepts all", None: "does not check all", True: "REFUSES"}[answer.second]
        print(f"{name:32} the second checker {word}")
        if answer.kernel or answer.second:
            wrong.append(name)
    print(f"\n{len(whole)} examples are accepted by both, every claim")
    counted: Counter[str] = Counter()
    while counted["both refuse"] + counted["both accept"] + counted["disagree"] < wanted:
        name = dice.choice(sorted(whole))
        files, what = mutant(whole[name], dice)
        answer = ask(checker, files)
        if not answer.agree:
            counted["disagree"] += 1
            wrong.append(f"{name}: {what}: kernel refuses: {answer.kernel}")
        elif answer.second is None:
            counted["not checked"] += 1
        else:
            counted["both refuse" if answer.second else "both accept"] += 1
    print(", ".join(f"{key}: {number}" for key, number in sorted(counted.items())))
    for one in wrong:
        print(f"DISAGREE {one}")
    return 1 if wrong or len(whole) < 12 else 0


if __name__ == "__main__":
    sys.exit(main())
