"""What the warps of a network mean, and what happens if they are changed."""

from dense_transformer.inspection.chains import Chain, find_chain, tile_chains
from dense_transformer.inspection.coverage import (
    CoverageReport,
    RoundTrip,
    coverage_report,
    level_image,
    round_trip,
)
from dense_transformer.inspection.folds import WarpDensity, density
from dense_transformer.inspection.frames import MapFrame
from dense_transformer.inspection.grids import (
    Arrows,
    displacement,
    fiducial_arrows,
    grid_lines,
)
from dense_transformer.inspection.inspector import Inspector, TileLook
from dense_transformer.inspection.numbers import (
    LevelNumbers,
    measure_levels,
    offset_bound,
)
from dense_transformer.inspection.patches import (
    LearnedPatch,
    learned_patch,
    margin_px,
    reach_units,
)
from dense_transformer.inspection.projection import project
from dense_transformer.inspection.spread import (
    SpreadNumbers,
    compare_images,
    describe_spread,
)

__all__ = [
    "Arrows",
    "Chain",
    "CoverageReport",
    "Inspector",
    "LearnedPatch",
    "LevelNumbers",
    "MapFrame",
    "RoundTrip",
    "SpreadNumbers",
    "TileLook",
    "WarpDensity",
    "compare_images",
    "coverage_report",
    "density",
    "describe_spread",
    "displacement",
    "fiducial_arrows",
    "find_chain",
    "grid_lines",
    "learned_patch",
    "level_image",
    "margin_px",
    "measure_levels",
    "offset_bound",
    "project",
    "reach_units",
    "round_trip",
    "tile_chains",
]
