"""Writes docs/rules/: one page for each rule of the checker, made of the docstrings of its files.

    python docs/rules.py            write the pages
    python docs/rules.py --check    say which pages are stale, exit status 1 if one is

A page is changed by changing the docstring.  A file is found by its name, wherever it stands below
the checker's folder.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHECKER = ROOT / "compiler" / "weightsmith" / "checker"
PAGES = ROOT / "docs" / "rules"
WIDTH = 100
LABELS = ("Hypotheses", "Witness", "Follows", "Example", "Proof", "Numbers")
NOTE = "<!-- Written by docs/rules.py from docstrings: change those, and run it. -->"

READING = r"""
For `examples/newton_inverse.alg` read, after [certificate.md](../certificate.md) and section 5 of
[architecture.md](../architecture.md), in this order: [simulation](simulation.md) up to
`linear_mlp.py`; [rounding](rounding.md); [assumption](assumption.md), all about *weighted* and
kernels left out; [loops](loops.md); of [targets](targets.md) the beginning and the first row, where
θ = λ; [autonomous](autonomous.md) with root 1; and `conditions.py` on the page assumption.

## Symbols

On the pages of truncation:

| symbol | means |
|---|---|
| T, λ | the operator, a product of inputs (its *word*); its eigenvalues (`lambda` in files) |
| f(T) | the matrix with the eigenvectors of T, and the eigenvalue f(λ) where T has λ |
| low, high | the ends of the spectrum that the script assumes of T |
| left, right, b, C | of the returned value C + b·left·f(T)·right; those of the target too |
| f, f\* | the function of T in the returned value, and in the target |
| θ | of a target inv(E), sqrt(E), …: E is θ(T) |
| ' | the transpose |
| f₀, g₀ | a scalar f or g before the first pass |
| root, power | f\*^root = power, a rational function of λ |
| s | stands for f\* in computations: s^root = power |
| e, e₀ | the error 1 − f/f\*, and before the first pass; f − f\* where f\* has no power |
| count | the number of passes |
"""


@dataclass(frozen=True, slots=True)
class Page:
    """A rule, the kind of its facts, and the files whose docstrings explain it, the main first."""

    rule: str
    kind: str
    files: tuple[str, ...]


RULES = (
    Page(
        "simulation",
        "exactness",
        ("simulation", "words", "meaning", "network", "linear_mlp", "mlp", "entries"),
    ),
    Page("at_numbers", "exactness", ("at_numbers",)),
    Page("pass_by_pass", "exactness", ("pass_by_pass", "unrolled")),
    Page("rounding", "weights", ("rounding", "nearest", "schedules", "tensors")),
    Page("assumption", "spectrum", ("assumption", "conditions")),
    Page("loops", "recurrence", ("loops", "recurrence", "spectral", "operator_reading")),
    Page("targets", "truncation", ("following", "targets", "kernels", "affine")),
    Page("autonomous", "truncation", ("autonomous", "enclosures", "ranges")),
    Page("contraction", "truncation", ("contraction",)),
    Page("three_term", "truncation", ("three_term",)),
    Page("power_exp", "truncation", ("power_exp",)),
    Page("halley", "truncation", ("halley",)),
    Page("stages", "truncation", ("stages",)),
    Page(
        "chebyshev",
        "truncation",
        ("chebyshev", "references", "analytic", "chebyshev_points", "scalar_program"),
    ),
    Page("descent", "truncation", ("descent", "root_problem", "chains")),
    Page("logistic_newton", "truncation", ("logistic_newton", "newton_shape", "curves")),
    Page("table", "approximation", ("table", "table_error", "tables")),
    Page("intervals", "domain", ("intervals", "follow", "bounds", "assumed", "word_bounds")),
    Page(
        "telescope",
        "propagation",
        ("telescope", "site_bounds", "head_bounds", "shared", "error_formula"),
    ),
    Page("softmax_pairs", "pairs", ("softmax_pairs", "linear_heads")),
    Page("centred", "centred", ("centred", "theorem", "follow_layers", "twins", "units")),
    Page("unproven", "open", ("unproven",)),
    Page("rewriting", "restructuring", ("rewriting", "function_values", "exact_scalars")),
    Page(
        "powers",
        "restructuring",
        (
            *("powers_proof", "affine_loop", "affine_powers", "inner_loops", "splitting"),
            *("recomputing", "newton_loop", "two_sided", "blocks"),
        ),
    ),
    Page("passes", "restructuring", ("passes_proof", "blocks")),
    Page("segment", "restructuring", ("segments", "excerpts")),
)


def pages() -> dict[str, str]:
    """The text of every page, by the name of its file."""
    found = {f"{page.rule}.md": page_text(page) for page in RULES}
    return {"index.md": index_text(), **found}


def page_text(page: Page) -> str:
    main, *others = (docstring(name) for name in page.files)
    place = path_of(page.files[0]).relative_to(CHECKER.parent).as_posix()
    where = f"Facts of the kind *{page.kind}* follow by it; checked by `{place}`."
    more = "The format: [format.md](../format.md). Symbols, and all rules: [index.md](index.md)."
    head = "\n".join([f"# {page.rule}", "", NOTE, "", *wrapped(f"{where} {more}"), ""])
    parts = [head, markdown(main)]
    for name, text in zip(page.files[1:], others, strict=True):
        parts.append(f"## {name}.py\n\n{markdown(text)}")
    return "\n".join(parts)


def index_text() -> str:
    lines = [
        "# The rules of the checker",
        "",
        NOTE,
        "",
        "A rule says what its witness is, what follows, and why; *targets* says what all rules for",
        "a truncation start from. Each page is made of the docstrings of the files that check it,",
        "the main file first.",
        "",
        *READING.strip().splitlines(),
    ]
    for kind in dict.fromkeys(page.kind for page in RULES):
        lines += ["", f"## {kind[0].upper()}{kind[1:]}", ""]
        for page in RULES:
            if page.kind == kind:
                first = inline(docstring(page.files[0]).split("\n")[0])
                lines += wrapped(f"[{page.rule}]({page.rule}.md): {first}", "* ", "  ")
    return "\n".join(lines) + "\n"


def docstring(name: str) -> str:
    """The module docstring of the one file of this name."""
    path = path_of(name)
    found = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    if not found:
        raise ValueError(f"{path} has no docstring")
    return found


def path_of(name: str) -> Path:
    (path,) = CHECKER.rglob(f"{name}.py")
    return path


def markdown(text: str) -> str:
    """Paragraphs are wrapped anew; what is indented stays as it is, as code."""
    blocks = [block for block in _blocks(text.split("\n")) if block]
    return "\n\n".join(_block_text(block) for block in blocks) + "\n"


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Runs of lines of one kind: indented ones, or those of a paragraph."""
    block: list[str] = []
    for line in lines:
        other = bool(block) and _is_code(block[-1]) != _is_code(line)
        if not line.strip() or other:
            yield block
            block = []
        if line.strip():
            block.append(line)
    yield block


