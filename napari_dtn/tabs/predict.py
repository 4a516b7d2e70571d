"""The Predict tab: from the chosen image to layers that show its boundaries."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import notification_manager, show_warning
from qtpy.QtCore import Signal

from dense_transformer.types import Progress
from napari_dtn.annotation_prediction import uncover_prediction
from napari_dtn.answering import Answer, Sketch, answer
from napari_dtn.collector import QuietCollector
from napari_dtn.jobs import Job, JobRunner
from napari_dtn.placement import is_result
from napari_dtn.placer import Placer
from napari_dtn.predicting import (
    Catalogue,
    Core,
    InstalledCore,
    ModelInfo,
    Request,
)
from napari_dtn.preview import Preview
from napari_dtn.tabs.model_finder import ModelFinder
from napari_dtn.tabs.predict_form import PredictForm
from napari_dtn.threshold import LiveThreshold

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

NO_IMAGE = "No image to predict: open or select an image layer first."
NO_MODEL = "No model yet: wait until the list is there, or open a model file."


class PredictTab(PredictForm):
    """Layout and signals; the work is done by `answering` in a job.

    Parameters
    ----------
    viewer : napari.Viewer
        Where the images are and the results go.
    core : Core or None
        What predicts; the installed one if None.
    """

    shown = Signal()  # the layers of a prediction are there
    gave_up = Signal(str)  # it failed or was stopped, and why

    def __init__(self, viewer: ViewerModel, core: Core | None = None) -> None:
        super().__init__(viewer)
        self._core = core or InstalledCore()
        self.runner = JobRunner(self)
        self._finder = ModelFinder(self._core, self)
        self._placer = Placer(viewer, self)
        self._preview = Preview(viewer, self)
        self._live = LiveThreshold(viewer, self)
        self._collector = QuietCollector()
        self._request: Request | None = None
        self._late = False  # the slider moved since the run began
        self._awaited = False  # run as soon as the models are known
        self._connect()
        self._finder.look()

    def _connect(self) -> None:
        layers, dims = self._viewer.layers.events, self._viewer.dims.events
        self._links = [
            (layers.inserted, self._layers_changed),
            (layers.removed, self._layer_removed),
            (layers.reordered, self._layers_changed),
            (layers.renamed, self._layers_changed),
            (dims.point, self.images.say_slices),
        ]
        for event, slot in self._links:
            event.connect(slot)
        self.models.file_chosen.connect(self.open_model)
        self.threshold.valueChanged.connect(self._threshold_moved)
        self.bar.run_clicked.connect(self._clicked)
        self.bar.stop_clicked.connect(self.stop)
        self.runner.began.connect(self._began)
        self.runner.progressed.connect(self._progressed)
        self.runner.noted.connect(self._begun)
        self.runner.succeeded.connect(self._succeeded)
        self.runner.stopped.connect(self._stopped)
        self.runner.failed.connect(self._failed)
        self.runner.idle.connect(self._idle)
        self._placer.placed.connect(self._placed)
        self._finder.listed.connect(self._listed)
        self._finder.opened.connect(self._opened)
        self._finder.failed.connect(self._fail)

    def shut_down(self) -> None:
        """Stop all work and let go of the viewer; may be called twice."""
        parts = (self.runner, self._finder, self._preview, self._placer, self._live)
        for part in parts:
            part.shut_down()
        self._preferences.save()
        self._collector.let_go()
        for event, slot in self._links:
            event.disconnect(slot)
        self._links = []

    # what it does

    def open_model(self, path: str) -> None:
        """Read the card of a model file and choose it."""
        self._finder.open(Path(path))

    def predict_layer(self, layer: Layer | None) -> None:
        """Choose a layer and run, in place of what runs now; waits for the models."""
        self.images.choose(layer)
        if self._finder.busy:
            self._awaited = True
            self.bar.say("Looking for models…")
        else:
            self.run()

    def run(self, section: int | None = None) -> None:
        """Predict the chosen image with the chosen model: the section on screen."""
        layer, model = self.images.layer(), self.models.model()
        if layer is None or model is None:
            show_warning(NO_IMAGE if layer is None else NO_MODEL)
            return
        try:
            request = self.make_request(layer, model.key, section)
        except Exception as error:  # noqa: BLE001 - shown as a notification
            self._fail(error)
            return
        core = self._core
        self._placer.shut_down()
        self._request = request
        job = Job(lambda stop: answer(core, request, stop), request.source.image.name)
        self.runner.start(job)

    @property
    def working(self) -> bool:
        """Whether something is predicted, or about to be shown."""
        return self.runner.job is not None or self._placer.busy

    @property
    def looking(self) -> bool:
        """Whether models are still being looked for."""
        return self._finder.busy

    def prefer_model(self, key: str) -> None:
        """Choose a model by name, now or as soon as the list is there."""
        self._preferences.set("model", key)
        if not self.models.choose(key) and Path(key).is_file():
            self.open_model(key)

    def look_for_models(self, wanted: str) -> None:
        """List the models again, as one was added, and choose `wanted`."""
        self._preferences.set("model", wanted)
        self._finder.look()

    def stop(self) -> None:
        """Ask the prediction to end."""
        if self.runner.job is not None:
            self.bar.say("Stopping…")
            self.bar.stop.setEnabled(False)
        self.runner.stop()

    # what happens

    def _clicked(self) -> None:
        """Run, and let it be seen though the last one was hidden by its key."""
        if (layer := self.images.layer()) is not None:
            uncover_prediction(self._viewer, layer.unique_id)
        self.run()

    def _listed(self, found: Catalogue) -> None:
        wanted = self._preferences.get("model")
        self.models.set_models(found.models, wanted)
        self.offer_devices(found.devices)
        if not self.bar.status.text():
            some = self.images.layer() is not None
            self.bar.say("Ready." if some else "Open an image to begin.")
        own = not self._finder.opening and not self.models.choose(wanted)
        if own and Path(wanted).is_file():  # opened in another session
            self.open_model(wanted)
        self._run_if_awaited()

    def _opened(self, model: ModelInfo) -> None:
        self.models.add_model(model)
        self._run_if_awaited()

    def _run_if_awaited(self) -> None:
        if self._awaited and not self._finder.busy:
            self._awaited = False
            self.run()

    def _began(self, job: Job) -> None:
        self._collector.hold()
        self.bar.set_working(True)
        self.bar.say(f"Predicting {job.name}…")

    def _progressed(self, progress: Progress) -> None:
        if self.bar.show_progress(progress):
            self._preview.refresh()  # one drawing for both

    def _begun(self, sketch: Sketch) -> None:
        if (request := self._request) is not None:
            layer_id = request.source.layer_id
            sketch.sheets.threshold = self.threshold.value()
            self._preview.begin(sketch, layer_id, partial(self._is_there, layer_id))

    def _succeeded(self, job: Job, result: Answer) -> None:
        request = self._request
        if request is None:
            return
        self._preview.keep()
        layer_id = request.source.layer_id
        self._late = self.threshold.value() != request.threshold
        self._placer.place(result.specs, layer_id, partial(self._is_there, layer_id))
        many = f", {len(request.sections)} slices" if len(request.sections) > 1 else ""
        self.bar.say(
            f"{job.name}{many}: done in {result.seconds:.1f} s on {result.device}."
        )

    def _placed(self) -> None:
        self._end_of_run()
        if self._late:  # the slider moved while it was computed
            self._threshold_moved()
        self.shown.emit()

    def _idle(self) -> None:
        self.bar.set_working(False)
        if not self._placer.busy:
            self._end_of_run()

    def _end_of_run(self) -> None:
        if self.runner.job is None:
            self._request = None  # it keeps the image alive
            self._collector.let_go()

    def _stopped(self, job: Job) -> None:
        self._put_back()
        self.bar.say(f"{job.name}: stopped; the layers are as they were.")
        self.gave_up.emit("stopped")

    def _put_back(self) -> None:
        request, threshold = self._request, self.threshold.value()
        self._preview.put_back()
        if request is not None and request.threshold != threshold:
            self._live.apply(request.source.layer_id, threshold)

    def _failed(self, job: Job, error: Exception) -> None:
        self._put_back()
        self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._awaited = False
        self.bar.say(f"Failed: {error}")
        notification_manager.receive_error(type(error), error, error.__traceback__)
        self.gave_up.emit(str(error))

    def _is_there(self, layer_id: object) -> bool:
        return any(layer.unique_id == layer_id for layer in self._viewer.layers)

    def _layers_changed(self, event: Any) -> None:
        if event.type == "inserted" and is_result(event.value):
            return
        self.images.refresh(event.value if event.type == "inserted" else None)

    def _layer_removed(self, event: Any) -> None:
        request = self._request
        if request is not None and event.value.unique_id == request.source.layer_id:
            self.stop()
        self.images.refresh()

    def _threshold_moved(self) -> None:
        layer, threshold = self.images.layer(), self.threshold.value()
        self._preferences.set("threshold", threshold)
        self._preview.set_threshold(threshold)
        if layer is not None:
            self._live.apply(layer.unique_id, threshold)
