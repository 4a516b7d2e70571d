"""A box of one TIFF page, from no more strips and tiles than it touches."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dense_transformer.data.claims import bytes_of, check_claim, check_memory
from dense_transformer.data.codestreams import check_codestream
from dense_transformer.data.piece_cache import PieceCache
from dense_transformer.data.sections import Span
from dense_transformer.errors import ImageError
from dense_transformer.types import Array

#: How tightly codecs can pack where it isn't DEFLATE: LZW; zstd and others.
_RATIOS = {1: 1, 5: 1400, 32773: 130}
_OTHER_RATIO = 40_000
_DEFLATES = (8, 32946)


def packing_ratio(page: Any) -> int:
    """Return how many bytes of pixels a byte of a page can at most hold."""
    bits = page.bitspersample if isinstance(page.bitspersample, int) else 1
    unpacked = -(-8 * np.dtype(page.dtype).itemsize // max(1, bits))
    code = int(page.compression)
    ratio = 1100 if code in _DEFLATES else _RATIOS.get(code, _OTHER_RATIO)
    return int(unpacked * ratio)


@dataclass(frozen=True, slots=True, eq=False)
class PageReader:
    """Reads boxes of pages of one open file.

    Attributes
    ----------
    handle : tifffile.FileHandle
        Of the file; moved and read under a lock, as tiles may come in threads.
    lock : threading.Lock
        Held while the handle moves and reads.
    cache : PieceCache
        What was decoded last.
    """

    handle: Any
    lock: threading.Lock = field(default_factory=threading.Lock)
    cache: PieceCache = field(default_factory=PieceCache)

    def check_end(self, page: Any, where: str) -> None:
        """Raise ImageError if a strip or tile of the page ends after the file."""
        ends = np.asarray(page.dataoffsets, object) + np.asarray(
            page.databytecounts, object
        )
        if len(ends) and max(ends) > self.handle.size:
            raise ImageError(
                f"{where} ends at byte {max(ends)} of {self.handle.size}: the file is "
                "truncated; copy it again"
            )

    def read_box(self, page: Any, rows: Span, columns: Span, where: str) -> Array:
        """Return the pixels (rows, columns, samples) of a page.

        Parameters
        ----------
        page : tifffile.TiffPage or TiffFrame
            Of the open file.
        rows, columns : tuple of int
            First and last + 1, px.
        where : str
            File and section, for messages.
        """
        key = page.keyframe
        planes, depth, height, width, samples = map(int, key.shaped)
        if depth != 1:
            raise ImageError(f"{where}: 3-D tiles are not read; save sections as pages")
        tall = int(key.tilelength if key.is_tiled else min(key.rowsperstrip, height))
        wide = int(key.tilewidth if key.is_tiled else width)
        if min(tall, wide) < 1:
            raise ImageError(f"{where} has tiles of {tall} x {wide} px; it is damaged")
        down, across = -(-height // tall), -(-width // wide)
        dtype = np.dtype(key.dtype)
        check_memory(bytes_of((tall, wide, samples), dtype), where)
        shape = (rows[1] - rows[0], columns[1] - columns[0], planes * samples)
        out = np.empty(shape, dtype)
        for plane in range(planes):
            for ty in range(rows[0] // tall, -(-rows[1] // tall)):
                for tx in range(columns[0] // wide, -(-columns[1] // wide)):
                    index = (plane * down + ty) * across + tx
                    piece = self._piece(page, index, (tall, wide), where)
                    top, left = ty * tall, tx * wide
                    y0, x0 = max(rows[0], top), max(columns[0], left)
                    y1, x1 = min(rows[1], top + tall), min(columns[1], left + wide)
                    place = out[
                        y0 - rows[0] : y1 - rows[0],
                        x0 - columns[0] : x1 - columns[0],
                        plane * samples : (plane + 1) * samples,
                    ]
                    if piece is None:  # of a sparse file
                        place[...] = key.nodata
                    else:
                        place[...] = piece[
                            0, y0 - top : y1 - top, x0 - left : x1 - left
                        ]
        return out

    def _piece(
        self, page: Any, index: int, size: tuple[int, int], where: str
    ) -> Array | None:
        """Return one decoded strip or tile (1, rows, columns, samples)."""
        where = f"{where}, strip or tile {index}"
        if index >= min(len(page.dataoffsets), len(page.databytecounts)):
            raise ImageError(f"{where} is missing; the file is damaged")
        offset, count = int(page.dataoffsets[index]), int(page.databytecounts[index])
        if count == 0:
            return None
        kept = (offset, index)
        if (piece := self.cache.get(kept)) is not None:
            return piece
        if offset + count > self.handle.size:
            raise ImageError(
                f"{where} ends at byte {offset + count} of {self.handle.size}: the "
                "file is truncated; copy it again"
            )
        key = page.keyframe
        pixel = int(key.shaped[-1]) * np.dtype(key.dtype).itemsize
        ratio = max(2, packing_ratio(key))  # a last strip is short
        check_claim(size[0] * size[1] * pixel, count, where, ratio)
        with self.lock:
            self.handle.seek(offset)
            raw = self.handle.read(count)
        check_codestream(raw, int(key.compression), size, where)
        tables = {"jpegtables": page.jpegtables} if page.jpegtables else {}
        decoded, _, _ = key.decode(raw, index, **tables)
        if decoded is not None:
            self.cache.put(kept, decoded)
        return None if decoded is None else np.asarray(decoded)


def _overlap(span: Span, start: int, length: int) -> tuple[slice, slice]:
    """Return where a strip or tile meets a span: in the span, and in itself."""
    first, last = max(span[0], start), min(span[1], start + length)
    return slice(first - span[0], last - span[0]), slice(first - start, last - start)
