"""Every command on hostile directories: an answer in a sentence, within limits of time and memory.

    python benchmarks/hostile_directories.py [--small] [--random N] [--only TEXT]
        [--commands verify,show,…] [--honest FOLDER] [--list]
        [--each]

Each attack changes an honest directory of at most 32 MB (8 GB if sparse).  ``verify``, ``show``
and ``run`` and ``api.load`` are then run on it, each in a process of its own; an answer is a
sentence of ours: never a traceback, a signal, a raw control character, or (of ``verify``) a good
verdict.  Exits with status 1 if an answer is missing, takes 15 s of processor time or 1 GB.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from hostile_base import BASES, Attack, Base, compile_base, remove
from hostile_documents import document_attacks, random_attacks
from hostile_files import file_attacks
from hostile_scripts import script_attacks

SECONDS, MEGABYTES = 15.0, 1000.0
CPU_LIMIT, MEMORY_LIMIT = 20, 4 << 30  # what stops a process that has no answer
WAITING = 300  # seconds of the clock until a process counts as blocked
LONGEST = 1 << 20  # characters of an answer
SMALL_EVERY = 29  # attack of all


@dataclass(frozen=True)
class Answer:
    """What one command did: its exit status, what it printed, and what it used."""

    command: str
    attack: str
    status: int
    text: str
    seconds: float
    megabytes: float
    harmless: bool

    @property
    def fault(self) -> str:
        """What is wrong with the answer, or nothing."""
        if self.status < 0 or self.status == 99:
            return f"ended by signal {-self.status}" if self.status < 0 else "traceback"
        if "Traceback (most recent call last)" in self.text:
            return "traceback"
        if not self.text.strip():
            return "no answer"
        if len(self.text) > LONGEST:
            return f"{len(self.text)} characters"
        unsafe = {one for one in self.text if not one.isprintable() and one != "\n"}
        if unsafe:
            return f"raw characters {sorted(unsafe)!r}"
        if self.command == "verify" and self.status == 0 and not self.harmless:
            return "accepted"
        if self.seconds > SECONDS:
            return f"{self.seconds:.1f} s"
        return f"{self.megabytes:.0f} MB" if self.megabytes > MEGABYTES else ""


def attempt(command: str, attack: Attack, work: Callable[[], None]) -> Answer:
    """Run in a process of its own, forked from this one, which has loaded what is needed."""
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            _become(output.fileno(), work)
        _, status, used = os.wait4(child, 0)
        output.seek(0)
        text = output.read(4 * LONGEST).decode("utf-8", "replace")
    code = os.waitstatus_to_exitcode(status)
    seconds = used.ru_utime + used.ru_stime
    memory = used.ru_maxrss / 1024
    return Answer(command, attack.name, code, text, seconds, memory, attack.harmless)


def same(honest: Path, target: Path) -> bool:
    """Is what an attack wrote what was there: an empty list in place of an empty list?

    JSON may be laid out anew, and then the certificate has other hashes: those of the files.
    """
    names = {one.name for one in honest.iterdir()}
    if {one.name for one in target.iterdir()} != names:
        return False
    files = [target / name for name in names]
    if not all(one.is_file() and not one.is_symlink() for one in files):
        return False  # what a link leads to may not even end
    return all(_same_file(name, honest, target) for name in names)


def _same_file(name: str, honest: Path, target: Path) -> bool:
    if (target / name).stat().st_size > 1 << 20:
        return False
    before, after = ((place / name).read_bytes() for place in (honest, target))
    if before == after or not name.endswith(".json"):
        return before == after
    try:
        wanted, found = (json.loads(text, object_pairs_hook=list) for text in (before, after))
    except (ValueError, RecursionError):
        return False
    if name == "certificate.json":
        wanted = [
            [key, _hashes(target, value) if key == "files" else value] for key, value in wanted
        ]
    # as texts, so that 1, 1.0 and true differ, and a key that stands twice does
    return json.dumps(wanted) == json.dumps(found)


def _hashes(directory: Path, named: list[list[str | None]]) -> list[list[str | None]]:
    """Those of the files as they are, in place of the hashes of the honest ones."""
    return [
        [name, old and sha256((directory / str(name)).read_bytes()).hexdigest()]
        for name, old in named
    ]


def _become(output: int, work: Callable[[], None]) -> None:
    """Do the work with limits, say what went wrong, and end this process."""
    status = 99
    try:
        os.dup2(output, 1)
        os.dup2(output, 2)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        signal.alarm(WAITING)
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT, CPU_LIMIT))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        work()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def command_line(*words: str) -> Callable[[], None]:
    def work() -> None:
        from weightsmith.cli.main import commands

        commands.main(list(words), prog_name="weightsmith")

    return work


def load(directory: Path) -> Callable[[], None]:
    """The library: what it raises must be documented."""

    def work() -> None:
        from weightsmith import api
        from weightsmith.backends.errors import BackendError
        from weightsmith.dsl import DiagnosticError

        try:
            network = api.load(directory)
            print(f"loaded {len(network.files())} files, {len(network.bounds)} bounds.")
        except (BackendError, DiagnosticError) as problem:
            print(f"{problem}")
            sys.exit(1)

    return work


def inputs(base: Base, place: Path) -> list[str]:
    """Write the data of a base; return the options of ``run``."""
    import numpy as np

    options = []
    for name, shape in base.data.items():
        path = place / f"{name}.npy"
        square = len(set(shape)) == 1
        np.save(path, np.eye(*shape) if square else np.full(shape, 0.25))
        options += ["--input", f"{name}={path}"]
    return options


def attacks(honest: dict[str, Path], count: int) -> list[Attack]:
    fixed = [*file_attacks(), *document_attacks(), *script_attacks()]
    return [*fixed, *random_attacks(honest, count, seed=11)]


def readers(attack: Attack, place: Path) -> dict[str, Callable[[], None]]:
    return {
        "verify": command_line("verify", str(place)),
        "load": load(place),
        "show": command_line("show", str(place)),
        "show --depth": command_line("show", "--depth", str(place)),
    }


def main(words: list[str]) -> int:
    small = "--small" in words
    only = words[words.index("--only") + 1] if "--only" in words else ""
    count = int(words[words.index("--random") + 1]) if "--random" in words else 300
    which = words[words.index("--commands") + 1].split(",") if "--commands" in words else []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        kept = Path(words[words.index("--honest") + 1]) if "--honest" in words else place
        honest = {name: kept / "honest" / name for name in BASES}
        for name, base in BASES.items():
            if not honest[name].is_dir():
                compile_base(base, honest[name])
        chosen = attacks(honest, 30 if small else count)
        chosen = chosen[::SMALL_EVERY] if small else [one for one in chosen if only in one.name]
        if "--list" in words:
            print("\n".join(one.name for one in chosen))
            return 0
        answers = list(_readings(chosen, honest, place, which))
        answers += _runs(chosen, honest, place, which)
        return _tell(answers)


def _readings(
    chosen: list[Attack], honest: dict[str, Path], place: Path, which: list[str]
) -> Iterable[Answer]:
    for attack in chosen:
        target = place / "hostile"
        attack.apply(honest[attack.base], target)
        attack = replace(attack, harmless=attack.harmless or same(honest[attack.base], target))
        for command, work in readers(attack, target).items():
            if not which or command in which:
                yield _said(attempt(command, attack, work))
        remove(target)


def _runs(
    chosen: list[Attack], honest: dict[str, Path], place: Path, which: list[str]
) -> Iterable[Answer]:
    if which and "run" not in which:
        return
    import torch

    torch.set_num_threads(1)
    options = {}
    for name, base in BASES.items():
        (place / "data" / name).mkdir(parents=True)
        options[name] = inputs(base, place / "data" / name)
    for attack in chosen:
        target = place / "hostile"
        attack.apply(honest[attack.base], target)
        words = ["run", str(target), *options[attack.base]]
        yield _said(attempt("run", attack, command_line(*words)))
        remove(target)


def _said(answer: Answer) -> Answer:
    if answer.fault or "--each" in sys.argv:
        fault = answer.fault or f"{answer.seconds:.1f} s, {answer.megabytes:.0f} MB"
        last = answer.text.strip().splitlines()[-1:]
        print(f"{answer.command:13}{answer.attack[:90]}: {fault}", flush=True)
        print(f"{'':13}  {ascii(last[0][:150]) if last else ''}", flush=True)
    return answer


def _tell(answers: list[Answer]) -> int:
    from weightsmith.cli.outputs.table import print_table

    rows = []
    for command in dict.fromkeys(answer.command for answer in answers):
        own = [answer for answer in answers if answer.command == command]
        slowest = max(own, key=lambda answer: answer.seconds)
        largest = max(own, key=lambda answer: answer.megabytes)
        rows.append(
            [
                command,
                str(len(own)),
                str(sum(bool(answer.fault) for answer in own)),
                f"{slowest.seconds:.1f}",
                slowest.attack[:40],
                f"{largest.megabytes:.0f}",
                largest.attack[:40],
            ]
        )
    headings = ["command", "attacks", "faults", "s", "slowest", "MB", "largest"]
    print_table(headings, rows)
    return int(any(answer.fault for answer in answers))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
