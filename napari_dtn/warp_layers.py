"""From the warps of a prediction to descriptions of points and vectors."""

from __future__ import annotations

import numpy as np

from dense_transformer.types import LevelMaps, Warp
from napari_dtn.sources import Source
from napari_dtn.specs import LayerSpec, in_section, lift, make_spec

ARROWS = 1024  # displacement arrows and grid nodes of one section; more is clutter
ARROWS_OF_STACK = 16384  # of all sections together; napari draws 4096 in 30 ms


def displacement_specs(
    maps: list[tuple[int, LevelMaps]], source: Source
) -> tuple[LayerSpec, LayerSpec]:
    """Return the arrows of the displacement and the lines of the warped grid."""
    budget = min(ARROWS, max(64, ARROWS_OF_STACK // len(maps)))
    arrows, lines, spacing = [], [], 1.0
    for z, level in maps:
        node, shift, spacing = _nodes(level, budget)
        start = in_section(node.reshape(-1, 2), z, source)
        delta = lift(shift.reshape(-1, 2), source)
        arrows.append(np.stack([start, delta], 1))
        ends = _grid_lines(node + shift)
        begin = in_section(ends[:, 0], z, source)
        lines.append(np.stack([begin, lift(ends[:, 1] - ends[:, 0], source)], 1))
    place, number = source.frame.placed(), maps[0][1].level
    data = np.concatenate(arrows).astype(np.float32)
    length = np.linalg.norm(data[:, 1, -2:], axis=1)
    arrow = make_spec(
        "vectors", f"displacement level {number}", source, data, place,
        {"length_px": length}, edge_width=spacing / 8,
    )  # fmt: skip
    grid = make_spec(
        "vectors", f"warped grid level {number}", source,
        np.concatenate(lines).astype(np.float32), place, edge_width=spacing / 14,
    )  # fmt: skip
    return arrow, grid


def _nodes(level: LevelMaps, budget: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Return spread units (rows, columns, 2) in px, their shifts, their distance."""
    h, w = level.coverage.shape[-2:]
    if level.displacement_px.shape[:2] != (h, w):
        h, w = level.displacement_px.shape[:2]
    step = max(1, int(np.ceil(np.sqrt(h * w / budget))))
    rows, columns = np.arange(step // 2, h, step), np.arange(step // 2, w, step)
    pitch = np.array(level.pitch_px)
    unit = np.stack(np.meshgrid(rows, columns, indexing="ij"), -1)
    node = (unit + 0.5) * pitch - 0.5
    shift = level.displacement_px[np.ix_(rows, columns)].astype(np.float64)
    return node, np.nan_to_num(shift), float(step * pitch.min())


def _grid_lines(node: np.ndarray) -> np.ndarray:
    """Return the segments (n, 2 ends, 2) of every other line through a grid of points.

    Twice as many points along a line as there are lines: it shows the bends of the
    warp and still lets the image through.
    """
    across = np.stack([node[::2, :-1], node[::2, 1:]], 2).reshape(-1, 2, 2)
    down = np.stack([node[:-1, ::2], node[1:, ::2]], 2).reshape(-1, 2, 2)
    return np.concatenate([across, down])


def fiducial_specs(
    level: int, warps: list[tuple[int, Warp]], source: Source
) -> tuple[LayerSpec, LayerSpec]:
    """Return the lattice and the learned fiducials, paired by the feature ``pair``."""
    place = source.frame.placed()
    where: dict[str, list[np.ndarray]] = {"lattice": [], "fiducials": []}
    columns: list[np.ndarray] = []
    for tile, (z, warp) in enumerate(warps):
        for kind, points in where.items():
            px = warp.to_image_px(getattr(warp, kind).astype(np.float64))
            points.append(in_section(px, z, source))
        knots = len(warp.lattice)
        columns.append(np.stack([np.full(knots, tile), np.arange(knots)], 1))
    tile, pair = np.concatenate(columns).T
    lattice, fiducial = (np.concatenate(p) for p in where.values())
    shift = np.linalg.norm((fiducial - lattice)[:, -2:], axis=1)
    features = {
        "level": np.full(len(pair), level),
        "tile": tile,
        "pair": pair,
        "shift_px": shift,
    }
    size = max(3.0, min(source.image.size) / 110)

    def points_of(kind: str, data: np.ndarray, size: float) -> LayerSpec:
        role = f"{kind} level {level}"
        return make_spec("points", role, source, data, place, features, size=size)

    return (
        points_of("lattice", lattice, 0.7 * size),
        points_of("fiducials", fiducial, size),
    )
