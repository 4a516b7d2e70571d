"""What can be chosen in the Predict tab, and how it lies there."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from qtpy.QtCore import Qt
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
from napari_dtn.forms import SettingsForm
from napari_dtn.on_screen import visible_box
from napari_dtn.predicting import Request
from napari_dtn.preferences import Preferences
from napari_dtn.sources import layer_pixel_nm, read_source
from napari_dtn.tabs.fold import Fold
from napari_dtn.tabs.image_box import ImageBox
from napari_dtn.tabs.model_box import ModelBox
from napari_dtn.tabs.pixel_box import PixelBox
from napari_dtn.tabs.run_bar import RunBar

DEVICES = {
    "auto": "Automatic",
    "cpu": "CPU",
    "cuda": "GPU (CUDA)",
    "mps": "GPU (Apple)",
}
ADVANCED = ("tile", "overlap", "batch")


class PredictForm(QWidget):
    """The controls, from the image down to the threshold; they remember themselves.

    Parameters
    ----------
    viewer : napari.Viewer
        Where the images are.
    """

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        self._viewer = viewer
        self._preferences = Preferences(self)
        self._make_widgets()
        self._lay_out()
        self._recall()
        self.images.changed.connect(self._image_changed)
        self.models.changed.connect(self._model_changed)
        self.device.currentIndexChanged.connect(self._remember)
        self.form.changed.connect(self._remember)
        self._image_changed()

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

    def make_request(
        self, layer: Any, model: str, section: int | None = None
    ) -> Request:
        """Return what is to be predicted, as it is chosen now.

        `section`: in place of the one on screen.
        """
        source = read_source(
            layer, self._viewer.dims.point, self.pixels.value(), self._viewer.dims.units
        )
        if section is not None:
            source = replace(source, section=section)
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
        region = visible_box(layer, self._viewer)
        if region == (0, 0, *source.image.size):
            region = None  # all of it: no part is to be first
        card = None if (info := self.models.model()) is None else info.card
        names = card.classes if card is not None else ("inside", "boundary")
        return Request(
            model, source, config, sections, self.threshold.value(), region,
            names[-1], len(names),
        )  # fmt: skip

    def offer_devices(self, there: tuple[str, ...]) -> None:
        """Let only those devices be chosen that are there."""
        for row in range(self.device.count()):
            known = self.device.itemData(row) in there
            self.device.model().item(row).setEnabled(known)

    def _image_changed(self) -> None:
        layer = self.images.layer()
        self.pixels.set_layer(None if layer is None else layer_pixel_nm(layer))
        self.bar.set_ready(layer is not None)

    def _model_changed(self) -> None:
        model = self.models.model()
        if model is not None and model.card is not None:
            card = model.card
            self.pixels.set_model(card.pixel_nm, card.height_px, card.zoom)
            self._preferences.set("model", model.key)

    def _remember(self) -> None:
        values = self.form.values()
        height, width = values["tile"] or (0, 0)
        keep = {"device": self.device.currentData(), "overlap": values["overlap"]}
        keep |= {"batch": values["batch"], "tile_height": height, "tile_width": width}
        for name, value in keep.items():
            self._preferences.set(name, value)
