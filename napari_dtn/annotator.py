"""Which image is annotated now, and all those that were since the tab was opened."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_dtn.annotated_images import AnnotatedImages, Key, key_of, layer_path
from napari_dtn.annotating import Annotating
from napari_dtn.annotation_keys import DRAW, NEXT_PLACE, TOGGLE, bind_keys
from napari_dtn.frame_follower import FrameFollower
from napari_dtn.image_opener import ImageOpener
from napari_dtn.layer_removal import take_away
from napari_dtn.sources import Frame, Source, current_index
from napari_dtn.teach_opening import Opened

if TYPE_CHECKING:
    from napari_dtn.teach_context import TeachContext

DELETED = (
    "The annotation layer was deleted; what was painted is kept. Click 'Bring the "
    "layer back' to go on with it."
)

COPIED = "No file holds {} as it is shown, so that a copy of it is kept in {}."


class Annotator(QObject):
    """Opens images in the project and follows the choice of image.

    Parameters
    ----------
    context : TeachContext
        Viewer, project, and the thread in which everything is written.

    Attributes
    ----------
    current : Annotating or None
        Of the chosen image; None until it is annotated.
    """

    current_changed = Signal()  # another image is annotated, or its layer came or went
    changed = Signal()  # strokes or patches of the current image
    unpredicted = Signal()  # painted as predicted where nothing is predicted
    next_place = Signal()  # the keys that sections listen to
    toggled = Signal()
    draw_patch = Signal()
    patch_wanted = Signal(int, object)  # section, Box: annotate it as a whole

    def __init__(self, context: TeachContext) -> None:
        super().__init__(context)
        self._context = context
        self._all = AnnotatedImages()
        self.current: Annotating | None = None
        self._opener = ImageOpener(context, self._all)
        self._opener.changed.connect(self.current_changed)
        self._opener.wanted.connect(lambda here: self.annotate(here=here))
        self._opener.opened.connect(self._opened)
        self.finder = self._opener.finder
        self._follower = FrameFollower(context.viewer, self)
        self._follower.moved.connect(self._moved)
        context.changed.connect(self.follow)
        context.predict.shown.connect(self._lift)
        self._links = [(context.viewer.layers.events.removed, self._removed)]
        for event, slot in self._links:
            event.connect(slot)

    @property
    def opening(self) -> bool:
        """Whether an image is being opened."""
        return self._opener.working

    @property
    def busy(self) -> bool:
        """Whether an image is being opened, or a stroke handed on."""
        return self.opening or any(one.busy for one in self._all)

    @property
    def elsewhere(self) -> bool:
        """Whether the chosen image is annotated, but not in the project now open."""
        return bool(self.finder.elsewhere(self._chosen()))

    def annotate(self, *, here: bool = False) -> None:
        """Make the annotation layer of the chosen image, or show it again.

        Of an image that is annotated elsewhere that project is opened; `here`: the
        image is added to the open one, with all that is painted on it.
        """
        source = self._context.source()
        if source is None or self.opening:
            return
        if (known := self._all.of(key_of(source))) is not None:
            known.lie_on(source)
            known.show()
            self._choose(known)
            return
        self._opener.open(source, here=here)

    def save(self) -> None:
        """Try again to write what a full disk keeps in memory, of the images shown."""
        for one in self._all:
            one.save()

    def flush(self) -> None:
        """Hand everything that is painted to the project's thread, now."""
        for one in self._all:
            one.flush()

    def forget(self) -> None:
        """Take the layers of all annotations away: another project is open."""
        self.flush()
        for one in self._all:
            layer = one.layer
            one.shut_down()
            if layer is not None and layer in self._context.viewer.layers:
                take_away(self._context.viewer, [layer])
            one.deleteLater()
        self._all.clear()
        self._follower.shut_down()
        self.finder.forget()
        self._choose(None)

    def know(self, layer: Any, name: str) -> None:
        """Take note that a layer shows an image of the project."""
        self._all.know(layer.unique_id, name)

    def shows(self, name: str, path: str) -> bool:
        """Return whether a layer shows an image of the project already."""
        return self._all.shown(self._context.viewer.layers, name, Path(path))

    def read_again(self) -> None:
        """Show what somebody else has written into the journals."""
        for one in self._all:
            one.read_again()

    def shut_down(self) -> list[Any]:
        """Keep what is painted and let go of the viewer. May be called twice.

        Returns
        -------
        list of napari layers
            Those of the annotations, to be taken away once all is written: nobody
            would keep what is painted on them from now on.
        """
        for event, slot in self._links:
            event.disconnect(slot)
        self._links = []
        layers = [one.layer for one in self._all if one.layer is not None]
        for one in self._all:
            one.shut_down()
        self._all.clear()
        self._follower.shut_down()
        self.current = None
        return layers

    def follow(self) -> None:
        """Turn to the annotations of the chosen image, if there are any."""
        self._opener.follow(self._chosen())
        one = self._all.of(self._chosen())
        if one is not None and (source := self._context.source()) is not None:
            one.lie_on(source)
        self._choose(one)
        if self.current is None and not self.opening:
            self.finder.look(self._chosen(), layer_path(self._context.layer()))

    def _chosen(self) -> Key | None:
        layer = self._context.layer()
        if layer is None:
            return None
        dims = self._context.viewer.dims
        return layer.unique_id, current_index(layer, dims.point, dims.units)[:-1]

    def _opened(self, source: Source, opened: Opened) -> None:
        context = self._context
        layers = context.viewer.layers
        if not any(layer.unique_id == source.layer_id for layer in layers):
            self.current_changed.emit()
            return  # it was closed meanwhile
        one = self._all.named(opened.entry.name) or self._begin(source, opened)
        self._all.add(key_of(source), one)
        self._follower.watch(source.layer_id)
        one.lie_on(source)
        one.show()
        notices = [*getattr(opened.journal, "notices", ())]
        if opened.copied:
            notices.append(COPIED.format(opened.entry.name, opened.project.folder))
        context.say(" ".join(notices))
        self._choose(self._all.of(self._chosen()))
        self._set_others_aside()

    def _begin(self, source: Source, opened: Opened) -> Annotating:
        """Return the annotations of an image that no layer has shown yet."""
        one = Annotating(self._context, source, opened)
        one.changed.connect(partial(self._one_changed, one))
        one.unpredicted.connect(self.unpredicted)
        one.layer_changed.connect(partial(self._layer_changed, one))
        return one

    def _lift(self) -> None:
        """Bring what is painted back above a prediction that was just shown."""
        layers, one = self._context.viewer.layers, self.current
        if one is not None and one.layer is not None and layers[-1] is not one.layer:
            layers.move(layers.index(one.layer), len(layers))

    def _choose(self, one: Annotating | None) -> None:
        if one is not self.current or one is None:
            other, self.current = one is not self.current, one
            if other:  # else the person may have shown some again
                self._set_others_aside()
            self._context.set_image(None if one is None else one.entry)
            self.current_changed.emit()
            self.changed.emit()

    def _set_others_aside(self) -> None:
        """Show what is painted on the chosen image, and on no other.

        Images may lie in one place: what is painted on one would be seen, and
        painted on, over the other.
        """
        image, now = self._context.layer(), self.current
        if image is None:
            return
        self._all.show_only(now, image, self._context.viewer.layers.selection)

    def _one_changed(self, one: Annotating) -> None:
        if one is self.current:
            self.changed.emit()
        self._context.annotated.emit()

    def _layer_changed(self, one: Annotating) -> None:
        if one.layer is not None:
            keys = {NEXT_PLACE: self.next_place, TOGGLE: self.toggled}
            keys[DRAW] = self.draw_patch
            bind_keys(one, {key: signal.emit for key, signal in keys.items()})
        if one is self.current:
            self.current_changed.emit()

    def _moved(self, layer_id: object, frame: Frame) -> None:
        """Take note that an image lies elsewhere; its layers have gone with it."""
        for one in self._all:
            if one.source.layer_id == layer_id:
                one.source = replace(one.source, frame=frame)
        self.changed.emit()

    def _removed(self, event: Any) -> None:
        """Take note that a layer has gone; what was painted is kept."""
        layer = event.value
        for one in self._all:
            if one.removed(layer):
                self._context.say(DELETED)
        self._follower.drop(layer.unique_id)
        for one in self._all.drop(layer.unique_id):
            mine = one.layer
            one.shut_down()
            one.deleteLater()
            if mine is not None and mine in self._context.viewer.layers:
                take_away(self._context.viewer, [mine])
            if one is self.current:
                self._choose(None)
