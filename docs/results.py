"""Write docs/results.md: what `weightsmith demo` prints on this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).with_name("results.md")
HEAD = """\
# Results: every example on real data

Written by `python docs/results.py`, which runs `weightsmith demo`: every script of `examples/`, on
graphs that networkx ships and data that scikit-learn ships.

*Proven*: every certified bound, in exact arithmetic, for every input that meets the assumptions.
*Measured*: the observed errors, on this data, and the seconds, on one machine. An observed error is
‖returned − target‖₂ divided by the scale that the certificate names; what floating point adds is
seen in the two columns. *Depth bound* is ⌈log₃ degree⌉: no linear-attention network computes this
polynomial in fewer layers.

The second table is of programs with functions of entries: *hidden units* are the most in one
layer's MLP, *breakpoints* the most of one function. Their errors are those from the target (the
root of a gradient), or the largest entry of network − script where a script names no target;
*exact* says that the two are the same function. A bound from the script takes the worst case of
every pass, and grows by a factor with each: after two passes of power iteration it says nothing
any more.

```text
"""
FOOT = """\
```

Muon's iteration does not converge to the polar factor, and its certificate says how far it stays
away.
"""


def main() -> None:
    command = [sys.executable, "-m", "weightsmith", "demo"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = "\n".join(line.rstrip() for line in printed.strip("\n").splitlines())
    PAGE.write_text(f"{HEAD}{lines}\n{FOOT}", encoding="utf-8")


if __name__ == "__main__":
    main()
