"""Teach: boxes that are annotated as a whole, begun from the prediction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_dtn.annotation_boxes import BoxTool, boxes_spec
from napari_dtn.annotation_layer import AS_PREDICTED
from napari_dtn.annotation_view import show_place
from napari_dtn.inspect_pointer import px_per_screen_px
from napari_dtn.tabs.teach_patches_form import PatchesForm
from napari_dtn.teach_context import TeachContext
from napari_dtn.teach_run_view import NAME as LIVE
from napari_dtn.timers import single_shot, stop_timers

if TYPE_CHECKING:
    from dense_transformer.teaching import Patch

LINE_PX = 2.0  # of the screen
LATER_MS = 60  # after the last stroke or zoom
WHOSE = "As {} predicts, which is chosen above; not as the run shows on screen."


class PatchesSection(PatchesForm):
    """Draws patches, lists them, fills and removes them."""

    def __init__(self, context: TeachContext) -> None:
        super().__init__(context)
        self._annotator = context.annotator
        self.tool = BoxTool(context)
        self.group = context.group("patches")
        self._drawn: Any = None  # the box while it is drawn
        self._later = single_shot(self, LATER_MS, self.refresh)
        self._connect()
        self.refresh()

    @property
    def busy(self) -> bool:
        """Whether the list or the lines have yet to follow."""
        return bool(self._later.isActive()) or self.group.busy

    def refresh(self) -> None:
        """List and draw the patches of the chosen image."""
        one = self._annotator.current
        patches = () if one is None else one.state.patches
        missing = [0 if one is None else one.missing(patch) for patch in patches]
        self.list.set_patches(patches, missing, self._stacked())
        self._offer_fillings(() if one is None else one.classes)
        there = one is not None and one.layer is not None
        self.draw.setEnabled(there)
        if not there:
            self.tool.arm(False)
        self._enable()
        self._show_lines(patches, missing)

    def patch(self) -> Patch | None:
        """Return the patch that is chosen in the list."""
        one, row = self._annotator.current, self.list.currentRow()
        patches = () if one is None else one.state.patches
        return patches[row] if 0 <= row < len(patches) else None

    def shut_down(self) -> None:
        """Let go of the viewer. May be called twice."""
        stop_timers(self._later)
        for event, slot in self._links:
            event.disconnect(slot)
        self._links = []
        self.tool.shut_down()

    # what happens

    def _box_moved(self, box: Any) -> None:
        self._drawn = box
        one = self._annotator.current
        if one is not None and box is not None:
            self._show_lines(one.state.patches, None)

    def _box_drawn(self, box: Any) -> None:
        one = self._annotator.current
        self.tool.arm(False)
        if one is not None:
            self._add(one.section, box)

    def _add(self, section: int, box: Any) -> None:
        from dense_transformer.teaching import Patch

        one = self._annotator.current
        if one is None:
            return
        patch = Patch(section, *box)
        label = AS_PREDICTED if self.from_prediction.isChecked() else 0
        one.fill(patch, label, add=True)
        self._say_whose(label)

    def _fill(self) -> None:
        one, patch = self._annotator.current, self.patch()
        if one is not None and patch is not None:
            one.fill(patch, self.filling.currentData())
            self._say_whose(self.filling.currentData())

    def _say_whose(self, label: int) -> None:
        """Say that what a run shows just now isn't what a patch is filled with."""
        layer, model = self.context.layer(), self.context.model()
        if label != AS_PREDICTED or layer is None or model is None:
            return
        if self.context.group(LIVE).shown_on(layer.unique_id):
            self.context.say(WHOSE.format(Path(model.key).stem))

    def _remove(self) -> None:
        one, patch = self._annotator.current, self.patch()
        if one is not None and patch is not None:
            one.remove_patch(patch)

    def _go(self) -> None:
        patch, layer = self.patch(), self.context.layer()
        if patch is not None and layer is not None:
            show_place(self.context.viewer, layer, patch.section, patch.box)

    def _zoomed(self, event: object = None) -> None:
        if self.group.layers():
            self._later.start()

    # what is shown

    def _stacked(self) -> bool:
        one = self._annotator.current
        return one is not None and one.journal.shape[0] > 1

    def _offer_fillings(self, classes: tuple[str, ...]) -> None:
        wanted = [("as predicted", AS_PREDICTED)]
        wanted += [(name, label) for label, name in enumerate(classes, 1)]
        now = [self.filling.itemText(n) for n in range(self.filling.count())]
        if now != [name for name, _ in wanted]:
            self.filling.clear()
            for name, label in wanted:
                self.filling.addItem(name, label)

    def _enable(self, *_: object) -> None:
        chosen = self.patch() is not None
        for widget in (self.go, self.fill, self.filling, self.remove):
            widget.setEnabled(chosen)

    def _show_lines(self, patches: Any, missing: list[int] | None) -> None:
        one, layer = self._annotator.current, self.context.layer()
        if one is None or layer is None:
            self.group.remove()
            return
        # An empty layer stays: taking one away draws the window anew, 0.2 s.
        if not (patches or self.tool.armed or self.group.layers()):
            return
        boxes = [(p.section, p.box) for p in patches]
        gaps = [one.missing(p) for p in patches] if missing is None else missing
        drawn = None if self._drawn is None else (one.section, self._drawn)
        width = LINE_PX * px_per_screen_px(layer, self.context.viewer)
        spec = boxes_spec(boxes, [not g for g in gaps], drawn, one.source, width)
        lines: Any = self.group.layer("patches")
        if lines is None or self._drawn is None:
            self.group.show([spec], one.source)
        else:
            self.group.bend([spec])
        if lines is not None and abs(lines.edge_width - width) > 0.05 * width:
            lines.edge_width = width

    def _armed(self, armed: bool) -> None:
        self.draw.setChecked(armed)
        self._drawn = None
        if armed:
            self.context.say("Drag a box on the image, or click for a square one.")
        else:
            self.context.say("")
        self.refresh()

    def _connect(self) -> None:
        annotator, viewer = self._annotator, self.context.viewer
        annotator.current_changed.connect(self.refresh)
        annotator.changed.connect(self._later.start)
        annotator.draw_patch.connect(self.draw.click)
        annotator.patch_wanted.connect(self._add)
        self._links = [(viewer.scene.camera.events.zoom, self._zoomed)]
        for event, slot in self._links:
            event.connect(slot)
        self.tool.drawn.connect(self._box_drawn)
        self.tool.moved.connect(self._box_moved)
        self.tool.armed_changed.connect(self._armed)
        self.draw.clicked.connect(self.context.painting)
        self.draw.clicked.connect(self.tool.arm)
        self.side.valueChanged.connect(lambda side: setattr(self.tool, "side", side))
        self.list.currentRowChanged.connect(self._enable)
        self.list.itemDoubleClicked.connect(lambda _: self._go())
        self.go.clicked.connect(self._go)
        self.fill.clicked.connect(self._fill)
        self.remove.clicked.connect(self._remove)
