"""Loads large libraries without stopping the window."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import sys
import threading
from pathlib import Path

LARGEST = {"linux": "libtorch_cpu.so", "darwin": "libtorch_cpu.dylib"}


def load_ahead() -> None:
    """Have the system load torch's largest library; for the worker, before torch.

    `import torch` loads 400 MB of machine code and runs its initialisers in one
    call that keeps Python's lock: the window stood still for 0.2 s of computing
    time, far longer on a busy machine. A foreign function called by ctypes lets
    go of the lock, and the import then finds the library loaded. Windows needs
    none of this: there torch itself loads by ctypes.
    """
    name = LARGEST.get(sys.platform)
    if name is None or "torch" in sys.modules:
        return
    # Whatever is wrong with an installation, the import says it better.
    with contextlib.suppress(Exception):
        spec = importlib.util.find_spec("torch")
        if spec is None or spec.origin is None:
            return
        path = Path(spec.origin).parent / "lib" / name
        if path.is_file():
            load = ctypes.CDLL(None).dlopen
            load.restype = ctypes.c_void_p
            load.argtypes = (ctypes.c_char_p, ctypes.c_int)
            load(os.fsencode(path), os.RTLD_NOW | os.RTLD_LOCAL)


def import_plots_ahead() -> None:
    """Import pyqtgraph in a thread, so that the first curve doesn't wait for it.

    0.2 s of computing, and twice that beside a model that learns. Without it
    installed nothing happens; who draws says so.
    """
    if "pyqtgraph" not in sys.modules:
        threading.Thread(target=_import_plots, name="dtn-plots", daemon=True).start()


def _import_plots() -> None:
    with contextlib.suppress(Exception):
        import pyqtgraph  # noqa: F401
