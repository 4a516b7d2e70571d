"""Inspect: what the prediction loses, or gains, without a transformer's warp."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QComboBox, QWidget

from dense_transformer.types import Progress
from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspect_labels import to_classes
from napari_dtn.inspect_outcomes import Outcome, section_pixels
from napari_dtn.predicting import Stop
from napari_dtn.tabs.inspect_change import ChangeSection

KINDS = (
    ("No warp", "identity", "without the warp",
     "The transformer does nothing: the network works as its plain U-Net would."),
    ("The mean warp of all tiles", "mean", "with the mean warp",
     "Every tile gets the same warp: is looking at the image worth anything?"),
    ("The next tile's warp", "other tile", "with another tile's warp",
     "Every tile gets a warp that was made for another: does its own matter?"),
)  # fmt: skip


class AblationSection(ChangeSection):
    """Takes a transformer's own warp away and shows what changes."""

    name = "ablation"
    title = "Does the warp help?"
    hint = "Switch a transformer off, or give it another warp, and see what changes."
    run_hint = "Predict the whole image as learned and with the warp replaced."

    def __init__(self, context: InspectContext) -> None:
        self.kind, self.level = QComboBox(), QComboBox()
        super().__init__(context)
        context.looked.connect(self._list_levels)
        context.changed.connect(self._list_levels)

    def rows(self) -> list[tuple[str, QWidget]]:
        """Return what takes the warp's place, and of which transformer."""
        self.kind.setAccessibleName("Instead of the warp")
        for text, kind, _, hint in KINDS:
            self.kind.addItem(text, kind)
            self.kind.setItemData(self.kind.count() - 1, hint, 3)  # Qt.ToolTipRole
        self.kind.setToolTip("\n".join(f"{text}: {hint}" for text, _, _, hint in KINDS))
        self.level.setAccessibleName("Transformers to replace")
        self.level.setToolTip("Which transformer loses its own warp.")
        return [("&Instead", self.kind), ("&Of", self.level)]

    def task(self) -> Callable[[Stop], Generator[Progress, None, Outcome]]:
        """Return the ablation as it is chosen now."""
        context, request = self.context, self.context.request
        assert request is not None
        core, source, before = context.core, request.source, context.prediction
        kind, level = self.kind.currentData(), self.level.currentData()
        values = self.labels.labels(source)
        name = KINDS[self.kind.currentIndex()][2]

        def work(stop: Stop) -> Generator[Progress, None, Outcome]:
            from dense_transformer.inspection import ablate

            model = core.model(request.model)
            labels = values
            if values is not None:
                labels = to_classes(values, len(model.card.classes))
            found = yield from ablate(
                model, source.image, request.config, kind=kind, level=level,
                section=source.section, labels=labels, before=before, stop=stop,
            )  # fmt: skip
            return Outcome(
                ("as learned", name),
                (found.before, found.after),
                found.change,
                found.scores,
                found.words,
                section_pixels(source),
            )

        return work

    def _ready(self) -> bool:
        return super()._ready() and bool(self.context.levels)

    def _list_levels(self) -> None:
        levels: Any = list(self.context.levels)
        listed = [self.level.itemData(n) for n in range(self.level.count())]
        wanted = [*levels, None] if len(levels) > 1 else levels
        if listed != wanted:
            with QSignalBlocker(self.level):
                self.level.clear()
                for level in wanted:
                    text = "all transformers" if level is None else f"level {level}"
                    self.level.addItem(text, level)
        session = self.context.session
        self._allow_tiles(session is not None and len(session.tiles) > 1)
        self.bar.set_ready(self._ready())

    def _allow_tiles(self, several: bool) -> None:
        """Offer warps of other tiles only where there are some."""
        model: Any = self.kind.model()
        for row, (_, kind, _, hint) in enumerate(KINDS):
            if kind == "identity":
                continue
            model.item(row).setEnabled(several)
            text = hint if several else "This image is a single tile."
            self.kind.setItemData(row, text, 3)  # Qt.ToolTipRole
        if not several:
            self.kind.setCurrentIndex(0)
