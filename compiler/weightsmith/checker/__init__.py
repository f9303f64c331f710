"""The independent certificate checker: trusts nothing, imports nothing but the language.

Its rules are loaded when ``verify_directory`` is first asked for: a reader of one of its tables
does not wait for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightsmith.checker.reading.verdicts import Report, Verdict

if TYPE_CHECKING:
    from weightsmith.checker.verify import verify_directory

__all__ = ["Report", "Verdict", "verify_directory"]

if not TYPE_CHECKING:  # a type checker knows the name from above

    def __getattr__(name: str) -> object:
        if name != "verify_directory":
            raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
        from weightsmith.checker.verify import verify_directory

        return verify_directory
