"""What is said of a word of a ``.net`` file, and what may stand at a place of it."""

from __future__ import annotations

from collections.abc import Iterator

from weightsmith.compiler.nets.layers import RELU
from weightsmith.compiler.nets.read_net import KEYWORDS
from weightsmith.compiler.nets.tokens import Token, quoted_name
from weightsmith.dsl.elementary import NAMES
from weightsmith.dsl.heads import MASKS, WORDS
from weightsmith.dsl.text.shown import printable
from weightsmith.editor import words
from weightsmith.editor.completion import Item, Sort
from weightsmith.editor.net_outline import NetKind, NetLine, NetName, NetOutline, base

MOST = 400  # characters of a declaration that is shown
HEADING = ("network", "input", "matrix", "param", "tokens", "stream")
LAYERS = ("layer", "head", "mlp", "repeat", "for", "return", "table")
IN_LAYERS = ("layer", "repeat", "for")
SORTS = {
    NetKind.PARAMETER: Sort.PARAMETER,
    NetKind.SCHEDULED: Sort.PARAMETER,
    NetKind.TABLE: Sort.FUNCTION,
    NetKind.GROUP: Sort.KEYWORD,
}
OPERANDS = (NetKind.BLOCK, NetKind.MATRIX, NetKind.PARAMETER, NetKind.SCHEDULED)
_SAID = {
    "network": "network NAME: begins a network",
    "input": "input x: [d] per token; input A: symmetric[d, d]: what the network is given",
    "matrix": "matrix W: [k, d] = [[1, 1/2]]: a fixed matrix; without = its numbers are open",
    "param": "param eta, steps = 12, n = size(context): symbols of coefficients",
    "tokens": "tokens  context, query, d scratch: the groups of tokens",
    "stream": "stream  x  d rows, starts as x: the blocks of the residual stream, one a line",
    "layer": "layer   head …: heads, which read the stream before it, then an MLP",
    "head": "head  B += c V·Kᵀ·Q   sum over g; at g: attention, added to a block",
    "mlp": "mlp   B += c relu(x + 1/2): hidden units, added to a block",
    "repeat": "repeat steps: the layers below it, so many times, with the same weights",
    "for": "for g, h in (1, 2), (3/2, -eta): one pass for each",
    "return": "return  out = x - y at query tokens: a returned value",
    "table": "table   f: a function of entries by its hinges, in the lines below",
    "rows": "stream  x  d rows: how many rows the block has",
    "row": "stream  y  1 row: how many rows the block has",
    "starts": "starts as x: a sum of inputs, I[d], ones; 0 if it is empty at first",
    "sum": "sum over context: the tokens that a head reads; without it all",
    "over": "sum over context upto: the tokens that a head reads, and a mask",
    "at": "at context, query: the tokens at which is written; without it all",
    "above": "above k: c is c·relu(t - k)",
    "below": "below k: c is c·relu(k - t)",
    "scratch": "d scratch: tokens that hold the d columns of matrices",
    "per": "input x: [d] per token: a column for every token",
    "size": "param n = size(context): how many tokens a group has",
    "normalised": "normalised(relu(kᵀ·q)): columns divided by their sums",
    "softmax": "softmax(kᵀ·q): exp of the scores, columns divided by their sums",
    "relu": "relu(x): max(t, 0) of every entry t",
}


def net_hover(outline: NetOutline, offset: int) -> tuple[str, Token] | None:
    """The text for an offset, and the token that it is about."""
    token = outline.token_at(offset)
    if token is None:
        return None
    found = outline.meaning(token)
    if found is not None:
        return _of_name(outline, found), token
    said = _explained(base(token)) if token.kind == "word" else None
    return None if said is None else (_joined(base(token), said), token)


def _of_name(outline: NetOutline, one: NetName) -> str:
    line, text = one.line, outline.source.text
    start = one.token.start if one.kind is NetKind.BLOCK else line.tokens[0].start
    shown = " ".join(text[start : line.tokens[-1].end].split())[:MOST]
    if one.kind is NetKind.GROUP:
        return _joined(shown, words.explanation(one.name) or "Scratch tokens, for matrices.")
    facts = [f"Declared in line {line.number}."]
    if one.kind is NetKind.MATRIX and all(token.text != "=" for token in line.tokens):
        facts.insert(0, "Its numbers are open: they are given with the weights.")
    if one.kind is NetKind.BLOCK:
        facts += _uses(outline, one)
    return _joined(f"{shown}  # {one.kind.value}", *facts)


def _uses(outline: NetOutline, block: NetName) -> Iterator[str]:
    """The lines of layers that write a block, and those that read it."""
    written, read = [], []
    for line in outline.lines:
        tokens = [one for one in line.tokens if base(one) == block.name or one.text == block.name]
        adds = line.part in IN_LAYERS and line.written == block.name
        written += [line.number] * adds
        if line.part in (*IN_LAYERS, "return") and len(tokens) > adds:
            read += [line.number] * any(_is_block(outline, one) for one in tokens[adds:])
    for verb, lines in (("Written", written), ("Read", read)):
        yield f"{verb} {_listed(lines)}." if lines else f"{verb} by no layer."


def _is_block(outline: NetOutline, token: Token) -> bool:
    found = outline.meaning(token)
    return found is not None and found.kind is NetKind.BLOCK


def _listed(numbers: list[int]) -> str:
    """``in lines 6, 8 and 9``."""
    if len(numbers) == 1:
        return f"in line {numbers[0]}"
    shown = [str(one) for one in numbers[:20]] + ["more"] * (len(numbers) > 20)
    return f"in lines {', '.join(shown[:-1])} and {shown[-1]}"


