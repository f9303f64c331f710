"""The independent certificate checker: trusts nothing, imports nothing but the language."""

from weightsmith.checker.verdicts import Report, Verdict
from weightsmith.checker.verify import verify_directory

__all__ = ["Report", "Verdict", "verify_directory"]
