"""Output files: written whole or not at all."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.backends import saving_faults
from tests.backends.saving_faults import CHANGING, count, faults

from weightsmith.backends.storage.whole_file import replacing


def writing(path: Path, content: bytes) -> Callable[[], None]:
    def write() -> None:
        with replacing(path) as file:
            file.write(content[:2])
            file.write(content[2:])

    return write


@pytest.mark.parametrize("start", [None, b"before"])
def test_killed_or_failing_at_any_call(tmp_path: Path, start: bytes | None) -> None:
    path = tmp_path / "out.npz"
    calls = count(writing(path, b"after"), CHANGING)
    for at in range(1, calls + 2):
        for fault in (saving_faults.full, saving_faults.interrupted, None):
            path.unlink(missing_ok=True)
            if start is not None:
                path.write_bytes(start)
            if fault is None:
                saving_faults.save_and_be_killed(writing(path, b"after"), at)
            else:
                try:
                    with faults(at, fault, CHANGING):
                        writing(path, b"after")()
                except (OSError, KeyboardInterrupt):
                    pass
                else:
                    assert path.read_bytes() == b"after"
            assert (path.read_bytes() if path.exists() else None) in (start, b"after")
            assert len(saving_faults.leftovers(path)) <= 1
        writing(path, b"last")()
        assert path.read_bytes() == b"last"
        assert os.listdir(tmp_path) == ["out.npz"]


def test_an_error_while_writing_leaves_the_file(tmp_path: Path) -> None:
    path = tmp_path / "out.npy"
    path.write_bytes(b"before")

    def fails() -> None:
        with replacing(path) as file:
            file.write(b"af")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fails()
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["out.npy"]


def test_a_link_stays_a_link_and_a_mode_its_mode(tmp_path: Path) -> None:
    path, link = tmp_path / "deep" / "out.npy", tmp_path / "link.npy"
    path.parent.mkdir()
    path.write_bytes(b"before")
    path.chmod(0o640)
    link.symlink_to(path)
    writing(link, b"after")()
    assert link.is_symlink()
    assert path.read_bytes() == b"after"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_file_that_must_not_be_written_to_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.npy"
    path.write_bytes(b"before")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # the tests may run as root
    with pytest.raises(PermissionError):
        writing(path, b"after")()
    assert path.read_bytes() == b"before"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    path, found = tmp_path / "out.npy", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: found.append(path.read_bytes()))
    reader.start()
    writing(path, b"after")()
    reader.join()
    assert found == [b"after"]
    assert stat.S_ISFIFO(path.stat().st_mode)
