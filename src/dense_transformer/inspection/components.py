"""Principal components of feature maps, the same at every call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dense_transformer.types import Array

LOW_PERCENT, HIGH_PERCENT = 1.0, 99.0


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """The directions in which features vary most.

    Attributes
    ----------
    mean : ndarray, shape (c,)
        Of the features.
    axes : ndarray, shape (n, c)
        Unit vectors, the strongest first; of each the entry of largest absolute
        value is positive. Zero where there are fewer than n directions.
    shares : ndarray, shape (n,)
        Of the variance.
    low, high : ndarray, shape (n,)
        Percentiles 1 and 99 of the projections: black and full colour.
    """

    mean: Array
    axes: Array
    shares: Array
    low: Array
    high: Array

    def colour(self, features: Array) -> Array:
        """Return features (c, h, w) as (h, w, n) in [0, 1], float32.

        0.5 where a component doesn't vary at all.
        """
        flat = features.reshape(len(features), -1).T.astype(np.float64)
        span = self.high - self.low
        values = (flat - self.mean) @ self.axes.T
        with np.errstate(invalid="ignore", divide="ignore"):
            values = np.where(span > 0, (values - self.low) / span, 0.5)
        shape = (*features.shape[1:], len(self.axes))
        return np.clip(values, 0.0, 1.0).reshape(shape).astype(np.float32)


def fit_components(maps: Sequence[Array], count: int = 3) -> Components:
    """Return the principal components of feature maps taken together.

    Parameters
    ----------
    maps : sequence of ndarray, each (c, h, w)
        Features of the same channels.
    count : int
        How many components.

    Notes
    -----
    Eigenvectors of the covariance in float64. Those of equal variance, and so their
    order, are arbitrary; nothing depends on chance.
    """
    flat = np.concatenate([m.reshape(len(m), -1) for m in maps], 1).astype(np.float64)
    mean = flat.mean(1)
    centred = flat - mean[:, None]
    variances, vectors = np.linalg.eigh(centred @ centred.T / flat.shape[1])
    variances, vectors = variances[::-1].clip(0.0), vectors[:, ::-1]
    channels = len(mean)
    axes, shares = np.zeros((count, channels)), np.zeros(count)
    # Below rounding there is no direction, only noise that would fill the picture.
    real = variances[:count] > 1e-12 * max(float(variances[0]), np.finfo(float).tiny)
    kept = np.flatnonzero(real & (variances[:count] > 0))
    axes[kept] = vectors.T[kept]
    largest = np.abs(axes).argmax(1)
    axes *= np.where(axes[np.arange(count), largest] < 0, -1.0, 1.0)[:, None]
    shares[kept] = variances[kept] / variances.sum() if len(kept) else 0.0
    low, high = np.percentile(axes @ centred, [LOW_PERCENT, HIGH_PERCENT], axis=1)
    return Components(mean, axes, shares, low, high)
