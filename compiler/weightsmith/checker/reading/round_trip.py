"""Ties a script to the core form in the certificate: the front end of the language must read it so.

This is all that is asked of the front end.  What is proven, is proven of the core form.
"""

from __future__ import annotations

from weightsmith.checker.reading.refusal import RefusedError, quoted, require
from weightsmith.dsl import DiagnosticError, Source, check
from weightsmith.dsl.printing.core_form import core_form


def check_script(name: str, text: bytes, form: object) -> None:
    """Refuse unless the script has this core form."""
    try:
        program = check(Source(name, text.decode("utf-8")), read=_no_other_script)
    except UnicodeDecodeError:
        raise RefusedError(f"{name} is not UTF-8 text.") from None
    except DiagnosticError as error:
        raise RefusedError(f"The script has an error: {quoted(str(error))}.") from None
    same = core_form(program) == form
    require(same, f"{name} says something else than the program of the certificate.")


def _no_other_script(path: str) -> Source:
    raise OSError("a compiled script is self-contained")
