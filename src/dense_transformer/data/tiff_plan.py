"""Which page, and which part of it, holds a section of a TIFF series."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from dense_transformer.data.claims import check_shape
from dense_transformer.data.sections import Span
from dense_transformer.errors import ImageError

_MOST_CHANNELS = 4  # a longer axis C is taken for sections


@dataclass(frozen=True, slots=True)
class TiffPlan:
    """A series of pages as a stack of sections with channels.

    Attributes
    ----------
    file_axes : str
        As tifffile names them: Y, X, S (samples), C, Z, T, ...
    file_shape : tuple of int
        In that order.
    page_axes : str
        Those of `file_axes` that lie within a page.
    alpha : int
        Trailing samples that are left out.
    """

    file_axes: str
    file_shape: tuple[int, ...]
    page_axes: str
    alpha: int

    @property
    def sizes(self) -> dict[str, int]:
        """Length of each axis of the file."""
        return dict(zip(self.file_axes, self.file_shape, strict=True))

    @property
    def channel_axis(self) -> str:
        """The axis that holds channels: samples, else a short C, else none."""
        if "S" in self.file_axes:
            return "S"
        return "C" if self.sizes.get("C", 99) <= _MOST_CHANNELS else ""

    @property
    def section_sizes(self) -> dict[str, int]:
        """Axes that are sections: all but y, x and channels."""
        return {
            a: n for a, n in self.sizes.items() if a not in "YX" + self.channel_axis
        }

    @property
    def axes(self) -> str:
        """Axes of the image: y, x, with z and c where they are longer than 1."""
        stack, colours = math.prod(self.section_sizes.values()) > 1, self.channels > 1
        return "z" * stack + "yx" + "c" * colours

    @property
    def channels(self) -> int:
        """Channels that are kept."""
        return self.sizes.get(self.channel_axis, 1) - self.alpha

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the image in the order of `axes`."""
        whole = {
            "z": math.prod(self.section_sizes.values()),
            "y": self.sizes["Y"],
            "x": self.sizes["X"],
            "c": self.channels,
        }
        return tuple(whole[axis] for axis in self.axes)

    def position(self, section: int) -> dict[str, int]:
        """Return the index along each section axis."""
        sizes = self.section_sizes
        index = np.unravel_index(section, tuple(sizes.values())) if sizes else ()
        return {a: int(i) for a, i in zip(sizes, index, strict=True)}

    def page_numbers(self, section: int) -> list[int]:
        """Return the pages of a section, one for each channel that has its own."""
        lead = {a: n for a, n in self.sizes.items() if a not in self.page_axes}
        at = self.position(section)
        across = lead.get(self.channel_axis, 1)
        numbers = []
        for channel in range(across):
            number = 0
            for axis, length in lead.items():
                here = channel if axis == self.channel_axis else at[axis]
                number = number * length + here
            numbers.append(number)
        return numbers

    def map_key(
        self, section: int, rows: Span, columns: Span
    ) -> tuple[tuple[int | slice, ...], tuple[int, ...]]:
        """Return the key into an array of `file_shape`, and how to turn the result.

        The turned result has the axes (y, x) or (y, x, c).
        """
        at: dict[str, int | slice] = dict(self.position(section))
        at |= {"Y": slice(*rows), "X": slice(*columns)}
        key = tuple(at.get(axis, slice(None)) for axis in self.file_axes)
        left = [
            axis for axis in self.file_axes if isinstance(at.get(axis, slice(0)), slice)
        ]
        turned = tuple(
            left.index(a) for a in ("Y", "X", self.channel_axis) if a in left
        )
        return key, turned


def plan_series(series: list[Any], where: str) -> TiffPlan:
    """Return the plan of series of one kind, which follow each other.

    Raises
    ------
    ImageError
        If there are no rows and columns, or no pixels.
    """
    first = series[0]
    axes, shape = str(first.axes), tuple(map(int, first.shape))
    if len(series) > 1:
        axes, shape = "#" + axes, (len(series), *shape)
    check_shape(shape, where)
    if not {"Y", "X"} <= set(axes) or len(set(axes)) != len(axes):
        raise ImageError(f"{where} has the axes {axes}: no rows and columns to show")
    page = first.keyframe
    plan = TiffPlan(axes, shape, str(page.axes), 0)
    return TiffPlan(axes, shape, str(page.axes), _alpha(page, plan.channel_axis))


def _alpha(page: Any, channel_axis: str) -> int:
    """Return how many trailing samples of a page are alpha: 0 or 1."""
    extra = tuple(page.extrasamples or ())
    alpha = channel_axis == "S" and page.samplesperpixel in (2, 4)
    return int(alpha and bool(extra) and int(extra[-1]) in (1, 2))
