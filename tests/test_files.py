import errno
import os
import signal
import stat
import subprocess
import sys
import time

import pytest

from dense_transformer.errors import WriteError
from dense_transformer.files import atomic_write, remove_partial
from dense_transformer.locks import try_lock


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("content", [b"new", lambda file: file.write(b"new")])
def test_the_file_holds_what_was_written_and_nothing_else_is_left(tmp_path, content):
    path = tmp_path / "Größe 1.bin"
    path.write_bytes(b"older and longer")
    assert atomic_write(path, content) == path
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["Größe 1.bin"]


def test_a_writer_that_fails_leaves_the_old_file_and_its_own_error(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def fail(file):
        file.write(b"half")
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        atomic_write(path, fail)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_an_interrupt_while_writing_leaves_no_partial_file(tmp_path):
    def interrupt(file):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        atomic_write(tmp_path / "a", interrupt)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "may not write"),
        (errno.EIO, "nput/output error"),
    ],
)
@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
def test_a_disk_fault_is_named_and_leaves_the_old_file(
    tmp_path, monkeypatch, call, code, says
):
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def fault(*args, **options):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fault)
        with pytest.raises(WriteError, match=says) as caught:
            atomic_write(path, b"new")
    assert str(path) in str(caught.value)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE")
def test_a_limit_met_in_the_middle_of_a_large_file_leaves_the_old_one(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    code = (
        "import resource, sys\n"
        "from dense_transformer.files import atomic_write\n"
        "from dense_transformer.errors import WriteError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        "    atomic_write(sys.argv[1], bytes(1_000_000))\n"
        "except WriteError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "larger than the disk" in done.stdout
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_folder_without_write_rights_is_named(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(WriteError, match="may not write"):
            atomic_write(tmp_path / "a", b"new")
    finally:
        tmp_path.chmod(0o700)


def test_a_missing_folder_a_file_as_folder_and_a_folder_as_file_are_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    for path, says in [
        ("none/a", "doesn't exist"),
        ("file/a", "is a file"),
        ("folder", "a folder has that name"),
    ]:
        with pytest.raises(WriteError, match=says):
            atomic_write(tmp_path / path, b"new")


@pytest.mark.skipif(sys.platform == "win32", reason="no umask")
def test_the_file_has_the_rights_that_the_umask_gives(tmp_path):
    before = os.umask(0o027)
    try:
        atomic_write(tmp_path / "a", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights")
def test_a_link_is_followed_not_replaced(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "a")
    atomic_write(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "a").read_bytes() == b"new"


def test_a_name_of_the_greatest_length_can_be_written(tmp_path):
    path = tmp_path / ("n" * 250)
    atomic_write(path, b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_killed_at_any_moment_the_old_or_the_new_file_is_whole(tmp_path):
    path = tmp_path / "a"
    atomic_write(path, bytes([0]) * 300_000)
    code = (
        "import sys\n"
        "from dense_transformer.files import atomic_write\n"
        "print('ready', flush=True)\n"
        "k = 0\n"
        "while True:\n"
        "    k = (k + 1) % 256\n"
        "    atomic_write(sys.argv[1], bytes([k]) * 300_000)\n"
    )
    for wait in (0.0, 0.003, 0.011, 0.017, 0.029):
        child = subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE
        )
        child.stdout.readline()
        end = time.monotonic() + wait
        while time.monotonic() < end:  # a moment inside the writing, not a delay
            pass
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        held = path.read_bytes()
        assert len(held) == 300_000
        assert len(set(held)) == 1
    (tmp_path / ".a.0123456789ab.partial").write_bytes(b"half")
    assert remove_partial(tmp_path) >= 1
    assert names(tmp_path) == ["a"]


@pytest.mark.skipif(sys.platform == "win32", reason="open files can't be removed")
def test_what_others_are_writing_is_never_removed(tmp_path):
    code = (
        "import sys\n"
        "from dense_transformer.files import staged_file\n"
        "with staged_file(sys.argv[1]) as file:\n"
        "    print('ready', flush=True)\n"
        "    sys.stdin.read()\n"
        "    file.write(b'theirs')\n"
    )
    (tmp_path / ".mine.partial").write_bytes(b"not a name of ours")
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "a")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    writer.stdout.readline()
    assert remove_partial(tmp_path) == 0
    writer.communicate()
    assert (tmp_path / "a").read_bytes() == b"theirs"
    assert names(tmp_path) == [".mine.partial", "a"]


@pytest.mark.skipif(sys.platform == "win32", reason="open files can't be removed")
def test_a_file_removed_before_it_was_locked_is_made_again(tmp_path, monkeypatch):
    """The moment between making and locking, when a cleaner may come by."""
    removed = []

    def late(handle):
        if not removed:
            removed.append(handle)
            assert remove_partial(tmp_path) == 1
        return try_lock(handle)

    monkeypatch.setattr("dense_transformer.files.try_lock", late)
    atomic_write(tmp_path / "a", b"whole")
    assert (tmp_path / "a").read_bytes() == b"whole"
    assert names(tmp_path) == ["a"]
