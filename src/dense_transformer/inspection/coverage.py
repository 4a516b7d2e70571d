"""What a decoder writes to, what it leaves open, and what is lost on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dense_transformer.errors import DataError
from dense_transformer.geometry import (
    HOLE,
    divide_by_coverage,
    gather,
    invert_points,
    splat,
)
from dense_transformer.inspection.chains import Chain
from dense_transformer.inspection.frames import MapFrame
from dense_transformer.inspection.outlines import trace_outlines
from dense_transformer.types import Array, Decoder, Kernel, Warp

BINS = 40
LARGEST_BIN = 4.0  # coverage; the last bin takes all that is larger


@dataclass(frozen=True, slots=True, eq=False)
class CoverageReport:
    """Where the splat of one transformer writes in one tile.

    The exact decoder divides by no coverage and has no holes; there it still says how
    densely the input map is read.

    Attributes
    ----------
    level : int
        1-based level of the transformer.
    coverage : ndarray, shape (h, w)
        S of Eq. 6 on the transformer's input map: 1 everywhere for the identity.
    holes : ndarray of bool, shape (h, w)
        Where S < 0.1, and the value is filled from around.
    filled : ndarray, shape (h, w)
        Share of the value that comes from around: 0 outside holes, 1 where nothing
        at all was written, smooth between.
    outlines_px : tuple of ndarray, shape (n, 2)
        Borders of the holes as polygons in the image, (y, x), source px; those
        around a hole clockwise on screen, those around an island in it the other
        way.
    counts, edges : ndarray, shapes (40,) and (41,)
        Histogram of S from 0 to 4; the last bin takes all that is larger.
    smallest, mean, hole_share : float
        Of S, and the share of units that are holes.
    lost_share : float
        Share of what the warped map holds that is written nowhere, as it belongs
        outside the tile.
    frame : MapFrame
        Where the maps lie in the image; at rest if there are shallower
        transformers, see `project`.
    """

    level: int
    coverage: Array
    holes: Array
    filled: Array
    outlines_px: tuple[Array, ...]
    counts: Array
    edges: Array
    smallest: float
    mean: float
    hole_share: float
    lost_share: float
    frame: MapFrame


@dataclass(frozen=True, slots=True, eq=False)
class RoundTrip:
    """What gather then splat changes, although nothing was computed in between.

    Attributes
    ----------
    level : int
        1-based level of the transformer.
    error : ndarray, shape (h, w)
        Root mean square over channels of the change of each unit.
    restored : ndarray, shape (c, h, w)
        The map after gather and splat.
    rms, largest : float
        Root mean square of the error over the map, and the largest.
    relative : float
        `rms` over the standard deviation of the map's values: 0 if nothing is
        lost, 1 if their mean would do as well. NaN for a constant map.
    frame : MapFrame
        Where the maps lie in the image, as in `CoverageReport`.
    """

    level: int
    error: Array
    restored: Array
    rms: float
    largest: float
    relative: float
    frame: MapFrame


def coverage_report(warp: Warp | Chain, level: int | None = None) -> CoverageReport:
    """Return what a transformer's decoder writes to.

    Parameters
    ----------
    warp : Warp or Chain
        Of a chain only the outlines depend on the shallower warps.
    level : int or None
        Level to look at; None: the deepest.
    """
    chain = warp if isinstance(warp, Chain) else Chain((warp,))
    one = chain.warp(level)
    coverage = one.coverage.astype(np.float64)
    holes = coverage < HOLE
    t = np.clip(coverage / HOLE, 0.0, 1.0)
    edges = np.linspace(0.0, LARGEST_BIN, BINS + 1)
    inside = np.clip(coverage.round(4), 0.0, LARGEST_BIN)  # 0.99999994 counts as 1
    units = one.points.shape[0] * one.points.shape[1]
    outlines = (
        chain.input_to_image_px(outline, level) for outline in trace_outlines(holes)
    )
    return CoverageReport(
        level=one.level,
        coverage=_fixed(coverage),
        holes=_fixed(holes),
        filled=_fixed(1.0 - t * t * (3.0 - 2.0 * t)),
        outlines_px=tuple(map(_fixed, outlines)),
        counts=_fixed(np.histogram(inside, edges)[0]),
        edges=_fixed(edges),
        smallest=float(coverage.min()),
        mean=float(coverage.mean()),
        hole_share=float(holes.mean()),
        lost_share=max(0.0, 1.0 - float(coverage.sum()) / units),
        frame=chain.input_frame(level),
    )


def round_trip(
    warp: Warp | Chain,
    values: Array,
    level: int | None = None,
    *,
    decoder: Decoder = "splat",
    kernel: Kernel = "bilinear",
) -> RoundTrip:
    """Return what gather then splat loses of a map.

    Parameters
    ----------
    warp : Warp or Chain
        Only the warp of `level` is used.
    values : ndarray, shape (h, w) or (c, h, w)
        A map on the transformer's input: its features, or the image as
        `level_image` gives it.
    level : int or None
        Level to look at; None: the deepest.
    decoder, kernel : str
        As in the network's configuration.

    Raises
    ------
    DataError
        If the map has another size.
    """
    chain = warp if isinstance(warp, Chain) else Chain((warp,))
    mesh = chain.mesh(level)
    maps = np.asarray(values, dtype=np.float64).reshape(-1, *values.shape[-2:])
    if maps.shape[1:] != mesh.size:
        raise DataError(
            f"a map of {maps.shape[1:]}: the input map of level "
            f"{chain.warp(level).level} is {mesh.size}; level_image makes such a one"
        )
    points = torch.from_numpy(mesh.points)[None]
    whole = torch.from_numpy(maps)[None]
    there = gather(whole, points, kernel=kernel)
    back = _decode(there, points, mesh.size, decoder)[0].numpy()
    error = np.sqrt(np.square(back - maps).mean(0))
    rms, spread = float(np.sqrt(np.square(error).mean())), _deviation(maps)
    return RoundTrip(
        level=chain.warp(level).level,
        error=_fixed(error),
        restored=_fixed(back),
        rms=rms,
        largest=float(error.max()),
        relative=rms / spread if spread > 0 else float("nan"),
        frame=chain.input_frame(level),
    )


def level_image(chain: Chain, pixels: Array, level: int | None = None) -> Array:
    """Return the image of a tile as a transformer's input map would show it.

    Parameters
    ----------
    chain : Chain
        The warps of the tile.
    pixels : ndarray, shape (h, w) or (c, h, w)
        The tile, network pixels.
    level : int or None
        Level of the transformer; None: the deepest.

    Returns
    -------
    ndarray, shape (c, h_in, w_in), float64
        Means over the pixels of each unit, read through the shallower transformers.

    Raises
    ------
    DataError
        If the pixels are not those of the tile.
    """
    top, left, bottom, right = chain.tile_px
    if pixels.shape[-2:] != (bottom - top, right - left):
        raise DataError(
            f"pixels of shape {pixels.shape} for a tile of {bottom - top, right - left}"
        )
    maps = np.asarray(pixels, dtype=np.float64).reshape(-1, *pixels.shape[-2:])
    end = chain.levels.index(chain.warp(level).level)
    for deeper, at in enumerate(chain.levels[: end + 1]):
        if deeper:
            points = torch.from_numpy(chain.mesh(chain.levels[deeper - 1]).points)
            maps = gather(torch.from_numpy(maps)[None], points[None])[0].numpy()
        maps = _shrink(maps, chain.mesh(at).size)
    return maps


def _decode(
    values: Tensor, points: Tensor, size: tuple[int, int], decoder: Decoder
) -> Tensor:
    if decoder == "exact":
        return gather(values, invert_points(points, size))
    return divide_by_coverage(*splat(values, points, size))


def _shrink(maps: Array, size: tuple[int, int]) -> Array:
    """Return the means (c, *size) over blocks; a cut block over what it has."""
    whole = torch.from_numpy(np.ascontiguousarray(maps))[None]
    return torch.nn.functional.adaptive_avg_pool2d(whole, size)[0].numpy()


def _deviation(maps: Array) -> float:
    """Return the standard deviation within channels."""
    return float(np.sqrt(maps.var((1, 2)).mean()))


def _fixed(array: Array) -> Array:
    array.setflags(write=False)
    return array
