"""The ground of a figure, marks coloured by an amount, and the file it goes to.

Widths are those of journals: one column 89 mm, two columns 183 mm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dense_transformer.errors import ConfigError
from dense_transformer.inspection.export.colours import ColourMap
from dense_transformer.inspection.export.drawing import (
    BoxPt,
    Drawing,
    Mark,
    Panel,
    Paths,
)
from dense_transformer.inspection.export.pdf import write_pdf
from dense_transformer.inspection.export.raster import write_png
from dense_transformer.inspection.export.svg import write_svg
from dense_transformer.types import Array, Box

ONE_COLUMN, TWO_COLUMNS = 252.0, 518.0  # points
FORMATS: dict[str, Callable[[Path, Drawing], Path]] = {
    "svg": write_svg,
    "pdf": write_pdf,
    "png": write_png,
}
_SHADES = 24  # colours that lines along a map are rounded to


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What lies below the marks of a figure.

    Attributes
    ----------
    pixels : ndarray, shape (h, w) or (h, w, 3), uint8
        The part of the image that is shown.
    box_px : Box
        Which part, source px.
    pixel_nm : tuple of float or None
        (y, x) size of a source px, for shape and scale bar.
    """

    pixels: Array
    box_px: Box
    pixel_nm: tuple[float, float] | None = None

    @property
    def view_px(self) -> tuple[float, float, float, float]:
        """Outer edges in px, whose centres are whole numbers."""
        top, left, bottom, right = self.box_px
        return top - 0.5, left - 0.5, bottom - 0.5, right - 0.5

    @property
    def aspect(self) -> float:
        """Height over width as it is in the world."""
        top, left, bottom, right = self.box_px
        nm = self.pixel_nm or (1.0, 1.0)
        return (bottom - top) * nm[0] / ((right - left) * nm[1])


def write_figure(path: Path, drawing: Drawing) -> Path:
    """Write a drawing in the format that the ending of `path` names.

    Raises
    ------
    ConfigError
        If the ending is none of .svg, .pdf, .png.
    WriteError
        If the disk is full or the folder can't be written to.
    """
    writer = FORMATS.get(path.suffix.lower().lstrip("."))
    if writer is None:
        raise ConfigError(f"{path.name}: a figure ends in .{', .'.join(FORMATS)}")
    return writer(path, drawing)


def arrows(
    panel: Panel, at_px: Array, to_px: Array, amount: Array, colours: ColourMap
) -> tuple[Mark, ...]:
    """Return arrows from `at_px` to `to_px`, shapes (n, 2), coloured by `amount`."""
    start, end = panel.place(at_px), panel.place(to_px)
    along = end - start
    length = np.hypot(along[:, 0], along[:, 1])
    kept = length > 0.3
    start, end, along, length = start[kept], end[kept], along[kept], length[kept]
    unit = along / length[:, None]
    side = unit[:, ::-1] * np.array([1.0, -1.0])
    size = np.minimum(4.0, 0.5 * length + 0.6)[:, None]
    barbs = np.stack(
        [end - size * (unit + 0.55 * side), end, end - size * (unit - 0.55 * side)], 1
    )
    shafts = np.stack([start, end], 1)
    return (
        *shaded(shafts, amount[kept], colours, panel.box, 1.2),
        *shaded(barbs, amount[kept], colours, panel.box, 1.2),
    )


def shaded(
    lines: Array, amount: Array, colours: ColourMap, clip: BoxPt, width: float
) -> tuple[Mark, ...]:
    """Return lines in a few shades of a colour map, one mark for each shade."""
    span = colours.high - colours.low or 1.0
    shade = np.rint(((amount - colours.low) / span).clip(0, 1) * (_SHADES - 1))
    shade = np.nan_to_num(shade, nan=-1)
    marks = []
    for value in np.unique(shade[shade >= 0]):
        rgb = colours.paint(colours.low + value / (_SHADES - 1) * span)
        colour = int(rgb[0]), int(rgb[1]), int(rgb[2])
        marks.append(Paths(tuple(lines[shade == value]), colour, width, clip=clip))
    return tuple(marks)
