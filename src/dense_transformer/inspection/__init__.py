"""What the warps of a network mean, and what happens if they are changed."""

from dense_transformer.inspection.ablation import Ablation, ablate, ablation_edits
from dense_transformer.inspection.alarms import Alarm
from dense_transformer.inspection.asking import inspect_image
from dense_transformer.inspection.chains import Chain, tile_chains
from dense_transformer.inspection.changes import (
    Change,
    Judgement,
    judge,
    measure_change,
)
from dense_transformer.inspection.comparison import (
    Comparison,
    compare,
    find_twin,
    run_models,
)
from dense_transformer.inspection.components import Components, fit_components
from dense_transformer.inspection.coverage import (
    CoverageReport,
    RoundTrip,
    coverage_report,
    level_image,
    round_trip,
)
from dense_transformer.inspection.curves import Curve, LevelHistory
from dense_transformer.inspection.features import (
    STAGES,
    FeatureMaps,
    StageMap,
    features,
)
from dense_transformer.inspection.findings import Findings, Questions
from dense_transformer.inspection.folds import WarpDensity, density
from dense_transformer.inspection.frames import MapFrame
from dense_transformer.inspection.grids import (
    Arrows,
    displacement,
    fiducial_arrows,
    grid_lines,
)
from dense_transformer.inspection.history import RunHistory, read_history
from dense_transformer.inspection.inspector import Inspector
from dense_transformer.inspection.looks import TileLook
from dense_transformer.inspection.numbers import (
    LevelNumbers,
    measure_levels,
    offset_bound,
)
from dense_transformer.inspection.overlaps import find_chain
from dense_transformer.inspection.patches import (
    LearnedPatch,
    learned_patch,
    margin_px,
    reach_units,
)
from dense_transformer.inspection.previews import Preview, PreviewFile, read_preview
from dense_transformer.inspection.projection import project
from dense_transformer.inspection.rewarp import rewarp
from dense_transformer.inspection.spread import (
    SpreadNumbers,
    compare_images,
    describe_spread,
)
from dense_transformer.inspection.strength import AtStrength, at_strength
from dense_transformer.inspection.warped_image import reading_px, warped_image
from dense_transformer.inspection.what_if import EditHistory, move_fiducial

__all__ = [
    "STAGES",
    "Ablation",
    "Alarm",
    "Arrows",
    "AtStrength",
    "Chain",
    "Change",
    "Comparison",
    "Components",
    "CoverageReport",
    "Curve",
    "EditHistory",
    "FeatureMaps",
    "Findings",
    "Inspector",
    "Judgement",
    "LearnedPatch",
    "LevelHistory",
    "LevelNumbers",
    "MapFrame",
    "Preview",
    "PreviewFile",
    "Questions",
    "RoundTrip",
    "RunHistory",
    "SpreadNumbers",
    "StageMap",
    "TileLook",
    "WarpDensity",
    "ablate",
    "ablation_edits",
    "at_strength",
    "compare",
    "compare_images",
    "coverage_report",
    "density",
    "describe_spread",
    "displacement",
    "features",
    "fiducial_arrows",
    "find_chain",
    "find_twin",
    "fit_components",
    "grid_lines",
    "inspect_image",
    "judge",
    "learned_patch",
    "level_image",
    "margin_px",
    "measure_change",
    "measure_levels",
    "move_fiducial",
    "offset_bound",
    "project",
    "reach_units",
    "read_history",
    "read_preview",
    "reading_px",
    "rewarp",
    "round_trip",
    "run_models",
    "tile_chains",
    "warped_image",
]
