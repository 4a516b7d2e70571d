"""Bytes from a web server, checked against what was pinned.

A thread reads from the network, so that a stalled server can't hold up whoever
asks to stop; it ends by itself, at the latest when the server has been silent for
the timeout.
"""

from __future__ import annotations

import hashlib
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from dense_transformer.errors import DownloadError, StoppedError
from dense_transformer.types import Progress

POLL_S = 0.1  # how long a wish to stop may wait
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Remote:
    """A file that anybody may fetch, pinned by its content.

    Attributes
    ----------
    name : str
        Its name here; may hold one folder, such as ``vnc/05.tif``.
    url : str
        Where it is, http or https.
    sha256 : str
        Of its bytes, hexadecimal.
    size : int
        Number of bytes.
    """

    name: str
    url: str
    sha256: str
    size: int


def receive(
    remote: Remote, path: Path, stop: Callable[[], bool] | None, timeout_s: float
) -> Generator[Progress, None, bytes]:
    """Return the bytes that the server sends, at most one more than expected."""
    box: queue.Queue[bytes | Exception | None] = queue.Queue()
    enough = threading.Event()
    reader = threading.Thread(
        target=_read,
        args=(remote, box, enough, timeout_s),
        name=f"napari-dtn download {remote.name}",
        daemon=True,
    )
    held, start = bytearray(), time.monotonic()
    reader.start()
    try:
        yield Progress(0, remote.size, "byte", None, f"connecting for {remote.name}")
        while True:
            if stop is not None and stop():
                raise StoppedError(f"the download of {remote.name} was stopped")
            try:
                came = box.get(timeout=POLL_S)
            except queue.Empty:
                came = b""
            if came is None:
                break
            if isinstance(came, Exception):
                raise _explain(remote, path, came) from came
            held += came
            rate = len(held) / max(time.monotonic() - start, 1e-3)
            left = (remote.size - len(held)) / rate if held else None
            yield Progress(min(len(held), remote.size), remote.size, "byte", left)
    finally:
        enough.set()
    if len(held) < remote.size and not _is_page(held):
        raise DownloadError(
            f"{remote.url} ended after {len(held)} of {remote.size} bytes", passing=True
        )
    return bytes(held)


def _read(
    remote: Remote,
    box: queue.Queue[bytes | Exception | None],
    enough: threading.Event,
    timeout_s: float,
) -> None:
    """Put what the server sends into `box`, then None, or what went wrong."""
    try:
        if not remote.url.startswith(("https://", "http://")):
            raise ValueError(f"{remote.url} is no web address")
        request = urllib.request.Request(
            remote.url, headers={"User-Agent": "napari-dtn"}
        )
        with urllib.request.urlopen(request, timeout=timeout_s) as response:
            left = remote.size + 1  # a body without end is cut here
            while left > 0 and not enough.is_set():
                chunk = response.read1(min(_CHUNK, left))
                if not chunk:
                    break
                left -= len(chunk)
                box.put(chunk)
        box.put(None)
    except Exception as error:  # noqa: BLE001 - raised again by who waits
        box.put(error)


def _explain(remote: Remote, path: Path, error: Exception) -> DownloadError:
    """Return what went wrong, with the remedy."""
    if isinstance(error, urllib.error.HTTPError):
        passing = error.code >= 500 or error.code == 429
        text = f"{remote.url} answered {error.code} {error.reason}"
    else:
        reason = getattr(error, "reason", None) or error
        passing = not isinstance(error, ValueError)
        text = f"can't read {remote.url}: {reason}"
    return DownloadError(
        f"{text}; check the connection, or put the file "
        f"(SHA-256 {remote.sha256[:12]}...) at {path} yourself",
        passing=passing,
    )


def _is_page(content: bytes | bytearray) -> bool:
    return bytes(content[:512]).lstrip().lower().startswith((b"<!doctype", b"<html"))


def check_content(remote: Remote, content: bytes, path: Path) -> None:
    """Raise DownloadError unless these are the bytes that were pinned."""
    got = hashlib.sha256(content).hexdigest()
    if got == remote.sha256:
        return
    if _is_page(content):
        raise DownloadError(
            f"{remote.url} gave a web page instead of {remote.name}; a proxy or a "
            f"login page stands between: open the address in a browser and put the "
            f"file at {path}"
        )
    raise DownloadError(
        f"{remote.url} isn't the file we know: SHA-256 {got}, expected "
        f"{remote.sha256}; nothing was kept"
    )
