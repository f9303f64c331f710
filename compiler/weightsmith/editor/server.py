"""The language server: ``weightsmith language-server`` speaks to an editor on standard streams.

A document is looked at as soon as nothing was typed for a moment.  What is asked in between is
answered for the text as it is; what is known of values then is from the last text with a tree.
"""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from weightsmith.dsl.formatting.format_script import format_script
from weightsmith.dsl.formatting.written import LayoutError
from weightsmith.dsl.front_end import diagnose, load_source
from weightsmith.dsl.text.diagnostics import DiagnosticError
from weightsmith.dsl.text.source import Source
from weightsmith.editor import protocol
from weightsmith.editor.analysis import Analysis, analysed, is_net
from weightsmith.editor.completion import completions
from weightsmith.editor.hover import hover
from weightsmith.editor.net_words import net_completions, net_hover
from weightsmith.editor.outline import Kind, Outline
from weightsmith.editor.positions import Encoding, Lines

DELAY = 0.03  # seconds without a change after which a document is looked at
PAUSE = 0.5  # seconds after an answer to a change: then what it left behind is collected
MOST = 50  # answers without a pause, after which it is collected all the same
ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
WARM_UP = "algorithm warm(A: symmetric[d, d])\nX = 2*A\nreturn X approximates inv(A)\n"


@dataclass(slots=True)
class _Document:
    """An open document: what was last known of it, and the call that will look at it."""

    analysis: Analysis | None = None
    waiting: asyncio.TimerHandle | None = None


class Server(LanguageServer):
    """What is open, and what is known of it."""

    def __init__(self, version: str) -> None:
        super().__init__(
            protocol.NAME, version, text_document_sync_kind=lsp.TextDocumentSyncKind.Full
        )
        self.documents: dict[str, _Document] = {}
        self._collecting: asyncio.TimerHandle | None = None
        self._uncollected = 0

    # -- documents ----------------------------------------------------------------------------

    def analysis(self, uri: str) -> Analysis:
        """What is known of a document as it is now."""
        document = self.documents.setdefault(uri, _Document())
        source = self._source(uri)
        if document.analysis is None or document.analysis.source != source:
            document.analysis = analysed(source, read=self._read, before=document.analysis)
        return document.analysis

    def lines(self, analysis: Analysis) -> Lines:
        """Its lines, in the units that the client counts in."""
        chosen = self.workspace.position_encoding
        return Lines(analysis.source.text, next((e for e in ENCODINGS if e == chosen), "utf-16"))

    def offset(self, analysis: Analysis, position: lsp.Position) -> int:
        return self.lines(analysis).offset(position.line, position.character)

    def later(self, uri: str) -> None:
        """Look at a document when nothing has been typed for a moment."""
        document = self.documents.setdefault(uri, _Document())
        if document.waiting is not None:
            document.waiting.cancel()
        loop = asyncio.get_running_loop()
        document.waiting = loop.call_later(DELAY, self.publish, uri)

    def publish(self, uri: str) -> None:
        """Send what is wrong with a document, then with those that use it."""
        self._send(uri)
        path = _path(uri)
        for other, document in list(self.documents.items()):
            known = document.analysis
            if other != uri and known is not None and path in known.uses:
                document.analysis = analysed(known.source, read=self._read, before=known)
                self._send(other)
        self._collect_later()

    def _collect_later(self) -> None:
        """Collect garbage in a pause: in the middle of an answer it takes as long as the answer."""
        self._uncollected += 1
        if self._collecting is not None:
            self._collecting.cancel()
        if self._uncollected >= MOST:
            self._collect()
        else:
            self._collecting = asyncio.get_running_loop().call_later(PAUSE, self._collect)

    def _collect(self) -> None:
        self._collecting, self._uncollected = None, 0
        gc.collect()

    def close(self, uri: str) -> None:
        document = self.documents.pop(uri, None)
        if document is not None and document.waiting is not None:
            document.waiting.cancel()
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))

    @property
    def shows_related(self) -> bool:
        """Does the client show what stands beside a message?"""
        document = self.client_capabilities.text_document
        published = None if document is None else document.publish_diagnostics
        return bool(published is not None and published.related_information)

    def _send(self, uri: str) -> None:
        analysis = self.analysis(uri)
        lines = self.lines(analysis)
        found = [
            protocol.diagnostic_of(uri, lines, one, related=self.shows_related)
            for one in analysis.diagnostics
        ]
        version = self.workspace.get_text_document(uri).version
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri, found, version=version)
        )

    def _source(self, uri: str) -> Source:
        return Source(_path(uri), self.workspace.get_text_document(uri).source)

    def _read(self, path: str) -> Source:
        """A script that another uses: as it is open, else as it is on the disk."""
        for uri in self.documents:
            if Path(_path(uri)) == Path(path):
                return Source(path, self._source(uri).text)
        return load_source(path)


