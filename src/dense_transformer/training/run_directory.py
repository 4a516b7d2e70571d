"""A run as a directory that says everything about it, also to other programs."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from dense_transformer.config import TrainConfig
from dense_transformer.errors import ConfigError, RunError, WriteError
from dense_transformer.files import atomic_write, remove_partial
from dense_transformer.settings import from_dict
from dense_transformer.training.events import Event, appending, read_events
from dense_transformer.training.lock import locked
from dense_transformer.training.state import read_state, write_state

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


class RunDirectory:
    """Names and contents of a run's files; reading needs no lock, writing does.

    Attributes
    ----------
    path : Path
        ``config.json`` (settings, command line, versions, hashes of the data),
        ``events.jsonl``, ``best.safetensors`` and ``last.safetensors`` (models),
        ``state.pt`` and ``state.pt.previous`` (to go on from), ``previews/``,
        ``lock`` and, where somebody asked to stop, ``stop``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.record = path / "config.json"
        self.best = path / "best.safetensors"
        self.last = path / "last.safetensors"
        self.state = path / "state.pt"
        self.previews = path / "previews"
        self.stop = path / "stop"
        self._stack = ExitStack()

    def __enter__(self) -> RunDirectory:
        """Create the directory, lock it and open its events.

        Raises
        ------
        RunError
            If another process uses it.
        WriteError
            If it can't be written.
        """
        try:
            self.previews.mkdir(parents=True, exist_ok=True)
            with ExitStack() as stack:
                stack.enter_context(locked(self.path / "lock"))
                self._append = stack.enter_context(
                    appending(self.path / "events.jsonl")
                )
                remove_partial(self.path)
                self.stop.unlink(missing_ok=True)  # was meant for whoever ran before
                self._stack = stack.pop_all()
        except WriteError:
            raise
        except OSError as error:
            raise WriteError(
                f"can't write the run {self.path}: {error.strerror}; use another folder"
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def begin(self, config: TrainConfig, record: dict[str, Any]) -> None:
        """Write ``config.json``, or check that the run there is the same one.

        Parameters
        ----------
        config : TrainConfig
            Settings of the run.
        record : dict
            What else to write down; its ``data`` (names and hashes) must stay.

        Raises
        ------
        RunError
            If the directory holds a run with other settings or on other data.
        """
        new = {"config": config.to_dict(), **json.loads(json.dumps(record))}
        if not self.record.exists():
            atomic_write(self.record, json.dumps(new, indent=1).encode())
            return
        old = self.read_record()
        changed = [
            line
            for line in _differences(self.read_config().to_dict(), new["config"])
            if not line.startswith("about.")  # words only
        ]
        if changed:
            raise RunError(
                f"{self.path} holds a run with other settings ({'; '.join(changed)}); "
                f"use these, or another folder"
            )
        if old.get("data") != new.get("data"):
            raise RunError(
                f"the data of the run {self.path} have changed since it began; "
                f"bring the old files back, or use another folder"
            )

    def read_record(self) -> dict[str, Any]:
        """Return the contents of ``config.json``.

        Raises
        ------
        RunError
            If it is missing or damaged.
        """
        try:
            record = json.loads(self.record.read_bytes())
            from_dict(TrainConfig, record["config"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            kind = "newer or damaged" if isinstance(error, ConfigError) else "damaged"
            raise RunError(
                f"{self.record} is {kind}: {error}; use another folder for a new run"
            ) from error
        return dict(record)

    def read_config(self) -> TrainConfig:
        """Return the settings of the run; raises RunError as `read_record`."""
        return from_dict(TrainConfig, self.read_record()["config"])

    def read_events(self) -> tuple[Event, ...]:
        """Return what happened, without steps that a resume did again."""
        return read_events(self.path / "events.jsonl")

    def append(self, kind: str, step: int, **values: Any) -> None:
        """Append an event; raises WriteError if the disk is full."""
        self._append({"event": kind, "step": step, **values})

    def write_state(self, content: bytes) -> None:
        """Save a packed state, keeping the one before; raises WriteError."""
        write_state(self.state, content)

    def read_state(self) -> tuple[bytes, str]:
        """Return the packed state to go on from, and a notice; raises RunError."""
        return read_state(self.state)

    def stop_requested(self) -> bool:
        """Return whether somebody put a file ``stop`` there."""
        return os.path.exists(self.stop)


def _differences(old: Any, new: Any, name: str = "") -> list[str]:
    """Return what differs, such as ``"steps 100, now 200"``."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            line
            for key in sorted({*old, *new})
            for line in _differences(
                old.get(key), new.get(key), f"{name}.{key}".lstrip(".")
            )
        ]
    return [] if old == new else [f"{name} {old!r}, now {new!r}"]
