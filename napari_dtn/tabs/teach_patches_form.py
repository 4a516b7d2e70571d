"""What can be done with patches in the Teach tab, and how it lies there."""

from __future__ import annotations

from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
)

from napari_dtn.annotation_boxes import USUAL_PX
from napari_dtn.annotation_keys import DRAW
from napari_dtn.tabs.inspect_follower import plain_label
from napari_dtn.tabs.teach_patch_list import PatchList
from napari_dtn.tabs.teach_section import TeachSection
from napari_dtn.teach_context import TeachContext

WORDS = (
    "A patch is a box in which every pixel is annotated: it teaches most. Draw it, "
    "then correct what the model got wrong."
)


class PatchesForm(TeachSection):
    """The controls of the patches."""

    title = "Patches"
    hint = "Boxes in which every pixel counts, outside them only strokes do."

    def __init__(self, context: TeachContext) -> None:
        super().__init__(context)
        self._make_widgets()
        self._lay_out()

    def _make_widgets(self) -> None:
        self.words = plain_label("What a patch is")
        self.words.setText(WORDS)
        self.draw = QPushButton("▢ Draw a patch")
        self.draw.setCheckable(True)
        self.draw.setAccessibleName("Draw a patch")
        self.draw.setToolTip(f"Drag a box on the image, or click. Key: {DRAW}")
        self.side = QSpinBox()
        self.side.setRange(8, 4096)
        self.side.setValue(USUAL_PX)
        self.side.setSuffix(" px")
        self.side.setAccessibleName("Side of a clicked patch")
        self.side.setToolTip("Height and width of the patch that a click makes.")
        self.from_prediction = QCheckBox("Begin with the prediction")
        self.from_prediction.setChecked(True)
        self.from_prediction.setAccessibleName("Begin with the prediction")
        self.from_prediction.setToolTip(
            "Fill a new patch with what the model that is chosen at the top predicts, "
            "to be corrected; what is painted already stays."
        )
        self.list = PatchList()
        self.go = _button("Go there", "Show the chosen patch.")
        self.filling = QComboBox()
        self.filling.setAccessibleName("Fill the rest with")
        self.filling.setToolTip("What becomes of the pixels that are not annotated.")
        self.fill = _button(
            "Fill rest", "Annotate every pixel of the chosen patch that is not yet."
        )
        self.remove = _button(
            "Remove", "The box no longer counts as a whole; what is painted stays."
        )

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.words)
        first, second, third = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.draw, 1)
        first.addWidget(self.side)
        second.addWidget(self.go)
        second.addWidget(self.remove)
        label = QLabel("with")
        label.setBuddy(self.filling)
        third.addWidget(self.fill)
        third.addWidget(label)
        third.addWidget(self.filling, 1)
        layout.addLayout(first)
        layout.addWidget(self.from_prediction)
        layout.addWidget(self.list)
        layout.addLayout(second)
        layout.addLayout(third)


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setAccessibleName(text)
    button.setToolTip(tip)
    return button
