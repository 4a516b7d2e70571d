"""Patches of images like those that a model was trained on, to remember them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dense_transformer.config import DataConfig
from dense_transformer.data import Pair, open_pairs
from dense_transformer.data.samples import EM, ROAD, sample_path

if TYPE_CHECKING:
    from dense_transformer.zoo import Model

_SAMPLES = {1: EM, 3: ROAD}  # by the channels of a model


def open_replay(model: Model) -> tuple[Pair, ...]:
    """Return images and labels of the shipped sample that fits a model.

    Drawn tissue for models of one channel, drawn streets for those of three; none for
    others, and for models of other classes. They are of the pixel size that the model
    was made for, whatever the zoom it has been taught: that makes other images look
    like these.

    Raises
    ------
    DataError
        If the sample wasn't installed.
    """
    name = _SAMPLES.get(model.config.in_channels)
    if name is None or model.config.classes != 2:
        return ()
    config = DataConfig(
        layout="folders",
        root=str(sample_path(name)),
        classes=model.card.classes,
        pixel_nm=model.card.pixel_nm,
        height_px=model.card.height_px,
    )
    data = open_pairs(config, model.config.in_channels, Path("."))
    return (*data.train, *data.validation)
