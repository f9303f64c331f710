"""What stands where in a JSON document: of the right type, or refused in a sentence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.reading.strict_json import (
    as_boolean,
    as_integer,
    as_list,
    as_number,
    as_object,
    as_text,
    as_texts,
)

VALUES: list[object] = [None, True, 3, 1.5, "x", ["x"], {"x": "x"}]
READERS: dict[str, tuple[Callable[[object], object], list[object]]] = {
    "a text": (lambda value: as_text(value, "It"), ["x"]),
    "a whole number": (lambda value: as_integer(value, "It"), [3]),
    "true or false": (lambda value: as_boolean(value, "It"), [True]),
    "a list": (lambda value: as_list(value, "It"), [["x"]]),
    "an object": (lambda value: as_object(value, "It", ("x",)), [{"x": "x"}]),
}


@pytest.mark.parametrize("kind", READERS)
def test_a_value_is_of_the_type_that_is_read(kind: str) -> None:
    reader, right = READERS[kind]
    for value in VALUES:
        if any(value is one or value == one for one in right) and type(value) is type(right[0]):
            assert reader(value) == value
        else:
            with pytest.raises(RefusedError, match=f"It: expected {kind}, got"):
                reader(value)


def test_every_item_of_a_list_of_texts_is_a_text() -> None:
    assert as_texts(["x", "y"], "It") == ("x", "y")
    for value in VALUES[:4]:
        with pytest.raises(RefusedError, match="It, item 1: expected a text"):
            as_texts(["x", value], "It")
        with pytest.raises(RefusedError, match="It: expected a text"):
            as_number(value, "It")
