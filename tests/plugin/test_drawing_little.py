"""What changes all the time: drawn seldom, and without moving what is around it."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from dense_transformer.teaching.status import RunStatus
from napari_dtn.tabs.inspect_follower import plain_label
from napari_dtn.tabs.pace import SHARE, Pace
from napari_dtn.tabs.still_label import StillLabel
from napari_dtn.tabs.teach_run_progress import RunProgress
from napari_dtn.teach_run_follow import RunNews
from napari_dtn.teach_run_report import RunReport

ONE_LINE, OTHER = "Learning: step 1 of 160", "Learning: step 2 of 160"
THREE_LINES = " ".join(["Learning is what it does."] * 5)


class Paints(QObject):
    """Counts how often a widget is painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


class Column(QScrollArea):
    """A label with a button below it and other words above, as in a tab."""

    def __init__(self, label: QWidget) -> None:
        super().__init__()
        self.label, self.button = label, QPushButton("Stop")
        self.words = plain_label("Other words")
        self.words.setText(THREE_LINES)
        self.setWidgetResizable(True)
        inner, part = QWidget(), QWidget()
        outer, column = QVBoxLayout(inner), QVBoxLayout(part)
        outer.addWidget(self.words)
        outer.addWidget(part)
        outer.addStretch()
        column.addWidget(label)
        column.addWidget(self.button)
        self.setWidget(inner)
        self.resize(260, 400)


def settle(qtbot) -> None:
    """Let layouts and drawings happen."""
    qtbot.wait(60)


@pytest.fixture
def column(qtbot):
    made = Column(StillLabel("What it does"))
    made.label.setText(ONE_LINE)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    settle(qtbot)
    return made


def test_words_of_the_same_height_draw_nothing_else(qtbot, column):
    around = [Paints(column.button), Paints(column.words)]
    column.label.setText(OTHER)
    settle(qtbot)
    assert column.label.text() == OTHER
    assert [one.count for one in around] == [0, 0]


def test_longer_words_get_the_lines_they_need(qtbot, column):
    below = column.button.y()
    column.label.setText(THREE_LINES)
    settle(qtbot)
    line = column.label.fontMetrics().lineSpacing()
    assert column.button.y() >= below + 2 * line - 1
    plain = QLabel(THREE_LINES)
    plain.setWordWrap(True)
    qtbot.addWidget(plain)
    assert column.label.height() == plain.heightForWidth(column.label.width())


def test_the_room_is_kept_while_that_is_asked(qtbot, column):
    low = column.button.y()
    column.label.setText(THREE_LINES)
    settle(qtbot)
    high = column.button.y()
    column.label.setText(ONE_LINE, keep_room=True)
    settle(qtbot)
    assert column.button.y() == high > low
    column.label.setText(ONE_LINE)
    settle(qtbot)
    assert column.button.y() == low


def test_a_wider_place_needs_fewer_lines(qtbot, column):
    column.label.setText(THREE_LINES)
    settle(qtbot)
    before = column.label.height()
    column.resize(900, 400)
    settle(qtbot)
    assert column.label.height() < before


def test_words_fit_again_at_a_width_that_was_seen_with_fewer(qtbot):
    """A layout remembers the heights of some widths, of whatever words."""
    widget, label = QWidget(), StillLabel("What it does")
    qtbot.addWidget(widget)
    column = QVBoxLayout(widget)
    column.addWidget(label)
    column.addStretch()
    label.setText("Learning")
    widget.resize(200, 300)
    widget.show()
    qtbot.waitExposed(widget)
    for width in (200, 900):
        widget.resize(width, 300)
        settle(qtbot)
    label.setText(THREE_LINES[:80])  # one line here
    settle(qtbot)
    widget.resize(200, 300)
    settle(qtbot)
    assert label.height() > 2 * label.fontMetrics().lineSpacing()


def test_room_that_was_kept_is_given_back_where_there_is_more_width(qtbot, column):
    for words in (THREE_LINES, THREE_LINES[1:]):
        column.label.setText(words, keep_room=True)
        settle(qtbot)
    column.resize(900, 400)
    settle(qtbot)
    column.label.setText(ONE_LINE, keep_room=True)
    settle(qtbot)
    assert column.label.height() < 2 * column.label.fontMetrics().lineSpacing()


def test_the_name_of_a_run_is_not_that_of_the_one_before(qtbot):
    """The first has ended, and the second is alone."""
    progress = RunProgress()
    qtbot.addWidget(progress)
    first, second = (
        RunNews(Path(name), "running", RunStatus("running"), RunReport(n, 9), "Learns.")
        for n, name in enumerate(("0001", "0002"))
    )
    progress.show_news(first, "0001", "stop")
    assert progress.bar.format() == "0001 · Learning · 0 of 9"
    assert progress.words.text() == "Stopping…"
    progress.begin(True, True)
    progress.take(second)
    assert progress.bar.format() == "Learning · 1 of 9"
    assert progress.words.text() == "Learns."
    progress.take(first, "0001")  # rests
    assert progress.bar.format() == "Learning · 1 of 9"
    qtbot.waitUntil(lambda: progress.bar.format() == "0001 · Learning · 0 of 9")
    progress.stop()


def test_curves_are_made_before_a_run_and_seen_with_its_first_step(qtbot):
    """To make them takes 0.2 s, which would fall into somebody's painting."""
    progress = RunProgress()
    qtbot.addWidget(progress)
    assert progress.curve is None
    progress.show()
    qtbot.waitUntil(lambda: progress.curve is not None, timeout=5000)
    made = progress.curve
    progress.begin(True, True)
    assert not made.isVisible()
    loss = np.arange(1.0, 3.0), np.array([0.5, 0.4])
    report = RunReport(2, 9, loss, smooth_loss=loss[1])
    progress.show_news(
        RunNews(Path("0001"), "running", RunStatus("running"), report, "Learns.")
    )
    assert progress.curve is made
    assert made.isVisible()
    progress.stop()


def test_no_curve_is_made_in_a_section_that_has_gone(qtbot):
    progress = RunProgress()
    qtbot.addWidget(progress)
    progress.show()
    assert progress._idle.isActive()
    progress.stop()
    assert not progress._idle.isActive()
    assert progress.curve is None


def test_the_rest_is_as_long_as_the_drawing_was_worth(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    pace = Pace(parent)
    assert not pace.rests
    cost, begin = 0.006, time.monotonic()
    pace.drew(time.thread_time() - cost)
    assert pace.rests
    with qtbot.waitSignal(pace.due, timeout=4000):
        pace.wait()
    assert time.monotonic() - begin >= cost / SHARE
    assert not pace.rests


def test_nothing_is_due_that_did_not_wait(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    pace = Pace(parent)
    pace.drew(time.thread_time())
    with qtbot.assertNotEmitted(pace.due, wait=400):
        pass
    pace.wait()
    pace.stop()
    with qtbot.assertNotEmitted(pace.due, wait=100):
        pass
    pace.stop()
