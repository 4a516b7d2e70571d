"""Settings that depend on how much is annotated, and on how right the model is."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from dense_transformer.config import AugmentConfig

if TYPE_CHECKING:
    from dense_transformer.config import TeachConfig

MUCH = 20_000  # annotated pixels to learn from: about half a patch of 224 px
#: Where only strokes are annotated, intensities vary more than in training.
STRONG = AugmentConfig(
    brightness=0.4, contrast=0.5, gamma=0.6, noise=0.15, blur_px=1.5, blur_share=0.4
)

#: Where patches are annotated on an image that the model doesn't know at all.
WEAK = AugmentConfig(
    warp_share=0.0, brightness=0.05, contrast=0.1, gamma=0.0, noise=0.02, blur_share=0.0
)
RECALL_PX, RECALLS = 3_400, (0.3, 4.0)  # pixels for a recall of 1; least and most
KNOWN = 0.3  # trust from which on a model knows an image


def settle(config: TeachConfig, pixels: int) -> TeachConfig:
    """Return settings with nothing left open, but for what the first look decides.

    Parameters
    ----------
    config : TeachConfig
        What is None in it depends on `pixels`.
    pixels : int
        Annotated ones to learn from.

    Notes
    -----
    Measured in ``docs/teach-study.md``: five strokes leave most of an image to chance,
    so that much is recalled and intensities vary strongly; with patches either costs
    accuracy.
    """
    much = pixels >= MUCH
    changes: dict[str, object] = {}
    if config.augment is None and not much:
        changes["augment"] = STRONG
    if config.recall is None:
        changes["recall"] = float(np.clip(RECALL_PX / max(1, pixels), *RECALLS))
    if config.class_balance is None:
        changes["class_balance"] = 0.0 if much else 0.5
    return dataclasses.replace(config, **changes) if changes else config  # type: ignore[arg-type]


def augment_by(trust: float) -> AugmentConfig:
    """Return how patches vary where they are annotated densely.

    Parameters
    ----------
    trust : float
        How right the model is before the first step, 0 to 1; see `adaptation.Base`.

    Notes
    -----
    Measured in ``docs/teach-study.md``: what a model has to learn from scratch it
    learns better undisturbed; what it knows it forgets less if patches vary as in its
    own training.
    """
    return AugmentConfig() if trust >= KNOWN else WEAK
