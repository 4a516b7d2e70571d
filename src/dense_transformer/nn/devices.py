"""Where to compute, what it is called, and how to know that it is full."""

from __future__ import annotations

from collections.abc import Callable

import torch

from dense_transformer.errors import DeviceError

# Texts of "out of memory" where no type of its own says so (lower case). cuDNN and
# cuBLAS fail in these ways when there is no room left for their workspace.
_FULL = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
    "std::bad_alloc",
    "could not create a primitive",  # oneDNN
    "could not create a memory object",
    "alloc_failed",
    "allocation_failed",
    "invalid buffer size",
    "unable to find an engine to execute this computation",
    "unable to find a valid cudnn algorithm",
    "cudnn_status_not_supported",
)


def choose_device(name: str) -> torch.device:
    """Return the device called `name`; ``auto`` is the first of cuda, mps, cpu.

    Raises
    ------
    DeviceError
        If it is not there.
    """
    there: dict[str, Callable[[], bool]] = {
        "cuda": torch.cuda.is_available,
        "mps": torch.backends.mps.is_available,
        "cpu": lambda: True,
    }
    if name == "auto":
        name = next(kind for kind, is_there in there.items() if is_there())
    if name not in there or not there[name]():
        found = ", ".join(kind for kind, is_there in there.items() if is_there())
        raise DeviceError(
            f"device {name!r} is not there for torch {torch.__version__}; "
            f"use auto or one of: {found}"
        )
    return torch.device(name)


def describe_device(device: torch.device, threads: int = 0) -> str:
    """Return a device's name for people, such as ``cuda (NVIDIA H200)``.

    Parameters
    ----------
    device : torch.device
        The device.
    threads : int
        CPU threads that were asked for; 0: as torch has it.
    """
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    if device.type == "cpu":
        count = threads or torch.get_num_threads()
        return f"cpu ({count} thread{'s' if count > 1 else ''})"
    return device.type


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory is full, and nothing else."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in _FULL)


def free_memory(device: torch.device) -> None:
    """Give cached memory of a device back, for a second try."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
