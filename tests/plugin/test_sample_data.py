"""File > Open Sample, the shipped ones and those that are fetched."""

from __future__ import annotations

import hashlib
import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import tifffile
from napari.utils import progress
from napari.utils.notifications import notification_manager

from dense_transformer.data import vnc_sections
from dense_transformer.data.receiving import Remote

pytestmark = pytest.mark.gui
PLUGIN = "napari-dtn"
PIXELS = np.arange(64 * 48, dtype=np.uint8).reshape(64, 48)


def tiff() -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, PIXELS, photometric="minisblack")
    return file.getvalue()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = tiff()
        if "missing" in self.path:
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:1000])
        self.wfile.flush()
        self.server.arrived.set()
        self.server.release.wait(60)
        self.wfile.write(body[1000:])

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch, tmp_path):
    """A server that sends the rest of each section when `release` is set."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.arrived, server.release = threading.Event(), threading.Event()
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("DTN_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    offer(monkeypatch, f"http://127.0.0.1:{server.server_address[1]}/good")
    yield server
    server.release.set()
    server.shutdown()
    server.server_close()
    thread.join()


def offer(monkeypatch, base: str) -> None:
    body = tiff()
    sha256 = hashlib.sha256(body).hexdigest()
    fakes = tuple(
        Remote(f"vnc/{i:02d}.tif", f"{base}/{i:02d}.tif", sha256, len(body))
        for i in range(16)
    )
    monkeypatch.setattr(vnc_sections, "VNC_SECTIONS", fakes)


@pytest.fixture
def viewer(server, make_napari_viewer, no_threads_left):
    viewer = make_napari_viewer()
    yield viewer
    server.release.set()


def test_the_drawn_stack_opens_in_nanometres(make_napari_viewer):
    viewer = make_napari_viewer()
    labels, layer = viewer.open_sample(PLUGIN, "em_stack")
    assert layer.data.shape == (3, 512, 512)
    assert viewer.layers.selection.active is layer
    for one in (labels, layer):
        assert tuple(one.scale) == (50.0, 4.6, 4.6)
        assert {str(unit) for unit in one.units} == {"nanometer"}


def test_the_drawn_road_opens_in_colour(make_napari_viewer):
    labels, layer = make_napari_viewer().open_sample(PLUGIN, "road_frames")
    assert labels.data.shape == (4, 360, 480)
    assert layer.rgb
    assert layer.data.shape == (4, 360, 480, 3)


@pytest.mark.parametrize("sample", ["em_stack", "road_frames"])
def test_the_labels_of_what_is_drawn_wait_hidden_below_it(make_napari_viewer, sample):
    viewer = make_napari_viewer()
    labels, image = viewer.open_sample(PLUGIN, sample)
    assert list(viewer.layers) == [labels, image]
    assert not labels.visible
    assert labels.data.shape == image.data.shape[:3]
    values = set(np.unique(labels.data)) - {0}
    assert values == {1, 2}
    if sample == "em_stack":  # where the labels lie right, membranes are dark
        inside, boundary = (image.data[labels.data == n].mean() for n in (1, 2))
        assert boundary < inside - 20


def test_a_fetched_section_comes_while_the_window_goes_on(viewer, server, qtbot):
    (layer,) = viewer.open_sample(PLUGIN, "vnc_section")
    assert layer.name == "VNC section 13 (fetching)"
    qtbot.waitUntil(server.arrived.is_set, timeout=20000)
    # The server holds the rest back: the window isn't waiting for it.
    qtbot.waitUntil(lambda: bars() and bars()[0].n >= 1000, timeout=20000)
    assert not layer.data.any()
    server.release.set()
    qtbot.waitUntil(lambda: layer.name == "VNC section 13", timeout=20000)
    assert list(viewer.layers) == [layer]
    np.testing.assert_array_equal(layer.data, PIXELS)
    assert tuple(layer.scale) == (4.6, 4.6)
    assert "Gerhard" in layer.metadata["source"]
    qtbot.waitUntil(lambda: not bars(), timeout=20000)


def test_what_was_fetched_opens_at_once_without_a_network(
    viewer, server, qtbot, monkeypatch
):
    server.release.set()
    (first,) = viewer.open_sample(PLUGIN, "vnc_stack")
    qtbot.waitUntil(lambda: first.name == "VNC sections", timeout=20000)
    assert first.data.shape == (16, 64, 48)
    offer(monkeypatch, "http://127.0.0.1:1")
    (layer,) = viewer.open_sample(PLUGIN, "vnc_stack")
    assert layer.data.shape == (16, 64, 48)


def test_cancel_in_the_activity_panel_ends_the_download(
    viewer, server, qtbot, tmp_path
):
    viewer.open_sample(PLUGIN, "vnc_section")
    qtbot.waitUntil(server.arrived.is_set, timeout=20000)
    bars()[0].cancel()
    qtbot.waitUntil(lambda: not bars(), timeout=20000)  # the server still hangs
    assert len(viewer.layers) == 0
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_removing_the_layer_ends_the_download(viewer, server, qtbot):
    viewer.open_sample(PLUGIN, "vnc_section")
    qtbot.waitUntil(server.arrived.is_set, timeout=20000)
    viewer.layers.clear()
    qtbot.waitUntil(lambda: not jobs(), timeout=20000)  # the server still hangs


def test_a_window_that_closes_ends_the_download(viewer, server, qtbot):
    viewer.open_sample(PLUGIN, "vnc_section")
    qtbot.waitUntil(server.arrived.is_set, timeout=20000)
    viewer.close()
    qtbot.waitUntil(lambda: not jobs(), timeout=20000)  # the server still hangs


def test_a_failure_is_a_notification_with_the_address(
    viewer, server, qtbot, monkeypatch
):
    offer(monkeypatch, f"http://127.0.0.1:{server.server_address[1]}/missing")
    seen = []
    notification_manager.notification_ready.connect(seen.append)
    viewer.open_sample(PLUGIN, "vnc_section")
    qtbot.waitUntil(lambda: any("404" in str(n.message) for n in seen), timeout=20000)
    assert any("/missing/13.tif" in str(n.message) for n in seen)
    assert len(viewer.layers) == 0


def bars() -> list[progress]:
    return [bar for bar in progress._all_instances if "VNC" in bar.desc]


def jobs() -> list[str]:
    return [
        t.name for t in threading.enumerate() if t.name.startswith("napari-dtn VNC")
    ]
