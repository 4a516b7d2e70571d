"""The sections that follow annotating: what is made of the annotations."""

from __future__ import annotations

from napari_dtn.tabs.teach_section import TeachSection

LEARNING: tuple[type[TeachSection], ...] = ()
