"""Which Labels layer a prediction is held against."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Labels
from qtpy.QtWidgets import QComboBox

from napari_dtn.inspect_labels import section_of
from napari_dtn.placement import is_result
from napari_dtn.sources import Source


class LabelBox(QComboBox):
    """A list of the viewer's Labels layers, our own results left out.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose layers.
    """

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        self._viewer = viewer
        self.setAccessibleName("Labels")
        self.setToolTip(
            "A Labels layer that says what is true: 0 unknown, 1 the first class, 2 "
            "the second (such as boundary). A mask of 0 and 1 is taken as no and "
            "yes; more numbers as cells, whose borders are boundary. With it the "
            "comparison can say which prediction is better, not only that they differ."
        )
        self.setMinimumContentsLength(10)
        self.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.refresh()

    def refresh(self, *_: object) -> None:
        """List the layers again; the choice stays."""
        before = self.currentData()
        self.blockSignals(True)
        self.clear()
        self.addItem("No labels", None)
        for layer in self._viewer.layers:
            if isinstance(layer, Labels) and not is_result(layer):
                self.addItem(layer.name, layer)
                if layer is before:
                    self.setCurrentIndex(self.count() - 1)
        self.blockSignals(False)

    def labels(self, source: Source) -> np.ndarray | None:
        """Return the labels (h, w) of the section that is looked at, as stored."""
        layer = self.currentData()
        return None if layer is None else section_of(layer.data, source)
