"""One text, looked at: its mistakes, its names, what is known of their values."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

from weightsmith.dsl.front_end import Checked, diagnose, load_source
from weightsmith.dsl.program import core
from weightsmith.dsl.text.diagnostics import Diagnostic, DiagnosticError, position
from weightsmith.dsl.text.source import Source, Span
from weightsmith.editor.net_outline import NetOutline
from weightsmith.editor.outline import Outline
from weightsmith.editor.shapes import Value, Values

NET = ".net"
Read = Callable[[str], Source]


@dataclass(frozen=True)
class Analysis:
    """What is known of a document.

    ``uses``: the files that were read besides.  ``drafts``: its algorithms; ``earlier``: by
    name what was known of them before, for those that have no tree now.
    """

    source: Source
    diagnostics: tuple[Diagnostic, ...]
    uses: frozenset[str] = frozenset()
    drafts: tuple[core.Program, ...] = ()
    earlier: dict[str, core.Program] = field(default_factory=dict)

    @cached_property
    def known(self) -> dict[str, Values]:
        """The values of its algorithms by their names; made when they are asked for."""
        earlier = {name: Values(one).without_places() for name, one in self.earlier.items()}
        return {**earlier, **{one.name: Values(one) for one in self.drafts}}

    @cached_property
    def outline(self) -> Outline:
        return Outline("" if is_net(self.source) else self.source.text)

    @cached_property
    def net(self) -> NetOutline:
        """The names of a network; asked for only of one."""
        return NetOutline(self.source)

    def value(self, name: str, offset: int) -> Value | None:
        """The value of a name of the algorithm that holds an offset."""
        values = self.known.get(self.outline.section_at(offset).name)
        return None if values is None else values.at(name, offset)


def is_net(source: Source) -> bool:
    return source.name.endswith(NET)


def analysed(
    source: Source, *, read: Read = load_source, before: Analysis | None = None
) -> Analysis:
    """Look at a document.  ``read`` opens what it uses; ``before`` is what was known of it."""
    if is_net(source):
        return Analysis(source, _of_net(source))
    files: set[str] = set()

    def reading(path: str) -> Source:
        files.add(os.path.normpath(path))
        return read(path)

    checked = diagnose(source, read=reading)
    earlier = {} if checked.program is not None else _earlier(before)
    return Analysis(source, _own(source, checked), frozenset(files), checked.drafts, earlier)


def _earlier(before: Analysis | None) -> dict[str, core.Program]:
    """The algorithms that were known before, the latest of each name."""
    if before is None:
        return {}
    return {**before.earlier, **{one.name: one for one in before.drafts}}


def _own(source: Source, checked: Checked) -> tuple[Diagnostic, ...]:
    """The diagnostics of a text; those of a script that it uses stand at its ``use``."""
    return tuple(
        one if one.span.source == source else _at_use(source, checked, one)
        for one in checked.diagnostics
    )


def _at_use(source: Source, checked: Checked, found: Diagnostic) -> Diagnostic:
    """A diagnostic of another file, at the line that uses it."""
    line, column = position(found.span)
    name = found.span.source.name
    message = f"{os.path.basename(name)}:{line}:{column}: {found.message}"
    place = Span(source, 0, 0)
    for script in checked.scripts:
        for use in script.uses if script.source == source else ():
            path = os.path.join(os.path.dirname(source.name), use.path.text)
            if os.path.normpath(path) == os.path.normpath(name):
                place = use.path.span
    return replace(found, span=place, message=message)


def _of_net(source: Source) -> tuple[Diagnostic, ...]:
    from weightsmith.compiler.nets.read_net import read_net

    try:
        read_net(source)
    except DiagnosticError as problem:
        return problem.diagnostics
    return ()
