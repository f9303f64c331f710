"""Every code is explained, its example gives it, the mended one does not; the page is not stale."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from click.testing import Result

from weightsmith.backends.errors import BackendError
from weightsmith.compiler.against.sides import MismatchError
from weightsmith.dsl import BindingError, Source, Span
from weightsmith.dsl.numbers.scalars import ScalarError
from weightsmith.dsl.running.interpreter import InputError
from weightsmith.dsl.text.codes import FAMILIES, STATUS, Code
from weightsmith.dsl.text.diagnostics import error
from weightsmith.messages.message import Message
from weightsmith.messages.registry import messages, page

Call = Callable[..., Result]
ROOT = Path(__file__).parents[2]
SHOWN_BY_NO_EXAMPLE = {"machine", "package-missing"}
MESSAGES = messages()


def test_every_code_is_explained_once() -> None:
    assert list(MESSAGES) == list(STATUS)
    assert len(STATUS) == sum(len(codes) for _, codes in FAMILIES.values())
    without = {one.code for one in MESSAGES.values() if one.kind == "none"}
    assert without == SHOWN_BY_NO_EXAMPLE


def test_a_diagnostic_has_a_known_code() -> None:
    with pytest.raises(ValueError, match="is no code"):
        error(cast("Code", "nothing"), Span(Source("f.alg", "X"), 0, 1), "m")


def test_no_code_is_left_that_nothing_has() -> None:
    """Every code stands in a source besides the table of codes and its explanation."""
    kept = [
        path.read_text(encoding="utf-8")
        for root in ("dsl", "compiler", "backends")
        for path in (ROOT / root).rglob("*.py")
        if path.name != "codes.py" and path.parent.name != "messages"
    ]
    text = "\n".join(kept)
    assert [code for code in STATUS if f'"{code}"' not in text] == []


def test_every_error_of_a_user_has_a_code() -> None:
    waiting: list[type] = [BackendError, BindingError, InputError, ScalarError, MismatchError]
    while waiting:
        one = waiting.pop()
        assert vars(one).get("code", getattr(one, "code", None)) in STATUS, one
        waiting += one.__subclasses__()


@pytest.fixture
def folder(tmp_path: Path, network: Path, examples: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands of the examples are run."""
    monkeypatch.chdir(tmp_path)
    for name in ("newton_inverse", "polar"):
        shutil.copy(examples / f"{name}.alg", tmp_path)
    shutil.copytree(network, tmp_path / "newton")
    shutil.copytree(network, tmp_path / "damaged")
    (tmp_path / "damaged" / "template.json").write_text('{"cut')
    rows = {"a": "1,0\n0,1", "large": "9,0\n0,9", "wide": "1,0,0\n0,1,0"}
    rows |= {"huge": "1e200,0\n0,1e200", "words": "1,0\n0,one"}
    for name, text in rows.items():
        (tmp_path / f"{name}.csv").write_text(f"{text}\n")
    return tmp_path


def shown(call: Call, one: Message, text: str, folder: Path) -> Result:
    """What is said of an example, wrong or mended."""
    if one.kind == "commands":
        return call(*shlex.split(text.replace("\\\n", " "))[2:])
    suffix = "net" if one.kind == "network" else "alg"
    (folder / f"f.{suffix}").write_text(text)
    if one.settings is None:
        return call("check", f"f.{suffix}")
    settings = [word for pair in one.settings.split() for word in ("--set", pair)]
    return call("compile", f"f.{suffix}", "-o", folder / "out", *settings)


@pytest.mark.parametrize("code", [one for one in MESSAGES if one not in SHOWN_BY_NO_EXAMPLE])
def test_the_example_gives_the_code_and_the_mended_one_does_not(
    call: Call, folder: Path, code: str
) -> None:
    one = MESSAGES[code]
    wrong, mended = (shown(call, one, text, folder) for text in (one.wrong, one.mended))
    assert f"[{code}]" in wrong.stderr, wrong.output
    is_warning = f"warning[{code}]" in wrong.stderr
    assert wrong.exit_code == (0 if is_warning else STATUS[code]), wrong.output
    assert mended.exit_code == 0, mended.output
    assert f"[{code}]" not in mended.stderr


def test_explain_prints_what_is_asked_for(call: Call) -> None:
    assert "unknown-name: nothing of this name" in call("explain", "unknown-name").stdout
    assert call("explain", "error[unknown-name]:").stdout == call("explain", "unknown-name").stdout
    listed = call("explain").stdout.splitlines()
    assert [line.split()[0] for line in listed] == list(STATUS)
    refused = call("explain", "unknown-nam")
    assert refused.exit_code == 2
    assert "Did you mean 'unknown-name'?" in refused.stderr


def test_explain_says_what_the_files_of_an_example_are(call: Call) -> None:
    said = " ".join(call("explain", "data-given").stdout.split())
    assert "Here newton is the example newton_inverse, compiled for mu = 1/2 and L = 3;" in said
    assert "wide.csv is a matrix of 2 rows and 3 columns." in said
    assert "large.csv" not in said
    assert "Here" not in call("explain", "unknown-name").stdout


def test_the_page_is_not_stale() -> None:
    assert (ROOT / "docs" / "messages.md").read_text(encoding="utf-8") == page(), (
        "run python -m weightsmith.messages.registry > docs/messages.md"
    )
