"""How images are predicted, and on what device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dense_transformer.settings import Settings, setting

Device = Literal["auto", "cpu", "cuda", "mps"]


@dataclass(frozen=True, slots=True)
class PredictConfig(Settings):
    """How an image is cut into tiles and where they are computed."""

    tile: tuple[int, int] | None = setting(
        None,
        "Height and width of a tile, px; None: the size it was trained on.",
        low=16,
        high=8192,
    )
    overlap: float = setting(
        0.25, "Share of a tile shared with its neighbour.", low=0, high=0.75
    )
    batch: int = setting(4, "Tiles at a time.", low=1, high=256)
    device: Device = setting("auto", "Where to predict.")
    precision: Literal["float32", "bfloat16", "float16"] = setting(
        "float32", "Autocast type."
    )
    pixel_nm: tuple[float, float] | None = setting(
        None, "Pixel size (y, x) of the image, nm; None: what the file says.", low=1e-3
    )
    dtype: Literal["float32", "uint8"] = setting(
        "float32", "Type of the probability map."
    )
    threads: int = setting(0, "CPU threads; 0: all but none spared.", low=0, high=256)
    keep_warps: bool = setting(True, "Keep fiducials and points of every tile.")
