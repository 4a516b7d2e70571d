"""Boxes around what is held out are dashed, so that nobody takes them for patches."""

from __future__ import annotations

import numpy as np
import pytest

from napari_dtn.teach_run_places import dashes


@pytest.mark.parametrize("length", [3.0, 20.0, 171.5])
def test_a_line_is_cut_into_dashes_from_end_to_end(length: float):
    line = np.array([[[2.0, 5.0], [2.0, 5.0 + length]]])
    cut = dashes(line, 10.0)
    along = cut[..., 1] - 5.0
    assert np.all(cut[..., 0] == 2.0)
    assert along[0, 0] == 0.0
    assert along[-1, 1] == pytest.approx(length)
    drawn, gaps = along[:, 1] - along[:, 0], along[1:, 0] - along[:-1, 1]
    np.testing.assert_allclose(drawn, drawn[0])
    np.testing.assert_allclose(gaps, drawn[0])
    assert len(cut) >= 2
    assert drawn[0] < 10.0


def test_lines_are_cut_each_by_itself():
    lines = np.array([[[0.0, 0.0], [0.0, 40.0]], [[7.0, 0.0], [87.0, 0.0]]])
    cut = dashes(lines, 10.0)
    one, two = dashes(lines[:1], 10.0), dashes(lines[1:], 10.0)
    np.testing.assert_array_equal(cut, np.concatenate([one, two]))
