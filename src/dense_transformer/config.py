"""What can be set: the network, the data, training and prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dense_transformer.errors import ConfigError
from dense_transformer.settings import Settings, setting
from dense_transformer.types import Decoder, Family, Kernel, Parametrisation

Device = Literal["auto", "cpu", "cuda", "mps"]
Layout = Literal["folders", "vnc", "snemi3d", "isbi2012", "cremi", "kitti", "camvid"]
CONFIG_VERSION = 1


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


@dataclass(frozen=True, slots=True)
class AugmentConfig(Settings):
    """How training patches are varied; every range is drawn from evenly."""

    flips: bool = setting(True, "Mirror up-down and left-right.")
    vertical_flips: bool = setting(True, "Mirror up-down too; off for road scenes.")
    turns: bool = setting(True, "Turn by right angles; off for road scenes.")
    rotation_deg: float = setting(15.0, "Largest rotation, degrees.", low=0, high=180)
    scale: float = setting(
        0.2, "Largest change of size: 0.2 is 0.8 to 1.25.", low=0, high=0.9
    )
    shear: float = setting(0.1, "Largest shear.", low=0, high=0.5)
    elastic_px: float = setting(
        6.0, "Largest std of the elastic displacement, px.", low=0
    )
    elastic_spacing_px: float = setting(
        48.0, "Distance of the elastic knots, px.", low=8
    )
    warp_share: float = setting(
        0.5, "Share of patches deformed (affine, elastic).", low=0, high=1
    )
    brightness: float = setting(
        0.2, "Largest shift of brightness, unit range.", low=0, high=1
    )
    contrast: float = setting(0.3, "Largest change of contrast.", low=0, high=0.9)
    gamma: float = setting(0.3, "Largest |log gamma|.", low=0, high=2)
    noise: float = setting(0.08, "Largest standard deviation of noise.", low=0, high=1)
    blur_px: float = setting(1.0, "Largest sigma of Gaussian blur, px.", low=0, high=10)
    blur_share: float = setting(0.25, "Share of patches blurred.", low=0, high=1)


@dataclass(frozen=True, slots=True)
class DataConfig(Settings):
    """Which images and labels to train and validate on."""

    layout: Layout = setting("folders", "How the data set lies on disk.")
    root: str = setting(".", "Folder of the data set; relative to the config file.")
    train: tuple[str, ...] = setting(
        (),
        "Names, or half-open lo:hi ranges of sections, to train on; empty: the rest.",
    )
    validation: tuple[str, ...] = setting(
        (), "Names or ranges to validate on; empty: the rest, or a fifth of all."
    )
    foreground: tuple[str, ...] = setting(
        (), "Classes joined as foreground, where labels name many."
    )
    classes: tuple[str, ...] = setting(("inside", "boundary"), "Names of the classes.")
    pixel_nm: tuple[float, float] | None = setting(
        None,
        "Pixel size (y, x) to train at, nm, and of files that say none; None: as is.",
        low=1e-3,
    )
    height_px: int | None = setting(
        None,
        "Height that images are resized to, px, where pixels have no size in nm "
        "(frames of a camera); None: as they are.",
        low=16,
        high=8192,
    )
    boundary_px: int = setting(
        1, "Half width of boundaries made of instances, px.", low=1, high=20
    )


@dataclass(frozen=True, slots=True)
class AboutConfig(Settings):
    """What people should know about the model; goes onto its card as it is."""

    title: str = setting("", "One line: what it is.")
    description: str = setting("", "What it finds, on what images, and its limits.")
    data: str = setting("", "What it is trained and validated on.")
    terms: str = setting("", "Terms of the data.")
    citation: str = setting("", "What to cite.")
    license: str = setting("", "Licence of the weights.")


@dataclass(frozen=True, slots=True)
class TrainConfig(Settings):
    """Everything that one training depends on."""

    data: DataConfig = setting(DataConfig(), "Images and labels.")
    network: NetworkConfig = setting(NetworkConfig(), "The network.")
    augment: AugmentConfig = setting(AugmentConfig(), "Variation of patches.")
    about: AboutConfig = setting(AboutConfig(), "What goes onto the model's card.")
    version: int = setting(CONFIG_VERSION, "Version of this format.", low=1)
    name: str = setting("model", "Name of the model that comes of it.")
    seed: int = setting(0, "Seed of all draws.", low=0, high=2**31 - 1)
    steps: int = setting(1000, "Optimiser steps.", low=1)
    batch: int = setting(4, "Patches per step, over all processes.", low=1, high=4096)
    patch: tuple[int, int] = setting(
        (224, 224), "Height and width of a patch, px.", low=16, high=4096
    )
    optimiser: Literal["adam", "sgd"] = setting("adam", "Optimiser.")
    learning_rate: float = setting(2e-3, "Peak learning rate.", low=1e-8, high=10.0)
    schedule: Literal["constant", "cosine", "one-cycle"] = setting(
        "one-cycle", "Schedule."
    )
    warmup: float = setting(
        0.1, "Share of the steps that the rate rises.", low=0, high=1
    )
    weight_decay: float = setting(
        1e-4, "Decoupled weight decay; none on transformers.", low=0
    )
    transformer_rate: float = setting(
        0.1, "Learning rate of the transformers over that of the rest.", low=0, high=10
    )
    transformer_freeze: float = setting(
        0.1, "Share of the steps before the transformers start to learn.", low=0, high=1
    )
    gradient_norm: float = setting(5.0, "Gradients are cut at this norm.", low=1e-3)
    class_balance: float = setting(
        0.0, "0: every pixel counts alike; 1: every class does.", low=0, high=1
    )
    dice: float = setting(0.0, "Weight of the Dice loss.", low=0, high=100)
    fold_penalty: float = setting(1.0, "Weight of the hinge on folds.", low=0)
    bending_penalty: float = setting(
        0.0, "Weight of the splines' bending energy.", low=0
    )
    resampling_penalty: float = setting(
        0.0, "Weight of the round-trip loss of gather then splat.", low=0
    )
    validate_every: int = setting(100, "Steps between validations.", low=1)
    save_every: int = setting(100, "Steps between saves of the resume state.", low=1)
    patience: int = setting(
        0, "Validations without gain before stopping; 0: never.", low=0
    )
    skips: int = setting(10, "Diverged steps that are skipped before stopping.", low=0)
    average: float = setting(
        0.0,
        "Decay of the average of weights that is kept as model; 0: off.",
        low=0,
        high=0.9999,
    )
    device: Device = setting("auto", "Where to train.")
    precision: Literal["float32", "bfloat16", "float16"] = setting(
        "float32", "Autocast type; coordinates stay float32."
    )
    deterministic: bool = setting(True, "Bit-equal repeats.")

    def check(self) -> None:
        """Refuse class names that don't fit the network, and newer formats."""
        if len(self.data.classes) != self.network.classes:
            raise ConfigError(
                f"{len(self.data.classes)} class names {self.data.classes} for "
                f"network.classes {self.network.classes}; give one name for each"
            )
        if self.version > CONFIG_VERSION:
            raise ConfigError(
                f"config version {self.version} is newer than {CONFIG_VERSION}; "
                "update napari-dtn"
            )


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
