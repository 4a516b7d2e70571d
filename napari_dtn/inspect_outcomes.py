"""Two predictions of one image held against each other: layers, table, words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dtn.inspect_layers import placed_at, plane
from napari_dtn.inspect_maps import colours_of, limits_of
from napari_dtn.layers import LayerSpec
from napari_dtn.looks import PROBABILITY, PROBABILITY_AT
from napari_dtn.sources import Source

if TYPE_CHECKING:
    from dense_transformer.inspection import Change, Judgement
    from dense_transformer.types import Prediction

CORNER = (0.0, 0.0)
NOISE = 0.003  # best F1 differs by as much between seeds of the shipped models


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What an ablation or a comparison came to.

    Attributes
    ----------
    names : (str, str)
        Of both predictions.
    predictions : (Prediction, Prediction)
        Both.
    change : Change
        From the first to the second.
    scores : (Judgement, Judgement) or None
        Against labels, where there were some.
    words : str
        What it says.
    pixels : ndarray
        The section, for pictures beside each other; (h, w) or (h, w, 3).
    """

    names: tuple[str, str]
    predictions: tuple[Prediction, Prediction]
    change: Change
    scores: tuple[Judgement, Judgement] | None
    words: str
    pixels: np.ndarray


def change_spec(found: Outcome, source: Source) -> LayerSpec:
    """Return the difference of the probabilities over the image."""
    return LayerSpec(
        "image",
        "change",
        f"{source.image.name}: {found.names[1]} less {found.names[0]}",
        plane(found.change.difference, source),
        placed_at(CORNER, source),
        {
            "colormap": colours_of("change"),
            "contrast_limits": limits_of("change", found.change.difference),
            "blending": "translucent_no_depth",
            "interpolation2d": "nearest",
        },
    )


def beside_specs(
    found: Outcome, source: Source, look: dict[str, Any]
) -> list[LayerSpec]:
    """Return image and probability twice: of the second, then of the first.

    Parameters
    ----------
    look : dict
        How the image looks in the viewer: contrast limits, colours.
    """
    specs = []
    for side, name, prediction in zip(
        "ba", found.names[::-1], found.predictions[::-1], strict=True
    ):
        image = {**look, "rgb": found.pixels.ndim == 3}
        if found.pixels.ndim == 3:
            image = {"rgb": True}
        place = placed_at(CORNER, source)
        title = f"{name}: {source.image.name}"  # its beginning is what tells them apart
        specs += [
            LayerSpec(
                "image", f"image {side}", f"{title}, image",
                plane(found.pixels, source), place, image,
            ),
            LayerSpec(
                "image", f"probability {side}", title,
                plane(np.asarray(prediction.probability), source), place,
                {
                    "ramp": (PROBABILITY, PROBABILITY_AT),
                    "contrast_limits": _range(prediction.probability),
                    "blending": "translucent_no_depth",
                    "interpolation2d": "nearest",
                },
            ),
        ]  # fmt: skip
    return specs


def rows_of(found: Outcome) -> tuple[list[str], list[tuple[str, list[str]]], list[str]]:
    """Return columns, rows and hints of the table of an outcome."""
    change = found.change
    rows: list[tuple[str, list[str]]] = [
        ("changed pixels", ["", f"{100 * change.changed_share:.2f} %"]),
        ("mean change", ["", f"{change.mean:.4f}"]),
        ("largest change", ["", f"{change.largest:.3f}"]),
    ]
    hints = [
        "Share of pixels whose most probable class is another.",
        "Of the probability, over all pixels.",
        "Of the probability of any pixel.",
    ]
    if found.scores is not None:
        both = found.scores
        rows += [(name, [f"{of(one):.4f}" for one in both]) for name, _, of in SCORES]
        hints += [hint for _, hint, _ in SCORES]
    return [fill(name, 12) for name in found.names], rows, hints


SCORES: tuple[tuple[str, str, Any], ...] = (
    ("AUC", "Area under the ROC curve; 1 is perfect, 0.5 is chance.",
     lambda one: one.scores.auc),
    ("best F1", "Of pixels, at the best threshold.", lambda one: one.scores.f1),
    ("F1 at 0.5", "Of pixels, at threshold 0.5.", lambda one: one.scores.f1_half),
    ("precision", "Share of found boundary that is true, at 0.5.",
     lambda one: one.scores.precision),
    ("recall", "Share of true boundary that is found, at 0.5.",
     lambda one: one.scores.recall),
    ("boundary F1", "Of contours, within 2 px, at 0.5.",
     lambda one: one.contours.f1),
)  # fmt: skip


def _range(probability: np.ndarray) -> tuple[float, float]:
    return (0.0, 255.0) if probability.dtype == np.uint8 else (0.0, 1.0)


def section_pixels(source: Source) -> np.ndarray:
    """Return the section that is looked at, (h, w) or (h, w, 3); for the worker."""
    from dense_transformer.data import read_section

    pixels = read_section(source.image, source.section)
    return pixels if pixels.shape[-1] == 3 else pixels[..., 0]


def describe_comparison(found: Any) -> str:
    """Return what a comparison of two models comes to, in plain words."""
    one, two = found.names
    words = (
        f"{two} labels {100 * found.change.changed_share:.2f} % of the pixels "
        f"otherwise than {one}."
    )
    if found.notice:
        words += f" {found.notice[0].upper()}{found.notice[1:]}."
    if found.scores is None:
        return words + " Which is right only labels can tell: choose a Labels layer."
    first, second = (judged.scores.f1 for judged in found.scores)
    if not np.isfinite(first - second):
        return words + " The labels hold one class only, so nothing can be scored."
    gain = second - first
    words += f" Best F1 {first:.4f} and {second:.4f}:"
    if abs(gain) < NOISE:
        return words + (
            " less than two trainings of one model with other seeds differ by. On "
            "this image neither is better."
        )
    better = two if gain > 0 else one
    return f"{words} {better} is better on this image; one image is no proof."
