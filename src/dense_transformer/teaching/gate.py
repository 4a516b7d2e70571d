"""Where a run at work looks whether somebody asked for something."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dense_transformer.errors import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

PAUSE, STOP, DISCARD = "pause", "stop", "discard"  # files by which one asks
_LOOK_S = 0.05
_IMPORTED = time.time()


class Gate:
    """Where a run at work looks whether somebody asked for something.

    Parameters
    ----------
    run : Path
        Its folder.
    stop : callable, optional
        Another way to ask it to stop.

    Attributes
    ----------
    on_pause : callable or None
        Called with True when the run begins to hold still, with False when it goes on.
    """

    def __init__(self, run: Path, stop: Callable[[], bool] | None = None) -> None:
        self.run, self._stop = run, stop
        self.on_pause: Callable[[bool], None] | None = None
        self._paths = {name: run / name for name in (PAUSE, STOP, DISCARD)}
        self._looked = 0.0

    def asked(self) -> Literal["", "stop", "discard"]:
        """Return what was asked for, for good."""
        if os.path.exists(self._paths[DISCARD]):
            return "discard"
        asked = self._stop is not None and self._stop()
        return "stop" if asked or os.path.exists(self._paths[STOP]) else ""

    def hold(self) -> None:
        """Return at once, or after a pause; it looks every 50 ms at most.

        Raises
        ------
        StoppedError
            If the run is to end.
        """
        now = time.monotonic()
        if now - self._looked < _LOOK_S:
            return
        self._looked = now
        self._check()
        if not os.path.exists(self._paths[PAUSE]):
            return
        if self.on_pause:
            self.on_pause(True)
        while os.path.exists(self._paths[PAUSE]):
            self._check()
            time.sleep(_LOOK_S)
        if self.on_pause:
            self.on_pause(False)

    def fresh(self) -> tuple[str, ...]:
        """Return what was asked since this process began: it is meant for it."""
        began = _process_began()
        found = []
        for name, path in self._paths.items():
            with suppress(OSError):
                if path.stat().st_mtime >= began:
                    found.append(name)
        return tuple(found)

    def clear(self, kept: tuple[str, ...] = ()) -> None:
        """Forget what was asked, but for what is in `kept`."""
        for name, path in self._paths.items():
            with suppress(OSError):
                if name in kept:
                    path.touch()
                else:
                    path.unlink(missing_ok=True)

    def watch(self, network: nn.Module) -> None:
        """Hold before each convolution of a network, and of its copies."""

        def hold(module: nn.Module, inputs: object) -> None:
            self.hold()

        for module in network.modules():
            if type(module).__name__ == "Conv2d":  # the plugin reads this without torch
                module.register_forward_pre_hook(hold)

    def _check(self) -> None:
        if asked := self.asked():
            raise StoppedError(f"{self.run} was asked to {asked}")


def _process_began() -> float:
    """Return when this process began, in seconds since 1970; not before it was so."""
    try:
        return os.stat(f"/proc/{os.getpid()}").st_ctime
    except OSError:  # not Linux
        return _IMPORTED
