"""Files that are wrong on purpose; small, whatever they claim."""

from __future__ import annotations

import struct
import zlib


def tiff_bytes(
    height: int,
    width: int,
    pixels: bytes = b"\0" * 64,
    *,
    compression: int = 1,
    photometric: int = 1,
) -> bytes:
    """A TIFF file of one strip after TIFF 6.0, section 2."""
    tags = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 8),
        (259, 3, compression),
        (262, 3, photometric),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, height),
        (279, 4, len(pixels)),
    ]
    body = pixels + b"\0" * (len(pixels) % 2)
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, v) for tag, kind, v in tags)
    start = struct.pack("<HI", 42, 8 + len(body))
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)
    return b"II" + start + body + directory


def png_bytes(height: int, width: int, packed: bytes, *, depth: int = 8) -> bytes:
    """A gray PNG file whose pixels are `packed` (deflated), whatever they are."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", packed), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
