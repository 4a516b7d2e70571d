"""What a file claims, held against its size and this machine's memory.

Headers are cheap to forge: a few hundred bytes can ask for 200,000 x 200,000
pixels. Every reader checks here *before* it allocates.
"""

from __future__ import annotations

import math
import os
import struct
import zlib
from pathlib import Path

import numpy as np

from dense_transformer.errors import ImageError
from dense_transformer.types import Array

#: What decoders raise on bytes that somebody damaged or forged.
DAMAGE: tuple[type[Exception], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

#: DEFLATE, which PNG, HDF5 and most TIFF use, can't pack tighter than 1032.
LARGEST_RATIO = 1100
#: A file of this size or less may claim what it likes: it can't hurt.
HARMLESS_BYTES = 64 * 2**20
#: Sides of an image; beyond it positions no longer fit into float32.
LARGEST_SIDE = 2**24


def memory_bytes() -> int:
    """Return the memory that this process may use, in bytes.

    The least of what the machine has, what a control group allows and what
    ``ulimit -v`` allows; 8 GiB where the system doesn't tell.
    """
    limits = [_machine_bytes()]
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            limits.append(int(Path("/sys/fs/cgroup", name).read_text()))
        except (OSError, ValueError):
            continue  # no control group, or "max"
    try:
        import resource
    except ImportError:  # Windows
        return min(limits)
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft != resource.RLIM_INFINITY:
        limits.append(soft)
    return min(limits)


def _machine_bytes() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 8 * 2**30


def check_shape(shape: tuple[int, ...], where: str) -> None:
    """Raise ImageError unless `shape` has pixels and sides that can be meant."""
    if not shape or min(shape) < 1:
        raise ImageError(f"{where} has the shape {shape}: it holds no pixels")
    if max(shape) > LARGEST_SIDE:
        raise ImageError(
            f"{where} claims the shape {shape}; sides up to {LARGEST_SIDE} are read"
        )


def check_dtype(dtype: object, where: str) -> np.dtype[np.generic]:
    """Return `dtype` as NumPy's, or raise ImageError unless it is of real numbers."""
    if dtype is None:
        raise ImageError(f"{where} has a kind of pixel that can't be read")
    kind = np.dtype(dtype)  # type: ignore[call-overload]
    if kind.kind not in "buif":
        raise ImageError(
            f"{where} holds {kind} values; give integers, floats or booleans"
        )
    return kind  # type: ignore[no-any-return]


def check_claim(
    claimed: int, stored: int, where: str, ratio: int = LARGEST_RATIO
) -> None:
    """Raise ImageError where `stored` bytes can't hold `claimed` bytes of pixels.

    Parameters
    ----------
    claimed : int
        Bytes of the decoded pixels, as the header tells.
    stored : int
        Bytes of the file (or of the part of it) that hold them.
    where : str
        File and part, for the message.
    ratio : int
        How tightly its codec can pack; 1 for pixels that lie as they are, which
        are held to it however small they are.
    """
    if claimed > ratio * stored and (ratio == 1 or claimed > HARMLESS_BYTES):
        raise ImageError(
            f"{where} claims {_in_words(claimed)} of pixels in {_in_words(stored)}: "
            "it is truncated, damaged or forged; copy it again"
        )


def check_memory(needed: int, where: str) -> None:
    """Raise ImageError where reading takes more than half of the memory."""
    if needed > HARMLESS_BYTES and needed > memory_bytes() // 2:
        raise ImageError(
            f"{where} needs {_in_words(needed)} of memory to be read and "
            f"{_in_words(memory_bytes())} are there; give a smaller region, or store "
            "it uncompressed or in tiles"
        )


def bytes_of(shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> int:
    """Return the bytes of an array, in integers that don't overflow."""
    return math.prod(map(int, shape)) * int(dtype.itemsize)


def first_bytes(path: Path, count: int) -> bytes:
    """Return up to `count` bytes from the start of a file that must not be empty.

    Raises
    ------
    ImageError
        If there is no such file, it can't be opened, or is empty.
    """
    try:
        with path.open("rb") as file:
            start = file.read(count)
    except OSError as error:
        raise ImageError(f"{path} can't be opened: {error.strerror}") from error
    if not start:
        raise ImageError(f"{path} is empty (0 bytes); was it copied completely?")
    return start


def damaged(where: str, error: Exception) -> ImageError:
    """Return the ImageError that says `where` can't be decoded and why."""
    why = str(error).split("\n")[0][:200] or type(error).__name__
    return ImageError(f"{where} is damaged or of a kind that can't be read: {why}")


def _in_words(count: int) -> str:
    if count < 1024:
        return f"{count} bytes"
    step = min(int(math.log2(count)) // 10, 4)
    return f"{count / 1024**step:.1f} {('KiB', 'MiB', 'GiB', 'TiB')[step - 1]}"


def read_only(array: Array) -> Array:
    """Return `array`, made read-only."""
    array.setflags(write=False)
    return array
