"""File > Save: points with their features, so that pairs can be told apart."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np

from dense_transformer.files import atomic_write


def write_points(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Write points as CSV: index, one column per axis (px), one per feature.

    napari reads the file back as points; its own writer leaves the features out,
    without which nobody knows which fiducial belongs to which lattice point.

    Raises
    ------
    WriteError
        If the disk is full or read-only; an older file stays whole.
    """
    points = np.asarray(data, float)
    features = meta.get("features")
    columns = [] if features is None else list(features.columns)
    axes = [f"axis-{n}" for n in range(points.shape[1])]
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["index", *axes, *columns])
    for n, point in enumerate(points):
        own = [features[c].iloc[n] for c in columns]
        rows.writerow([n, *(repr(float(p)) for p in point), *own])
    atomic_write(path, text.getvalue().encode())
    return [path]
