"""What figures mean, in plain words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dense_transformer.inspection.ablation import NAMES, Kind
from dense_transformer.inspection.export.colours import number
from dense_transformer.inspection.numbers import LevelNumbers

Row = tuple[str, str, str]


def share(value: float) -> str:
    """Return a share of one as per cent, with digits where it is small."""
    if math.isnan(value):
        return "unknown"
    if 0 < value < 5e-5:
        return "less than 0.01 %"
    return f"{number(100 * value, 2 if value < 0.1 else 3)} %"


def describe_movement(numbers: LevelNumbers) -> str:
    """Return how far a level moves what is read, and whether it is sound."""
    n = numbers
    moved = (
        f"The transformer at level {n.level} moves what the network reads by "
        f"{length_text(n.mean_px, n.mean_nm)} on average and by at most "
        f"{length_text(n.largest_px, n.largest_nm)}."
    )
    faults = []
    if n.folded > 0:
        faults.append(f"it folds over in {share(n.folded)} of its cells")
    if n.holes > 0:
        faults.append(f"{share(n.holes)} of the map are holes that it never reads")
    if n.saturation > 0.05:
        faults.append(f"{share(n.saturation)} of its parameters stand at their bound")
    if not faults:
        return f"{moved} It folds nowhere and leaves no holes."
    return f"{moved} But {' and '.join(faults)}."


def describe_movements(images: Sequence[tuple[str, LevelNumbers]]) -> str:
    """Return the same of one level over several images, each named."""
    level = images[0][1].level
    mean = float(np.mean([n.mean_px for _, n in images]))
    name, most = max(images, key=lambda one: one[1].largest_px)
    folded = sum(n.folded > 0 for _, n in images)
    holes = sum(n.holes > 0 for _, n in images)
    return (
        f"The transformer at level {level} moves what the network reads by "
        f"{number(mean, 2)} px on average over {len(images)} images and by at most "
        f"{number(most.largest_px, 2)} px ({name}). It folds over in "
        f"{folded or 'none'} and leaves holes in {holes or 'none'} of them."
    )


def describe_unasked(kinds: Sequence[Kind]) -> str:
    """Return why warps of other tiles were not put in the place of a tile's own."""
    names = " and ".join(NAMES[kind] for kind in kinds)
    return (
        f"Not applicable: {names}. An image of one tile has no other tile to take a "
        "warp from; use smaller tiles (--tile-size) or a larger image."
    )


def level_rows(numbers: LevelNumbers) -> tuple[Row, ...]:
    """Return (name, value, how to read it) of each number of a level."""
    n = numbers
    rows: list[Row] = [
        ("family", n.family, "kind of transformation"),
        ("tiles", str(n.tiles), "the network warps each tile by itself"),
        (
            "mean displacement",
            f"{number(n.mean_px)} px{_nm(n.mean_nm)}",
            "how far from its own place a unit reads, through all shallower "
            "transformers too",
        ),
        ("largest displacement", f"{number(n.largest_px)} px{_nm(n.largest_nm)}", ""),
        (
            "folded",
            share(n.folded),
            "share of the area where the warp turns over; should be 0",
        ),
        (
            "coverage, smallest",
            number(n.coverage_smallest),
            "how much is written back to the worst place; 1 is even, below 0.1 a hole",
        ),
        ("coverage, mean", number(n.coverage_mean), "below 1 if it reads outside"),
        ("holes", share(n.holes), "what the decoder must fill from neighbours"),
        (
            "fiducials outside",
            share(n.outside),
            "share that reads beyond the image, where nothing is",
        ),
        (
            "saturation",
            share(n.saturation),
            "share of parameters at their bound; much of it means that the warp "
            "wants to go further than it may",
        ),
        (
            "bending energy",
            number(n.bending),
            "0 for a shift, turn or stretch of the whole tile",
        ),
    ]
    return tuple(rows)


def length_text(px: float, nm: float) -> str:
    """Return a length in px, with nm in brackets where they are known."""
    return f"{number(px, 2)} px{_nm(nm)}"


def _nm(value: float) -> str:
    return "" if math.isnan(value) else f" ({number(value)} nm)"
