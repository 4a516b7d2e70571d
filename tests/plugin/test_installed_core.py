"""The dock with the real core: a small network with random weights."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from napari_dtn.predicting import InstalledCore

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a folder of own models with one in it."""
    from dense_transformer.config import NetworkConfig, TransformerConfig
    from dense_transformer.nn import build_network
    from dense_transformer.zoo import Card, save_model

    folder = tmp_path_factory.mktemp("home")
    (folder / "models").mkdir()
    pair = TransformerConfig(level=2, localisation_channels=4)
    config = NetworkConfig(depth=3, base_channels=4, transformers=(pair,))
    card = Card(name="tiny", title="Tiny", patch=(64, 64), pixel_nm=(4.0, 4.0))
    save_model(folder / "models" / "tiny.safetensors", build_network(config), card)
    return folder


def test_real_prediction_comes_through_to_layers(
    qtbot, home, monkeypatch, no_threads_left
):
    from napari.components import ViewerModel
    from window_driver import Window

    monkeypatch.setenv("DTN_HOME", str(home))
    image = np.random.default_rng(0).integers(0, 255, (2, 100, 150), np.uint8)
    w = Window(ViewerModel(), InstalledCore(), qtbot)
    w.add_image(image, scale=(50, 8, 8), units=("nm",) * 3)
    assert w.tab.models.choose("tiny")
    w.run()
    probability = w.result("boundary probability")
    assert probability.data.shape == (1, 100, 150)
    assert 0 <= probability.data.min() < probability.data.max() <= 1
    # 8 nm seen at 4 nm, two pixels a unit at level 2: one unit is one source pixel.
    coverage = w.result("coverage S level 2")
    np.testing.assert_allclose(coverage.scale[1:], (8, 8), rtol=0.02)
    assert "cpu" in w.tab.bar.status.text().lower()
    w.close()


def test_napari_closed_during_a_run_ends_cleanly(home):
    script = """
        import sys, threading
        import numpy as np, napari
        from qtpy.QtCore import QTimer
        from napari_dtn.commands import open_dock
        viewer = napari.Viewer()
        layer = viewer.add_image(np.zeros((4096, 4096), np.uint8))
        tab = open_dock(viewer).predict
        tab.prefer_model("tiny")
        tab.predict_layer(layer)
        tab.runner.progressed.connect(lambda p: p.done and viewer.close())
        napari.run()
        print("running", [t.name for t in threading.enumerate() if "dtn" in t.name])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**os.environ, "DTN_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "running" in done.stdout
    assert "Traceback" not in done.stderr
    assert "QThread" not in done.stderr
