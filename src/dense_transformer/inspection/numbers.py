"""The warps of an image in numbers, level by level."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dense_transformer.config import TransformerConfig
from dense_transformer.evaluation import measure_health
from dense_transformer.geometry import bending_matrix
from dense_transformer.inspection.chains import Chain, tile_chains
from dense_transformer.types import Array, Warp

Bound = tuple[float, float]


@dataclass(frozen=True, slots=True)
class LevelNumbers:
    """What one transformer does to an image, over all its tiles.

    Attributes
    ----------
    level, tiles : int
        1-based level; number of tiles.
    family : str
        Kind of transformation.
    mean_px, largest_px : float
        Length of the units' displacement in the image, source px, through all
        shallower transformers too.
    mean_nm, largest_nm : float
        The same in nanometres; NaN where the pixel size is unknown.
    own_mean_px : float
        Mean displacement by this transformer alone, source px.
    folded : float
        Share of cells where the transformer itself turns over.
    coverage_smallest, coverage_mean, holes : float
        Of S (Eq. 6), and the share of units with S < 0.1.
    outside : float
        Share of fiducials that read outside the image; outside their tile where
        the size of the image is not given.
    saturation : float
        Share of parameters beyond 95 % of their bound; NaN if none was given.
    bending : float
        Mean bending energy of the splines, unit frame of the level: 0 for affine
        motions and for the families that can do no other.
    """

    level: int
    family: str
    tiles: int
    mean_px: float
    largest_px: float
    mean_nm: float
    largest_nm: float
    own_mean_px: float
    folded: float
    coverage_smallest: float
    coverage_mean: float
    holes: float
    outside: float
    saturation: float
    bending: float


def measure_levels(
    warps: Sequence[Warp],
    transformers: Iterable[TransformerConfig] = (),
    pixel_nm: tuple[float, float] | None = None,
    image_size: tuple[int, int] | None = None,
) -> tuple[LevelNumbers, ...]:
    """Return the numbers of each level over all tiles of an image.

    Parameters
    ----------
    warps : sequence of Warp
        Such as `Prediction.warps`.
    transformers : iterable of TransformerConfig
        Of the network (`NetworkConfig.transformers`): bounds for the saturation.
    pixel_nm : (float, float) or None
        Pixel size of the image, (y, x), nm.
    image_size : (int, int) or None
        Height and width of the image, source px.

    Returns
    -------
    tuple of LevelNumbers
        By level; empty without warps.

    Raises
    ------
    DataError
        If warps are not of one network, or their points were not kept.
    """
    chains = tile_chains(warps)
    configs = {config.level: config for config in transformers}
    levels = sorted({warp.level for warp in warps})
    return tuple(
        _measure_level(
            [chain for chain in chains if level in chain.levels],
            level,
            configs.get(level),
            pixel_nm,
            image_size,
        )
        for level in levels
    )


def _measure_level(
    chains: list[Chain],
    level: int,
    config: TransformerConfig | None,
    pixel_nm: tuple[float, float] | None,
    image_size: tuple[int, int] | None,
) -> LevelNumbers:
    framed = [level_frame(chain, level) for chain in chains]
    absolute = config is not None and config.parametrisation == "absolute"
    bound = offset_bound(config) if config is not None else (1.0, 1.0)
    (health,) = measure_health(framed, bound, absolute=absolute)
    shifts = [chain.units_px(level) - chain.rest_px(level) for chain in chains]
    lengths_px = _lengths(shifts)
    lengths_nm = _lengths(shifts, pixel_nm) if pixel_nm else np.array([np.nan])
    own_px = _lengths([_own_shift_px(chain, level) for chain in chains])
    return LevelNumbers(
        level=level,
        family=chains[0].warp(level).family,
        tiles=len(chains),
        mean_px=float(lengths_px.mean()),
        largest_px=float(lengths_px.max()),
        mean_nm=float(lengths_nm.mean()),
        largest_nm=float(lengths_nm.max()),
        own_mean_px=float(own_px.mean()),
        folded=health.folded,
        coverage_smallest=float(min(warp.coverage.min() for warp in framed)),
        coverage_mean=health.coverage_mean,
        holes=health.holes,
        outside=_share_outside(chains, level, image_size),
        saturation=health.saturation if config is not None else float("nan"),
        bending=float(np.mean([_bending(warp) for warp in framed])),
    )


def offset_bound(config: TransformerConfig) -> Bound:
    """Return the (y, x) bound of a transformer's offsets, as `measure_health` takes it.

    Of a fiducial's offset for a spline, of a parameter's for the other families, in
    the unit frame of the level's map; of the coordinates in the absolute form.
    """
    if config.parametrisation == "absolute":
        return 1.0, 1.0
    if config.family == "tps":
        rows, columns = config.lattice
        return config.reach * 2.0 / (rows - 1), config.reach * 2.0 / (columns - 1)
    return config.reach * 2.0 / 3.0, config.reach * 2.0 / 3.0


def level_frame(chain: Chain, level: int) -> Warp:
    """Return a level's warp with its positions in the unit frame of its input map.

    A `Warp` is in the unit frame of its tile, whose ends lie a little further out
    than the centres of a level's outermost units; bounds, determinants and bending
    energies are meant in the frame of the level.
    """
    warp, size = chain.warp(level), chain.mesh(level).size
    half = (np.array(size) - 1.0) / 2.0

    def to_unit(units: Array) -> Array:
        return np.where(half > 0, units / np.maximum(half, 0.5) - 1.0, 0.0)

    return Warp(
        warp.level,
        warp.family,
        to_unit(chain.unit_to_input(warp.lattice, level)),
        to_unit(chain.unit_to_input(warp.fiducials, level)),
        to_unit(chain.mesh(level).points),
        warp.coverage,
        warp.tile_px,
        warp.image_scale,
        warp.theta,
    )


def lattice_shape(lattice: Array) -> tuple[int, int]:
    """Return rows and columns of a lattice (k, 2) that is listed row by row."""
    rows, columns = (len(np.unique(lattice[:, axis].round(4))) for axis in (0, 1))
    if rows * columns == len(lattice):
        return rows, columns
    if rows > 1 or columns > 1:  # on a map one unit high or wide they share a place
        return (
            (rows, len(lattice) // rows)
            if rows > 1
            else (len(lattice) // columns, columns)
        )
    side = int(np.sqrt(len(lattice)))
    return side, len(lattice) // side


def _own_shift_px(chain: Chain, level: int) -> Array:
    """Return a transformer's displacement on its own input map, source px."""
    mesh = chain.mesh(level)
    grid = np.stack(np.meshgrid(*map(np.arange, mesh.out_size), indexing="ij"), -1)
    return (mesh.points - grid * mesh.step) * chain.input_frame(level).pitch_px


def _bending(warp: Warp) -> float:
    if warp.family != "tps":
        return 0.0
    offsets = warp.fiducials - warp.lattice
    bending = bending_matrix(lattice_shape(warp.lattice)).numpy().astype(np.float64)
    return float((offsets * (bending @ offsets)).sum())


def _lengths(shifts: list[Array], unit: tuple[float, float] = (1.0, 1.0)) -> Array:
    """Return the lengths of all shifts (..., 2), in units of `unit` (y, x)."""
    return np.concatenate([np.hypot(*(s * unit).reshape(-1, 2).T) for s in shifts])


def _share_outside(
    chains: list[Chain], level: int, image_size: tuple[int, int] | None
) -> float:
    outside = []
    for chain in chains:
        box = np.array(chain.box_px)
        if image_size is not None:
            box = np.array([-0.5, -0.5, image_size[0] - 0.5, image_size[1] - 0.5])
        px = chain.fiducials_px(level)
        outside.append(((px < box[:2] - 1e-3) | (px > box[2:] + 1e-3)).any(-1))
    return float(np.concatenate(outside).mean())
