"""What every test may use, and what none may touch: the person's own files."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HOME = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep models, downloads and napari's settings of the tests to themselves."""
    home = tempfile.mkdtemp(prefix="napari-dtn-tests-")
    config.stash[HOME] = home
    os.environ["DTN_HOME"] = os.path.join(home, "dtn")
    # Before napari is imported: it reads them once.
    os.environ["NAPARI_CONFIG"] = os.path.join(home, "napari.yaml")
    if sys.platform == "linux" and not _display():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # else Qt aborts


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Let windows be tested one after the other where tests run side by side."""
    if config.pluginmanager.hasplugin("xdist"):
        for item in items:
            if "qtbot" in getattr(item, "fixturenames", ()) or _is_gui(item):
                item.add_marker(pytest.mark.xdist_group("gui"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what has to be seen where nothing can be shown."""
    if _is_gui(item) and sys.platform == "linux" and not _display():
        pytest.skip("no display; `make test` makes one")


def _is_gui(item: pytest.Item) -> bool:
    return item.get_closest_marker("gui") is not None


def _display() -> str:
    return os.environ.get("DISPLAY", "") + os.environ.get("WAYLAND_DISPLAY", "")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
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
