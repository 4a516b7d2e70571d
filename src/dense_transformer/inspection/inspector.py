"""One image and one model, opened once, to be asked about single tiles."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from threading import Lock
from time import perf_counter
from typing import TypeVar

import numpy as np

from dense_transformer.config import PredictConfig
from dense_transformer.errors import ConfigError, DeviceError
from dense_transformer.inference import choose_device, predict
from dense_transformer.inference.channels import check_channels
from dense_transformer.inference.edits import check_edits, check_tiles, editing
from dense_transformer.inference.engine import TileResult, place_engine, try_run
from dense_transformer.inference.ladder import first_rung, fit_tile
from dense_transformer.inference.source import open_view
from dense_transformer.inference.tiles import plan_tiles
from dense_transformer.inference.warps import tile_warp
from dense_transformer.inspection.tile_view import TileView
from dense_transformer.nn import Memory, Watch
from dense_transformer.types import (
    Array,
    Box,
    Image,
    Prediction,
    Progress,
    Warp,
    WarpEdit,
)
from dense_transformer.zoo import Model

LOOKS = 64  # kept; one of 224 x 224 px takes 0.25 MB
MEMORIES = 2  # tiles of which the network's own maps are kept; 6 MB each

K = TypeVar("K")
V = TypeVar("V")
_Key = tuple[int, tuple[tuple[int, float, bytes], ...]]


@dataclass(frozen=True, slots=True, eq=False)
class TileLook:
    """What the network makes of one tile.

    Attributes
    ----------
    index : int
        Number of the tile.
    tile_px : Box
        The tile, in pixels of the image that the network saw.
    box : Box
        Where `probability` lies, source px.
    probability : ndarray, shape (h, w), float32
        Of the foreground, source px; of this tile alone, not blended with others.
    warps : tuple of Warp
        One for each transformer, shallow first.
    edits : tuple of WarpEdit
        What was changed.
    seconds : float
        How long it took to compute.
    """

    index: int
    tile_px: Box
    box: Box
    probability: Array
    warps: tuple[Warp, ...]
    edits: tuple[WarpEdit, ...]
    seconds: float


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
        pixel_nm = self.config.pixel_nm or image.pixel_nm
        card = model.card
        channels = model.config.in_channels
        view = open_view(
            image, section, channels, pixel_nm, card.pixel_nm, card.height_px
        )
        tile = fit_tile(rung.tile, view.size, model)
        self._plan = plan_tiles(view.size, tile, self.config.overlap)
        self._view = TileView(view, self._plan)
        self.tiles_px = tuple(self._plan.box(*place) for place in self._plan.order())
        self.tiles = tuple(self._view.box(tile) for tile in self.tiles_px)
        self._stop: Callable[[], bool] | None = None
        self._engine = place_engine(
            model.network,
            rung.device,
            self.config.precision,
            self.config.threads or max(1, (os.cpu_count() or 1) // 2),
            lambda: self._stop is not None and self._stop(),
        )
        self._lock = Lock()
        self._looks: OrderedDict[_Key, TileLook] = OrderedDict()
        self._memories: OrderedDict[int, Memory] = OrderedDict()

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
        mine = _of_tile(edits, self.tiles_px[tile_index])
        key = tile_index, tuple((e.level, e.strength, _bytes(e)) for e in mine)
        with self._lock:
            if (found := self._looks.get(key)) is not None:
                self._looks.move_to_end(key)
                return found
            look = self._compute(tile_index, mine, stop)
            _keep(self._looks, key, look, LOOKS)
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
        with self._lock:
            self._run(index, _of_tile(edits, self.tiles_px[index]), None, watch=watch)

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
            self._looks.clear()
            self._memories.clear()

    def _check(self, index: int) -> None:
        if not 0 <= index < len(self.tiles):
            raise ConfigError(
                f"there is no tile {index}; use 0 to {len(self.tiles) - 1}"
            )

    def _compute(
        self, index: int, edits: tuple[WarpEdit, ...], stop: Callable[[], bool] | None
    ) -> TileLook:
        start = perf_counter()
        memory = self._memories.get(index, Memory())
        _keep(self._memories, index, memory, MEMORIES)
        result = self._run(index, edits, stop, memory=memory)
        tile, box = self.tiles_px[index], self.tiles[index]
        probability = self._view.to_source(result.maps[-1], tile)
        probability.setflags(write=False)
        warps = tuple(tile_warp(one, tile, self._view.scale) for one in result.levels)
        seconds = perf_counter() - start
        return TileLook(index, tile, box, probability, warps, edits, seconds)

    def _run(
        self,
        index: int,
        edits: tuple[WarpEdit, ...],
        stop: Callable[[], bool] | None,
        *,
        watch: Watch | None = None,
        memory: Memory | None = None,
    ) -> TileResult:
        tile = self.tiles_px[index]
        edit = editing(edits, self.model.config, [tile])
        results = None
        if self._engine is not None:
            self._stop = stop
            pixels = [self._view.read(tile)]
            results = try_run(self._engine, pixels, edit, watch, memory)
        if results is None:
            height, width = self._plan.tile
            raise DeviceError(
                f"not enough memory for a tile of {height} x {width} px; close other "
                "programs or use device cpu"
            )
        return results[0]


def _of_tile(edits: Sequence[WarpEdit], tile: Box) -> tuple[WarpEdit, ...]:
    """Return the one edit of each level that counts for a tile."""
    chosen: dict[int, WarpEdit] = {}
    for edit in sorted(edits, key=lambda e: e.tile_px is not None):
        if edit.tile_px in (None, tile):
            chosen[edit.level] = edit
    return tuple(
        edit
        for _, edit in sorted(chosen.items())
        if edit.theta is not None or edit.strength != 1.0
    )


def _bytes(edit: WarpEdit) -> bytes:
    if edit.theta is None:
        return b""
    return np.asarray(edit.theta, dtype=np.float32).tobytes()


def _keep(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
