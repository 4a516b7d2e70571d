"""How a model is taught from annotations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dense_transformer.config.data import AugmentConfig
from dense_transformer.config.prediction import Device
from dense_transformer.errors import ConfigError
from dense_transformer.settings import Settings, setting

Parts = Literal["all", "not transformers", "decoder", "norms"]


@dataclass(frozen=True, slots=True)
class TeachConfig(Settings):
    """Everything that one teaching depends on, beside the model and the lesson."""

    steps: int = setting(
        0,
        "Optimiser steps; 0: 160, or 100 for a few strokes; fewer where that takes "
        "longer than a minute, but 60.",
        low=0,
        high=1_000_000,
    )
    batch: int = setting(4, "Patches per step.", low=1, high=256)
    patch: tuple[int, int] | None = setting(
        None,
        "Height and width of a patch, px; None: the model's, 160 at most.",
        low=32,
        high=2048,
    )
    learning_rate: float = setting(2e-3, "Peak learning rate.", low=1e-8, high=1.0)
    parts: Parts = setting("all", "Which weights learn; the others stay.")
    transformer_rate: float = setting(
        0.1, "Learning rate of the transformers over that of the rest.", low=0, high=10
    )
    frozen_statistics: bool = setting(
        True, "Keep the means and variances that batch norm and warps were trained on."
    )
    pull: float = setting(
        10.0, "Pull of all weights towards those of the start.", low=0, high=1000
    )
    recall: float | None = setting(
        None,
        "Weight of what it predicted at the start, where nothing is annotated, less "
        "where that is wrong on annotations; None: by how much is annotated.",
        low=0,
        high=100,
    )
    recall_fades: bool = setting(
        True,
        "Recall less and less where the first predictions are often wrong, or many "
        "places are annotated; but not where many strokes correct a model.",
    )
    replay: float = setting(
        0.0, "Share of patches that are not from annotated places.", low=0, high=0.9
    )
    replay_from: Literal["image", "sample"] = setting(
        "image",
        "Where those come from: all over the image, where only recall counts, or a "
        "shipped sample like the model's own images, with its labels.",
    )
    class_balance: float | None = setting(
        None,
        "0: every annotated pixel counts alike; 1: every class does; None: by how "
        "much is annotated.",
        low=0,
        high=1,
    )
    average: float = setting(
        0.9, "Decay of the average of weights that is kept; 0: off.", low=0, high=0.9999
    )
    mixes: tuple[float, ...] = setting(
        (1.0, 0.5, 0.25),
        "Shares of the new weights in mixtures with those of the start that are "
        "tried on the held-out annotations.",
        low=0.01,
        high=1.0,
    )
    adapt: bool = setting(
        True, "Begin with batch norm's statistics of the image where that is better."
    )
    invert: bool = setting(
        True, "Begin with inverted intensities where annotations say so."
    )
    zoom: bool = setting(
        True,
        "See the images larger or smaller where they then look more like those that "
        "the model was trained on.",
    )
    augment: AugmentConfig | None = setting(
        None, "Variation of patches; None: mirrored and turned, if frames aren't."
    )
    validate_every: int = setting(
        20, "Steps between scores on what is held out.", low=1
    )
    save_every: int = setting(20, "Steps between saves of the resume state.", low=1)
    patience: int = setting(0, "Scores without gain before stopping; 0: never.", low=0)
    seed: int = setting(0, "Seed of all draws.", low=0, high=2**31 - 1)
    device: Device = setting("auto", "Where to compute.")
    precision: Literal["auto", "float32", "bfloat16", "float16"] = setting(
        "auto",
        "Autocast type; auto: bfloat16 on processors that have it, else float32.",
    )
    threads: int = setting(0, "CPU threads; 0: as torch has it.", low=0, high=256)

    def check(self) -> None:
        """Refuse a teaching from which no weights can come."""
        if not self.mixes:
            raise ConfigError("no mixes to keep; give 1.0 for the new weights alone")
