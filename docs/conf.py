"""How Sphinx builds the documentation site: `python docs/build.py`.

Plain Markdown, read by MyST; the theme brings its own style sheets and scripts, and asks no other
host for anything.
"""

from pygments.lexer import RegexLexer
from pygments.token import Generic, Text
from sphinx.application import Sphinx

from weightsmith.editor.pygments_lexers import NetLexer, ScriptLexer
from weightsmith.version import VERSION


class Session(RegexLexer):
    """A terminal: commands after `$ `, and what they print, which is in no language."""

    name = "Session"
    tokens = {"root": [(r"^\$ [^\n]*(?:\\\n[^\n]*)*\n", Generic.Prompt), (r"[^\n]*\n", Text)]}  # noqa: RUF012


def setup(app: Sphinx) -> None:
    app.add_lexer("console", Session)
    app.add_lexer("alg", ScriptLexer)
    app.add_lexer("net", NetLexer)


project = "Weightsmith"
author = "the authors of Weightsmith"
project_copyright = author
version = release = VERSION

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["build", "gallery_source"]

myst_heading_anchors = 4  # links to headings, as GitHub has them
myst_links_external_new_tab = False
suppress_warnings = ["myst.header"]  # rule pages begin at the level of their part

html_theme = "furo"
html_title = "Weightsmith"
html_copy_source = False
html_show_sphinx = False
html_permalinks_icon = "#"
pygments_style = "default"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_class_signature = "separated"
autodoc_default_options = {"members": True, "undoc-members": False}
