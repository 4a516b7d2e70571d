"""The layer of an image's annotations: shown, set aside, laid on another, dropped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_dtn.annotation_keys import choose
from napari_dtn.annotation_layer import (
    add_annotations,
    annotation_spec,
    group_id,
    left_over,
    move_annotations,
)
from napari_dtn.annotation_pixels import Pixels
from napari_dtn.annotation_strokes import Region, Strokes
from napari_dtn.layer_removal import take_away
from napari_dtn.sources import Source, current_index
from napari_dtn.specs import arranged

if TYPE_CHECKING:
    from napari_dtn.teach_context import TeachContext

OTHER_SIZE = (
    "The annotation layer has to be as large as the image: the other pixels were not "
    "taken, what was painted is back."
)


class PaintedLayer(QObject):
    """Shows pixels as a layer on their image, and hears what is painted on it.

    Parameters
    ----------
    context : TeachContext
        Whose viewer shows it.
    source : Source
        The image layer.
    pixels : Pixels
        What is painted.
    classes : tuple of str
        What can be painted, the foreground last.
    """

    layer_changed = Signal()  # the layer is there, or gone

    def __init__(
        self,
        context: TeachContext,
        source: Source,
        pixels: Pixels,
        classes: tuple[str, ...],
    ) -> None:
        super().__init__(context)
        self._context, self.source = context, source
        self.pixels, self.classes = pixels, classes
        self._strokes: Strokes | None = None
        self._aside = False  # whether it is us who hide the layer

    @property
    def layer(self) -> Any:
        """What is painted on; None while the person has deleted it."""
        return self.pixels.layer

    @property
    def id(self) -> tuple[Any, ...]:
        """What the layers of these annotations are told by."""
        return group_id(self.source.layer_id, self.source.lead)

    @property
    def section(self) -> int:
        """The section on screen."""
        if self.layer is None or self.layer.ndim < 3:
            return 0
        dims = self._context.viewer.dims
        return current_index(self.layer, dims.point, dims.units)[-1]

    @property
    def busy(self) -> bool:
        """Whether a stroke has yet to be handed on."""
        return self._strokes is not None and self._strokes.busy

    def show(self) -> Any:
        """Return the layer, added anew if it isn't there, ready to be painted on."""
        viewer = self._context.viewer
        if self.layer is None or self.layer not in viewer.layers:
            self._add_layer()
        viewer.layers.selection.active = self.layer
        return self.layer

    def lie_on(self, source: Source) -> None:
        """Lie on another layer that shows the same image."""
        if group_id(source.layer_id, source.lead) == self.id:
            return
        self.source, layer = source, self.layer
        if layer is None:
            return
        if layer.ndim == source.frame.ndim:
            move_annotations(layer, source, self.id)
            return
        self.flush(unfinished=True)
        self._add_layer()
        take_away(self._context.viewer, [layer])

    def set_aside(self, aside: bool) -> None:
        """Hide the layer while another image is chosen, or show it as it was."""
        if self.layer is None:
            return
        if aside and self.layer.visible:
            self.layer.visible, self._aside = False, True
        elif not aside and self._aside:
            self.layer.visible, self._aside = True, False

    def removed(self, layer: Any) -> bool:
        """Take note that a layer was deleted; return whether it was this one."""
        if layer is not self.layer or layer is None:
            return False
        self.flush(unfinished=True)
        self._drop_layer()
        self.layer_changed.emit()
        return True

    def flush(self, *, unfinished: bool = False) -> None:
        """Hand the strokes that have ended to the journal's thread, now.

        `unfinished`: also one that goes on.
        """
        if self._strokes is not None:
            self._keep(self._strokes.take(unfinished=unfinished))

    def shut_down(self) -> None:
        """Keep what is painted, and let go of the layer. May be called twice."""
        self.flush(unfinished=True)
        self._drop_layer()

    # what happens

    def _touched(self, region: Region) -> None:
        """Take a piece of a stroke that goes on."""
        raise NotImplementedError

    def _keep(self, regions: Iterable[Region]) -> None:
        """Take a stroke that has ended."""
        raise NotImplementedError

    def _replaced(self, event: Any) -> None:
        """Go on with other data that the layer was given, if they fit the image."""
        if self.pixels.drawing:
            return
        regions = self.pixels.take_over(arranged(self.pixels.labels, self.source))
        if regions:
            self._keep(regions)
        else:
            self._context.say(OTHER_SIZE)

    def _add_layer(self) -> None:
        viewer = self._context.viewer
        self._drop_layer()
        # One that a dock has left would take strokes that nobody writes.
        take_away(viewer, left_over(viewer.layers, self.id))
        spec = annotation_spec(self.pixels.labels, self.source, self.classes)
        self.pixels.layer = add_annotations(viewer, spec, self.id)
        self._strokes = Strokes(viewer, self.layer, self)
        self._strokes.touched.connect(self._touched)
        self._strokes.ended.connect(self._keep)
        self._strokes.redrawn.connect(self._keep)
        self.layer.events.data.connect(self._replaced)
        self._aside = False
        self.layer_changed.emit()
        choose(self.layer, int(self.layer.selected_label))  # the brush with it

    def _drop_layer(self) -> None:
        if self._strokes is not None:
            self._strokes.shut_down()
            self._strokes = None
        if self.layer is not None:
            self.layer.events.data.disconnect(self._replaced)
            self.pixels.layer = None
