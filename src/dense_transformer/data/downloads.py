"""Public data that is fetched once, checked and kept for work without a network.

A file is held in memory until its SHA-256 is right and only then written, beside
and renamed: interruption, a wrong server or two processes at once never leave a
half file.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

from dense_transformer.data.receiving import (
    POLL_S,
    Remote,
    check_content,
    receive,
)
from dense_transformer.errors import DownloadError, StoppedError, WriteError
from dense_transformer.files import atomic_write
from dense_transformer.types import Progress

_TIMEOUT_S = 20.0  # silence after which a server counts as gone
_PAUSES_S = (0.5, 2.0)  # before the second and the third try


def download_folder() -> Path:
    """Return where downloads lie: under ``DTN_HOME``, or the system's place."""
    if home := os.environ.get("DTN_HOME"):
        return Path(home) / "downloads"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "napari-dtn" / "downloads"


def find_download(remote: Remote, folder: Path | None = None) -> Path | None:
    """Return the file if it is here and whole, else None; never uses the network."""
    path = (folder or download_folder()) / remote.name
    try:
        if path.stat().st_size != remote.size:
            return None
        held = path.read_bytes()
    except OSError:
        return None
    return path if hashlib.sha256(held).hexdigest() == remote.sha256 else None


def fetch(
    remote: Remote,
    folder: Path | None = None,
    *,
    stop: Callable[[], bool] | None = None,
    timeout_s: float = _TIMEOUT_S,
) -> Generator[Progress, None, Path]:
    """Fetch a file unless it is here already; return its path.

    Parameters
    ----------
    remote : Remote
        What to fetch.
    folder : Path, optional
        Where to keep it; `download_folder` if not given.
    stop : callable, optional
        Asked about ten times a second whether to give up.
    timeout_s : float
        Silence of the server, seconds, after which the try has failed.

    Yields
    ------
    Progress
        In bytes.

    Raises
    ------
    DownloadError
        If there is no connection, no such file, or it isn't the file we pinned.
    StoppedError
        If `stop` says so. Closing the generator stops, too.
    WriteError
        If the folder can't be written to.
    """
    if (here := find_download(remote, folder)) is not None:
        return here
    path = (folder or download_folder()) / remote.name
    for pause in (*_PAUSES_S, None):
        try:
            content = yield from receive(remote, path, stop, timeout_s)
            break
        except DownloadError as error:
            if pause is None or not error.passing:
                raise
            yield from _wait(pause, remote, stop, f"{error}; trying again")
    check_content(remote, content, path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return atomic_write(path, content)
    except OSError as error:
        # On Windows another process that reads its own copy keeps us out.
        if (here := find_download(remote, folder)) is not None:
            return here
        if isinstance(error, WriteError):
            raise
        why = error.strerror or str(error)
        raise WriteError(
            f"can't write {path}: {why}; DTN_HOME can name another folder"
        ) from error


def fetch_all(
    remotes: tuple[Remote, ...],
    folder: Path | None = None,
    *,
    stop: Callable[[], bool] | None = None,
) -> Generator[Progress, None, tuple[Path, ...]]:
    """Fetch several files as one piece of work; return their paths.

    What is whole stays if a later file fails; yields and raises as `fetch`.
    """
    total, done, start = sum(one.size for one in remotes), 0, time.monotonic()
    fresh = 0  # bytes that came over the network, for the rate
    paths = []
    for remote in remotes:
        work = fetch(remote, folder, stop=stop)
        came = 0
        try:
            while True:
                step = next(work)
                came = step.done
                rate = (fresh + came) / max(time.monotonic() - start, 1e-3)
                left = (total - done - came) / rate if rate > 0 else None
                yield Progress(done + came, total, "byte", left, step.message)
        except StopIteration as end:
            paths.append(end.value)
        finally:
            work.close()
        done, fresh = done + remote.size, fresh + came
    return tuple(paths)


def _wait(
    seconds: float, remote: Remote, stop: Callable[[], bool] | None, message: str
) -> Generator[Progress, None, None]:
    """Let some time pass before another try, open to a wish to stop."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if stop is not None and stop():
            raise StoppedError(f"the download of {remote.name} was stopped")
        yield Progress(0, remote.size, "byte", None, message)
        time.sleep(min(POLL_S, left))
