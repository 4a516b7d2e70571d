"""The sections that follow annotating: what is made of the annotations."""

from __future__ import annotations

from napari_dtn.tabs.teach_compare import CompareSection
from napari_dtn.tabs.teach_models import ModelsSection
from napari_dtn.tabs.teach_run import RunSection
from napari_dtn.tabs.teach_section import TeachSection

LEARNING: tuple[type[TeachSection], ...] = (RunSection, CompareSection, ModelsSection)
