"""Saves that are killed, and loads during saves: what is lost, mixed, refused or left behind.

    python benchmarks/save_attack.py [--small]

Processes save three networks in turn (one with network.alg, one without weights).

"kills": they are ended by SIGKILL at a random moment, two at once in every third round; after each
the directory is loaded, and where a name is taken in one step also read as plain files.  Every
other process does not wait for the disk, so that kills fall where names change.
"loads": processes load, and now and then verify, while two others save without a pause, and
without waiting for the disk.

Both are done in the two ways to take a name, "exchange" and "two renames", which are those of
systems without it.  Exits with status 1 if anything is lost, mixed, refused or fails, or if a
killed save leaves more than one thing or the next one anything.
"""

from __future__ import annotations

import ctypes
import errno
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING

from weightsmith import api
from weightsmith.backends.storage import exchange
from weightsmith.cli.outputs.table import print_table

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

KILLS, LOADS = 400, 40_000
SMALL_KILLS, SMALL_LOADS = 30, 1000
READERS, WRITERS = 2, 2
VERIFY = 500  # one load in so many is a verification too
SEED = 11
EXAMPLES = Path(__file__).parents[1] / "examples"
HEADERS = (
    "names\ntaken by",
    "kills",
    "lost",
    "mixed",
    "left\nat most",
    "left by the\nnext save",
    "loads",
    "failed",
    "mixed",
    "verified",
    "refused",
    "saves\nmeanwhile",
    "saves\nthat failed",
)
FORK = get_context("fork")


def main() -> int:
    is_small = "--small" in sys.argv[1:]
    kills, loads = (SMALL_KILLS, SMALL_LOADS) if is_small else (KILLS, LOADS)
    networks = compiled()
    rows, is_well = [], True
    for way in ("exchange", "two renames"):
        if way == "two renames":
            exchange._call = cannot_exchange
        with tempfile.TemporaryDirectory() as place:
            found = Counter(kill(Path(place) / "killed", networks, kills, way == "exchange"))
            found += load(Path(place) / "loaded", networks, loads)
        rows.append((way, *(str(found[name]) for name in COUNTED)))
        is_well &= found["kills"] >= kills and found["loads"] >= loads and found["left"] <= 1
        is_well &= not any(found[name] for name in BAD)
    print_table(HEADERS, rows)
    print("nothing lost, mixed or refused." if is_well else "NOT ALL IS WELL.")
    return 0 if is_well else 1


COUNTED = (
    *("kills", "lost", "mixed", "left", "left at last"),
    *("loads", "failed", "mixed loads", "verified", "refused", "saves", "failed saves"),
)
BAD = ("lost", "mixed", "left at last", "failed", "mixed loads", "refused", "failed saves")


def cannot_exchange(one: bytes, other: bytes) -> int:
    """What a system says that has no such call."""
    ctypes.set_errno(errno.ENOSYS)
    return -1


def compiled() -> tuple[api.Network, ...]:
    """Three networks whose directories have different files."""
    script = EXAMPLES / "newton_inverse.alg"
    numbers: dict[str, api.Setting] = {"mu": "1/2", "L": 2, "steps": 2}
    return (
        api.compile(script, settings=numbers),
        api.compile(EXAMPLES / "gradient_descent.alg", settings={"steps": 3}, fewest="layers"),
        api.compile(script, settings={"steps": 2}),
    )


def save_without_end(target: Path, networks: tuple[api.Network, ...], waits: bool) -> None:
    if not waits:
        os.fsync = no_wait
    while True:
        for network in networks:
            network.save(target)


def no_wait(fd: FileDescriptorLike) -> None:
    """In the place of fsync: it changes nothing that a kill, or a reader, could meet."""


def kill(
    target: Path, networks: tuple[api.Network, ...], kills: int, is_one_step: bool
) -> dict[str, int]:
    """Kill saves at random moments; count what is found after each."""
    draw = random.Random(SEED)
    networks[0].save(target)
    begin = time.perf_counter()
    networks[0].save(target)
    longest = 2 * (time.perf_counter() - begin)
    found: Counter[str] = Counter()
    while found["kills"] < kills:
        waits = bool(found["kills"] % 2)
        running = [
            started(save_without_end, target, networks, waits)
            for _ in range(2 if found["kills"] % 3 == 0 else 1)
        ]
        time.sleep(draw.uniform(0, longest))
        for process in running:
            found["failed saves"] += process.exitcode is not None
            process.kill()
        for process in running:
            process.join()
            found["kills"] += process.exitcode == -signal.SIGKILL
        found += look(target, networks, is_one_step)
        found["left"] = max(found["left"], len(os.listdir(target.parent)) - 1)
    networks[0].save(target)
    found["left at last"] = len(os.listdir(target.parent)) - 1
    return found


def look(target: Path, networks: tuple[api.Network, ...], is_one_step: bool) -> Counter[str]:
    """Is the directory one of the networks?"""
    whole = [network.files() for network in networks]
    try:
        is_mixed = api.load(target).files() not in whole
        if is_one_step:
            is_mixed |= {path.name: path.read_bytes() for path in target.iterdir()} not in whole
    except Exception as problem:
        print(f"lost: {problem}")
        return Counter(lost=1)
    return Counter(mixed=int(is_mixed))


def load(target: Path, networks: tuple[api.Network, ...], loads: int) -> Counter[str]:
    """Load from several processes while others save."""
    networks[0].save(target)
    results, is_over = FORK.SimpleQueue(), FORK.Event()

    def reader() -> None:
        results.put(read_often(target, networks, -(-loads // READERS)))

    def writer() -> None:
        results.put(save_until(target, networks, is_over.is_set))

    readers = [started(reader) for _ in range(READERS)]
    writers = [started(writer) for _ in range(WRITERS)]
    found: Counter[str] = Counter()
    for process in readers:
        process.join()
    is_over.set()
    for _ in (*readers, *writers):
        found += results.get()
    for process in writers:
        process.join()
    found["left at last"] += len(list(target.parent.glob(f".{target.name}*")))
    return found


def read_often(target: Path, networks: tuple[api.Network, ...], loads: int) -> Counter[str]:
    whole = [network.files() for network in networks]
    found: Counter[str] = Counter()
    for number in range(loads):
        found["loads"] += 1
        try:
            found["mixed loads"] += api.load(target).files() not in whole
        except Exception as problem:
            print(f"a load failed: {problem}")
            found["failed"] += 1
        if number % VERIFY == 0:
            found["verified"] += 1
            found["refused"] += not api.verify(target).accepted
    return found


def save_until(
    target: Path, networks: tuple[api.Network, ...], is_over: Callable[[], bool]
) -> Counter[str]:
    os.fsync = no_wait
    found: Counter[str] = Counter()
    while not is_over():
        for network in networks:
            found["saves"] += 1
            try:
                network.save(target)
            except Exception as problem:
                print(f"a save failed: {problem}")
                found["failed saves"] += 1
    return found


def started(run: Callable[..., None], *arguments: object) -> BaseProcess:
    process = FORK.Process(target=run, args=arguments, daemon=True)
    process.start()
    return process


if __name__ == "__main__":
    sys.exit(main())