def _explained(word: str) -> str | None:
    if word in _SAID:
        return _SAID[word]
    known = (*words.GROUPS, *words.OWNERS, *MASKS, *NAMES, *words.KINDS_OF_MATRICES, "I", "ones")
    return words.explanation(word) if word in known else None


def net_completions(outline: NetOutline, offset: int) -> list[Item]:
    """What may stand at an offset, in place of the word that ends there; each label once."""
    text, begun = outline.source.text, offset
    while begun > 0 and (text[begun - 1].isidentifier() or text[begun - 1].isdigit()):
        begun -= 1
    line = outline.line_at(offset)
    if "#" in text[line.start : begun] or text[begun:offset][:1].isdigit():
        return []
    found: dict[str, Item] = {}
    for item in _items(outline, line, [one.text for one in line.before(begun)]):
        found.setdefault(item.label, item)
    return list(found.values())


def _items(outline: NetOutline, line: NetLine, before: list[str]) -> Iterator[Item]:
    last = before[-1] if before else ""
    if not before:
        yield from _beginning(outline, _part_above(outline, line))
    elif last in ("over", "at") or (last == "," and {"over", "at"} & set(before)):
        yield from _names(outline, NetKind.GROUP)
    elif line.part == "tokens":
        yield from _said(*words.GROUPS[:2], "scratch")
    elif line.part in ("input", "matrix", "param"):
        yield from _declaring(line.part, last)
    elif line.part == "stream":
        yield from _in_stream(outline, before)
    elif line.part == "return":
        yield from _in_return(outline, before)
    elif line.part in IN_LAYERS:
        yield from _in_layer(outline, line, before)


def _part_above(outline: NetOutline, line: NetLine) -> str:
    """The part of the file in which a line stands, were it empty."""
    return outline.lines[line.number - 2].part if line.number > 1 else ""


def _beginning(outline: NetOutline, part: str) -> Iterator[Item]:
    if part in ("stream", *IN_LAYERS):
        yield from _said(*LAYERS)
        yield from _names(outline, NetKind.BLOCK) if part in IN_LAYERS else ()
    elif part in ("return", "table"):
        yield from _said("return", "table", *(("above", "below") if part == "table" else ()))
    else:
        yield from _said(*HEADING)


def _declaring(part: str, last: str) -> Iterator[Item]:
    if last == ":" and part == "input":
        yield from _said("symmetric")
    elif last == "per":
        yield from _said(*words.OWNERS)
    elif last == "=" and part == "param":
        yield from _said("size")
    elif part == "input" and last not in (part, ","):
        yield from _said("per")


def _in_stream(outline: NetOutline, before: list[str]) -> Iterator[Item]:
    if "as" in before:
        yield from _names(outline, NetKind.INPUT)
        yield from _said(*words.CONSTANTS, sort=Sort.CONSTANT)
    elif before[-1] == "starts":
        yield from _said("as")
    else:
        yield from _said("rows", "row", "starts")


def _in_return(outline: NetOutline, before: list[str]) -> Iterator[Item]:
    if "at" in before:
        yield from _said("tokens")
    elif "=" in before:
        yield from _names(outline, NetKind.BLOCK, NetKind.MATRIX, NetKind.PARAMETER)
        yield from _said("at")


def _in_layer(outline: NetOutline, line: NetLine, before: list[str]) -> Iterator[Item]:
    last = before[-1]
    if last == "layer":
        yield from _said("head", "mlp")
    elif last == "for" or before[:1] == ["repeat"] or before[:1] == ["for"]:
        yield from _names(outline, NetKind.PARAMETER) if last != "for" else ()
    elif last in ("head", "mlp"):
        yield from _names(outline, NetKind.BLOCK)
    elif "+=" in before:
        yield from _names(outline, *OPERANDS)
        in_mlp = _is_of_mlp(outline, line, before)
        yield from _said(*((RELU,) if in_mlp else (RELU, *WORDS, *NAMES)), sort=Sort.FUNCTION)
        if in_mlp:
            yield from _names(outline, NetKind.TABLE)
        elif "over" in before:
            yield from _said(*MASKS, "at")
        else:
            yield from _said("sum", "over", "at")


def _is_of_mlp(outline: NetOutline, line: NetLine, before: list[str]) -> bool:
    """Does a line of a layer belong to its MLP?  A line without a word goes on with the last."""
    for word in reversed(before):
        if word in ("head", "mlp"):
            return word == "mlp"
    for above in reversed(outline.lines[: line.number - 1]):
        for token in reversed(above.tokens[:2]):
            if token.text in ("head", "mlp"):
                return token.text == "mlp"
    return False


def _names(outline: NetOutline, *kinds: NetKind) -> Iterator[Item]:
    for kind in kinds:
        for one in outline.of_kind(kind):
            sort = SORTS.get(kind, Sort.NAME)
            label = quoted_name(one.name, KEYWORDS) if kind is NetKind.BLOCK else one.name
            yield Item(label, sort, kind.value)


def _said(*labels: str, sort: Sort = Sort.KEYWORD) -> Iterator[Item]:
    for label in labels:
        yield Item(label, sort, "", _explained(label) or "")


def _joined(code: str, *facts: str) -> str:
    shown = "\n\n".join(printable(one) for one in facts if one)
    return f"```net\n{printable(code)}\n```\n\n{shown}".rstrip()
