"""What the warps of a network mean, and what happens if they are changed."""

from dense_transformer.inspection.chains import (
    Chain,
    MapFrame,
    find_chain,
    tile_chains,
)
from dense_transformer.inspection.grids import (
    Arrows,
    displacement,
    fiducial_arrows,
    grid_lines,
)
from dense_transformer.inspection.patches import (
    LearnedPatch,
    learned_patch,
    margin_px,
    reach_units,
)

__all__ = [
    "Arrows",
    "Chain",
    "LearnedPatch",
    "MapFrame",
    "displacement",
    "fiducial_arrows",
    "find_chain",
    "grid_lines",
    "learned_patch",
    "margin_px",
    "reach_units",
    "tile_chains",
]
