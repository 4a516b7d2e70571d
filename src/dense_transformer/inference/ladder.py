"""What is given up, step by step, where memory is short."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from dense_transformer.config import PredictConfig
from dense_transformer.errors import DeviceError
from dense_transformer.nn.devices import describe_device
from dense_transformer.zoo import Model

SMALLEST_TILE = 64  # px; below that a network sees too little around a pixel


@dataclass(frozen=True, slots=True)
class Rung:
    """How tiles are computed.

    Attributes
    ----------
    tile : tuple of int
        Height and width, network pixels; multiples of the network's.
    batch : int
        Tiles at a time.
    device : torch.device
        Where.
    threads : int
        CPU threads; 0: as torch has it.
    """

    tile: tuple[int, int]
    batch: int
    device: torch.device
    threads: int = 0

    def describe(self, first: Rung) -> str:
        """Return the device's name, and what was given up since `first`."""
        name = describe_device(self.device, self.threads)
        if self.device.type != first.device.type:
            name += f" instead of {first.device.type}"
        less = []
        if self.tile != first.tile:
            less.append(f"tiles of {self.tile[0]} x {self.tile[1]} px")
        if self.batch != first.batch:
            less.append(f"{self.batch} tile{'s' if self.batch > 1 else ''} at a time")
        if self == first:
            return name
        return "; ".join([name, f"memory ran out: {', '.join(less)}".rstrip(": ")])


def first_rung(model: Model, config: PredictConfig, device: torch.device) -> Rung:
    """Return what the caller asked for; tiles rounded up to the network's multiple."""
    height, width = config.tile or model.card.patch
    multiple = model.config.multiple
    tile = _round_up(height, multiple), _round_up(width, multiple)
    return Rung(tile, config.batch, device, config.threads)


def fit_tile(
    tile: tuple[int, int], size: tuple[int, int], model: Model
) -> tuple[int, int]:
    """Return `tile`, cut to the image where it sees only the image's mirror beyond.

    Never below the tile that the model was trained on: small images look alike,
    whatever tile was asked for.

    Parameters
    ----------
    tile, size : tuple of int
        Height and width of the tile and of the image, network pixels.
    model : Model
        Whose tile and multiple count.
    """
    multiple, patch = model.config.multiple, model.card.patch
    height, width = (
        min(asked, _round_up(max(trained, length), multiple))
        for asked, trained, length in zip(tile, patch, size, strict=True)
    )
    return height, width


def next_rung(rung: Rung, first: Rung, multiple: int) -> Rung:
    """Return the next best after `rung` ran out of memory.

    Half the batch down to one tile, half the tile, then the CPU with the tile
    that was asked for.

    Raises
    ------
    DeviceError
        If there is nothing left to give up.
    """
    if rung.batch > 1:
        return replace(rung, batch=rung.batch // 2)
    height, width = (_half(n, multiple) for n in rung.tile)
    if (height, width) != rung.tile:
        return replace(rung, tile=(height, width))
    return cpu_rung(rung, first)


def cpu_rung(rung: Rung, first: Rung) -> Rung:
    """Return the rung on the CPU, one tile at a time.

    Raises
    ------
    DeviceError
        If `rung` is there already.
    """
    if rung.device.type == "cpu":
        raise DeviceError(
            f"not enough memory for one tile of {rung.tile[0]} x {rung.tile[1]} px on "
            "the CPU; close other programs or use a smaller model"
        )
    return replace(first, batch=1, device=torch.device("cpu"))


def _half(length: int, multiple: int) -> int:
    """Return half a tile's side, but none below `SMALLEST_TILE`."""
    half = _round_up(length // 2, multiple)
    return half if half >= SMALLEST_TILE else length


def _round_up(length: int, multiple: int) -> int:
    return -(-length // multiple) * multiple