def _path(uri: str) -> str:
    """The path of a document; of one that is not saved, its address."""
    return to_fs_path(uri) or uri


def language_server(version: str) -> Server:
    """A server with everything that it answers, and a parser that is built."""
    diagnose(Source("warm.alg", WARM_UP))
    gc.collect()
    gc.freeze()  # what is loaded stays: the collector need not look at it again
    gc.disable()  # and it looks in pauses, see _collect_later
    server = Server(version)
    _follow_documents(server)
    _answer_questions(server)
    _answer_edits(server)
    return server


def _follow_documents(server: Server) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        server.publish(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        server.later(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        server.close(params.text_document.uri)


def _answer_questions(server: Server) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hovered(params: lsp.HoverParams) -> lsp.Hover | None:
        analysis = server.analysis(params.text_document.uri)
        offset = server.offset(analysis, params.position)
        is_network = is_net(analysis.source)
        found = net_hover(analysis.net, offset) if is_network else hover(analysis, offset)
        if found is None:
            return None
        text, token = found
        content = lsp.MarkupContent(lsp.MarkupKind.Markdown, text)
        return lsp.Hover(content, protocol.range_of(server.lines(analysis), token.start, token.end))

    @server.feature(
        lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[" ", "("])
    )
    def completed(params: lsp.CompletionParams) -> lsp.CompletionList:
        analysis = server.analysis(params.text_document.uri)
        offset = server.offset(analysis, params.position)
        is_network = is_net(analysis.source)
        found = (
            net_completions(analysis.net, offset) if is_network else completions(analysis, offset)
        )
        return lsp.CompletionList(False, [protocol.item_of(one) for one in found])

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def defined(params: lsp.DefinitionParams) -> lsp.Location | None:
        uri = params.text_document.uri
        analysis = server.analysis(uri)
        if is_net(analysis.source):
            return _declared(server, uri, analysis, params.position)
        token = analysis.outline.token_at(server.offset(analysis, params.position))
        found = None if token is None else analysis.outline.nearest(token)
        if found is None:
            return None
        if found.kind is Kind.USED and (other := _used(server, uri, found.path, found.name)):
            return other
        where = protocol.range_of(server.lines(analysis), found.start, found.end)
        return lsp.Location(uri, where)

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def listed(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        analysis = server.analysis(params.text_document.uri)
        return protocol.symbols_of(analysis, server.lines(analysis))


def _declared(
    server: Server, uri: str, analysis: Analysis, position: lsp.Position
) -> lsp.Location | None:
    """Where a name of a network is declared."""
    token = analysis.net.token_at(server.offset(analysis, position))
    found = None if token is None else analysis.net.meaning(token)
    if found is None:
        return None
    where = protocol.range_of(server.lines(analysis), found.token.start, found.token.end)
    return lsp.Location(uri, where)


def _used(server: Server, uri: str, path: str, name: str) -> lsp.Location | None:
    """Where an algorithm of another file begins; None if that cannot be read or has none."""
    place = Path(_path(uri)).parent / path
    try:
        source = server._read(str(place))
    except (OSError, DiagnosticError):
        return None
    lines = server.lines(Analysis(source, ()))
    for section in Outline(source.text).sections:
        for one in section.declared:
            if one.kind is Kind.ALGORITHM and one.name == name:
                where = protocol.range_of(lines, one.start, one.end)
                return lsp.Location(from_fs_path(str(place)) or uri, where)
    return None


def _laid_out(analysis: Analysis) -> str:
    """The document in the one layout.  Raises DiagnosticError, LayoutError."""
    if not is_net(analysis.source):
        return format_script(analysis.source)
    from weightsmith.compiler.nets.format_net import format_net

    return format_net(analysis.source)


def _answer_edits(server: Server) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def formatted(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
        analysis = server.analysis(params.text_document.uri)
        try:
            after = _laid_out(analysis)
        except (DiagnosticError, LayoutError):
            return None  # what is wrong is underlined already
        return protocol.edits_of(server.lines(analysis), after)

    @server.feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix]),
    )
    def mended(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        uri = params.text_document.uri
        analysis = server.analysis(uri)
        first, last = (
            server.offset(analysis, end) for end in (params.range.start, params.range.end)
        )
        near = [
            one
            for one in analysis.diagnostics
            if one.span.start <= last and first <= max(one.span.end, one.span.start)
        ]
        lines = server.lines(analysis)
        fixes = (protocol.fix_of(uri, lines, one, related=server.shows_related) for one in near)
        return [one for one in fixes if one is not None]
