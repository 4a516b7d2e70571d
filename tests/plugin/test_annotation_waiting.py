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
