"""Images inside TIFF strips and tiles: sizes that their own headers claim.

JPEG and JPEG 2000 decoders allocate what the inner header asks for, whatever
the strip or tile around it declares: 300 bytes can ask for 60,000 x 60,000
pixels and get them (3.4 GB and 20 s with libjpeg-turbo, measured).
"""

from __future__ import annotations

import struct

from dense_transformer.errors import ImageError

_JPEG = (6, 7, 33007, 34892)
_JPEG2000 = (33003, 33004, 33005, 34712)
_OTHER_INNER_IMAGES = frozenset(
    (22610, 34927, 34933, 34934, 48124, 50001, 50002, 52546, 65000, 65001, 65002)
)


def check_codestream(
    raw: bytes, compression: int, size: tuple[int, int], where: str
) -> None:
    """Raise ImageError where an inner header claims more than its tile.

    Parameters
    ----------
    raw : bytes
        Of one strip or tile.
    compression : int
        TIFF's number of the codec.
    size : tuple of int
        Rows and columns of the strip or tile.
    where : str
        For the message.
    """
    if compression in _OTHER_INNER_IMAGES:
        raise ImageError(
            f"{where} is compressed with a codec that isn't read here (TIFF number "
            f"{compression}); save it with deflate, LZW, zstd or JPEG"
        )
    if compression in _JPEG:
        found = _jpeg_size(raw)
    elif compression in _JPEG2000:
        found = _jpeg2000_size(raw)
    else:
        return
    if found is None:
        raise ImageError(f"{where}: no start of an image in {len(raw)} bytes; damaged")
    # JPEG codes whole blocks: what is beyond the tile is cut off.
    if any(f > s + 64 for f, s in zip(found, size, strict=True)):
        raise ImageError(
            f"{where} claims {found[0]} x {found[1]} px inside a strip or tile of "
            f"{size[0]} x {size[1]}; the file is damaged or forged"
        )


def _jpeg_size(raw: bytes) -> tuple[int, int] | None:
    """Return height and width of a JPEG stream; ITU T.81, section B.2."""
    at = 2
    while at + 9 <= len(raw) and raw[at] == 0xFF:
        marker = raw[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return struct.unpack(">HH", raw[at + 5 : at + 9])
        else:
            at += 2 + int.from_bytes(raw[at + 2 : at + 4], "big")
    return None


def _jpeg2000_size(raw: bytes) -> tuple[int, int] | None:
    """Return height and width of a JPEG 2000 stream; ITU T.800, section A.5.1."""
    at = raw.find(b"\xff\x4f\xff\x51")  # start of codestream, then SIZ
    if at < 0 or at + 24 > len(raw):
        return None
    right, bottom, left, top = struct.unpack(">IIII", raw[at + 8 : at + 24])
    return bottom - top, right - left
