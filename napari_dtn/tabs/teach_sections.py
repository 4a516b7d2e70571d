"""The sections of the Teach tab, from the top."""

from __future__ import annotations

from napari_dtn.tabs.teach_annotate import AnnotateSection
from napari_dtn.tabs.teach_more import LEARNING
from napari_dtn.tabs.teach_patches import PatchesSection
from napari_dtn.tabs.teach_section import TeachSection
from napari_dtn.tabs.teach_where import WhereSection
from napari_dtn.teach_context import TeachContext


def make_sections(context: TeachContext) -> list[TeachSection]:
    """Return all sections, at rest."""
    return [
        AnnotateSection(context),
        PatchesSection(context),
        WhereSection(context),
        *(section(context) for section in LEARNING),
    ]
