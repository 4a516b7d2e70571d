"""Teaching: annotations, projects, runs that learn from them, and what they find."""

from dense_transformer.teaching.annotations import (
    AnnotationCounts,
    Annotations,
    Patch,
    count,
)
from dense_transformer.teaching.journal import Journal
from dense_transformer.teaching.journal_lines import Change, Piece
from dense_transformer.teaching.places import Place, find_places
from dense_transformer.teaching.project import Project, default_project_folder
from dense_transformer.teaching.project_file import ImageEntry, ModelRecord
from dense_transformer.teaching.snapshot import (
    Example,
    Lesson,
    read_lesson,
    take_lesson,
)
from dense_transformer.teaching.sparse_labels import SparseLabels

__all__ = [
    "AnnotationCounts",
    "Annotations",
    "Change",
    "Example",
    "ImageEntry",
    "Journal",
    "Lesson",
    "ModelRecord",
    "Patch",
    "Piece",
    "Place",
    "Project",
    "SparseLabels",
    "count",
    "default_project_folder",
    "find_places",
    "read_lesson",
    "take_lesson",
]
