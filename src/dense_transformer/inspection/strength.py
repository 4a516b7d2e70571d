"""The same image under weaker and stronger warps, from the identity on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np

from dense_transformer.config import PredictConfig
from dense_transformer.errors import ConfigError
from dense_transformer.inference import predict
from dense_transformer.inspection.changes import Change, measure_change, stage
from dense_transformer.types import Image, Prediction, Progress, WarpEdit
from dense_transformer.zoo import Model


@dataclass(frozen=True, slots=True, eq=False)
class AtStrength:
    """A prediction with all warps so many times as strong as learned.

    Attributes
    ----------
    strength : float
        0 is the identity, 1 as learned.
    prediction : Prediction
        With its warps; `warped_image` shows the image as the network sees it.
    change : Change
        From the prediction as learned.
    """

    strength: float
    prediction: Prediction
    change: Change


def at_strength(
    model: Model,
    image: Image,
    strengths: Sequence[float] = (0.0, 0.5, 1.0, 1.5),
    config: PredictConfig | None = None,
    *,
    level: int | None = None,
    section: int = 0,
    learned: Prediction | None = None,
    stop: Callable[[], bool] | None = None,
) -> Generator[Progress, None, tuple[AtStrength, ...]]:
    """Return a section's prediction at several strengths of its warps.

    Parameters
    ----------
    model, image, config, section, stop
        As for `predict`.
    strengths : sequence of float
        Factors on the transformers' parameters. Deeper transformers see the image
        as the weaker or stronger ones above them make it.
    level : int or None
        Of which transformer; None: all.
    learned : Prediction or None
        As learned, where it is there already.

    Yields
    ------
    Progress
        In tiles of all predictions.

    Raises
    ------
    ConfigError
        If a strength isn't finite, or the level has no transformer.
    And what `predict` raises.
    """
    levels = tuple(pair.level for pair in model.config.transformers)
    if level is not None and level not in levels:
        raise ConfigError(f"level {level} has no transformer; there are {levels}")
    levels = levels if level is None else (level,)
    if not np.isfinite(strengths).all():
        raise ConfigError(f"strengths {tuple(strengths)}: use finite numbers")
    others = [s for s in dict.fromkeys(strengths) if s != 1.0 and levels]
    done = 0
    if learned is None:
        work = predict(model, image, config, section=section, stop=stop)
        learned = yield from stage("as learned", work, after=len(others))
        done = len({warp.tile_px for warp in learned.warps})
    found = {1.0: learned}
    for index, strength in enumerate(others):
        edits = tuple(WarpEdit(level, strength) for level in levels)
        work = predict(model, image, config, section=section, stop=stop, edits=edits)
        left = len(others) - index - 1
        name = f"at strength {strength:g}"
        found[strength] = yield from stage(name, work, after=left, done=done)
        done += len({warp.tile_px for warp in learned.warps})
    return tuple(
        AtStrength(
            s, found.get(s, learned), measure_change(learned, found.get(s, learned))
        )
        for s in strengths
    )
