"""The image as the network sees it: normalised, at its pixel size, tile by tile."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from dense_transformer.data import (
    Intensity,
    fit_channels,
    height_factor,
    measure_intensity,
    pixel_factor,
    read_section,
    resampled_size,
)
from dense_transformer.errors import ImageError
from dense_transformer.inference import interpolation
from dense_transformer.inference.tiles import reflect
from dense_transformer.types import Array, Box, Image

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from dense_transformer.zoo import Model

_LARGEST_CHANGE = 16.0


@dataclass(frozen=True, slots=True, eq=False)
class NetworkView:
    """One section of an image in network pixels, read when it is asked for.

    Attributes
    ----------
    image : Image
        The source.
    section : int
        Which section.
    intensity : Intensity
        Normalisation, measured on the whole section.
    channels : int
        Channels that the network reads.
    size : tuple of int
        Height and width in network pixels.
    """

    image: Image
    section: int
    intensity: Intensity
    channels: int
    size: tuple[int, int]

    @property
    def scale(self) -> tuple[float, float]:
        """Source pixels per network pixel, (y, x)."""
        (h, w), (height, width) = self.image.size, self.size
        return h / height, w / width

    def read(self, box: Box) -> Array:
        """Return a tile, shape (c, h, w), float32; mirrored beyond the image.

        Parameters
        ----------
        box : Box
            In network pixels; may reach over the image.

        Raises
        ------
        ImageError
            If the file can't be read.
        """
        rows = _sources(box[0], box[2], self.size[0], self.image.size[0])
        columns = _sources(box[1], box[3], self.size[1], self.image.size[1])
        source = rows.low, columns.low, rows.high, columns.high
        try:
            raw = read_section(self.image, self.section, source)
        except OSError as error:
            why = error.strerror or error
            raise ImageError(f"can't read {self.image.name}: {why}") from error
        pixels = self.intensity.apply(raw)  # (c, h, w)
        if rows.matrix is not None or columns.matrix is not None:
            pixels = interpolation.apply(rows.matrix, columns.matrix, pixels)
        if rows.picks is not None or columns.picks is not None:
            y = slice(None) if rows.picks is None else rows.picks
            x = slice(None) if columns.picks is None else columns.picks
            pixels = pixels[:, y][:, :, x]
        return np.ascontiguousarray(fit_channels(pixels, self.channels))

    def to_network(self, box: Box) -> Box:
        """Return the network pixels that a box of source pixels touches."""
        (sy, sx), (top, left, bottom, right) = self.scale, box
        return (
            int(np.floor(top / sy)),
            int(np.floor(left / sx)),
            int(np.ceil(bottom / sy)),
            int(np.ceil(right / sx)),
        )


def open_view(
    image: Image,
    section: int,
    channels: int,
    pixel_nm: tuple[float, float] | None,
    model_nm: tuple[float, float] | None,
    height_px: int | None = None,
    zoom: float = 1.0,
) -> NetworkView:
    """Return a section as a network of `channels` trained at `model_nm` sees it.

    Parameters
    ----------
    pixel_nm, model_nm : tuple of float or None
        Pixel sizes (y, x) in nanometres. Where either is unknown, or both are
        equal within 1 %, the network sees the image's own pixels.
    height_px : int, optional
        Height that the network's images were resized to; goes before pixel sizes.
        An image is enlarged or shrunk at most 16 times for it.
    zoom : float
        How much larger the network sees the image than that says.

    Raises
    ------
    ImageError
        If the image is empty, holds no numbers, has no such section, or its pixels
        are more than 16 times larger or smaller than the model's.
    """
    if min(image.size) < 1:
        raise ImageError(f"{image.name} is empty: its size is {image.size}")
    if (dtype := np.dtype(image.data.dtype)).kind not in "biuf":
        raise ImageError(
            f"{image.name} holds {dtype} values; give integers, floats or booleans"
        )
    if not 0 <= section < image.sections:
        raise ImageError(
            f"{image.name} has no section {section}; use 0 to {image.sections - 1}"
        )
    intensity = measure_intensity(image, section)
    if height_px is None:
        factor = _factor(image, pixel_nm, model_nm)
    else:
        wanted, _ = height_factor(image.size[0], height_px)
        factor = (min(max(wanted, 1 / _LARGEST_CHANGE), _LARGEST_CHANGE),) * 2
    size = resampled_size(image.size, (factor[0] * zoom, factor[1] * zoom))
    return NetworkView(image, section, intensity, channels, size)


def open_model_view(
    model: Model,
    image: Image,
    section: int,
    pixel_nm: tuple[float, float] | None = None,
) -> NetworkView:
    """Return a section as a model sees it; its card tells the pixel size.

    Parameters
    ----------
    pixel_nm : tuple of float, optional
        Pixel size (y, x) in nanometres that a person set; the image's own by default.

    Raises
    ------
    ImageError
        As `open_view` does.
    """
    card = model.card
    return open_view(
        image,
        section,
        model.config.in_channels,
        pixel_nm or image.pixel_nm,
        card.pixel_nm,
        card.height_px,
        card.zoom,
    )


def _factor(
    image: Image,
    pixel_nm: tuple[float, float] | None,
    model_nm: tuple[float, float] | None,
) -> tuple[float, float]:
    """Return how much larger (y, x) the pixel sizes let a network see an image."""
    factor = pixel_factor(pixel_nm, model_nm)
    if not all(1 / _LARGEST_CHANGE <= f <= _LARGEST_CHANGE for f in factor):
        raise ImageError(
            f"{image.name} has pixels of {pixel_nm} nm and the model was trained on "
            f"{model_nm} nm; set pixel_nm to the true size, or to {model_nm} to "
            "predict the pixels as they are"
        )
    return factor


@dataclass(frozen=True, slots=True, eq=False)
class _Sources:
    """Along one axis: which source pixels to read, and how to turn them into a tile."""

    low: int
    high: int
    matrix: csr_array | None  # to network pixels, where those are not the source's
    picks: Array | None  # which of them, where the tile reaches over the image


@lru_cache(maxsize=512)
def _sources(start: int, stop: int, length: int, source: int) -> _Sources:
    """Return what tile start..stop of an axis of `length` reads of `source` pixels."""
    wanted = np.arange(start, stop)
    picks = None
    if start < 0 or stop > length:
        mirrored = reflect(wanted, length)
        wanted = np.arange(mirrored.min(), mirrored.max() + 1)
        picks = mirrored - wanted[0]
    if length == source:
        identity = None
        return _Sources(int(wanted[0]), int(wanted[-1]) + 1, identity, picks)
    width = source / length
    centres = (wanted + 0.5) * width - 0.5
    low, high = interpolation.reach(centres, width, source)
    return _Sources(low, high, interpolation.weights(centres, width, low, high), picks)
