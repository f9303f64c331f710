"""Networks under test: ``assert_implements`` for a test suite of one's own.

>>> from weightsmith.testing import assert_implements
>>> assert_implements("gd.net", "gd.alg")

Equality is proven, by induction for all sizes, inputs and numbers of passes, and not sampled.
A relative path is from the folder of the file that it is written in.  docs/testing.md shows a
repository; the fixtures ``implements`` and ``lift`` come with the plugin for pytest.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from os.path import normpath
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from weightsmith.against import Comparison
    from weightsmith.api import Setting
    from weightsmith.lifting import LiftedNetwork, Weights
    from weightsmith.network import Network

__all__ = ["Implements", "Lift", "assert_implements", "implements_from", "lift_from"]

OPEN = (
    "This is neither proven nor refuted, so the test fails. With values in bind=, above all the\n"
    "numbers of passes, the two are compared for these alone."
)
Given = TypeVar("Given")


class Implements(Protocol):
    """The fixture ``implements``: ``assert_implements``, with paths from the test's folder."""

    def __call__(
        self,
        network: str | Path | Network | LiftedNetwork,
        script: str | Path,
        *,
        bind: Mapping[str, Setting] | None = None,
        returns: Mapping[str, str] | None = None,
    ) -> Comparison: ...


class Lift(Protocol):
    """The fixture ``lift``: weights and their layout to a network."""

    def __call__(
        self,
        weights: Weights | Sequence[Weights],
        layout: str | Path | Sequence[str | Path],
        *,
        noise: float = 0.0,
    ) -> LiftedNetwork: ...


def assert_implements(
    network: str | Path | Network | LiftedNetwork,
    script: str | Path,
    *,
    bind: Mapping[str, Setting] | None = None,
    returns: Mapping[str, str] | None = None,
) -> Comparison:
    """Raise AssertionError unless it is proven that the network implements the script.

    ``network``: a ``.net`` file or its text, a compiled directory, a network, or one that was
    lifted.  ``script``: a file or its text.  ``bind``: values of symbols; without them equality is
    proven for all.  ``returns``: which value of the network is which of the script, where their
    names do not say it.  The message is the report: where the two differ, by how much, and the
    smallest input found; or why the question stays open; or what is wrong with a file.
    """
    __tracebackhide__ = True
    return implements_from(_folder_of_caller())(network, script, bind=bind, returns=returns)


def implements_from(folder: Path) -> Implements:
    """``assert_implements`` with relative paths from a folder."""

    def implements(
        network: str | Path | Network | LiftedNetwork,
        script: str | Path,
        *,
        bind: Mapping[str, Setting] | None = None,
        returns: Mapping[str, str] | None = None,
    ) -> Comparison:
        __tracebackhide__ = True
        message = ""
        try:
            found = _compared(_placed(network, folder), _placed(script, folder), bind, returns)
        except Exception as problem:
            message = _mistake(problem)
            if not message:
                raise
        if message:
            raise AssertionError(message)
        if found.is_equal:
            return found
        raise AssertionError(f"{found.text}\n{OPEN}" if found.outcome == "open" else found.text)

    return implements


def lift_from(folder: Path) -> Lift:
    """``api.lift`` with relative paths from a folder; what is wrong is an AssertionError."""

    def lift(
        weights: Weights | Sequence[Weights],
        layout: str | Path | Sequence[str | Path],
        *,
        noise: float = 0.0,
    ) -> LiftedNetwork:
        __tracebackhide__ = True
        from weightsmith.api import lift

        message = ""
        try:
            files = [weights] if isinstance(weights, str | Path | Mapping) else list(weights)
            layouts = [layout] if isinstance(layout, str | Path) else list(layout)
            placed = [one if isinstance(one, Mapping) else _placed(one, folder) for one in files]
            return lift(placed, [_placed(one, folder) for one in layouts], noise=noise)
        except Exception as problem:
            message = _mistake(problem)
            if not message:
                raise
        raise AssertionError(message)

    return lift


def _compared(
    network: str | Path | Network | LiftedNetwork,
    script: str | Path,
    bind: Mapping[str, Setting] | None,
    returns: Mapping[str, str] | None,
) -> Comparison:
    from weightsmith.api import compare
    from weightsmith.lifting import LiftedNetwork

    given = network.text if isinstance(network, LiftedNetwork) else network
    return compare(given, script, settings=bind, returns=returns)


def _mistake(problem: Exception) -> str:
    """The message for a mistake of the user's, or nothing if it is ours."""
    from weightsmith.cli.inputs.mistakes import explain

    return explain(problem) or ""


def _placed(one: Given, folder: Path) -> Given | Path:
    """A path from the folder; what is text (it has lines) or no path stays."""
    is_path = isinstance(one, Path) or (isinstance(one, str) and "\n" not in one)
    return Path(normpath(folder / str(one))) if is_path else one


def _folder_of_caller() -> Path:
    """The folder of the file that called a function of this module; without a file, this one."""
    path = Path(sys._getframe(2).f_code.co_filename)
    return path.parent if path.is_file() else Path()
