"""What is on screen, predicted now and then while a model is taught."""

from __future__ import annotations

import copy
import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from dense_transformer.data import Pair
from dense_transformer.errors import DTNError
from dense_transformer.files import atomic_write
from dense_transformer.inference.source import open_view
from dense_transformer.nn.folding import fold_norms
from dense_transformer.teaching.wanted import Wanted, read_wanted
from dense_transformer.training.preview_file import pack_preview
from dense_transformer.training.tiling import covered_px, predict_whole
from dense_transformer.training.warp_log import WarpLog

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from dense_transformer.config import TrainConfig
    from dense_transformer.nn import DenseTransformerNetwork
    from dense_transformer.types import Array, Box, Image
    from dense_transformer.zoo import Model

SHARE = 0.02  # of the time, most; drawing it takes the window more than that
FIRST_S = 0.3  # on top of it, so that the first comes soon
EVERY_S = 2.0
SIDE_PX = 384  # in whole tiles: the middle of what is larger
RIM_PX = 16  # at the sides that are no sides of the image nothing is shown
KEPT = 2
Sides: TypeAlias = tuple[bool, bool, bool, bool]  # top, left, bottom, right


class LiveView:
    """Predicts what is on screen, a tile at a time, with a copy of the weights.

    What it writes is ``view-STEP.npz``, at last ``view-STEP-best.npz``, as
    `unpack_preview` reads them, and an event ``view`` with ``file``, ``image``,
    ``section`` and ``box`` (px of the image).

    Parameters
    ----------
    run : Path
        Where to look for ``view.json`` and to write.
    open_image : callable
        Returns an image of the project by its name, or None.
    config : TrainConfig
        How to compute.
    model_nm, height_px
        Of the model's card.
    note : callable
        Takes the values of an event.
    clock : callable
        Seconds, for tests.
    """

    def __init__(
        self,
        run: Path,
        open_image: Callable[[str], Image | None],
        config: TrainConfig,
        note: Callable[[dict[str, object]], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.run, self.open_image, self.config = run, open_image, config
        self.note, self.clock = note, clock
        self.began, self.spent = clock(), 0.0
        self._next = self.began + EVERY_S
        self._work: Generator[None, None, None] | None = None
        self._wanted: Wanted | None = None  # what it is about

    def advance(self, model: DenseTransformerNetwork, step: int) -> None:
        """Do a small piece of work, if it is time and there is some to spend."""
        now = self.clock()
        if self.spent > FIRST_S + SHARE * (now - self.began):
            return
        if self._work is None and now < self._next:
            return
        wanted = read_wanted(self.run)
        if wanted is None:
            self._work = None
            return
        if self._work is None or wanted != self._wanted:  # nobody looks there now
            self._work, self._wanted = self._predict(model, wanted, step), wanted
        try:
            next(self._work)
        except StopIteration:
            self._finish()
        except (DTNError, OSError, RuntimeError) as error:  # never the run's end
            self.note({"reason": str(error)[:200]})
            self._finish()
        self.spent += self.clock() - now

    def finish(self, read_best: Callable[[], Model], step: int) -> None:
        """Predict what is on screen with the model that is kept, all at once.

        The last picture is that of the last weights, which may be much worse.
        """
        wanted = read_wanted(self.run)
        if wanted is None:
            return
        try:
            best = read_best()
            about = dataclasses.replace(self.config.data, zoom=best.card.zoom)
            self.config = dataclasses.replace(self.config, data=about)
            for _ in self._predict(best.network, wanted, step, "-best"):
                pass
        except (DTNError, OSError, RuntimeError, MemoryError) as error:
            self.note({"reason": str(error)[:200]})

    def _finish(self) -> None:
        self._work = None
        self._next = self.clock() + EVERY_S

    def _predict(
        self,
        model: DenseTransformerNetwork,
        wanted: Wanted,
        step: int,
        which: str = "",
    ) -> Generator[None, None, None]:
        """Predict and write; yields after each piece."""
        pair, box, cut = self._read(wanted)
        still = fold_norms(copy.deepcopy(model).requires_grad_(False).eval())
        yield
        one = dataclasses.replace(self.config, batch=1)  # small pieces of time
        work = predict_whole(still, pair.pixels, one)
        log = WarpLog()
        probability: Array | None = None
        while probability is None:
            try:
                log.add(*next(work))
            except StopIteration as end:
                probability = end.value
            else:
                yield
        if not bool(np.isfinite(probability).all()):
            raise DTNError("the prediction of what is on screen is not finite")
        name = f"view-{step:08d}{which}.npz"
        shown = without_rim(probability[-1], cut)
        atomic_write(self.run / name, pack_preview(pair, shown, log.warps))
        self.note(
            {
                "file": name,
                "image": wanted.image,
                "section": wanted.section,
                "box": list(box),
            }
        )
        self._remove_old()

    def _read(self, wanted: Wanted) -> tuple[Pair, Box, Sides]:
        """Return the pixels of what is wanted, their box in px of the image, and cuts.

        Cuts are the sides that are no sides of the image.
        """
        image = self.open_image(wanted.image)
        if image is None:
            raise DTNError(f"the project has no image {wanted.image!r}")
        about = self.config.data
        view = open_view(
            image, wanted.section, self.config.network.in_channels, image.pixel_nm,
            about.pixel_nm, about.height_px, about.zoom,
        )  # fmt: skip
        spans = []
        top, left, bottom, right = view.to_network(wanted.box)
        for low, high, length, tile in zip(
            (top, left), (bottom, right), view.size, self.config.patch, strict=True
        ):
            first, last = max(0, low), min(length, high)
            if last <= first:
                raise DTNError("what is on screen is no part of the image")
            spare = max(0, last - first - covered_px(tile, SIDE_PX))
            spans.append((first + spare // 2, last - (spare - spare // 2)))
        window = spans[0][0], spans[1][0], spans[0][1], spans[1][1]
        pixels = view.read(window)
        sy, sx = view.scale
        box = (
            round(window[0] * sy), round(window[1] * sx),
            round(window[2] * sy), round(window[3] * sx),
        )  # fmt: skip
        labels = np.zeros(pixels.shape[1:], np.uint8)
        cut = (
            window[0] > 0, window[1] > 0,
            window[2] < view.size[0], window[3] < view.size[1],
        )  # fmt: skip
        return Pair(f"{wanted.image} {wanted.section}", pixels, labels), box, cut

    def _remove_old(self) -> None:
        for path in sorted(self.run.glob("view-*.npz"))[:-KEPT]:
            path.unlink(missing_ok=True)


def without_rim(probability: Array, cut: Sides) -> Array:
    """Return a probability (h, w) without what lies at sides that were cut.

    There a network that doesn't see what comes next often finds a boundary.

    Parameters
    ----------
    probability : ndarray, shape (h, w)
        Of the foreground.
    cut : tuple of bool
        Whether top, left, bottom and right are cut.
    """
    height, width = probability.shape
    top, left, bottom, right = (RIM_PX if side else 0 for side in cut)
    kept = np.s_[top : height - bottom, left : width - right]
    shown = np.zeros_like(probability)
    shown[kept] = probability[kept]
    return shown
