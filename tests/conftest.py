"""What every test may use, and what none may touch: the person's own files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HOME = pytest.StashKey[str]()
SCREEN = pytest.StashKey["subprocess.Popen[bytes]"]()
SIDE_BY_SIDE = 2  # processes that show windows
TOGETHER = ("test_distributed.py",)  # what their tests share takes long to make


def pytest_configure(config: pytest.Config) -> None:
    """Keep models, downloads and napari's settings of the tests to themselves."""
    home = tempfile.mkdtemp(prefix="napari-dtn-tests-")
    config.stash[HOME] = home
    os.environ["DTN_HOME"] = os.path.join(home, "dtn")
    # Before napari is imported: it reads them once.
    os.environ["NAPARI_CONFIG"] = os.path.join(home, "napari.yaml")
    if "PYTEST_XDIST_WORKER" in os.environ and "DTN_TEST_SCREEN" in os.environ:
        _open_screen(config)
    if sys.platform == "linux" and not _display():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # else Qt aborts


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Let windows be tested one after the other where tests run side by side.

    With a screen for each process two of them show windows: all of a file in one.
    """
    if not config.pluginmanager.hasplugin("xdist"):
        return
    shown = [item for item in items if _is_shown(item)]
    loads = [0] * (SIDE_BY_SIDE if "DTN_TEST_SCREEN" in os.environ else 1)
    group_of = {}
    for path, count in Counter(item.path for item in shown).most_common():
        group_of[path] = loads.index(min(loads))
        loads[group_of[path]] += count
    for item in items:
        if item.path in group_of:
            item.add_marker(pytest.mark.xdist_group(f"gui-{group_of[item.path]}"))
        elif item.path.name in TOGETHER:
            item.add_marker(pytest.mark.xdist_group(item.path.name))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what has to be seen where nothing can be shown."""
    if _is_gui(item) and sys.platform == "linux" and not _display():
        pytest.skip("no display; `make test` makes one")


def _open_screen(config: pytest.Config) -> None:
    """Show this process's windows where no other's take the keyboard from them."""
    reader, writer = os.pipe()
    options = os.environ["DTN_TEST_SCREEN"].split()
    config.stash[SCREEN] = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-nolisten", "tcp", *options],
        pass_fds=[writer], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writer)
    with os.fdopen(reader) as pipe:
        number = pipe.readline().strip()
    assert number, f"Xvfb took none of {options}"
    os.environ["DISPLAY"] = f":{number}"
    os.environ.pop("XAUTHORITY", None)


def _is_shown(item: pytest.Item) -> bool:
    return "qtbot" in getattr(item, "fixturenames", ()) or _is_gui(item)


def _is_gui(item: pytest.Item) -> bool:
    return item.get_closest_marker("gui") is not None


def _display() -> str:
    return os.environ.get("DISPLAY", "") + os.environ.get("WAYLAND_DISPLAY", "")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    if (screen := config.stash.get(SCREEN, None)) is not None:
        screen.terminate()
        screen.wait()
    shutil.rmtree(config.stash[HOME], ignore_errors=True)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; tests that need it are skipped without it."""
    path = Path(os.environ.get("DTN_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip("no real data here; DTN_SHARED_DATA names their folder")
    return path


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return ROOT
