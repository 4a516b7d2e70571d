"""Displacement fields as files of ITK: MetaImage, for SimpleITK, elastix, 3D Slicer.

ITK writes (x, y) and counts in physical units from the centre of the first pixel; a
field says for each point of the output where the input is read, as a warp does.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from dense_transformer.files import atomic_write
from dense_transformer.inspection.export.fields import Field


def write_transform(
    path: str | os.PathLike[str],
    field: Field,
    pixel_nm: tuple[float, float] | None = None,
) -> Path:
    """Write a field as a MetaImage (.mha) of (x, y) vectors; return its path.

    Parameters
    ----------
    path : path-like
        File to be written; ITK tells the format by the ending ``.mha``.
    field : Field
        What to write.
    pixel_nm : tuple of float or None
        (y, x) size of a source pixel; positions and vectors are in nm then, otherwise
        in px.

    Raises
    ------
    WriteError
        If the disk is full or the folder can't be written to.

    Notes
    -----
    SimpleITK reads it by `DisplacementFieldTransform(ReadImage(path,
    sitkVectorFloat64))`. Its `TransformPoint` gives, at a node, exactly our position
    (float64 throughout) and interpolates between nodes along x and y, as our warped
    mesh does; beyond the outermost nodes it moves nothing.
    """
    unit_nm = np.array(pixel_nm if pixel_nm is not None else (1.0, 1.0))
    vectors = (field.displacement_px.astype(np.float64) * unit_nm)[..., ::-1]
    spacing = (np.array(field.pitch_px) * unit_nm)[::-1]
    origin = (np.array(field.origin_px) * unit_nm)[::-1]
    h, w = vectors.shape[:2]
    head = (
        "ObjectType = Image\nNDims = 2\nBinaryData = True\n"
        "BinaryDataByteOrderMSB = False\nCompressedData = False\n"
        "TransformMatrix = 1 0 0 1\n"
        f"Offset = {origin[0]!s} {origin[1]!s}\nCenterOfRotation = 0 0\n"
        f"ElementSpacing = {spacing[0]!s} {spacing[1]!s}\nDimSize = {w} {h}\n"
        f"Comment = unit {'px' if pixel_nm is None else 'nm'}\n"
        "ElementNumberOfChannels = 2\nElementType = MET_DOUBLE\n"
        "ElementDataFile = LOCAL\n"
    )
    return atomic_write(path, head.encode() + vectors.astype("<f8").tobytes())
