"""Compressed chunks of HDF5, checked before the library inflates them.

The library inflates a chunk to whatever length its bytes ask for, not to the
length that the dataset declares: a chunk of a few megabytes can ask for many
gigabytes.
"""

from __future__ import annotations

import itertools
import zlib
from typing import Any

from dense_transformer.data.claims import HARMLESS_BYTES, memory_bytes
from dense_transformer.errors import ImageError

_DEFLATE, _SHUFFLE, _FLETCHER = 1, 2, 3
_DEFLATE_RATIO = 1032


def check_chunks(dataset: Any, key: tuple[int | slice, ...], where: str) -> None:
    """Raise ImageError if a chunk that `key` touches is a compression bomb.

    Parameters
    ----------
    dataset : h5py.Dataset
        Chunked or not.
    key : tuple of int or slice
        Unit steps, from the first axis on.
    where : str
        For the message.
    """
    filters = _filters(dataset)
    packing = [code for code in filters if code not in (_SHUFFLE, _FLETCHER)]
    if not packing:
        return
    if len(packing) > 1:
        raise ImageError(
            f"{where} is compressed {len(packing)} times over; write it with one filter"
        )
    chunk = dataset.chunks
    declared = dataset.dtype.itemsize
    for side in chunk:
        declared *= side
    full = key + (slice(None),) * (len(chunk) - len(key))
    for corner in itertools.product(
        *(_corners(k, c, n) for k, c, n in zip(full, chunk, dataset.shape, strict=True))
    ):
        info = dataset.id.get_chunk_info_by_coord(corner)
        if not info.byte_offset or not info.size:
            continue  # never written: it reads as the fill value
        if info.size > 2 * declared + 4096:
            raise _bomb(where, corner, info.size, declared)
        risk = info.size * _DEFLATE_RATIO
        if packing == [_DEFLATE] and risk > max(HARMLESS_BYTES, memory_bytes() // 8):
            _inflate_within(dataset, corner, declared, where)


def _filters(dataset: Any) -> list[int]:
    """Return the codes of a dataset's filters, in the order of writing."""
    properties = dataset.id.get_create_plist()
    return [properties.get_filter(i)[0] for i in range(properties.get_nfilters())]


def _corners(part: int | slice, chunk: int, length: int) -> range:
    """Return where the chunks start that a part of one axis touches."""
    if isinstance(part, slice):
        first, last, _ = part.indices(length)
    else:
        first, last = part, part + 1
    return range(first // chunk * chunk, last, chunk)


def _inflate_within(
    dataset: Any, corner: tuple[int, ...], declared: int, where: str
) -> None:
    """Inflate one chunk piecewise and count; keep nothing."""
    raw = dataset.id.read_direct_chunk(corner)[1]
    inflater, counted = zlib.decompressobj(), 0
    while raw and not inflater.eof:
        counted += len(inflater.decompress(raw, 2**20))
        raw = inflater.unconsumed_tail
        if counted > declared + 4:  # 4 for a checksum
            raise _bomb(where, corner, counted, declared)


def _bomb(where: str, corner: tuple[int, ...], found: int, declared: int) -> ImageError:
    return ImageError(
        f"{where}: the chunk at {corner} holds more than {found - 1} bytes where "
        f"{declared} are declared; the file is forged"
    )
