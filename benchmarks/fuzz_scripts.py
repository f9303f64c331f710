"""Near-valid scripts through check, compile, show and verify: no traceback, nothing slow or large.

    python benchmarks/fuzz_scripts.py [--small] [--count N] [--seed S] [--keep DIR]

Each script runs in a worker process with limits: 20 s of processor time a script, 2 GB of address
space.  Reported are exceptions that are no message for the user, scripts over 20 s or 1 GB, and
networks that ``verify`` refuses; ``--keep`` writes these scripts to a directory.
Script number i of a seed is always the same.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

from click.testing import CliRunner, Result
from script_mutations import near_script, seeds

from weightsmith.cli.main import commands
from weightsmith.dsl import DiagnosticError, Source, check

SECONDS = 20  # of processor time, for all commands on one script
MEGABYTES = 1_000
ADDRESS_SPACE = 2 << 30
SMALL = 60
GOOD = ("compiled", "refused", "open")


@dataclass(frozen=True)
class Outcome:
    """What became of one script; ``kind`` is one of GOOD, or a fault."""

    number: int
    kind: str
    detail: str
    seconds: float
    megabytes: float


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz the compiler with near-valid scripts.")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    count = SMALL if chosen.small else chosen.count
    numbers = range(chosen.first, chosen.first + count)
    if chosen.worker:
        return work(chosen.seed, numbers)
    outcomes = []
    for one in supervise(chosen.seed, numbers):
        outcomes.append(one)
        if one.kind not in GOOD:  # at once, for a run that is ended early
            print(f"{one.number}: {one.kind}: {one.detail}", file=sys.stderr, flush=True)
            if chosen.keep is not None:
                _keep(chosen.keep, chosen.seed, one, f"{one.kind}: {one.detail}")
    return report(outcomes, chosen.seed)


# -- the worker ---------------------------------------------------------------------------------


def work(seed: int, numbers: range) -> int:
    """Run the scripts one by one; print an outcome a line, after the number that is begun."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    scripts = seeds()
    for number in numbers:
        print(json.dumps({"begun": number}), flush=True)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        begin = time.process_time()
        kind, detail = _tried(*_script(scripts, seed, number))
        signal.setitimer(signal.ITIMER_PROF, 0)
        seconds = time.process_time() - begin
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        if megabytes > MEGABYTES and kind in GOOD:
            kind, detail = "large", f"over {MEGABYTES} MB"
        outcome = Outcome(number, kind, detail, round(seconds, 2), round(megabytes))
        print(json.dumps(asdict(outcome)), flush=True)
        if megabytes > MEGABYTES:
            return 1  # the mark only rises: a fresh process for the others
    return 0


def _script(scripts: dict[str, str], seed: int, number: int) -> tuple[str, random.Random]:
    rng = random.Random(f"{seed}:{number}")
    return near_script(scripts, rng).text, rng


def _tried(text: str, rng: random.Random) -> tuple[str, str]:
    """Return the kind of the outcome and what is to be known of it."""
    with tempfile.TemporaryDirectory() as folder:
        script, network = Path(folder) / "script.alg", Path(folder) / "network"
        script.write_text(text, encoding="utf-8")
        try:
            settings = [f"--set={name}={value}" for name, value in chosen_values(text, rng)]
        except Exception as problem:
            return _fault("check", problem)
        for command in (
            ["check", script],
            ["compile", script, "-o", network, *settings],
            ["show", network],
            ["verify", network],
        ):
            name = str(command[0])
            result = CliRunner().invoke(commands, [str(part) for part in command])
            if result.exception is not None and not isinstance(result.exception, SystemExit):
                return _fault(name, result.exception)
            if name == "compile" and result.exit_code != 0:
                return "refused", ""
            if name == "show" and result.exit_code != 0:
                return "show failed", result.output[:500]
        return _verdict(result)


