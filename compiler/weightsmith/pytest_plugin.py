"""The plugin for pytest: the fixtures ``implements`` and ``lift`` (docs/testing.md).

pytest imports it at every start, so it loads nothing before a test asks for a fixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from weightsmith.testing import Implements, Lift


@pytest.fixture
def implements(request: pytest.FixtureRequest) -> Implements:
    """``assert_implements(network, script)``, with paths from the folder of the test."""
    from weightsmith.testing import implements_from

    return implements_from(request.path.parent)


@pytest.fixture
def lift(request: pytest.FixtureRequest) -> Lift:
    """``lift(weights, layout)``: weights back to a network, with paths from the test's folder."""
    from weightsmith.testing import lift_from

    return lift_from(request.path.parent)
