"""Tests of the plugin: napari's settings out of the way, a window with the dock."""

from __future__ import annotations

import gc
import itertools
import os
import threading
import time

import pytest

os.environ["NAPARI_ENSURE_PLUGIN_MAIN_THREAD"] = "1"  # before napari is imported

from fake_core import FakeCore

_tests = itertools.count()
_unfreeze = gc.unfreeze
_EVERY = 20


@pytest.fixture(autouse=True)
def what_is_old_is_set_aside(request, monkeypatch):
    """Keep what is older than the test out of garbage collections.

    napari makes a full one for each layer that goes, which took half the time of all
    these tests. Those that ask for `real_collector` have them as they are.
    """
    if "real_collector" in request.fixturenames:
        _unfreeze()
        return
    if next(_tests) % _EVERY == 0:
        _unfreeze()
        gc.collect()
    gc.freeze()
    monkeypatch.setattr(gc, "unfreeze", lambda: None)


@pytest.fixture
def real_collector() -> None:
    """Let garbage be collected as outside of tests."""


@pytest.fixture
def core() -> FakeCore:
    """A core of known answers."""
    return FakeCore()


@pytest.fixture
def no_threads_left():
    """Fail if a worker outlives the test by more than five seconds."""
    yield
    end = time.monotonic() + 5
    while (left := _workers()) and time.monotonic() < end:
        time.sleep(0.01)
    assert not left, f"threads left behind: {left}"


def _workers() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("napari-dtn")]


@pytest.fixture
def first_session():
    """Forget what another test has chosen."""
    from napari_dtn.preferences import DEFAULTS, Preferences

    preferences = Preferences()
    for name, value in DEFAULTS.items():
        preferences.set(name, value)
    preferences.save()


@pytest.fixture
def bench(first_session, no_threads_left, core, qtbot):
    """Return a function that makes the tab beside a viewer without a window."""
    from napari.components import ViewerModel
    from window_driver import Window

    opened = []

    def make(image=None, **options) -> Window:
        window = Window(ViewerModel(), core, qtbot)
        if image is not None:
            window.add_image(image, **options)
        opened.append(window)
        return window

    yield make
    core.gate.set()
    for window in opened:
        window.close()


@pytest.fixture
def window(make_napari_viewer, first_session, no_threads_left, core, qtbot):
    """Return a function that opens a viewer with an image and the dock."""
    from window_driver import Window

    opened = []

    def open_window(image=None, **options) -> Window:
        window = Window(make_napari_viewer(show=True), core, qtbot)
        if image is not None:
            window.add_image(image, **options)
        opened.append(window)
        return window

    yield open_window
    core.gate.set()
    for window in opened:
        window.close()


@pytest.fixture
def look_into(make_napari_viewer, first_session, no_threads_left, core, qtbot):
    """Return a function that opens a window with the Inspect tab on an image."""
    import numpy as np
    from fake_inspector import FakeInspectCore
    from inspect_driver import InspectWindow

    opened = []

    def open_window(image=None, inspect_core=None, **options):
        viewer = make_napari_viewer(show=True)
        window = InspectWindow(viewer, core, qtbot, inspect_core or FakeInspectCore())
        opened.append(window)
        if image is None:
            image = np.full((128, 128), 90, np.uint8)
        window.add_image(image, **options)
        window.turn_to_inspect()
        return window

    yield open_window
    for window in opened:
        for session in window.inspect_core.sessions:
            session.gate.set()
        window.inspect.shut_down()
        window.close()


@pytest.fixture
def teaching(
    make_napari_viewer, first_session, no_threads_left, tmp_path, monkeypatch, qtbot
):
    """Return a function that opens a viewer with an image file and the Teach tab."""
    from teach_driver import TeachCore, TeachWindow

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "own"))
    opened = []

    def open_window(source, **options) -> TeachWindow:
        viewer = make_napari_viewer(show=True)
        window = TeachWindow(viewer, TeachCore(tmp_path), qtbot)
        opened.append(window)
        if isinstance(source, str | os.PathLike):
            viewer.open(str(source), plugin="napari", **options)
            viewer.reset_view()
        elif source is not None:
            window.add_image(source, **options)
        window.turn_to_teach()
        return window

    yield open_window
    for window in opened:
        window.close()


@pytest.fixture
def image_file(tmp_path):
    """Return an image of noise, in a folder of its own."""
    import numpy as np
    import tifffile

    path = tmp_path / "cells.tif"
    rng = np.random.default_rng(0)
    tifffile.imwrite(path, rng.integers(0, 255, (120, 160), np.uint8))
    return path
