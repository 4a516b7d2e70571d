"""A network on a device: tiles in, probabilities and warps as NumPy arrays out."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from dense_transformer.errors import DivergedError, StoppedError
from dense_transformer.nn import (
    DenseTransformerNetwork,
    Edit,
    Memory,
    TensorWarp,
    Watch,
)
from dense_transformer.nn.devices import free_memory, is_out_of_memory
from dense_transformer.nn.folding import fold_norms
from dense_transformer.types import Array


class LevelTile(NamedTuple):
    """One transformer's warp of one tile; positions in pixels of its input map."""

    level: int
    family: str
    lattice_px: Array  # (k, 2)
    fiducials_px: Array  # (k, 2)
    points_px: Array  # (h, w, 2)
    coverage: Array  # (h_in, w_in)
    theta: Array  # (n,)


class TileResult(NamedTuple):
    """What the network made of one tile."""

    maps: Array  # (c, h, w) float32 probabilities; of two classes only the last
    levels: tuple[LevelTile, ...]


class Engine:
    """Runs a copy of a network on one device; the original stays as it is.

    The copy has its batch norms folded into its convolutions, and the channels of a
    pixel side by side in memory (channels last). On one CPU core the shipped EM
    model takes 18 % less time for the latter and 25 % less for both; the logits
    differ by 2e-6.

    Parameters
    ----------
    network : DenseTransformerNetwork
        In any state, on any device.
    device : torch.device
        Where to compute.
    precision : str
        ``float32``, or the type of autocast.
    threads : int
        CPU threads while computing; 0: as torch has it.
    stop : callable or None
        Asked before each convolution; True ends `run` with StoppedError.
    """

    def __init__(
        self,
        network: DenseTransformerNetwork,
        device: torch.device,
        precision: str = "float32",
        threads: int = 0,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        self.network = fold_norms(copy.deepcopy(network).eval()).to(device)
        self._format = torch.channels_last
        if device.type == "mps":
            self._format = torch.contiguous_format
        self.network.to(memory_format=self._format)  # type: ignore[call-overload]
        self.device = device
        self._type = getattr(torch, precision)
        self._threads = threads
        if stop is not None:
            _ask_before_convolutions(self.network, stop)

    def run(
        self,
        tiles: list[Array],
        edit: Edit | None = None,
        watch: Watch | None = None,
        memory: Memory | None = None,
    ) -> list[TileResult]:
        """Return the results of tiles (c, h, w), all of one size.

        Parameters
        ----------
        tiles : list of ndarray
            Normalised pixels.
        edit, watch, memory
            See `DenseTransformerNetwork.trace`.

        Raises
        ------
        DivergedError
            If the network's values are not finite.
        StoppedError
            If `stop` asked for it.
        """
        with limit_threads(self._threads), torch.inference_mode(), self._autocast():
            batch = torch.from_numpy(np.stack(tiles))
            batch = batch.to(self.device, memory_format=self._format)
            if edit is None and watch is None and memory is None:
                trace = self.network.trace(batch)
            else:
                trace = self.network.trace(batch, edit=edit, watch=watch, memory=memory)
            maps = _probabilities(trace.logits.float())
            if not bool(torch.isfinite(maps).all()):
                raise DivergedError(
                    "the network's values are not finite; predict in float32, or "
                    "train the model again"
                )
            levels = [_to_levels(warp) for warp in trace.warps]
        together = zip(*levels, strict=True) if levels else ((),) * len(tiles)
        return [
            TileResult(one, tuple(warps))
            for one, warps in zip(maps.cpu().numpy(), together, strict=True)
        ]

    def _autocast(self) -> contextlib.AbstractContextManager[object]:
        if self._type is torch.float32:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=self._type)


def place_engine(
    network: DenseTransformerNetwork,
    device: torch.device,
    precision: str = "float32",
    threads: int = 0,
    stop: Callable[[], bool] | None = None,
) -> Engine | None:
    """Return an engine, or None if the network alone is too large for the device."""
    try:
        return Engine(network, device, precision, threads, stop)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    free_memory(device)
    return None


def try_run(
    engine: Engine,
    tiles: list[Array],
    edit: Edit | None = None,
    watch: Watch | None = None,
    memory: Memory | None = None,
) -> list[TileResult] | None:
    """Return the results of tiles, or None if memory ran out; see `Engine.run`."""
    try:
        return engine.run(tiles, edit, watch, memory)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    # Only here is the error gone, and with it the tensors that its frames held.
    free_memory(engine.device)
    return None


def _ask_before_convolutions(network: nn.Module, stop: Callable[[], bool]) -> None:
    def ask(module: nn.Module, inputs: object) -> None:
        if stop():
            raise StoppedError("stopped while tiles were computed")

    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_pre_hook(ask)


def _probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Return class probabilities (b, c, h, w); of two classes only the last."""
    if logits.shape[1] == 2:
        return torch.sigmoid(logits[:, 1:] - logits[:, :1])
    return torch.softmax(logits, 1)


def _to_levels(warp: TensorWarp) -> list[LevelTile]:
    """Return what one transformer did to each tile of a batch."""
    half = (np.array(warp.size, dtype=np.float32) - 1.0) / 2.0
    lattice = (warp.lattice.float().cpu().numpy() + 1.0) * half
    fiducials = (warp.fiducials.float().cpu().numpy() + 1.0) * half
    points = warp.points_px.float().cpu().numpy()
    coverage = warp.coverage.float().cpu().numpy()
    theta = warp.theta.float().cpu().numpy()
    return [
        LevelTile(warp.level, warp.family, lattice, *one)
        for one in zip(fiducials, points, coverage, theta, strict=True)
    ]


@contextlib.contextmanager
def limit_threads(count: int) -> Iterator[None]:
    """Let torch use so many CPU threads within the block; 0: as it is."""
    before = torch.get_num_threads()
    if count in (0, before):
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
