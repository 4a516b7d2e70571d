"""What transformers did, and what they are asked to do instead."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dense_transformer.types.images import Array, Box


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """Everything that one transformer did to one tile.

    Attributes
    ----------
    level : int
        1-based level of the network.
    family : str
        Kind of transformation.
    lattice, fiducials : ndarray, shape (k, 2), float32
        (y, x), unit frame of the tile: where the fiducials stand on the warped
        map and what they read on the input map (F-tilde and F of the paper).
    points : ndarray, shape (h, w, 2), float32
        (y, x), unit frame: where each unit of the warped map is read.
    coverage : ndarray, shape (h_in, w_in), float32
        S of Eq. 6 on the input map of the transformer.
    tile_px : Box
        The tile in pixels of the image that the network saw.
    image_scale : tuple of float
        Source pixels per network pixel, (y, x); 1 unless resampled.
    theta : ndarray, shape (n,), float32
        The transformer's parameters as offsets from the identity, in its own frame.
    """

    level: int
    family: str
    lattice: Array
    fiducials: Array
    points: Array
    coverage: Array
    tile_px: Box
    image_scale: tuple[float, float] = (1.0, 1.0)
    theta: Array = field(default_factory=lambda: np.zeros(0, np.float32))

    def __post_init__(self) -> None:
        for array in (
            self.lattice, self.fiducials, self.points, self.coverage, self.theta,
        ):  # fmt: skip
            array.setflags(write=False)

    def to_image_px(self, unit: Array) -> Array:
        """Return unit-frame positions as (y, x) source pixels, centres at integers.

        Parameters
        ----------
        unit : ndarray, shape (..., 2)
            (y, x) in the unit frame of this warp's tile.
        """
        top, left, bottom, right = self.tile_px
        size = np.array([bottom - top, right - left], dtype=np.float64)
        network_px = (unit + 1.0) / 2.0 * (size - 1.0) + np.array([top, left])
        scale = np.array(self.image_scale)
        return np.asarray((network_px + 0.5) * scale - 0.5)


@dataclass(frozen=True, slots=True, eq=False)
class WarpEdit:
    """What to do with the transformer of one level instead of what it learned.

    Attributes
    ----------
    level : int
        1-based level of the network.
    strength : float
        Factor on its parameters: 0 is the identity, 1 as learned, above 1 beyond.
    theta : ndarray, shape (n,), or None
        Parameters to use instead of its own, before `strength`.
    tile_px : Box or None
        The only tile this is for, in pixels of the image that the network saw;
        None: all. An edit of a tile goes before one of all.
    """

    level: int
    strength: float = 1.0
    theta: Array | None = None
    tile_px: Box | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LevelMaps:
    """What the transformer of one level did, as mosaics over the whole image.

    Attributes
    ----------
    level : int
        1-based level of the network.
    coverage : ndarray, shape (h, w), float32
        Blended coverage S (Eq. 6); one unit is `pitch_px` source pixels wide.
    displacement_px : ndarray, shape (h, w, 2), float32
        Blended (y, x) shift, in source pixels, from a unit of the warped map
        to where it reads.
    pitch_px : tuple of float
        (y, x) distance of neighbouring units in source pixels.
    """

    level: int
    coverage: Array
    displacement_px: Array
    pitch_px: tuple[float, float]
