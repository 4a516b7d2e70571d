"""Images, and the words for arrays and choices that all others use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy.typing as npt

Array = npt.NDArray[Any]
Box = tuple[int, int, int, int]  # top, left, bottom, right; px, half open
Decoder = Literal["splat", "exact"]
Family = Literal["translation", "attention", "affine", "projective", "tps"]
Kernel = Literal["bilinear", "nearest"]
Parametrisation = Literal["offset", "absolute"]


@runtime_checkable
class ArrayLike(Protocol):
    """What lazy images offer: memory maps, HDF5 and Zarr arrays, dask, NumPy."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> Any: ...
    def __getitem__(self, key: Any) -> Any: ...


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """One image or stack as its file holds it; read lazily, never changed.

    Attributes
    ----------
    data : ArrayLike
        Pixels in the order of `axes`, any real dtype.
    axes : str
        One of ``"yx"``, ``"zyx"``, ``"yxc"``, ``"zyxc"``.
    name : str
        For messages, files and layers.
    pixel_nm : tuple of float or None
        Size of a pixel (y, x) in nanometres; None where the file doesn't say.
    """

    data: ArrayLike
    axes: str
    name: str
    pixel_nm: tuple[float, float] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        y = self.axes.index("y")
        return int(self.data.shape[y]), int(self.data.shape[y + 1])

    @property
    def sections(self) -> int:
        """Number of sections; 1 for a single image."""
        return int(self.data.shape[0]) if self.axes.startswith("z") else 1

    @property
    def channels(self) -> int:
        """Number of channels; 1 for a gray image."""
        return int(self.data.shape[-1]) if self.axes.endswith("c") else 1
