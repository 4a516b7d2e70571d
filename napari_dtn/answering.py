"""What the worker does when somebody presses Run: sections in, layers out.

Nothing here touches the window.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np

from dense_transformer.types import Prediction, Progress
from napari_dtn.layers import LayerSpec, describe, sketch
from napari_dtn.predicting import Core, Request, Stop
from napari_dtn.sheets import Sheets
from napari_dtn.specs import arranged

SMALL_RESULT = 1 << 28  # pixels; above, the probability is kept as uint8
# A result that is there so soon is shown when it is whole: what would be drawn of it
# before slows down both the computing and the window.
SOON_S = 5.0
NO_LABELS = np.zeros((0, 0), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """The layers that show a result grow, from its first finished piece on.

    Attributes
    ----------
    specs : tuple of LayerSpec
        Their arrays go on changing.
    sheets : Sheets
        Who changes them.
    """

    specs: tuple[LayerSpec, ...]
    sheets: Sheets


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a request gave: the layers, and where and how long it was computed."""

    specs: tuple[LayerSpec, ...]
    device: str
    seconds: float


def answer(
    core: Core, request: Request, stop: Stop
) -> Generator[Progress | Sketch, None, Answer]:
    """Predict the sections of a request, the one that is looked at first.

    Yields
    ------
    Progress or Sketch
        How far it is; and once, what to show meanwhile.

    Raises
    ------
    DTNError
        Whatever the core finds wrong with the model, the image or the device.
    """
    began = time.monotonic()
    source, size = request.source, request.source.image.size
    sections, config = tuple(sorted(request.sections)), request.config
    if size[0] * size[1] * len(sections) > SMALL_RESULT:
        config = replace(config, dtype="uint8")
    request = replace(request, config=config)
    yield Progress(0, 1, "tile", message="Loading the model")
    sheets = Sheets(sections, size, config.dtype, request.threshold, request.classes)
    run = _Run(core, request, stop, sheets, began)
    order = sorted(sections, key=lambda z: (z != source.section, z))
    results: dict[int, Prediction] = {}
    for section in order:
        results[section] = yield from run.predict(section, len(results))
    pixels = (sheets.probability, sheets.boundaries)
    found = sorted(results.items())
    tag: dict[str, object] = {"model": request.model}
    if sheets.labels is not None:
        tag["labels"] = arranged(sheets.labels, source)
    specs = [
        replace(spec, tag=tag)
        for spec in describe(found, source, request.threshold, pixels)
    ]
    return Answer(tuple(specs), found[-1][1].device, time.monotonic() - began)


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """What the sections of a request have in common."""

    core: Core
    request: Request
    stop: Stop
    sheets: Sheets
    began: float

    def predict(
        self, section: int, before: int
    ) -> Generator[Progress | Sketch, None, Prediction]:
        """Predict one section, after `before` others; its pixels go to the sheets."""
        steps = self._steps(section)
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                self.sheets.mark(section, (0, 0, *self.request.source.image.size))
                # Other sections write over the labels.
                result: Prediction = replace(end.value, labels=NO_LABELS)
                return result
            share = self._share(step, before)
            if (part := step.part) is not None:
                self.sheets.mark(section, part.box)
                if not _soon(share) and self.sheets.begin():
                    yield Sketch(tuple(self._sketch()), self.sheets)
            yield share

    def _steps(self, section: int) -> Generator[Progress, None, Prediction]:
        request = self.request
        return self.core.predict(
            request.model, request.source.image, request.config, section,
            self.stop, request.region, self.sheets.out(section),
        )  # fmt: skip

    def _sketch(self) -> list[LayerSpec]:
        request, sheets = self.request, self.sheets
        pixels = (sheets.probability, sheets.boundaries)
        first = sheets.sections[0]
        return sketch(pixels, first, request.source, request.finds, request.region)

    def _share(self, step: Progress, before: int) -> Progress:
        """Return the progress of one section as a share of that of all."""
        step, count = replace(step, part=None), len(self.sheets.sections)
        if count == 1:
            return step
        done, total = before * step.total + step.done, count * step.total
        spent = time.monotonic() - self.began
        left = spent * (total - done) / done if done else None
        message = step.message or f"slice {before + 1} of {count}"
        return replace(step, done=done, total=total, seconds_left=left, message=message)


def _soon(share: Progress) -> bool:
    """Return whether all will be done in a moment."""
    return share.seconds_left is not None and share.seconds_left < SOON_S
