"""Asks what becomes of a run when napari, or the dock, is closed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QMainWindow, QMessageBox, QWidget

from napari_dtn.commands import open_dock
from napari_dtn.teach_context import TeachContext
from napari_dtn.teach_run import TeachRun
from napari_dtn.teach_run_beginning import Beginning
from napari_dtn.teach_runs_alive import discard_soon, look_alive, stop_run

LEAVE, STOP, DISCARD, CANCEL = "leave", "stop", "discard", "cancel"
REOPEN = "reopen"
HINTS = {
    STOP: "End it; what it has learned stays in the run.",
    DISCARD: "End it and forget what it has learned; Bring back undoes it.",
}


class Closing(QObject):
    """Watches the window of napari; a script that closes it is not asked.

    Every answer is a file in the run's folder, so that nothing waits for the run. It
    is written once the window has said that it closes: napari asks, too.
    """

    def __init__(self, context: TeachContext, teaching: TeachRun, parent: Any) -> None:
        super().__init__(parent)
        self._context, self._teaching = context, teaching
        self._window: QWidget | None = None
        self._closing = False
        self._met: set[Path] = set()  # runs that this window has seen at work
        teaching.told.connect(self._watch)
        teaching.beginning_changed.connect(self._watch)
        teaching.told.connect(self._meet)
        teaching.others_changed.connect(self._meet)

    def dock_closed(self) -> None:
        """Ask after the dock was closed alone; napari goes on meanwhile."""
        window = self._window
        if window is None or not isalive(window) or not _on_screen(window):
            return  # napari closes, and has asked
        runs, coming = self._living(), self._teaching.coming
        if not runs and coming is None:
            return
        box = make_question(window, runs, coming, refusable=False)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.finished.connect(lambda _: self._answered(runs, coming, answer_of(box)))
        box.open()

    def shut_down(self) -> None:
        """Watch no more. May be called twice."""
        window, self._window = self._window, None
        if window is not None and isalive(window) and isalive(self):
            window.removeEventFilter(self)

    def eventFilter(self, window: QObject, event: QEvent) -> bool:
        """Ask before the window closes; True if it was told that it is closed."""
        main = self._window
        if event.type() != QEvent.Type.Close or main is None or window is not main:
            return False
        if self._closing or not _on_screen(main):
            return False
        runs, coming = self._living(), self._teaching.coming
        if not runs and coming is None:
            return False
        box = make_question(main, runs, coming)
        box.exec()
        answer = answer_of(box)
        if answer == CANCEL:
            event.ignore()
            return True
        self._closing = True
        try:
            main.event(event)
        finally:
            self._closing = False
        if event.isAccepted():  # else the person has thought better of it
            answer_by_files(runs, coming, answer)
        return True

    def _answered(
        self, runs: Sequence[Path], coming: Beginning | None, answer: str
    ) -> None:
        """Do what was answered after the dock was closed."""
        if answer == REOPEN:
            open_dock(self._context.viewer)
        else:
            answer_by_files(runs, coming, answer)

    def _living(self) -> tuple[Path, ...]:
        """Return the runs that live: of this project, then of those left since."""
        here = self._teaching.living
        left = sorted(run for run in self._met.difference(here) if look_alive(run))
        return (*here, *left)

    def _meet(self, *_: object) -> None:
        self._met.update(self._teaching.living)

    def _watch(self) -> None:
        window = self._context.widget.window()
        if window is self._window or not isinstance(window, QMainWindow):
            return
        self.shut_down()
        self._window = window
        window.installEventFilter(self)


def answer_by_files(
    runs: Sequence[Path], coming: Beginning | None, answer: str
) -> None:
    """Do what was answered with all runs, without waiting for those at work.

    One that loads would not hear, and one that is being begun has no folder yet.
    """
    how = {STOP: stop_run, DISCARD: discard_soon}.get(answer)
    if how is None:
        return
    # Those that wait come last and go first: none gets its turn meanwhile.
    if coming is not None:
        coming.end(how)
    for run in reversed(runs):
        how(run)


def make_question(
    parent: QWidget | None,
    runs: Sequence[Path] = (),
    coming: Beginning | None = None,
    refusable: bool = True,
) -> QMessageBox:
    """Return the question about `runs` and `coming`; the answer is `answer_of` it."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("The model is still learning")
    named = runs if coming is None else (*runs, coming.run)
    box.setText(question_words(names_of(named), coming is not None))
    box.setInformativeText(
        "Left going, this needs no window: open napari and the Teach tab again to see "
        "how far it is."
    )
    roles = QMessageBox.ButtonRole
    leave = box.addButton("Leave it going", roles.AcceptRole)
    buttons = {
        LEAVE: leave,
        STOP: box.addButton("Stop and keep", roles.AcceptRole),
        DISCARD: box.addButton("Discard", roles.DestructiveRole),
    }
    if refusable:
        buttons[CANCEL] = box.addButton("Don't close", roles.RejectRole)
    else:  # it is closed already
        buttons[REOPEN] = box.addButton("Open it again", roles.AcceptRole)
    for name, button in buttons.items():
        button.setObjectName(name)
        button.setToolTip(HINTS.get(name, ""))
    box.setDefaultButton(leave)
    box.setEscapeButton(buttons.get(CANCEL, leave))
    return box


def names_of(runs: Sequence[Path]) -> list[str]:
    """Return the names of runs, with their projects' where there are several."""
    projects = [run.parent.parent for run in runs]
    if len(set(projects)) < 2:
        return [run.name for run in runs]
    return [
        f"{run.name} of {project.name}"
        for run, project in zip(runs, projects, strict=True)
    ]


def question_words(names: Sequence[str], coming: bool = False) -> str:
    """Return the question; with several runs, that the answer is for all of them.

    `coming`: the last one is only being begun.
    """
    if len(names) < 2 and coming:
        return f"Run {names[0]} is about to begin. What becomes of it?"
    if len(names) < 2:
        return "The model is still learning. What becomes of it?"
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    do = (
        "learn, wait their turn or are about to begin"
        if coming
        else ("learn or wait their turn")
    )
    return (
        f"{len(names)} runs {do}: {listed}. What becomes of them? "
        "The answer is for all of them."
    )


def answer_of(box: QMessageBox) -> str:
    """Return what was answered: leave, stop, discard, cancel or reopen."""
    button = box.clickedButton()
    return CANCEL if button is None else str(button.objectName())


def _on_screen(window: QWidget) -> bool:
    """Return whether the canvas is there: a script takes it away first."""
    return any(canvas.isVisible() for canvas in window.findChildren(QOpenGLWidget))
