"""An image whose boundaries are known."""

from __future__ import annotations

import numpy as np


def squares(size: int = 128) -> np.ndarray:
    """Return a bright image with one dark bar: rows 40..47, columns 16..111."""
    image = np.full((size, size), 200, np.uint8)
    image[40:48, 16 : size - 16] = 20
    return image
