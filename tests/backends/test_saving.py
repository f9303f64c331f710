"""Saves that are killed, fail, or meet other saves and readers: always one network, whole."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.backends import saving_faults, templates
from tests.backends.saving_faults import CHANGING, LOOKING, count, faults, leftovers, read, snapshot

from weightsmith.backends import DirectoryError, read_directory, template_to_json, write_directory
from weightsmith.backends.storage import exchange, files, workshop

TEMPLATE = template_to_json(templates.newton_inverse()).encode()
OLD = {"template.json": TEMPLATE, "script.alg": b"old", "certificate.json": b"{}"}
NEW = {
    "template.json": TEMPLATE + b"\n",
    "script.alg": b"new",
    "network.alg": b"new too",
    "model.safetensors": b"weights",
}
LAST = {"template.json": TEMPLATE, "script.alg": b"last"}


@pytest.fixture(params=["exchange", "two renames"])
def can_exchange(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """The two ways to take a name; the second is that of systems that have not the first."""
    if request.param == "two renames":
        monkeypatch.setattr(exchange, "_call", saving_faults.no_exchange)
    return request.param == "exchange"


@pytest.fixture(params=["first save", "a network is there", "an empty directory is there"])
def start(request: pytest.FixtureRequest) -> dict[str, bytes] | None:
    """What the directory holds before the save."""
    found = {"first save": None, "a network is there": OLD, "an empty directory is there": {}}
    return found[request.param]


def prepared(folder: Path, start: dict[str, bytes] | None) -> Path:
    """A target, and a file of the user's beside it."""
    folder.mkdir()
    if start is not None:
        (folder / "net").mkdir()
        for name, content in start.items():
            (folder / "net" / name).write_bytes(content)
    return folder / "net"


def saving(target: Path, content: dict[str, bytes]) -> Callable[[], None]:
    return lambda: write_directory(target, content)


def check_next_save(target: Path) -> None:
    write_directory(target, LAST)
    assert read(target) == snapshot(target) == LAST
    assert not leftovers(target)


def test_a_save_that_is_killed_at_any_call(
    tmp_path: Path, start: dict[str, bytes] | None, can_exchange: bool
) -> None:
    calls = count(saving(prepared(tmp_path / "counted", start), NEW), CHANGING)
    assert calls > 15
    seen = []
    for at in range(1, calls + 2):
        target = prepared(tmp_path / str(at), start)
        saving_faults.save_and_be_killed(saving(target, NEW), at)
        if can_exchange or start is None:
            assert snapshot(target) in (start, NEW), at
        seen.append(read(target))
        assert len(leftovers(target)) <= 1, at
        check_next_save(target)
    first = seen.index(NEW)
    assert 0 < first < calls
    assert seen == [start] * first + [NEW] * (calls + 1 - first)


def test_saves_that_are_killed_at_random(tmp_path: Path, can_exchange: bool) -> None:
    """SIGKILL, two savers at once; benchmarks/save_attack.py does it 400 times."""
    target, draw = prepared(tmp_path / "here", OLD), random.Random(3)

    def save_without_end() -> None:
        while True:
            for network in (NEW, LAST, OLD):
                write_directory(target, network)

    for _ in range(12):
        savers = [saving_faults.forked(save_without_end) for _ in range(2)]
        time.sleep(draw.uniform(0.005, 0.03))
        assert read(target) in (OLD, NEW, LAST)
        for saver in savers:
            os.kill(saver, signal.SIGKILL)
        for saver in savers:
            assert os.WTERMSIG(os.waitpid(saver, 0)[1]) == signal.SIGKILL
        assert read(target) in (OLD, NEW, LAST)
        assert not can_exchange or snapshot(target) in (OLD, NEW, LAST)
        assert len(leftovers(target)) <= 1
    check_next_save(target)


@pytest.mark.parametrize("fault", [saving_faults.full, saving_faults.interrupted])
def test_a_save_that_fails_at_any_call(
    tmp_path: Path, start: dict[str, bytes] | None, can_exchange: bool, fault: Callable[[], None]
) -> None:
    which = (*CHANGING, *LOOKING) if fault is saving_faults.full else CHANGING
    calls = count(saving(prepared(tmp_path / "counted", start), NEW), which)
    failed = 0
    for at in range(1, calls + 1):
        target = prepared(tmp_path / str(at), start)
        try:
            with faults(at, fault, which):
                write_directory(target, NEW)
        except (DirectoryError, KeyboardInterrupt):
            failed += 1
            if can_exchange or start is None:
                assert snapshot(target) in (start, NEW), at
        else:
            assert snapshot(target) == NEW, at
        assert read(target) in (start, NEW), at
        assert len(leftovers(target)) <= 1, at
        check_next_save(target)
    assert failed > 10


