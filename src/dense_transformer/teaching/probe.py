"""What a step takes in memory and time, and what is given up where memory is short."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

import torch

from dense_transformer.errors import DeviceError
from dense_transformer.nn.devices import describe_device

SMALLEST_PATCH = 64  # px
PROBED = 2  # steps


@dataclass(frozen=True, slots=True)
class Rung:
    """How a step is computed.

    Attributes
    ----------
    pieces : int
        Parts of a batch, one after the other; gradients are added up.
    patch : tuple of int
        Height and width, px.
    device : str
        ``"cpu"``, ``"cuda"`` or ``"mps"``.
    """

    pieces: int
    patch: tuple[int, int]
    device: str

    def describe(self) -> str:
        """Return it for people."""
        text = describe_device(torch.device(self.device))
        height, width = self.patch
        pieces = "" if self.pieces == 1 else f", each batch in {self.pieces} parts"
        return f"patches of {height} x {width} px{pieces} on {text}"


@dataclass(frozen=True, slots=True)
class Probe:
    """What the first steps took.

    Attributes
    ----------
    step_s : float
        Seconds of a step, the second one: the first waits for the device.
    memory_bytes : int
        Most memory so far: of the GPU, or of the process on a CPU; 0 if unknown.
    """

    step_s: float
    memory_bytes: int

    def describe(self, steps: int) -> str:
        """Return an estimate for `steps` more steps, for people."""
        memory = f", {self.memory_bytes / 2**30:.1f} GiB" if self.memory_bytes else ""
        return (
            f"{self.step_s:.2f} s per step{memory}: about "
            f"{max(1, round(self.step_s * steps))} s for {steps} steps"
        )


def next_rung(rung: Rung, first: Rung, batch: int, multiple: int) -> Rung:
    """Return the next best after `rung` ran out of memory.

    More parts of a batch, which changes nothing but rounding; then patches of half
    the side; then the CPU, as it was first asked for.

    Parameters
    ----------
    rung, first : Rung
        The one that failed, and the one that was asked for.
    batch : int
        Patches of a batch.
    multiple : int
        What sides of patches are multiples of.

    Raises
    ------
    DeviceError
        If there is nothing left to give up.
    """
    if rung.pieces < batch:
        return replace(rung, pieces=min(batch, 2 * rung.pieces))
    height, width = (_half(side, multiple) for side in rung.patch)
    if (height, width) != rung.patch:
        return replace(rung, patch=(height, width))
    if rung.device == "cpu":
        raise DeviceError(
            f"not enough memory to teach with patches of {rung.patch[0]} x "
            f"{rung.patch[1]} px on the CPU; close other programs or choose a smaller "
            "model"
        )
    return replace(first, device="cpu")


def peak_memory(device: torch.device) -> int:
    """Return the most bytes used so far; 0 if unknown."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    if sys.platform == "win32":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most) * (1 if sys.platform == "darwin" else 1024)


def _half(side: int, multiple: int) -> int:
    half = -(-(side // 2) // multiple) * multiple
    return half if half >= SMALLEST_PATCH else side
