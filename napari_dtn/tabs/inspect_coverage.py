"""Inspect: what the decoder writes back, what it has to fill in, what is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dtn.inspect_context import InspectContext
from napari_dtn.inspect_figures import describe_coverage
from napari_dtn.inspect_maps import HOLE, map_spec, polygon_spec
from napari_dtn.sources import Source
from napari_dtn.tabs.histogram import Histogram
from napari_dtn.tabs.inspect_follower import Work
from napari_dtn.tabs.inspect_map import Drawn, MapSection

if TYPE_CHECKING:
    from dense_transformer.inspection import Chain, CoverageReport, RoundTrip

SHOWN = 2.5  # largest coverage of the histogram; the rest stands in its last bar


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """What the core says about one level of a tile."""

    report: CoverageReport
    trip: RoundTrip


class CoverageSection(MapSection):
    """The coverage S of the tile, its holes, and what gather then splat loses."""

    name = "coverage"
    title = "What the decoder restores"
    hint = "Coverage S, holes and how they were filled, round-trip error."
    kinds = ("coverage", "filled", "round trip")
    marks = (
        "Outline the holes",
        "Red lines around units that receive almost nothing (S < 0.1).",
    )
    mark_role = "holes"

    def __init__(self, context: InspectContext) -> None:
        super().__init__(context)
        self.histogram = Histogram("Histogram of the coverage S", "coverage S", 1.0)
        self.histogram.setToolTip(
            "How many units receive how much; the dashed line is 1, where nothing is "
            "bent. Heights are square roots, so that few holes show."
        )
        self.column.addWidget(self.histogram)
        self.column.addWidget(self.words)
        self.column.addWidget(self.remover())

    def make(self, report: Any, chain: Any, level: int) -> Work:
        """Return what computes coverage, holes and round trip."""
        source, session, tile = (
            self.context.source, self.context.session, self.context.tile,
        )  # fmt: skip
        kind, marked = self.kind, self.box.isChecked()

        def work() -> Drawn:
            found = report or measure(chain, level, session, tile)
            return draw(found, chain, level, kind, marked, source)

        return work

    def show_result(self, result: Drawn) -> None:
        """Show the histogram too."""
        super().show_result(result)
        counts, edges = result.report.report.counts, result.report.report.edges
        last = int(np.searchsorted(edges, SHOWN))
        shown = counts[:last].copy()
        shown[-1] += counts[last:].sum()
        self.histogram.show_counts(shown, edges[: last + 1])

    def clear(self) -> None:
        """Show no histogram either."""
        super().clear()
        self.histogram.show_counts([], [0.0])


def measure(chain: Chain, level: int, session: Any, tile: int) -> Covered:
    """Return coverage and round trip of a tile's image at a level."""
    from dense_transformer.inspection import (
        coverage_report,
        level_image,
        round_trip,
    )

    pixels = session.pixels(tile)
    maps = pixels if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)
    image = level_image(chain, maps, level)
    return Covered(coverage_report(chain, level), round_trip(chain, image, level))


def draw(
    found: Covered, chain: Chain, level: int, kind: str, marked: bool, source: Source
) -> Drawn:
    """Return the chosen map and the outlines of holes in the image."""
    from dense_transformer.inspection import project

    report, trip = found.report, found.trip
    specs = []
    if kind:
        scale = trip.rms / trip.relative if trip.relative > 0 else 1.0
        values = {
            "coverage": report.coverage,
            "filled": report.filled,
            "round trip": trip.error / scale,
        }[kind]
        shown, frame = project(chain, np.asarray(values), level, "input")
        specs.append(map_spec(kind, shown, frame, level, source))
    if marked:
        width = max(0.6, min(report.frame.pitch_px) / 6)
        specs.append(
            polygon_spec(
                "holes", f"holes, level {level}", list(report.outlines_px), HOLE,
                width, source,
            )
        )  # fmt: skip
    return Drawn(found, tuple(specs), describe_coverage(report, trip))
