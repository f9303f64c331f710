"""``python -m weightsmith.checker [--kernel] DIR``: print every claim with its verdict.

``--kernel`` checks the claims for the programs of the certificate alone, and loads no front end of
the language: that the scripts are these programs is then not looked at.

Exit status: 0 if all that is owed is proven, 1 if a claim is refused, 2 for wrong usage, 3 if
none is refused and some are open.
"""

from __future__ import annotations

import sys

from weightsmith.checker.verdicts import Verdict
from weightsmith.checker.verify import verify_directory


def main(arguments: list[str]) -> int:
    """Verify one directory and say what became of each claim."""
    kernel = arguments[:1] == ["--kernel"]
    rest = arguments[1:] if kernel else arguments
    if len(rest) != 1 or rest[0].startswith("-"):
        print("usage: python -m weightsmith.checker [--kernel] DIR", file=sys.stderr)
        return 2
    report = verify_directory(rest[0], kernel=kernel)
    for verdict in report.verdicts:
        print(_line(verdict))
    print(report.outcome)
    return {"proven": 0, "refused": 1, "open": 3}[report.outcome]


def _line(verdict: Verdict) -> str:
    mark = "ok" if verdict.proven else "open"
    mark = mark if verdict.accepted else "REFUSED"
    number = f"claim {verdict.claim} " if verdict.claim else ""
    text = f"{mark:10} {number}{verdict.kind} ({verdict.seconds:.3f} s): {verdict.reason}"
    return f"{text}\n           {verdict.statement}" if verdict.statement else text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
