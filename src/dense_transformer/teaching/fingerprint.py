"""What an image file holds, as a hash: whole where small, in samples where large."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dense_transformer.data.entries import IMAGE_SUFFIXES
from dense_transformer.errors import ImageError

WHOLE_BYTES = 2**27  # files up to this size are read whole
_SAMPLES, _SAMPLE_BYTES = 64, 2**20


def fingerprint(path: Path) -> str:
    """Return ``sha256:HEX`` of a file, or ``samples:HEX`` of a large one.

    Of a file above `WHOLE_BYTES` the size and 64 pieces of 1 MiB, evenly spaced,
    are hashed, so that a stack of any size takes less than a second. Of a folder
    of slices the names and sizes of its images are, and the first and last bytes
    of some.

    Raises
    ------
    ImageError
        If it isn't there or can't be read.
    """
    try:
        if path.is_dir():
            return _of_folder(path)
        size = path.stat().st_size
        if size <= WHOLE_BYTES:
            with path.open("rb") as file:
                return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        starts = [i * (size - _SAMPLE_BYTES) // (_SAMPLES - 1) for i in range(_SAMPLES)]
        return f"samples:{_hash_pieces(path, size, starts)}"
    except OSError as error:
        raise ImageError(f"can't read {path}: {error.strerror}") from error


def _of_folder(path: Path) -> str:
    files = sorted(
        file for file in path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES
    )
    total = hashlib.sha256()
    sampled = set(files[:: max(1, len(files) // _SAMPLES)])
    for file in files:
        size = file.stat().st_size
        total.update(f"{file.name}\0{size}\0".encode())
        if file in sampled:
            starts = [0, max(0, size - _SAMPLE_BYTES)]
            total.update(_hash_pieces(file, size, starts).encode())
    return f"samples:{total.hexdigest()}"


def _hash_pieces(path: Path, size: int, starts: list[int]) -> str:
    found = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for start in starts:
            file.seek(start)
            found.update(file.read(_SAMPLE_BYTES))
    return found.hexdigest()
