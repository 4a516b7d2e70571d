"""A prediction that was written to files, back as the layers it would have made."""

from __future__ import annotations

import csv
import json
from itertools import groupby
from pathlib import Path

import numpy as np

from dense_transformer.errors import ImageError
from dense_transformer.types import Image, LevelMaps, Prediction, Warp
from napari_dtn.layers import LayerSpec, describe
from napari_dtn.sources import Frame, Source

SUFFIX = "-summary.json"
LARGEST = 1 << 26  # bytes of a summary or a table; ours are far below
Rows = list[dict[str, str]]


def read_saved(path: str | Path) -> list[LayerSpec]:
    """Return the layers of the prediction that ``NAME-summary.json`` belongs to.

    Parameters
    ----------
    path : path-like
        The summary; the maps and the table of fiducials lie beside it.

    Raises
    ------
    ImageError
        If a file of the prediction is missing, damaged or doesn't fit the others.
    """
    path = Path(path)
    start = path.name.removesuffix(SUFFIX)
    try:
        summary = json.loads(_text(path))
        nm = summary["pixel_nm"]
        scale = (1.0, 1.0) if nm is None else (float(nm[0]), float(nm[1]))
        levels = [
            (
                int(level["level"]),
                float(level["pitch_px"][0]),
                float(level["pitch_px"][1]),
            )
            for level in summary["levels"]
        ]
        name, classes = str(summary["image"]), tuple(map(str, summary["classes"]))
        rows = _table(path.with_name(f"{start}-fiducials.csv")) if levels else []
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ImageError(
            f"{path} is no summary of a prediction ({error!r}); "
            "open one that `dtn predict` has written"
        ) from error
    probability = _map(path, f"{start}-probability.tif")
    maps = tuple(_level(path, start, *level) for level in levels)
    result = Prediction(
        probability,
        np.zeros(probability.shape, np.uint8),
        maps,
        _warps(rows, probability.shape),
        classes,
        str(summary.get("device", "")),
        name,
    )
    return describe([(0, result)], _source(name, probability, scale, nm is not None))


def _source(
    name: str, pixels: np.ndarray, scale: tuple[float, float], known: bool
) -> Source:
    frame = Frame(
        np.array(scale), np.zeros(2), np.eye(2), np.zeros(1), np.eye(3),
        ("nm", "nm") if known else ("pixel", "pixel"), ("y", "x"),
    )  # fmt: skip
    return Source(Image(pixels, "yx", name), frame, None, (), 0)


def _map(summary: Path, name: str, planes: int = 1) -> np.ndarray:
    """Return a map of a prediction, (h, w), or (planes, h, w) if there are more."""
    from dense_transformer.data import read_image, read_section

    image = read_image(summary.with_name(name))
    if image.sections != planes or image.channels != 1:
        raise ImageError(
            f"{name} holds {image.sections} pages of {image.channels} channels, not "
            f"{planes} of 1; predict again"
        )
    found = [read_section(image, z)[..., 0] for z in range(planes)]
    return found[0] if planes == 1 else np.stack(found)


def _level(
    summary: Path, start: str, level: int, pitch_y: float, pitch_x: float
) -> LevelMaps:
    coverage = _map(summary, f"{start}-level{level}-coverage.tif")
    shift = _map(summary, f"{start}-level{level}-displacement.tif", 2)
    if shift.shape[1:] != coverage.shape or not (pitch_y > 0 and pitch_x > 0):
        raise ImageError(
            f"{summary}: coverage {coverage.shape} and displacement {shift.shape[1:]} "
            f"of level {level}, pitch {pitch_y} x {pitch_x} px, don't fit; predict anew"
        )
    return LevelMaps(level, coverage, np.moveaxis(shift, 0, -1), (pitch_y, pitch_x))


def _warps(rows: Rows, size: tuple[int, ...]) -> tuple[Warp, ...]:
    """Return the fiducials of each tile; their frame is that of the whole image."""
    span = np.maximum(np.array(size, float) - 1, 1)
    empty = np.zeros((0, 0), np.float32)
    warps = []
    for (_, level), of_tile in groupby(rows, lambda row: (row["tile"], row["level"])):
        pairs = np.array(
            [
                [[float(row[f"{kind}_{axis}_px"]) for axis in "yx"] for row in tile]
                for tile in [list(of_tile)]
                for kind in ("lattice", "fiducial")
            ]
        )
        if not np.isfinite(pairs).all():
            raise ImageError(
                f"fiducials at level {level} are not finite: predict again"
            )
        lattice, fiducials = pairs / span * 2 - 1
        box = (0, 0, int(span[0]) + 1, int(span[1]) + 1)
        warps.append(
            Warp(int(level), "", lattice, fiducials, np.zeros((0, 0, 2)), empty, box)
        )
    return tuple(warps)


def _table(path: Path) -> Rows:
    rows = list(csv.DictReader(_text(path).splitlines()))
    for row in rows:
        for name in ("tile", "level", "lattice_y_px", "lattice_x_px", "fiducial_y_px"):
            float(row[name])
        float(row["fiducial_x_px"])
    return rows


def _text(path: Path) -> str:
    """Return a file's text; ImageError where it can't be read or is no text of ours."""
    try:
        if path.stat().st_size > LARGEST:
            raise ImageError(f"{path} has more than {LARGEST >> 20} MiB: not ours")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ImageError(
            f"can't read {path}: {error.strerror}; keep the files of a prediction "
            "together"
        ) from error
