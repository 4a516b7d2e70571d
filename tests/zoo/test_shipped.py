"""What must hold of every model that ships with the package."""

import pytest
import torch

from dense_transformer.training import read_config
from dense_transformer.zoo import find_config, list_models, load_model

SHIPPED = [entry.name for entry in list_models() if entry.source == "shipped"]
LARGEST_BYTES = 4 << 20


@pytest.fixture(scope="module", params=SHIPPED)
def model(request):
    return load_model(request.param)


def test_it_is_small_and_named_like_its_card(model):
    assert model.path.stat().st_size <= LARGEST_BYTES
    assert model.card.name == model.path.stem


def test_its_card_says_where_it_comes_from(model):
    card = model.card
    for field in (
        "title", "description", "data", "terms", "citation", "license", "command",
        "created", "versions", "normalisation", "scores",
    ):  # fmt: skip
        assert getattr(card, field), field
    if card.name.startswith("em-"):
        assert card.pixel_nm is not None


def test_its_training_can_be_repeated_from_the_configuration_beside_it(
    model, monkeypatch
):
    monkeypatch.setenv("DTN_DATA", "/data")
    config = read_config(find_config(model.card.name))
    assert config.network == model.config
    assert (config.name, config.patch) == (model.card.name, model.card.patch)


def test_its_warps_are_alive(model):
    levels = {transformer.level for transformer in model.config.transformers}
    assert {health.level for health in model.card.health} == levels
    for health in model.card.health:
        assert health.saturation < 0.05
        assert health.folded == 0
        assert health.spread > 1e-3, "the same warp for every tile"


def test_it_predicts_finite_logits_and_looks_at_its_input(model):
    size = model.card.patch
    x = torch.rand(
        2, model.config.in_channels, *size, generator=torch.Generator().manual_seed(0)
    )
    with torch.no_grad():
        logits = model.network(2 * x - 1)
    assert torch.isfinite(logits).all()
    assert not torch.equal(logits[0], logits[1])
