"""Directories that somebody made to hurt: an answer, before anything is read or computed at length.

``benchmarks/hostile_directories.py`` has many more, with what each costs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from checker_cases import newton_inverse
from checker_token_cases import gradient_descent
from checker_writing import tensors_of, weights, write

from weightsmith.checker import Report, verify_directory
from weightsmith.checker import verify as verification
from weightsmith.checker.facts import read_files
from weightsmith.checker.reading.refusal import Budget, OverBudgetError, RefusedError, spend
from weightsmith.checker.reading.scalar_text import value_at
from weightsmith.checker.rules.network import rounding as weights_rule
from weightsmith.dsl import parse_scalar

NAMES = ("certificate.json", "template.json", "script.alg", "model.safetensors")


def reasons(report: Report) -> str:
    return " ".join(verdict.reason for verdict in report.verdicts if not verdict.accepted)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "make",
    [pipe, Path.mkdir, link("/dev/zero"), link("nowhere"), link("certificate.json"), link("..")],
    ids=["pipe", "directory", "device", "dangling", "itself", "parent"],
)
def test_what_is_no_file_is_not_read(
    name: str, make: Callable[[Path], None], tmp_path: Path
) -> None:
    write(newton_inverse(), tmp_path)
    (tmp_path / name).unlink()
    make(tmp_path / name)
    report = verify_directory(tmp_path)
    assert not report.accepted
    assert reasons(report)


@pytest.mark.parametrize("name", NAMES)
def test_files_of_8_gb_are_refused_by_their_size(name: str, tmp_path: Path) -> None:
    write(newton_inverse(), tmp_path)
    os.truncate(tmp_path / name, 8 << 30)
    text = reasons(verify_directory(tmp_path))
    assert "larger than 32 MB" in text or "bytes after its last tensor" in text


def test_weights_of_gigabytes_are_compared_before_they_are_hashed(tmp_path: Path) -> None:
    """The shapes are those of the template for d = 3000, the numbers are the holes of a file."""
    case = gradient_descent()
    case.claims[1] = weights(9, "float64")
    small, size = 2, 3000
    case.dense = {"d": small, "k": small}
    write(case, tmp_path)
    path = tmp_path / "model.safetensors"
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    place = 0
    for name, entry in header.items():
        if name == "__metadata__":
            entry["weightsmith"] = entry["weightsmith"].replace(": 2", f": {size}")
            continue
        entry["shape"] = [extent // small * size for extent in entry["shape"]]
        bytes_of = 8 * int(np.prod(entry["shape"], dtype=object))
        entry["data_offsets"] = [place, place + bytes_of]
        place += bytes_of
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    os.truncate(path, 8 + len(text) + place)
    assert place > 1 << 30
    report = verify_directory(tmp_path)
    integrity = report.verdicts[0]
    assert integrity.kind == "integrity"
    assert "differs from its coefficient" in integrity.reason


def test_tensors_are_compared_strip_by_strip(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    case = gradient_descent()
    case.dense = {"d": 3, "k": 2}
    case.claims[1] = weights(9, "float64")
    tensors = tensors_of(case)
    widest = max(tensor.shape[1] for tensor in tensors.values() if tensor.ndim == 2)
    monkeypatch.setattr(weights_rule, "MAX_STRIP", widest + 7)
    assert verify_directory(write(case, tmp_path)).accepted
    for name, tensor in list(tensors.items())[::5]:
        for place in list(np.ndindex(tensor.shape))[:: max(1, tensor.size // 3)]:
            changed = case.copy()
            changed.tensors = {key: value.copy() for key, value in tensors.items()}
            changed.tensors[name][place] += 1
            text = reasons(verify_directory(write(changed, tmp_path)))
            assert f"'{name}' differs from its coefficient at {place}" in text


def certificate_with(tmp_path: Path, change: Callable[[dict[str, object]], None]) -> Report:
    write(newton_inverse(), tmp_path)
    path = tmp_path / "certificate.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return verify_directory(tmp_path)


@pytest.mark.parametrize("claims", [{}, None, 3, "x", {"output": {}}, [3], [None], [{"kind": []}]])
def test_claims_of_a_wrong_type(claims: object, tmp_path: Path) -> None:
    report = certificate_with(tmp_path, lambda document: document.update(facts=claims))
    assert not report.accepted


KEYS = ("of", "bound", "is", "n", "by", "from", "with", "fact", "hypotheses")


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", [{}, [], [[]], None, True])
def test_parts_of_claims_of_a_wrong_type(key: str, value: object, tmp_path: Path) -> None:
    def change(document: dict[str, object]) -> None:
        for line in document["facts"]:  # type: ignore[attr-defined]
            (line if key in line else line["fact"])[key] = value

    assert not certificate_with(tmp_path, change).accepted


def test_very_many_claims_are_one_refusal(tmp_path: Path) -> None:
    many = [{"n": number + 1} for number in range(80_000)]
    report = certificate_with(tmp_path, lambda document: document.update(facts=many))
    assert len(report.verdicts) == 1
    assert "80000 facts" in report.verdicts[0].reason


def test_no_text_of_a_certificate_moves_the_cursor(tmp_path: Path) -> None:
    def change(document: dict[str, object]) -> None:
        document["facts"][4]["with"]["why"] = "\x1b[2J\nholds"  # type: ignore[index]

    report = certificate_with(tmp_path, change)
    assert not report.accepted
    assert all(verdict.reason.isprintable() for verdict in report.verdicts)


def test_a_template_that_cannot_be_read_is_read_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls = []

    def read(document: object) -> None:
        calls.append(document)
        raise RefusedError("no")

    monkeypatch.setattr(read_files, "read_template", read)
    assert not verify_directory(write(newton_inverse(), tmp_path)).accepted
    assert len(calls) == 1


def test_all_claims_share_one_budget(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write(newton_inverse(), tmp_path)
    assert verify_directory(tmp_path).accepted
    monkeypatch.setattr(verification, "DIRECTORY_UNITS", 200)
    assert "Out of budget" in reasons(verify_directory(tmp_path))


def test_a_budget_counts_in_the_one_it_is_made_in() -> None:
    whole = Budget(100)
    with whole.active():
        first = Budget(80)
        first.spend(60)
        with Budget(80).active(), pytest.raises(OverBudgetError):
            spend(41)
    assert whole.spent == 101


@pytest.mark.parametrize(
    "text",
    [
        "*".join(["3^30000"] * 60),
        " + ".join(f"1/{base}^5000" for base in range(3, 99)),
        "*".join(f"(1 + 1/{base}^9)" for base in range(3, 2000)),
    ],
)
def test_values_of_scalars_are_counted_by_their_digits(text: str) -> None:
    budget = Budget(20_000)
    with budget.active(), pytest.raises((OverBudgetError, RefusedError)):
        value_at(parse_scalar(text), {})
    assert budget.spent < 200_000
