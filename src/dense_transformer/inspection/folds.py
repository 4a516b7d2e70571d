"""How densely a warp reads, and where it turns over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from dense_transformer.geometry import cover
from dense_transformer.inspection.chains import Chain
from dense_transformer.inspection.frames import MapFrame
from dense_transformer.types import Array, Warp


@dataclass(frozen=True, slots=True, eq=False)
class WarpDensity:
    """Stretching, folds and displacement of one transformer in one tile.

    A cell lies between four neighbouring units of the warped map.

    Attributes
    ----------
    level : int
        1-based level of the transformer.
    log_jacobian : ndarray, shape (h - 1, w - 1)
        Natural logarithm of the area that a cell reads over its area at rest: 0
        where nothing changes, above where the network looks at a wider area in
        less detail, below where it magnifies. NaN in folds.
    folded : ndarray of bool, shape (h - 1, w - 1)
        Cells that are turned over or have no area.
    folded_px : ndarray, shape (n, 4, 2)
        Corners of the folded cells where they read the image, (y, x), source px.
    folded_share : float
        Share of the cells; NaN for maps one unit wide.
    magnitude_px : ndarray, shape (h, w)
        Length of each unit's displacement, source px.
    reads : ndarray, shape (h_image, w_image)
        How often each part of the tile, as large as a unit of the level, is read:
        the weights of all units that read it.
    cells_frame, units_frame, reads_frame : MapFrame
        Where the maps of cells, of units and of reads lie in the image; the former
        two at rest.
    """

    level: int
    log_jacobian: Array
    folded: Array
    folded_px: Array
    folded_share: float
    magnitude_px: Array
    reads: Array
    cells_frame: MapFrame
    units_frame: MapFrame
    reads_frame: MapFrame


def density(warp: Warp | Chain, level: int | None = None) -> WarpDensity:
    """Return how densely a transformer reads the image.

    Parameters
    ----------
    warp : Warp or Chain
        A chain is composed: the answer is about all transformers from the image to
        `level`. A single warp is about its own input map alone.
    level : int or None
        Level to look at; None: the deepest.

    Notes
    -----
    For a single warp the folds are those of `geometry.jacobian_determinant`, and
    `reads` is its coverage S (Eq. 6).
    """
    chain = warp if isinstance(warp, Chain) else Chain((warp,))
    px, frame = chain.units_px(level), chain.warped_frame(level)
    area = _cell_areas(px) / (frame.pitch_px[0] * frame.pitch_px[1])
    folded = ~(area > 0)
    corners = np.stack([px[:-1, :-1], px[:-1, 1:], px[1:, 1:], px[1:, :-1]], 2)
    reads, reads_frame = _count_reads(chain, level)
    arrays = {
        "log_jacobian": np.log(np.where(folded, np.nan, area)),
        "folded": folded,
        "folded_px": corners[folded],
        "magnitude_px": np.linalg.norm(px - chain.rest_px(level), axis=-1),
        "reads": reads,
    }
    for array in arrays.values():
        array.setflags(write=False)
    return WarpDensity(
        level=chain.warp(level).level,
        folded_share=float(folded.mean()) if folded.size else float("nan"),
        cells_frame=_between(frame),
        units_frame=frame,
        reads_frame=reads_frame,
        **arrays,
    )


def _cell_areas(px: Array) -> Array:
    """Return the signed areas of cells, positive where the warp doesn't turn over.

    By the means of the differences along both edges, as in jacobian_determinant.
    """
    down, right = px[1:] - px[:-1], px[:, 1:] - px[:, :-1]
    down, right = down[:, 1:] + down[:, :-1], right[1:] + right[:-1]
    return np.asarray((down[..., 0] * right[..., 1] - down[..., 1] * right[..., 0]) / 4)


def _between(frame: MapFrame) -> MapFrame:
    """Return the frame of the cells between the units of a frame."""
    (y, x), (height, width) = frame.origin_px, frame.pitch_px
    return MapFrame((y + height / 2, x + width / 2), frame.pitch_px)


def _count_reads(chain: Chain, level: int | None) -> tuple[Array, MapFrame]:
    size, frame = chain.image_grid(level)
    units = (chain.units_px(level) - frame.origin_px) / frame.pitch_px
    return cover(torch.from_numpy(units)[None], size)[0].numpy(), frame
