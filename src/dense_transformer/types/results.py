"""Predictions, pieces of them, and how far long work is."""

from __future__ import annotations

from dataclasses import dataclass

from dense_transformer.types.images import Array, Box
from dense_transformer.types.warps import LevelMaps, Warp


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """One image's result in its own pixels.

    Attributes
    ----------
    probability : ndarray, shape (h, w)
        Of the foreground class (`classes[-1]`), float32 in [0, 1] or
        uint8 in 0..255 where the caller asked for a small result.
    labels : ndarray, shape (h, w), uint8
        Class index + 1: the most probable class, as label files are written.
    levels : tuple of LevelMaps
        One for each transformer; empty for a plain U-Net.
    warps : tuple of Warp
        One for each transformer and tile, in the order of the tile plan.
    classes : tuple of str
        Names of the classes, background first.
    device : str
        Where it was computed, with what was given up on the way, for people.
    image_name : str
        Name of the image.
    """

    probability: Array
    labels: Array
    levels: tuple[LevelMaps, ...]
    warps: tuple[Warp, ...]
    classes: tuple[str, ...]
    device: str
    image_name: str


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A finished piece of a result, to be shown before the whole is there."""

    box: Box  # source px
    probability: Array  # (bottom - top, right - left)


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """How far a long piece of work is; what its generators yield.

    Attributes
    ----------
    done, total : int
        Units of work (tiles, steps, bytes).
    unit : str
        What is counted: ``"tile"``, ``"step"``, ``"byte"``.
    seconds_left : float or None
        Estimate; None while unknown.
    message : str
        One line for people, such as a notice of a smaller batch.
    values : tuple of (str, float)
        Figures such as ``("loss", 0.31)``, in the order to be shown.
    part : Part or None
        A finished piece of a prediction.
    """

    done: int
    total: int
    unit: str = "step"
    seconds_left: float | None = None
    message: str = ""
    values: tuple[tuple[str, float], ...] = ()
    part: Part | None = None
