"""A picture of a validation image for people who look into a run's folder."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as PILImage
from PIL import ImageDraw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dense_transformer.data import Pair
    from dense_transformer.types import Array, Warp

LARGEST_PX = 512
COLOURS = ("#ff9f1c", "#2ec4b6", "#e71d36", "#b8f2e6", "#c77dff", "#ffe66d")


def draw_preview(pair: Pair, probability: Array, warps: Sequence[Warp]) -> bytes:
    """Return a PNG: the image with all tiles' fiducials, and the probability beside it.

    A fiducial is a dot where it reads the image, with a line from its place on
    the lattice; one colour for each level, the shallowest orange.

    Parameters
    ----------
    pair : Pair
        The image; only its first channel is shown.
    probability : ndarray, shape (h, w)
        Of the foreground.
    warps : sequence of Warp
        Of its tiles.
    """
    factor = min(1.0, LARGEST_PX / max(probability.shape))
    left = _gray(pair.pixels[0] / 2 + 0.5, factor).convert("RGB")
    draw = ImageDraw.Draw(left)
    levels = sorted({warp.level for warp in warps})
    for warp in warps:
        colour = COLOURS[levels.index(warp.level) % len(COLOURS)]
        starts, ends = (
            warp.to_image_px(p) * factor for p in (warp.lattice, warp.fiducials)
        )
        for (y0, x0), (y1, x1) in zip(starts, ends, strict=True):
            draw.line((x0, y0, x1, y1), fill=colour)
            draw.ellipse((x1 - 1, y1 - 1, x1 + 1, y1 + 1), fill=colour)
    right = _gray(probability, factor).convert("RGB")
    both = PILImage.new("RGB", (left.width + right.width + 4, left.height))
    both.paste(left, (0, 0))
    both.paste(right, (left.width + 4, 0))
    buffer = io.BytesIO()
    both.save(buffer, format="PNG")
    return buffer.getvalue()


def _gray(values: Array, factor: float) -> PILImage.Image:
    image = PILImage.fromarray((np.clip(values, 0, 1) * 255).astype(np.uint8))
    size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    return image.resize(size, PILImage.Resampling.BOX)
