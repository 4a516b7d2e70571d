"""From predictions to descriptions of napari layers: data, frame and look.

Pure: makes arrays and plain values, touches no viewer. Runs in the worker, so
that the window only has to show what comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from dense_transformer.types import LevelMaps, Prediction, Warp
from napari_dtn.boundaries import mark_boundaries
from napari_dtn.looks import LOOKS
from napari_dtn.sources import Source

ARROWS = 1024  # displacement arrows and grid nodes of one section; more is clutter
LARGE = 1 << 22  # pixels of a section
ARROWS_OF_STACK = 16384  # of all sections together; napari draws 4096 in 30 ms


@dataclass(frozen=True, slots=True, eq=False)
class LayerSpec:
    """A layer to be added, or to replace the data of the one added before.

    Attributes
    ----------
    kind : str
        Class of the layer: ``"image"``, ``"labels"``, ``"points"``, ``"vectors"``.
    role : str
        What it shows, such as ``"coverage 4"``; one layer per role and source.
    name : str
        For the layer list.
    data : ndarray
        Pixels, (n, ndim) positions, or (n, 2, ndim) starts and shifts.
    frame : dict
        Layer options that place it; set again at every update.
    look : dict
        Layer options of its first appearance; the person's changes stay.
    features : dict of str to ndarray
        One row per point or vector.
    """

    kind: str
    role: str
    name: str
    data: np.ndarray
    frame: dict[str, Any]
    look: dict[str, Any]
    features: dict[str, np.ndarray] = field(default_factory=dict)


def describe(
    results: Sequence[tuple[int, Prediction]], source: Source, threshold: float = 0.5
) -> list[LayerSpec]:
    """Return the layers that show predictions of sections, lowest first.

    Parameters
    ----------
    results : sequence of (int, Prediction)
        Section and its result; the sections follow one another.
    source : Source
        Where the image came from; the layers lie in its frame.
    threshold : float
        Share of 1 from which a pixel counts as boundary.
    """
    levels = range(len(results[0][1].levels))
    maps = [[(z, r.levels[number]) for z, r in results] for number in levels]
    probability = _stack([r.probability for _, r in results], source)
    boundaries = np.empty(probability.shape, np.uint8)
    mark_boundaries(probability, threshold, boundaries)
    place = source.frame.placed(_offset(source, results[0][0]))
    specs = [_spec("image", "boundary probability", source, probability, place)]
    specs += [_coverage(level, source) for level in maps]
    specs.append(_spec("labels", "boundaries", source, boundaries, place))
    for level in maps:
        specs += _displacement(level, source)
    for number in sorted({w.level for _, r in results for w in r.warps}):
        warps = [(z, w) for z, r in results for w in r.warps if w.level == number]
        specs += _fiducials(number, warps, source)
    return [_named(spec, source, results[0][1].classes[-1]) for spec in specs]


def _named(spec: LayerSpec, source: Source, found: str) -> LayerSpec:
    """Return `spec` named after its image, and after what a model finds."""
    what = spec.role
    if found != "boundary":
        what = what.replace("boundary", found).replace("boundaries", found)
    return replace(spec, name=f"{source.image.name} {what}")


def _coverage(maps: list[tuple[int, LevelMaps]], source: Source) -> LayerSpec:
    first, level = maps[0]
    pitch = level.pitch_px
    # The first unit covers pixels 0..pitch-1, so its centre is half of that inside.
    centre = [(p - 1) / 2 for p in pitch]
    place = source.frame.placed(
        _offset(source, first, centre), _lead_ones(source) + list(pitch)
    )
    data = _stack([m.coverage for _, m in maps], source)
    return _spec("image", f"coverage S level {level.level}", source, data, place)


def _displacement(
    maps: list[tuple[int, LevelMaps]], source: Source
) -> tuple[LayerSpec, LayerSpec]:
    """Return the arrows of the displacement and the lines of the warped grid."""
    budget = min(ARROWS, max(64, ARROWS_OF_STACK // len(maps)))
    arrows, lines, spacing = [], [], 1.0
    for z, level in maps:
        node, shift, spacing = _nodes(level, budget)
        start = _in_section(node.reshape(-1, 2), z, source)
        delta = _lift(shift.reshape(-1, 2), source)
        arrows.append(np.stack([start, delta], 1))
        ends = _grid_lines(node + shift)
        begin = _in_section(ends[:, 0], z, source)
        lines.append(np.stack([begin, _lift(ends[:, 1] - ends[:, 0], source)], 1))
    place, number = source.frame.placed(), maps[0][1].level
    data = np.concatenate(arrows).astype(np.float32)
    length = np.linalg.norm(data[:, 1, -2:], axis=1)
    arrow = _spec(
        "vectors", f"displacement level {number}", source, data, place,
        {"length_px": length}, edge_width=spacing / 8,
    )  # fmt: skip
    grid = _spec(
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


def _fiducials(
    level: int, warps: list[tuple[int, Warp]], source: Source
) -> tuple[LayerSpec, LayerSpec]:
    """Return the lattice and the learned fiducials, paired by the feature ``pair``."""
    place = source.frame.placed()
    where, columns = {"lattice": [], "fiducials": []}, []
    for tile, (z, warp) in enumerate(warps):
        for kind, points in where.items():
            px = warp.to_image_px(getattr(warp, kind).astype(np.float64))
            points.append(_in_section(px, z, source))
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
    return tuple(
        _spec(
            "points",
            f"{kind} level {level}",
            source,
            data,
            place,
            features,
            size=size * grow,
        )
        for kind, data, grow in (
            ("lattice", lattice, 0.7),
            ("fiducials", fiducial, 1.0),
        )
    )  # type: ignore[return-value]


def _spec(
    kind: str,
    role: str,
    source: Source,
    data: np.ndarray,
    place: dict[str, Any],
    features: dict[str, np.ndarray] | None = None,
    **look: Any,
) -> LayerSpec:
    stem = role.partition(" level")[0]
    look = {**LOOKS[stem], **look}
    if stem == "boundaries" and data.shape[-2] * data.shape[-1] > LARGE:
        # Outlines are found anew at every move: 60 ms here. Filled is instant.
        look |= {"contour": 0, "opacity": 0.5}
    if stem == "boundary probability" and data.dtype == np.uint8:
        look["contrast_limits"] = (0, 255)
    return LayerSpec(kind, role, role, data, place, look, features or {})


def _lead_ones(source: Source) -> list[float]:
    return [1.0] * (source.frame.ndim - 2)


def _offset(
    source: Source, section: int, centre: Sequence[float] = (0, 0)
) -> list[float]:
    """Return the source pixel of the first result pixel on all axes of the layer."""
    stack = [section] if source.frame.ndim > 2 else []
    return [*map(float, source.lead), *map(float, stack), *map(float, centre)]


def _stack(planes: list[np.ndarray], source: Source) -> np.ndarray:
    """Return planes (h, w) as an array with every axis of the layer."""
    if source.frame.ndim == 2:
        return planes[0]
    stack = planes[0][None] if len(planes) == 1 else np.stack(planes)
    return stack.reshape((1,) * len(source.lead) + stack.shape)


def _in_section(px: np.ndarray, section: int, source: Source) -> np.ndarray:
    """Return positions (n, 2) with the indices of the leading axes before them."""
    lead = np.array(_offset(source, section)[:-2])
    return np.concatenate([np.broadcast_to(lead, (len(px), len(lead))), px], 1)


def _lift(shift: np.ndarray, source: Source) -> np.ndarray:
    """Return shifts (n, 2) with zeros on the leading axes."""
    return np.pad(shift, [(0, 0), (source.frame.ndim - 2, 0)])
