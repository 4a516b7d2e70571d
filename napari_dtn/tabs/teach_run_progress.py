"""How far a run is: a bar, words, what it noticed, its curves."""

from __future__ import annotations

import time
from contextlib import suppress

from qtpy.compat import isalive
from qtpy.QtCore import QTimer
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from napari_dtn.tabs.inspect_follower import plain_label
from napari_dtn.tabs.pace import Pace
from napari_dtn.tabs.still_label import StillLabel
from napari_dtn.tabs.teach_curve import TeachCurve
from napari_dtn.teach_run_follow import RunNews
from napari_dtn.teach_run_words import ASKED, TITLES

NO_PLOT = "The curves need pyqtgraph: pip install 'napari-dtn[napari]'."
NOTICES = 3  # the last ones are shown
IDLE_MS = 300  # after the section is opened


class RunProgress(QWidget):
    """Shows news of a run: a change of state at once, progress with rests."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = QProgressBar()
        self.bar.setAccessibleName("How far the run is")
        self.bar.setVisible(False)
        self.words = StillLabel("What the run is doing")
        self.notes = plain_label("What the run noticed")
        self.notes.setVisible(False)
        self.curve: TeachCurve | None = None
        self._state = ""
        self._waiting: tuple[RunNews, str, str] | None = None
        self._pace = Pace(self)
        self._pace.due.connect(self._draw_waiting)
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(IDLE_MS)
        self._idle.timeout.connect(self._make_curve)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        for widget in (self.bar, self.words, self.notes):
            self._column.addWidget(widget)

    def take(self, news: RunNews, which: str = "", asked: str = "") -> None:
        """Show news soon: at once where the state is another.

        Parameters
        ----------
        news : RunNews
            Of the run.
        which : str
            Its name, where another one is at work or waits, too.
        asked : str
            What was asked of it and has not happened yet; a key of `ASKED`.
        """
        if news.state == self._state and self._pace.rests:
            self._waiting = news, which, asked
            self._pace.wait()
        else:
            self.show_news(news, which, asked)

    def show_news(self, news: RunNews, which: str = "", asked: str = "") -> None:
        """Draw all that `take` is given at once.

        Without a GPU each drawing of the window takes 30 ms.
        """
        began = time.thread_time()
        self._state, self._waiting = news.state, None  # what waits is older
        self.setUpdatesEnabled(False)
        report = news.report
        step = max(report.step, news.status.step)
        steps = max(1, report.steps, news.status.steps)
        self.bar.setRange(0, steps)
        self.bar.setValue(min(step, steps))
        named = f"{which} · " if which else ""
        planned = max(report.steps, news.status.steps)
        self.bar.setFormat(f"{named}{TITLES[news.state]} · {step} of {planned}")
        words = ASKED.get(asked) or f"{news.words} {news.remedy}".strip()
        self.words.setText(words, keep_room=news.alive)
        self._note("\n".join(f"• {text}" for text in report.notices[-NOTICES:]))
        self._draw_curve(news)
        self.setUpdatesEnabled(True)
        self._pace.drew(began)

    def say(self, text: str) -> None:
        """Say something that is no news of a run."""
        self.words.setText(text)

    def begin(self, there: bool, other: bool) -> None:
        """Make ready for a run, if there is one; `other` than that shown until now."""
        self._state, self._waiting = "", None
        self.bar.setVisible(there)
        if self.curve is not None:
            if not there:
                self.curve.setVisible(False)
            if other:
                self.curve.clear()

    def stop(self) -> None:
        """Draw nothing more. May be called twice."""
        self._pace.stop()
        if isalive(self._idle):
            self._idle.stop()

    def _draw_waiting(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.show_news(*waiting)

    def _note(self, text: str) -> None:
        self.notes.setText(text)
        self.notes.setVisible(bool(text))

    def showEvent(self, event: QShowEvent) -> None:
        """Make the curves before there is anything to draw: that takes 0.2 s."""
        super().showEvent(event)
        if self.curve is None:
            self._idle.start()

    def _make_curve(self) -> None:
        if self.curve is None:
            with suppress(ImportError):
                self.curve = TeachCurve()
                self.curve.setVisible(False)
                self._column.addWidget(self.curve)

    def _draw_curve(self, news: RunNews) -> None:
        if not self.isVisible() or not len(news.report.loss[0]):
            return
        self._make_curve()
        if self.curve is None:
            self._note(NO_PLOT)
            return
        self.curve.setVisible(True)
        self.curve.show_report(news.report)
