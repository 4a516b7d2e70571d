"""Mosaics and warps lie where the transformer worked, in the image's own pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_networks import Echo, image_of, model_of

from dense_transformer.config import NetworkConfig, PredictConfig, TransformerConfig
from dense_transformer.inference import mosaics, predict, warps
from dense_transformer.nn import TensorWarp, Trace, build_network
from dense_transformer.work import finish

LEVEL, PITCH = 3, 4
CPU = PredictConfig(device="cpu")


class Mover(Echo):
    """Echo with a transformer that moves everything by the same (y, x), level px."""

    shift = (1.5, -0.5)

    def trace(self, x):
        b, _, h, w = x.shape
        size = h // PITCH, w // PITCH
        y, x_ = torch.meshgrid(*(torch.arange(float(n)) for n in size), indexing="ij")
        points = torch.stack([y, x_], -1) + torch.tensor(self.shift)
        half = (torch.tensor(size, dtype=torch.float32) - 1) / 2
        corners = torch.tensor([[-1.0, -1], [-1, 1], [1, -1], [1, 1]])
        warp = TensorWarp(
            LEVEL, "translation", (2, 2), corners,
            (corners + torch.tensor(self.shift) / half).expand(b, -1, -1),
            points.expand(b, -1, -1, -1), size, torch.zeros(b, 2), torch.ones(2),
        )  # fmt: skip
        return Trace(super().trace(x).logits, (warp,))


def predicted(size=(100, 130), pixel_nm=None, model_nm=None, config=CPU):
    image = image_of(
        np.random.default_rng(0).random(size).astype(np.float32), "yx", pixel_nm
    )
    return finish(predict(model_of(Mover(), (32, 48), model_nm), image, config))


def test_a_constant_shift_is_the_same_everywhere_in_source_pixels():
    (level,) = predicted().levels
    assert level.level == LEVEL
    assert level.pitch_px == (4.0, 4.0)
    assert level.displacement_px.shape == (25, 33, 2)
    np.testing.assert_allclose(level.displacement_px[..., 0], 1.5 * PITCH, atol=1e-4)
    np.testing.assert_allclose(level.displacement_px[..., 1], -0.5 * PITCH, atol=1e-4)


def test_at_another_pixel_size_it_is_still_in_source_pixels():
    (level,) = predicted(pixel_nm=(4.0, 4.0), model_nm=(8.0, 4.0)).levels
    assert level.pitch_px == (8.0, 4.0)
    np.testing.assert_allclose(
        level.displacement_px[..., 0], 1.5 * PITCH * 2, atol=1e-4
    )
    np.testing.assert_allclose(level.displacement_px[..., 1], -0.5 * PITCH, atol=1e-4)


def test_coverage_is_that_of_a_shifted_map():
    """Shifted down by 1.5: each tile's first unit gets nothing, the second half."""
    (level,) = predicted(size=(32, 48)).levels
    assert np.allclose(level.coverage[0], 0)
    np.testing.assert_allclose(level.coverage[1, 1:-1], 0.5, atol=1e-6)
    np.testing.assert_allclose(level.coverage[2:, 1:-1], 1.0, atol=1e-6)


def test_each_warp_moves_its_tiles_fiducials_by_the_shift():
    result = predicted()
    assert len(result.warps) == 4 * 4
    boxes = [w.tile_px for w in result.warps]
    assert boxes[0] == (0, 0, 32, 48)
    assert boxes[-1] == (68, 82, 100, 130)
    assert boxes == sorted(boxes)
    for warp in result.warps:
        top, left, bottom, right = warp.tile_px
        rest = warp.to_image_px(warp.lattice)
        np.testing.assert_allclose(rest[0], [top + 1.5, left + 1.5], atol=1e-4)
        np.testing.assert_allclose(rest[3], [bottom - 2.5, right - 2.5], atol=1e-4)
        moved = warp.to_image_px(warp.fiducials) - rest
        np.testing.assert_allclose(moved, [[6.0, -2.0]] * 4, atol=1e-4)
        points = warp.to_image_px(warp.points)
        np.testing.assert_allclose(points[0, 0], rest[0] + [6, -2], atol=1e-4)
        np.testing.assert_allclose(points[-1, -1], rest[3] + [6, -2], atol=1e-4)
        assert not warp.points.flags.writeable


