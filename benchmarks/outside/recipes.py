"""Runs the recipes of docs/pytorch.md for nnsight and TransformerLens, word for word.

    python benchmarks/outside/recipes.py

The pinned packages, those that the document names, go into a temporary folder.  For each a script
is written from the document: its sessions up to there, its recipe, and lines that compare with
what PyTorch's own hooks see.  Where they cannot be installed that is said, and the status is 0; it
is 1 where a recipe fails or sees something else.
"""

from __future__ import annotations

import doctest
import os
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path

from installed import NotInstalledError, installed

from weightsmith.cli.outputs.table import print_table

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "pytorch.md"
SECTION = "## Tools that hook modules"
NNSIGHT = """
handle = dense.get_submodule("layers.3.attention.0").register_forward_hook(
    lambda head, inputs, output: torch.zeros_like(output)
)
wanted = dense(features, groups)["X"]
handle.remove()
assert torch.equal(added, seen["layers.3.attention.0"]), "the head's output"
assert torch.equal(after, seen["layers.3"]), "the stream after the layer"
assert torch.equal(without["X"], wanted), "the value without the head"
assert not torch.equal(wanted, dense(features, groups)["X"])
"""
LENS = """
assert torch.equal(value["X"], dense(features, groups)["X"]), "the value"
assert torch.equal(added, seen["layers.3.attention.0"]), "the head's output"
"""


@dataclass(frozen=True)
class Recipe:
    """``begins``: the first line of its text in the document."""

    package: str
    begins: str
    checks: str


RECIPES = (
    Recipe("nnsight==0.8.1", "from nnsight import NNsight", NNSIGHT),
    Recipe("transformer-lens==4.3.0", "from transformer_lens import HookedRootModule", LENS),
)


def main() -> int:
    before, _, section = DOCUMENT.read_text(encoding="utf-8").partition(f"{SECTION}\n")
    sessions = "".join(one.source for one in doctest.DocTestParser().get_examples(before))
    rows = []
    for recipe in RECIPES:
        script = f"{sessions}\n{recipe_text(section, recipe.begins)}\n{recipe.checks}"
        try:
            with installed(recipe.package):
                problem = _run(script)
        except NotInstalledError as reason:
            rows.append((recipe.package, "not run", str(reason)))
            continue
        rows.append((recipe.package, "failed" if problem else "as documented", problem))
    print_table(("recipe for", "result", ""), rows)
    return int(any(result == "failed" for _, result, _ in rows))


def recipe_text(section: str, begins: str) -> str:
    """The indented block of the section that begins so, without its indentation."""
    lines = section.splitlines()
    first = lines.index(f"    {begins}")
    block = []
    for line in lines[first:]:
        if line and not line.startswith("    "):
            break
        block.append(line)
    return textwrap.dedent("\n".join(block)).rstrip() + "\n"


def _run(script: str) -> str:
    """Run it in a process of its own; the last line of its error, or nothing."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "recipe.py"  # nnsight reads the text of the block from its file
        path.write_text(script, encoding="utf-8")
        (Path(place) / "examples").symlink_to(ROOT / "examples")
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        environment |= {"HF_HOME": place, "HF_HUB_OFFLINE": "1", "WANDB_MODE": "disabled"}
        done = subprocess.run(
            [sys.executable, path],
            capture_output=True,
            text=True,
            check=False,
            cwd=place,
            env=environment,
        )
    lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
    return lines[-1] if done.returncode else ""


if __name__ == "__main__":
    sys.exit(main())
