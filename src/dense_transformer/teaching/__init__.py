"""Teaching: annotations, projects, runs that learn from them, and what they find."""

from dense_transformer.teaching.annotations import (
    AnnotationCounts,
    Annotations,
    Patch,
    count,
)
from dense_transformer.teaching.beginning import begin_run, read_teaching
from dense_transformer.teaching.compare import (
    HeldOutScores,
    ImageComparison,
    compare_held_out,
    compare_image,
)
from dense_transformer.teaching.control import discard, pause, stop, unpause
from dense_transformer.teaching.exchange import (
    export_data_set,
    import_data_set,
    import_labels,
)
from dense_transformer.teaching.journal import Journal
from dense_transformer.teaching.journal_lines import Change, Piece
from dense_transformer.teaching.models import keep, lineage, revert, suggest_name
from dense_transformer.teaching.places import Place, find_places
from dense_transformer.teaching.project import Project
from dense_transformer.teaching.project_file import ImageEntry, ModelRecord
from dense_transformer.teaching.project_folder import default_project_folder
from dense_transformer.teaching.ranking import RankedPatch, rank_patches
from dense_transformer.teaching.result import TeachResult
from dense_transformer.teaching.snapshot import (
    Example,
    Lesson,
    read_lesson,
    take_lesson,
)
from dense_transformer.teaching.sparse_labels import SparseLabels
from dense_transformer.teaching.status import (
    RunState,
    RunStatus,
    note_kept,
    read_status,
)
from dense_transformer.teaching.tuning import teach
from dense_transformer.teaching.wanted import Wanted, ask_view

__all__ = [
    "AnnotationCounts",
    "Annotations",
    "Change",
    "Example",
    "HeldOutScores",
    "ImageComparison",
    "ImageEntry",
    "Journal",
    "Lesson",
    "ModelRecord",
    "Patch",
    "Piece",
    "Place",
    "Project",
    "RankedPatch",
    "RunState",
    "RunStatus",
    "SparseLabels",
    "TeachResult",
    "Wanted",
    "ask_view",
    "begin_run",
    "compare_held_out",
    "compare_image",
    "count",
    "default_project_folder",
    "discard",
    "export_data_set",
    "find_places",
    "import_data_set",
    "import_labels",
    "keep",
    "lineage",
    "note_kept",
    "pause",
    "rank_patches",
    "read_lesson",
    "read_status",
    "read_teaching",
    "revert",
    "stop",
    "suggest_name",
    "take_lesson",
    "teach",
    "unpause",
]
