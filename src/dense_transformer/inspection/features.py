"""The features that a transformer is given and what it makes of them, as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from torch import Tensor

from dense_transformer.errors import ConfigError
from dense_transformer.inspection.components import fit_components
from dense_transformer.inspection.inspector import Inspector
from dense_transformer.types import Array, Box, WarpEdit

Stage = Literal["before", "warped", "below", "decoded"]
STAGES: tuple[Stage, ...] = get_args(Stage)
HALVES: tuple[tuple[Stage, Stage], ...] = (("before", "warped"), ("below", "decoded"))


@dataclass(frozen=True, slots=True, eq=False)
class StageMap:
    """Features at one stage of a transformer.

    Attributes
    ----------
    stage : {"before", "warped", "below", "decoded"}
        The encoder's input, what its gather made of it, the splat's input and its
        output. ``warped`` and ``below`` lie in the warped space.
    picture : ndarray, shape (h, w, 3) or (h, w), float32
        Components as red, green, blue in [0, 1]; or one channel, as it is.
    shares : ndarray, shape (3,)
        Of the variance of this stage and its partner that each colour shows; empty
        for one channel.
    limits : (float, float)
        What to draw black and white: 0 and 1, or the channel's range over both.
    """

    stage: Stage
    picture: Array
    shares: Array
    limits: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class FeatureMaps:
    """Features of one tile at one transformer.

    Attributes
    ----------
    level, tile : int
        1-based level; number of the tile.
    tile_px : Box
        The tile, in pixels of the image that the network saw; each map spans it.
    image_scale : (float, float)
        Source pixels per network pixel, (y, x).
    channels : int
        Of the features.
    channel : int or None
        Which one is shown; None: principal components.
    stages : tuple of StageMap
        Those asked for.
    """

    level: int
    tile: int
    tile_px: Box
    image_scale: tuple[float, float]
    channels: int
    channel: int | None
    stages: tuple[StageMap, ...]

    def pitch_px(self, stage: StageMap) -> tuple[float, float]:
        """Return the distance of a map's units at rest, (y, x), source px."""
        top, left, bottom, right = self.tile_px
        height, width = stage.picture.shape[:2]
        y, x = self.image_scale
        return (bottom - top) / height * y, (right - left) / width * x


def features(
    inspector: Inspector,
    tile_index: int,
    level: int | None = None,
    stages: Sequence[Stage] = STAGES,
    *,
    channel: int | None = None,
    edits: Sequence[WarpEdit] = (),
) -> FeatureMaps:
    """Return a tile's features at a transformer, as pictures.

    Parameters
    ----------
    inspector : Inspector
        Model and image.
    tile_index : int
        Which tile.
    level : int or None
        Which transformer; None: the deepest.
    stages : sequence of {"before", "warped", "below", "decoded"}
        Which pictures.
    channel : int or None
        One channel instead of the three strongest principal components.
    edits : sequence of WarpEdit
        What to change.

    Raises
    ------
    ConfigError
        If there is no such level, stage, tile or channel.

    Notes
    -----
    The same three components, and the same black and white, serve ``before`` and
    ``warped``, and the same ``below`` and ``decoded``: a colour means the same on
    both sides of a sampler. The two halves have components of their own, because
    channel 7 of the encoder has nothing to do with channel 7 of the decoder.
    """
    levels = inspector.levels
    if not levels or level not in (None, *levels):
        names = ", ".join(map(str, levels)) or "none: the model is a plain U-Net"
        raise ConfigError(f"level {level} has no transformer; there are {names}")
    level = levels[-1] if level is None else level
    if unknown := set(stages) - set(STAGES):
        raise ConfigError(f"stage {min(unknown)!r}: use {', '.join(STAGES)}")
    found: dict[str, Array] = {}

    def watch(at: int, stage: str, values: Tensor) -> None:
        if at == level:
            found[stage] = values[0].float().cpu().numpy().copy()

    inspector.watch(tile_index, watch, edits)
    channels = len(found["before"])
    if channel is not None and not 0 <= channel < channels:
        raise ConfigError(f"channel {channel}: use 0 to {channels - 1}")
    drawn: dict[str, StageMap] = {}
    for half in HALVES:
        if set(half) & set(stages):
            drawn |= _draw(half, [found[stage] for stage in half], channel)
    return FeatureMaps(
        level,
        tile_index,
        inspector.tiles_px[tile_index],
        inspector.image_scale,
        channels,
        channel,
        tuple(drawn[stage] for stage in stages),
    )


def _draw(
    half: tuple[Stage, Stage], maps: list[Array], channel: int | None
) -> dict[str, StageMap]:
    """Return both pictures of one half, in the same colours."""
    if channel is not None:
        pictures = [m[channel] for m in maps]
        limits = (
            float(min(p.min() for p in pictures)),
            float(max(p.max() for p in pictures)),
        )
        shares = np.zeros(0)
    else:
        components = fit_components(maps)
        pictures = [components.colour(m) for m in maps]
        shares, limits = components.shares, (0.0, 1.0)
    for picture in pictures:
        picture.setflags(write=False)
    return {
        stage: StageMap(stage, picture, shares, limits)
        for stage, picture in zip(half, pictures, strict=True)
    }
