"""A run that is being begun: its lesson is frozen in a thread, then it is started."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from napari_dtn.child import start_child
from napari_dtn.teach_run_commands import run_command

if TYPE_CHECKING:
    from dense_transformer.config import TeachConfig
    from dense_transformer.teaching import Project


class Beginning:
    """A run that has no folder yet, or just has one.

    Parameters
    ----------
    project : Project
        Whose annotations are frozen.
    config : TeachConfig
        How it is taught.
    model : str
        Key of the model that it begins with.

    Attributes
    ----------
    run : Path
        Its folder; until there is one, where that will be.
    """

    def __init__(self, project: Project, config: TeachConfig, model: str) -> None:
        self._project, self._config, self._model = project, config, model
        self.run = next_run(Path(project.folder))
        self._lock = Lock()
        self._there = False
        self._end: Callable[[Path], object] | None = None

    def begin(self) -> Path:
        """Freeze the lesson and start the run, unless it was ended; in a thread."""
        from dense_transformer.teaching.beginning import begin_run

        run: Path = begin_run(self._project, self._config, self._model)
        with self._lock:
            self.run, self._there = run, True
            if self._end is None:
                start_child(run_command(run), run)
            else:
                self._end(run)
        return run

    def end(self, how: Callable[[Path], object]) -> None:
        """End the run by `how`, which gets its folder: now, or once there is one."""
        with self._lock:
            if not self._there:
                self._end = how
                return
        how(self.run)


def next_run(project: Path) -> Path:
    """Return the folder that the next run of a project gets, if nobody is faster."""
    from dense_transformer.teaching.project_folder import list_runs

    runs = list_runs(project)
    return project / "runs" / f"{int(runs[-1].name) + 1 if runs else 1:04d}"
