"""Patches are ranked by what a model doesn't know, and never where one has painted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from small_lessons import striped, write_small_model
from torch import nn

from dense_transformer.config import NetworkConfig
from dense_transformer.errors import DataError, StoppedError
from dense_transformer.nn import Trace
from dense_transformer.teaching import Annotations, Patch, SparseLabels, rank_patches
from dense_transformer.types import Image
from dense_transformer.work import finish
from dense_transformer.zoo import Card, Model, load_model

SIDE = 32


class Doubter(nn.Module):
    """A guess where the image is of middle brightness; certain where dark or bright.

    Above the brightness `turns` the answer depends on the column within the tile.
    """

    def __init__(self, turns: float) -> None:
        super().__init__()
        self.turns = turns
        self.config = NetworkConfig(depth=3)
        self.weight = nn.Parameter(torch.zeros(1))

    def trace(self, x: torch.Tensor) -> Trace:
        side = torch.linspace(-6, 6, x.shape[-1]).expand_as(x)
        logit = torch.where(x > self.turns, side, 6 * x)
        return Trace(torch.cat([-logit / 2, logit / 2], 1), ())


def mosaic(levels: np.ndarray) -> Image:
    """Return an image of squares of `SIDE` px of these brightnesses, -1 to 1."""
    rng = np.random.default_rng(0)
    pixels = np.kron(levels, np.ones((SIDE, SIDE)))
    noise = rng.normal(0, 0.02, pixels.shape)
    return Image(((pixels + noise) * 1000).astype(np.int32), "yx", "mosaic")


def dark_above_bright() -> np.ndarray:
    """Return brightnesses whose normalisation changes nothing much."""
    levels = np.full((4, 5), -1.0)
    levels[3] = 1.0
    return levels


def doubter(turns: float = 9.0) -> Model:
    network = Doubter(turns).eval()
    card = Card(name="doubter", patch=(SIDE, SIDE))
    return Model(network, network.config, card, "0" * 64, Path("x"))


def nothing(image: Image, *patches: Patch) -> Annotations:
    shape = (image.sections, *image.size)
    return Annotations(SparseLabels(shape), patches, ("inside", "boundary"))


def corner(patch: Patch) -> tuple[int, int]:
    return patch.top // SIDE, patch.left // SIDE


def test_the_most_uncertain_patch_comes_first_and_says_why():
    levels = dark_above_bright()
    levels[2, 3], levels[1, 1] = 0.0, 0.12
    image = mosaic(levels)
    found = finish(rank_patches(doubter(), image, nothing(image), 3, (SIDE, SIDE)))
    assert [corner(r.patch) for r in found[:2]] == [(2, 3), (1, 1)]
    assert found[0].uncertainty > 0.9 > found[1].uncertainty
    assert found[0].reasons[0].startswith("uncertain: 100%")
    assert len(found) == 3


def test_an_answer_that_depends_on_mirroring_is_a_reason():
    levels = dark_above_bright()
    levels[0, 2] = 1.6
    image = mosaic(levels)
    work = rank_patches(doubter(0.8), image, nothing(image), 1, (SIDE, SIDE))
    found = finish(work)
    assert corner(found[0].patch) == (0, 2)
    assert found[0].disagreement > 0.3
    assert any(reason.startswith("mirrored") for reason in found[0].reasons)


def test_what_is_annotated_is_left_out():
    levels = np.zeros((4, 5))
    image = mosaic(levels)
    labels = np.zeros(image.size, np.uint8)
    labels[SIDE : SIDE + 10, :30] = 1  # more than a quarter
    done = Patch(0, 0, 0, SIDE, 2 * SIDE)
    painted = Annotations(SparseLabels.of(labels), (done,), ("a", "b"))
    found = finish(rank_patches(doubter(), image, painted, 99, (SIDE, SIDE)))
    corners = {corner(r.patch) for r in found}
    assert not corners & {(0, 0), (0, 1), (1, 0)}
    assert len(corners) == len(found) == 17
    everything = Annotations(
        SparseLabels.of(np.ones(image.size, np.uint8)), (), ("a", "b")
    )
    with pytest.raises(DataError, match="everything in mosaic is annotated"):
        finish(rank_patches(doubter(), image, everything, 9, (SIDE, SIDE)))


def strokes(image: Image) -> np.ndarray:
    """Return labels with a thin stroke in every square of `SIDE` px."""
    labels = np.zeros(image.size, np.uint8)
    labels[SIDE // 2 :: SIDE] = 1
    labels[SIDE // 2 + 1 :: SIDE] = 2
    return labels


def test_a_place_with_a_few_strokes_or_a_small_patch_is_still_one():
    image = mosaic(np.zeros((4, 5)))
    small = Patch(0, 0, 0, SIDE // 4, SIDE)  # and the strokes: 31 %
    smaller = Patch(0, SIDE, 0, SIDE + SIDE // 8, SIDE)  # and the strokes: 19 %
    painted = Annotations(SparseLabels.of(strokes(image)), (small, smaller), ("a", "b"))
    found = finish(rank_patches(doubter(), image, painted, 99, (SIDE, SIDE)))
    corners = {corner(r.patch) for r in found}
    assert (0, 0) not in corners
    assert len(corners) == 19


def test_where_no_large_place_is_left_a_smaller_one_is_found():
    image = mosaic(np.zeros((16, 16)))  # 512 px
    labels = np.ones(image.size, np.uint8)
    labels[70:150, 200:290] = 0
    painted = Annotations(SparseLabels.of(labels), (), ("a", "b"))
    found = finish(rank_patches(doubter(), image, painted, 9, (224, 224)))
    assert {r.patch.size for r in found} == {(64, 64)}
    for one in found:
        part = labels[one.patch.top : one.patch.bottom, one.patch.left :]
        assert (part[:, :64] > 0).mean() <= 0.25


def test_empty_resin_is_left_out():
    rng = np.random.default_rng(0)
    pixels = rng.normal(100, 25, (4 * SIDE, 4 * SIDE))
    pixels[:, : 2 * SIDE] = 100  # a guess for the model, but nothing to see
    image = Image(pixels.astype(np.float32), "yx", "resin")
    found = finish(rank_patches(doubter(), image, nothing(image), 99, (SIDE, SIDE)))
    assert {corner(r.patch)[1] for r in found} == {2, 3}


def test_a_real_network_ranks_a_stack_the_same_each_time(tmp_path: Path):
    model = load_model(write_small_model(tmp_path / "m.safetensors"))
    stack = np.stack([striped(section)[0] for section in range(3)])
    image = Image(stack, "zyx", "stack", (4.0, 4.0))
    asked = {"candidates": 8, "sections": (0, 2), "threads": 1, "device": "cpu"}
    one, two = (
        finish(rank_patches(model, image, nothing(image), 5, (30, 34), **asked))
        for _ in range(2)
    )
    assert one == two
    assert len(one) == 5
    assert {r.patch.section for r in one} <= {0, 2}
    assert all(r.patch.size == (30, 34) and r.reasons for r in one)
    assert [r.score for r in one] == sorted((r.score for r in one), reverse=True)


def test_an_image_smaller_than_a_patch_is_one_candidate():
    image = mosaic(np.zeros((1, 1)))
    (only,) = finish(rank_patches(doubter(), image, nothing(image), 5, (224, 224)))
    assert only.patch == Patch(0, 0, 0, SIDE, SIDE)


def test_it_stops_when_asked():
    image = mosaic(np.zeros((4, 4)))
    work = rank_patches(
        doubter(), image, nothing(image), 5, (SIDE, SIDE), stop=lambda: True
    )
    with pytest.raises(StoppedError):
        finish(work)
