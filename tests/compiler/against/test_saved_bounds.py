"""A network without its certificate gets the same bounds back by being compared with its script."""

from __future__ import annotations

import re

import numpy as np
import pytest

from weightsmith import api

from ..instances import EXAMPLES, MAKERS

NAMES = ("newton_inverse", "gradient_descent", "heavy_ball", "polar", "ridge")


@pytest.mark.parametrize("name", NAMES)
def test_the_bound_is_that_of_the_compiled_network(name: str) -> None:
    """With a matrix that nothing reads the script is printed anew; the calls of ridge are then
    written out, with variables that have a dot in their names."""
    script = EXAMPLES / f"{name}.alg"
    settings, _ = MAKERS[name](np.random.default_rng(5))
    settings |= {"steps": 6} if "steps" in settings else {}
    compiled = api.compile(script, settings=settings)  # type: ignore[arg-type]
    text = re.sub(r"^return  \S+ =", "return  fresh =", compiled.show(), flags=re.MULTILINE)
    assert "return  fresh =" in text
    text = text.replace("\nparam ", "\nmatrix M: [1, 1]\nparam ", 1)
    found = api.compare(text, script, settings=settings)  # type: ignore[arg-type]
    saved = found.network(matrices={"M": [[1]]})
    assert "M: fixed[1, 1]" in saved.source.text
    assert saved.verify().outcome == "proven"
    values = [bound.value for bound in compiled.bounds]
    assert values
    assert None not in values
    assert [bound.value for bound in saved.bounds] == values
