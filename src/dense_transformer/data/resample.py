"""Images and labels brought to another pixel size."""

from __future__ import annotations

import math

import numpy as np

from dense_transformer.errors import DataError
from dense_transformer.types import Array


def resampled_size(
    size: tuple[int, int], factor: tuple[float, float]
) -> tuple[int, int]:
    """Return the size (h, w) that `resample` gives; at least 1 px.

    The true factor is ``resampled / size``: that keeps both images' edges
    together, so a position p_px becomes ``(p_px + 0.5) * factor - 0.5``.
    """
    if not all(math.isfinite(f) and 1e-3 <= f <= 1e3 for f in factor):
        raise DataError(
            f"resampling by {factor}: the pixel sizes of image and model differ more "
            "than a thousandfold; check them and their unit (nm)"
        )
    return max(1, round(size[0] * factor[0])), max(1, round(size[1] * factor[1]))


def resample(pixels: Array, factor: tuple[float, float]) -> Array:
    """Return an image with `factor` times as many pixels (y, x).

    Parameters
    ----------
    pixels : ndarray, shape (c, h, w), float32
        Finite.
    factor : tuple of float
        Above 1 enlarges. Bilinear; over a wider triangle when shrinking, so
        that detail finer than the new pixels averages out instead of aliasing.

    Returns
    -------
    ndarray, shape (c, h', w'), float32
        Edges meet edges (pixel centres at half pixels). `pixels` itself if the
        size doesn't change.
    """
    size = resampled_size((pixels.shape[1], pixels.shape[2]), factor)
    if size == pixels.shape[1:]:
        return pixels
    import torch  # here: opening an image must not wait for it
    from torch.nn.functional import interpolate

    source = torch.from_numpy(np.array(pixels, np.float32))[None]
    small = interpolate(
        source, size, mode="bilinear", align_corners=False, antialias=True
    )
    return np.asarray(small[0].numpy())


def resample_labels(labels: Array, factor: tuple[float, float]) -> Array:
    """Return labels with `factor` times as many pixels: the strongest one in each.

    Parameters
    ----------
    labels : ndarray, shape (h, w), uint8
        0 = ignored, which is voted for like a class; the lower wins a tie.
    factor : tuple of float
        As in `resample`.
    """
    if resampled_size((labels.shape[0], labels.shape[1]), factor) == labels.shape:
        return labels
    best = result = None
    for value in np.unique(labels):
        votes = resample((labels == value)[None].astype(np.float32), factor)[0]
        if best is None or result is None:
            best, result = votes, np.full(votes.shape, value, np.uint8)
        else:
            result[votes > best] = value
            np.maximum(best, votes, out=best)
    return labels if result is None else result


def height_factor(height: int, target: int) -> tuple[float, float]:
    """Return the factor (y, x) that makes an image `target` px high, in proportion."""
    return target / height, target / height


def pixel_factor(
    pixel_nm: tuple[float, float] | None, target_nm: tuple[float, float] | None
) -> tuple[float, float]:
    """Return the factor (y, x) that brings pixels of one size (nm) to another.

    1 where either is unknown, or they agree within a per cent.

    Raises
    ------
    DataError
        For a size that is no length.
    """
    if pixel_nm is None or target_nm is None:
        return 1.0, 1.0
    if not all(math.isfinite(nm) and nm > 0 for nm in (*pixel_nm, *target_nm)):
        raise DataError(
            f"pixel sizes {pixel_nm} and {target_nm} nm: give lengths above 0"
        )
    factor = pixel_nm[0] / target_nm[0], pixel_nm[1] / target_nm[1]
    # A per cent is within what microscopes are calibrated to.
    return (1.0, 1.0) if max(abs(f - 1) for f in factor) < 0.01 else factor
