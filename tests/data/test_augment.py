"""Deformation and change of intensity against known answers and statistics."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from dense_transformer.config import AugmentConfig
from dense_transformer.data.augment import apply_gamma, vary_intensity
from dense_transformer.data.deformation import (
    KERNEL_MARGIN_PX,
    Deformation,
    draw_deformation,
    sample_labels,
    sample_pixels,
)

STILL = AugmentConfig(
    rotation_deg=0,
    scale=0,
    shear=0,
    elastic_px=0,
    warp_share=1,
    brightness=0,
    contrast=0,
    gamma=0,
    noise=0,
    blur_share=0,
)


def generator(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def deformation_of(offsets: np.ndarray) -> Deformation:
    low, high = np.floor(offsets.min((1, 2))), np.ceil(offsets.max((1, 2)))
    return Deformation(
        offsets.astype(np.float32),
        (int(low[0]), int(low[1])),
        (int(high[0]), int(high[1])),
    )


def window_of(image: np.ndarray, origin: tuple[int, int], deformation: Deformation):
    slices = [
        slice(o + low - KERNEL_MARGIN_PX, o + high + KERNEL_MARGIN_PX + 1)
        for o, low, high in zip(
            origin, deformation.low_px, deformation.high_px, strict=True
        )
    ]
    return image[..., slices[0], slices[1]].copy()


def affine_of(augment: AugmentConfig, key: int) -> np.ndarray:
    """Return the matrix that fits a drawn deformation, refusing any bend."""
    drawn = draw_deformation((21, 33), augment, generator(key))
    points = np.stack(np.mgrid[-10:11, -16:17]).reshape(2, -1).astype(float)
    read = drawn.offsets_px.reshape(2, -1)
    matrix, *_ = np.linalg.lstsq(points.T, read.T, rcond=None)
    np.testing.assert_allclose(points.T @ matrix, read.T, atol=1e-4)
    return matrix.T


def blobs(height: int, width: int) -> np.ndarray:
    """Return a smooth image in [-1, 1]: noise blurred by 4 px."""
    image = ndimage.gaussian_filter(generator(9).standard_normal((height, width)), 4)
    return (image / np.abs(image).max()).astype(np.float32)


def test_a_still_deformation_reads_each_pixel_itself():
    drawn = draw_deformation((20, 31), STILL, generator())
    assert np.array_equal(drawn.offsets_px, np.mgrid[-10:10, -15:16])


def test_a_known_rotation_agrees_with_scipy_s():
    image = blobs(161, 161)
    angle = math.radians(30)
    y, x = np.mgrid[-40:41, -40:41]
    offsets = np.stack(
        [
            math.cos(angle) * y - math.sin(angle) * x,
            math.sin(angle) * y + math.cos(angle) * x,
        ]
    )
    drawn = deformation_of(offsets)
    patch = sample_pixels(window_of(image[None], (80, 80), drawn), drawn)[0]
    # scipy's offsets are these for the opposite angle
    right, wrong = (
        ndimage.rotate(image, degrees, reshape=False, order=5)[40:121, 40:121]
        for degrees in (-30, 30)
    )
    # Blobs of 4 px leave the cubic kernel an error of 0.006 to 0.011
    assert np.abs(patch - right).max() < 0.02
    assert np.abs(patch - wrong).max() > 0.3


def test_pixels_between_pixels_agree_with_the_cubic_kernel_by_hand():
    # Keys, a = -0.75, at t = 0.5: (-0.09375, 0.59375, 0.59375, -0.09375)
    image = generator().standard_normal((1, 12, 12)).astype(np.float32)
    drawn = deformation_of(np.full((2, 1, 1), [[[0.5]], [[0.0]]]))
    column = image[0, 3:7, 5]
    expected = column @ np.array([-0.09375, 0.59375, 0.59375, -0.09375])
    value = sample_pixels(window_of(image, (4, 5), drawn), drawn).item()
    assert value == pytest.approx(expected, abs=1e-5)


def test_constant_images_stay_constant_under_deformation():
    augment = replace(AugmentConfig(), warp_share=1)
    drawn = draw_deformation((64, 64), augment, generator())
    image = np.full((3, 300, 300), 0.37, dtype=np.float32)
    window = window_of(image, (150, 150), drawn)
    np.testing.assert_allclose(sample_pixels(window, drawn), 0.37, atol=1e-6)


def test_labels_are_read_at_the_nearest_pixel_and_never_mixed():
    labels = generator().choice([0, 1, 7], (200, 200)).astype(np.uint8)
    drawn = draw_deformation((40, 40), AugmentConfig(warp_share=1), generator(3))
    patch = sample_labels(window_of(labels, (100, 100), drawn), drawn)
    y, x = (
        np.floor(drawn.offsets_px[i].astype(float) + 100.5).astype(int) for i in (0, 1)
    )
    assert np.array_equal(patch, labels[y, x])
    assert set(np.unique(patch)) <= {0, 1, 7}


def test_halfway_between_pixels_no_label_is_read_twice():
    labels = np.arange(144, dtype=np.uint8).reshape(12, 12)
    drawn = deformation_of(np.mgrid[-3:3, -3:3] + 0.5)
    patch = sample_labels(window_of(labels, (5, 5), drawn), drawn)
    assert np.array_equal(patch, labels[3:9, 3:9])


def test_rotation_is_a_rotation_within_its_range():
    matrices = [affine_of(replace(STILL, rotation_deg=20), key) for key in range(60)]
    angles = [math.degrees(math.atan2(m[1, 0], m[0, 0])) for m in matrices]
    for matrix in matrices:
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(2), atol=1e-5)
    assert max(map(abs, angles)) <= 20
    assert max(angles) > 15
    assert min(angles) < -15


def test_scale_is_even_in_its_logarithm():
    matrices = [affine_of(replace(STILL, scale=0.2), key) for key in range(200)]
    scales = np.array([m[0, 0] for m in matrices])
    for matrix, scale in zip(matrices, scales, strict=True):
        np.testing.assert_allclose(matrix, scale * np.eye(2), atol=1e-5)
    assert 0.8 <= scales.min() < 0.82
    assert 1.22 < scales.max() <= 1.25
    assert abs(np.log(scales).mean()) < 0.04  # its standard deviation is 0.009


def test_shear_keeps_areas_and_one_axis():
    for key in range(20):
        matrix = affine_of(replace(STILL, shear=0.3), key)
        np.testing.assert_allclose(np.diag(matrix), 1, atol=1e-5)
        assert min(abs(matrix[0, 1]), abs(matrix[1, 0])) < 1e-5
        assert max(abs(matrix[0, 1]), abs(matrix[1, 0])) <= 0.3


def displacement(augment: AugmentConfig, key: int, size: int = 96) -> np.ndarray:
    drawn = draw_deformation((size, size), augment, generator(key))
    return drawn.offsets_px - (np.mgrid[:size, :size] - size // 2)


def test_elastic_displacement_has_the_deviation_asked_for():
    augment = replace(STILL, elastic_px=4, elastic_spacing_px=30)
    shifts = np.array([displacement(augment, key) for key in range(300)])
    # Patches draw their deviation evenly from 0 to 4: mean square 4^2 / 3
    assert shifts.std() == pytest.approx(4 / math.sqrt(3), rel=0.06)
    per_patch = shifts.std((1, 2, 3))
    assert per_patch.min() < 0.5
    assert per_patch.max() > 3
    assert abs(shifts.mean()) < 0.25


def test_elastic_displacement_is_smooth_at_its_spacing():
    augment = replace(STILL, elastic_px=4, elastic_spacing_px=32)
    for key in range(5):
        shift = displacement(augment, key)
        bend = np.abs(np.diff(shift, 2, axis=1)).max()
        # Second differences of a cubic B-spline: at most 4 x the knots / spacing^2
        assert 0 < bend < 4 * 0.49 * 32 / 32**2


def test_the_strongest_elastic_deformation_never_folds():
    augment = AugmentConfig(
        warp_share=1, elastic_px=1000, elastic_spacing_px=8, rotation_deg=180, scale=0.5
    )
    for key in range(40):
        points = draw_deformation((64, 64), augment, generator(key)).offsets_px
        down, right = np.diff(points, axis=1)[..., :-1], np.diff(points, axis=2)[:, :-1]
        assert (down[0] * right[1] - down[1] * right[0]).min() > 0


def test_knots_stand_elsewhere_in_each_patch():
    # With knots at fixed places the deviation would peak at them, all patches alike
    augment = replace(STILL, elastic_px=4, elastic_spacing_px=32)
    shifts = np.array([displacement(augment, key)[0] for key in range(600)])
    along = (shifts**2).mean((0, 2))
    by_phase = along.reshape(3, 32).mean(0)
    assert by_phase.std() / by_phase.mean() < 0.03


@pytest.mark.parametrize(
    ("share", "low", "high"), [(0, 0, 0), (0.3, 80, 160), (1, 400, 400)]
)
def test_the_share_of_deformed_patches_is_kept(share, low, high):
    augment = AugmentConfig(warp_share=share)
    rng = generator()
    drawn = sum(draw_deformation((8, 8), augment, rng) is not None for _ in range(400))
    assert low <= drawn <= high


def varied(augment: AugmentConfig, value: float, count: int, channels: int = 1):
    pixels = np.full((channels, 24, 24), value, dtype=np.float32)
    return np.array(
        [vary_intensity(pixels, augment, generator(k)) for k in range(count)]
    )


def test_no_change_asked_for_is_no_change_at_all():
    pixels = generator().uniform(-2, 2, (3, 20, 20)).astype(np.float32)
    assert np.array_equal(vary_intensity(pixels, STILL, generator()), pixels)


def test_brightness_shifts_evenly_within_its_range():
    shifts = varied(replace(STILL, brightness=0.3), 0.1, 600)
    assert np.ptp(shifts, axis=(1, 2, 3)).max() < 1e-6
    shifts = shifts[:, 0, 0, 0] - 0.1
    assert np.abs(shifts).max() <= 0.3 + 1e-6
    assert shifts.std() == pytest.approx(0.3 / math.sqrt(3), rel=0.06)
    assert abs(shifts.mean()) < 0.03


def test_contrast_scales_about_the_mean():
    pixels = generator().uniform(-0.8, 0.8, (1, 32, 32)).astype(np.float32)
    ratios = []
    for key in range(300):
        changed = vary_intensity(pixels, replace(STILL, contrast=0.4), generator(key))
        assert changed.mean() == pytest.approx(pixels.mean(), abs=1e-5)
        ratios.append(changed.std() / pixels.std())
        expected = (pixels - pixels.mean()) * ratios[-1] + pixels.mean()
        np.testing.assert_allclose(changed, expected, atol=1e-5)
    assert 0.6 <= min(ratios) < 0.63
    assert 1.37 < max(ratios) <= 1.4 + 1e-5


def test_channels_share_most_of_a_change_of_brightness():
    shifts = varied(replace(STILL, brightness=0.4), 0.0, 500, channels=3)[:, :, 0, 0]
    assert np.abs(shifts).max() <= 0.4 + 1e-6
    # (3/4)^2 of the variance against (3/4)^2 + (1/4)^2
    assert np.corrcoef(shifts.T)[0, 1] == pytest.approx(0.9, abs=0.03)


def test_gamma_has_known_values_and_keeps_order():
    values = np.array([-1, 0, 1, -1.5, 1.5], dtype=np.float32)
    expected = [-1, -0.5, 1, -1 - 2 * 0.25**2, 2 * 1.25**2 - 1]
    np.testing.assert_allclose(apply_gamma(values, 2.0), expected, atol=1e-6)
    ramp = np.linspace(-2, 2, 401, dtype=np.float32)
    for gamma in (math.exp(-2), 0.5, 1.7, math.exp(2)):
        assert (np.diff(apply_gamma(ramp, gamma)) >= 0).all()


def test_gamma_is_even_in_its_logarithm():
    levels = (varied(replace(STILL, gamma=0.5), 0.0, 400)[:, 0, 0, 0] + 1) / 2
    drawn = np.log(np.log(levels) / np.log(0.5))
    assert np.abs(drawn).max() <= 0.5 + 1e-5
    assert drawn.std() == pytest.approx(0.5 / math.sqrt(3), rel=0.08)
    assert abs(drawn.mean()) < 0.05


def test_noise_is_gaussian_with_a_deviation_up_to_the_one_asked_for():
    noisy = varied(replace(STILL, noise=0.2), 0.0, 400)
    deviations = noisy.std((1, 2, 3))
    assert deviations.max() < 0.2 * 1.1  # a patch's own estimate is off by 3 %
    assert deviations.mean() == pytest.approx(0.1, rel=0.1)
    standard = noisy / deviations[:, None, None, None]
    assert abs(standard.mean()) < 0.01
    assert (standard**4).mean() == pytest.approx(3, rel=0.05)  # kurtosis
    neighbours = (standard[..., 1:] * standard[..., :-1]).mean()
    assert abs(neighbours) < 0.01


def test_noise_differs_between_channels():
    noisy = varied(replace(STILL, noise=0.2), 0.0, 20, channels=2)
    assert abs(np.corrcoef(noisy[:, 0].ravel(), noisy[:, 1].ravel())[0, 1]) < 0.05


def test_blur_softens_its_share_of_patches_and_keeps_channels_apart():
    pixels = np.zeros((2, 25, 25), dtype=np.float32)
    pixels[0, 12, 12] = 1
    augment = replace(STILL, blur_share=0.4, blur_px=2)
    patches = [vary_intensity(pixels, augment, generator(key)) for key in range(300)]
    blurred = [p for p in patches if not np.array_equal(p, pixels)]
    assert 85 <= len(blurred) <= 155
    grid = np.arange(25) - 12
    for patch in patches:
        assert not patch[1].any()
        assert patch[0].sum() == pytest.approx(1, abs=1e-3)
        spread = math.sqrt((patch[0].sum(0) * grid**2).sum())
        assert spread < 2 * 1.02


@pytest.mark.parametrize("value", [-2.0, 0.0, 2.0])
def test_constant_images_stay_constant_without_noise(value):
    augment = AugmentConfig(noise=0, blur_share=1)
    changed = varied(augment, value, 40)
    assert np.ptp(changed, axis=(1, 2, 3)).max() < 1e-5


def test_all_changes_together_stay_finite_and_within_two():
    augment = AugmentConfig(
        brightness=1, contrast=0.9, gamma=2, noise=1, blur_share=1, blur_px=10
    )
    pixels = generator().uniform(-2, 2, (3, 24, 24)).astype(np.float32)
    before = pixels.copy()
    for key in range(100):
        changed = vary_intensity(pixels, augment, generator(key))
        assert changed.dtype == np.float32
        assert np.abs(changed).max() <= 2  # NaN fails too
    assert np.array_equal(pixels, before)
