"""The checker reads one network, whole, while saves replace it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from checker_cases import newton_inverse
from checker_token_cases import gradient_descent
from checker_writing import write

from weightsmith.backends import write_directory
from weightsmith.checker import verify_directory
from weightsmith.checker.reading import directory
from weightsmith.checker.reading.refusal import RefusedError

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Files, Files]:
    """The files of two directories, each of which holds."""
    found = []
    for case in (newton_inverse(), gradient_descent()):
        folder = write(case, tmp_path_factory.mktemp("network"))
        found.append({path.name: path.read_bytes() for path in folder.iterdir()})
    return found[0], found[1]


@pytest.fixture
def target(networks: tuple[Files, Files], tmp_path: Path) -> Path:
    write_directory(tmp_path / "net", networks[0])
    return tmp_path / "net"


def contents(path: Path, names: tuple[str, ...]) -> Files:
    with directory.opened(path, names) as found:
        return {name: file.read() for name, file in found.files.items()}


def test_verifying_while_others_save(target: Path, networks: tuple[Files, Files]) -> None:
    is_over = threading.Event()

    def save() -> None:
        while not is_over.is_set():
            for files in networks:
                write_directory(target, files)

    writer = threading.Thread(target=save)
    writer.start()
    try:
        for _ in range(15):
            assert directory.is_directory(target)
            report = verify_directory(target)
            assert report.accepted, [v for v in report.verdicts if not v.accepted]
    finally:
        is_over.set()
        writer.join()


def test_a_save_after_every_file_that_is_opened(
    target: Path, networks: tuple[Files, Files], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, saves = os.lstat, [*networks] * 3

    def saves_first(path: object, **options: object) -> os.stat_result:
        if options and saves:
            files = saves.pop()
            with monkeypatch.context() as patch:
                patch.setattr(os, "lstat", real)
                write_directory(target, files)
        return real(path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "lstat", saves_first)
    assert contents(target, tuple(networks[0])) in networks
    assert not saves


def test_a_network_put_aside_by_a_killed_save(target: Path) -> None:
    (target.parent / ".net.saving").mkdir()
    target.rename(target.parent / ".net.saving" / "old")
    assert directory.is_directory(target)
    assert verify_directory(target).accepted
    command = [sys.executable, "-m", "weightsmith", "verify", str(target)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_no_directory_and_one_that_is_replaced_without_end(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (verdict,) = verify_directory(target / "none").verdicts
    assert (verdict.accepted, verdict.reason) == (False, "There is no file certificate.json.")
    (verdict,) = verify_directory(target / "script.alg").verdicts
    assert not verdict.accepted
    assert not directory.is_directory(target / "script.alg")
    monkeypatch.setattr(os.path, "samestat", lambda one, other: False)
    (verdict,) = verify_directory(target).verdicts
    assert not verdict.accepted
    assert "replaced again and again" in verdict.reason


def test_a_file_that_becomes_shorter_is_not_read_as_what_it_was(tmp_path: Path) -> None:
    """Else the bytes of a range would be those of another."""
    path = tmp_path / "weights"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        content = directory.FileContent(file, 10)
        assert (content[2:5], content[8:100], content[5:5]) == (b"234", b"89", b"")
        os.truncate(path, 6)
        assert content[2:6] == b"2345"
        for part in (slice(2, 7), slice(6, 10), slice(None)):
            with pytest.raises(RefusedError, match="became shorter while it was read"):
                content[part]
