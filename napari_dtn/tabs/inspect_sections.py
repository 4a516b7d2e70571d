"""The sections of the Inspect tab, from the top."""

from __future__ import annotations

from napari_dtn.tabs.inspect_more import MEASURING
from napari_dtn.tabs.inspect_patch import PatchSection
from napari_dtn.tabs.inspect_section import InspectSection
from napari_dtn.tabs.inspect_warp import WarpSection

SECTIONS: tuple[type[InspectSection], ...] = (
    WarpSection,
    PatchSection,
    *MEASURING,
)
