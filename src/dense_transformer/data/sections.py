"""An array whose sections are read from their files only when asked for."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from dense_transformer.data.claims import bytes_of, check_memory
from dense_transformer.types import Array

Span = tuple[int, int]  # first, last + 1
ReadBox = Callable[[int, Span, Span], Array]


class SectionArray:
    """Sections of one size, indexed like an array and read piece by piece.

    Integers, slices and ``...`` are understood, as napari and dask use them.

    Parameters
    ----------
    shape : tuple of int
        In the order of `axes`.
    dtype : numpy.dtype
        Of the pixels.
    axes : str
        ``"yx"``, ``"zyx"``, ``"yxc"`` or ``"zyxc"``.
    read_box : callable
        ``read_box(section, (top, bottom), (left, right))`` returns the pixels
        (bottom - top, right - left, channels).
    name : str
        For messages.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[np.generic],
        axes: str,
        read_box: ReadBox,
        name: str,
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.ndim = len(shape)
        self._axes = axes
        self._read_box = read_box
        self._name = name

    def __getitem__(self, key: Any) -> Array:
        """Return what NumPy would for the same key; reads no other section."""
        picks, dropped = _resolve(key, self.shape)
        by_axis = dict(zip(self._axes, picks, strict=True))
        ys, xs = by_axis["y"], by_axis["x"]
        sections, channels = by_axis.get("z", range(1)), by_axis.get("c", range(1))
        depth = self.shape[-1] if "c" in by_axis else 1
        shape = (len(sections), len(_hull(ys)), len(_hull(xs)), depth)
        check_memory(bytes_of(shape, self.dtype), self._name)
        out = np.empty(shape, self.dtype)  # (z, y, x, c)
        if out.size:
            rows, columns = ((s.start, s.stop) for s in (_hull(ys), _hull(xs)))
            for place, section in enumerate(sections):
                out[place] = self._read_box(section, rows, columns)
        out = _pick(out, ys, 1, _hull(ys).start)
        out = _pick(out, xs, 2, _hull(xs).start)
        out = _pick(out, channels, 3, 0)
        whole = "zyxc"
        absent = [i for i, axis in enumerate(whole) if axis not in self._axes]
        named = [whole.index(self._axes[i]) for i in dropped]
        return np.asarray(out.squeeze(tuple(absent + named)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self[()], dtype=dtype)

    def __len__(self) -> int:
        return self.shape[0]


def _resolve(key: Any, shape: tuple[int, ...]) -> tuple[list[range], list[int]]:
    """Return what `key` picks along every axis, and the axes that it drops."""
    parts = list(key) if isinstance(key, tuple) else [key]
    if Ellipsis in parts:
        at = parts.index(Ellipsis)
        parts[at : at + 1] = [slice(None)] * (len(shape) - len(parts) + 1)
    parts += [slice(None)] * (len(shape) - len(parts))
    if len(parts) > len(shape):
        raise IndexError(f"{len(parts)} indices for {len(shape)} axes")
    picks, dropped = [], []
    for axis, (part, length) in enumerate(zip(parts, shape, strict=True)):
        if isinstance(part, slice):
            picks.append(range(length)[part])
            continue
        index = range(length)[operator.index(part)]  # IndexError beyond the axis
        picks.append(range(index, index + 1))
        dropped.append(axis)
    return picks, dropped


def _hull(picked: range) -> range:
    """Return the least unit-step range that holds `picked`."""
    if not picked:
        return range(0)
    return range(min(picked[0], picked[-1]), max(picked[0], picked[-1]) + 1)


def _pick(out: Array, picked: range, axis: int, first: int) -> Array:
    if picked == range(first, first + out.shape[axis]):
        return out
    return out.take(np.asarray(picked, dtype=np.intp) - first, axis)
