"""``weightsmith language-server``: mistakes, shapes and completion for editors."""

from __future__ import annotations

import click

from weightsmith.version import VERSION


@click.command("language-server")
def language_server() -> None:
    """Speak to an editor, on the standard streams.

    The editor starts it, by the Language Server Protocol; docs/editor.md says how to tell it.
    """
    from weightsmith.editor import server

    server.language_server(VERSION).start_io()
