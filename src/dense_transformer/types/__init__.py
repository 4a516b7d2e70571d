"""The values that travel between rooms, and between core and GUI.

Frozen, slotted, NumPy and plain values only: no tensor, no layer. Arrays are
taken over and made read-only where they are results. Geometry is (y, x); the
unit frame is [-1, 1] on pixel centres of the tile it belongs to.
"""

from dense_transformer.types.images import (
    Array,
    ArrayLike,
    Box,
    Decoder,
    Family,
    Image,
    Kernel,
    Parametrisation,
)
from dense_transformer.types.results import (
    Part,
    Prediction,
    Progress,
)
from dense_transformer.types.scores import (
    Scores,
    WarpHealth,
)
from dense_transformer.types.warps import (
    LevelMaps,
    Warp,
    WarpEdit,
)

__all__ = [
    "Array",
    "ArrayLike",
    "Box",
    "Decoder",
    "Family",
    "Image",
    "Kernel",
    "LevelMaps",
    "Parametrisation",
    "Part",
    "Prediction",
    "Progress",
    "Scores",
    "Warp",
    "WarpEdit",
    "WarpHealth",
]
