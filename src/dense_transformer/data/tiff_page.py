"""A box of one TIFF page, from no more strips and tiles than it touches."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from dense_transformer.data.claims import bytes_of, check_claim, check_memory
from dense_transformer.data.sections import Span
from dense_transformer.errors import ImageError
from dense_transformer.types import Array


def read_page(
    page: Any, handle: Any, lock: threading.Lock, rows: Span, columns: Span, where: str
) -> Array:
    """Return the pixels (rows, columns, samples) of a page, decoding what is needed.

    Parameters
    ----------
    page : tifffile.TiffPage or TiffFrame
        Of an open file.
    handle : tifffile.FileHandle
        Of that file.
    lock : threading.Lock
        Held while the handle is moved and read.
    rows, columns : tuple of int
        First and last + 1, px.
    where : str
        File and section, for messages.
    """
    key = page.keyframe
    planes, depth, height, width, samples = map(int, key.shaped)
    if depth != 1:
        raise ImageError(f"{where}: 3-D tiles are not read; save sections as pages")
    tiled = bool(key.is_tiled)
    tall = int(key.tilelength if tiled else min(key.rowsperstrip, height))
    wide = int(key.tilewidth if tiled else width)
    down, across = -(-height // tall), -(-width // wide)
    dtype = np.dtype(key.dtype)
    piece_bytes = bytes_of((tall, wide, samples), dtype)
    check_memory(piece_bytes, where)
    out = np.empty(
        (rows[1] - rows[0], columns[1] - columns[0], planes * samples), dtype
    )
    for plane in range(planes):
        for ty in range(rows[0] // tall, -(-rows[1] // tall)):
            for tx in range(columns[0] // wide, -(-columns[1] // wide)):
                index = (plane * down + ty) * across + tx
                piece = _piece(page, handle, lock, index, piece_bytes, where)
                top, left = ty * tall, tx * wide
                y0, x0 = max(rows[0], top), max(columns[0], left)
                y1, x1 = min(rows[1], top + tall), min(columns[1], left + wide)
                out[
                    y0 - rows[0] : y1 - rows[0],
                    x0 - columns[0] : x1 - columns[0],
                    plane * samples : (plane + 1) * samples,
                ] = (
                    key.nodata
                    if piece is None
                    else piece[0, y0 - top : y1 - top, x0 - left : x1 - left]
                )
    return out


def _piece(
    page: Any, handle: Any, lock: threading.Lock, index: int, claimed: int, where: str
) -> Array | None:
    """Return one decoded strip or tile (1, rows, columns, samples)."""
    if index >= len(page.dataoffsets) or index >= len(page.databytecounts):
        raise ImageError(
            f"{where}: strip or tile {index} is missing "
            f"({len(page.dataoffsets)} are there); the file is damaged"
        )
    offset, count = int(page.dataoffsets[index]), int(page.databytecounts[index])
    if count == 0:
        return None  # a sparse file: the tile is empty
    if offset + count > handle.size:
        raise ImageError(
            f"{where}: strip or tile {index} ends at byte {offset + count} of "
            f"{handle.size}: the file is truncated; copy it again"
        )
    check_claim(claimed, count, f"{where}, strip or tile {index}")
    with lock:
        handle.seek(offset)
        raw = handle.read(count)
    key = page.keyframe
    options = {}
    if key.compression in (6, 7, 34892, 33007):  # JPEG: tables lie in the page
        options = {"jpegtables": page.jpegtables, "jpegheader": key.jpegheader}
    decoded, _, _ = key.decode(raw, index, _fullsize=False, **options)
    return None if decoded is None else np.asarray(decoded)
