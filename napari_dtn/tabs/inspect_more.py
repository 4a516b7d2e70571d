"""The sections that measure and compare, in the order of the tab."""

from __future__ import annotations

from napari_dtn.tabs.inspect_ablation import AblationSection
from napari_dtn.tabs.inspect_compare import CompareSection
from napari_dtn.tabs.inspect_coverage import CoverageSection
from napari_dtn.tabs.inspect_density import DensitySection
from napari_dtn.tabs.inspect_export import ExportSection
from napari_dtn.tabs.inspect_features import FeaturesSection
from napari_dtn.tabs.inspect_history import HistorySection
from napari_dtn.tabs.inspect_numbers import NumbersSection
from napari_dtn.tabs.inspect_section import InspectSection

MEASURING: tuple[type[InspectSection], ...] = (
    CoverageSection,
    DensitySection,
    FeaturesSection,
    NumbersSection,
    AblationSection,
    CompareSection,
    HistorySection,
    ExportSection,
)
