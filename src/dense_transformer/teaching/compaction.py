"""A journal written anew: what is painted, and the changes one can take back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dense_transformer.teaching.canvas import Canvas
from dense_transformer.teaching.journal_lines import (
    FORMAT,
    VERSION,
    Change,
    Piece,
    pack_change,
    pack_line,
    read_line,
    unpack_change,
)
from dense_transformer.teaching.sparse_labels import SparseLabels
from dense_transformer.teaching.undo import UndoStack

_PIECES = 256  # in a line


def header_line(canvas: Canvas, number: int) -> bytes:
    """Return the first line of a journal; `number` is that of the last change."""
    header = {
        "journal": FORMAT,
        "version": VERSION,
        "shape": list(canvas.shape),
        "classes": list(canvas.classes),
        "number": number,
    }
    return pack_line(header)


def compact_lines(canvas: Canvas, undo: UndoStack, number: int) -> list[bytes]:
    """Return the least lines that say the same: same labels, same undo and redo."""
    base = canvas.copy()
    for line in reversed(undo.done):
        base.apply(_change(line, canvas).inverted())
    undone = undo.undone
    numbers = [_record(line)["n"] for line in reversed(undone)]
    return [
        header_line(canvas, number),
        *_base_lines(base),
        *undo.done,
        *undone,
        *(pack_line({"undo": number}) for number in numbers),
    ]


def pieces_of(labels: SparseLabels, section: int) -> Iterator[Piece]:
    """Yield what is painted on a section: a piece for each tile, from nothing."""
    for _, (top, left, _, _), tile in labels.tiles(section):
        rows, columns = np.flatnonzero(tile.any(1)), np.flatnonzero(tile.any(0))
        cut = tile[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()
        corner = top + int(rows[0]), left + int(columns[0])
        yield Piece(section, *corner, np.zeros_like(cut), cut)


def _base_lines(base: Canvas) -> Iterator[bytes]:
    for section in base.labels.sections:
        pieces = tuple(pieces_of(base.labels, section))
        for first in range(0, len(pieces), _PIECES):
            part = pieces[first : first + _PIECES]
            yield pack_line({"base": pack_change(Change(0, part))})
    if base.patches:
        yield pack_line({"base": pack_change(Change(0, (), tuple(base.patches)))})


def _change(line: bytes, canvas: Canvas) -> Change:
    return unpack_change(_record(line), canvas.shape, len(canvas.classes))


def _record(line: bytes) -> dict[str, Any]:
    return read_line(line) or {}  # our own, never damaged
