"""Ours in the words of the Language Server Protocol: mistakes, items, symbols, edits."""

from __future__ import annotations

from lsprotocol import types as lsp

from weightsmith.dsl.text.diagnostics import Diagnostic
from weightsmith.editor.analysis import Analysis
from weightsmith.editor.completion import Item, Sort
from weightsmith.editor.edits import changes
from weightsmith.editor.fixes import replacement
from weightsmith.editor.outline import Declared, Kind, Section
from weightsmith.editor.positions import Lines

NAME = "weightsmith"
SEVERITIES = {"error": lsp.DiagnosticSeverity.Error, "warning": lsp.DiagnosticSeverity.Warning}
ITEMS = {
    Sort.KEYWORD: lsp.CompletionItemKind.Keyword,
    Sort.NAME: lsp.CompletionItemKind.Variable,
    Sort.PARAMETER: lsp.CompletionItemKind.Constant,
    Sort.FUNCTION: lsp.CompletionItemKind.Function,
    Sort.CONSTANT: lsp.CompletionItemKind.Value,
}
SYMBOLS = {
    Kind.INPUT: lsp.SymbolKind.Field,
    Kind.PARAMETER: lsp.SymbolKind.Constant,
    Kind.END: lsp.SymbolKind.Constant,
    Kind.TABLE: lsp.SymbolKind.Array,
    Kind.FUNCTION: lsp.SymbolKind.Function,
    Kind.VARIABLE: lsp.SymbolKind.Variable,
    Kind.USED: lsp.SymbolKind.Module,
}


def range_of(lines: Lines, start: int, end: int) -> lsp.Range:
    """The range between two offsets."""
    first, last = lines.place(start), lines.place(end)
    return lsp.Range(
        lsp.Position(first.line, first.character), lsp.Position(last.line, last.character)
    )


def diagnostic_of(uri: str, lines: Lines, found: Diagnostic, *, related: bool) -> lsp.Diagnostic:
    """A diagnostic: its hint is a line of the message, its notes stand beside it.

    A client that shows nothing beside a message (not ``related``) gets them as lines too.
    """
    where = range_of(lines, found.span.start, max(found.span.end, found.span.start))
    parts = [found.message, *([f"help: {found.hint}"] if found.hint else [])]
    beside = [
        lsp.DiagnosticRelatedInformation(lsp.Location(uri, where), note) for note in found.notes
    ]
    if not related:
        parts += [f"note: {note}" for note in found.notes]
    return lsp.Diagnostic(
        range=where,
        message="\n".join(parts),
        severity=SEVERITIES[found.severity],
        source=NAME,
        code=found.code,
        related_information=beside if beside and related else None,
    )


def fix_of(uri: str, lines: Lines, found: Diagnostic, *, related: bool) -> lsp.CodeAction | None:
    """The quick fix of a diagnostic whose hint is a replacement."""
    text = replacement(found)
    if text is None:
        return None
    edit = lsp.TextEdit(range_of(lines, found.span.start, found.span.end), text)
    return lsp.CodeAction(
        title=f"Write '{text}'",
        kind=lsp.CodeActionKind.QuickFix,
        diagnostics=[diagnostic_of(uri, lines, found, related=related)],
        is_preferred=True,
        edit=lsp.WorkspaceEdit(changes={uri: [edit]}),
    )


def item_of(item: Item) -> lsp.CompletionItem:
    return lsp.CompletionItem(
        label=item.label,
        kind=ITEMS[item.sort],
        detail=item.detail or None,
        documentation=item.said or None,
    )


def symbols_of(analysis: Analysis, lines: Lines) -> list[lsp.DocumentSymbol]:
    """An entry for each algorithm, with its names below it; before them the ones that are used."""
    found: list[lsp.DocumentSymbol] = []
    for section in analysis.outline.sections:
        names = [_symbol(lines, one) for one in _first(section)]
        head = next((one for one in section.declared if one.kind is Kind.ALGORITHM), None)
        if head is None:
            found += names
            continue
        end = max(one.line[1] for one in section.declared)
        last = analysis.outline.line_of(section.end - 1)
        end = max(end, last[-1].end if last and last[0].start >= section.start else end)
        whole = range_of(lines, head.line[0], end)
        own = range_of(lines, head.start, head.end)
        found.append(
            lsp.DocumentSymbol(head.name, lsp.SymbolKind.Class, whole, own, children=names)
        )
    return found


def _first(section: Section) -> list[Declared]:
    """Each name of a section once, where it first stands."""
    found: dict[str, Declared] = {}
    for one in section.declared:
        if one.kind in SYMBOLS:
            found.setdefault(one.name, one)
    return list(found.values())


def _symbol(lines: Lines, one: Declared) -> lsp.DocumentSymbol:
    is_end = one.kind is Kind.END
    whole = (one.start, one.end) if is_end else one.line
    return lsp.DocumentSymbol(
        one.name,
        SYMBOLS[one.kind],
        range_of(lines, *whole),
        range_of(lines, one.start, one.end),
        detail=one.kind.value,
    )


def edits_of(lines: Lines, after: str) -> list[lsp.TextEdit]:
    """The changes that make a text another."""
    return [
        lsp.TextEdit(range_of(lines, start, end), text)
        for start, end, text in changes(lines.text, after)
    ]
