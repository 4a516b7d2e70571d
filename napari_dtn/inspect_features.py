"""Features of a network as pictures over the image. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dtn.inspect_layers import placed_at, plane
from napari_dtn.layers import LayerSpec
from napari_dtn.sources import Source

if TYPE_CHECKING:
    from dense_transformer.inspection import Chain, FeatureMaps, StageMap

STAGES = (
    ("before", "Before the transformer", "What the transformer is given."),
    ("warped", "Warped by the encoder", "What it makes of it: what the deeper network "
     "works on, drawn where its units stand on their regular lattice."),
    ("below", "Before the decoder", "What comes back from the deeper network, still "
     "in the warped space."),
    ("decoded", "After the decoder", "The same, put back to where it belongs."),
)  # fmt: skip
LOOK = {"interpolation2d": "nearest", "opacity": 0.9}
WARPED = ("warped", "below")


def feature_spec(
    maps: FeatureMaps, stage: str, chain: Chain, unbend: bool, source: Source
) -> LayerSpec:
    """Return the features of one stage as a layer.

    Parameters
    ----------
    maps : FeatureMaps
        Of the tile.
    stage : str
        One of `STAGES`.
    chain : Chain
        The tile's warps.
    unbend : bool
        Draw warped features where they belong in the image, not on their lattice.
    source : Source
        The image.
    """
    from dense_transformer.inspection import project

    found = stage_of(maps, stage)
    picture, level = np.asarray(found.picture), maps.level
    warped = stage in WARPED
    if warped and not unbend:
        frame = chain.warped_frame(level)
    else:
        picture, frame = project(chain, picture, level, "units" if warped else "input")
    words = {key: text for key, text, _ in STAGES}[stage]
    name = f"{source.image.name}: features {words[0].lower()}{words[1:]}, level {level}"
    place = placed_at(frame.origin_px, source, frame.pitch_px)
    if picture.ndim == 3:
        return LayerSpec(
            "image", "features as colours", name, plane(_shaded(picture), source),
            place, {"rgb": True, **LOOK},
        )  # fmt: skip
    gray = {"colormap": "gray", "contrast_limits": limits(found), **LOOK}
    name = f"{name}, channel {maps.channel}"
    data = plane(np.nan_to_num(picture).astype(np.float32), source)
    return LayerSpec("image", "one feature", name, data, place, gray)


def _shaded(picture: np.ndarray) -> np.ndarray:
    """Return colours with what has none clear, float32."""
    known = np.isfinite(picture).all(-1, keepdims=True)
    pixels = np.concatenate([np.where(known, picture, 0.0), known], -1)
    return pixels.astype(np.float32)


def limits(found: StageMap) -> tuple[float, float]:
    """Return what is drawn black and white; never the same."""
    low, high = map(float, found.limits)
    return low, high if high > low else low + 1e-6


def stage_of(maps: FeatureMaps, stage: str) -> StageMap:
    """Return the map of one stage."""
    return next(one for one in maps.stages if one.stage == stage)


def describe_features(maps: FeatureMaps, stage: str) -> str:
    """Return what the colours are, in plain words."""
    if maps.channel is not None:
        return (
            f"Channel {maps.channel} of {maps.channels}; black and white are the same "
            "values before and after."
        )
    shares = np.asarray(stage_of(maps, stage).shares)
    return (
        f"Red, green and blue are the three directions in which the {maps.channels} "
        f"channels vary most: {100 * shares.sum():.0f} % of their variance "
        f"({', '.join(f'{100 * share:.0f} %' for share in shares)}). Equal colours "
        "before and after are equal features."
    )
