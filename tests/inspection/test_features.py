"""Features as pictures: numpy's components, the same colours on both sides."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_models import CONFIG, image_of, model_of, moving_dtn

from dense_transformer.errors import ConfigError
from dense_transformer.inspection import (
    STAGES,
    Inspector,
    features,
    fit_components,
)
from dense_transformer.types import WarpEdit


@pytest.fixture(scope="module")
def inspector():
    return Inspector(model_of(moving_dtn((1, 2))), image_of(), CONFIG)


def correlated(seed=0, channels=6, size=(9, 11)):
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(channels, channels)) * np.geomspace(10, 0.1, channels)
    return (mixing @ rng.normal(size=(channels, size[0] * size[1]))).reshape(
        channels, *size
    )


def test_components_are_numpys_singular_vectors():
    maps = [correlated(0), correlated(1) + 3.0]
    found = fit_components(maps)
    flat = np.concatenate([m.reshape(6, -1) for m in maps], 1)
    centred = flat - flat.mean(1, keepdims=True)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(found.mean, flat.mean(1))
    np.testing.assert_allclose(np.abs(found.axes @ left[:, :3]), np.eye(3), atol=1e-9)
    shares = values[:3] ** 2 / (values**2).sum()
    np.testing.assert_allclose(found.shares, shares, rtol=1e-9)


def test_the_sign_does_not_depend_on_chance():
    found = fit_components([correlated()])
    largest = np.abs(found.axes).argmax(1)
    assert (found.axes[np.arange(3), largest] > 0).all()
    again = fit_components([-correlated()])
    np.testing.assert_allclose(again.axes, found.axes, atol=1e-9)


def test_black_and_full_colour_are_the_percentiles():
    maps = correlated()
    found = fit_components([maps])
    colours = found.colour(maps).reshape(-1, 3)
    projected = found.axes @ (maps.reshape(6, -1) - found.mean[:, None])
    for index in range(3):
        low, high = np.percentile(projected[index], [1, 99])
        expected = np.clip((projected[index] - low) / (high - low), 0, 1)
        np.testing.assert_allclose(colours[:, index], expected, atol=1e-6)


def test_directions_that_are_not_there_are_gray():
    one = np.zeros((4, 5, 6))
    one[2] = np.arange(30).reshape(5, 6)
    found = fit_components([one])
    np.testing.assert_allclose(found.shares, [1, 0, 0], atol=1e-12)
    colours = found.colour(one)
    assert (colours[..., 1:] == 0.5).all()
    assert colours[..., 0].max() == 1
    flat = fit_components([np.full((4, 5, 6), 7.0)])
    assert (flat.colour(np.full((4, 5, 6), 7.0)) == 0.5).all()
    assert not flat.shares.any()


def traced(inspector, index, level):
    """Return the stages as the network's own trace shows them."""
    found = {}

    def watch(at, stage, values):
        if at == level:
            found[stage] = values[0].numpy()

    pixels = (inspector.pixels(index) * 2 - 1)[None, None]
    with torch.inference_mode():
        inspector.model.network.trace(torch.from_numpy(pixels), watch=watch)
    return found


@pytest.mark.parametrize("level", [1, 2])
def test_one_channel_is_that_of_the_network(inspector, level):
    expected = traced(inspector, 3, level)
    found = features(inspector, 3, level, channel=1)
    assert found.channels == 4 * level
    for stage in found.stages:
        np.testing.assert_allclose(stage.picture, expected[stage.stage][1], atol=1e-4)
    before, warped = found.stages[:2]
    both = np.stack([before.picture, warped.picture])
    assert before.limits == warped.limits == (both.min(), both.max())


def test_a_colour_means_the_same_before_and_after(inspector):
    """With no warp, gather and splat change nothing: nor may the pictures."""
    found = features(inspector, 0, 2, edits=[WarpEdit(2, 0.0)])
    before, warped, below, decoded = (s.picture for s in found.stages)
    np.testing.assert_array_equal(before, warped)
    np.testing.assert_allclose(below, decoded, atol=1e-5)
    learned = features(inspector, 0, 2)
    assert not np.array_equal(learned.stages[0].picture, learned.stages[1].picture)


def test_the_components_of_the_encoder_are_those_of_both_its_stages(inspector):
    expected = traced(inspector, 0, 2)
    components = fit_components([expected["before"], expected["warped"]])
    found = features(inspector, 0, 2, ["before"])
    assert [s.stage for s in found.stages] == ["before"]
    np.testing.assert_allclose(
        found.stages[0].picture, components.colour(expected["before"]), atol=1e-3
    )
    assert found.pitch_px(found.stages[0]) == (2.0, 2.0)


def test_the_same_twice_is_the_same(inspector):
    one, two = (features(inspector, 1) for _ in "12")
    assert one.level == 2
    assert tuple(s.stage for s in one.stages) == STAGES
    for a, b in zip(one.stages, two.stages, strict=True):
        np.testing.assert_array_equal(a.picture, b.picture)


def test_what_is_not_there_is_refused(inspector):
    for arguments, words in [
        ({"level": 3}, "there are 1, 2"),
        ({"stages": ["after"]}, "use before"),
        ({"channel": 8}, "use 0 to 7"),
    ]:
        with pytest.raises(ConfigError, match=words):
            features(inspector, 0, **arguments)
    with pytest.raises(ConfigError, match="use 0 to 5"):
        features(inspector, 9)
