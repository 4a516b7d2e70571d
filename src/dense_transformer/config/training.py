"""Everything that one training depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dense_transformer.config.data import AugmentConfig, DataConfig
from dense_transformer.config.network import NetworkConfig
from dense_transformer.config.prediction import Device
from dense_transformer.errors import ConfigError
from dense_transformer.settings import Settings, setting

CONFIG_VERSION = 1


@dataclass(frozen=True, slots=True)
class AboutConfig(Settings):
    """What people should know about the model; goes onto its card as it is."""

    title: str = setting("", "One line: what it is.")
    description: str = setting("", "What it finds, on what images, and its limits.")
    data: str = setting("", "What it is trained and validated on.")
    terms: str = setting("", "Terms of the data.")
    citation: str = setting("", "What to cite.")
    license: str = setting("", "Licence of the weights.")


@dataclass(frozen=True, slots=True)
class TrainConfig(Settings):
    """Everything that one training depends on."""

    data: DataConfig = setting(DataConfig(), "Images and labels.")
    network: NetworkConfig = setting(NetworkConfig(), "The network.")
    augment: AugmentConfig = setting(AugmentConfig(), "Variation of patches.")
    about: AboutConfig = setting(AboutConfig(), "What goes onto the model's card.")
    version: int = setting(CONFIG_VERSION, "Version of this format.", low=1)
    name: str = setting("model", "Name of the model that comes of it.")
    seed: int = setting(0, "Seed of all draws.", low=0, high=2**31 - 1)
    steps: int = setting(1000, "Optimiser steps.", low=1)
    batch: int = setting(4, "Patches per step, over all processes.", low=1, high=4096)
    patch: tuple[int, int] = setting(
        (224, 224), "Height and width of a patch, px.", low=16, high=4096
    )
    optimiser: Literal["adam", "sgd"] = setting("adam", "Optimiser.")
    learning_rate: float = setting(2e-3, "Peak learning rate.", low=1e-8, high=10.0)
    schedule: Literal["constant", "cosine", "one-cycle"] = setting(
        "one-cycle", "Schedule."
    )
    warmup: float = setting(
        0.1, "Share of the steps that the rate rises.", low=0, high=1
    )
    weight_decay: float = setting(
        1e-4, "Decoupled weight decay; none on transformers.", low=0
    )
    transformer_rate: float = setting(
        0.1, "Learning rate of the transformers over that of the rest.", low=0, high=10
    )
    transformer_freeze: float = setting(
        0.1, "Share of the steps before the transformers start to learn.", low=0, high=1
    )
    gradient_norm: float = setting(5.0, "Gradients are cut at this norm.", low=1e-3)
    class_balance: float = setting(
        0.0, "0: every pixel counts alike; 1: every class does.", low=0, high=1
    )
    dice: float = setting(0.0, "Weight of the Dice loss.", low=0, high=100)
    fold_penalty: float = setting(1.0, "Weight of the hinge on folds.", low=0)
    bending_penalty: float = setting(
        0.0, "Weight of the splines' bending energy.", low=0
    )
    resampling_penalty: float = setting(
        0.0, "Weight of the round-trip loss of gather then splat.", low=0
    )
    validate_every: int = setting(100, "Steps between validations.", low=1)
    save_every: int = setting(100, "Steps between saves of the resume state.", low=1)
    patience: int = setting(
        0, "Validations without gain before stopping; 0: never.", low=0
    )
    skips: int = setting(10, "Diverged steps that are skipped before stopping.", low=0)
    average: float = setting(
        0.0,
        "Decay of the average of weights that is kept as model; 0: off.",
        low=0,
        high=0.9999,
    )
    device: Device = setting("auto", "Where to train.")
    precision: Literal["float32", "bfloat16", "float16"] = setting(
        "float32", "Autocast type; coordinates stay float32."
    )
    deterministic: bool = setting(True, "Bit-equal repeats.")

    def check(self) -> None:
        """Refuse class names that don't fit the network, and newer formats."""
        if len(self.data.classes) != self.network.classes:
            raise ConfigError(
                f"{len(self.data.classes)} class names {self.data.classes} for "
                f"network.classes {self.network.classes}; give one name for each"
            )
        if self.version > CONFIG_VERSION:
            raise ConfigError(
                f"config version {self.version} is newer than {CONFIG_VERSION}; "
                "update napari-dtn"
            )