def _is_code(line: str) -> bool:
    return line.startswith("    ")


def _block_text(block: list[str]) -> str:
    if _is_code(block[0]):
        return "\n".join(block)
    text = inline(" ".join(line.strip() for line in block))
    label = re.match(rf"({'|'.join(LABELS)})(, [a-z ]+)?: ", text)
    if label is not None:
        rest = text[label.end() :]
        word = re.match(r"[a-z]{2,}|a ", rest)
        rest = rest[0].upper() + rest[1:] if word is not None else rest
        text = f"**{label.group(0).rstrip(': ')}.** {rest}"
    return "\n".join(wrapped(text))


def inline(text: str) -> str:
    """Code between backticks; elsewhere no character is one of Markdown's."""
    parts = re.split(r"``(.+?)``", text)
    plain = (_escaped(part).replace("  ", " ") for part in parts[::2])
    code = [f"`{part}`" for part in parts[1::2]]
    return "".join(one for pair in zip(plain, (*code, ""), strict=True) for one in pair)


def _escaped(text: str) -> str:
    """Stars are products or names, but for those around words, which are emphasis."""
    parts = re.split(r"(?<![\w*])(\*[A-Za-z][A-Za-z ]*\*)(?![\w*])", text)
    plain = [re.sub(r"([*<])", r"\\\1", part) for part in parts[::2]]
    return "".join(one for pair in zip(plain, (*parts[1::2], ""), strict=True) for one in pair)


def wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    """Lines of a paragraph; none begins with a sign that Markdown takes for a list or a quote."""
    lines = textwrap.wrap(
        re.sub(r" ([-+>]|1[.)])(?= )", "\0\\1", text),
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\0", " ") for line in lines]


def stale() -> list[str]:
    """Pages that are not what the docstrings say, or that no rule has."""
    wanted = pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md")}
    return sorted(name for name in {*wanted, *there} if wanted.get(name) != there.get(name))


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        for name in stale():
            print(f"docs/rules/{name} is stale: run python docs/rules.py")
        return 1 if stale() else 0
    PAGES.mkdir(exist_ok=True)
    for path in PAGES.glob("*.md"):
        path.unlink()
    for name, text in pages().items():
        (PAGES / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
