"""Predictions as files: TIFF maps, a table of fiducials and a summary."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import tifffile

from dense_transformer.errors import WriteError
from dense_transformer.files import atomic_write, remove_partial
from dense_transformer.types import (
    Array,
    Image,
    LevelMaps,
    Prediction,
    Warp,
    WarpEdit,
)

PixelSize = tuple[float, float] | None
_NM_PER_CM = 1e7
_COLUMNS = (
    "tile", "level", "index",
    "lattice_y_px", "lattice_x_px", "fiducial_y_px", "fiducial_x_px",
)  # fmt: skip
_HOLE = 0.01  # coverage below this counts as a hole in the summary


def write_prediction(
    prediction: Prediction,
    image: Image,
    out: Path | str,
    *,
    model: str = "",
    edits: Sequence[WarpEdit] = (),
) -> tuple[Path, ...]:
    """Write all that a prediction holds to a folder; return the files.

    ``NAME-probability.tif`` and ``NAME-labels.tif`` in the image's pixels,
    ``NAME-levelN-coverage.tif`` and ``NAME-levelN-displacement.tif`` (y, then x, in
    image px) for each transformer, ``NAME-fiducials.csv`` and ``NAME-summary.json``.
    The TIFFs hold the pixel size where it is known. Each file appears as a whole.

    Parameters
    ----------
    prediction : Prediction
        The result.
    image : Image
        What it was predicted from.
    out : path
        Folder; made if it is not there.
    model : str
        What to call the model in the summary.
    edits : sequence of WarpEdit
        What it was predicted with; the summary names them.

    Raises
    ------
    WriteError
        If the disk is full or the folder can't be written to.
    """
    folder, name = make_folder(out), file_name(prediction.image_name)
    remove_partial(folder)  # of a prediction that was killed
    nm = image.pixel_nm
    maps = folder / f"{name}-probability.tif", folder / f"{name}-labels.tif"
    write_map(maps[0], prediction.probability, nm)
    write_map(maps[1], prediction.labels, nm)
    details = write_details(prediction, image, folder, model=model, edits=edits)
    return (*maps, *details)


def write_details(
    prediction: Prediction,
    image: Image,
    folder: Path,
    *,
    model: str = "",
    edits: Sequence[WarpEdit] = (),
) -> tuple[Path, ...]:
    """Write all but probability and labels; see `write_prediction`."""
    name, nm = file_name(prediction.image_name), image.pixel_nm
    written = []
    for level in prediction.levels:
        start = f"{name}-level{level.level}"
        pitch = nm and (nm[0] * level.pitch_px[0], nm[1] * level.pitch_px[1])
        written.append(
            write_map(folder / f"{start}-coverage.tif", level.coverage, pitch)
        )
        planes = np.moveaxis(level.displacement_px, -1, 0)
        written.append(write_map(folder / f"{start}-displacement.tif", planes, pitch))
    if prediction.warps:
        table = folder / f"{name}-fiducials.csv"
        written.append(atomic_write(table, _table(prediction.warps)))
    summary = _summarise(prediction, image, model)
    if edits:
        summary["edits"] = [_summarise_edit(edit) for edit in edits]
    text = json.dumps(summary, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    written.append(atomic_write(folder / f"{name}-summary.json", text.encode()))
    return tuple(written)


def write_map(path: Path, pixels: Array, pixel_nm: PixelSize) -> Path:
    """Write an array (h, w) or (pages, h, w) as TIFF, with its pixel size if known."""

    def write(file: BinaryIO) -> None:
        tifffile.imwrite(file, pixels, **tiff_options(pixel_nm))

    return atomic_write(path, write)


def tiff_options(pixel_nm: PixelSize) -> dict[str, Any]:
    """Return how our TIFF files are written, as arguments for `tifffile`."""
    options: dict[str, Any] = {"photometric": "minisblack", "metadata": None}
    if pixel_nm is not None:
        per_cm = _NM_PER_CM / pixel_nm[1], _NM_PER_CM / pixel_nm[0]  # (x, y)
        options |= {"resolution": per_cm, "resolutionunit": "CENTIMETER"}
    return options


def make_folder(path: Path | str) -> Path:
    """Return a folder, made if it is not there; WriteError if it can't be."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(
            f"can't make the folder {folder}: {error.strerror}; choose another"
        ) from error
    return folder


def file_name(image_name: str) -> str:
    """Return an image's name as the start of file names, on any system."""
    name = re.sub(r"[^\w.+-]+", "_", image_name).strip("._")
    return name[:120] or "image"


def _table(warps: Sequence[Warp]) -> bytes:
    """Return a CSV of all fiducials in image pixels (y, x), centres at integers."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    for tile, warp in _numbered(warps):
        pairs = np.hstack(
            [
                warp.to_image_px(warp.lattice.astype(np.float64)),
                warp.to_image_px(warp.fiducials.astype(np.float64)),
            ]
        )
        for index, values in enumerate(pairs):
            table.writerow([tile, warp.level, index, *(f"{v:.3f}" for v in values)])
    return text.getvalue().encode()


def _numbered(warps: Sequence[Warp]) -> Iterator[tuple[int, Warp]]:
    """Yield each warp with the number of its tile; warps of a tile are neighbours."""
    tile, before = -1, None
    for warp in warps:
        if warp.tile_px != before:
            tile, before = tile + 1, warp.tile_px
        yield tile, warp


def _summarise(prediction: Prediction, image: Image, model: str) -> dict[str, Any]:
    counts = _count(prediction.labels)
    return {
        "image": prediction.image_name,
        "size_px": list(prediction.labels.shape),
        "pixel_nm": None if image.pixel_nm is None else list(image.pixel_nm),
        "model": model,
        "device": prediction.device,
        "classes": list(prediction.classes),
        "class_shares": [
            float(counts[i + 1] / prediction.labels.size)
            for i in range(len(prediction.classes))
        ],
        "levels": [_summarise_level(level) for level in prediction.levels],
    }


def _count(labels: Array) -> Array:
    """Return how often each value 0..255 occurs; in pieces, as bincount copies."""
    rows = max(1, 2**20 // max(1, labels.shape[1]))
    counts = np.zeros(256, np.int64)
    for top in range(0, len(labels), rows):
        counts += np.bincount(labels[top : top + rows].ravel(), minlength=256)
    return counts


def _summarise_edit(edit: WarpEdit) -> dict[str, Any]:
    return {
        "level": edit.level,
        "strength": edit.strength,
        "parameters": "learned" if edit.theta is None else "given",
        "tile_px": None if edit.tile_px is None else list(edit.tile_px),
    }


def _summarise_level(level: LevelMaps) -> dict[str, Any]:
    shift = np.hypot(level.displacement_px[..., 0], level.displacement_px[..., 1])
    return {
        "level": level.level,
        "pitch_px": list(level.pitch_px),
        "coverage_mean": float(level.coverage.mean(dtype=np.float64)),
        "holes": float((level.coverage < _HOLE).mean()),
        "shift_mean_px": float(shift.mean(dtype=np.float64)),
        "shift_largest_px": float(shift.max()),
    }
