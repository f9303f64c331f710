"""Single-line mutants of the checker's source: what may be changed, and where.

A mutant is one place of one file with another text.  Kinds: a requirement or a refusal that always
passes, a call of a check left out, the end of an interval (``<`` for ``<=``), one part of a
condition left out, a factor or a divisor left out, a sign turned, the wrong side of a bound.
Texts of messages, limits of work (``MAX_…``, speed only) and annotations are left alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

CHECKER = Path("compiler/weightsmith/checker")
# These only say or lay out what others decide.
ONLY_WORDS = {"__init__", "__main__", "wording", "sentences", "excerpts", "refusal", "work"}
QUOTAS = {
    "requirement": 45,
    "refusal": 20,
    "check": 12,
    "end": 25,
    "part": 20,
    "factor": 20,
    "sign": 12,
    "side": 12,
}
ENDS = {ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">"}
SIGNS = {ast.Add: "-", ast.Sub: "+"}
SIDES = {
    "min": "max",
    "max": "min",
    "ball_above": "ball_below",
    "ball_below": "ball_above",
    "lower": "upper",
    "upper": "lower",
    "abs_lower": "abs_upper",
    "abs_upper": "abs_lower",
    "floor": "ceil",
    "ceil": "floor",
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """Bytes [start, end) of a file read ``becomes``; ``lines`` are those of the statement.

    ``text`` is the first line that is changed, as it was.
    """

    kind: str
    module: str
    text: str
    lines: tuple[int, int]
    start: int
    end: int
    original: str
    becomes: str

    def lot(self, seed: int) -> bytes:
        """A number of its own."""
        return sha256(
            f"{seed} {self.module} {self.text} {self.original} {self.becomes}".encode()
        ).digest()

    def apply(self, source: bytes) -> bytes:
        return source[: self.start] + self.becomes.encode() + source[self.end :]

    def __str__(self) -> str:
        before, after = (" ".join(text.split()) for text in (self.original, self.becomes))
        return f"{self.module}.py:{self.lines[0]} {self.kind}: {before}  ->  {after}"


def chosen(tree: Path, seed: int, quotas: dict[str, int] | None = None) -> list[Mutant]:
    """For every kind as many mutants as its quota, drawn with the seed from all there are.

    A mutant is drawn by its own texts, so that a change elsewhere leaves the others as they are.
    """
    by_kind: dict[str, list[Mutant]] = {kind: [] for kind in QUOTAS}
    for path in sorted((tree / CHECKER).rglob("*.py")):
        if path.stem not in ONLY_WORDS:
            for mutant in mutants(path):
                by_kind[mutant.kind].append(mutant)
    drawn = []
    for kind, count in (quotas or QUOTAS).items():
        drawn += sorted(by_kind[kind], key=lambda one: one.lot(seed))[:count]
    return drawn


def mutants(path: Path) -> Iterator[Mutant]:
    """All single-line mutants of one file."""
    source = path.read_bytes()
    yield from _Mutator(path.stem, source).all()


class _Mutator:
    def __init__(self, module: str, source: bytes) -> None:
        self._module = module
        self._source = source
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def all(self) -> Iterator[Mutant]:
        seen = set[tuple[int, int, str]]()
        for node in ast.walk(ast.parse(self._source)):
            if isinstance(node, ast.stmt) and not _is_outside(node):
                for one in self._statement(node):
                    same = one.start, one.end, one.becomes  # x * x has one factor too many
                    if "MAX_" not in one.original and same not in seen:
                        seen.add(same)
                        yield one

    def _statement(self, statement: ast.stmt) -> Iterator[Mutant]:
        heads = list(_heads(statement))
        if not heads:
            return
        lines = statement.lineno, max(head.end_lineno or 0 for head in heads)
        if isinstance(statement, ast.If) and _only_refuses(statement):
            yield self._mutant("refusal", lines, statement.test, "False")
        for head in heads:
            if _is_check(head):
                yield self._mutant("check", lines, head, "None")
            for node in _inside(head):
                yield from self._expression(node, lines)

    def _expression(self, node: ast.expr, lines: tuple[int, int]) -> Iterator[Mutant]:
        match node:
            case ast.Call(func=ast.Name(id="require"), args=[condition, _]):
                yield self._mutant("requirement", lines, condition, "True")
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in ENDS:
                yield self._between("end", lines, left, right, ENDS[type(op)])
            case ast.BoolOp(values=values):
                word = " and " if isinstance(node.op, ast.And) else " or "
                for place in range(len(values)):
                    rest = [self._text(one) for one in values if one is not values[place]]
                    yield self._mutant("part", lines, node, f"({word.join(rest)})")
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                for kept in (left, right):
                    yield self._mutant("factor", lines, node, f"({self._text(kept)})")
            case ast.BinOp(left=left, op=ast.Div() | ast.Pow()):
                yield self._mutant("factor", lines, node, f"({self._text(left)})")
            case ast.BinOp(left=left, op=op, right=right) if type(op) in SIGNS:
                yield self._between("sign", lines, left, right, SIGNS[type(op)])
            case ast.Name(id=name) if name in SIDES:
                yield self._mutant("side", lines, node, SIDES[name])
            case ast.Call(func=ast.Attribute(attr=name) as called) if name in SIDES:
                text = self._text(called).removesuffix(name) + SIDES[name]
                yield self._mutant("side", lines, called, text)

    def _between(
        self, kind: str, lines: tuple[int, int], left: ast.expr, right: ast.expr, becomes: str
    ) -> Mutant:
        """The operator between two operands, with the parentheses around it left in place."""
        start, end = self._span(left)[1], self._span(right)[0]
        gap = self._source[start:end].decode()
        operator = gap.strip(" ()\n")
        changed = gap.replace(operator, becomes, 1)
        shown = self._shown(left, right)
        return Mutant(kind, self._module, self._line(start), lines, start, end, shown, changed)

    def _mutant(self, kind: str, lines: tuple[int, int], node: ast.AST, becomes: str) -> Mutant:
        start, end = self._span(node)
        text = self._text(node)
        return Mutant(kind, self._module, self._line(start), lines, start, end, text, becomes)

    def _line(self, start: int) -> str:
        first = self._source.rindex(b"\n", 0, start) + 1
        return self._source[first : self._source.index(b"\n", start)].decode().strip()

    def _shown(self, left: ast.expr, right: ast.expr) -> str:
        return self._source[self._span(left)[0] : self._span(right)[1]].decode()

    def _text(self, node: ast.AST) -> str:
        start, end = self._span(node)
        return self._source[start:end].decode()

    def _span(self, node: ast.AST) -> tuple[int, int]:
        assert isinstance(node, (ast.expr, ast.stmt))
        last, column = node.end_lineno or 0, node.end_col_offset or 0
        return self._starts[node.lineno - 1] + node.col_offset, self._starts[last - 1] + column


def _is_outside(statement: ast.stmt) -> bool:
    """Definitions, whose bodies are statements of their own, and documentation."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return True
    return isinstance(
        statement, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.AnnAssign)
    )


