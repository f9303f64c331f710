"""Real processes of one gloo group, each of which runs the same task."""

from __future__ import annotations

import multiprocessing
import pickle
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

LONGEST = 60  # seconds that a crew may take in all; then it is a failure
Task = Callable[[int, int, object], object]


@dataclass(frozen=True)
class Ended:
    """How a process ended: its code (negative for a signal), and what its task gave."""

    code: int | None
    result: object


def crew(
    count: int,
    task: Task,
    argument: object = None,
    *,
    seconds: int = 30,
    wait_for: int | None = None,
) -> list[Ended]:
    """Run the task in ``count`` processes: with the rank, the count and the argument.

    ``seconds`` is the group's timeout.  After the first ``wait_for`` processes are done, the rest
    is ended.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["weightsmith.network", "weightsmith.backends.torch.sharded"])
    with tempfile.TemporaryDirectory() as place:
        pipes = [context.Pipe(duplex=False) for _ in range(count)]
        members = [
            context.Process(
                target=member,
                args=(rank, count, str(Path(place) / "store"), seconds, task, argument, pipe[1]),
            )
            for rank, pipe in enumerate(pipes)
        ]
        for process, (_, sender) in zip(members, pipes, strict=True):
            process.start()
            sender.close()
        found = [_received(pipe[0]) for pipe in pipes[:wait_for]]
        for process in members[:wait_for]:
            process.join(LONGEST)
        for process in members:
            process.kill()
            process.join()
        found += [None] * (count - len(found))
        return [Ended(p.exitcode, result) for p, result in zip(members, found, strict=True)]


def results(count: int, task: Task, argument: object = None) -> list[object]:
    """What the task gave in each process; none may have failed."""
    ended = crew(count, task, argument)
    for rank, one in enumerate(ended):
        assert one.code == 0, f"rank {rank}: {one}"
        assert not isinstance(one.result, Failed), f"rank {rank}:\n{one.result.text}"  # type: ignore[union-attr]
    return [one.result for one in ended]


@dataclass(frozen=True)
class Failed:
    text: str


def _received(pipe: Connection) -> object:
    try:
        return pickle.loads(pipe.recv_bytes()) if pipe.poll(LONGEST) else Failed("no answer")
    except EOFError:
        return None  # it ended without a word


def member(
    rank: int, count: int, store: str, seconds: int, task: Task, argument: object, pipe: Connection
) -> None:
    import torch
    from torch import distributed

    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo",
        store=distributed.FileStore(store, count),
        rank=rank,
        world_size=count,
        timeout=timedelta(seconds=seconds),
    )
    try:
        result = task(rank, count, argument)
    except Exception:
        result = Failed(traceback.format_exc())
    pipe.send_bytes(pickle.dumps(result))  # tensors as bytes, not as shared memory
    pipe.close()
