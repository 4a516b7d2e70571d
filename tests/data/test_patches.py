"""Patches against images whose every pixel says where it is."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from dense_transformer.config import AugmentConfig
from dense_transformer.data.pairs import Pair
from dense_transformer.data.patches import Batch, sample_batch
from dense_transformer.errors import DataError

PLAIN = AugmentConfig(
    flips=False,
    vertical_flips=False,
    turns=False,
    warp_share=0,
    brightness=0,
    contrast=0,
    gamma=0,
    noise=0,
    blur_share=0,
)
MIRRORED = replace(PLAIN, flips=True, vertical_flips=True, turns=True)
DEFORMED = replace(MIRRORED, warp_share=1, elastic_px=12, rotation_deg=180)
RIPPLE_PX = 0.06  # of the cubic kernel on a ramp, with float32 rounding


def located(height: int, width: int, labels: np.ndarray | None = None) -> Pair:
    """Return an image whose two channels hold y / 1000 and x / 1000."""
    pixels = np.stack(np.mgrid[:height, :width]).astype(np.float32) / 1000
    if labels is None:
        labels = np.random.default_rng(5).integers(1, 255, (height, width))
    return Pair("located", pixels, labels.astype(np.uint8))


def draw(pairs: Pair | list[Pair], augment: AugmentConfig, **options: object) -> Batch:
    values = {"patch": (20, 28), "batch": 16, "seed": 0, "step": 0, **options}
    pairs = pairs if isinstance(pairs, list) else [pairs]
    return sample_batch(pairs, augment=augment, **values)


def places(batch: Batch) -> np.ndarray:
    """Return where each pixel was read, (n, 2, h, w), px."""
    return batch.pixels.numpy() * 1000


def assert_labels_are_nearest(batch: Batch, pair: Pair) -> None:
    """Check labels against where pixels were read, wherever that is clear.

    It isn't halfway between pixels, nor at the edge, where the cubic kernel sees
    the ramp turn back.
    """
    at, labels = places(batch), batch.labels.numpy()
    last = np.array(pair.labels.shape).reshape(2, 1, 1) - 1
    clear = (np.abs(at - np.floor(at) - 0.5) > RIPPLE_PX).all(1) & (labels > 0)
    clear &= ((last == 0) | ((at >= 1) & (at <= last - 1))).all(1)
    assert clear.sum() > 10
    y, x = np.rint(at).astype(int).clip(0, last).swapaxes(0, 1)
    assert np.array_equal(labels[clear], pair.labels[y, x][clear])


def test_without_variation_patches_are_exact_crops():
    pair = located(50, 60)
    batch = draw(pair, PLAIN)
    for pixels, labels in zip(batch.pixels.numpy(), batch.labels.numpy(), strict=True):
        top, left = (round(1000 * float(pixels[i, 0, 0])) for i in (0, 1))
        box = np.s_[..., top : top + 20, left : left + 28]
        assert np.array_equal(pixels, pair.pixels[box])
        assert np.array_equal(labels, pair.labels[box])


def test_every_corner_is_drawn_equally_often():
    batch = draw(located(6, 5), PLAIN, patch=(4, 4), batch=800)
    corners = np.rint(places(batch)[:, :, 0, 0]).astype(int)
    counts = np.bincount(corners[:, 0] * 2 + corners[:, 1], minlength=6)
    expected = 800 / 6
    # 25.7 is passed by chance once in 10,000 (chi-square, 5 degrees)
    assert ((counts - expected) ** 2 / expected).sum() < 25.7


def test_turns_and_flips_permute_pixels_in_all_eight_ways():
    pair = located(50, 60)
    batch = draw(pair, MIRRORED, batch=200)
    at = np.rint(places(batch)).astype(int)
    np.testing.assert_allclose(places(batch), at, atol=1e-4)
    assert np.array_equal(batch.labels.numpy(), pair.labels[at[:, 0], at[:, 1]])
    steps = {
        (*(p[:, 1, 0] - p[:, 0, 0]).tolist(), *(p[:, 0, 1] - p[:, 0, 0]).tolist())
        for p in at
    }
    assert steps == {
        *((s, 0, 0, t) for s in (1, -1) for t in (1, -1)),
        *((0, s, t, 0) for s in (1, -1) for t in (1, -1)),
    }


@pytest.mark.parametrize(
    ("change", "ways"),
    [
        ({"turns": False}, {(1, 1), (1, -1), (-1, 1), (-1, -1)}),
        ({"turns": False, "vertical_flips": False}, {(1, 1), (1, -1)}),
        ({"turns": False, "flips": False}, {(1, 1)}),
    ],
)
def test_road_scenes_keep_their_upright(change: dict, ways: set):
    at = places(draw(located(50, 60), replace(MIRRORED, **change), batch=100))
    steps = (
        np.rint(at[:, 0, 1, 0] - at[:, 0, 0, 0]),
        np.rint(at[:, 1, 0, 1] - at[:, 1, 0, 0]),
    )
    assert set(zip(*(s.astype(int).tolist() for s in steps), strict=True)) == ways


def test_label_of_a_deformed_patch_is_that_of_the_nearest_pixel():
    pair = located(200, 230)
    batch = draw(pair, DEFORMED, patch=(48, 56), batch=24)
    assert_labels_are_nearest(batch, pair)
    assert (batch.labels > 0).float().mean() > 0.9


def test_deformation_shows_no_padding_where_the_image_is_large_enough():
    batch = draw(located(400, 400), DEFORMED, patch=(64, 80), batch=64)
    assert (batch.labels > 0).all()
    at = places(batch)
    assert at.min() >= -RIPPLE_PX
    assert at.max() <= 399 + RIPPLE_PX


def test_deformed_patches_don_t_repeat_a_place():
    at = places(draw(located(400, 400), DEFORMED, patch=(64, 64), batch=16))
    down, right = np.diff(at, axis=2)[..., :-1], np.diff(at, axis=3)[..., :-1, :]
    area = down[:, 0] * right[:, 1] - down[:, 1] * right[:, 0]
    assert ((area > 0).all((1, 2)) | (area < 0).all((1, 2))).all()


@pytest.mark.parametrize("augment", [PLAIN, MIRRORED], ids=["plain", "mirrored"])
@pytest.mark.parametrize("size", [(9, 60), (50, 7), (5, 3), (1, 60), (6, 1), (1, 1)])
def test_small_images_are_reflected_and_ignored_there(size, augment):
    pair = located(*size)
    batch = draw(pair, augment)
    for pixels, labels in zip(batch.pixels.numpy(), batch.labels.numpy(), strict=True):
        at = np.rint(pixels * 1000).astype(int)
        seen = labels > 0
        assert np.array_equal(labels[seen], pair.labels[at[0], at[1]][seen])
        # All that a side shorter than the patch has is seen, each place once
        visible = [
            min(20, size[0]) * min(28, size[1]),
            min(28, size[0]) * min(20, size[1]),
        ]
        assert seen.sum() in visible
        assert len({*zip(at[0][seen], at[1][seen], strict=True)}) == seen.sum()
        # Neighbours differ by at most a pixel: a mirror, no jump, no wrap
        assert np.abs(np.diff(at, axis=1)).max() <= 1
        assert np.abs(np.diff(at, axis=2)).max() <= 1


def test_reflection_is_that_of_numpy():
    pair = located(9, 11)
    pixels, labels = draw(pair, PLAIN, patch=(40, 50), batch=1)
    inside = np.argwhere(labels[0].numpy() > 0)
    top, left = inside.min(0)
    pad = ((0, 0), (top, 40 - 9 - top), (left, 50 - 11 - left))
    assert np.array_equal(pixels[0].numpy(), np.pad(pair.pixels, pad, mode="reflect"))


@pytest.mark.parametrize("size", [(9, 60), (1, 60), (1, 1)])
def test_deformed_small_images_are_ignored_outside(size):
    pair = located(*size)
    batch = draw(pair, DEFORMED)
    assert batch.pixels.isfinite().all()
    assert (places(batch)[:, 0] <= size[0] - 1 + RIPPLE_PX).all()
    assert (batch.labels == 0).any((1, 2)).any()
    assert (batch.labels > 0).any((1, 2)).all()
    assert_labels_are_nearest(batch, pair)


@pytest.mark.parametrize("augment", [PLAIN, DEFORMED], ids=["plain", "deformed"])
def test_a_single_labelled_pixel_is_in_every_patch(augment):
    for pixel in ((0, 0), (150, 299), (77, 40)):
        labels = np.zeros((300, 300))
        labels[pixel] = 3
        empty = located(300, 300, np.zeros((300, 300)))
        batch = draw([empty, located(300, 300, labels)], augment, batch=24)
        assert (batch.labels == 3).any((1, 2)).all()
        assert set(batch.labels.unique().tolist()) == {0, 3}


def test_places_of_a_sparse_label_vary():
    labels = np.zeros((300, 300))
    labels[150, 150] = 1
    batch = draw(located(300, 300, labels), PLAIN, batch=40)
    corners = {tuple(corner) for corner in np.rint(places(batch)[:, :, 0, 0])}
    assert len(corners) > 30


def test_classes_keep_their_share():
    rng = np.random.default_rng(1)
    labels = rng.choice([0, 1, 2], (600, 600), p=[0.2, 0.5, 0.3])
    shares = np.bincount(
        draw(located(600, 600, labels), DEFORMED, patch=(96, 96), batch=32)
        .labels.numpy()
        .ravel(),
        minlength=3,
    ) / (96 * 96 * 32)
    # Doubled pixels where patches are enlarged leave 1e5 independent ones or more
    np.testing.assert_allclose(shares, [0.2, 0.5, 0.3], atol=0.008)


def test_images_are_drawn_by_their_area():
    small = Pair("s", np.zeros((1, 32, 32), np.float32), np.full((32, 32), 1, np.uint8))
    large = Pair("l", np.ones((1, 96, 32), np.float32), np.full((96, 32), 2, np.uint8))
    batch = draw([small, large], PLAIN, patch=(16, 16), batch=1000)
    # Standard deviation of the share is 0.014
    assert abs((batch.labels[:, 0, 0] == 2).float().mean() - 0.75) < 0.05
    assert torch.equal(batch.pixels[:, 0] + 1, batch.labels.float())


EVERYTHING = replace(AugmentConfig(), warp_share=0.5, blur_share=0.5)


def test_a_batch_split_over_processes_holds_the_same_samples():
    pair = located(200, 200)
    whole = draw(pair, EVERYTHING, batch=8, step=7)
    halves = [draw(pair, EVERYTHING, batch=4, step=7, first=i) for i in (0, 4)]
    for joint, *parts in zip(whole, *halves, strict=True):
        assert torch.equal(joint, torch.cat(parts))
    single = draw(pair, EVERYTHING, batch=1, step=7, first=5)
    assert torch.equal(single.pixels[0], whole.pixels[5])


@pytest.mark.parametrize("change", [{"seed": 1}, {"step": 1}, {"first": 16}])
def test_seed_step_and_sample_each_change_the_draw(change):
    pair = located(200, 200)
    one, two = draw(pair, EVERYTHING), draw(pair, EVERYTHING, **change)
    assert not any(torch.equal(a, b) for a in one.pixels for b in two.pixels)


def test_seed_step_and_sample_don_t_stand_for_each_other():
    pair = located(200, 200)
    keys = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)]
    drawn = [
        draw(pair, EVERYTHING, batch=1, seed=a, step=b, first=c).pixels
        for a, b, c in keys
    ]
    assert len({pixels.numpy().tobytes() for pixels in drawn}) == 6


def test_draws_leave_global_generators_and_inputs_alone():
    pair = located(200, 200)
    before = pair.pixels.copy(), pair.labels.copy()
    draws = []
    for seed in (1, 2):
        np.random.seed(seed)  # noqa: NPY002
        torch.manual_seed(seed)
        state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
        draws.append(draw(pair, EVERYTHING).pixels)
        assert torch.equal(state[0], torch.get_rng_state())
        assert np.array_equal(state[1], np.random.get_state()[1])  # noqa: NPY002
    assert torch.equal(*draws)
    assert np.array_equal(before[0], pair.pixels)
    assert np.array_equal(before[1], pair.labels)


ELSEWHERE = """
import hashlib, numpy as np, torch
torch.set_num_threads({threads})
from dense_transformer.config import AugmentConfig
from dense_transformer.data.pairs import Pair
from dense_transformer.data.patches import sample_batch
pixels = np.stack(np.mgrid[:200, :200]).astype(np.float32) / 1000
pair = Pair("p", pixels, np.ones((200, 200), np.uint8))
augment = AugmentConfig(warp_share=1, blur_share=1)
batch = sample_batch(
    [pair], patch=(96, 96), batch=3, augment=augment, seed=3, step=4, first=1)
