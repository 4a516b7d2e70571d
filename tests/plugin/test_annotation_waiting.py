"""What waits for its prediction is filled once, or taken back, as it was painted."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from qtpy.QtCore import QObject

from dense_transformer.teaching import Journal, Patch
from napari_dtn.annotation_pixels import Pixels
from napari_dtn.annotation_waiting import Waiting
from napari_dtn.annotation_writing import JournalWriter
from napari_dtn.teach_opening import journal_state

PATCH = Patch(0, 10, 10, 20, 30)
BOX = (30, 5, 34, 50)


class Context(QObject):
    """Does what was asked for when `turn` is called."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = SimpleNamespace(tell=lambda problem: None)
        self._asked = []

    def in_turn(self, work, then):
        self._asked.append((work, then))

    def work(self):
        """Return the answers to what was asked; nobody has heard them yet."""
        asked, self._asked = self._asked, []
        return [(then, work()) for work, then in asked]

    def turn(self):
        while self._asked:
            for then, result in self.work():
                then(result)


@pytest.fixture
def bench(qapp, tmp_path):
    """Return an image of 60 x 60 px on which 2 is predicted once `known` is set."""
    context = Context()
    journal = Journal(tmp_path / "a.journal", (1, 60, 60), ("inside", "boundary"))
    known = journal.annotations().labels
    writer = JournalWriter(context, journal, journal_state(journal), known)
    pixels = Pixels(*np.zeros((2, 1, 60, 60), np.uint8), 2)
    found = SimpleNamespace(
        context=context, journal=journal, writer=writer, pixels=pixels, known=False
    )

    def predicted(section, box):
        top, left, bottom, right = box
        two = np.full((bottom - top, right - left), 2, np.uint8)
        return two if found.known else None

    writer.came_back.connect(pixels.apply)
    found.waiting = Waiting(pixels, writer, journal, predicted)
    return found


def painted(bench, box) -> int:
    return int(bench.pixels.read(0, box).sum())


@pytest.mark.parametrize("written", [False, True])
def test_a_patch_that_is_just_being_added_goes_on_waiting(bench, written):
    bench.waiting.add_patch(PATCH, add=True)
    bench.known = True  # another prediction has come
    answers = bench.context.work() if written else []  # nobody has heard of it yet
    bench.waiting.fill(bench.writer.state.patches)
    for then, result in answers:
        then(result)
    bench.context.turn()
    assert bench.waiting.sections == (0,)
    bench.waiting.fill(bench.writer.state.patches)
    bench.context.turn()
    assert painted(bench, PATCH.box) == 2 * 10 * 20
    assert bench.writer.state.patches == (PATCH,)
    assert bench.waiting.sections == ()


def test_a_patch_that_was_taken_away_meanwhile_is_not_filled(bench):
    bench.waiting.add_patch(PATCH, add=True)
    bench.context.turn()
    bench.writer.undo()
    bench.context.turn()
    bench.known = True
    bench.waiting.fill(bench.writer.state.patches)
    assert bench.waiting.sections == ()
    assert not painted(bench, PATCH.box)


def paint(bench, section, top, value=1) -> None:
    """Paint a line, as `Annotating` hands it on."""
    line = np.full((2, 40), value, np.uint8)
    bench.pixels.write(section, top, 5, line)
    box = (top, 5, top + 2, 45)
    painted, _ = bench.pixels.take([(section, section + 1, *box)])
    bench.writer.ask(lambda: bench.journal.change(paint=painted))
    bench.context.turn()


def wait_for(bench, box=BOX) -> None:
    top, left, bottom, right = box
    bench.waiting.add_stroke(0, box, np.ones((bottom - top, right - left), bool))


def undo(bench) -> None:
    if not bench.waiting.take_back():
        bench.writer.undo()
    bench.context.turn()


def test_an_undo_takes_a_waiting_stroke_back_whatever_came_by_itself(bench):
    bench.waiting.add_patch(PATCH, add=True)
    bench.context.turn()
    wait_for(bench)
    bench.writer.follow_up(bench.journal.sync)
    bench.waiting._predicted = lambda section, box: (
        np.full((10, 20), 2, np.uint8) if box == PATCH.box else None
    )
    bench.waiting.fill(bench.writer.state.patches)  # only the patch is predicted
    bench.context.turn()
    undo(bench)
    assert bench.waiting.sections == ()
    assert painted(bench, PATCH.box) == 2 * 10 * 20  # what is older stays


def test_what_was_done_after_a_waiting_stroke_is_taken_back_before_it(bench):
    paint(bench, 0, 2)
    wait_for(bench)
    paint(bench, 0, 50)
    undo(bench)
    assert not painted(bench, (50, 5, 52, 45))
    assert bench.waiting.sections == (0,)
    bench.writer.redo()
    bench.context.turn()
    undo(bench)
    assert not painted(bench, (50, 5, 52, 45))
    assert bench.waiting.sections == (0,)
    undo(bench)
    assert bench.waiting.sections == ()
    assert painted(bench, (2, 5, 4, 45))


def test_a_redo_of_nothing_changes_nothing_for_a_waiting_stroke(bench):
    paint(bench, 0, 2)
    wait_for(bench)
    bench.writer.redo()
    bench.context.turn()
    undo(bench)
    assert bench.waiting.sections == ()
    assert painted(bench, (2, 5, 4, 45))
