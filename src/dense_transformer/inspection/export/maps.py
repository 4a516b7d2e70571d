"""Maps and fields as TIFF files that ImageJ, Fiji, napari and tifffile read alike."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import tifffile

from dense_transformer.files import atomic_write
from dense_transformer.inspection.export.fields import Field
from dense_transformer.types import Array

_NM_PER_UM = 1000.0


def write_field(
    path: str | os.PathLike[str],
    field: Field,
    pixel_nm: tuple[float, float] | None = None,
) -> Path:
    """Write a displacement field as a TIFF of two channels, y then x, in source px.

    The pixel size in the file is that of a node of the field; ImageJ shows it.

    Raises
    ------
    WriteError
        If the disk is full or the folder can't be written to.
    """
    planes = np.moveaxis(field.displacement_px, -1, 0)
    labels = ("displacement y (px)", "displacement x (px)")
    return write_planes(path, planes, labels, field.pitch_px, pixel_nm)


def write_planes(
    path: str | os.PathLike[str],
    planes: Array,
    labels: tuple[str, ...],
    pitch_px: tuple[float, float] = (1.0, 1.0),
    pixel_nm: tuple[float, float] | None = None,
) -> Path:
    """Write maps as the channels of an ImageJ hyperstack; return the path.

    Parameters
    ----------
    path : path-like
        File to be written.
    planes : ndarray, shape (c, h, w)
        Maps; bool and uint8 stay bytes, all else becomes float32.
    labels : tuple of str
        Name of each map, with its unit.
    pitch_px : tuple of float
        (y, x) size of a pixel of the maps, in source px.
    pixel_nm : tuple of float or None
        (y, x) size of a source px; None: unknown, the maps are measured in px.

    Raises
    ------
    WriteError
        If the disk is full or the folder can't be written to.
    """
    small = planes.dtype in (np.dtype(bool), np.dtype(np.uint8))
    planes = planes.astype(np.uint8 if small else np.float32)
    metadata: dict[str, Any] = {
        "axes": "CYX",
        "Labels": list(labels),
        "mode": "grayscale",
    }
    known = pixel_nm is not None
    size = np.array(pitch_px) * (np.array(pixel_nm) / _NM_PER_UM if known else 1.0)
    metadata["unit"] = "um" if known else "pixel"

    def write(file: BinaryIO) -> None:
        tifffile.imwrite(
            file,
            np.ascontiguousarray(planes),
            imagej=True,
            photometric="minisblack",
            resolution=(1.0 / size[1], 1.0 / size[0]),
            metadata=metadata,
        )

    return atomic_write(path, write)
