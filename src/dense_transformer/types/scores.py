"""How good a prediction is, and how alive warps are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scores:
    """How a foreground probability compares with labels; ignored pixels left out.

    Attributes
    ----------
    auc : float
        Area under the pixel ROC curve; NaN where only one class is present.
    f1, threshold : float
        Best F1 over thresholds and where it is reached.
    f1_half, precision, recall, false_positive_rate, iou : float
        At threshold 0.5.
    pixels : int
        Labelled pixels that were counted.
    """

    auc: float
    f1: float
    threshold: float
    f1_half: float
    precision: float
    recall: float
    false_positive_rate: float
    iou: float
    pixels: int


@dataclass(frozen=True, slots=True)
class WarpHealth:
    """Whether a level's warps are alive, over many tiles.

    Attributes
    ----------
    level : int
        1-based level of the network.
    shift, largest_shift : float
        Mean and largest length of the fiducials' shift, unit frame.
    saturation : float
        Share of coordinates beyond 95 % of their bound.
    spread : float
        Root mean square, over tiles, of a fiducial's distance from its mean
        position: 0 if every image is warped alike.
    folded : float
        Share of units where the Jacobian determinant is not positive.
    coverage_mean, holes : float
        Mean coverage and share of units with (almost) none.
    tiles : int
        Number of tiles.
    """

    level: int
    shift: float
    largest_shift: float
    saturation: float
    spread: float
    folded: float
    coverage_mean: float
    holes: float
    tiles: int
