"""The cache of decoded pieces keeps what was used last, and no more."""

from __future__ import annotations

import numpy as np

from dense_transformer.data.piece_cache import PieceCache


def test_what_was_used_last_stays():
    cache = PieceCache(limit_bytes=30)
    for key in "abc":
        cache.put(key, np.zeros(10, np.uint8))
    cache.get("a")
    cache.put("d", np.zeros(10, np.uint8))
    assert [key for key in "abcd" if cache.get(key) is not None] == ["a", "c", "d"]


def test_one_piece_larger_than_the_cache_stays_until_the_next():
    cache = PieceCache(limit_bytes=30)
    cache.put("large", np.zeros(100, np.uint8))
    assert cache.get("large") is not None
    cache.put("next", np.zeros(1, np.uint8))
    assert cache.get("large") is None
    assert cache.get("next") is not None


def test_the_same_piece_counts_once():
    cache = PieceCache(limit_bytes=25)
    for _ in range(9):
        cache.put("a", np.zeros(10, np.uint8))
    cache.put("b", np.zeros(10, np.uint8))
    assert cache.get("a") is not None
