"""The values that travel between rooms, and between core and GUI.

Frozen, slotted, NumPy and plain values only: no tensor, no layer. Arrays are
taken over and made read-only where they are results. Geometry is (y, x); the
unit frame is [-1, 1] on pixel centres of the tile it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Box = tuple[int, int, int, int]  # top, left, bottom, right; px, half open
Decoder = Literal["splat", "exact"]
Family = Literal["translation", "attention", "affine", "projective", "tps"]
Kernel = Literal["bilinear", "nearest"]
Parametrisation = Literal["offset", "absolute"]


@runtime_checkable
class ArrayLike(Protocol):
    """What lazy images offer: memory maps, HDF5 and Zarr arrays, dask, NumPy."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> Any: ...
    def __getitem__(self, key: Any) -> Any: ...


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """One image or stack as its file holds it; read lazily, never changed.

    Attributes
    ----------
    data : ArrayLike
        Pixels in the order of `axes`, any real dtype.
    axes : str
        One of ``"yx"``, ``"zyx"``, ``"yxc"``, ``"zyxc"``.
    name : str
        For messages, files and layers.
    pixel_nm : tuple of float or None
        Size of a pixel (y, x) in nanometres; None where the file doesn't say.
    """

    data: ArrayLike
    axes: str
    name: str
    pixel_nm: tuple[float, float] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        y = self.axes.index("y")
        return int(self.data.shape[y]), int(self.data.shape[y + 1])

    @property
    def sections(self) -> int:
        """Number of sections; 1 for a single image."""
        return int(self.data.shape[0]) if self.axes.startswith("z") else 1

    @property
    def channels(self) -> int:
        """Number of channels; 1 for a gray image."""
        return int(self.data.shape[-1]) if self.axes.endswith("c") else 1


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


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """One image's result in its own pixels.

    Attributes
    ----------
    probability : ndarray, shape (h, w)
        Of the foreground class (`classes[-1]`), float32 in [0, 1] or
        uint8 in 0..255 where the caller asked for a small result.
    labels : ndarray, shape (h, w), uint8
        Class index + 1: the most probable class, as label files are written.
    levels : tuple of LevelMaps
        One for each transformer; empty for a plain U-Net.
    warps : tuple of Warp
        One for each transformer and tile, in the order of the tile plan.
    classes : tuple of str
        Names of the classes, background first.
    device : str
        Where it was computed, with what was given up on the way, for people.
    image_name : str
        Name of the image.
    """

    probability: Array
    labels: Array
    levels: tuple[LevelMaps, ...]
    warps: tuple[Warp, ...]
    classes: tuple[str, ...]
    device: str
    image_name: str


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A finished piece of a result, to be shown before the whole is there."""

    box: Box  # source px
    probability: Array  # (bottom - top, right - left)


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """How far a long piece of work is; what its generators yield.

    Attributes
    ----------
    done, total : int
        Units of work (tiles, steps, bytes).
    unit : str
        What is counted: ``"tile"``, ``"step"``, ``"byte"``.
    seconds_left : float or None
        Estimate; None while unknown.
    message : str
        One line for people, such as a notice of a smaller batch.
    values : tuple of (str, float)
        Figures such as ``("loss", 0.31)``, in the order to be shown.
    part : Part or None
        A finished piece of a prediction.
    """

    done: int
    total: int
    unit: str = "step"
    seconds_left: float | None = None
    message: str = ""
    values: tuple[tuple[str, float], ...] = ()
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Scores:
    """How a foreground probability compares with labels; ignored pixels left out.

    Attributes
    ----------
    auc : float
        Area under the pixel ROC curve; NaN where only one class is present.
    f1, threshold : float
        Best F1 over thresholds and where it is reached.
    f1_half, precision, recall, false_positive_rate, iou : float
        At threshold 0.5.
    pixels : int
        Labelled pixels that were counted.
    """

    auc: float
    f1: float
    threshold: float
    f1_half: float
    precision: float
    recall: float
    false_positive_rate: float
    iou: float
    pixels: int


@dataclass(frozen=True, slots=True)
class WarpHealth:
    """Whether a level's warps are alive, over many tiles.

    Attributes
    ----------
    level : int
        1-based level of the network.
    shift, largest_shift : float
        Mean and largest length of the fiducials' shift, unit frame.
    saturation : float
        Share of coordinates beyond 95 % of their bound.
    spread : float
        Root mean square, over tiles, of a fiducial's distance from its mean
        position: 0 if every image is warped alike.
    folded : float
        Share of units where the Jacobian determinant is not positive.
    coverage_mean, holes : float
        Mean coverage and share of units with (almost) none.
    tiles : int
        Number of tiles.
    """

    level: int
    shift: float
    largest_shift: float
    saturation: float
    spread: float
    folded: float
    coverage_mean: float
    holes: float
    tiles: int
