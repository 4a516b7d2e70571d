"""The lines of a journal: one change each, with a checksum, readable by people.

A line is the CRC-32 of its JSON in eight hexadecimal digits, a space, the JSON.
Labels are deflated and in base 64. Whatever stands in a file that somebody else
may have written is checked here before it is believed.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from dense_transformer.errors import ProjectError
from dense_transformer.teaching.annotations import Patch
from dense_transformer.types import Array

FORMAT, VERSION = "napari-dtn annotations", 1
LONGEST_LINE = 2**26  # bytes; a piece of the largest size takes 12 MB at most
PIECE_PX = 2048  # largest side of a piece


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A box of one section before and after a change.

    Attributes
    ----------
    section : int
        0-based.
    top, left : int
        Corner of the box, px.
    before, after : ndarray, shape (h, w), uint8
        0 = not annotated, else class index + 1.
    """

    section: int
    top: int
    left: int
    before: Array
    after: Array


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """One step of work: what one undo takes back.

    Attributes
    ----------
    number : int
        Counts the changes of an image, over all sessions.
    pieces : tuple of Piece
        What was painted or erased.
    added, removed : tuple of Patch
        Boxes annotated as a whole that came and went.
    """

    number: int
    pieces: tuple[Piece, ...] = ()
    added: tuple[Patch, ...] = ()
    removed: tuple[Patch, ...] = ()

    def inverted(self) -> Change:
        """Return the change that takes this one back."""
        pieces = tuple(
            Piece(p.section, p.top, p.left, p.after, p.before)
            for p in reversed(self.pieces)
        )
        return Change(self.number, pieces, self.removed, self.added)

    @property
    def sections(self) -> tuple[int, ...]:
        """The sections it touches."""
        touched = {piece.section for piece in self.pieces}
        touched |= {patch.section for patch in (*self.added, *self.removed)}
        return tuple(sorted(touched))


def pack_line(record: dict[str, Any]) -> bytes:
    """Return a record as a line with its checksum and line end."""
    text = json.dumps(record, separators=(",", ":")).encode("ascii")
    return b"%08x %s\n" % (zlib.crc32(text), text)


def read_line(line: bytes) -> dict[str, Any] | None:
    """Return the record of a line; None if the line is torn or damaged."""
    text = line.rstrip(b"\n")[9:]
    try:
        if int(line[:8], 16) != zlib.crc32(text) or line[8:9] != b" ":
            return None
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def pack_change(change: Change) -> dict[str, Any]:
    """Return a change as a record."""
    record: dict[str, Any] = {"n": change.number}
    if change.pieces:
        record["paint"] = [pack_piece(piece) for piece in change.pieces]
    for name, patches in (("add", change.added), ("remove", change.removed)):
        if patches:
            record[name] = [[p.section, *p.box] for p in patches]
    return record


def unpack_change(
    record: dict[str, Any], shape: tuple[int, int, int], classes: int
) -> Change:
    """Return the change of a record.

    Raises
    ------
    ProjectError
        If it doesn't fit the image or holds no labels; nothing large is
        allocated before that is known.
    """
    try:
        return Change(
            int(record["n"]),
            tuple(unpack_piece(p, shape, classes) for p in record.get("paint", ())),
            tuple(_patch(p, shape) for p in record.get("add", ())),
            tuple(_patch(p, shape) for p in record.get("remove", ())),
        )
    except (KeyError, TypeError, ValueError, binascii.Error, zlib.error) as error:
        raise ProjectError(f"a change can't be read: {error}") from error


def pack_piece(piece: Piece) -> list[Any]:
    """Return a piece as a list for JSON."""
    height, width = piece.after.shape
    raw = piece.before.tobytes() + piece.after.tobytes()
    data = base64.b64encode(zlib.compress(raw, 1)).decode("ascii")
    return [piece.section, piece.top, piece.left, height, width, data]


def unpack_piece(item: list[Any], shape: tuple[int, int, int], classes: int) -> Piece:
    """Return the piece that `pack_piece` packed; raises ValueError if it isn't one."""
    *numbers, data = item
    section, top, left, height, width = map(_whole, numbers)
    check_box(section, (top, left, top + height, left + width), shape)
    if max(height, width) > PIECE_PX:
        raise ValueError(f"a piece of {height} x {width} px is too large")
    size = height * width
    inflate = zlib.decompressobj()
    raw = inflate.decompress(base64.b64decode(data, validate=True), 2 * size + 1)
    if len(raw) != 2 * size:
        raise ValueError(f"{len(raw)} bytes of labels where {2 * size} belong")
    labels = np.frombuffer(raw, np.uint8).reshape(2, height, width)
    if labels.max(initial=0) > classes:
        raise ValueError(f"label {labels.max()} is none of the {classes} classes")
    return Piece(section, top, left, labels[0], labels[1])


def check_box(
    section: int, box: tuple[int, int, int, int], shape: tuple[int, int, int]
) -> None:
    """Raise ValueError unless a box of a section lies within an image (z, y, x)."""
    top, left, bottom, right = box
    inside = 0 <= top < bottom <= shape[1] and 0 <= left < right <= shape[2]
    if not (inside and 0 <= section < shape[0]):
        raise ValueError(
            f"the box {box} (top, left, bottom, right) of section {section} isn't "
            f"inside the image, {shape[0]} sections of {shape[1]} x {shape[2]} px"
        )


def _patch(item: list[Any], shape: tuple[int, int, int]) -> Patch:
    section, top, left, bottom, right = map(_whole, item)
    check_box(section, (top, left, bottom, right), shape)
    return Patch(section, top, left, bottom, right)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{value!r} is no whole number")
    return value
