"""Two models on one image, each seen as it needs it; and who is whose twin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_models import CONFIG, image_of, model_of, moving_dtn, plain_twin

from dense_transformer.errors import DataError, ModelError
from dense_transformer.evaluation import score
from dense_transformer.inference import predict
from dense_transformer.inspection import compare, find_twin, run_models
from dense_transformer.types import Image
from dense_transformer.work import finish
from dense_transformer.zoo import save_model, user_folder


def test_models_of_other_pixel_sizes_and_channels_meet_in_the_image():
    rng = np.random.default_rng(0)
    image = Image(rng.random((60, 90, 3), np.float32), "yxc", "x", (4.0, 4.0))
    first = model_of(moving_dtn(), name="one", pixel_nm=(8.0, 8.0))
    second = model_of(
        moving_dtn(channels=3, seed=1), (24, 24), "two", pixel_nm=(4.0, 6.0)
    )
    steps = []
    found = finish(compare(first, second, image, CONFIG), steps.append)
    assert found.names == ("one", "two")
    for model, prediction in zip((first, second), found.predictions, strict=True):
        alone = finish(predict(model, image, CONFIG))
        np.testing.assert_array_equal(prediction.probability, alone.probability)
    expected = found.predictions[1].probability - found.predictions[0].probability
    np.testing.assert_array_equal(found.change.difference, expected)
    assert steps[-1].done == steps[-1].total
    assert [s.done for s in steps] == sorted(s.done for s in steps)


def test_a_dtn_with_no_warp_is_its_twin():
    network = moving_dtn()
    network.level(1).pair.localisation.head.weight.data.zero_()
    twin = model_of(plain_twin(network), name="twin")
    found = finish(compare(model_of(network), twin, image_of(), CONFIG))
    assert found.change.largest == 0
    assert found.notice == ""


def test_both_are_scored_against_the_same_labels():
    image = image_of()
    models = [model_of(moving_dtn(seed=s), name=f"m{s}") for s in (0, 1)]
    before = finish(predict(models[0], image, CONFIG))
    labels = before.labels
    found = finish(compare(*models, image, CONFIG, labels=labels, before=before))
    assert found.predictions[0] is before
    assert found.scores[0].scores.f1_half == 1.0
    pair = [(found.predictions[1].probability, labels)]
    assert found.scores[1].scores == score(pair, 2)
    with pytest.raises(DataError, match="labels of"):
        finish(compare(*models, image, CONFIG, labels=labels[:3]))


def test_checkpoints_of_one_run_are_told_apart():
    models = [
        replace(model_of(moving_dtn(seed=s)), path=path)
        for s, path in enumerate(
            map(type(model_of(moving_dtn()).path), ("best.x", "last.x"))
        )
    ]
    found = finish(compare(*models, image_of(), CONFIG))
    assert found.names == ("small (best)", "small (last)")


def test_other_classes_are_pointed_out():
    models = [
        model_of(moving_dtn(), name="a"),
        model_of(moving_dtn(), name="b", classes=("other", "road")),
    ]
    found = finish(compare(*models, image_of(), CONFIG))
    assert "'boundary'" in found.notice
    assert "'road'" in found.notice


@pytest.fixture
def own_models():
    """Write small models as the user's own; take them away again."""
    folder = user_folder()
    folder.mkdir(parents=True, exist_ok=True)
    written = []

    def write(name, network, **card):
        model = model_of(network, name=name, **card)
        save_model(folder / f"{name}.safetensors", network, model.card)
        written.append(folder / f"{name}.safetensors")

    yield write
    for path in written:
        path.unlink(missing_ok=True)


def test_a_twin_differs_by_its_transformers_alone(own_models):
    dtn, unet = moving_dtn(), plain_twin(moving_dtn())
    own_models("cells-dtn", dtn, data="cells")
    own_models("nerves-unet", unet, data="nerves")
    own_models("cells-dtn-2", moving_dtn((1,)), data="cells")
    assert find_twin("cells-dtn") is None
    own_models("another-unet", unet, data="cells", seed=4)
    assert find_twin("cells-dtn") == "another-unet"
    own_models("plain", unet, data="cells", seed=0)
    assert find_twin("cells-dtn") == "plain"  # the same seed
    own_models("cells-unet", unet, data="cells", seed=9)
    assert find_twin("cells-dtn") == "cells-unet"  # the same family of names
    assert find_twin("cells-unet") == "cells-dtn"
    own_models("coarse-unet", unet, data="cells", pixel_nm=(9.0, 9.0))
    assert find_twin("coarse-unet") is None


def test_the_shipped_models_have_their_twins():
    assert find_twin("em-membrane-dtn") == "em-membrane-unet"
    assert find_twin("road-unet") == "road-dtn"
    with pytest.raises(ModelError):
        find_twin("no-such-model")


def test_a_run_names_the_models_it_has(tmp_path):
    assert run_models(tmp_path) == ()
    for name in ("last.safetensors", "best.safetensors"):
        (tmp_path / name).touch()
    assert [p.name for p in run_models(tmp_path)] == [
        "best.safetensors", "last.safetensors",
    ]  # fmt: skip
