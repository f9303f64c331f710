"""A page of HTML: one file without a script, light and dark, that loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from weightsmith.backends.pictures.svg import escaped

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
PAPER = "--ws-paper:#fff;--ws-ink:#1b2733;--ws-faint:#f2f4f7;color-scheme:light"
NIGHT = "--ws-paper:#14191f;--ws-ink:#dfe7ee;--ws-faint:#1d242c;color-scheme:dark"
STYLE = (
    f".ws{{{PAPER};background:var(--ws-paper);color:var(--ws-ink);font:15px/1.5 sans-serif}}"
    f"@media (prefers-color-scheme:dark){{.ws{{{NIGHT}}}}}"
    ".ws pre,.ws figure{overflow-x:auto;margin:.6em 0;padding:.7em;background:var(--ws-faint);"
    "border-radius:6px}.ws pre{font-size:13px;line-height:1.4}.ws figure{background:none;padding:0}"
    ".ws figcaption{max-width:46em}.ws h1,.ws h2{line-height:1.2}.ws svg{display:block}"
)
# notebooks have a theme of their own, which may be another than that of the system
THEMES = (
    f'[data-jp-theme-light="true"] .ws,body.vscode-light .ws{{{PAPER}}}'
    f'[data-jp-theme-light="false"] .ws,body.vscode-dark .ws,html[theme="dark"] .ws{{{NIGHT}}}'
    ".ws-note{padding:.6em;border-radius:6px}"
)
PAGE = "html{background:#fff}@media (prefers-color-scheme:dark){html{background:#14191f}}"
BODY = "body.ws{margin:0 auto;padding:1em 1.2em;max-width:1500px}"


@dataclass(frozen=True)
class Section:
    """A heading, a sentence, and a picture (``svg``) or text as it is printed, or both."""

    heading: str
    said: str = ""
    picture: str = ""
    printed: str = ""


def page(name: str, headline: str, sections: Sequence[Section]) -> str:
    """The whole document."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escaped(name)}</title><style>{PAGE}{STYLE}{BODY}</style></head>",
            '<body class="ws">',
            f"<header><h1>{escaped(name)}</h1><p>{escaped(headline)}</p></header>",
            "<main>",
            *(_section(one) for one in sections),
            "</main></body></html>",
        ]
    )


def note(pictures: Sequence[str], printed: str) -> str:
    """A part of a page for a notebook, in its theme where that is known."""
    shown = "".join(f"<figure>{one.rstrip()}</figure>" for one in pictures)
    text = f"<pre>{escaped(printed)}</pre>"
    return f'<div class="ws ws-note"><style>{STYLE}{THEMES}</style>{shown}{text}</div>'


def _section(one: Section) -> str:
    parts = [f"<section><h2>{escaped(one.heading)}</h2>"]
    if one.picture:
        said = f"<figcaption>{escaped(one.said)}</figcaption>" if one.said else ""
        parts.append(f"<figure>{said}{one.picture.rstrip()}</figure>")
    elif one.said:
        parts.append(f"<p>{escaped(one.said)}</p>")
    if one.printed:
        parts.append(f"<pre>{escaped(one.printed)}</pre>")
    return "\n".join([*parts, "</section>"])
