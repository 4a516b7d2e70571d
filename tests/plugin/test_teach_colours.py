"""What is painted looks other than what is predicted, also to the colour-blind."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image
from skimage.color import xyz2lab
from skimage.color.colorconv import xyz_from_rgb

from napari_dtn.annotation_layer import annotation_spec
from napari_dtn.looks import LOOKS, PROBABILITY
from napari_dtn.sources import read_source

# What people see of linear RGB (Machado et al. 2009, doi:10.1109/TVCG.2009.113).
EYES = {
    "all cones": np.eye(3),
    "no red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no blue": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
PLAINLY = 20.0  # CIELAB; 2.3 is just noticeable


def seen(colour, opacity, gray, eyes) -> np.ndarray:
    """Return the CIELAB colour of sRGB paint on a gray image, as somebody sees it."""
    mixed = opacity * np.array(colour[:3]) + (1 - opacity) * gray
    linear = np.where(mixed <= 0.04045, mixed / 12.92, ((mixed + 0.055) / 1.055) ** 2.4)
    return xyz2lab(xyz_from_rgb @ np.clip(np.array(EYES[eyes]) @ linear, 0, 1))


@pytest.mark.parametrize("gray", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("eyes", EYES)
def test_painted_boundary_is_told_from_what_is_predicted(eyes, gray):
    labels = np.zeros((1, 4, 4), np.uint8)
    source = read_source(Image(labels[0]), (0.0, 0.0))
    painted = annotation_spec(labels, source, ("inside", "boundary")).look
    outlined = LOOKS["boundaries"]
    boundary, *others = (
        seen(colour, opacity, gray, eyes)
        for colour, opacity in (
            (painted["label_colours"][2], painted["opacity"]),
            (painted["label_colours"][1], painted["opacity"]),
            (outlined["label_colours"][1], outlined["opacity"]),
            (PROBABILITY[-1], PROBABILITY[-1][3]),
        )
    )
    assert min(np.linalg.norm(boundary - other) for other in others) > PLAINLY
