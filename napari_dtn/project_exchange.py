"""A project's annotations out as a data set, and in, while the person paints on."""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from dense_transformer.types import Progress
from napari_dtn.jobs import Job

if TYPE_CHECKING:
    from dense_transformer.teaching import ImageEntry
    from napari_dtn.teach_context import TeachContext

# Between two looks at how far an import is: each draws the window anew, and a window
# that only draws takes no stroke in.
SHOW_S = 0.5
Steps = Generator[Progress, None, tuple[Any, ...]]


class ProjectExchange(QObject):
    """Exports and imports, one at a time, with progress and a stop.

    An export reads the project beside the one who writes. An import writes, so it is
    done in the project's thread, in pieces between which strokes are written.

    Parameters
    ----------
    context : TeachContext
        Whose project it is.
    """

    began = Signal()
    progressed = Signal(object)  # Progress
    imported = Signal(object)  # tuple of ImageEntry
    ended = Signal()  # whatever came of it; the words are said before

    def __init__(self, context: TeachContext) -> None:
        super().__init__(context)
        self._context = context
        self._steps: Steps | None = None  # of the import at work
        self._exporting = False
        self._shown = 0.0  # when progress was shown last
        self._runner = context.runner()
        self._runner.progressed.connect(self.progressed)
        self._runner.succeeded.connect(self._exported)
        self._runner.stopped.connect(lambda job: context.say("Stopped."))
        self._runner.idle.connect(self._end)
        context.project_changed.connect(self.stop)

    @property
    def working(self) -> bool:
        """Whether one is at work."""
        return self._exporting or self._steps is not None

    def export_to(self, folder: Path) -> None:
        """Write what is annotated as images and labels."""
        project = self._context.project
        if project is None or self.working:
            return
        self._exporting = True
        self._begin("Exporting…")
        work = partial(_export, Path(project.folder), folder)
        job = Job(lambda stop: work(), f"export to {folder}")
        # What is painted now is on the disk before somebody else reads it.
        self._context.aside(project.sync, lambda _: self._start(job), self._failed)

    def import_from(self, folder: Path) -> None:
        """Take images and labels of a data set into the project."""
        from dense_transformer.teaching import import_data_set

        project = self._context.project
        if project is None or self.working:
            return
        self._steps = import_data_set(project, folder)
        self._begin("Importing…")
        self._context.annotator.flush()
        self._ask(self._steps)

    def stop(self) -> None:
        """End at the next piece; what is there already stays."""
        self._runner.stop()
        if self._exporting and self._runner.job is None:
            self._end()
        if self._steps is not None:
            self._steps = None  # the piece at work is the last
            self._context.say("Stopped; what was imported already stays.")
            self._end()

    # what happens

    def _start(self, job: Job) -> None:
        if self._exporting:  # not stopped meanwhile
            self._runner.start(job)

    def _begin(self, words: str) -> None:
        self._context.say(words)
        self.began.emit()

    def _ask(self, steps: Steps) -> None:
        """Do the next piece of an import, after the strokes that came meanwhile."""
        self._context.in_turn(
            partial(_next_piece, steps), partial(self._advanced, steps), self._failed
        )

    def _advanced(self, steps: Steps, outcome: Any) -> None:
        # Or the next stroke, on whatever image, would be drawn over what came.
        self._context.annotator.read_again()
        if steps is not self._steps:
            return
        if isinstance(outcome, Progress):
            if time.monotonic() - self._shown > SHOW_S:
                self._shown = time.monotonic()
                self.progressed.emit(outcome)
            self._ask(steps)
        else:
            self._steps = None
            self._context.say(_many(outcome))
            self.imported.emit(outcome)
            self._end()

    def _exported(self, job: Job, files: tuple[Path, ...]) -> None:
        self._context.say(f"{len(files)} files in {files[-1].parent}.")

    def _failed(self, error: Exception) -> None:
        if self._steps is not None:
            self._context.annotator.read_again()  # some of it may have come
        self._context.fail(error)
        self._steps = None
        self._end()

    def _end(self) -> None:
        self._exporting = False
        self.ended.emit()


def _export(project: Path, folder: Path) -> Steps:
    """Export from the files of a project that somebody may be writing to."""
    from dense_transformer.teaching import Project, export_data_set

    with Project.open(project, write=False) as reader:
        return (yield from export_data_set(reader, folder))


def _next_piece(steps: Steps) -> Any:
    """Return the next progress of an import, or its result."""
    try:
        return next(steps)
    except StopIteration as end:
        return end.value


def _many(entries: tuple[ImageEntry, ...]) -> str:
    many = "One image" if len(entries) == 1 else f"{len(entries)} images"
    return f"{many} with labels imported."
