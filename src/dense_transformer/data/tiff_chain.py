"""The chain of a TIFF file's directories, walked before a library trusts it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from dense_transformer.data.claims import first_bytes
from dense_transformer.errors import ImageError

_TYPE_BYTES = (1, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8)


def check_chain(path: Path) -> int:
    """Return how many directories (pages) the file holds; reads no pixels.

    Raises
    ------
    ImageError
        If the byte order is not one, a directory or one of its entries lies
        beyond the end of the file (it was truncated), or the chain is a loop.

    Notes
    -----
    Layout after TIFF 6.0 (Aldus, 1992), section 2; BigTIFF as libtiff has it.
    """
    start = first_bytes(path, 16)
    order = {b"II": "<", b"MM": ">"}.get(start[:2])
    if order is None or len(start) < 8:
        raise ImageError(f"{path} is not a TIFF file, or only the start of one")
    version = struct.unpack(order + "H", start[2:4])[0]
    if version not in (42, 43):
        raise ImageError(
            f"{path} says byte order {start[:2].decode()} and version {version}, not "
            "42 or 43: its bytes are swapped or damaged; write it again"
        )
    big = version == 43
    if big and len(start) < 16:
        raise ImageError(f"{path} ends within its header; was it copied completely?")
    offset = struct.unpack(
        order + ("Q" if big else "I"), start[8:16] if big else start[4:8]
    )
    with path.open("rb") as file:
        return _walk(file, offset[0], order, big, path)


def _walk(file: BinaryIO, offset: int, order: str, big: bool, path: Path) -> int:
    size = file.seek(0, 2)
    count, entry = struct.Struct(order + ("Q" if big else "H")), 20 if big else 12
    after = struct.Struct(order + ("Q" if big else "I"))
    seen: set[int] = set()
    while offset:
        page = len(seen)
        where = f"{path}, page {page}"
        if offset in seen:
            raise ImageError(
                f"{where}: its directories form a loop; the file is damaged"
            )
        seen.add(offset)
        if offset + count.size > size:
            raise ImageError(
                f"{where} would start at byte {offset} of {size}: the file is "
                "truncated; copy it again"
            )
        file.seek(offset)
        entries = count.unpack(file.read(count.size))[0]
        if offset + count.size + entries * entry + after.size > size:
            raise ImageError(
                f"{where} claims {entries} entries beyond the end of the file "
                f"({size} bytes): truncated or damaged"
            )
        table = file.read(entries * entry)
        offset = after.unpack(file.read(after.size))[0]
        _check_entries(table, order, big, size, where)
    if not seen:
        raise ImageError(f"{path} holds no page; was it closed properly when written?")
    return len(seen)


def _check_entries(table: bytes, order: str, big: bool, size: int, where: str) -> None:
    form = struct.Struct(order + ("HHQQ" if big else "HHII"))
    for tag, kind, count, value in form.iter_unpack(table):
        if kind >= len(_TYPE_BYTES):
            continue  # readers skip unknown types
        length = count * _TYPE_BYTES[kind]
        if length > (8 if big else 4) and value + length > size:
            raise ImageError(
                f"{where}, tag {tag} claims {length} bytes at byte {value} of a file "
                f"of {size}: truncated or damaged"
            )
