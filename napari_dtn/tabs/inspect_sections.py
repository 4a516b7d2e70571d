"""The sections of the Inspect tab, from the top."""

from __future__ import annotations

from napari_dtn.inspect_context import InspectContext
from napari_dtn.tabs.inspect_more import MEASURING
from napari_dtn.tabs.inspect_patch import PatchSection
from napari_dtn.tabs.inspect_results import TileResults
from napari_dtn.tabs.inspect_section import InspectSection
from napari_dtn.tabs.inspect_seen import SeenSection
from napari_dtn.tabs.inspect_warp import WarpSection
from napari_dtn.tabs.inspect_what_if import WhatIfSection


def make_sections(context: InspectContext) -> list[InspectSection]:
    """Return all sections, at rest: what is there, what if, how much."""
    results = TileResults(context)
    return [
        WarpSection(context),
        PatchSection(context),
        SeenSection(context, results),
        WhatIfSection(context, results),
        *(section(context) for section in MEASURING),
    ]