def _verdict(result: Result) -> tuple[str, str]:
    lines = result.output.split("\n")
    refused = [place for place, line in enumerate(lines) if line.startswith("REFUSED")]
    if refused:
        return "verify refuses", "\n".join(lines[refused[0] : refused[0] + 3])[:500]
    if any(line.startswith("open") for line in lines):
        return "open", ""
    return ("compiled", "") if result.exit_code == 0 else ("verify fails", result.output[-500:])


def _fault(command: str, problem: BaseException) -> tuple[str, str]:
    frames = traceback.extract_tb(problem.__traceback__)
    own = [frame for frame in frames if "weightsmith" in frame.filename] or frames
    place = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
    kind = "memory" if isinstance(problem, MemoryError) else "traceback"
    return kind, f"{command}: {type(problem).__name__} in {place}: {str(problem)[:120]}"


def chosen_values(text: str, rng: random.Random) -> list[tuple[str, str]]:
    """Values for the parameters without a default, increasing in their order; short counts."""
    try:
        program = check(Source("script.alg", text))
    except DiagnosticError:
        return []
    values: list[tuple[str, str]] = []
    place = 0
    for parameter in program.parameters:
        if any(until.parameter == parameter.name for until in program.untils):
            continue
        if parameter.is_count:
            values.append((parameter.name, str(rng.choice((1, 2, 3)))))
        elif parameter.default is None and parameter.name != "tolerance":
            place += 1
            values.append((parameter.name, str(Fraction(place, 2))))
    return values


# -- the supervisor -----------------------------------------------------------------------------


def supervise(seed: int, numbers: range) -> Iterator[Outcome]:
    """Run workers until every script has an outcome; one that dies has a fault."""
    left = numbers
    while left:
        begun = left[0]
        done = left[0] - 1
        for line in _lines(seed, left):
            found = json.loads(line)
            if "begun" in found:
                begun = found["begun"]
            else:
                done = found["number"]
                yield Outcome(**found)
        if done < begun:
            done = begun
            yield Outcome(begun, "slow", f"over {SECONDS} s, or killed", SECONDS, 0)
        left = range(done + 1, numbers.stop)


def _lines(seed: int, numbers: range) -> Iterator[str]:
    command = [sys.executable, __file__, "--worker", f"--seed={seed}"]
    command += [f"--first={numbers.start}", f"--count={len(numbers)}"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as worker:
        if worker.stdout is not None:
            yield from worker.stdout


def report(outcomes: list[Outcome], seed: int) -> int:
    """Print the counts and every kind of fault with its first script; 1 if there is a fault."""
    counts: dict[str, int] = {}
    faults: dict[str, list[Outcome]] = {}
    for one in outcomes:
        counts[one.kind] = counts.get(one.kind, 0) + 1
        if one.kind not in GOOD:
            faults.setdefault(f"{one.kind}: {one.detail}", []).append(one)
    print(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())))
    slowest = max(outcomes, key=lambda one: one.seconds)
    largest = max(one.megabytes for one in outcomes)
    print(f"slowest: {slowest.seconds:.1f} s (number {slowest.number}); largest: {largest:.0f} MB")
    for what, found in faults.items():
        numbers = ", ".join(str(one.number) for one in found[:10])
        print(f"\n{len(found)} x {what}\n  seed {seed}, numbers {numbers}")
    return 1 if faults else 0


def _keep(folder: Path, seed: int, one: Outcome, what: str) -> None:
    """Write the script, what happens, and the settings it had."""
    folder.mkdir(parents=True, exist_ok=True)
    text, rng = _script(seeds(), seed, one.number)
    try:
        settings = " ".join(f"--set {name}={value}" for name, value in chosen_values(text, rng))
    except Exception as problem:
        settings = f"({type(problem).__name__} in check)"
    comment = "\n".join(f"# {line}" for line in (*what.split("\n"), f"settings: {settings}"))
    name = f"{one.kind.replace(' ', '_')}_{seed}_{one.number}.alg"
    (folder / name).write_text(f"{comment}\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
