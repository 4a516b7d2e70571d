"""`dtn info`: versions and devices, for reports of errors."""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
import sys

from dense_transformer import __version__
from dense_transformer.cli.console import say

NAME = "info"
HELP = "Show versions and devices."
DETAILS = ""
PACKAGES = ("torch", "numpy", "scipy", "tifffile", "h5py", "zarr", "napari", "npe2")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the verb has no arguments of its own."""


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each version and device."""
    import torch

    say(f"{'napari-dtn':<12} {__version__}")
    machine = f"{sys.platform}, {platform.machine()}"
    say(f"{'python':<12} {platform.python_version()} ({machine})")
    for package in PACKAGES:
        say(f"{package:<12} {version(package)}")
    say(f"{'cpu':<12} {torch.get_num_threads()} threads")
    for index in range(torch.cuda.device_count()):
        about = torch.cuda.get_device_properties(index)
        say(f"{f'cuda:{index}':<12} {about.name}, {about.total_memory / 2**30:.1f} GiB")
    if torch.backends.mps.is_available():
        say(f"{'mps':<12} available")
    return 0


def version(package: str) -> str:
    """Return the installed version of `package`, or that it isn't there."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