def test_a_kill_during_the_clearing_of_a_kill(tmp_path: Path, can_exchange: bool) -> None:
    target = prepared(tmp_path / "here", OLD)
    calls = count(saving(prepared(tmp_path / "counted", OLD), NEW), CHANGING)
    for first in range(4, calls + 1, 3):
        for at in range(1, calls + 6, 7):
            saving_faults.save_and_be_killed(saving(target, NEW), first)
            saving_faults.save_and_be_killed(saving(target, LAST), at)
            assert read(target) in (OLD, NEW, LAST), (first, at)
            assert len(leftovers(target)) <= 1
    check_next_save(target)


def test_what_is_there_after_a_kill_between_two_renames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers find the old network where it is, and a save that fails does not lose it."""
    monkeypatch.setattr(exchange, "_call", saving_faults.no_exchange)
    target = prepared(tmp_path / "here", OLD)
    (tmp_path / "here" / ".net.saving").mkdir()
    target.rename(tmp_path / "here" / ".net.saving" / "old")
    assert files.is_directory(target)
    assert read_directory(target) == OLD
    with monkeypatch.context() as patch:
        patch.setattr(files, "_write_file", lambda path, content: saving_faults.full())
        with pytest.raises(DirectoryError, match="No space left"):
            write_directory(target, NEW)
    assert snapshot(target) == OLD
    check_next_save(target)


def test_a_second_rename_that_fails_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "_call", saving_faults.no_exchange)
    target = prepared(tmp_path / "here", OLD)
    real = Path.rename

    def fails(self: Path, goal: Path) -> Path:
        if self.name.startswith("new-") and goal.name == "net":
            raise OSError(5, "Input/output error")
        return real(self, goal)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(DirectoryError, match=r"cannot write .*: Input/output error"):
        write_directory(target, NEW)
    assert snapshot(target) == OLD
    assert not leftovers(target)


def test_readers_and_writers_at_once(tmp_path: Path, can_exchange: bool) -> None:
    """No reader fails or reads of two networks, and the last network is that of a writer."""
    target = prepared(tmp_path / "here", OLD)
    networks = [
        {**NEW, "script.alg": mark, "model.safetensors": mark}
        if number % 2
        else {**OLD, "script.alg": mark, "certificate.json": mark}
        for number, mark in enumerate((b"0", b"1", b"2", b"3"))
    ]
    is_over = threading.Event()

    def write(network: dict[str, bytes]) -> None:
        for _ in range(25):
            write_directory(target, network)

    def look() -> int:
        reads = 0
        while not is_over.is_set():
            assert files.is_directory(target)
            assert read_directory(target) in (OLD, *networks)
            reads += 1
        return reads

    with ThreadPoolExecutor(8) as pool, faults(0, saving_faults.full, ((os, "fsync"),)):
        readers = [pool.submit(look) for _ in range(3)]
        writers = [pool.submit(write, network) for network in networks]
        for writer in writers:
            writer.result()
        is_over.set()
        assert sum(reader.result() for reader in readers) > 20
    assert snapshot(target) in networks
    assert not leftovers(target)


def test_a_reader_begins_anew_if_the_directory_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A save after each of the files that the reader opens: none is of another network."""
    target = prepared(tmp_path / "here", OLD)
    networks, real = [OLD, NEW, OLD, NEW, OLD, NEW], os.stat

    def replaces(path: object, **options: object) -> os.stat_result:
        found = real(path, **options)  # type: ignore[arg-type]
        if str(path) == "template.json" and networks:
            network = networks.pop()
            with monkeypatch.context() as patch:
                patch.setattr(os, "stat", real)
                write_directory(target, network)
        return found

    monkeypatch.setattr(os, "stat", replaces)
    assert read_directory(target) == OLD
    assert not networks


def test_a_directory_that_is_replaced_without_end_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = prepared(tmp_path / "here", OLD)
    monkeypatch.setattr(os.path, "samestat", lambda one, other: False)
    with pytest.raises(DirectoryError, match=r"cannot read .*: it is replaced again and again"):
        read_directory(target)


