"""Inspect: how densely the image is read, how far units move, where it folds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspect_figures import describe_density
from napari_dtn.inspect_maps import FOLD, map_spec, polygon_spec
from napari_dtn.sources import Source
from napari_dtn.tabs.inspect_follower import Work
from napari_dtn.tabs.inspect_map import Drawn, MapSection

if TYPE_CHECKING:
    from dense_transformer.inspection import Chain, WarpDensity


class DensitySection(MapSection):
    """Magnification, displacement and reading of the tile, and its folds."""

    name = "density"
    title = "Where it looks closely, and where it folds"
    hint = "Log Jacobian, folds, magnitude of displacement, how often pixels are read."
    kinds = ("density", "magnitude", "reads")
    marks = (
        "Mark the folds",
        "Magenta cells: the warp turns over there, left becomes right.",
    )
    mark_role = "folds"

    def __init__(self, context: InspectContext) -> None:
        super().__init__(context)
        self.column.addWidget(self.words)
        self.column.addWidget(self.remover())

    def make(self, report: Any, chain: Any, level: int) -> Work:
        """Return what computes density, folds and displacement."""
        source, kind, marked = self.context.source, self.kind, self.box.isChecked()
        assert source is not None

        def work() -> Drawn:
            from dense_transformer.inspection import density

            found = report or density(chain, level)
            return draw(found, chain, level, kind, marked, source)

        return work


def draw(
    found: WarpDensity,
    chain: Chain,
    level: int,
    kind: str,
    marked: bool,
    source: Source,
) -> Drawn:
    """Return the chosen map and the folded cells in the image."""
    from dense_transformer.inspection import project

    specs = []
    if kind == "reads":
        specs.append(map_spec(kind, found.reads, found.reads_frame, level, source))
    elif kind:
        values, space = {
            "density": (found.log_jacobian, "cells"),
            "magnitude": (found.magnitude_px, "units"),
        }[kind]
        shown, frame = project(chain, np.asarray(values), level, space)
        specs.append(map_spec(kind, shown, frame, level, source))
    if marked:
        cells = list(found.folded_px)
        width = max(1.0, min(found.units_frame.pitch_px) / 3)
        specs.append(
            polygon_spec("folds", f"folds, level {level}", cells, FOLD, width, source)
        )
    return Drawn(found, tuple(specs), describe_density(found))
