"""A network on its device, ready to be run on single tiles of a section."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import torch

from dense_transformer.config import PredictConfig
from dense_transformer.errors import DeviceError
from dense_transformer.inference.edits import editing
from dense_transformer.inference.engine import TileResult, place_engine, try_run
from dense_transformer.inspection.tile_view import TileView
from dense_transformer.nn import Memory, Watch
from dense_transformer.types import Box, WarpEdit
from dense_transformer.zoo import Model


class TileEngine:
    """Runs a network on one tile at a time; not from two threads at once.

    Parameters
    ----------
    model : Model
        Its network is left as it is.
    view : TileView
        Where tiles are read.
    config : PredictConfig
        Precision and number of threads; half of the cores where it leaves that open.
    device : torch.device
        Where to compute.
    """

    def __init__(
        self, model: Model, view: TileView, config: PredictConfig, device: torch.device
    ) -> None:
        self._config, self._view = model.config, view
        self._stop: Callable[[], bool] | None = None
        self._engine = place_engine(
            model.network,
            device,
            config.precision,
            config.threads or max(1, (os.cpu_count() or 1) // 2),
            lambda: self._stop is not None and self._stop(),
        )

    def run(
        self,
        tile: Box,
        edits: Sequence[WarpEdit],
        *,
        stop: Callable[[], bool] | None = None,
        watch: Watch | None = None,
        memory: Memory | None = None,
    ) -> TileResult:
        """Return what the network makes of a tile.

        Parameters
        ----------
        tile : Box
            In pixels of the image that the network sees.
        edits : sequence of WarpEdit
            Those that count for the tile.
        stop : callable or None
            Asked before each convolution.
        watch : callable or None
            Is shown the features at the transformers.
        memory : Memory or None
            What the network made of the tile before; is added to.

        Raises
        ------
        DeviceError
            If there is not enough memory.
        StoppedError
            If `stop` asked for it.
        """
        edit = editing(edits, self._config, [tile])
        results = None
        if self._engine is not None:
            self._stop = stop
            pixels = [self._view.read(tile)]
            results = try_run(self._engine, pixels, edit, watch, memory)
        if results is None:
            height, width = tile[2] - tile[0], tile[3] - tile[1]
            raise DeviceError(
                f"not enough memory for a tile of {height} x {width} px; close other "
                "programs or use device cpu"
            )
        return results[0]
