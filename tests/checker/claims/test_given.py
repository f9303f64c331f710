"""What is given at compile time: fixed matrices and numbers of tokens are those of the script."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from weightsmith import api
from weightsmith.checker.verify import verify_files

SCRIPT = """algorithm given(x: [d] per token, y: [1] per context, A: fixed[d, d], B: [d, d])
param n = size(context)
w = 1/n*y*x'*A*B  over context
return w*x on query
"""
Json = dict[str, Any]


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return {name: bytes(one) for name, one in api.compile(SCRIPT).files().items()}


def exactness(files: dict[str, bytes], template: Json) -> tuple[bool, str]:
    """Is the fact of exactness accepted with another template, hashes mended; and why not?"""
    forged = {**files, "template.json": json.dumps(template).encode()}
    certificate = json.loads(forged["certificate.json"])
    certificate["files"]["template.json"] = hashlib.sha256(forged["template.json"]).hexdigest()
    forged["certificate.json"] = json.dumps(certificate).encode()
    (found,) = (one for one in verify_files(forged) if one.kind == "exactness")
    return found.accepted, found.reason


def test_honest_files_are_accepted(files: dict[str, bytes]) -> None:
    assert exactness(files, json.loads(files["template.json"]))[0]


def test_the_number_of_tokens_of_another_group_is_refused(files: dict[str, bytes]) -> None:
    template = json.loads(files["template.json"])
    assert template["sizes"] == {"n": "context"}
    template["sizes"] = {"n": "query"}
    accepted, reason = exactness(files, template)
    assert not accepted
    assert "numbers of tokens" in reason


def test_an_input_as_a_fixed_matrix_is_refused(files: dict[str, bytes]) -> None:
    template = json.loads(files["template.json"])
    text = json.dumps(template["matrices"])
    assert '"A"' in text
    template["matrices"] += json.loads(text.replace('"A"', '"B"'))
    accepted, reason = exactness(files, template)
    assert not accepted
    assert "none of the script" in reason


def test_a_fixed_matrix_as_data_is_refused(files: dict[str, bytes]) -> None:
    template = json.loads(files["template.json"])
    (source,) = (one for one in template["sources"] if one["of"] == "B")
    source["of"] = "A"
    accepted, reason = exactness(files, template)
    assert not accepted
    assert "as if it were data" in reason
