"""Where a run at work looks whether somebody asked for something."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dense_transformer.errors import StoppedError
from dense_transformer.teaching.run_lock import BEAT_S, beat

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from dense_transformer.teaching.turns import Turn

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
    on_wait : callable or None
        Called with a line for people when it waits for its turn after a pause.
    turn : Turn or None
        What is given up during a pause, and waited for after it.
    """

    def __init__(self, run: Path, stop: Callable[[], bool] | None = None) -> None:
        self.run, self._stop = run, stop
        self.on_pause: Callable[[bool], None] | None = None
        self.on_wait: Callable[[str], None] | None = None
        self.turn: Turn | None = None
        self._paths = {name: run / name for name in (PAUSE, STOP, DISCARD)}
        self._looked = self._beaten = 0.0

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
        while os.path.exists(self._paths[PAUSE]):
            if self.on_pause:
                self.on_pause(True)
            self._rest()
            self._queue()
            if not os.path.exists(self._paths[PAUSE]) and self.on_pause:
                self.on_pause(False)

    def _rest(self) -> None:
        """Hold still until the pause is over; others may have the device."""
        if self.turn:
            self.turn.leave()
        while os.path.exists(self._paths[PAUSE]):
            self._check()
            time.sleep(_LOOK_S)

    def _queue(self) -> None:
        """Wait for this run's turn, or until it is to pause again."""
        said = ""
        while self.turn and not self.turn.came():
            if self.on_wait and self.turn.words != said:
                said = self.turn.words
                self.on_wait(said)
            self._check()
            time.sleep(_LOOK_S)
            if os.path.exists(self._paths[PAUSE]):
                return

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
        """Give a sign of life; raise StoppedError if the run is to end."""
        now = time.monotonic()
        if now - self._beaten > BEAT_S:
            self._beaten = now
            with suppress(OSError):
                beat(self.run / "lock")
        if asked := self.asked():
            raise StoppedError(f"{self.run} was asked to {asked}")


def _process_began() -> float:
    """Return when this process began, in seconds since 1970; not before it was so."""
    try:
        return os.stat(f"/proc/{os.getpid()}").st_ctime
    except OSError:  # not Linux
        return _IMPORTED
