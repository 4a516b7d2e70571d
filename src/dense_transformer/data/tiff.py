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
    damaged,
)
from dense_transformer.data.pixel_size import ome_planes, tiff_pixel_nm
from dense_transformer.data.sections import SectionArray, Span
from dense_transformer.data.tiff_chain import check_chain
from dense_transformer.data.tiff_page import PageReader, packing_ratio
from dense_transformer.data.tiff_plan import plan_series
from dense_transformer.errors import ImageError
from dense_transformer.types import Array, Image

# Kinds of series whose pages all belong together, if they do at all.
_PLAIN_KINDS = ("generic", "uniform", "shaped", "imagej")


def open_tiff(path: Path) -> Image:
    """Return the first series of a TIFF file; pixels are read when asked for.

    Every axis but y, x and channels is a section; RGB samples and channels are
    channels; alpha is left out. Palettes give indices, not colours.

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
            stack = _Stack(file, pages, path)
        except BaseException:
            file.close()
            raise
    weakref.finalize(stack, file.close)
    plan = stack.plan
    data = SectionArray(plan.shape, stack.dtype, plan.axes, stack.read_box, str(path))
    return Image(data, plan.axes, path.stem, stack.pixel_nm)


class _Stack:
    """The pages of an open file as one stack, and how to read a box of it."""

    def __init__(self, file: Any, pages: int, path: Path) -> None:
        series = _joined(file, pages, path)
        page = series[0].keyframe
        self.path = path
        self.plan = plan_series(series, str(path))
        self.dtype = check_dtype(series[0].dtype, str(path))
        self.pixel_nm = tiff_pixel_nm(file)
        self._pages = [page for s in series for page in s.pages]
        self._reader = PageReader(file.filehandle)
        claimed = bytes_of(self.plan.file_shape, self.dtype)
        check_claim(claimed, path.stat().st_size, str(path), packing_ratio(page))
        self._map = _memory_map(series, self.plan.file_shape, path)
        if self._map is None:
            for number in {0, len(self._pages) - 1}:
                where = f"{path}, page {number}"
                self._reader.check_end(self._pages[number], where)

    def read_box(self, section: int, rows: Span, columns: Span) -> Array:
        """Return pixels (rows, columns, channels) of one section."""
        where = f"{self.path}, section {section}"
        with _damage_named(where):
            if self._map is not None:
                key, turned = self.plan.map_key(section, rows, columns)
                box = self._map[key].transpose(turned)
                box = box if box.ndim == 3 else box[..., None]
            else:
                boxes = [
                    self._reader.read_box(self._pages[number], rows, columns, where)
                    for number in self.plan.page_numbers(section)
                ]
                box = boxes[0] if len(boxes) == 1 else np.concatenate(boxes, axis=-1)
        return np.asarray(box[..., : self.plan.channels])


def _joined(file: Any, pages: int, path: Path) -> list[Any]:
    """Return the series of a file that belong together: all of one kind of page.

    Raises
    ------
    ImageError
        If pages are missing or differ in size.
    """
    first = file.series[0]
    page = first.keyframe
    told = 0
    if file.is_imagej:
        told = int((file.imagej_metadata or {}).get("images", 1))
    elif file.is_ome:
        # OME counts the samples of a page as channels
        told = ome_planes(file.ome_metadata) // max(1, int(page.samplesperpixel))
    found = math.prod(first.shape) // max(1, math.prod(page.shape))
    if found < told or any(p is None for p in first.pages):
        raise ImageError(
            f"{path} says that it holds {max(told, len(first.pages))} pages and "
            f"has {pages}: it is truncated, or its other pages are in files of their "
            "own; copy it again, or save it as one file"
        )
    if first.kind not in _PLAIN_KINDS:
        return [first]
    alike = [s for s in file.series if not s.keyframe.is_reduced] or [first]
    if len({(s.axes, tuple(s.shape), str(s.dtype)) for s in alike}) > 1:
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
    dtype = np.dtype(series[0].keyframe.parent.byteorder + series[0].dtype.char)
    if missing := max(0, offset + bytes_of(shape, dtype) - path.stat().st_size):
        raise ImageError(
            f"{path} is truncated: {missing} bytes of its pixels are missing; "
            "copy it again"
        )
    return np.memmap(path, dtype, "r", offset, shape)


class _Quiet(logging.Filter):
    """Drops tifffile's log where its complaints become our errors."""

    here = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(self.here, "quiet", False)


logging.getLogger("tifffile").addFilter(_Quiet())


@contextlib.contextmanager
def _damage_named(where: str) -> Iterator[None]:
    """Turn whatever a decoder raises into an ImageError; silence its log."""
    _Quiet.here.quiet = True
    try:
        yield
    except ImageError:
        raise
    except DAMAGE as error:
        raise damaged(where, error) from error
    finally:
        _Quiet.here.quiet = False
