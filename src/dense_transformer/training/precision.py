"""Where and how exactly to compute: device, autocast and deterministic kernels."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from dense_transformer.errors import DeviceError
from dense_transformer.nn.devices import choose_device

if TYPE_CHECKING:
    from collections.abc import Iterator

# torch's stubs don't know that this module has properties.
_OPTIONS: Any = torch.utils.deterministic
TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def training_device(name: str) -> torch.device:
    """Return the device called `name` as `choose_device` does, one per process.

    Under torchrun each process of a machine takes a GPU of its own.

    Raises
    ------
    DeviceError
        If the device isn't there.
    """
    device = choose_device(name)
    if device.type == "cuda":
        local = int(os.environ.get("LOCAL_RANK", "0"))
        if local >= torch.cuda.device_count():
            raise DeviceError(
                f"process {local} has no GPU among {torch.cuda.device_count()}; "
                f"start as many processes as there are GPUs, or use device cpu"
            )
        return torch.device("cuda", local)
    return device


@contextmanager
def autocast(device: torch.device, precision: str) -> Iterator[None]:
    """Compute convolutions in `precision`; weights and coordinates stay float32."""
    with torch.autocast(device.type, TYPES[precision], enabled=precision != "float32"):
        yield


@contextmanager
def deterministic(wanted: bool) -> Iterator[None]:
    """Use kernels that repeat themselves bit for bit; set back what was set before.

    Where a GPU has none for an operation, torch warns and takes what there is.
    """
    if not wanted:
        yield
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read at first use
    before = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    filled = _OPTIONS.fill_uninitialized_memory
    benchmark = torch.backends.cudnn.benchmark
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())
    _OPTIONS.fill_uninitialized_memory = False  # costs, shows bugs only
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warn_only)
        _OPTIONS.fill_uninitialized_memory = filled
        torch.backends.cudnn.benchmark = benchmark
