"""Directories: written whole or not at all, and nothing of the user's is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.backends import templates

from weightsmith.backends import (
    DirectoryError,
    read_directory,
    structured_weights,
    template_to_json,
    weights_to_bytes,
    write_directory,
)
from weightsmith.backends.storage import files

TEMPLATE = template_to_json(templates.newton_inverse()).encode()
OLD = {"template.json": TEMPLATE, "script.alg": b"old", "certificate.json": b"{}"}
NEW = {
    "template.json": TEMPLATE,
    "script.alg": b"new",
    "model.safetensors": weights_to_bytes(structured_weights(templates.newton_inverse())),
}


def test_round_trip_and_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "deep/down/two"):
        write_directory(tmp_path / name, NEW)
        assert read_directory(tmp_path / name) == NEW
    assert sorted(os.listdir(tmp_path)) == ["deep", "one"]


def test_a_network_is_replaced_whole(tmp_path: Path) -> None:
    write_directory(tmp_path / "net", OLD)
    write_directory(str(tmp_path / "net"), NEW)
    assert read_directory(tmp_path / "net") == NEW
    assert os.listdir(tmp_path) == ["net"]


def test_an_empty_directory_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    write_directory(tmp_path / "net", NEW)
    assert read_directory(tmp_path / "net") == NEW


def test_a_link_to_a_network_stays_a_link(tmp_path: Path) -> None:
    write_directory(tmp_path / "net", OLD)
    (tmp_path / "link").symlink_to(tmp_path / "net")
    write_directory(tmp_path / "link", NEW)
    assert (tmp_path / "link").is_symlink()
    assert read_directory(tmp_path / "net") == NEW


def tree(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"thesis.tex": b"years of work"}, "also holds 'thesis.tex', which no network has"),
        ({**OLD, "notes.txt": b"x"}, "also holds 'notes.txt'"),
        ({"template.json": b'{"format": "other"}'}, "but no 'template.json' of a network"),
        ({"template.json": b"not json"}, "but no 'template.json' of a network"),
        ({"script.alg": b"mine"}, "holds 'script.alg', but no 'template.json'"),
        ({**OLD, "sub/file": b"x"}, "also holds 'sub'"),
        ({"template.json/file": b"x"}, "also holds 'template.json'"),
    ],
)
def test_a_foreign_directory_is_left_alone(
    tmp_path: Path, content: dict[str, bytes], message: str
) -> None:
    for name, data in content.items():
        path = tmp_path / "net" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    before = tree(tmp_path)
    with pytest.raises(DirectoryError, match=message):
        write_directory(tmp_path / "net", NEW)
    assert tree(tmp_path) == before


def test_a_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "net").write_text("mine")
    with pytest.raises(DirectoryError, match="is a file; choose another directory"):
        write_directory(tmp_path / "net", NEW)
    with pytest.raises(DirectoryError, match="cannot write"):
        write_directory(tmp_path / "net" / "below", NEW)
    assert (tmp_path / "net").read_text() == "mine"


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_half_way_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, there: bool
) -> None:
    if there:
        write_directory(tmp_path / "net", OLD)
    before, real = tree(tmp_path), files._write_file
    written: list[Path] = []

    def fails(path: Path, content: bytes) -> None:
        if len(written) == 2:
            path.write_bytes(content[:3])
            raise error
        written.append(path)
        real(path, content)

    monkeypatch.setattr(files, "_write_file", fails)
    with pytest.raises((DirectoryError, KeyboardInterrupt)):
        write_directory(tmp_path / "net", NEW)
    assert len(written) == 2
    assert tree(tmp_path) == before


def test_a_file_that_comes_in_between_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_directory(tmp_path / "net", OLD)
    real = files._write_file

    def intrudes(path: Path, content: bytes) -> None:
        (tmp_path / "net" / "mine.txt").write_text("just saved")
        real(path, content)

    monkeypatch.setattr(files, "_write_file", intrudes)
    with pytest.raises(DirectoryError, match=r"also holds 'mine.txt'"):
        write_directory(tmp_path / "net", NEW)
    assert (tmp_path / "net" / "mine.txt").read_text() == "just saved"
    assert read_directory(tmp_path / "net") == OLD


@pytest.mark.parametrize("name", ["../escape", "report.html", "template.json/x"])
def test_only_files_of_a_network_are_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(
        DirectoryError, match=r"files out of 'script.alg', 'network.alg', 'template.json'"
    ):
        write_directory(tmp_path / "net", {**NEW, name: b""})
    with pytest.raises(DirectoryError, match=r"expected 'template.json' and files out of"):
        write_directory(tmp_path / "net", {"script.alg": b""})
    assert not os.listdir(tmp_path)


def test_reading_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DirectoryError, match="is not a directory; pass the one that"):
        read_directory(tmp_path / "net")
    with pytest.raises(
        DirectoryError, match=r"holds no compiled network: it has no 'template.json'"
    ):
        read_directory(tmp_path)


def test_weights_of_8_gb_that_no_header_states_are_not_read(tmp_path: Path) -> None:
    files = dict.fromkeys(("template.json", "certificate.json", "script.alg"), b"{}")
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    header = b'{"a": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}}'
    for begin in (b"", len(header).to_bytes(8, "little") + header, (1 << 62).to_bytes(8, "little")):
        (tmp_path / "model.safetensors").write_bytes(begin)
        os.truncate(tmp_path / "model.safetensors", 8 << 30)
        with pytest.raises(DirectoryError, match="its header does not state 8589934592 bytes"):
            read_directory(tmp_path)


@pytest.mark.parametrize("name", ["template.json", "certificate.json", "script.alg"])
def test_texts_of_8_gb_are_not_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "template.json").write_bytes(b"{}")
    (tmp_path / name).write_bytes(b"{}")
    os.truncate(tmp_path / name, 8 << 30)
    with pytest.raises(DirectoryError, match=f"'{name}' is larger than 32 MB"):
        read_directory(tmp_path)
