"""The Predict tab: from the chosen image to layers that show its boundaries."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from napari.utils.notifications import notification_manager, show_warning
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QGroupBox,
    QLabel,
    QVBoxLayout,
    QWidget,
)
from superqt import QLabeledDoubleSlider

from dense_transformer.config import PredictConfig
from dense_transformer.types import Progress
from napari_dtn.collector import QuietCollector
from napari_dtn.forms import SettingsForm
from napari_dtn.jobs import Job, JobRunner
from napari_dtn.placement import Placer, warm_up
from napari_dtn.predicting import (
    Answer,
    Catalogue,
    Core,
    InstalledCore,
    Request,
    answer,
)
from napari_dtn.preferences import Preferences
from napari_dtn.sources import layer_pixel_nm, read_source, visible_box
from napari_dtn.tabs.fold import Fold
from napari_dtn.tabs.image_box import ImageBox
from napari_dtn.tabs.model_box import ModelBox
from napari_dtn.tabs.pixel_box import PixelBox
from napari_dtn.tabs.run_bar import RunBar
from napari_dtn.threshold import LiveThreshold

DEVICES = {
    "auto": "Automatic",
    "cpu": "CPU",
    "cuda": "GPU (CUDA)",
    "mps": "GPU (Apple)",
}
ADVANCED = ("tile", "overlap", "batch")


class PredictTab(QWidget):
    """Layout and signals; the work is done by `predicting` in a job.

    Parameters
    ----------
    viewer : napari.Viewer
        Where the images are and the results go.
    core : Core or None
        What predicts; the installed one if None.
    """

    shown = Signal()  # the layers of a prediction are there
    gave_up = Signal(str)  # it failed or was stopped, and why

    def __init__(self, viewer: Any, core: Core | None = None) -> None:
        super().__init__()
        self._viewer = viewer
        self._core = core or InstalledCore()
        self._preferences = Preferences(self)
        self.runner = JobRunner(self)
        self._lister = JobRunner(self)
        self._placer = Placer(viewer, self)
        self._live = LiveThreshold(viewer, self)
        self._collector = QuietCollector()
        self._request: Request | None = None
        self._late = False  # the slider moved since the run began
        self._eager = False  # run as soon as the models are known
        self._make_widgets()
        self._lay_out()
        self._recall()
        self._connect()
        self._image_changed()
        self.list_models()

    # what it shows

    def _make_widgets(self) -> None:
        self.images = ImageBox(self._viewer)
        self.models = ModelBox()
        self.models.combo.addItem("Looking for models…", None)
        self.device = QComboBox()
        self.device.setAccessibleName("Device")
        self.device.setToolTip(
            "Where to compute; automatic takes the fastest there is."
        )
        for name, text in DEVICES.items():
            self.device.addItem(text, name)
        self.pixels = PixelBox()
        self.form = SettingsForm(PredictConfig, ADVANCED, {"tile": "Tile (y × x)"})
        self.advanced = Fold("Advanced", self.form)
        self.bar = RunBar()
        self.threshold = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        self.threshold.setRange(0.0, 1.0)
        self.threshold.setSingleStep(0.01)
        self.threshold.setDecimals(2)
        self.threshold.setAccessibleName("Threshold")
        self.threshold.setToolTip(
            "Probability from which a pixel is drawn as boundary; moves live."
        )

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        rows = [
            ("&Image", self.images),
            ("&Model", self.models),
            ("&Device", self.device),
            ("Pi&xel size", self.pixels),
        ]
        for text, widget in rows:
            label = QLabel(text)
            label.setBuddy(widget)
            label.setToolTip(widget.toolTip())
            label.setContentsMargins(0, 4, 0, 0)
            form.addRow(label, widget)
            if widget is self.models:
                form.addRow(self.models.about)  # as wide as the dock
        threshold = QFormLayout()
        label = QLabel("&Threshold")
        label.setBuddy(self.threshold)
        threshold.addRow(label, self.threshold)
        group = QGroupBox("Boundaries")
        group.setLayout(threshold)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.advanced)
        layout.addWidget(self.bar)
        layout.addWidget(group)
        layout.addStretch()

    def _recall(self) -> None:
        get = self._preferences.get
        self.device.setCurrentIndex(max(0, self.device.findData(get("device"))))
        self.threshold.setValue(get("threshold"))
        tile = (get("tile_height"), get("tile_width"))
        self.form.set_values(
            {
                "tile": tile if all(tile) else None,
                "overlap": get("overlap"),
                "batch": get("batch"),
            }
        )

    def _connect(self) -> None:
        layers, dims = self._viewer.layers.events, self._viewer.dims.events
        self._links = [
            (layers.inserted, self._layer_added),
            (layers.removed, self._layer_removed),
            (layers.reordered, self._layers_renamed),
            (layers.renamed, self._layers_renamed),
            (dims.point, self._moved),
        ]
        for event, slot in self._links:
            event.connect(slot)
        self.images.changed.connect(self._image_changed)
        self.models.changed.connect(self._model_changed)
        self.models.file_chosen.connect(self.open_model)
        self.device.currentIndexChanged.connect(self._remember)
        self.form.changed.connect(self._remember)
        self.threshold.valueChanged.connect(self._threshold_moved)
        self.bar.run_clicked.connect(self.run)
        self.bar.stop_clicked.connect(self.stop)
        self.runner.began.connect(self._began)
        self.runner.progressed.connect(self._progressed)
        self.runner.succeeded.connect(self._succeeded)
        self.runner.stopped.connect(self._stopped)
        self.runner.failed.connect(self._failed)
        self.runner.idle.connect(self._idle)
        self._placer.placed.connect(self._placed)
        self._lister.succeeded.connect(self._listed)
        self._lister.failed.connect(self._failed)

    def shut_down(self) -> None:
        """Stop all work and let go of the viewer; may be called twice."""
        for helper in (self.runner, self._lister, self._placer, self._live):
            helper.shut_down()
        self._preferences.save()
        self._collector.let_go()
        for event, slot in self._links:
            event.disconnect(slot)
        self._links = []

    # what it does

    def list_models(self) -> None:
        """Look for models and devices beside the window."""
        core = self._core

        def work(stop: Any) -> Any:
            yield Progress(0, 1)
            found = core.catalogue()
            warm_up()
            return found

        self._lister.start(Job(work, "models"))

    def open_model(self, path: str) -> None:
        """Read the card of a model file and choose it."""
        core = self._core

        def work(stop: Any) -> Any:
            yield Progress(0, 1)
            return core.read_model(Path(path))

        self._lister.start(Job(work, "model file"))

    def predict_layer(self, layer: Any) -> None:
        """Choose a layer and run, in place of what runs now; waits for the models."""
        self.images.choose(layer)
        if self.models.model() is None and self._lister.job is not None:
            self._eager = True
            self.bar.say("Looking for models…")
        else:
            self.run()

    def run(self) -> None:
        """Predict the chosen image with the chosen model."""
        layer, model = self.images.layer(), self.models.model()
        if layer is None or model is None:
            show_warning(
                "No image to predict: open or select an image layer first."
                if layer is None
                else "No model yet: wait until the list is there, or open a model file."
            )
            return
        try:
            request = self._make_request(layer, model.key)
        except Exception as error:  # noqa: BLE001 - shown as a notification
            self._failed(None, error)
            return
        core = self._core
        self._placer.shut_down()
        self._request = request
        job = Job(lambda stop: answer(core, request, stop), request.source.image.name)
        self.runner.start(job)

    def prefer_model(self, key: str) -> None:
        """Choose a model by name, now or as soon as the list is there."""
        self._preferences.set("model", key)
        if not self.models.choose(key) and Path(key).is_file():
            self.open_model(key)

    def stop(self) -> None:
        """Ask the prediction to end."""
        if self.runner.job is not None:
            self.bar.say("Stopping…")
            self.bar.stop.setEnabled(False)
        self.runner.stop()

    def _make_request(self, layer: Any, model: str) -> Request:
        source = read_source(
            layer, self._viewer.dims.point, self.pixels.value(), self._viewer.dims.units
        )
        count = self.images.sections()
        every = self.images.all.isChecked() and count > 1
        sections = tuple(range(count)) if every else (source.section,)
        config = PredictConfig(
            **self.form.values(),
            device=self.device.currentData(),
            pixel_nm=self.pixels.value(),
            # The window keeps one core for itself.
            threads=max(1, (os.cpu_count() or 2) - 1),
        )
        region = visible_box(layer, self._viewer.dims.displayed)
        return Request(model, source, config, sections, self.threshold.value(), region)

    # what happens

    def _listed(self, job: Job, found: Any) -> None:
        if not isinstance(found, Catalogue):
            self.models.add_model(found)
            return
        self.models.set_models(found.models, self._preferences.get("model"))
        for row in range(self.device.count()):
            there = self.device.itemData(row) in found.devices
            self.device.model().item(row).setEnabled(there)
        if not self.bar.status.text():
            self.bar.say(
                "Ready."
                if self.images.layer() is not None
                else "Open an image to begin."
            )
        if self._eager:
            self._eager = False
            self.run()

    def _began(self, job: Job) -> None:
        self._collector.hold()
        self.bar.set_working(True)
        self.bar.say(f"Predicting {job.name}…")

    def _progressed(self, progress: Progress) -> None:
        self.bar.show_progress(progress)

    def _succeeded(self, job: Job, result: Answer) -> None:
        request = self._request
        if request is None:
            return
        layer_id = request.source.layer_id
        self._late = self.threshold.value() != request.threshold
        self._placer.place(result.specs, layer_id, partial(self._is_there, layer_id))
        many = f", {len(request.sections)} slices" if len(request.sections) > 1 else ""
        self.bar.say(
            f"{job.name}{many}: done in {result.seconds:.1f} s on {result.device}."
        )

    def _placed(self) -> None:
        self._collector.let_go()
        if self._late:  # the slider moved while it was computed
            self._threshold_moved()
        self.shown.emit()

    def _idle(self) -> None:
        self.bar.set_working(False)
        if not self._placer.busy:
            self._collector.let_go()

    def _stopped(self, job: Job) -> None:
        self.bar.say(f"{job.name}: stopped.")
        self.gave_up.emit("stopped")

    def _failed(self, job: Job | None, error: Exception) -> None:
        self.bar.say(f"Failed: {error}")
        notification_manager.receive_error(type(error), error, error.__traceback__)
        self.gave_up.emit(str(error))

    def _is_there(self, layer_id: object) -> bool:
        return any(layer.unique_id == layer_id for layer in self._viewer.layers)

    def _layer_added(self, event: Any) -> None:
        self.images.refresh(event.value)

    def _layer_removed(self, event: Any) -> None:
        request = self._request
        if request is not None and event.value.unique_id == request.source.layer_id:
            self.stop()
        self.images.refresh()

    def _layers_renamed(self, event: Any = None) -> None:
        self.images.refresh()

    def _moved(self, event: Any = None) -> None:
        self.images.say_slices()

    def _image_changed(self) -> None:
        layer = self.images.layer()
        self.pixels.set_layer(None if layer is None else layer_pixel_nm(layer))
        self.bar.set_ready(layer is not None)

    def _model_changed(self) -> None:
        model = self.models.model()
        if model is not None and model.card is not None:
            self.pixels.set_model(model.card.pixel_nm)
            self._preferences.set("model", model.key)

    def _threshold_moved(self) -> None:
        layer = self.images.layer()
        self._preferences.set("threshold", self.threshold.value())
        if layer is not None:
            self._live.apply(layer.unique_id, self.threshold.value())

    def _remember(self) -> None:
        values = self.form.values()
        height, width = values["tile"] or (0, 0)
        keep = {"device": self.device.currentData(), "overlap": values["overlap"]}
        keep |= {"batch": values["batch"], "tile_height": height, "tile_width": width}
        for name, value in keep.items():
            self._preferences.set(name, value)