def _heads(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement itself, without those of the statements in its body."""
    if isinstance(statement, ast.Raise):
        return
    for _, value in ast.iter_fields(statement):
        for one in value if isinstance(value, list) else (value,):
            if isinstance(one, ast.expr):
                yield one


def _only_refuses(statement: ast.If) -> bool:
    match statement.body:
        case [ast.Raise(exc=ast.Call(func=ast.Name(id="RefusedError")))]:
            return True
    return False


def _is_check(head: ast.expr) -> bool:
    match head:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name.lstrip("_").startswith("check")
    return False


def _inside(head: ast.expr) -> Iterator[ast.expr]:
    """The expressions within one, without texts, messages and what is spent of a budget."""
    match head:
        case ast.JoinedStr() | ast.Constant() | ast.Lambda():
            return
        case ast.Call(func=ast.Name(id="spend") | ast.Attribute(attr="spend")):
            return
        case ast.Call(func=ast.Name(id="require"), args=[condition, _]):
            yield head
            yield from _inside(condition)
            return
    yield head
    for child in ast.iter_child_nodes(head):
        if isinstance(child, ast.expr):
            yield from _inside(child)
        elif isinstance(child, (ast.comprehension, ast.keyword)):
            for inner in ast.iter_child_nodes(child):
                if isinstance(inner, ast.expr):
                    yield from _inside(inner)
