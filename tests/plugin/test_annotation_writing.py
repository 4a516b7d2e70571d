"""What somebody else writes into a journal comes, whatever is painted meanwhile."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from qtpy.QtCore import QObject

from dense_transformer.teaching import Change, Journal, Piece
from napari_dtn.annotation_pixels import Pixels
from napari_dtn.annotation_writing import JournalWriter
from napari_dtn.teach_opening import journal_state


class Context(QObject):
    """Does everything at once."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = SimpleNamespace(tell=lambda problem: None)

    def in_turn(self, work, then):
        then(work())


def test_an_import_is_told_of_though_a_stroke_was_written_after_it(qapp, tmp_path):
    journal = Journal(tmp_path / "a.journal", (1, 60, 60), ("inside", "boundary"))
    known = journal.annotations().labels
    writer = JournalWriter(Context(), journal, journal_state(journal), known)
    journal.paint(0, 10, 10, None, np.full((10, 10), 2, np.uint8))  # somebody else
    stroke = np.ones((3, 20), np.uint8)
    writer.ask(lambda: journal.paint(0, 40, 30, None, stroke))
    told = []
    writer.read(told.append)
    shown = np.zeros((60, 60), np.uint8)
    for piece in told[0].pieces:
        height, width = piece.after.shape
        shown[piece.top : piece.top + height, piece.left : piece.left + width] = (
            piece.after
        )
    assert (shown[10:20, 10:20] == 2).all()
    writer.read(told.append)
    assert told[1].pieces == ()


def test_what_was_handed_on_is_not_put_back_by_a_change_that_began_before(qapp):
    labels, kept = np.zeros((2, 1, 20, 20), np.uint8)
    pixels = Pixels(labels, kept, 2)
    labels[0, :4] = kept[0, :4] = 1  # a stroke, on its way to the journal
    undone = np.zeros((20, 20), np.uint8)
    before = undone.copy()
    before[2:8] = 2
    kept[0, 4:8] = labels[0, 4:8] = 2
    pixels.apply(Change(0, (Piece(0, 0, 0, before, undone),)))
    assert (labels[0, :4] == 1).all()
    assert not labels[0, 4:].any()
