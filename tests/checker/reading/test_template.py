"""The form of a template: what a name stands for is said once."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
from checker_token_cases import gradient_descent
from checker_writing import Document

from weightsmith.checker.reading.read_template import read_template
from weightsmith.checker.reading.refusal import RefusedError


def again(key: str) -> Callable[[Document], None]:
    """The last item of a list once more, as it is."""
    return lambda document: document[key].append(copy.deepcopy(document[key][-1]))


TWICE: dict[str, Callable[[Document], None]] = {
    "groups": again("groups"),
    "sources": again("sources"),
    "blocks": again("blocks"),
    "outputs": again("read_out"),
    "groups of a source": lambda document: again("groups")(document["sources"][0]),
    "groups of a head": lambda document: again("key_groups")(
        document["body"][0]["body"][0]["heads"][0]
    ),
}


@pytest.mark.parametrize("what", TWICE)
def test_a_name_of_the_template_stands_for_one_thing(what: str) -> None:
    """Of two blocks of one name, one would be forgotten, and with it the weights that it needs."""
    document = copy.deepcopy(gradient_descent().template)
    read_template(document)
    TWICE[what](document)
    with pytest.raises(RefusedError, match=f"Two of the template's {what} have the same name"):
        read_template(document)
