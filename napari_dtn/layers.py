"""From predictions to descriptions of napari layers: data, frame and look.

Pure: makes arrays and plain values, touches no viewer. Runs in the worker, so
that the window only has to show what comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dense_transformer.types import Box, LevelMaps, Prediction
from napari_dtn.boundaries import mark_boundaries
from napari_dtn.sources import Source
from napari_dtn.specs import (
    LayerSpec,
    arranged,
    lead_ones,
    make_spec,
    offset_px,
    together,
)
from napari_dtn.warp_layers import displacement_specs, fiducial_specs

LARGE = 1 << 22  # pixels of a section
SHOWN = 1 << 19  # pixels that are drawn while the result grows

__all__ = ["LayerSpec", "describe", "sketch"]


def describe(
    results: Sequence[tuple[int, Prediction]],
    source: Source,
    threshold: float = 0.5,
    pixels: tuple[np.ndarray, np.ndarray] | None = None,
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
    pixels : tuple of ndarray or None
        Probability and boundaries (sections, height, width), where they are there
        already; None: taken from `results`.
    """
    levels = range(len(results[0][1].levels))
    maps = [[(z, r.levels[number]) for z, r in results] for number in levels]
    if pixels is None:
        probability = together([r.probability for _, r in results])
        boundaries = np.empty(probability.shape, np.uint8)
        mark_boundaries(probability, threshold, boundaries)
        pixels = probability, boundaries
    place = source.frame.placed(offset_px(source, results[0][0]))
    lower, upper = _pixels(pixels, source, place)
    specs = [lower, *(_coverage(level, source) for level in maps), upper]
    for level in maps:
        specs += displacement_specs(level, source)
    for number in sorted({w.level for _, r in results for w in r.warps}):
        warps = [(z, w) for z, r in results for w in r.warps if w.level == number]
        specs += fiducial_specs(number, warps, source)
    return [_named(spec, source, results[0][1].classes[-1]) for spec in specs]


def sketch(
    pixels: tuple[np.ndarray, np.ndarray],
    first: int,
    source: Source,
    finds: str,
    region: Box | None = None,
) -> list[LayerSpec]:
    """Return the layers that show a result while it grows, lowest first.

    Views of the arrays, not copies, of no more than `SHOWN` pixels: they are drawn
    over and over. Of a large image they hold only what is on screen.

    Parameters
    ----------
    pixels : tuple of ndarray, shape (sections, height, width)
        Probability and boundaries.
    first : int
        Section of the first plane.
    source : Source
        Where the image came from.
    finds : str
        What the model finds, such as ``"boundary"``.
    region : Box or None
        What is on screen, source px; None: all of it.
    """
    size = pixels[0].shape[1:]
    top, left, bottom, right = 0, 0, *size
    if region is not None and size[0] * size[1] > LARGE:
        top, left, bottom, right = region
    step = int(np.ceil(np.sqrt((bottom - top) * (right - left) / SHOWN)))
    part = np.s_[:, top:bottom:step, left:right:step]
    place = source.frame.placed(
        offset_px(source, first, (top, left)), [*lead_ones(source), step, step]
    )
    both = _pixels((pixels[0][part], pixels[1][part]), source, place, size)
    return [_named(spec, source, finds) for spec in both]


def _pixels(
    pixels: tuple[np.ndarray, np.ndarray],
    source: Source,
    place: dict[str, Any],
    size: tuple[int, ...] | None = None,
) -> tuple[LayerSpec, LayerSpec]:
    """Return the layers of probability and boundaries (sections, h, w)."""
    probability, boundaries = (arranged(stack, source) for stack in pixels)
    lower = make_spec("image", "boundary probability", source, probability, place)
    upper = make_spec("labels", "boundaries", source, boundaries, place)
    if probability.dtype == np.uint8:
        lower = replace(lower, look=lower.look | {"contrast_limits": (0, 255)})
    if np.prod(size or boundaries.shape[-2:]) > LARGE:
        # Outlines are found anew at every move: 60 ms here. Filled is instant.
        upper = replace(upper, look=upper.look | {"contour": 0, "opacity": 0.5})
    return lower, upper


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
        offset_px(source, first, centre), lead_ones(source) + list(pitch)
    )
    data = arranged(together([m.coverage for _, m in maps]), source)
    return make_spec("image", f"coverage S level {level.level}", source, data, place)
