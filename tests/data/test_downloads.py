"""Downloads against a server of our own that can be slow, wrong, cut or gone."""

import hashlib
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dense_transformer.data import downloads
from dense_transformer.data.downloads import (
    download_folder,
    fetch,
    fetch_all,
    find_download,
)
from dense_transformer.data.receiving import Remote
from dense_transformer.data.vnc_sections import VNC_SECTIONS
from dense_transformer.errors import DownloadError, StoppedError, WriteError
from dense_transformer.work import finish

BODY = bytes(range(256)) * 1024  # 256 KiB: several chunks
SHA256 = hashlib.sha256(BODY).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """What the server does is told by the first part of the path."""

    def do_GET(self):
        self.server.asked.append(self.path)
        self.server.arrived.set()
        getattr(self, "serve_" + self.path.split("/")[1])()

    def send(self, body, length=None, code=200):
        self.send_response(code)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def serve_good(self):
        self.send(BODY)

    def serve_wrong(self):
        self.send(BODY[::-1])

    def serve_page(self):
        self.send(b"<!DOCTYPE html><html>Please log in</html>")

    def serve_cut(self):
        self.send(BODY[: len(BODY) // 2], len(BODY))

    def serve_shaky(self):
        if len(self.server.asked) == 1:
            self.send(b"", code=503)
        else:
            self.send(BODY)

    def serve_missing(self):
        self.send(b"no", code=404)

    def serve_hanging(self):
        self.send(BODY[:70000], len(BODY))
        self.wfile.flush()
        self.server.release.wait(60)

    def serve_endless(self):
        self.send_response(200)
        self.end_headers()
        try:
            while not self.server.release.is_set():
                self.wfile.write(BODY)
                self.server.sent += len(BODY)
        except OSError:
            pass

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.sent = [], 0
    server.arrived, server.release = threading.Event(), threading.Event()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.release.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _quick_tries(monkeypatch):
    monkeypatch.setattr(downloads, "_PAUSES_S", (0.01, 0.01))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def remote(server, kind, name="sub/file.tif"):
    port = server.server_address[1]
    return Remote(name, f"http://127.0.0.1:{port}/{kind}/file.tif", SHA256, len(BODY))


def files(folder):
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


def test_a_file_arrives_whole_and_progress_ends_at_its_size(server, tmp_path):
    seen = []
    path = finish(fetch(remote(server, "good"), tmp_path), seen.append)
    assert path == tmp_path / "sub" / "file.tif"
    assert path.read_bytes() == BODY
    done = [step.done for step in seen]
    assert done[0] == 0
    assert done == sorted(done)
    assert done[-1] == len(BODY)
    assert {(step.total, step.unit) for step in seen} == {(len(BODY), "byte")}


def test_what_is_here_needs_no_network(server, tmp_path):
    finish(fetch(remote(server, "good"), tmp_path))
    gone = Remote("sub/file.tif", "http://127.0.0.1:1/file.tif", SHA256, len(BODY))
    assert finish(fetch(gone, tmp_path)).read_bytes() == BODY
    assert len(server.asked) == 1


def test_a_damaged_file_is_fetched_anew(server, tmp_path):
    path = finish(fetch(remote(server, "good"), tmp_path))
    path.write_bytes(b"x" + BODY[1:])
    assert find_download(remote(server, "good"), tmp_path) is None
    assert finish(fetch(remote(server, "good"), tmp_path)).read_bytes() == BODY


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("wrong", "isn't the file we know"),
        ("page", "web page"),
        ("missing", "404"),
        ("cut", "ended after"),
    ],
)
def test_a_bad_answer_leaves_nothing_behind(server, tmp_path, kind, words):
    with pytest.raises(DownloadError, match=words):
        finish(fetch(remote(server, kind), tmp_path))
    assert files(tmp_path) == []


def test_a_bad_answer_leaves_the_old_file(server, tmp_path):
    target = tmp_path / "sub" / "file.tif"
    target.parent.mkdir()
    target.write_bytes(b"mine")
    with pytest.raises(DownloadError):
        finish(fetch(remote(server, "wrong"), tmp_path))
    assert target.read_bytes() == b"mine"


@pytest.mark.parametrize(("kind", "tries"), [("cut", 3), ("wrong", 1), ("missing", 1)])
def test_only_what_may_pass_is_tried_again(server, tmp_path, kind, tries):
    with pytest.raises(DownloadError):
        finish(fetch(remote(server, kind), tmp_path))
    assert len(server.asked) == tries


