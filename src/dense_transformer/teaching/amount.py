"""Settings that depend on how much is annotated, and on the model."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from dense_transformer.config import AugmentConfig

if TYPE_CHECKING:
    from dense_transformer.config import TeachConfig

MUCH = 20_000  # annotated pixels to learn from: about half a patch of 224 px
#: How patches vary: what a few annotations show is learned better undisturbed.
WEAK = AugmentConfig(
    warp_share=0.0, brightness=0.05, contrast=0.1, gamma=0.0, noise=0.02, blur_share=0.0
)
STEPS, FEW_STEPS, LEAST_STEPS = 160, 100, 60
MINUTE_S = 54.0  # that steps left open may take, and all around them but imports
# What that is, in steps: before the first, and for a window of what is held out, which
# three mixtures predict every 20 steps. Measured with 60 and 80 steps (teach-study.md).
BEFORE, JUDGING = 10.5, 0.08
LITTLE = 2_000  # annotated pixels that are learned in few steps: about ten strokes
RECALL_PX, RECALLS = 3_400, (1.0, 4.0)  # pixels for a recall of 1; least and most


def settle(config: TeachConfig, pixels: int, *, upright: bool = False) -> TeachConfig:
    """Return settings with nothing left open; of steps, the most there may be.

    Parameters
    ----------
    config : TeachConfig
        What is None in it depends on the rest.
    pixels : int
        Annotated ones to learn from.
    upright : bool
        Whether the model's images have an up and a down, as a camera's have: then
        patches aren't turned.

    Notes
    -----
    Measured in ``docs/teach-study.md``: five strokes leave most of an image to chance,
    so that much is recalled; with patches that costs accuracy. They are learned in
    fewer steps, and a step takes twice as long without bfloat16.
    """
    much = pixels >= MUCH
    changes: dict[str, object] = {}
    if not config.steps:
        changes["steps"] = FEW_STEPS if pixels < LITTLE else STEPS
    if config.augment is None:
        changes["augment"] = (
            dataclasses.replace(WEAK, vertical_flips=False, turns=False)
            if upright
            else WEAK
        )
    if config.recall is None:
        changes["recall"] = float(np.clip(RECALL_PX / max(1, pixels), *RECALLS))
    if config.class_balance is None:
        changes["class_balance"] = 0.0 if much else 0.5
    return dataclasses.replace(config, **changes) if changes else config  # type: ignore[arg-type]


def steps_in_time(most: int, step_s: float, windows: int) -> int:
    """Return how many steps a minute has room for, in tens, but 60 and `most` at most.

    However slow it is, less than 60 would teach little (``docs/teach-study.md``).

    Parameters
    ----------
    most : int
        What is asked for.
    step_s : float
        Seconds of a step.
    windows : int
        Of the held-out annotations, to be judged by.
    """
    room = (MINUTE_S / step_s - BEFORE) / (1 + JUDGING * windows)
    tens = int(min(room, most)) // 10 * 10
    return most if room >= most else min(most, max(LEAST_STEPS, tens))
