"""Features, ablation, comparison, export and training, with a real small network."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from inspect_driver import InspectWindow
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from small_inspector import SmallInspectCore, blobs
from window_driver import LEFT

from napari_dtn.inspect_labels import to_classes

pytestmark = pytest.mark.gui
SOON = 60_000  # ms


@pytest.fixture
def small(look_into):
    """Return a function that looks into the small network."""

    def open_window(**options) -> InspectWindow:
        return look_into(blobs(), SmallInspectCore(), **options)

    return open_window


def finish(w: InspectWindow, section) -> None:
    """Press Run and wait for the outcome."""
    w.click(section.bar.run)
    w.until(lambda: section.found is not None and not section.busy, SOON)
    w.settle()


def test_without_the_warp_the_change_is_that_of_the_core(small):
    from dense_transformer.inspection import ablate
    from dense_transformer.work import finish as complete

    w = small(scale=(4.6, 4.6), units=("nm", "nm"))
    section = w.open("AblationSection")
    finish(w, section)
    request = w.context.request
    model = w.inspect_core.model(request.model)
    right = complete(ablate(model, request.source.image, kind="identity", level=2))
    assert right.change.largest > 0.01
    layer = w.drawn("change")
    np.testing.assert_allclose(layer.data, right.change.difference, atol=1e-5)
    np.testing.assert_allclose(layer.scale, w.context.layer().scale)
    assert section.words.text() == right.words
    assert f"{100 * right.change.changed_share:.2f} %" in section.table.text()
    assert w.context.prediction is not None  # nobody has to predict it again
    w.click(w.part("AblationSection").button)
    assert w.drawn("change") is None
    w.click(w.part("AblationSection").button)  # what was found is still there
    w.settle()
    assert section.words.text() == right.words
    np.testing.assert_allclose(
        w.drawn("change").data, right.change.difference, atol=1e-5
    )


@pytest.mark.slow
def test_labels_say_whether_the_warp_helps(small):
    w = small()
    w.viewer.add_labels((blobs() < 100).astype(int), name="truth")
    section = w.open("AblationSection")
    assert section.labels.count() == 2
    section.labels.setCurrentIndex(1)
    finish(w, section)
    table = section.table.text()
    for name in ("AUC", "F1 at 0.5", "boundary F1"):
        assert name in table
    assert "F1 goes from" in section.words.text()
    w.viewer.layers.remove("truth")
    assert section.labels.count() == 1


@pytest.mark.slow
def test_labels_of_another_image_are_refused_with_the_sizes(small, monkeypatch):
    from napari.utils.notifications import notification_manager

    told = []
    monkeypatch.setattr(
        notification_manager,
        "receive_error",
        lambda kind, error, trace: told.append(error),
    )
    w = small()
    w.viewer.add_labels(np.zeros((10, 10), int), name="other")
    section = w.open("AblationSection")
    section.labels.setCurrentIndex(1)
    w.click(section.bar.run)
    assert "(10, 10)" in str(told[0])
    assert section.runner.job is None


def test_a_mask_classes_and_cells_are_all_labels():
    mask = np.array([[0, 1], [1, 0]])
    assert to_classes(mask, 2).tolist() == [[1, 2], [2, 1]]
    assert to_classes(np.array([[0, 1, 2]]), 2).tolist() == [[0, 1, 2]]
    cells = np.repeat(np.array([[7, 9]]), [8, 8], axis=1).repeat(8, 0)
    classes = to_classes(cells, 2)
    assert (classes[:, 7:9] == 2).all()
    assert (classes[:, :4] == 1).all()


def test_two_models_stand_side_by_side_and_then_all_is_as_before(small, monkeypatch):
    import dense_transformer.inspection as core

    monkeypatch.setattr(core, "find_twin", lambda name: "other")
    w = small()
    hidden = w.viewer.add_points(np.zeros((1, 2)), name="points", visible=False)
    section = w.open("CompareSection")
    w.until(lambda: section.rival.twin.isEnabled())
    w.until(lambda: section.rival.combo.currentData() == "other", SOON)  # proposed
    w.click(section.rival.twin)  # one click
    w.until(lambda: section.found is not None and not section.busy, SOON)
    w.settle()
    assert section.found.names == ("small-2", "small")
    section.view.setCurrentIndex(section.view.findText("Side by side"))
    w.settle()
    w.until(lambda: section.beside.on)
    grid = w.viewer.canvas.grid
    assert grid.enabled
    assert grid.shape == (1, 2)
    shown = [layer.name for layer in w.viewer.layers if layer.visible]
    assert shown == [
        "small: image, image", "small: image",
        "small-2: image, image", "small-2: image",
    ]  # fmt: skip
    first = w.drawn("probability a").data
    np.testing.assert_array_equal(first, section.found.predictions[0].probability)
    w.click(w.part("CompareSection").button)
    assert not grid.enabled
    assert w.context.layer().visible
    assert not hidden.visible
    assert not [layer for layer in w.viewer.layers if layer.name.startswith("small")]
    w.open("CompareSection")
    w.until(lambda: section.beside.on)
    bar = w.dock.tabs.tabBar()
    QTest.mouseClick(bar, LEFT, pos=bar.tabRect(0).center())  # another tab
    assert not grid.enabled
    assert w.context.layer().visible


@pytest.mark.slow
def test_features_are_those_of_the_core_and_drawn_once_for_all_stages(
    small, monkeypatch
):
    import dense_transformer.inspection as core

    runs, features = [], core.features

    def counted(*arguments, **options):
        runs.append(options)
        return features(*arguments, **options)

    monkeypatch.setattr(core, "features", counted)
    w = small()
    section = w.open("FeaturesSection")
    colours = w.drawn("features as colours")
    assert colours.rgb
    assert colours.data.shape == (16, 16, 4)  # level 2 of a tile of 32
    for stage in (1, 2, 3):
        section.stage.setCurrentIndex(stage)
        w.settle()
    assert len(runs) == 1
    assert "% of their variance" in section.words.text()
    section.stage.setCurrentIndex(0)
    section.channel.setValue(3)
    w.settle()
    right = features(w.context.session, w.context.tile, 2, channel=3).stages[0]
    np.testing.assert_allclose(w.drawn("one feature").data, right.picture, atol=1e-5)
    assert w.drawn("features as colours") is None


def test_export_writes_what_dtn_inspect_writes(small, tmp_path):
    from dense_transformer.inspection.asking import inspect_image
    from dense_transformer.inspection.export import Wanted, write_findings
    from dense_transformer.inspection.findings import Questions
    from dense_transformer.work import finish as complete

    w = small()
    section = w.open("ExportSection")
    section.export_to(tmp_path / "tab")
    w.until(lambda: not section.busy, SOON)
    assert "inspection.html" in section.bar.status.text()
    request = w.context.request
    questions = Questions(level=2, tile=w.context.tile, ablate=("identity",))
    model = w.inspect_core.model(request.model)
    image = request.source.image
    found = complete(inspect_image(model, image, request.config, questions))
    files = write_findings(found, tmp_path / "core", Wanted())
    assert [path.name for path in files] == [path.name for path in section.files]
    for one, other in zip(files, section.files, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


@pytest.mark.slow
def test_each_file_saved_alone_is_that_of_all(small, tmp_path, monkeypatch):
    w = small()
    section = w.open("ExportSection")
    for box in (section.page, section.ablation):
        box.setChecked(False)
    section.export_to(tmp_path / "all")
    w.until(lambda: not section.busy, SOON)
    of_all = {path.read_bytes(): path.name for path in section.files}
    proposed = []

    def ask(parent, title, name):
        proposed.append(name)
        return str(tmp_path / name), ""

    dialogue = "napari_dtn.tabs.inspect_export.QFileDialog.getSaveFileName"
    monkeypatch.setattr(dialogue, ask)
    for action in section.single.menu().actions():
        action.trigger()
        w.until(lambda: not section.busy, SOON)
        assert section.files == (tmp_path / proposed[-1],)
        assert of_all[section.files[0].read_bytes()] == proposed[-1]
    assert len(set(proposed)) == 7


@pytest.mark.slow
def test_numbers_of_a_folder_say_how_much_warps_differ(small, tmp_path, monkeypatch):
    from PIL import Image

    for number in range(2):
        Image.fromarray(np.roll(blobs(), 9 * number, 1)).save(
            tmp_path / f"{number}.png"
        )
    (tmp_path / "2.png").write_bytes(b"no picture")
    w = small()
    section = w.open("NumbersSection")
    monkeypatch.setattr(section, "_ask_folder", lambda: tmp_path)
    section.scope.setCurrentIndex(section.scope.findData("folder"))
    section.scope.activated.emit(section.scope.currentIndex())
    w.until(lambda: section._long.job is None, SOON)
    table = section.table.text().splitlines()
    assert [row.split("\t")[0] for row in table[1:]] == ["0.png", "1.png"]
    assert "2.png" in section.words.text()  # could not be measured, and why
    assert "in all 2 images" in section.words.text()
    section.scope.setCurrentIndex(section.scope.findData("image"))
    section.scope.activated.emit(section.scope.currentIndex())
    w.until(lambda: not section.busy, SOON)
    assert w.inspect_core.predictions == 3
    assert "level 2" in section.table.text().splitlines()[0]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """Return a run of six steps with two previews, and an alarm in its record."""
    sys.path.append(str(Path(__file__).parents[1] / "training"))
    from small_runs import small_config, write_stripes

    from dense_transformer.training import train
    from dense_transformer.work import finish as complete

    folder = tmp_path_factory.mktemp("history")
    config = small_config(write_stripes(folder / "data"))
    complete(train(config, folder / "run"))
    events = folder / "run" / "events.jsonl"
    text = events.read_text()
    assert '"saturation": 0.0' in text
    events.write_text(text.replace('"saturation": 0.0', '"saturation": 0.6'))
    return folder / "run"


@pytest.mark.slow
def test_a_slider_shows_how_warp_and_prediction_developed(small, run):
    pytest.importorskip("pyqtgraph")
    from dense_transformer.inspection import read_history, read_preview

    w = small()
    section = w.open("HistorySection")
    section.open_run(run)
    w.until(lambda: section.history is not None and not section.busy, SOON)
    w.settle()
    history = read_history(run)
    assert [preview.step for preview in history.previews] == [3, 6]
    assert "Step 6" in section.step.text()
    assert "at their bound" in section.words.text()
    assert section.plot.alarms == len(history.alarms) == 2  # idle, and as written above
    section.slider.setFocus()
    QTest.keyClick(section.slider, Qt.Key.Key_Left)
    w.settle()
    w.until(lambda: "Step 3" in section.step.text())
    right = read_preview(history.previews[0])
    shown = w.drawn("run probability")
    np.testing.assert_array_equal(shown.data, right.probability)
    assert shown.extent.world[0, 1] >= w.context.layer().extent.world[1, 1]  # beside
    w.click(w.part("HistorySection").button)
    assert w.drawn("run probability") is None


@pytest.mark.slow
def test_a_run_that_goes_on_is_read_again(small, run, tmp_path):
    w = small()
    section = w.open("HistorySection")
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    lines = (copy / "events.jsonl").read_text().splitlines(keepends=True)
    (copy / "events.jsonl").write_text("".join(lines[:4]))
    section.open_run(copy)
    w.until(lambda: section.history is not None and not section.busy, SOON)
    early = section.history.step
    (copy / "events.jsonl").write_text("".join(lines))
    section._look()
    w.until(lambda: section.history.step > early and not section.busy, SOON)


@pytest.mark.slow
def test_a_folder_that_is_no_run_is_told(small, tmp_path, monkeypatch):
    from napari.utils.notifications import notification_manager

    told = []
    monkeypatch.setattr(
        notification_manager,
        "receive_error",
        lambda kind, error, trace: told.append(error),
    )
    w = small()
    section = w.open("HistorySection")
    section.open_run(tmp_path)
    w.until(lambda: bool(told), SOON)
    assert str(tmp_path) in str(told[0])
