"""An open project: its record, and the lock that lets one process change it."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from dense_transformer.errors import ProjectError, WriteError
from dense_transformer.files import atomic_write, remove_partial
from dense_transformer.inference.files import make_folder
from dense_transformer.teaching.journal import Journal
from dense_transformer.teaching.project_file import (
    ModelRecord,
    ProjectRecord,
    read_project,
    write_project,
)
from dense_transformer.teaching.project_folder import FILE
from dense_transformer.teaching.project_lock import ProjectLock
from dense_transformer.zoo import load_model

_FOLDERS = ("images", "annotations", "runs", "models")


class OpenProject:
    """A project's folder and what is known of it, from its opening to its end.

    `Project`, which says what is in it, describes the folder.
    """

    def __init__(self, folder: Path, record: ProjectRecord, lock: ProjectLock | None):
        self.folder = folder
        self._record, self._lock = record, lock
        self._journals: dict[str, Journal] = {}  # in use, to be closed with it

    @classmethod
    def create(
        cls, folder: str | os.PathLike[str], model: str | os.PathLike[str]
    ) -> Self:
        """Return a new project, open for writing, that begins with a model.

        Parameters
        ----------
        folder : path-like
            Folder; made if it isn't there.
        model : str or path-like
            Name of a model, or a model file. The project keeps a copy.

        Raises
        ------
        ProjectError
            If the folder holds a project already.
        ModelError
            If there is no such model, or its file is damaged.
        WriteError
            If the folder can't be written.
        """
        loaded = load_model(model)
        folder = make_folder(Path(folder)).resolve()
        for name in _FOLDERS:
            make_folder(folder / name)
        lock = ProjectLock(folder / "lock")
        try:
            if (folder / FILE).exists():
                raise ProjectError(f"{folder} holds a project already; open it")
            file = "models/0000.safetensors"
            atomic_write(folder / file, loaded.path.read_bytes())
            first = ModelRecord(
                name=loaded.path.stem, file=file, sha256=loaded.sha256, created=_now()
            )
            record = ProjectRecord(
                created=_now(), classes=loaded.card.classes, models=(first,)
            )
            write_project(folder / FILE, record)
        except BaseException:
            lock.release()
            raise
        return cls(folder, record, lock)

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, write: bool = True) -> Self:
        """Return a project that is there.

        Parameters
        ----------
        folder : path-like
            Its folder.
        write : bool
            False: only to look, which needs no lock and no right to write.

        Raises
        ------
        ProjectError
            If it isn't one, is damaged or too new, or another process writes to it.
        WriteError
            If the folder is read-only and `write`.
        """
        path = Path(folder).resolve()
        record = read_project(path / FILE)
        if not write:
            return cls(path, record, None)
        lock = ProjectLock(path / "lock")
        try:
            for name in _FOLDERS:
                remove_partial(make_folder(path / name))
            return cls(path, read_project(path / FILE), lock)
        except BaseException:
            lock.release()
            raise

    @property
    def writable(self) -> bool:
        """Whether it was opened for writing and is still open."""
        return self._lock is not None

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, the foreground last."""
        return self._record.classes

    def sync(self) -> None:
        """Return when everything is on the disk; raises WriteError if it can't be."""
        for journal in self._journals.values():
            journal.sync()

    def close(self, *, give_up: bool = False) -> None:
        """Put everything on the disk and let go of the project.

        Raises
        ------
        WriteError
            If the disk is full; unless `give_up`, the project stays open, so that
            nothing is lost and one can try again.
        """
        failed = None
        for journal in self._journals.values():
            try:
                journal.close(give_up=give_up)
            except WriteError as error:
                failed = error
        if self._lock is not None and (failed is None or give_up):
            self._lock.release()
            self._lock = None
        if failed is not None:
            raise failed

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the project."""
        self.close(give_up=True)

    def check_writable(self) -> None:
        """Raise ProjectError if the project was opened only to look, or is closed."""
        if self._lock is None:
            raise ProjectError(
                f"{self.folder} was opened only to look, or is closed; open it for "
                "writing"
            )

    def _write(self, **changes: object) -> None:
        record = dataclasses.replace(self._record, **changes)  # type: ignore[arg-type]
        write_project(self.folder / FILE, record)
        self._record = record


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