def test_a_server_that_fails_once_is_forgiven_and_it_is_said(server, tmp_path):
    seen = []
    path = finish(fetch(remote(server, "shaky"), tmp_path), seen.append)
    assert path.read_bytes() == BODY
    assert any("503" in step.message for step in seen)


def test_offline_the_error_names_address_and_remedy(tmp_path):
    gone = Remote("file.tif", "http://127.0.0.1:1/file.tif", SHA256, len(BODY))
    with pytest.raises(DownloadError) as caught:
        finish(fetch(gone, tmp_path))
    assert gone.url in str(caught.value)
    assert str(tmp_path / "file.tif") in str(caught.value)
    assert files(tmp_path) == []


def test_only_web_addresses_are_read(tmp_path):
    (tmp_path / "secret").write_bytes(BODY)
    local = Remote("x", (tmp_path / "secret").as_uri(), SHA256, len(BODY))
    with pytest.raises(DownloadError, match="no web address"):
        finish(fetch(local, tmp_path / "out"))


def test_a_stop_is_heard_while_the_server_hangs(server, tmp_path):
    began = time.monotonic()
    seen = []
    with pytest.raises(StoppedError):
        finish(
            fetch(
                remote(server, "hanging"),
                tmp_path,
                stop=lambda: bool(seen) and seen[-1].done > 0,
            ),
            seen.append,
        )
    assert time.monotonic() - began < 10  # the server would hang for 60 s
    assert files(tmp_path) == []


def test_closing_the_generator_leaves_no_file_and_no_thread(server, tmp_path):
    before = set(threading.enumerate())
    work = fetch(remote(server, "hanging"), tmp_path, timeout_s=0.5)
    while next(work).done == 0:
        pass
    work.close()
    assert files(tmp_path) == []
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith("napari-dtn"):
            thread.join(10)
            assert not thread.is_alive()


def test_a_silent_server_counts_as_gone_after_the_timeout(server, tmp_path):
    with pytest.raises(DownloadError, match="timed out"):
        finish(fetch(remote(server, "hanging"), tmp_path, timeout_s=0.2))
    assert files(tmp_path) == []


def test_a_body_without_end_is_cut(server, tmp_path):
    with pytest.raises(DownloadError, match="isn't the file we know"):
        finish(fetch(remote(server, "endless"), tmp_path))
    assert server.sent < 100 * len(BODY)  # what the sockets' buffers took
    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_named(server, tmp_path):
    (tmp_path / "sub").write_text("a file where the folder should be")
    with pytest.raises(WriteError, match="sub"):
        finish(fetch(remote(server, "good"), tmp_path))


def test_several_files_count_as_one_work(server, tmp_path):
    seen = []
    pair = tuple(remote(server, "good", f"{name}.tif") for name in "ab")
    paths = finish(fetch_all(pair, tmp_path), seen.append)
    assert [p.name for p in paths] == ["a.tif", "b.tif"]
    done = [step.done for step in seen]
    assert done == sorted(done)
    assert done[-1] == seen[-1].total == 2 * len(BODY)


def script(item, folder):
    return (
        "from pathlib import Path\n"
        "from dense_transformer.data.downloads import fetch\n"
        "from dense_transformer.data.receiving import Remote\n"
        "from dense_transformer.work import finish\n"
        f"item = Remote({item.name!r}, {item.url!r}, {item.sha256!r}, {item.size})\n"
        f"finish(fetch(item, Path({str(folder)!r})))\n"
    )


def test_two_processes_fetching_at_once_both_succeed(server, tmp_path):
    code = script(remote(server, "good"), tmp_path)
    pair = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [one.wait(120) for one in pair] == [0, 0]
    assert files(tmp_path) == ["file.tif"]
    assert (tmp_path / "sub" / "file.tif").read_bytes() == BODY


def test_a_killed_download_leaves_nothing(server, tmp_path):
    code = script(remote(server, "hanging"), tmp_path)
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        assert server.arrived.wait(120)
        process.kill()
    assert files(tmp_path) == []


def test_the_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("DTN_HOME", str(tmp_path))
    assert download_folder() == tmp_path / "downloads"


def test_the_pinned_sections_are_the_real_ones(shared_data):
    raw = sorted((shared_data / "vnc" / "raw").glob("*.tif"))
    assert len(raw) == len(VNC_SECTIONS) == 16
    for path, item in zip(raw, VNC_SECTIONS, strict=True):
        content = path.read_bytes()
        assert item.url.endswith("/stack1/raw/" + path.name)
        assert (len(content), hashlib.sha256(content).hexdigest()) == (
            item.size,
            item.sha256,
        )
