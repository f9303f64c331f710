"""The independent certificate checker: trusts nothing, imports nothing but the language."""

from weightsmith.checker.verify import Report, Verdict, verify_directory

__all__ = ["Report", "Verdict", "verify_directory"]
