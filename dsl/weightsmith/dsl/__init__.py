"""The language of Weightsmith: scripts of iterative algorithms, checked into core programs.

What is named here is loaded when it is asked for: a checker of core programs needs no front end.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weightsmith.dsl.front_end import Checked, check, diagnose, load_source
    from weightsmith.dsl.numbers.scalar_text import parse_scalar
    from weightsmith.dsl.printing.printer import node_text, program_text
    from weightsmith.dsl.running.bindings import BindingError, resolve_bindings
    from weightsmith.dsl.self_contained import bundle, checked_bundle
    from weightsmith.dsl.text.diagnostics import Diagnostic, DiagnosticError
    from weightsmith.dsl.text.source import Source, Span

__all__ = [
    "BindingError",
    "Checked",
    "Diagnostic",
    "DiagnosticError",
    "Source",
    "Span",
    "bundle",
    "check",
    "checked_bundle",
    "diagnose",
    "load_source",
    "node_text",
    "parse_scalar",
    "program_text",
    "resolve_bindings",
]
_HOMES = {
    "weightsmith.dsl.running.bindings": ("BindingError", "resolve_bindings"),
    "weightsmith.dsl.self_contained": ("bundle", "checked_bundle"),
    "weightsmith.dsl.front_end": ("Checked", "check", "diagnose", "load_source"),
    "weightsmith.dsl.text.diagnostics": ("Diagnostic", "DiagnosticError"),
    "weightsmith.dsl.printing.printer": ("node_text", "program_text"),
    "weightsmith.dsl.numbers.scalar_text": ("parse_scalar",),
    "weightsmith.dsl.text.source": ("Source", "Span"),
}

if not TYPE_CHECKING:  # a type checker knows the names from above, and that there are no others

    def __getattr__(name: str) -> object:
        for home, names in _HOMES.items():
            if name in names:
                found = globals()[name] = getattr(import_module(home), name)
                return found
        raise AttributeError(f"module 'weightsmith.dsl' has no attribute '{name}'")
