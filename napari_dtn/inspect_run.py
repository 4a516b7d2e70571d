"""A preview of a training as layers: image, prediction, warps. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dense_transformer.types import Array, Image
from napari_dtn.inspect_layers import at_px, placed_at, plane, segments_px
from napari_dtn.layers import LayerSpec
from napari_dtn.looks import PROBABILITY, PROBABILITY_AT
from napari_dtn.sources import Frame, Source

if TYPE_CHECKING:
    from dense_transformer.inspection import Chain, Preview, RunHistory

LINE = {"vector_style": "line", "opacity": 0.85}
GRID, LINK = {**LINE, "edge_color": "#4fe3a5"}, {**LINE, "edge_color": "#ffd400"}
DOT = {
    "symbol": "disc",
    "face_color": "#ffd400",
    "border_color": "#202020",
    "border_width": 0.15,
}
GRID_LINES = 10  # of a tile
TILES = 25  # whose warps are drawn; more is clutter
GAP = 0.05  # of the image's width, to the preview beside it


def beside(preview: Preview, name: str, source: Source | None) -> Source:
    """Return where a preview stands: to the right of the image, in its units.

    Parameters
    ----------
    preview : Preview
        Its picture has pixels of `preview.scale` network pixels.
    name : str
        Of the run.
    source : Source or None
        The image that is looked at; the preview is another. None: none is open.
    """
    height, width = preview.probability.shape
    size = round(height * preview.scale[0]), round(width * preview.scale[1])
    # Its size is all that is asked of it.
    image = Image(np.broadcast_to(np.uint8(0), size), "yx", name)
    if source is None:
        import pint

        pixel = pint.get_application_registry().pixel
        frame = Frame(
            np.ones(2), np.zeros(2), np.eye(2), np.zeros(1), np.eye(3),
            (pixel, pixel), ("y", "x"),
        )  # fmt: skip
    else:
        of, wide = source.frame, source.image.size[1]
        scale = np.array(of.scale[-2:])
        right = np.array([0.0, scale[1] * wide * (1 + GAP)])
        start = np.array(of.translate[-2:]) + right
        frame = Frame(
            scale, start, np.eye(2), np.zeros(1), np.eye(3), of.units[-2:],
            of.axis_labels[-2:],
        )  # fmt: skip
    return Source(image, frame, ("run", name), (), 0)


def preview_specs(preview: Preview, place: Source) -> list[LayerSpec]:
    """Return image, probability, warped grids and fiducials of a preview."""
    name, scale = place.image.name, preview.scale
    corner = ((scale[0] - 1) / 2, (scale[1] - 1) / 2)
    frame = placed_at(corner, place, scale)
    rgb = preview.image.ndim == 3
    look = {"rgb": True} if rgb else {"colormap": "gray", "contrast_limits": (0, 255)}
    image = plane(preview.image, place)
    return [
        LayerSpec("image", "run image", f"{name}: image", image, frame, look),
        prediction_spec(place, plane(preview.probability, place), frame),
        *_warp_specs(preview, place),
    ]


def prediction_spec(
    place: Source, probability: Array, frame: dict[str, Any]
) -> LayerSpec:
    """Return a probability, uint8, as a layer in a frame."""
    look = {
        "ramp": (PROBABILITY, PROBABILITY_AT),
        "contrast_limits": (0, 255),
        "blending": "translucent_no_depth",
        "interpolation2d": "nearest",
    }
    name = f"{place.image.name}: prediction"
    return LayerSpec("image", "run probability", name, probability, frame, look)


def _warp_specs(preview: Preview, place: Source) -> list[LayerSpec]:
    from dense_transformer.inspection import fiducial_arrows, grid_lines, tile_chains

    if not preview.warps:
        return []
    chains = _apart(tile_chains(preview.warps), place)
    top, left, bottom, right = chains[0].box_px
    spacing = min(bottom - top, right - left) / GRID_LINES
    lines = np.concatenate([grid_lines(chain, None, spacing) for chain in chains])
    pairs = [fiducial_arrows(chain) for chain in chains]
    start = np.concatenate([pair.start_px for pair in pairs])
    end = start + np.concatenate([pair.shift_px for pair in pairs])
    return warp_specs(
        place,
        spacing,
        segments_px(lines[:, 0], lines[:, 1], place),
        segments_px(start, end, place),
        at_px(end, place),
    )


def warp_specs(
    place: Source, spacing: float, grid: Array, links: Array, dots: Array
) -> list[LayerSpec]:
    """Return warped grids, shifts and fiducials, in px of `place`, as layers.

    Parameters
    ----------
    place : Source
        Where they are.
    spacing : float
        Of the grid's lines, px; all widths and sizes follow it.
    grid, links : ndarray, shape (n, 2, ndim)
        Lines as napari's vectors.
    dots : ndarray, shape (n, ndim)
        Fiducials.
    """
    name, whole = place.image.name, place.frame.placed()
    looks = (
        {**GRID, "edge_width": spacing / 14},
        {**LINK, "edge_width": spacing / 8},
        {**DOT, "size": spacing / 2.5},
    )
    return [
        LayerSpec("vectors", "run grid", f"{name}: warped grid", grid, whole, looks[0]),
        LayerSpec(
            "vectors", "run links", f"{name}: shift of the fiducials", links, whole,
            looks[1],
        ),
        LayerSpec(
            "points", "run fiducials", f"{name}: fiducials", dots, whole, looks[2],
        ),
    ]  # fmt: skip


def _apart(chains: Sequence[Chain], place: Source) -> list[Chain]:
    """Return tiles that don't overlap, from the middle of the image outwards."""
    middle = np.array(place.image.size) / 2

    def far(chain: Chain) -> float:
        box = np.array(chain.box_px)
        return float(np.abs((box[:2] + box[2:]) / 2 - middle).max())

    chosen: list[Chain] = []
    for chain in sorted(chains, key=far):
        top, left, bottom, right = chain.box_px
        boxes = [one.box_px for one in chosen]
        if len(chosen) < TILES and not any(
            top < b and t < bottom and left < r and le < right for t, le, b, r in boxes
        ):
            chosen.append(chain)
    return chosen


def describe_run(history: RunHistory) -> str:
    """Return how a run went, in plain words."""
    state = history.ending or "going on, or cut off"
    words = f"{history.name}: step {history.step} of {history.steps} ({state})."
    if history.frozen_until:
        words += f" Its transformers learn from step {history.frozen_until} on."
    if not history.levels:
        return words + " It has no transformers."
    if not history.alarms:
        return words + " No alarms: its warps are neither dead, folded nor stuck."
    count = len(history.alarms)
    words += f" {count} alarm{'s' if count > 1 else ''}:"
    return "\n".join([words, *(f"• {alarm.words}" for alarm in history.alarms)])


def describe_step(history: RunHistory, step: int) -> str:
    """Return how prediction and warps stand at a step."""
    words = [f"Step {step}"]
    for name, curve in (("F1", history.f1), ("AUC", history.auc)):
        if (value := _at(curve.steps, curve.values, step)) is not None:
            words.append(f"{name} {value:.3f}")
    for level in history.levels:
        if (value := _at(level.steps, level.shift, step)) is not None:
            words.append(f"level {level.level} moves {value:.3f} of half a tile")
    return ", ".join(words) + "."


def _at(steps: np.ndarray, values: np.ndarray, step: int) -> float | None:
    """Return the value of the last validation up to a step."""
    before = np.flatnonzero((np.asarray(steps) <= step) & np.isfinite(values))
    return float(values[before[-1]]) if len(before) else None
