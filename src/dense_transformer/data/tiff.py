"""TIFF files, read lazily: memory-mapped, or only the strips and tiles needed."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from dense_transformer.data.claims import (
    DAMAGE,
    bytes_of,
    check_claim,
    check_dtype,
    check_shape,
    damaged,
)
from dense_transformer.data.pixel_size import tiff_pixel_nm
from dense_transformer.data.sections import SectionArray, Span
from dense_transformer.data.tiff_chain import check_chain
from dense_transformer.data.tiff_page import read_page
from dense_transformer.errors import ImageError
from dense_transformer.types import Array, Image


def open_tiff(path: Path) -> Image:
    """Return the first series of a TIFF file; pixels are read when asked for.

    Every axis but y, x and channels is a section; RGB samples and channels are
    channels; alpha is left out.

    Raises
    ------
    ImageError
        If the file is truncated, damaged or forged, or its pages don't fit
        together.
    """
    pages = check_chain(path)
    with _damage_named(str(path)):
        file = tifffile.TiffFile(path, _multifile=False)  # opens no other file
        try:
            source = _Series(file, pages, path)
        except BaseException:
            file.close()
            raise
    weakref.finalize(source, file.close)
    axes = source.axes
    shape = (source.sections, *source.size, source.channels)
    shape = tuple(n for a, n in zip("zyxc", shape, strict=True) if a in axes)
    data = SectionArray(shape, source.dtype, axes, source.read_box, str(path))
    return Image(data, axes, path.stem, source.pixel_nm)


@contextlib.contextmanager
def _damage_named(where: str) -> Iterator[None]:
    """Turn whatever a decoder raises into an ImageError; silence its log."""
    log = logging.getLogger("tifffile")
    before, log.disabled = log.disabled, True
    try:
        yield
    except ImageError:
        raise
    except DAMAGE as error:
        raise damaged(where, error) from error
    finally:
        log.disabled = before


class _Series:
    """The pages of an open file as one stack, and how to read a box of it."""

    def __init__(self, file: Any, pages: int, path: Path) -> None:
        self.path = path
        series = _joined(file, pages, path)
        self.dtype = check_dtype(series[0].dtype, str(path))
        self.pixel_nm = tiff_pixel_nm(file)
        self._handle = file.filehandle
        self._lock = threading.Lock()
        key = series[0].keyframe
        axes, shape = str(series[0].axes), tuple(map(int, series[0].shape))
        if len(series) > 1:
            axes, shape = "I" + axes, (len(series), *shape)
        check_shape(shape, str(path))
        sizes = dict(zip(axes, shape, strict=True))
        if not {"Y", "X"} <= set(axes):
            raise ImageError(f"{path} has the axes {axes}: no rows and columns")
        self.size = sizes["Y"], sizes["X"]
        self._axes, self._channel = axes, _channel_axis(sizes)
        self._lead = [a for a in axes if a not in ("Y", "X", self._channel)]
        self._lead_shape = [sizes[a] for a in self._lead]
        self.sections = math.prod(self._lead_shape)
        self.channels = sizes.get(self._channel, 1) - _alpha(key, self._channel)
        self.axes = "z" * (self.sections > 1) + "yx" + "c" * (self.channels > 1)
        self._pages = [page for s in series for page in s.pages]
        self._page_lead = {
            a: n for a, n in sizes.items() if a not in str(key.axes) or a not in "YXS"
        }
        self._map = _memory_map(series, shape, path)
        check_claim(bytes_of(shape, self.dtype), path.stat().st_size, str(path))

    def read_box(self, section: int, rows: Span, columns: Span) -> Array:
        """Return pixels (rows, columns, channels) of one section."""
        where = f"{self.path}, section {section}"
        at = dict(
            zip(self._lead, np.unravel_index(section, self._lead_shape), strict=True)
        )
        with _damage_named(where):
            if self._map is not None:
                at |= {"Y": slice(*rows), "X": slice(*columns)}
                box = self._map[tuple(at.get(a, slice(None)) for a in self._axes)]
                kept = [a for a in self._axes if a in ("Y", "X", self._channel)]
                box = box.transpose(
                    [kept.index(a) for a in ("Y", "X", self._channel) if a]
                )
                box = box if box.ndim == 3 else box[..., None]
            else:
                box = self._decode(at, rows, columns, where)
        return np.asarray(box[..., : self.channels])

    def _decode(
        self, at: dict[str, Any], rows: Span, columns: Span, where: str
    ) -> Array:
        """Read a box from pages that have to be decoded."""
        across = (
            range(self._page_lead[self._channel])
            if self._channel in self._page_lead
            else (0,)
        )
        boxes = []
        for channel in across:
            place = [{**at, self._channel: channel}[a] for a in self._page_lead]
            number = (
                int(np.ravel_multi_index(place, list(self._page_lead.values())))
                if place
                else 0
            )
            page = self._pages[number]
            boxes.append(
                read_page(page, self._handle, self._lock, rows, columns, where)
            )
        return np.concatenate(boxes, axis=-1) if len(boxes) > 1 else boxes[0]


def _joined(file: Any, pages: int, path: Path) -> list[Any]:
    """Return the series of a file that belong together: all of one kind of page.

    Raises
    ------
    ImageError
        If pages are missing or differ in size.
    """
    first = file.series[0]
    told = 0
    if file.is_imagej:
        told = int((file.imagej_metadata or {}).get("images", 1))
    found = math.prod(first.shape) // math.prod(first.keyframe.shape)
    if any(page is None for page in first.pages) or found < told:
        raise ImageError(
            f"{path} says that it holds {max(told, len(first.pages))} pages and "
            f"holds {pages}: it is truncated; copy it again"
        )
    if file.is_ome or len(file.series) == 1:
        return [first]
    alike = [s for s in file.series if not s.keyframe.is_reduced]
    kinds = {(s.axes, tuple(s.shape), str(s.dtype)) for s in alike}
    if len(kinds) > 1:
        shapes = ", ".join(str(tuple(s.shape)) for s in alike[:4])
        raise ImageError(
            f"{path} holds pages that don't fit together ({shapes}); "
            "save one image or one stack to a file"
        )
    return alike


def _memory_map(series: list[Any], shape: tuple[int, ...], path: Path) -> Array | None:
    """Return the pixels as a memory map where they lie uncompressed in one piece."""
    offset = series[0].dataoffset if len(series) == 1 else None
    if offset is None:
        return None
    dtype = series[0].keyframe.parent.byteorder + series[0].dtype.char
    kind = np.dtype(dtype)
    missing = offset + bytes_of(shape, kind) - path.stat().st_size
    if missing > 0:
        raise ImageError(
            f"{path} is truncated: {missing} bytes of its pixels are missing; copy it again"
        )
    return np.memmap(path, kind, "r", offset, shape)


def _channel_axis(sizes: dict[str, int]) -> str:
    """Return which axis holds channels: samples, else a short C; or none."""
    if "S" in sizes:
        return "S"
    return "C" if sizes.get("C", 99) <= 4 else ""


def _alpha(page: Any, channel: str) -> int:
    """Return how many trailing samples of a page are alpha: 0 or 1."""
    extra = tuple(page.extrasamples or ())
    alpha = channel == "S" and page.samplesperpixel in (2, 4)
    return int(alpha and bool(extra) and int(extra[-1]) in (1, 2))
