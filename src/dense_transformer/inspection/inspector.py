"""One image and one model, opened once, to be asked about single tiles."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from threading import Lock
from time import perf_counter

import numpy as np

from dense_transformer.config import PredictConfig
from dense_transformer.errors import ConfigError
from dense_transformer.inference import choose_device, predict
from dense_transformer.inference.channels import check_channels
from dense_transformer.inference.edits import check_edits, check_tiles
from dense_transformer.inference.ladder import first_rung, fit_tile
from dense_transformer.inference.source import open_model_view
from dense_transformer.inference.tiles import plan_tiles
from dense_transformer.inference.warps import tile_warp
from dense_transformer.inspection.looks import RecentLooks, TileLook
from dense_transformer.inspection.tile_edits import edits_of_tile
from dense_transformer.inspection.tile_engine import TileEngine
from dense_transformer.inspection.tile_view import TileView
from dense_transformer.nn import Watch
from dense_transformer.types import Array, Box, Image, Prediction, Progress, WarpEdit
from dense_transformer.zoo import Model


class Inspector:
    """A model and a section of an image; tiles are looked at one by one.

    What was looked at lately is kept, and of the last tiles what the network made
    before its edited transformer: only what an edit changes is computed. May be
    asked from any thread, one at a time.

    Parameters
    ----------
    model : Model
        Its network is left as it is.
    image : Image
        Read tile by tile.
    config : PredictConfig or None
        Tiles and device, as for `predict`, so that the tiles are the same. Where it
        leaves the number of threads open, a look takes half of the cores: on a busy
        machine threads that wait for each other are slower than one.
    section : int
        Which section of a stack.

    Attributes
    ----------
    tiles : tuple of Box
        What the tiles cover of the image, source px, in the order of the plan, which
        is that of `Prediction.warps`.
    tiles_px : tuple of Box
        The same tiles in pixels of the image that the network sees, as `Warp` and
        `WarpEdit` name them; may reach over the image.

    Raises
    ------
    ImageError
        If the image doesn't fit the model.
    DeviceError
        If the device is not there, or too small for the network.
    """

    def __init__(
        self,
        model: Model,
        image: Image,
        config: PredictConfig | None = None,
        section: int = 0,
    ) -> None:
        self.model, self.image, self.section = model, image, section
        self.config = config or PredictConfig()
        rung = first_rung(model, self.config, choose_device(self.config.device))
        check_channels(image, model.config.in_channels)
        view = open_model_view(model, image, section, self.config.pixel_nm)
        tile = fit_tile(rung.tile, view.size, model)
        self._plan = plan_tiles(view.size, tile, self.config.overlap)
        self._view = TileView(view, self._plan)
        self.tiles_px = tuple(self._plan.box(*place) for place in self._plan.order())
        self.tiles = tuple(self._view.box(tile) for tile in self.tiles_px)
        self._engine = TileEngine(model, self._view, self.config, rung.device)
        self._lock = Lock()
        self._recent = RecentLooks()

    @property
    def levels(self) -> tuple[int, ...]:
        """Levels that have a transformer, ascending."""
        return tuple(sorted(pair.level for pair in self.model.config.transformers))

    @property
    def image_scale(self) -> tuple[float, float]:
        """Source pixels per pixel that the network sees, (y, x)."""
        return self._view.scale

    def tile_at(self, at_px: tuple[float, float]) -> int | None:
        """Return which tile counts most at a place (y, x) of the image, source px.

        Returns
        -------
        int or None
            The tile in which it lies farthest from the border; None outside.
        """
        return self._view.tile_at(at_px, self.tiles_px)

    def pixels(self, index: int) -> Array:
        """Return what the network sees of a tile, float32 about [0, 1].

        Returns
        -------
        ndarray, shape (h, w) or (h, w, c)
            Network pixels, mirrored beyond the image.
        """
        seen = self._view.read(self.tiles_px[index]) / 2.0 + 0.5  # (c, h, w)
        return seen[0] if len(seen) == 1 else np.moveaxis(seen, 0, -1)

    def look(
        self,
        tile_index: int,
        edits: Sequence[WarpEdit] = (),
        *,
        stop: Callable[[], bool] | None = None,
    ) -> TileLook:
        """Return what the network makes of a tile.

        Parameters
        ----------
        tile_index : int
            Number of the tile in `tiles`.
        edits : sequence of WarpEdit
            What to change; those of other tiles are passed over.
        stop : callable or None
            Asked before each convolution.

        Raises
        ------
        ConfigError
            If an edit, or the tile, is not there.
        DeviceError
            If there is not enough memory for a tile.
        StoppedError
            If `stop` asked for it.
        """
        self._check(tile_index)
        check_edits(edits, self.model.config)
        check_tiles(edits, self._plan)
        mine = edits_of_tile(edits, self.tiles_px[tile_index])
        with self._lock:
            look = self._recent.find(tile_index, mine)
            if look is None:
                look = self._compute(tile_index, mine, stop)
                self._recent.keep(look)
        return look

    def watch(self, index: int, watch: Watch, edits: Sequence[WarpEdit] = ()) -> None:
        """Run a tile and show the features at its transformers to `watch`.

        Raises
        ------
        ConfigError, DeviceError
            As `look` does.
        """
        self._check(index)
        check_edits(edits, self.model.config)
        tile = self.tiles_px[index]
        with self._lock:
            self._engine.run(tile, edits_of_tile(edits, tile), watch=watch)

    def predict(
        self,
        edits: Sequence[WarpEdit] = (),
        *,
        region: Box | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Generator[Progress, None, Prediction]:
        """Return the prediction of the whole section; see `inference.predict`."""
        return predict(
            self.model,
            self.image,
            self.config,
            section=self.section,
            region=region,
            stop=stop,
            edits=edits,
        )

    def forget(self) -> None:
        """Let go of all that was kept; the next looks are computed afresh."""
        with self._lock:
            self._recent.clear()

    def _check(self, index: int) -> None:
        if not 0 <= index < len(self.tiles):
            raise ConfigError(
                f"there is no tile {index}; use 0 to {len(self.tiles) - 1}"
            )

    def _compute(
        self, index: int, edits: tuple[WarpEdit, ...], stop: Callable[[], bool] | None
    ) -> TileLook:
        start = perf_counter()
        tile, box = self.tiles_px[index], self.tiles[index]
        memory = self._recent.memory(index)
        result = self._engine.run(tile, edits, stop=stop, memory=memory)
        probability = self._view.to_source(result.maps[-1], tile)
        probability.setflags(write=False)
        warps = tuple(tile_warp(one, tile, self._view.scale) for one in result.levels)
        seconds = perf_counter() - start
        return TileLook(index, tile, box, probability, warps, edits, seconds)