def test_a_file_that_comes_in_at_the_last_moment_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    """Also one in a folder of its own, and also if the save is killed at once."""
    target = prepared(tmp_path / "here", OLD)
    real = files._take_name

    def intrudes(fresh: Path, target: Path, old: Path) -> None:
        (target / "sub").mkdir()
        (target / "sub" / "mine.txt").write_text("just saved")
        real(fresh, target, old)

    monkeypatch.setattr(files, "_take_name", intrudes)
    calls = count(saving(prepared(tmp_path / "counted", OLD), NEW), CHANGING)
    write_directory(target, NEW)
    assert (target / "sub" / "mine.txt").read_text() == "just saved"
    assert read(target) == NEW
    assert not leftovers(target)
    for at in range(calls // 2, calls + 1):
        target = prepared(tmp_path / str(at), OLD)
        saving_faults.save_and_be_killed(saving(target, NEW), at)
        there = [path.read_text() for path in target.parent.rglob("mine.txt")]
        assert there in ([], [""], ["just saved"])
        with monkeypatch.context() as patch:
            patch.setattr(files, "_take_name", real)
            patch.setattr(files, "_check_replaceable", lambda target: None)
            write_directory(target, LAST)
        assert [path.read_text() for path in target.rglob("mine.txt")] == there


def test_what_a_network_file_system_leaves_for_readers_is_not_the_users(tmp_path: Path) -> None:
    """A file that is removed while it is open stays there, under a name of the system's."""
    target = prepared(tmp_path / "here", OLD)
    left = tmp_path / "here" / ".net.saving" / "new-0"
    left.mkdir(parents=True)
    (left / ".nfs0001").write_bytes(b"still open")
    write_directory(target, NEW)
    assert snapshot(target) == NEW
    assert (left / ".nfs0001").exists()
    (left / ".nfs0001").unlink()
    check_next_save(target)


def test_what_is_not_ours_beside_the_target_stays(tmp_path: Path) -> None:
    target = prepared(tmp_path / "here", OLD)
    mine = {".net.12345678.new": b"a", "net.saving": b"b", ".nets.saving": b"c"}
    for name, content in mine.items():
        (target.parent / name).write_bytes(content)
    write_directory(target, NEW)
    assert {name: (target.parent / name).read_bytes() for name in leftovers(target)} == mine
    (target.parent / ".net.saving").write_bytes(b"d")
    with pytest.raises(DirectoryError, match="cannot write"):
        write_directory(target, LAST)
    assert snapshot(target) == NEW
    assert (target.parent / ".net.saving").read_bytes() == b"d"


def test_a_save_waits_for_another_one(tmp_path: Path) -> None:
    target = prepared(tmp_path / "here", OLD)
    with ThreadPoolExecutor(1) as pool:
        with workshop.workshop(target) as place:
            (place / "new-1").mkdir()
            (place / "new-1" / "script.alg").write_bytes(b"of the other")
            waiting = pool.submit(write_directory, target, NEW)
            assert not waiting.done()
            assert (place / "new-1" / "script.alg").read_bytes() == b"of the other"
        waiting.result(timeout=60)
    assert snapshot(target) == NEW
    assert not leftovers(target)


def test_the_target_is_looked_at_while_no_other_save_can_change_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a file that another save has just taken away would count as the user's."""
    target, looks = prepared(tmp_path / "here", OLD), []
    real = files._check_replaceable

    def looked(target: Path) -> None:
        looks.append((target.parent / ".net.saving" / "lock").exists())
        real(target)

    monkeypatch.setattr(files, "_check_replaceable", looked)
    write_directory(target, NEW)
    assert looks == [True, True]


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One save at a time still; and what a killed one has left is named."""

    def none(lock: object, operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    monkeypatch.setattr(workshop, "PAUSE", 0.001)
    monkeypatch.setattr(workshop, "TRIES", 20)
    target = prepared(tmp_path / "here", OLD)
    write_directory(target, NEW)
    assert not leftovers(target)
    saving_faults.save_and_be_killed(saving(target, LAST), 10)
    with pytest.raises(DirectoryError, match=r"cut off, remove this directory.*\.net\.saving"):
        write_directory(target, LAST)
    assert snapshot(target) == NEW


def test_the_current_directory_can_be_saved_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    target = prepared(tmp_path / "here", OLD)
    monkeypatch.chdir(target)
    for network in (NEW, OLD, NEW):
        write_directory(".", network)
        assert read_directory(".") == network
        assert sorted(os.listdir(".")) == sorted(network)


@pytest.mark.parametrize("path", ["a\0b", "~nobody-of-this-name/net", "a\udeadb", "a" * 300, "/"])
def test_paths_that_are_none(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for attempt in (lambda: write_directory(path, NEW), lambda: read_directory(path)):
        with pytest.raises(DirectoryError):
            attempt()
    assert not os.listdir(tmp_path)
