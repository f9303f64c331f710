"""What the back ends refuse, each with a message that says what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice

from weightsmith.dsl.text.codes import Code

LISTED = 20  # names that a message lists
NEAR, COMPARED, LONGEST = 6, 500, 100  # which names are compared with a wrong one, how many


class BackendError(Exception):
    """The base of every error a back end raises on purpose."""

    code: Code = "no-network-there"


class TemplateError(BackendError):
    """A template, or its text, is not what docs/template.md describes."""

    code: Code = "network-damaged"


class InstantiationError(BackendError):
    """A template has no numbers: a symbol or a size is missing, or a number does not fit."""

    code: Code = "value-missing"


class TooLargeError(InstantiationError):
    """A number of the network is beyond the largest float of its dtype."""

    code: Code = "coefficient"


class WeightsError(BackendError):
    """A weights file is damaged, or belongs to another network."""

    code: Code = "network-damaged"


class LayoutError(BackendError):
    """The data given does not fit the inputs of the network."""

    code: Code = "data-given"


class LiftError(BackendError):
    """Weights, or the layout that comes with them, are not read as a network."""

    code: Code = "lift"


class DirectoryError(BackendError):
    """A directory cannot be read, or must not be replaced."""

    code: Code = "no-network-there"


class DamagedError(DirectoryError):
    """The files of a network are not as they were written."""

    code: Code = "network-damaged"


class OccupiedError(DirectoryError):
    """Where a network is to be written stands something else."""

    code: Code = "file-exists"


class ExportError(BackendError):
    """A network cannot be written in the format, or at the place, that was asked for."""

    code: Code = "export"


class PrecisionError(BackendError):
    """PyTorch is set to compute with less than the precision the network claims."""

    code: Code = "machine"


class PlanError(BackendError):
    """A network has too many layers for a plan."""

    code: Code = "too-many-layers"


class ShardingError(BackendError):
    """Several processes cannot share the work of a network as was asked for."""

    code: Code = "data-given"


class CommunicationError(BackendError):
    """Another process has ended, or does not answer."""

    code: Code = "machine"


class MissingPackageError(BackendError, ImportError):
    """A package that an install without extras does not have."""

    code: Code = "package-missing"

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"this needs {package}, which is not installed; install it with\n\n"
            f"    pip install 'weightsmith[{extra}]'\n"
        )


LONGEST_NAME = 200


def shown_name(name: object) -> str:
    """A name that a user gave, as a message can hold it: no lone surrogates, not too long."""
    text = name if isinstance(name, str) else repr(name)
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def listed(names: Iterable[str]) -> str:
    """Return ``'a', 'b'``, or ``none``; of many names the first."""
    known = list(names)
    more = f" and {len(known) - LISTED} more" if len(known) > LISTED else ""
    return ", ".join(f"'{shown_name(name)}'" for name in known[:LISTED]) + more or "none"


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the nearest known name, or nothing."""
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        return ""
    alike = (other for other in known if abs(len(other) - len(name)) <= NEAR)
    lower = {other.lower(): other for other in islice(alike, COMPARED) if len(other) <= LONGEST}
    near = difflib.get_close_matches(name.lower(), list(lower), n=1)
    return f" Did you mean '{lower[near[0]]}'?" if near else ""
