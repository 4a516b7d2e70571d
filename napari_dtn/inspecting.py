"""What the Inspect tab asks of the core; its workers call it, never the window.

The core is imported in the worker, because importing torch takes more than a
second. Pure functions of `dense_transformer.inspection` need no network: the tab
and its sections call those themselves, in a job where they take longer than 10 ms.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Protocol

import numpy as np

from dense_transformer.types import Box, Prediction, Progress, Warp, WarpEdit
from napari_dtn.predicting import Request, Stop


class TileLook(Protocol):
    """What a network made of one tile; `dense_transformer.inspection.TileLook`."""

    @property
    def box(self) -> Box:
        """Where `probability` lies, source px."""

    @property
    def tile_px(self) -> Box:
        """The tile, in pixels of the image that the network saw."""

    @property
    def probability(self) -> np.ndarray:
        """Of the foreground, source pixels of `box`, (h, w) float32."""

    @property
    def warps(self) -> tuple[Warp, ...]:
        """One for each transformer, shallow to deep."""

    @property
    def seconds(self) -> float:
        """What it took."""


class Session(Protocol):
    """One model on one section; `dense_transformer.inspection.Inspector`."""

    @property
    def tiles(self) -> Sequence[Box]:
        """What the tiles cover of the image, source px, in the order of the plan."""

    @property
    def tiles_px(self) -> Sequence[Box]:
        """The same tiles in pixels of the image that the network sees."""

    @property
    def levels(self) -> tuple[int, ...]:
        """Levels that have a transformer, ascending."""

    def tile_at(self, at_px: tuple[float, float]) -> int | None:
        """Return which tile counts most at (y, x), source px; None outside."""

    def pixels(self, index: int) -> np.ndarray:
        """Return what the network sees of a tile, (h, w[, c]), float32 about 0..1."""

    def look(self, tile_index: int, edits: Sequence[WarpEdit] = ()) -> TileLook:
        """Run the network on a tile, its transformers changed; the last are kept."""


class InspectCore(Protocol):
    """What needs a network; tests give one of their own."""

    def open(self, request: Request) -> Session:
        """Return the session of a request's model, image and current section."""

    def model(self, key: str) -> Any:
        """Return a loaded model, as the functions of the inspection room take it."""

    def predict(
        self, request: Request, stop: Stop, edits: tuple[WarpEdit, ...] = ()
    ) -> Generator[Progress, None, Prediction]:
        """Predict the current section of a request, all of its tiles."""


class InstalledInspectCore:
    """The core of this installation; keeps the two models that were used last."""

    def __init__(self) -> None:
        self._models: dict[tuple[str, float], Any] = {}

    def open(self, request: Request) -> Session:
        """Return an `Inspector`."""
        from dense_transformer.inspection import Inspector

        source = request.source
        session: Session = Inspector(
            self.model(request.model), source.image, request.config, source.section
        )
        return session

    def model(self, key: str) -> Any:
        """Return a loaded model; again if its file has changed."""
        from dense_transformer.zoo import find_model, load_model

        stamp = (key, find_model(key).stat().st_mtime)
        if stamp not in self._models:
            while len(self._models) > 1:  # two are compared; more may not fit
                del self._models[next(iter(self._models))]
            self._models[stamp] = load_model(key)
        return self._models[stamp]

    def predict(
        self, request: Request, stop: Stop, edits: tuple[WarpEdit, ...] = ()
    ) -> Generator[Progress, None, Prediction]:
        """Predict the current section, its transformers changed as `edits` say."""
        from dense_transformer.inference import predict

        source = request.source
        return (
            yield from predict(
                self.model(request.model), source.image, request.config,
                section=source.section, region=request.region, stop=stop, edits=edits,
            )
        )  # fmt: skip
