"""Opens the chosen image in its project, as soon as there is a model."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_dtn.annotated_images import AnnotatedImages, Key, key_of, layer_path
from napari_dtn.project_finder import ProjectFinder
from napari_dtn.sources import Source
from napari_dtn.teach_elsewhere import AnnotatedElsewhere
from napari_dtn.teach_opening import Opened, open_image

if TYPE_CHECKING:
    from napari_dtn.teach_context import TeachContext

LOOKING = "Looking for models; the annotations are opened then…"
CHOOSE = "No model is chosen yet; where they are still being looked for, try again."


class ImageOpener(QObject):
    """Opens one image at a time, in the context's thread.

    Parameters
    ----------
    context : TeachContext
        Image, model and project.
    images : AnnotatedImages
        Which knows the names of images in the project.

    Attributes
    ----------
    working : bool
        Whether an image is being opened.
    finder : ProjectFinder
        Knows in which other projects images are annotated.
    """

    changed = Signal()  # an image is being opened, or couldn't be
    wanted = Signal(bool)  # what waited for a model can be opened; whether `here`
    opened = Signal(object, object)  # Source, Opened; its project is open

    def __init__(self, context: TeachContext, images: AnnotatedImages) -> None:
        super().__init__(context)
        self._context, self._images = context, images
        self.working = False
        self.finder = ProjectFinder(context)
        self.finder.elsewhere_changed.connect(self.changed)
        # What is opened once there is a model, and whether `here`.
        self._awaited: tuple[Key, bool] | None = None

    def open(self, source: Source, *, here: bool) -> None:
        """Open the chosen image, or wait for a model.

        Of an image that is annotated elsewhere that project is opened, unless it is
        wanted `here`.
        """
        context, self._awaited = self._context, None
        model = context.model()
        if model is None:
            looking = context.predict.looking
            self._awaited = (key_of(source), here) if looking else None
            context.say(LOOKING if looking else CHOOSE)
            return
        self.working = True
        context.close_left()
        context.say(f"Opening the annotations of {source.image.name}…")
        self.changed.emit()
        path = layer_path(context.layer())
        name = self._images.known(source.layer_id)
        elsewhere = self.finder.elsewhere(key_of(source))
        project = None if elsewhere and not here else context.project
        work = partial(open_image, source, path, model.key, project, name, here=here)
        context.aside(
            work, partial(self._opened, source), partial(self._failed, source)
        )

    def follow(self, chosen: Key | None) -> None:
        """Open what has waited for a model, unless another image is chosen."""
        if self._awaited is None:
            return
        key, here = self._awaited
        if key != chosen:
            self._awaited = None  # the person has turned to something else
            self._context.say("")
        elif self._context.model() is not None:
            self.wanted.emit(here)

    def _opened(self, source: Source, opened: Opened) -> None:
        self.working = False
        self.finder.note(key_of(source), [])
        if self._context.project is not opened.project:
            self._context.set_project(opened.project)
        self.opened.emit(source, opened)

    def _failed(self, source: Source, error: Exception) -> None:
        self.working = False
        if isinstance(error, AnnotatedElsewhere):
            self.finder.note(key_of(source), error.others)
        else:
            self._context.fail(error)
        self.changed.emit()
