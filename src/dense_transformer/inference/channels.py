"""Whether a model can read an image's channels, and what is done about it."""

from __future__ import annotations

from dense_transformer.errors import ImageError
from dense_transformer.types import Image


def check_channels(image: Image, channels: int) -> str:
    """Return a notice of how a model of so many channels reads the image.

    Returns
    -------
    str
        For people; empty where the channels are the model's.

    Raises
    ------
    ImageError
        If neither averaging colours nor repeating a gray image helps.
    """
    if image.channels == channels:
        return ""
    if image.channels == 1:
        return f"the gray image is repeated for {channels} channels"
    if channels == 1 and image.channels == 3:
        return "the model reads the mean of red, green and blue"
    fitting = "RGB" if channels == 1 else f"one of {channels} channels"
    raise ImageError(
        f"{image.name} has {image.channels} channels and the model reads {channels}; "
        f"give a gray image or {fitting}"
    )
