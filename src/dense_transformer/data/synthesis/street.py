"""The layout of a street and the rays of a camera in it.

The street frame follows the road: `across` runs from the centre line to the
right, `up` from the road's surface, `ahead` along the road from the camera, all
in metres. A bend is a parabola, so rays are parabolas there and still meet
walls in closed form.
"""

from __future__ import annotations

import dataclasses
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
    green : float
        Share of hedges and gardens among the houses.
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
    green: float
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

    def crop(self, window: tuple[slice, slice]) -> Rays:
        """Return the rays of a window of the picture."""
        return dataclasses.replace(
            self,
            side=self.side[window],
            rise=self.rise[window],
            ahead=self.ahead[window],
        )

    def pick(self, where: Array) -> Rays:
        """Return the rays that a mask or indices pick."""
        return dataclasses.replace(
            self, side=self.side[where], rise=self.rise[where], ahead=self.ahead[where]
        )

    def ravel(self) -> Rays:
        """Return the same rays in one row."""
        return self.pick(np.ones(self.side.shape, bool))

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
        return _first_root(
            -self.bend / 2 * self.ahead**2, self.side, self.across_m - across_m
        )

    def to_roof(self, side: int, front_m: float, eaves_m: float, slope: float) -> Array:
        """Return the first t > 0 where rays meet a roof that rises from its eaves.

        The eaves run along the street, `front_m` from the centre line on `side`;
        `slope` is metres up for each metre away from the street.
        """
        return _first_root(
            -slope * side * self.bend / 2 * self.ahead**2,
            slope * side * self.side - self.rise,
            slope * (side * self.across_m - front_m) + eaves_m - self.up_m,
        )


def _first_root(a: Array, b: Array, c: float) -> Array:
    """Return the least positive root of a t^2 + b t + c; infinity if none."""
    inside = b**2 - 4 * a * c
    # The citardauq form: no cancellation and no division by a bend of zero.
    q = -0.5 * (b + np.copysign(np.sqrt(np.maximum(inside, 0)), b))
    with np.errstate(divide="ignore", invalid="ignore"):
        pair = np.stack([q / a, c / q])
        pair = np.where((pair > 1e-3) & (inside >= 0), pair, np.inf)
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
    return Rays(camera.across_m, camera.up_m, side, rise, ahead, street.bend, focal_px)


SUN_LIGHT = np.array([1.12, 1.0, 0.84])
SKY_LIGHT = np.array([0.42, 0.48, 0.56])


def lit(street: Street, normal: Array | tuple[float, float, float]) -> Array:
    """Return the light, RGB, on a surface with unit `normal` in the open.

    Parameters
    ----------
    street : Street
        For its sun.
    normal : ndarray, shape (..., 3)
        (across, up, ahead).
    """
    facing = np.maximum(np.asarray(normal) @ np.array(street.sun), 0.0)
    cloudy = (1 - street.sun_strength) * 0.6
    sun = street.sun_strength * facing[..., None] * SUN_LIGHT
    return np.asarray(sun + SKY_LIGHT * (1 + cloudy))


class Canvas:
    """The picture while it is drawn, with the depth of what is in front.

    Attributes
    ----------
    colour : ndarray, shape (h, w, 3), float32
        Linear RGB.
    depth : ndarray, shape (h, w), float32
        Ray parameter of the nearest surface so far; infinite in the sky.
    road : ndarray, shape (h, w), bool
        Where the road itself is in front.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.colour = np.zeros((*size, 3), np.float32)
        self.depth = np.full(size, np.inf, np.float32)
        self.road = np.zeros(size, bool)

    def put(self, where: Array, depth: Array, colour: Array) -> None:
        """Paint pixels `where` (a mask) that lie in front of all before."""
        self.colour[where] = colour
        self.depth[where] = depth
        self.road[where] = False
