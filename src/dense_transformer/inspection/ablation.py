"""Does a transformer help? Take its warp away and see what changes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from dense_transformer.config import PredictConfig
from dense_transformer.errors import ConfigError
from dense_transformer.inference import predict
from dense_transformer.inspection.changes import (
    TOLERANCE_PX,
    Change,
    Judgement,
    judge,
    measure_change,
    stage,
)
from dense_transformer.inspection.verdicts import describe_ablated
from dense_transformer.types import (
    Array,
    Image,
    Prediction,
    Progress,
    Warp,
    WarpEdit,
)
from dense_transformer.zoo import Model

Kind = Literal["identity", "mean", "other tile"]
NAMES: dict[Kind, str] = {
    "identity": "no warp",
    "mean": "the mean warp of all tiles",
    "other tile": "another tile's warp",
}


@dataclass(frozen=True, slots=True, eq=False)
class Ablation:
    """What a prediction loses, or gains, without a transformer's own warp.

    Attributes
    ----------
    kind : {"identity", "mean", "other tile"}
        What took its place.
    levels : tuple of int
        Which transformers.
    edits : tuple of WarpEdit
        The edits that did it.
    before, after : Prediction
        As learned, and without.
    change : Change
        From before to after.
    scores : (Judgement, Judgement) or None
        Of both, against labels where they were given.
    words : str
        What it comes to, in plain words.
    """

    kind: Kind
    levels: tuple[int, ...]
    edits: tuple[WarpEdit, ...]
    before: Prediction
    after: Prediction
    change: Change
    scores: tuple[Judgement, Judgement] | None
    words: str


def ablate(
    model: Model,
    image: Image,
    config: PredictConfig | None = None,
    *,
    kind: Kind = "identity",
    level: int | None = None,
    tile: int | None = None,
    section: int = 0,
    labels: Array | None = None,
    before: Prediction | None = None,
    tolerance_px: float = TOLERANCE_PX,
    stop: Callable[[], bool] | None = None,
) -> Generator[Progress, None, Ablation]:
    """Return what a section's prediction is without a transformer's own warp.

    Parameters
    ----------
    model, image, config, section, stop
        As for `predict`.
    kind : {"identity", "mean", "other tile"}
        What takes its place: no warp; the mean of its parameters over all tiles of
        the section; the parameters of another tile.
    level : int or None
        Which transformer; None: all of them.
    tile : int or None
        For ``"other tile"``: the one whose warp all tiles get, in the order of the
        plan; None: each gets that of the next, the last that of the first.
    labels : ndarray, shape (h, w), or None
        0 where unknown, else class index + 1.
    before : Prediction or None
        Of the same model, section and settings, where it is there already.
    tolerance_px : float
        For the contours' scores.

    Yields
    ------
    Progress
        In tiles of both predictions.

    Raises
    ------
    ConfigError
        If there is no such kind, level or tile, or one tile has no other.
    DataError
        If labels don't fit the image.
    And what `predict` raises.
    """
    levels = _levels(model, level)
    if kind not in get_args(Kind):
        raise ConfigError(f"kind {kind!r}: use {', '.join(get_args(Kind))}")
    done = 0
    if before is None:
        work = predict(model, image, config, section=section, stop=stop)
        before = yield from stage("as learned", work, after=1)
        done = _tiles(before.warps)
    edits = ablation_edits(before.warps, kind, levels, tile)
    work = predict(model, image, config, section=section, stop=stop, edits=edits)
    after = yield from stage(f"with {NAMES[kind]}", work, after=0, done=done)
    change, scores = measure_change(before, after), None
    if labels is not None:
        one, two = (judge(p, labels, tolerance_px) for p in (before, after))
        scores = one, two
    words = _describe(kind, levels, change, scores)
    if kind == "mean" and _tiles(before.warps) == 1:
        words = "The image has one tile only: its mean warp is its own. " + words
    return Ablation(kind, levels, edits, before, after, change, scores, words)


def ablation_edits(
    warps: Sequence[Warp],
    kind: Kind,
    levels: Sequence[int],
    tile: int | None = None,
) -> tuple[WarpEdit, ...]:
    """Return the edits that put something else in the place of warps.

    Parameters
    ----------
    warps : sequence of Warp
        Of all tiles of a section, as learned.
    kind, tile
        As for `ablate`.
    levels : sequence of int
        Of which transformers.

    Raises
    ------
    ConfigError
        If there is no such tile, or one tile has no other.
    """
    if kind == "identity":
        return tuple(WarpEdit(level, strength=0.0) for level in levels)
    edits: list[WarpEdit] = []
    for level in levels:
        some = [warp for warp in warps if warp.level == level]
        thetas = np.stack([warp.theta for warp in some])
        if kind == "mean":
            edits.append(WarpEdit(level, theta=_frozen(thetas.mean(0, dtype=float))))
            continue
        if len(some) < 2:
            raise ConfigError(
                "the image has one tile only, so there is no other tile's warp; use "
                "smaller tiles, a larger image, or the mean or identity"
            )
        if tile is not None and not 0 <= tile < len(some):
            raise ConfigError(f"there is no tile {tile}; use 0 to {len(some) - 1}")
        if tile is not None:
            edits.append(WarpEdit(level, theta=thetas[tile]))
            continue
        for warp, theta in zip(some, np.roll(thetas, -1, 0), strict=True):
            edits.append(WarpEdit(level, theta=_frozen(theta), tile_px=warp.tile_px))
    return tuple(edits)


def _levels(model: Model, level: int | None) -> tuple[int, ...]:
    known = tuple(sorted(pair.level for pair in model.config.transformers))
    if not known:
        raise ConfigError(
            f"{model.card.name} is a plain U-Net: it has no transformer to take away"
        )
    if level not in (None, *known):
        names = ", ".join(map(str, known))
        raise ConfigError(f"level {level} has no transformer; use {names}")
    return known if level is None else (level,)


def applies(kind: Kind, tiles: int) -> bool:
    """Return whether something other than a tile's own warp can take its place.

    The mean warp of one tile is its own, and no other tile has one to lend.
    """
    return kind == "identity" or tiles > 1


def _tiles(warps: Sequence[Warp]) -> int:
    return len({warp.tile_px for warp in warps})


def _frozen(theta: Array) -> Array:
    theta = np.array(theta, dtype=np.float32)
    theta.setflags(write=False)
    return theta


def _describe(
    kind: Kind,
    levels: tuple[int, ...],
    change: Change,
    scores: tuple[Judgement, Judgement] | None,
) -> str:
    """Return what an ablation comes to, for people; no more than was measured."""
    which = "level " + " and ".join(map(str, levels))
    words = (
        f"With {NAMES[kind]} at {which}, {100 * change.changed_share:.2f} % of the "
        f"pixels change class and probabilities change by {change.mean:.4f} on average"
    )
    if not change.largest:
        return f"With {NAMES[kind]} at {which}, nothing changes at all."
    if scores is None:
        return f"{words}. Whether that is better takes labels."
    return f"{words}. {describe_ablated(*scores)}"