print(hashlib.sha256(batch.pixels.numpy().tobytes()).hexdigest())
"""


def test_another_process_with_other_threads_draws_the_same_bytes():
    run = [sys.executable, "-c", ELSEWHERE.format(threads=2)]
    there = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    augment = AugmentConfig(warp_share=1, blur_share=1)
    pair = located(200, 200, np.ones((200, 200)))
    batch = draw(pair, augment, patch=(96, 96), batch=3, seed=3, step=4, first=1)
    here = hashlib.sha256(batch.pixels.numpy().tobytes()).hexdigest()
    assert there.strip() == here


def test_unusable_data_is_refused_with_its_name():
    good = located(30, 30)
    gray = Pair("gray", np.zeros((1, 30, 30), np.float32), good.labels)
    short = Pair("short", np.zeros((2, 30, 29), np.float32), good.labels)
    ignored = located(30, 30, np.zeros((30, 30)))
    for pairs, message in [
        ([], "no images"),
        ([good, gray], "gray has 1 channels, located 2"),
        ([good, short], r"short has \(30, 29\) pixels, but labels of \(30, 30\)"),
        ([ignored, ignored], "none of 2 images has a labelled pixel"),
    ]:
        with pytest.raises(DataError, match=message):
            draw(pairs, PLAIN)


def test_real_sections_keep_their_share_of_membrane(shared_data):
    from PIL import Image

    with Image.open(shared_data / "vnc" / "raw" / "00.tif") as file:
        pixels = np.asarray(file, dtype=np.float32)[None] / 127.5 - 1
    with Image.open(shared_data / "vnc" / "membranes" / "00.png") as file:
        labels = np.asarray(file).astype(bool).astype(np.uint8) + 1
    batch = draw(Pair("00", pixels, labels), DEFORMED, patch=(224, 224), batch=16)
    assert not (batch.labels == 0).any()
    share = (batch.labels == 2).float().mean().item()
    assert abs(share - (labels == 2).mean()) < 0.1
    # Membranes are dark: a label that slipped off its pixels would lose this
    dark = batch.pixels[:, 0][batch.labels == 2].mean()
    light = batch.pixels[:, 0][batch.labels == 1].mean()
    true_gap = pixels[0][labels == 1].mean() - pixels[0][labels == 2].mean()
    assert light - dark > 0.85 * true_gap
