"""Interpolating piece by piece is interpolating the whole, as torch does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from dense_transformer.inference.interpolation import apply, reach, weights


@pytest.mark.parametrize("n_out", [1, 2, 5, 16, 23, 24, 47, 230])
def test_an_axis_becomes_what_torch_makes_of_it(n_out):
    signal = np.random.default_rng(0).normal(size=23).astype(np.float32)
    width = 23 / n_out
    centres = (np.arange(n_out) + 0.5) * width - 0.5
    found = weights(centres, width, 0, 23) @ signal
    torched = interpolate(
        torch.from_numpy(signal)[None, None, None],
        (1, n_out),
        mode="bilinear",
        align_corners=False,
        antialias=True,
    )
    np.testing.assert_allclose(
        found, torched[0, 0, 0].numpy(), atol=2e-5
    )  # torch: float32 positions


@pytest.mark.parametrize("width", [0.3, 0.9, 1.7, 5.2])
def test_pieces_are_read_to_the_same_values_as_the_whole(width):
    signal = np.random.default_rng(1).normal(size=400).astype(np.float32)
    centres = (np.arange(int(400 / width)) + 0.5) * width - 0.5
    whole = weights(centres, width, 0, 400) @ signal
    for start in range(0, len(centres) - 9, 7):
        some = centres[start : start + 9]
        low, high = reach(some, width, 400)
        piece = weights(some, width, low, high) @ signal[low:high]
        np.testing.assert_allclose(piece, whole[start : start + 9], atol=1e-6)


def test_an_axis_without_matrix_stays_as_it_is():
    maps = np.random.default_rng(2).normal(size=(2, 5, 7)).astype(np.float32)
    np.testing.assert_array_equal(apply(None, None, maps), maps)
    halve = weights(np.array([0.5, 2.5, 4.5]), 2.0, 0, 7)
    along_x = apply(None, halve, maps)
    along_y = apply(halve[:, :5], None, maps)
    np.testing.assert_allclose(along_x[1, 3], halve @ maps[1, 3], atol=1e-6)
    np.testing.assert_allclose(
        along_y[1, :, 3], halve[:, :5] @ maps[1, :, 3], atol=1e-6
    )
