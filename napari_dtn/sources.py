"""From an image layer to what the core reads, with the frame it lives in.

Pure: reads a layer, changes nothing, knows no viewer and no Qt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dense_transformer.types import ArrayLike, Image


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Where a layer's pixels lie in the world, as napari spells it.

    Attributes
    ----------
    scale, translate : ndarray, shape (ndim,)
        Of the layer's axes, in its units.
    rotate : ndarray, shape (ndim, ndim)
        Rotation matrix.
    shear : ndarray
        As `layer.shear` gives it.
    affine : ndarray, shape (ndim + 1, ndim + 1)
        What the world does on top.
    units, axis_labels : tuple
        As the layer has them.
    """

    scale: np.ndarray
    translate: np.ndarray
    rotate: np.ndarray
    shear: np.ndarray
    affine: np.ndarray
    units: tuple[Any, ...]
    axis_labels: tuple[str, ...]

    @property
    def ndim(self) -> int:
        """Number of axes, channels left out."""
        return len(self.scale)

    def placed(
        self, offset: Sequence[float] = (), pitch: Sequence[float] = ()
    ) -> dict[str, Any]:
        """Return layer options for data that starts and steps otherwise.

        Parameters
        ----------
        offset : sequence of float
            Where the centre of the result's first pixel lies, in pixels of the
            source layer, all axes; zero if empty.
        pitch : sequence of float
            Distance of neighbouring pixels of the result, in pixels of the
            source layer; one if empty.

        Notes
        -----
        napari maps data to world as ``R @ H @ diag(scale) @ data + translate``,
        then by `affine`. Data ``d`` of the result lies at ``offset + pitch * d``
        of the source, so the scale is multiplied by the pitch, and the
        translation grows by the linear part applied to the offset.
        """
        o = np.zeros(self.ndim) if len(offset) == 0 else np.asarray(offset, float)
        p = np.ones(self.ndim) if len(pitch) == 0 else np.asarray(pitch, float)
        return {
            "scale": self.scale * p,
            "translate": self.translate + self._linear @ (self.scale * o),
            "rotate": self.rotate,
            "shear": self.shear,
            "affine": self.affine,
            "units": self.units,
            "axis_labels": self.axis_labels,
        }

    def offset(self, translate: np.ndarray) -> np.ndarray:
        """Return the offset with which `placed` gave a translation."""
        turned = np.linalg.solve(self._linear, translate - self.translate)
        return np.asarray(turned / self.scale)

    @property
    def _linear(self) -> np.ndarray:
        return np.asarray(self.rotate @ _shear_matrix(self.shear, self.ndim))


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """An image layer as the core reads it, and the way back.

    Attributes
    ----------
    image : Image
        One image or a stack, lazy where the layer is lazy.
    frame : Frame
        Of the layer, all its axes.
    layer_id : object
        What tells the layer from all others for its life.
    lead : tuple of int
        Fixed indices of the axes before the stack's, such as the time point.
    section : int
        Section of the stack that is looked at.
    """

    image: Image
    frame: Frame
    layer_id: object
    lead: tuple[int, ...]
    section: int


class LeadingIndex:
    """A lazy view of an array with its first axes fixed; nothing is read early."""

    def __init__(self, data: ArrayLike, lead: tuple[int, ...]) -> None:
        self._data, self._lead = data, lead
        self.shape = tuple(data.shape[len(lead) :])
        self.dtype = data.dtype
        self.ndim = len(self.shape)

    def __getitem__(self, key: Any) -> Any:
        keys = key if isinstance(key, tuple) else (key,)
        return self._data[(*self._lead, *keys)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = np.asarray(self[...])
        return array if dtype is None else array.astype(dtype)


def read_source(
    layer: Any,
    point: Sequence[float],
    pixel_nm: tuple[float, float] | None = None,
    units: Sequence[Any] | None = None,
) -> Source:
    """Return the image of a napari Image layer; level 0 of a pyramid.

    Parameters
    ----------
    layer : napari.layers.Image
        Gray or RGB, 2-D or more; the last two axes are (y, x).
    point : sequence of float
        Where the viewer looks, world; picks the section and the time point.
    pixel_nm : tuple of float or None
        Pixel size (y, x) to use instead of the layer's own.
    units : sequence of pint.Unit or None
        Of `point`, as `viewer.dims.units` has them; None: those of the layer.
    """
    data = layer.data[0] if layer.multiscale else layer.data
    index = current_index(layer, point, units)
    lead, section = index[:-1], index[-1] if index else 0
    array = LeadingIndex(data, lead) if lead else data
    axes = ("z" if index else "") + "yx" + ("c" if layer.rgb else "")
    size = pixel_nm if pixel_nm is not None else layer_pixel_nm(layer)
    image = Image(array, axes, layer.name, size)
    return Source(image, layer_frame(layer), layer.unique_id, lead, section)


def layer_frame(layer: Any) -> Frame:
    """Return copies of what places a layer in the world."""
    return Frame(
        np.array(layer.scale, float),
        np.array(layer.translate, float),
        np.array(layer.rotate, float),
        np.array(layer.shear, float),
        np.array(layer.affine.affine_matrix, float),
        tuple(layer.units),
        tuple(layer.axis_labels),
    )


def layer_pixel_nm(layer: Any) -> tuple[float, float] | None:
    """Return the (y, x) pixel size in nm, or None unless the units are lengths."""
    sizes = []
    for scale, unit in zip(layer.scale[-2:], layer.units[-2:], strict=True):
        if not unit.is_compatible_with("nm"):
            return None
        sizes.append(float((abs(float(scale)) * unit).to("nm").magnitude))
    return (sizes[0], sizes[1])


def current_index(
    layer: Any, point: Sequence[float], units: Sequence[Any] | None = None
) -> tuple[int, ...]:
    """Return the index on every axis before (y, x) at a world point, clipped."""
    shape = layer.data[0].shape if layer.multiscale else layer.data.shape
    at = np.rint(world_to_px(layer, point, units)[:-2])
    return tuple(
        int(np.clip(a, 0, n - 1)) for a, n in zip(at, shape[: len(at)], strict=True)
    )


def world_to_px(
    layer: Any, point: Sequence[float], units: Sequence[Any] | None = None
) -> np.ndarray:
    """Return where a world point lies in a layer, px (ndim,); full resolution.

    Layers in nm and in um may share a viewer, whose points are in one of them only;
    `world_to_data` knows nothing of that.

    Parameters
    ----------
    layer : napari layer
        Of as many axes as the point, more or fewer: the last ones are the same.
    point : sequence of float
        In `units`.
    units : sequence of pint.Unit
        Of the viewer's axes, as `viewer.dims.units` has them; None, as that is where
        layers have units that don't fit together: those of the layer.
    """
    world = np.zeros(layer.ndim)
    known = np.asarray(point, float)[-layer.ndim :]
    world[layer.ndim - len(known) :] = known
    theirs = tuple(units or layer.units)[-layer.ndim :]
    for axis, (unit, own) in enumerate(
        zip(theirs, layer.units[-len(theirs) :], strict=True), layer.ndim - len(theirs)
    ):
        if unit.is_compatible_with(own):
            world[axis] *= float((1 * unit).to(own).magnitude)
    return np.asarray(layer.world_to_data(world), float)


def _shear_matrix(shear: np.ndarray, ndim: int) -> np.ndarray:
    """Return the shear as a matrix; napari keeps the entries above the diagonal."""
    if shear.ndim == 2:
        return shear
    matrix = np.eye(ndim)
    matrix[np.triu_indices(ndim, 1)] = shear
    return matrix
