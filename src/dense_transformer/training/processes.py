"""Training over several processes that torchrun started, each with its share.

A step of n processes is the step of one with the same global batch: patches
are drawn by their number in it, losses are normalised over it, gradients are
summed, and batch norm takes its statistics from all of it (`batch_norm`).
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import torch
from torch import distributed

from dense_transformer.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torch import Tensor

_PATIENCE = timedelta(minutes=60)  # the others wait while the first validates


@dataclass(frozen=True, slots=True)
class Processes:
    """Who works on a run: this process's number and how many there are."""

    rank: int = 0
    count: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes files and validates."""
        return self.rank == 0

    def share(self, batch: int) -> tuple[int, int]:
        """Return the first sample and the number of samples of this process.

        Raises
        ------
        ConfigError
            If there are fewer samples than processes.
        """
        if batch < self.count:
            raise ConfigError(
                f"batch {batch} for {self.count} processes: "
                f"use a batch of {self.count} or more"
            )
        first = batch * self.rank // self.count
        return first, batch * (self.rank + 1) // self.count - first

    def total(self, value: Tensor) -> Tensor:
        """Return `value` summed over the processes; no gradient passes."""
        if self.count == 1:
            return value
        total = value.detach().clone()
        distributed.all_reduce(total)
        return total

    def any(self, flag: bool, device: torch.device) -> bool:
        """Return whether `flag` holds in any process."""
        if self.count == 1:
            return flag
        return bool(self.total(torch.tensor(float(flag), device=device)) > 0)

    def add_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Sum the gradients over the processes, in one message."""
        if self.count == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        joined = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(joined)
        parts = torch.split(joined, [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def broadcast(self, content: bytes, device: torch.device) -> bytes:
        """Return what the first process holds, to all of them."""
        if self.count == 1:
            return content
        size = torch.tensor(len(content), device=device)
        distributed.broadcast(size, 0)
        held = torch.frombuffer(bytearray(content or b"\0"), dtype=torch.uint8).to(
            device
        )
        buffer = (
            held
            if self.leads
            else torch.empty(max(1, int(size)), dtype=torch.uint8, device=device)
        )
        distributed.broadcast(buffer, 0)
        return buffer.cpu().numpy().tobytes()[: int(size)]


@contextmanager
def joined_processes(device: torch.device) -> Iterator[Processes]:
    """Join the processes that torchrun started; one alone where it didn't."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1 or distributed.is_initialized():
        yield _current()
        return
    backend = "nccl" if device.type == "cuda" else "gloo"
    distributed.init_process_group(backend, timeout=_PATIENCE)
    try:
        yield _current()
    finally:
        distributed.destroy_process_group()


def _current() -> Processes:
    if not distributed.is_initialized():
        return Processes()
    return Processes(distributed.get_rank(), distributed.get_world_size())