def test_warps_of_a_resampled_image_are_in_source_pixels():
    result = predicted(pixel_nm=(4.0, 4.0), model_nm=(8.0, 4.0))
    warp = result.warps[0]
    assert warp.image_scale == (2.0, 1.0)
    np.testing.assert_allclose(warp.to_image_px(warp.lattice)[0], [3.5, 1.5], atol=1e-4)


def test_warps_are_left_out_when_not_wanted():
    result = predicted(config=PredictConfig(device="cpu", keep_warps=False))
    assert result.warps == ()
    assert len(result.levels) == 1


def test_too_many_points_are_dropped_with_a_notice_and_fiducials_kept(monkeypatch):
    monkeypatch.setattr(warps, "LARGEST_WARPS", 10_000)
    image = image_of(np.zeros((100, 130), np.float32))
    messages = []
    work = predict(model_of(Mover(), (32, 48)), image, CPU)
    result = finish(work, lambda p: messages.append(p.message))
    assert any("only their fiducials are kept" in m for m in messages)
    assert len(result.warps) == 16
    assert result.warps[0].points.shape == (0, 0, 2)
    assert result.warps[0].fiducials.shape == (4, 2)


@pytest.mark.parametrize("largest", [400, 100])
def test_mosaics_of_huge_images_are_coarser(monkeypatch, largest):
    monkeypatch.setattr(mosaics, "LARGEST_MOSAIC", largest)
    (level,) = predicted().levels
    assert level.coverage.size <= largest
    assert level.pitch_px[0] in (8.0, 16.0)
    np.testing.assert_allclose(level.displacement_px[..., 0], 6.0, atol=1e-4)


@pytest.mark.parametrize("resolution", [0.5, 1.0, 2.0])
def test_a_network_at_rest_moves_nothing_whatever_its_resolution(resolution):
    pair = TransformerConfig(level=2, resolution=resolution)
    config = NetworkConfig(depth=3, base_channels=2, transformers=(pair,))
    model = model_of(build_network(config).eval(), (32, 48))
    image = image_of(np.random.default_rng(0).random((70, 90)).astype(np.float32))
    (level,) = finish(predict(model, image, CPU)).levels
    assert level.displacement_px.shape == (35, 45, 2)
    assert np.abs(level.displacement_px).max() < 1e-3
    inner = level.coverage[8:-8, 8:-8].mean()
    assert inner == pytest.approx(resolution**2, rel=0.15)


class Shrinker(Echo):
    """Echo with a transformer that pulls everything to the centre, by a fifth."""

    def __init__(self, resolution) -> None:
        super().__init__()
        self.resolution = resolution

    def trace(self, x):
        b, _, h, w = x.shape
        size = h // PITCH, w // PITCH
        rest = [torch.linspace(0, n - 1, round(n * self.resolution)) for n in size]
        at = torch.stack(torch.meshgrid(*rest, indexing="ij"), -1)
        centre = (torch.tensor(size) - 1) / 2
        corners = torch.tensor([[-1.0, -1], [-1, 1], [1, -1], [1, 1]])
        points = (at - 0.2 * (at - centre)).expand(b, -1, -1, -1)
        warp = TensorWarp(
            LEVEL, "attention", (2, 2), corners, corners.expand(b, -1, -1) * 0.8,
            points, size, torch.zeros(b, 2), torch.ones(2),
        )  # fmt: skip
        return Trace(super().trace(x).logits, (warp,))


@pytest.mark.parametrize("resolution", [0.5, 1.0, 2.0])
def test_displacement_stands_where_it_happens_whatever_the_resolution(resolution):
    image = image_of(np.zeros((64, 96), np.float32))
    model = model_of(Shrinker(resolution), (64, 96))
    (level,) = finish(predict(model, image, CPU)).levels
    y, x = (np.arange(n) - (n - 1) / 2 for n in (16, 24))
    inner = np.s_[2:-2, 2:-2]
    for axis, wanted in enumerate((y[:, None], x[None, :])):
        wanted = np.broadcast_to(-0.2 * PITCH * wanted, (16, 24))
        found = level.displacement_px[..., axis]
        np.testing.assert_allclose(found[inner], wanted[inner], atol=0.02)


@pytest.mark.parametrize("size", [(1, 1), (3, 50), (33, 47)], ids=str)
def test_small_images_have_mosaics_too(size):
    (level,) = predicted(size=size).levels
    assert level.coverage.shape == (-(-size[0] // PITCH), -(-size[1] // PITCH))
    np.testing.assert_allclose(level.displacement_px[..., 0], 6.0, atol=1e-4)
