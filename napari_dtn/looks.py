"""How each result looks when it first appears; people change it as they like.

Plain values: the colours are tables, so that this imports neither napari nor Qt.
"""

from __future__ import annotations

from typing import Any

# Transparent where low, so that the image stays visible; from orange to yellow,
# light enough to stand out on dark membranes and told apart by the colour-blind.
PROBABILITY = [
    (1.0, 0.35, 0.0, 0.0),
    (1.0, 0.35, 0.0, 0.05),
    (1.0, 0.45, 0.0, 0.5),
    (1.0, 0.85, 0.15, 0.8),
]
PROBABILITY_AT = [0.0, 0.15, 0.5, 1.0]
# Holes dark red, even coverage clear, crowded units blue; NaN magenta.
COVERAGE = [
    (0.75, 0.0, 0.1, 0.95),
    (0.95, 0.5, 0.35, 0.6),
    (0.95, 0.95, 0.95, 0.04),
    (0.25, 0.55, 0.9, 0.6),
    (0.05, 0.15, 0.5, 0.95),
]
COVERAGE_AT = [0.0, 0.25, 0.5, 0.75, 1.0]
NOT_A_NUMBER = (1.0, 0.0, 1.0, 1.0)

# Foreground: outlined where it is predicted, filled where a person has painted it;
# told apart from each other and from probabilities, by the colour-blind, too.
BOUNDARY = (0.1, 0.85, 1.0, 1.0)
PAINTED = (0.1, 0.2, 1.0, 1.0)

LOOKS: dict[str, dict[str, Any]] = {
    "boundary probability": {
        "ramp": (PROBABILITY, PROBABILITY_AT),
        "contrast_limits": (0.0, 1.0),
        "blending": "translucent_no_depth",
        "interpolation2d": "nearest",
        "visible": True,
    },
    "boundaries": {
        "label_colours": {1: BOUNDARY},
        "opacity": 0.9,
        "contour": 1,  # outlines leave the membrane and its probability in view
        "blending": "translucent_no_depth",
        "visible": True,
    },
    "coverage S": {
        "ramp": (COVERAGE, COVERAGE_AT),
        "contrast_limits": (0.0, 2.0),
        "blending": "translucent_no_depth",
        "interpolation2d": "nearest",
        "visible": False,
    },
    "displacement": {
        "vector_style": "arrow",
        "edge_color": "length_px",
        "edge_colormap": "viridis",
        "opacity": 1.0,
        "visible": False,
    },
    "warped grid": {
        "vector_style": "line",
        "edge_color": "#4fe3a5",
        "opacity": 0.75,
        "visible": False,
    },
    "lattice": {
        "symbol": "square",
        "face_color": "transparent",
        "border_color": "#ffffff",
        "border_width": 0.15,
        "visible": False,
    },
    "fiducials": {
        "symbol": "disc",
        "face_color": "#ffd400",
        "border_color": "#202020",
        "border_width": 0.12,
        "visible": False,
    },
}
