"""Networks saved and loaded; files whose weights don't fit what they claim."""

import copy
import errno
import os

import pytest
import torch

from dense_transformer.config import NetworkConfig, TransformerConfig
from dense_transformer.errors import ModelError, WriteError
from dense_transformer.nn import build_network
from dense_transformer.zoo import Card, load_model, model_file, read_card, save_model
from dense_transformer.zoo.checks import least_parameters
from dense_transformer.zoo.container import encode


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tiny.safetensors"


@pytest.fixture
def image():
    return torch.randn(2, 1, 21, 30, generator=torch.Generator().manual_seed(0))


def write(path, network, change):
    """Write a whole file, its sums right, whose weights `change` has changed."""
    tensors = {k: v.clone() for k, v in network.state_dict().items()}
    change(tensors)
    path.write_bytes(encode(tensors, network.config, Card(name="tiny")))


def test_a_loaded_model_computes_bit_for_bit_what_the_saved_one_did(
    path, network, card, image
):
    sha256 = save_model(path, network, card)
    model = load_model(path)
    assert torch.equal(model.network(image), network(image))
    assert (model.config, model.card, model.path) == (network.config, card, path)
    assert model.sha256 == sha256
    assert not model.network.training
    assert read_card(path) == card
    for name, tensor in network.state_dict().items():
        assert torch.equal(model.network.state_dict()[name], tensor), name


def test_saving_changes_neither_the_network_nor_its_mode(path, network, card):
    trained = copy.deepcopy(network).train()
    before = {k: v.clone() for k, v in trained.state_dict().items()}
    save_model(path, trained, card, half=True)
    assert trained.training
    for name, tensor in trained.state_dict().items():
        assert tensor.dtype == before[name].dtype
        assert torch.equal(tensor, before[name])


def test_half_storage_rounds_weights_to_float16_and_keeps_running_statistics(
    path, network, card
):
    save_model(path, network, card, half=True)
    loaded = load_model(path).network.state_dict()
    for name, tensor in network.state_dict().items():
        assert loaded[name].dtype == tensor.dtype
        exact = ".running_" in name or not tensor.is_floating_point()
        expected = tensor if exact else tensor.half().float()
        assert torch.equal(loaded[name], expected), name


def test_half_storage_needs_about_half_the_bytes(tmp_path):
    network = build_network(NetworkConfig(depth=3, base_channels=16))
    for half in (False, True):
        save_model(tmp_path / str(half), network, Card(), half=half)
    sizes = [(tmp_path / str(half)).stat().st_size for half in (False, True)]
    assert 0.5 < sizes[1] / sizes[0] < 0.55


def test_a_weight_too_large_for_float16_is_not_written_as_infinity(path, network, card):
    large = copy.deepcopy(network)
    with torch.no_grad():
        large.head.weight[0] = 1e5
    with pytest.raises(ModelError, match=r"without half.*head\.weight"):
        save_model(path, large, card, half=True)
    assert not path.exists()
    save_model(path, large, card)
    assert load_model(path).network.head.weight[0, 0] == 1e5


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_neither_written_nor_loaded(
    path, network, card, bad
):
    broken = copy.deepcopy(network)
    with torch.no_grad():
        broken.head.bias[1] = bad
    path.write_bytes(b"the last good one")
    with pytest.raises(ModelError, match=r"head\.bias"):
        save_model(path, broken, card)
    assert path.read_bytes() == b"the last good one"
    write(path, broken, lambda tensors: None)
    with pytest.raises(ModelError, match=r"head\.bias"):
        load_model(path)


def test_a_negative_variance_is_refused(path, network):
    name = "levels.0.down1.norm.running_var"
    write(path, network, lambda t: t[name].fill_(-1))
    with pytest.raises(ModelError, match=f"{name} holds a negative variance"):
        load_model(path)


def test_missing_unknown_and_misshapen_weights_are_reported_by_name(path, network):
    def change(tensors):
        del tensors["head.bias"]
        tensors["extra"] = torch.zeros(1)
        tensors["head.weight"] = tensors["head.weight"].reshape(1, 4, 1, 1)

    write(path, network, change)
    with pytest.raises(ModelError) as caught:
        load_model(path)
    for part in [
        "no head.bias",
        "unknown extra",
        "head.weight (1, 4, 1, 1), not (2, 2, 1, 1)",
    ]:
        assert part in str(caught.value)


def test_integers_in_place_of_weights_are_refused(path, network):
    write(path, network, lambda t: t.update({"head.bias": torch.ones(2).long()}))
    with pytest.raises(ModelError, match=r"head\.bias torch\.int64"):
        load_model(path)


HUGE = [
    NetworkConfig(depth=5, base_channels=256),
    NetworkConfig(depth=3, base_channels=256),
    NetworkConfig(
        depth=3,
        base_channels=1,
        transformers=(
            TransformerConfig(level=1, lattice=(32, 32), localisation_channels=1024),
        ),
    ),
]


@pytest.mark.parametrize("config", HUGE)
def test_a_small_file_that_claims_a_huge_network_is_refused_before_it_is_built(
    path, network, config, monkeypatch
):
    monkeypatch.setattr(
        model_file, "build_network", lambda *_: pytest.fail("it was built")
    )
    path.write_bytes(encode(network.state_dict(), config, Card()))
    with pytest.raises(ModelError, match="needs at least"):
        load_model(path)


@pytest.mark.parametrize("depth", [3, 4, 6])
@pytest.mark.parametrize("family", ["tps", "affine", "translation", "projective"])
def test_the_least_number_of_parameters_is_below_the_real_one_but_not_far(
    depth, family
):
    pair = TransformerConfig(
        level=2, family=family, lattice=(7, 5), localisation_channels=6
    )
    for transformers in ((), (pair,)):
        config = NetworkConfig(
            depth=depth, base_channels=3, in_channels=2, transformers=transformers
        )
        real = sum(p.numel() for p in build_network(config).parameters())
        assert real / 3 < least_parameters(config) <= real


@pytest.mark.parametrize(
    "change", [{"classes": ("a", "b", "c")}, {"in_channels": 3}, {"classes": ()}]
)
def test_a_card_that_does_not_fit_its_network_is_refused(path, network, change):
    card = Card(**{"name": "tiny", **change})
    with pytest.raises(ModelError, match="the card names"):
        save_model(path, network, card)
    path.write_bytes(encode(network.state_dict(), network.config, card))
    with pytest.raises(ModelError, match="the card names"):
        load_model(path)


def test_a_full_disk_leaves_the_older_model_whole(path, network, card, monkeypatch):
    save_model(path, network, card)

    def fault(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fault)
        with pytest.raises(WriteError, match="disk is full"):
            save_model(path, network, Card(name="newer"))
    assert load_model(path).card == card
    assert os.listdir(path.parent) == [path.name]


def test_loading_leaves_the_random_numbers_as_they_were(path, network, card):
    save_model(path, network, card)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    load_model(path)
    assert torch.equal(torch.rand(3), expected)
