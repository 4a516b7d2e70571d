"""Tables as CSV: names with units over the columns, positions (y, x) in source px."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from dense_transformer.files import atomic_write
from dense_transformer.inspection.chains import Chain
from dense_transformer.inspection.grids import fiducial_arrows
from dense_transformer.inspection.numbers import LevelNumbers
from dense_transformer.inspection.patches import LearnedPatch
from dense_transformer.inspection.spread import SpreadNumbers
from dense_transformer.types import Array

Cell = str | int | float | bool | None
PixelSize = tuple[float, float] | None
_FIDUCIALS = (
    "tile", "level", "index", "lattice_y_px", "lattice_x_px",
    "fiducial_y_px", "fiducial_x_px", "shift_y_px", "shift_x_px", "shift_px",
)  # fmt: skip
_UNITS = (
    "tile", "level", "row", "column", "unit_y_px", "unit_x_px",
    "reads_y_px", "reads_x_px", "shift_y_px", "shift_x_px", "shift_px",
)  # fmt: skip
_PATCHES = (
    "patch", "level", "at_y_px", "at_x_px", "size_units", "area_px2", "square_area_px2",
    "area_ratio", "elongation", "orientation_deg", "offset_y_px", "offset_x_px",
    "reached", "folded", "outside_share",
)  # fmt: skip

_NUMBER_COLUMNS = {
    "folded": "folded_share",
    "holes": "hole_share",
    "outside": "fiducials_outside_share",
    "saturation": "saturated_share",
    "bending": "bending_energy",
}


def write_table(
    path: str | os.PathLike[str], columns: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> Path:
    """Write rows under the names of their columns; return the path.

    Numbers have a point and at most six digits that count, NaN and None are empty
    cells, truth is 1 or 0. The text is UTF-8.

    Raises
    ------
    WriteError
        If the disk is full or the folder can't be written to.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows([_cell(value) for value in row] for row in rows)
    return atomic_write(path, text.getvalue().encode())


def write_fiducials(
    path: str | os.PathLike[str], chains: Sequence[Chain], pixel_nm: PixelSize = None
) -> Path:
    """Write all fiducials of all tiles and levels; see `write_table`.

    Composed with the shallower transformers, so that they are true in the image.
    Tiles are counted from 1.
    """
    rows = (
        row
        for tile, chain in enumerate(chains, 1)
        for level in chain.levels
        for row in _fiducials(tile, chain, level, pixel_nm)
    )
    return write_table(path, (*_FIDUCIALS, *_nm("shift", pixel_nm)), rows)


def write_displacement(
    path: str | os.PathLike[str],
    chain: Chain,
    level: int | None = None,
    *,
    tile: int = 0,
    pixel_nm: PixelSize = None,
) -> Path:
    """Write where each unit of a tile's warped map reads; see `write_table`.

    `tile` is its index from 0; the table counts tiles from 1, as people do.
    """
    rest, reads = chain.rest_px(level), chain.units_px(level)
    number = chain.warp(level).level

    def rows() -> Iterator[Sequence[Cell]]:
        for index in np.ndindex(*rest.shape[:2]):
            shift = reads[index] - rest[index]
            yield (
                tile + 1, number, *index, *_pair(rest[index]), *_pair(reads[index]),
                *_shift(shift, pixel_nm),
            )  # fmt: skip

    return write_table(path, (*_UNITS, *_nm("shift", pixel_nm)), rows())


def write_numbers(
    path: str | os.PathLike[str],
    images: Sequence[tuple[str, Sequence[LevelNumbers]]],
) -> Path:
    """Write the numbers of each image and level, one a row; see `write_table`."""
    names = [field.name for field in dataclasses.fields(LevelNumbers)]
    rows = (
        (name, *(getattr(numbers, field) for field in names))
        for name, levels in images
        for numbers in levels
    )
    columns = ("image", *(_NUMBER_COLUMNS.get(field, field) for field in names))
    return write_table(path, columns, rows)


def write_spread(path: str | os.PathLike[str], spread: Sequence[SpreadNumbers]) -> Path:
    """Write how much warps differ between images, a row for each level."""
    columns = (
        "level", "images", "tiles", "shift_px", "common_px", "between_px", "within_px",
        "common_share", "least_image", "least_px", "most_image", "most_px",
    )  # fmt: skip
    rows = (
        (
            s.level, s.images, s.tiles, s.shift_px, s.common_px, s.between_px,
            s.within_px, s.common_share, *s.least, *s.most,
        )
        for s in spread
    )  # fmt: skip
    return write_table(path, columns, rows)


def write_patches(
    path: str | os.PathLike[str],
    patches: Sequence[LearnedPatch],
    pixel_nm: PixelSize = None,
) -> Path:
    """Write learned patches, one a row; see `write_table`."""
    area_nm2 = None if pixel_nm is None else pixel_nm[0] * pixel_nm[1]

    def row(index: int, patch: LearnedPatch) -> Sequence[Cell]:
        nm = () if area_nm2 is None else (patch.area_px * area_nm2,)
        return (
            index, patch.level, *patch.at_px, patch.size_units, patch.area_px,
            patch.square_area_px, patch.area_ratio, patch.elongation,
            patch.orientation_deg, *patch.offset_px, patch.reached, patch.folded,
            patch.outside_share, *nm,
        )  # fmt: skip

    columns = (*_PATCHES, *(() if area_nm2 is None else ("area_nm2",)))
    return write_table(path, columns, (row(i, p) for i, p in enumerate(patches, 1)))


def write_outlines(
    path: str | os.PathLike[str], patches: Sequence[LearnedPatch]
) -> Path:
    """Write the corners of learned patches and of their squares; see `write_table`."""
    rows = (
        (index, kind, corner, *_pair(at))
        for index, patch in enumerate(patches, 1)
        for kind, line in (("learned", patch.outline_px), ("square", patch.square_px))
        for corner, at in enumerate(line)
    )
    return write_table(path, ("patch", "outline", "corner", "y_px", "x_px"), rows)


def _fiducials(
    tile: int, chain: Chain, level: int, pixel_nm: PixelSize
) -> Iterator[Sequence[Cell]]:
    marks = fiducial_arrows(chain, level)
    for index, (at, shift) in enumerate(
        zip(marks.start_px, marks.shift_px, strict=True)
    ):
        yield (
            tile, level, index, *_pair(at), *_pair(at + shift), *_shift(shift, pixel_nm)
        )  # fmt: skip


def _shift(px: Array, pixel_nm: PixelSize) -> tuple[Cell, ...]:
    """Return (y, x) and length of a shift in px, and its length in nm if known."""
    length = (*_pair(px), round(float(np.hypot(*px)), 3))
    if pixel_nm is None:
        return length
    return (*length, round(float(np.hypot(*(px * np.array(pixel_nm)))), 2))


def _nm(name: str, pixel_nm: PixelSize) -> tuple[str, ...]:
    return () if pixel_nm is None else (f"{name}_nm",)


def _pair(px: Array) -> tuple[float, float]:
    """Return a position to a thousandth of a pixel."""
    return round(float(px[0]), 3), round(float(px[1]), 3)


def _cell(value: Cell) -> str | int:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        value = float(value) + 0.0  # no -0
        text = f"{value:.3f}" if 1e3 <= abs(value) < 1e9 else f"{value:.6g}"
        return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    return value if isinstance(value, str) else int(value)
