"""The network: its size, and the transformers in it."""

from __future__ import annotations

from dataclasses import dataclass

from dense_transformer.errors import ConfigError
from dense_transformer.settings import Settings, setting
from dense_transformer.types import Decoder, Family, Kernel, Parametrisation


@dataclass(frozen=True, slots=True)
class TransformerConfig(Settings):
    """One encoder/decoder pair at a level of the network."""

    level: int = setting(4, "Level of the U-Net; 1 is full resolution.", low=1, high=6)
    family: Family = setting("tps", "Kind of transformation.")
    lattice: tuple[int, int] = setting(
        (4, 4), "Rows and columns of fiducials (TPS only).", low=2, high=32
    )
    parametrisation: Parametrisation = setting(
        "offset", "Offsets from the lattice, bounded, or the paper's tanh(coordinates)."
    )
    reach: float = setting(
        0.45, "Bound of an offset, in lattice spacings.", low=0.01, high=2.0
    )
    gain: float = setting(
        3.0, "Gain of the localisation's last layer (offset form).", low=1e-4, high=100
    )
    centred: bool = setting(
        True, "Take the mean over images off, so that no warp is the same for all."
    )
    localisation_channels: int = setting(
        32, "Channels of the localisation's convolutions.", low=1, high=1024
    )
    kernel: Kernel = setting("bilinear", "How the encoder samples.")
    resolution: float = setting(
        1.0, "Size of the warped map over that of the input map.", low=0.25, high=4.0
    )
    decoder: Decoder = setting(
        "splat", "Bilinear splat (Eq. 7), or exact inverse of the warped mesh."
    )


@dataclass(frozen=True, slots=True)
class NetworkConfig(Settings):
    """A U-Net with dense transformer pairs; without any it is the plain twin."""

    depth: int = setting(5, "Levels, the bottom counted.", low=3, high=6)
    base_channels: int = setting(
        64, "Channels of level 1; doubled per level.", low=1, high=256
    )
    in_channels: int = setting(1, "Channels of the image.", low=1, high=64)
    classes: int = setting(2, "Classes to tell apart.", low=2, high=254)
    transformers: tuple[TransformerConfig, ...] = setting(
        (), "Transformer pairs, at most one for each level."
    )
    deterministic: bool = setting(
        False, "Bit-equal repeats, also on GPUs; slower there."
    )

    def check(self) -> None:
        """Refuse transformers where there is no level, and absurd widths."""
        levels = [t.level for t in self.transformers]
        if len(set(levels)) != len(levels):
            raise ConfigError(
                f"transformers at levels {levels}: at most one for a level"
            )
        if levels and max(levels) > self.depth:
            raise ConfigError(
                f"a transformer at level {max(levels)} of {self.depth}: "
                f"use a level from 1 to {self.depth}"
            )
        width = self.base_channels * 2 ** (self.depth - 1)
        if width > 4096:
            raise ConfigError(
                f"base_channels {self.base_channels} with depth {self.depth} makes "
                f"{width} channels at the bottom; use at most 4096"
            )

    @property
    def multiple(self) -> int:
        """What the height and width inside the network are padded to a multiple of."""
        return int(2 ** (self.depth - 1))
