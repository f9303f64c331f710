"""``python -m weightsmith.checker [--kernel] [--explain] DIR``: every claim with its verdict.

``--kernel`` checks the claims for the programs of the certificate alone, and loads no front end of
the language: that the scripts are these programs is then not looked at.  ``--explain`` tells what
is derived on the way, and which files of the checker and the language were loaded for it.

Exit status: 0 if all that is owed is proven, 1 if a claim is refused, 2 for wrong usage, 3 if
none is refused and some are open.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from weightsmith.checker.reading.verdicts import Report, Verdict
from weightsmith.checker.verify import verify_directory

USAGE = "usage: python -m weightsmith.checker [--kernel] [--explain] DIR"
OPTIONS = ("--kernel", "--explain")


def main(arguments: list[str]) -> int:
    """Verify one directory and say what became of each claim."""
    chosen = [one for one in arguments if one in OPTIONS]
    rest = [one for one in arguments if one not in OPTIONS]
    if len(rest) != 1 or rest[0].startswith("-"):
        sys.stderr.write(f"{USAGE}\n")
        return 2
    report = verify_directory(rest[0], kernel="--kernel" in chosen)
    for line in _report(report, explain="--explain" in chosen):
        sys.stdout.write(f"{line}\n")
    return {"proven": 0, "refused": 1, "open": 3}[report.outcome]


def _report(report: Report, *, explain: bool) -> Iterator[str]:
    """Every verdict, how it ends and, to ``explain``, what was derived and which files did it."""
    for verdict in report.verdicts:
        yield _line(verdict)
        for number, fact in enumerate(verdict.way if explain else (), 1):
            yield f"           {number:3}. {fact}"
    yield report.outcome
    if explain:
        yield from _files()


def _line(verdict: Verdict) -> str:
    mark = "ok" if verdict.proven else "open"
    mark = mark if verdict.accepted else "REFUSED"
    number = f"claim {verdict.claim} " if verdict.claim else ""
    text = f"{mark:10} {number}{verdict.kind} ({verdict.seconds:.3f} s): {verdict.reason}"
    return f"{text}\n           {verdict.statement}" if verdict.statement else text


def _files() -> list[str]:
    """The files of this project that were loaded, with their lines, and how many in all."""
    lines = {}
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if name.split(".")[0] == "weightsmith" and path is not None and path.endswith(".py"):
            lines[name] = len(Path(path).read_text(encoding="utf-8").splitlines())
    own = [f"{count:6} {name}" for name, count in sorted(lines.items())]
    return [f"{sum(lines.values())} lines of {len(lines)} files were loaded to check this:", *own]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
