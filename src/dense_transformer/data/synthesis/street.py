"""The layout of a street and the rays of a camera in it.

The street frame follows the road: `across` runs from the centre line to the
right, `up` from the road's surface, `ahead` along the road from the camera, all
in metres. A bend is a parabola, so rays are parabolas there and still meet
walls in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dense_transformer.types import Array

FAR_M = 400.0


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera in a car.

    Attributes
    ----------
    across_m, up_m : float
        Where it is, in the street frame.
    focal : float
        Focal length over the width of the picture.
    pitch, yaw, roll : float
        Radians: down, right and clockwise are positive.
    """

    across_m: float
    up_m: float
    focal: float
    pitch: float
    yaw: float
    roll: float


@dataclass(frozen=True, slots=True)
class Street:
    """What doesn't move; widths in metres.

    Attributes
    ----------
    half_width_m : float
        From the centre line to the kerb.
    pavement_m : tuple of float
        Width of the left and right pavement.
    verge_m : tuple of float
        Width of grass behind each pavement.
    bend : float
        Curvature, 1 / m; positive turns right.
    junction : tuple of float or None
        Where a side road begins and ends (ahead, m), and its side (-1 or 1).
    sun : tuple of float
        Direction to the sun (across, up, ahead), unit length.
    sun_strength : float
        0 overcast, 1 clear.
    """

    half_width_m: float
    pavement_m: tuple[float, float]
    verge_m: tuple[float, float]
    bend: float
    junction: tuple[float, float, float] | None
    sun: tuple[float, float, float]
    sun_strength: float


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """One ray for each pixel, in the street frame: origin and direction.

    At distance t a ray is at (across + side t - bend/2 (ahead t)^2, up + rise t,
    ahead t).
    """

    across_m: float
    up_m: float
    side: Array  # (h, w)
    rise: Array
    ahead: Array
    bend: float
    focal_px: float

    def at(self, t: Array) -> tuple[Array, Array, Array]:
        """Return (across, up, ahead) in metres at ray parameter `t`."""
        ahead = self.ahead * t
        across = self.across_m + self.side * t - self.bend / 2 * ahead**2
        return across, self.up_m + self.rise * t, ahead

    def to_ground(self) -> Array:
        """Return t where each ray meets the ground; infinity above the horizon."""
        down = np.where(self.rise < -1e-6, self.rise, -1e-6)
        t = -self.up_m / down
        return np.where((self.rise < -1e-6) & (t * self.ahead < FAR_M), t, np.inf)

    def to_ahead(self, ahead_m: float) -> Array:
        """Return t where each ray has come `ahead_m` metres along the street."""
        return np.asarray(ahead_m / self.ahead)

    def to_across(self, across_m: float) -> Array:
        """Return the first t > 0 where each ray meets a wall along the street."""
        a = -self.bend / 2 * self.ahead**2
        c = self.across_m - across_m
        root = self.side**2 - 4 * a * c
        # The citardauq form: no cancellation and no division by a bend of zero.
        q = -0.5 * (self.side + np.copysign(np.sqrt(np.maximum(root, 0)), self.side))
        with np.errstate(divide="ignore", invalid="ignore"):
            pair = np.stack([q / a, c / q]) if self.bend else np.stack([c / q] * 2)
        pair = np.where((pair > 1e-3) & (root >= 0), pair, np.inf)
        return np.asarray(pair.min(0))


def cast_rays(camera: Camera, street: Street, size: tuple[int, int]) -> Rays:
    """Return the rays through the pixel centres of a picture of `size`."""
    height, width = size
    focal_px = camera.focal * width
    y, x = np.indices(size, dtype=np.float64)
    x, y = (x - (width - 1) / 2) / focal_px, (y - (height - 1) / 2) / focal_px
    cosine, sine = np.cos(camera.roll), np.sin(camera.roll)
    x, y = cosine * x + sine * y, cosine * y - sine * x
    cosine, sine = np.cos(camera.pitch), np.sin(camera.pitch)
    rise, ahead = -cosine * y - sine, cosine - sine * y
    cosine, sine = np.cos(camera.yaw), np.sin(camera.yaw)
    side, ahead = cosine * x + sine * ahead, cosine * ahead - sine * x
    return Rays(
        camera.across_m, camera.up_m, side, rise, ahead, street.bend, focal_px
    )
