"""What to train on, and how it is varied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dense_transformer.settings import Settings, setting

Layout = Literal["folders", "vnc", "snemi3d", "isbi2012", "cremi", "kitti", "camvid"]


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
    zoom: float = setting(
        1.0,
        "How much larger images are seen than that says; teaching chooses it.",
        low=1 / 16,
        high=16.0,
    )
    boundary_px: int = setting(
        1, "Half width of boundaries made of instances, px.", low=1, high=20
    )
