"""Whether a model was made for images such as this one, in words."""

from __future__ import annotations

import numpy as np

from dense_transformer.data import measure_intensity, read_section
from dense_transformer.types import Image
from dense_transformer.zoo import Card, Model, pixel_text

FAR = 3.0  # times larger or smaller pixels; a network is trained on scales near 1
_LOOK_PX = 128  # side of the piece that is looked at for colours


def mismatch(
    model: Card | Model,
    image: Image,
    pixel_nm: tuple[float, float] | None = None,
    section: int | None = None,
) -> str:
    """Return what is amiss between a model and an image, for people.

    A model answers whatever it is given; this is said before anybody trusts it.

    Parameters
    ----------
    model : Card or Model
        What it was trained on; of a model its card is asked.
    image : Image
        What it is to predict.
    pixel_nm : tuple of float or None
        (y, x) size of a source px, where a person set it; None: the image's own.
    section : int or None
        Section whose pixels are looked at too: whether an RGB image has colours, and
        whether anything is in it. None: nothing is read, only what the image says of
        itself counts.

    Returns
    -------
    str
        One or more sentences; empty where nothing is amiss.

    Raises
    ------
    ImageError
        If `section` can't be read.
    """
    card = model.card if isinstance(model, Model) else model
    found = (
        _channels(card, image, section),
        _pixels(card, pixel_nm or image.pixel_nm),
        _emptiness(image, section),
    )
    return " ".join(filter(None, found))


def _channels(card: Card, image: Image, section: int | None) -> str:
    """Return how gray and colours don't fit together."""
    mine, its = image.channels, card.in_channels
    if mine == its or (mine == 3 and its == 1 and _is_gray(image, section)):
        return ""
    return (
        f"{card.name} was trained on {_kind(its)} images and this one is "
        f"{_kind(mine)}: what it finds here may mean nothing."
    )


def _kind(channels: int) -> str:
    return {1: "gray", 3: "RGB"}.get(channels, f"{channels}-channel")


def _is_gray(image: Image, section: int | None) -> bool:
    """Return whether red, green and blue agree in the middle of an image."""
    if section is None or not 0 <= section < image.sections or min(image.size) < 1:
        return False
    top, left = (max(0, (n - _LOOK_PX) // 2) for n in image.size)
    bottom, right = (
        min(n, s + _LOOK_PX) for n, s in zip(image.size, (top, left), strict=True)
    )
    pixels = read_section(image, section, (top, left, bottom, right))
    return bool((pixels == pixels[..., :1]).all())


def _pixels(card: Card, pixel_nm: tuple[float, float] | None) -> str:
    """Return how far the sizes of the pixels are apart."""
    if card.pixel_nm is None or pixel_nm is None or card.height_px:
        return ""
    factors = [a / b for a, b in zip(pixel_nm, card.pixel_nm, strict=True)]
    most = max(factors, key=lambda factor: max(factor, 1.0 / factor))
    if 1.0 / FAR < most < FAR:
        return ""
    times, much = (most, "larger") if most > 1.0 else (1.0 / most, "smaller")
    remedy = (
        "it is enlarged, but the detail that the model looks for isn't in it"
        if most > 1.0
        else "it is shrunk to them, and finer detail is lost"
    )
    return (
        f"Pixels of {pixel_text(pixel_nm)} are {times:.3g} times {much} than the "
        f"{pixel_text(card.pixel_nm)} that {card.name} was trained on: {remedy}. Check "
        "the pixel size."
    )


def _emptiness(image: Image, section: int | None) -> str:
    """Return that there is nothing to see, if so."""
    if section is None or not 0 <= section < image.sections or min(image.size) < 1:
        return ""
    if np.dtype(image.data.dtype).kind not in "biuf":
        return ""
    intensity = measure_intensity(image, section)
    if intensity.high > intensity.low:
        return ""
    return "Every pixel has the same value, or none: whatever is found means nothing."
