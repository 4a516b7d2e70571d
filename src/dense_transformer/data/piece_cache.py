"""Decoded strips and tiles that were used last, as neighbours need them again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

from dense_transformer.types import Array

#: Rows of a tile across an image 100,000 px wide: what strips are needed again for.
CACHE_BYTES = 64 * 2**20


@dataclass(slots=True, eq=False)
class PieceCache:
    """Keeps the arrays used last, up to a number of bytes; safe between threads.

    The newest is kept whatever its size: a page in one strip would be decoded
    again for every box of it.
    """

    limit_bytes: int = CACHE_BYTES
    _pieces: OrderedDict[Hashable, Array] = field(default_factory=OrderedDict)
    _bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Hashable) -> Array | None:
        """Return the array kept under `key`, if it still is."""
        with self._lock:
            piece = self._pieces.get(key)
            if piece is not None:
                self._pieces.move_to_end(key)
            return piece

    def put(self, key: Hashable, piece: Array) -> None:
        """Keep an array, and drop those that were not used for longest."""
        with self._lock:
            if key in self._pieces:
                return
            self._pieces[key] = piece
            self._bytes += piece.nbytes
            while self._bytes > self.limit_bytes and len(self._pieces) > 1:
                self._bytes -= self._pieces.popitem(last=False)[1].nbytes
