"""A run's turn among those of its project, and among those on its device."""

from __future__ import annotations

import platform
import re
from contextlib import suppress
from typing import TYPE_CHECKING

import torch

from dense_transformer.errors import RunError, WriteError
from dense_transformer.teaching.beginning import project_of
from dense_transformer.teaching.queue import Place
from dense_transformer.zoo import user_folder

if TYPE_CHECKING:
    from pathlib import Path


class Turn:
    """A run's turn in a queue; it can give it up and queue again.

    Parameters
    ----------
    run : Path
        Its folder.
    folder : Path
        Of the queue.
    where : str
        Ends the words on whom it waits for, such as ``" on this cpu"``.
    needed : bool
        Whether it is an error if one can't queue there; else it is its turn then.
    """

    def __init__(
        self, run: Path, folder: Path, where: str = "", *, needed: bool = True
    ) -> None:
        self.run, self.folder, self.where, self.needed = run, folder, where, needed
        self.words = ""  # whom it waits for
        self._place: Place | None = None

    def came(self) -> bool:
        """Return whether it is this run's turn; queues first if it does not yet.

        Raises
        ------
        WriteError, RunError
            If one can't queue there, where that is needed.
        """
        if self._place is None:
            place = Place(self.folder, self.run)
            try:
                self._place = place.__enter__()
            except (WriteError, RunError):
                if self.needed:
                    raise
                return True
        ahead = self._place.ahead()
        if ahead:
            self.words = self._describe(self._place.whom(), ahead)
        return not ahead

    def leave(self) -> None:
        """Let the others go first; may be called twice."""
        place, self._place = self._place, None
        if place is not None:
            place.__exit__(None, None, None)

    def _describe(self, whom: Path | None, ahead: int) -> str:
        name = "another run"
        if whom is not None:
            theirs, ours = whom.parent.parent, self.run.resolve().parent.parent
            of = "" if theirs == ours else f" of {theirs.name}"
            name = f"run {whom.name}{of}"
        more = f" and {ahead - 1} more" if ahead > 1 else ""
        return f"waits for {name}{more}{self.where}"


def project_turn(run: Path) -> Turn:
    """Return the turn among the runs of a project, on whatever machine."""
    return Turn(run, project_of(run) / "runs" / "queue")


def device_turn(run: Path, device: torch.device) -> Turn:
    """Return the turn among all of this person's runs on a device of this machine.

    A home that can't be written, or can't lock files, keeps nobody from teaching.
    """
    folder = user_folder().parent / "queue" / _name_of(device)
    return Turn(run, folder, f" on this {device.type}", needed=False)


def _name_of(device: torch.device) -> str:
    """Return a name that no other device has: machines may share a home."""
    host = re.sub(r"[^\w.-]", "_", platform.node()) or "here"
    if device.type == "cuda":
        with suppress(AttributeError):  # torch that doesn't tell it
            return f"cuda-{torch.cuda.get_device_properties(device).uuid}"
    return f"{device.type}-{host}"
