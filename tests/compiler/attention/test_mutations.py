"""A directory with scores and one change in it is refused, or the change is true."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.compiler.attention.networks import proven
from tests.compiler.forging import rewritten

from weightsmith.backends import structured_weights
from weightsmith.backends.storage.safetensors_file import weights_to_bytes
from weightsmith.checker.heads import ALL, MASKS, NORMALISATIONS
from weightsmith.checker.verify import verify_directory

DEFAULTS = {"function": "", "mask": "all", "normalised": False}
Change = Callable[[dict[str, Any]], bool]
SCRIPT = """\
algorithm f(x: [d] per token, z: [d] per token, y: [m] per context, v: [m] per context)
param eta = 1/3
U = y
repeat 3:
    U = y - eta*U*(z'*x)  over context before
a = v*softmax(z'*x)  over context
b = y*normalised(relu(x'*z))  over context upto
return U, a, b
"""


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return dict(proven(SCRIPT).files())


def heads(template: Any) -> list[dict[str, Any]]:
    """All heads of a template's document."""
    if isinstance(template, dict):
        own = [template] if "keys" in template and "values" in template else []
        return own + [one for value in template.values() for one in heads(value)]
    return [one for value in template for one in heads(value)] if isinstance(template, list) else []


def scores_changes() -> Iterator[tuple[str, Change]]:
    """Changes of one head; each says whether there was anything to change."""
    for key, values in {
        "function": ("exp", "relu", "abs", "", "tanh", "sigmoid"),
        "mask": (ALL, *MASKS, "sideways", None),
        "normalised": (True, False, *NORMALISATIONS, "", 1),
    }.items():
        for value in values:

            def change(head: dict[str, Any], key: str = key, value: object = value) -> bool:
                if "scores" not in head or head["scores"].get(key, DEFAULTS[key]) == value:
                    return False
                head["scores"][key] = value
                return True

            yield f"{key} {value}", change

    def dropped(head: dict[str, Any]) -> bool:
        return head.pop("scores", None) is not None

    def swapped(head: dict[str, Any]) -> bool:
        same = head["keys"] == head["queries"]
        head["keys"], head["queries"] = head["queries"], head["keys"]
        return not same

    def other_value(head: dict[str, Any]) -> bool:
        before = json.dumps(head["values"])
        head["values"] = json.loads(before.replace('"y', '"v', 1))
        return json.dumps(head["values"]) != before

    def groups(head: dict[str, Any]) -> bool:
        head["key_groups"] = ["query"]
        return True

    def queries(head: dict[str, Any]) -> bool:
        before = head["query_groups"]
        head["query_groups"] = ["query"]
        return bool(before != ["query"])

    yield from {
        "no scores": dropped,
        "sides": swapped,
        "value": other_value,
        "over": groups,
        "at": queries,
    }.items()


@pytest.mark.parametrize("name", [name for name, _ in scores_changes()])
def test_another_head_is_refused(files: dict[str, bytes], name: str) -> None:
    change = dict(scores_changes())[name]
    count = len(heads(json.loads(files["template.json"])))
    changed = 0
    for number in range(count):
        template = json.loads(files["template.json"])
        if not change(heads(template)[number]):
            continue
        changed += 1
        assert_refused(rewritten(files, "template.json", template))
    assert changed > 0


def attentions(node: Any) -> list[list[Any]]:
    """All nodes "attention" of a program's document."""
    if isinstance(node, dict):
        return [one for value in node.values() for one in attentions(value)]
    if not isinstance(node, list):
        return []
    own = [node] if node and node[0] == "attention" else []
    return own + [one for value in node for one in attentions(value)]


PLACES: dict[int, tuple[object, ...]] = {
    2: ("exp", "relu", "", "tanh", "no function"),
    3: ("all", "upto", "before", "none"),
    4: (True, False, 1, None),
    5: (["query"], ["context", "query"], [], ["context"] * 2),
}


@pytest.mark.parametrize("place", PLACES)
def test_another_program_is_refused(files: dict[str, bytes], place: int) -> None:
    count = len(attentions(json.loads(files["certificate.json"])["program"]))
    assert count == 3
    for number in range(count):
        for value in PLACES[place]:
            certificate = json.loads(files["certificate.json"])
            node = attentions(certificate["program"])[number]
            if node[place] == value and type(node[place]) is type(value):
                continue
            node[place] = value
            assert_refused(written(files, certificate))


def test_other_sides_of_the_program_are_refused(files: dict[str, bytes]) -> None:
    for number in range(3):
        certificate = json.loads(files["certificate.json"])
        node = attentions(certificate["program"])[number]
        product = node[7]
        assert product[0] == "product"
        left, right = product[3:]
        product[3:] = [["transpose", left[1], right], left[2]]
        assert_refused(written(files, certificate))
        certificate = json.loads(files["certificate.json"])
        node = attentions(certificate["program"])[number]
        node[6][2] = {"y": "v", "v": "y", "U": "y"}[node[6][2]]
        assert_refused(written(files, certificate))


def written(files: dict[str, bytes], certificate: dict[str, Any]) -> Path:
    return rewritten(files, "certificate.json", certificate)


def assert_refused(directory: Path) -> None:
    report = verify_directory(directory)
    assert not report.accepted
    failed = [one for one in report.verdicts if not one.accepted]
    assert {one.kind for one in failed} & {"exactness", "script", "certificate", "template"}


def test_the_weights_alone_do_not_tell(files: dict[str, bytes]) -> None:
    """What a head makes of its scores is in the template only, so that it must be compared."""
    network = proven(SCRIPT)
    again = weights_to_bytes(structured_weights(network.template))
    assert again == files["model.safetensors"]
