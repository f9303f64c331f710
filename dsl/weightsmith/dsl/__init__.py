"""The language of Weightsmith: scripts of iterative algorithms, checked into core programs."""

from weightsmith.dsl.bindings import BindingError, resolve_bindings
from weightsmith.dsl.bundle import bundle
from weightsmith.dsl.check import Checked, check, diagnose, load_source
from weightsmith.dsl.diagnostics import Diagnostic, DiagnosticError
from weightsmith.dsl.printer import node_text, program_text
from weightsmith.dsl.scalar_text import parse_scalar
from weightsmith.dsl.source import Source, Span

__all__ = [
    "BindingError",
    "Checked",
    "Diagnostic",
    "DiagnosticError",
    "Source",
    "Span",
    "bundle",
    "check",
    "diagnose",
    "load_source",
    "node_text",
    "parse_scalar",
    "program_text",
    "resolve_bindings",
]
