"""Build the documentation site into build/site, and follow every link of it.

A page that Sphinx warns about, a link or an anchor that leads nowhere, and anything that a browser
would fetch from another host is a mistake: the status is 1.  Nothing is read from the network.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[1]
FETCHED = {"img": "src", "script": "src", "iframe": "src", "source": "src", "object": "data"}
STYLES = ("stylesheet", "icon", "preload", "prefetch", "preconnect", "modulepreload")
ASKING = ("url(http", "url('http", 'url("http', "url(//", "@import")


@dataclass
class Page(HTMLParser):
    """The anchors of a page, where its links lead, and what a browser fetches for it."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if found.get(name)}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "link" and set(found.get("rel", "").split()) & set(STYLES):
            self.fetched.append(found.get("href", ""))
        if found.get(FETCHED.get(tag, "")):
            self.fetched.append(found[FETCHED[tag]])


def build(site: Path) -> int:
    """Run Sphinx; every warning counts."""
    missing = [name for name in ("sphinx", "furo", "myst_parser") if find_spec(name) is None]
    if missing:
        sys.exit(f"{missing[0]} is not installed: pip install -c constraints.txt '.[demo,docs]'")
    from sphinx.cmd.build import main as sphinx

    return sphinx(["-q", "-E", "-W", "--keep-going", "-b", "html", str(ROOT / "docs"), str(site)])


def mistakes(site: Path) -> list[str]:
    """Return a line for every dead link, dead anchor and foreign resource of a built site."""
    pages = {path.resolve(): _read(path) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        here = path.relative_to(site.resolve())
        for link in page.links + page.fetched:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in page.fetched and parts.scheme != "data":
                    found.append(f"{here}: fetched from another host: {link}")
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                found.append(f"{here}: leads nowhere: {link}")
            elif (
                parts.fragment
                and target in pages
                and unquote(parts.fragment) not in pages[target].anchors
            ):
                found.append(f"{here}: no such place: {link}")
    for path in sorted(site.rglob("*.css")):
        text = path.read_text(encoding="utf-8")
        found += [f"{path.name}: {one}" for one in ASKING if one in text]
    return found


def _read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def main() -> int:
    site = ROOT / "build" / "site"
    if build(site):
        return 1
    found = mistakes(site)
    for one in found:
        print(one)
    pages = sum(1 for _ in site.rglob("*.html"))
    print(f"{pages} pages, {len(found)} dead links or foreign resources: build/site/index.html")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
