"""A colour means the same in the window and in the files that are exported."""

from __future__ import annotations

import numpy as np
import pytest

from dense_transformer.inspection.export.colours import ColourMap
from napari_dtn.inspect_maps import MAPS


@pytest.mark.parametrize("kind", ["coverage", "density"])
def test_maps_have_the_same_colours_in_window_and_files(kind):
    shown = np.array(MAPS[kind].colours)[:, :3]
    written = ColourMap(kind, 0.0, 1.0).paint(np.linspace(0, 1, len(shown))) / 255
    np.testing.assert_allclose(written, shown, atol=0.5 / 255 + 1e-9)


def test_red_is_little_coverage_and_orange_little_detail():
    little, even, much = ColourMap("coverage", 0.0, 2.0).paint(np.arange(3)).tolist()
    assert little[0] > 2 * little[2]
    assert much[2] > 2 * much[0]
    assert max(even) == min(even)
    magnified, shrunk = ColourMap("density", -1.0, 1.0).paint([-1.0, 1.0]).tolist()
    assert shrunk[0] > shrunk[1] > shrunk[2]
    assert magnified[2] > 2 * magnified[0]
