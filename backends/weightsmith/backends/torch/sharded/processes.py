"""A group of processes: sums over all of them, and errors where one of them does not answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor
from torch import distributed as dist

from weightsmith.backends.errors import CommunicationError, ShardingError

Group = dist.ProcessGroup
GRACE = timedelta(seconds=2)  # for PyTorch to end by itself what has taken too long


@dataclass(frozen=True, slots=True)
class Traffic:
    """How many sums over the processes there were, and how many bytes each process gave."""

    calls: int = 0
    bytes: int = 0


class Processes:
    """Those of a process group of ``torch.distributed``, without one the default group.

    ``timeout``: seconds that one waits for the others, without it the group's.  Raises
    ShardingError where there is no such group.
    """

    def __init__(
        self,
        group: Group | None = None,
        timeout: float | timedelta | None = None,
    ) -> None:
        self._group = _checked(group)
        self._timeout = _seconds(timeout)
        self.rank = self._group.rank()
        self.count = self._group.size()
        self.traffic = Traffic()
        self._broken = ""

    def all_reduce(self, *parts: Tensor) -> list[Tensor]:
        """The sum over all processes of each of the tensors, which are sent as one.

        Gradients pass: they are those of the sum of what all processes take the gradient of.
        """
        return list(_Sum.apply(self, *parts))  # type: ignore[no-untyped-call]

    def total(self, parts: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """The same, without gradients."""
        flat = torch.cat([part.reshape(-1) for part in parts])
        self._sum(flat)
        size = flat.numel() * flat.element_size()
        self.traffic = Traffic(self.traffic.calls + 1, self.traffic.bytes + size)
        pieces = torch.split(flat, [part.numel() for part in parts])
        return tuple(piece.view(part.shape) for piece, part in zip(pieces, parts, strict=True))

    def gather(self, text: str, device: torch.device) -> list[str]:
        """The text of each process, by rank; ``device`` is one that the group can send from."""
        own = torch.tensor(list(text.encode()), dtype=torch.uint8)
        sizes = torch.zeros(self.count, dtype=torch.int64, device=device)
        sizes[self.rank] = len(own)
        self._sum(sizes)
        lengths = sizes.tolist()
        table = torch.zeros(self.count, max(lengths), dtype=torch.uint8, device=device)
        table[self.rank, : len(own)] = own.to(device)
        self._sum(table)
        rows = zip(table.tolist(), lengths, strict=True)
        return [bytes(row[:length]).decode() for row, length in rows]

    def _sum(self, tensor: Tensor) -> None:
        """Put the sum over all processes in place of the tensor.  Raises CommunicationError."""
        if self._broken:
            raise CommunicationError(self._broken)
        options = dist.AllreduceOptions()
        if self._timeout is not None:
            options.timeout = self._timeout
        began = time.monotonic()
        try:
            work = self._group.allreduce([tensor], options)
            if self._timeout is None:
                work.wait()
            else:
                work.wait(self._timeout + GRACE)
        except RuntimeError as problem:
            self._broken = self._lost(time.monotonic() - began)
            raise CommunicationError(self._broken) from problem

    def _lost(self, waited: float) -> str:
        what = "another process is lost"
        if self._timeout is not None and waited >= self._timeout.total_seconds():
            most = self._timeout.total_seconds()
            what = f"another process did not answer within the timeout of {most:g} s"
        return (
            f"rank {self.rank} of {self.count}: {what}, after {waited:.1f} s; one has ended, hangs "
            "or does something else. The group is of no more use: end all its processes, and "
            "start them again."
        )


class _Sum(torch.autograd.Function):
    """Σ over processes; its gradient is the sum of the processes' gradients."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, processes: Processes, *parts: Tensor
    ) -> tuple[Tensor, ...]:
        ctx.processes = processes  # type: ignore[attr-defined]
        return processes.total(parts)

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, *gradients: Tensor
    ) -> tuple[Tensor | None, ...]:
        return None, *ctx.processes.total(gradients)  # type: ignore[attr-defined]


def _checked(group: Group | None) -> Group:
    if group is None and not dist.is_initialized():
        raise ShardingError(
            "there is no process group; call torch.distributed.init_process_group('gloo') first, "
            "in every process, for example under torchrun."
        )
    found = dist.group.WORLD if group is None else group
    if not isinstance(found, dist.ProcessGroup):
        raise ShardingError(
            "expected a process group that this process is a member of, as "
            f"torch.distributed.new_group gives it, got {found!r}."
        )
    return found


def _seconds(timeout: float | timedelta | None) -> timedelta | None:
    if timeout is None:
        return None
    found = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found < 1e9:
        raise ShardingError(f"expected a timeout of more than 0 seconds, got {timeout!r}.")
    return timedelta(seconds=found)
